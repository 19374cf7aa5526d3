"""One sheet of a workbook made ready for cloning.

What has to differ between clones (the sheet's name in formulas, names and numbers of tables, shapes
and parts) is replaced by stand-ins that no workbook contains. The sheet can then be filled, and
given other rows, as it is, and making a clone of it is a replacement in bytes that reads no XML.

Nothing elsewhere in the workbook may refer to the sheet, because it would have to choose among the
clones: such a workbook is refused, with every place named.
"""

import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from lxml import etree

from xlperf.diagnostic import Diagnostic, Message, Place, WorkbookError
from xlperf.ooxml.formula_places import HOLDERS, Change, change_part
from xlperf.ooxml.package import Package, parse_xml, relationships_part
from xlperf.ooxml.renaming import (
    Renaming,
    change_links,
    reachable,
    spans,
    with_sheet_name,
    words,
)
from xlperf.ooxml.workbook import NS, RELATIONSHIPS, Workbook, serialize

# Last words of the types of the relationships whose parts every clone has for itself …
_OWN = {
    "activeXControlBinary", "chart", "chartColorStyle", "chartEx", "chartStyle", "chartUserShapes",
    "comments", "control", "ctrlProp", "customProperty", "diagramColors", "diagramData",
    "diagramDrawing", "diagramLayout", "diagramQuickStyle", "documenttask", "drawing",
    "namedSheetView", "oleObject", "package", "pivotCacheRecords", "pivotTable", "printerSettings",
    "table", "themeOverride", "threadedComment", "vmlDrawing", "worksheet",
}  # fmt: skip
# … of those that all clones share …
_SHARED = {"audio", "font", "hdphoto", "image", "media", "model3d", "person", "video"}
# … and of those that a clone has for itself where they draw from the sheet.
_CACHE = "pivotCacheDefinition"
# Parts elsewhere that cannot refer to a sheet.
_INERT = {
    "calcChain", "customXml", "externalLink", "image", "person", "sharedStrings", "sheetMetadata",
    "styles", "theme", "vbaProject",
}  # fmt: skip
_KNOWN_EXTENSIONS = {
    "conditionalFormattings", "dataValidations", "id", "ignoredErrors", "protectedRanges",
    "sparklineGroups", "webExtensions",
}  # fmt: skip

SHAPE_BLOCK = 1024
"""Numbers of VML shapes come in blocks of so many, and no two sheets share a block."""

CHARTED = "_xlchart."
"""How the names begin that Excel makes for its newer charts. A clone's charts do without them."""

_GUID = rb"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}"
_IDENTITY = re.compile(rb"[\s:](?:uid|id|parentId|filterId)=[\"'](%b)[\"']" % _GUID)
_ANY_GUID = re.compile(_GUID)
_SHAPE = re.compile(rb"_x0000_s([0-9]+)")
_BLOCKS = re.compile(rb"(<(?:\w+:)?idmap\b[^>]*?\bdata=[\"'])([0-9,\s]+)")


class Stand(StrEnum):
    """What a stand-in is for: the letter that it has behind the mark."""

    TABLE = "t"
    LABEL = "l"
    TABLE_ID = "n"
    SHAPE = "s"
    BLOCK = "b"
    GUID = "g"
    PART = "p"
    CACHE_ID = "c"
    IN_TEXT = "q"


@dataclass(frozen=True, slots=True)
class NameText:
    """A defined name as its element has it."""

    attributes: Mapping[str, str]
    text: str

    @property
    def key(self) -> str:
        return self.attributes["name"].casefold()

    @property
    def scope(self) -> int | None:
        sheet = self.attributes.get("localSheetId")
        return None if sheet is None else int(sheet)

    def scoped(self, sheet: int) -> "NameText":
        return NameText({**self.attributes, "localSheetId": str(sheet)}, self.text)


def defined_names(package: Package, workbook: str) -> list[NameText]:
    elements = package.xml(workbook).iterfind(f"{NS}definedNames/{NS}definedName")
    return [
        NameText({str(key): str(value) for key, value in element.items()}, element.text or "")
        for element in elements
        if element.get("name")
    ]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the sheet: its number, its name in formulas, and its other name."""

    id: str
    name: str
    label: str


class StandIns:
    """A workbook with stand-ins in one of its sheets: `package`.

    `group` has the parts that each clone has for itself, with their kinds, the sheet first, and
    `caches` those of them that hold the data of pivot tables, with their ids. `moving` are the
    names of the workbook, in lower case, that refer to the sheet and so belong to each clone.
    Stand-ins for tables, caches and identities are numbered as these stand in their collections.
    """

    def __init__(self, package: Package, part: str, own_names: Collection[str] = ()) -> None:
        """`own_names` are names of the workbook that each clone has for itself in any case.

        Raises WorkbookError where a clone would lose something, or a reference its target.
        """
        self.original = package
        self.workbook = Workbook.open(package)
        self.sheet = next(s for s in self.workbook.sheets if s.part == part)
        self.mark = "xl" + secrets.token_hex(8)
        self.tables = list(map(self._table, self._table_parts()))
        self._renaming = Renaming(
            self.sheet.name,
            self.mark,
            {table.name.casefold(): self.of(Stand.TABLE, n) for n, table in enumerate(self.tables)},
            self.of(Stand.IN_TEXT),
        )
        self.group = dict(reachable(package, part, "worksheet", self._is_own))
        self.caches = self._cache_ids()
        self.moving = self._moving_names({name.casefold() for name in own_names})
        self._renaming = replace(self._renaming, local=self.moving)
        self._refusals: list[Diagnostic] = []
        self._check_elsewhere()
        parts = self._renamed()
        if self._refusals:
            raise WorkbookError(self._refusals)
        found = {guid for part in self.group for guid in _IDENTITY.findall(parts[part])}
        self.guids = {guid: number for number, guid in enumerate(sorted(found))}
        self.package = package.replace({name: self._marked(name, d) for name, d in parts.items()})

    def of(self, kind: Stand, number: int = 0) -> str:
        return f"{self.mark}{kind}{number}"

    # ------------------------------------------------------------------- what belongs to a clone

    def _is_own(self, part: str, kind: str) -> bool:
        if kind == _CACHE:
            return self._draws_from_sheet(self.original.xml(part))
        if kind not in _OWN | _SHARED:
            raise WorkbookError(
                _refusal(
                    "W205",
                    Place(sheet=self.sheet.name),
                    f"工作表含有无法识别的部件（{part}），不能复制",
                    f"the sheet has a part of an unknown kind ({part}) and cannot be cloned",
                )
            )
        return kind in _OWN

    def _draws_from_sheet(self, cache: etree._Element) -> bool:
        source = cache.find(f"{NS}cacheSource/{NS}worksheetSource")
        if source is None:
            return False
        sheet, name = source.get("sheet", ""), source.get("name", "")
        return self._renaming.sheet(sheet) != sheet or self._renaming.formula(name) != name

    def _table_parts(self) -> list[str]:
        links = self.original.relationships(self.sheet.part).values()
        return [x.target for x in links if x.type.endswith("/table") and x.target in self.original]

    def _table(self, part: str) -> Table:
        root = self.original.xml(part)
        if root.get("tableType", "worksheet") != "worksheet":
            raise WorkbookError(
                _refusal(
                    "W205",
                    Place(sheet=self.sheet.name, cell=root.get("ref", "")),
                    f"表格与外部数据相连（{part}），不能复制",
                    f"the table is bound to data from outside ({part}) and cannot be cloned",
                )
            )
        name = root.get("displayName", "")
        return Table(root.get("id", ""), name, root.get("name", name))

    def _cache_ids(self) -> dict[str, str]:
        links = self.original.relationships(self.workbook.part)
        ids = {}
        for cache in self.original.xml(self.workbook.part).iter(NS + "pivotCache"):
            link = links.get(cache.get(f"{{{RELATIONSHIPS}}}id", ""))
            if link and self.group.get(link.target) == _CACHE:
                ids[link.target] = cache.get("cacheId", "")
        return ids

    def _moving_names(self, own: set[str]) -> set[str]:
        """Names that refer to the sheet, also by way of another such name."""
        names = [n for n in defined_names(self.original, self.workbook.part) if n.scope is None]
        moving = {n.key for n in names if n.key in own or self._names_sheet(n.text)}
        while more := {n.key for n in names if n.key not in moving and words(n.text) & moving}:
            moving |= more
        return moving

    # ------------------------------------------------------------------------ what would be lost

    def _names_sheet(self, formula: str) -> bool:
        return self._renaming.formula(formula) != formula

    def _runs_across(self, formula: str) -> bool:
        """Whether a reference across sheets begins, ends or passes by the sheet."""
        places = {sheet.name.casefold(): sheet.index for sheet in self.workbook.sheets}
        for ends in spans(formula):
            known = sorted(places[end.casefold()] for end in ends if end.casefold() in places)
            if known and known[0] <= self.sheet.index <= known[-1]:
                return True
        return False

    def _check_elsewhere(self) -> None:
        owners: dict[str, str] = {}
        local: dict[str, set[str]] = {sheet.name: set() for sheet in self.workbook.sheets}
        for sheet in self.workbook.sheets:
            if sheet != self.sheet:
                inside = reachable(self.original, sheet.part, "worksheet", self._is_elsewhere)
                owners.update(dict.fromkeys((part for part, _ in inside), sheet.name))
        for name in defined_names(self.original, self.workbook.part):
            if name.scope is not None and name.scope < len(self.workbook.sheets):
                local[self.workbook.sheets[name.scope].name].add(name.key)
        self._check_names(local)
        start = self.workbook.part
        for part, kind in reachable(self.original, start, "officeDocument", self._is_elsewhere):
            if part != start:
                owner = owners.get(part, "")
                self._check_part(part, kind, owner, self.moving - local.get(owner, set()))

    def _is_elsewhere(self, part: str, _: str) -> bool:
        return part not in self.group

    def _check_names(self, local: Mapping[str, set[str]]) -> None:
        for name in defined_names(self.original, self.workbook.part):
            own = name.scope == self.sheet.index or (name.scope is None and name.key in self.moving)
            place = Place(cell=name.attributes["name"])
            if not own and name.scope is not None and name.scope < len(self.workbook.sheets):
                sheet = self.workbook.sheets[name.scope].name
                place = Place(sheet=sheet, cell=name.attributes["name"])
                if self._names_sheet(name.text) or words(name.text) & (self.moving - local[sheet]):
                    self._refuse(place, name.text, self.workbook.part)
                    continue
            if self._runs_across(name.text):
                self._refuse(place, name.text, self.workbook.part)

    def _check_part(self, part: str, kind: str, owner: str, names: set[str]) -> None:
        """Note whatever in a part elsewhere refers to the sheet."""
        place = Place(sheet=owner)
        if any(link.target in self.group for link in self.original.relationships(part).values()):
            self._refuse(place, self.sheet.name, part)

        def formula(text: str, cell: str = "") -> str:
            named = self._names_sheet(text) or (names and words(text) & names)
            if named or self._runs_across(text):
                self._refuse(Place(sheet=owner, cell=cell), text, part)
            return text

        def sheet(name: str) -> str:
            if self._renaming.sheet(name) != name:
                self._refuse(place, name, part)
            return name

        if kind in HOLDERS:
            change_part(self.original.read(part), kind, part, Change(formula, sheet))
        elif kind not in _INERT and part.endswith(".xml"):
            for text in _all_texts(self.original.xml(part)):
                if self._names_sheet(text):
                    self._refuse(place, text, part)
        links = relationships_part(part)
        if links in self.original and change_links(
            self.original.read(links), links, self._renaming
        ):
            self._refuse(place, self.sheet.name, links)

    def _refuse(self, place: Place, text: str, part: str) -> None:
        found = _refusal(
            "W206",
            place,
            f"“{text}”引用了要复制的工作表“{self.sheet.name}”（{part}）",
            f"{text} refers to the sheet that is to be cloned, “{self.sheet.name}” ({part})",
        )
        if found not in self._refusals:
            self._refusals.append(found)

    # ------------------------------------------------------------------------- putting stand-ins

    def _renamed(self) -> dict[str, bytes]:
        """The sheet's parts, and that of the workbook, with the new names in their formulas."""
        package, parts = self.original, {}
        charted = self._charted_names()

        def formula(text: str, cell: str) -> str:
            text = charted.get(text.casefold(), text)
            if self._runs_across(text):
                self._refuse(Place(sheet=self.sheet.name, cell=cell), text, self.sheet.part)
            return self._renaming.formula(text)

        change = Change(formula, self._renaming.sheet)
        for part, kind in self.group.items():
            parts[part] = package.read(part)
            if kind in HOLDERS:
                parts[part] = change_part(parts[part], kind, part, change)
            links = relationships_part(part)
            if links in package and (
                new := change_links(package.read(links), links, self._renaming)
            ):
                parts[links] = new
        self._check_extensions(parse_xml(parts[self.sheet.part], self.sheet.part))
        part = self.workbook.part
        names = Change(lambda text, _: self._renaming.formula(text), self._renaming.sheet)
        book = change_part(package.read(part), "officeDocument", part, names)
        parts[part] = with_sheet_name(book, part, self._renaming)
        return parts

    def _charted_names(self) -> dict[str, str]:
        """What the names of the workbook that Excel made for its newer charts stand for."""
        names = defined_names(self.original, self.workbook.part)
        return {n.key: n.text for n in names if n.key.startswith(CHARTED) and n.scope is None}

    def _check_extensions(self, root: etree._Element) -> None:
        for element in root.iterfind(f"{NS}extLst/*/*"):
            name = etree.QName(element).localname
            if name not in _KNOWN_EXTENSIONS and any(map(self._names_sheet, _all_texts(element))):
                self._refuse(Place(sheet=self.sheet.name), name, self.sheet.part)

    def _marked(self, part: str, data: bytes) -> bytes:
        kind = self.group.get(part, "")
        if kind == "vmlDrawing":
            data = _SHAPE.sub(lambda m: b"_x0000_s" + self._bytes(Stand.SHAPE, int(m[1])), data)
            data = _BLOCKS.sub(lambda m: m[1] + self._marked_blocks(m[2]), data)
        elif mark := _MARKED.get(kind):
            root = parse_xml(data, part)
            mark(self, root)
            data = serialize(root)
        return _ANY_GUID.sub(self._marked_guid, data) if kind else data

    def _bytes(self, kind: Stand, number: int) -> bytes:
        return self.of(kind, number).encode()

    def _marked_blocks(self, blocks: bytes) -> bytes:
        numbers = [int(number) for number in blocks.split(b",") if number.strip()]
        return b",".join(self._bytes(Stand.BLOCK, number) for number in numbers)

    def _marked_guid(self, match: re.Match[bytes]) -> bytes:
        number = self.guids.get(match[0])
        return match[0] if number is None else self._bytes(Stand.GUID, number)

    def _mark_sheet(self, root: etree._Element) -> None:
        for element in root.iter("{*}control", "{*}oleObject"):
            if number := element.get("shapeId"):
                element.set("shapeId", self.of(Stand.SHAPE, int(number)))
        for view in root.iter(NS + "sheetView"):
            view.attrib.pop("tabSelected", "")

    def _mark_drawing(self, root: etree._Element) -> None:
        """Controls stand in the drawing too, under the number that they have in the VML."""
        for element in root.iter("{*}compatExt"):
            number = element.get("spid", "").removeprefix("_x0000_s")
            if number.isdecimal():
                stand_in = self.of(Stand.SHAPE, int(number))
                element.set("spid", f"_x0000_s{stand_in}")
                above = (e for e in element.iterancestors("{*}cNvPr") if e.get("id") == number)
                for shape in above:
                    shape.set("id", stand_in)

    def _mark_table(self, root: etree._Element) -> None:
        names = [table.name for table in self.tables]
        number = names.index(root.get("displayName", ""))
        root.set("id", self.of(Stand.TABLE_ID, number))
        root.set("displayName", self.of(Stand.TABLE, number))
        root.set("name", self.of(Stand.LABEL, number))

    def _mark_views(self, root: etree._Element) -> None:
        ids = [table.id for table in self.tables]
        for element in root.iter("{*}nsvFilter"):
            if (table := element.get("tableId")) in ids:
                element.set("tableId", self.of(Stand.TABLE_ID, ids.index(table)))

    def _mark_pivot(self, root: etree._Element) -> None:
        ids = list(self.caches.values())
        if (cache := root.get("cacheId", "")) in ids:
            root.set("cacheId", self.of(Stand.CACHE_ID, ids.index(cache)))


_MARKED: Mapping[str, Callable[[StandIns, etree._Element], None]] = {
    "worksheet": StandIns._mark_sheet,
    "drawing": StandIns._mark_drawing,
    "table": StandIns._mark_table,
    "namedSheetView": StandIns._mark_views,
    "pivotTable": StandIns._mark_pivot,
}


def _all_texts(root: etree._Element) -> Iterator[str]:
    for element in root.iter(etree.Element):
        yield element.text or ""
        yield from map(str, element.attrib.values())


def _refusal(code: str, place: Place, zh: str, en: str) -> Diagnostic:
    return Diagnostic(
        code,
        Message(zh, en),
        place=place,
        fix=Message(
            "请修改模板，或每个项目单独生成一个工作簿",
            "change the template, or write one workbook for each project",
        ),
    )
