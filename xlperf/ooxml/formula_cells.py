"""The formula cells of a worksheet part: found, read with the cells beside them, given new values.

Recalculation reads many sheets and changes nothing but values, so it goes over the bytes with a
pattern where others build a tree. A part that is written in an unusual way (comments, prefixes,
cells without address) is brought into the usual form first.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from xlperf.ooxml.address import Area, cell_name, parse_area, parse_cell
from xlperf.ooxml.package import damaged, parse_xml
from xlperf.ooxml.preflight import DEFAULT, Limits, check_markup
from xlperf.ooxml.references import moved
from xlperf.ooxml.sheet import CellValue, Position, normalized, string_item
from xlperf.ooxml.values import unescape
from xlperf.ooxml.workbook import NS, serialize

_ENCODING = re.compile(rb"\s*<\?xml[^>]*encoding=[\"'](?!utf-8|UTF-8)")
_ODD_CELL = re.compile(rb"<c[>/\t\r\n]")
_PREFIXED = re.compile(rb"<[\w.-]+:worksheet\b")
_CELL = re.compile(
    rb'<c r="([A-Z]++[0-9]++)"([^>]*+)(?<!/)>([^<]*+(?:<(?!/c>)[^<]*+)*+)</c>', re.DOTALL
)
_CONTENT = re.compile(
    rb"(\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>))(<v(?:\s[^>]*)?(?:/>|>[^<]*</v>))?(.*)", re.DOTALL
)
_FORMULA = re.compile(rb"\s*<f((?:\s[^>]*)?)(?:/>|>([^<]*)</f>)")
_TYPE = re.compile(rb'\st="(\w+)"')
_VALUE = re.compile(rb"<v(?:\s[^>]*)?(?:/>|>([^<]*)</v>)")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_REFERENCE = re.compile("&(?:#(?:x([0-9A-Fa-f]+)|([0-9]+))|(amp|lt|gt|quot|apos));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula without its "=": a shared one as it reads in this cell.

    `kind` is "" for a formula of one cell, "array" for one that fills its `area`, else the type
    that the file names ("dataTable").
    """

    text: str
    kind: str = ""
    area: Area | None = None


class FormulaSheet:
    """One worksheet part as recalculation sees it."""

    def __init__(
        self,
        xml: bytes,
        part: str,
        strings: Callable[[], Sequence[str]],
        limits: Limits = DEFAULT,
    ) -> None:
        """`strings` gives the shared strings; it is asked only where a cell holds one."""
        check_markup(xml, part, limits)
        self.xml = _usual(xml, part, limits) if _is_unusual(xml) else xml
        self.part, self._strings, self._limits = part, strings, limits
        self._all: list[tuple[bytes, bytes, bytes]] = _CELL.findall(self.xml)
        self._found = [cell for cell in self._all if cell[2].lstrip().startswith(b"<f")]

    @cached_property
    def signature(self) -> tuple[tuple[bytes, bytes], ...]:
        """What tells the formulas of this sheet from those of another."""
        return tuple([(name, text.partition(b"<v")[0]) for name, _, text in self._found])

    @cached_property
    def formulas(self) -> Mapping[Position, Formula]:
        """Every formula by its cell. Raises WorkbookError when the part is damaged."""
        shared: dict[str, tuple[str, Position]] = {}
        formulas: dict[Position, Formula] = {}
        size = 0
        try:
            for name, _, content in self._found:
                position = parse_cell(name.decode())
                match = _FORMULA.match(content)
                if not match:
                    raise ValueError(content)
                settings = dict(_ATTRIBUTE.findall(match[1].decode()))
                text = _text(match[2] or b"")
                kind = settings.get("t", "normal")
                if kind == "shared":
                    key = settings["si"]
                    if text:
                        shared[key] = text, position
                    else:
                        text, (row, column) = shared[key]
                        text = moved(text, position[0] - row, position[1] - column)
                size += len(text)
                if size > self._limits.part:
                    raise ValueError("formulas")
                area = parse_area(settings["ref"]) if kind == "array" else None
                kind = "" if kind in ("normal", "shared") else kind
                formulas[position] = Formula(text, kind, area)
        except (ValueError, LookupError) as error:
            raise damaged(self.part) from error
        return formulas

    @property
    def has_arrays(self) -> bool:
        """Whether a formula may fill several cells."""
        return b't="array"' in self.xml

    @cached_property
    def _cells(self) -> dict[bytes, tuple[bytes, bytes, bytes]]:
        return {cell[0]: cell for cell in self._all}

    @property
    def positions(self) -> list[Position]:
        """The cells that hold something."""
        return [parse_cell(name.decode()) for name in self._cells]

    def value(self, position: Position) -> tuple[CellValue, bool]:
        """What a cell holds, and whether it is an error value."""
        return self.values((cell_name(*position).encode(),))[0]

    def values(self, names: Sequence[bytes]) -> list[tuple[CellValue, bool]]:
        """What the cells of these addresses hold, as `value` gives it."""
        cells, blank = self._cells, (None, False)
        try:
            return [self._read(*cells[name]) if name in cells else blank for name in names]
        except (ValueError, LookupError) as error:
            raise damaged(self.part) from error

    def cached(self) -> list[tuple[str, Position, CellValue, bool]]:
        """Address, position, value and whether it is an error of every formula cell."""
        found = []
        try:
            for cell in self._found:
                name = cell[0].decode()
                found.append((name, parse_cell(name), *self._read(*cell)))
        except (ValueError, LookupError) as error:
            raise damaged(self.part) from error
        return found

    def kind(self, position: Position) -> str:
        """The type that the file gives a cell: "n", "s", "str", "b", "e", "inlineStr" or "d"."""
        _, tag, _ = self._cells.get(cell_name(*position).encode(), (b"", b"", b""))
        found = _TYPE.search(tag)
        return found[1].decode() if found else "n"

    def _read(self, _: bytes, tag: bytes, content: bytes) -> tuple[CellValue, bool]:
        found = _TYPE.search(tag) if b" t=" in tag else None
        kind = found[1] if found else b"n"
        if kind == b"inlineStr":
            item = etree.fromstring(b"<is" + content.partition(b"<is")[2])
            for element in item.iter():
                element.tag = NS + str(element.tag)
            return string_item(item), False
        _, there, source = content.rpartition(b"<v>")
        source = source.partition(b"<")[0] if there else b""
        if not there and (match := _VALUE.search(content)):
            there, source = match[0], match[1] or b""
        if kind == b"n":
            return (float(source) if source else None), False
        if kind == b"s":
            return self._strings()[int(source)], False
        if kind == b"b":
            return source.strip() in (b"1", b"true"), False
        return (unescape(_text(source)) if there else None), kind == b"e"

    def with_values(self, values: Mapping[Position, tuple[str, str]]) -> bytes:
        """The part with these values in its cells, each as `cached_value` gives it.

        The cells hold formulas, or lie where the result of one spills to. A cell that shows this
        value already keeps its bytes.
        """
        pieces: list[bytes] = []
        done = 0
        rest = dict(values)
        for name, tag, content in self._found:
            new = rest.pop(parse_cell(name.decode()), None)
            if new is None:
                continue
            kind, element = new[0].encode(), new[1].encode()
            match = _CONTENT.fullmatch(content)
            if not match:
                raise damaged(self.part)
            formula, shown, more = match.groups(b"")
            typed = _TYPE.search(tag) if b" t=" in tag else None
            old = typed[0] if typed else b""
            if element == shown and kind == old:
                continue
            start = self.xml.index(b'<c r="%b"' % name, done)
            pieces.append(self.xml[done:start])
            done = start + len(name) + len(tag) + len(content) + 12  # of <c r=""> and </c>
            if kind != old:
                tag = _TYPE.sub(b"", tag, count=1) + kind
            pieces.append(b'<c r="%b"%b>%b%b%b</c>' % (name, tag, formula, element, more))
        xml = b"".join((*pieces, self.xml[done:])) if done else self.xml
        for position, new in rest.items():
            xml = _spilt(xml, cell_name(*position).encode(), new)
        return xml


def _spilt(xml: bytes, name: bytes, value: tuple[str, str]) -> bytes:
    """The part with another value in a cell that holds no formula of its own."""
    kind, element = value[0].encode(), value[1].encode()
    pattern = rb'<c r="%b"([^>]*?)(?:/>|>(.*?)</c>)' % name
    found = re.search(pattern, xml, re.DOTALL)
    if found is None:
        return xml
    tag = _TYPE.sub(b"", found[1], count=1) + kind
    new = b'<c r="%b"%b>%b</c>' % (name, tag, element)
    return xml[: found.start()] + new + xml[found.end() :]


def _text(source: bytes) -> str:
    text = source.decode()
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    if found[3]:
        return _ENTITIES[found[3]]
    return chr(int(found[1], 16) if found[1] else int(found[2]))


def _is_unusual(xml: bytes) -> bool:
    head = xml[:2048]
    return bool(
        # Counting is ten times as fast as one pattern for all of it.
        xml.count(b"<c ") != xml.count(b'<c r="')
        or _ODD_CELL.search(xml)
        or b"<!" in xml
        or head.startswith((b"\xff\xfe", b"\xfe\xff"))
        or _ENCODING.match(head)
        or _PREFIXED.search(head)
    )


def _usual(xml: bytes, part: str, limits: Limits) -> bytes:
    """The part in UTF-8, without comments, its own namespace the default one, cells addressed."""
    root = parse_xml(xml, part, limits)
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    if root.prefix:
        root = parse_xml(normalized(serialize(root), part), part, limits)
    try:
        row_number = 0
        for row in root.iterfind(f"{NS}sheetData/{NS}row"):
            row_number = int(row.get("r") or row_number + 1)
            column = 0
            for cell in row.iterfind(f"{NS}c"):
                reference = cell.get("r")
                column = parse_cell(reference)[1] if reference else column + 1
                others = [(key, value) for key, value in cell.attrib.items() if key != "r"]
                cell.attrib.clear()
                cell.set("r", cell_name(row_number, column))
                for key, value in others:
                    cell.set(str(key), str(value))
    except ValueError as error:
        raise damaged(part) from error
    return serialize(root)
