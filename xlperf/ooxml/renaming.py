"""Another name for a sheet: every formula, link and source in the workbook that names it follows.

Only what names a sheet, a table or a defined name matters here, with or without an address behind
it, so formulas are scanned for names; `references` scans them for addresses.
"""

import re
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from lxml import etree

from xlperf.ooxml.formula_places import HOLDERS, Change, change_part
from xlperf.ooxml.package import Package, parse_xml, relationships_part
from xlperf.ooxml.references import ERROR
from xlperf.ooxml.workbook import NS, Workbook, serialize

_CHARACTER = r"""[^\x00-\x20!"#%&'()*+,\-/:;<=>@\[\]^`{|}~]"""
_WORD = f"{_CHARACTER}+"
_TOKEN = re.compile(
    rf"""
      (?P<text>"(?:[^"]|"")*")
    | {ERROR}
    | (?P<global>\[0\]!{_WORD})
    | (?P<prefix>
        (?: '(?:[^']|'')*'
          | (?:\[[^\[\]]*\])? (?!\$?[A-Za-z]{{1,3}}\$?[0-9]{{1,7}}:) {_WORD} (?: : {_WORD} )?
        ) (?=!) )
    | '(?:[^']|'')*'
    | \[ (?: '. | [^\[\]'] | \[ (?: '. | [^\[\]'] )* \] )* \]
    | (?P<word>{_WORD})
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_PREFIX = re.compile(r"(?:.*\[([^\[\]]*)\])?(.*)", re.DOTALL)
_THIS_BOOK = "[0]!"
_BY_TEXT = re.compile(r"\b(?:INDIRECT|HYPERLINK)\s*\(", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"[ %#\"<>^`{|}\\]")


def quoted(name: str) -> str:
    """A sheet's name as it stands in a formula, before the exclamation mark."""
    return "'" + name.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Renaming:
    """A new name for a sheet, and new names for tables by their old ones in lower case.

    `in_text` is what the new name looks like in a text within a formula, such as the argument of
    HYPERLINK, where it is not the name itself. `local` are names of the workbook, in lower case,
    that become names of the sheet.
    """

    old: str
    new: str
    tables: Mapping[str, str] = field(default_factory=dict)
    in_text: str = ""
    local: Collection[str] = ()

    def sheet(self, name: str) -> str:
        return self.new if name.casefold() == self.old.casefold() else name

    def formula(self, text: str, _cell: str = "") -> str:
        """The formula with the new names; the very same text where it has none of the old."""
        if "!" not in text and not self.tables:
            return text
        by_text = bool(_BY_TEXT.search(text))
        pieces = []
        for token in _TOKEN.finditer(text):
            kind, found = token.lastgroup, token[0]
            if kind == "prefix":
                found = self._prefix(found)
            elif kind == "word":
                found = self.tables.get(found.casefold(), found)
            elif kind == "global":
                found = self._global(found.removeprefix(_THIS_BOOK))
            elif kind == "text" and by_text:
                found = self._text(found)
            pieces.append(found)
        return "".join(pieces)

    def _prefix(self, prefix: str) -> str:
        sheets = sheets_of(prefix)
        if self.old.casefold() not in (name.casefold() for name in sheets):
            return prefix
        return quoted(":".join(map(self.sheet, sheets)))

    def _global(self, name: str) -> str:
        """A name that is looked for in the workbook, as charts have it, where there is one."""
        home = quoted(self.new) + "!" if name.casefold() in self.local else _THIS_BOOK
        return home + self.tables.get(name.casefold(), name)

    def _text(self, literal: str) -> str:
        """A text that begins with the sheet, as `"#表!A1"` does, or with a table (`"表1[列1]"`)."""
        content = literal[1:-1].replace('""', '"')
        mark = "#" if content.startswith("#") else ""
        prefix, exclamation, rest = content[len(mark) :].partition("!")
        if not exclamation:
            table, bracket, columns = prefix.partition("[")
            new = mark + self.tables.get(table.casefold(), table) + bracket + columns
            return '"' + new.replace('"', '""') + '"'
        if self._prefix(prefix) == prefix:
            return literal
        new = mark + quoted(self.in_text or self.new) + "!" + rest
        return '"' + new.replace('"', '""') + '"'


def sheets_of(prefix: str) -> tuple[str, ...]:
    """The sheets of a prefix such as `'a b'` or `first:last`; none of another workbook."""
    text = prefix
    if text.startswith("'"):
        text = text[1:-1].replace("''", "'")
    match = _PREFIX.fullmatch(text)
    assert match
    return () if match[1] not in (None, "", "0") else tuple(match[2].split(":"))


def spans(formula: str) -> Iterator[tuple[str, str]]:
    """First and last sheet of every reference across sheets."""
    for token in _TOKEN.finditer(formula):
        if token["prefix"] and len(sheets := sheets_of(token["prefix"])) == 2:
            yield sheets[0], sheets[1]


def words(formula: str) -> set[str]:
    """Whatever may be a defined name or a table in a formula, in lower case."""
    tokens = _TOKEN.finditer(formula)
    found = (t["word"] or (t["global"] or "").removeprefix(_THIS_BOOK) for t in tokens)
    return {name.casefold() for name in found if name}


def reachable(
    package: Package, start: str, kind: str, enter: Callable[[str, str], bool] = lambda *_: True
) -> Iterator[tuple[str, str]]:
    """Every part that a part reads, itself the first, with its kind: the last word of its type.

    Parts that are not to be entered are left out, and so is what only they read.
    """
    seen, queue = {start}, deque([(start, kind)])
    while queue:
        part, kind = queue.popleft()
        if not enter(part, kind):
            continue
        yield part, kind
        for link in package.relationships(part).values():
            kind = link.type.rsplit("/", 1)[-1]
            inside = not link.external and kind != "hyperlink" and link.target in package
            if inside and link.target not in seen:
                seen.add(link.target)
                queue.append((link.target, kind))


def rename_sheet(package: Package, part: str, name: str) -> Package:
    """The package with another name for the sheet that is this part."""
    workbook = Workbook.open(package)
    old = next(sheet.name for sheet in workbook.sheets if sheet.part == part)
    renaming = Renaming(old, name)
    change = Change(renaming.formula, renaming.sheet)
    changed: dict[str, bytes | None] = {}
    for place, kind in reachable(package, workbook.part, "officeDocument"):
        if kind in HOLDERS:
            data = package.read(place)
            new = change_part(data, kind, place, change)
            if place == workbook.part:
                new = with_sheet_name(new, place, renaming)
            if new != data:
                changed[place] = new
        links = relationships_part(place)
        if links in package and (new_links := change_links(package.read(links), links, renaming)):
            changed[links] = new_links
    return without_titles(package.replace(changed))


def change_links(data: bytes, part: str, renaming: Renaming) -> bytes | None:
    """Relationships of shapes that jump to a place in the workbook; None where none changes."""
    if b"#" not in data:
        return None
    root = parse_xml(data, part)
    changed = False
    for link in root:
        target = link.get("Target", "")
        if link.get("Type", "").endswith("/hyperlink") and target.startswith("#"):
            place = unquote(target[1:])
            new = renaming.formula(place)
            if new != place:
                link.set("Target", "#" + address(new))
                changed = True
    return serialize(root) if changed else None


def address(place: str) -> str:
    """A place in the workbook as part of an address: what means something there is encoded."""
    return _IN_ADDRESS.sub(lambda match: quote(match[0]), place)


def with_sheet_name(data: bytes, part: str, renaming: Renaming) -> bytes:
    """The workbook part with the sheet under its new name."""
    root = parse_xml(data, part)
    for sheet in root.iterfind(f"{NS}sheets/{NS}sheet"):
        sheet.set("name", renaming.sheet(sheet.get("name", "")))
    return serialize(root)


def without_titles(package: Package) -> Package:
    """The package without the list of its sheets and names that only the file's properties show."""
    links = package.relationships().values()
    part = next((link.target for link in links if link.type.endswith("/extended-properties")), None)
    if part is None or part not in package:
        return package
    root = package.xml(part)
    listed = [e for e in root if etree.QName(e).localname in ("HeadingPairs", "TitlesOfParts")]
    for element in listed:
        root.remove(element)
    return package.replace({part: serialize(root)}) if listed else package
