"""The formula cells of a worksheet part: found, read with the cells beside them, given new values.

Recalculation reads many sheets and changes nothing but values, so a part is split at its values:
what stands between them, its outline, is looked into once for all the parts that share it. A part
that is written in an unusual way (comments, prefixes, cells without address) is brought into the
usual form first.
"""

import contextlib
import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from lxml import etree

from xlperf.ooxml.address import Area, cell_name, parse_area, parse_cell
from xlperf.ooxml.package import damaged, parse_xml
from xlperf.ooxml.preflight import DEFAULT, Limits, check_markup
from xlperf.ooxml.references import moved
from xlperf.ooxml.sheet import Position, normalized, string_item
from xlperf.ooxml.values import CellValueError, cached_value, date_serial, unescape
from xlperf.ooxml.workbook import NS, serialize

_SLOT = re.compile(rb"(<[vt][ >][^<]*+)")
_MARK = b"\1"
"""Stands for a slot in an outline; no XML can hold it."""

_HIDDEN = re.compile(
    rb"<row\b[^>]*\s(?:hidden\s*=\s*[\"'](?:1|true)|ht\s*=\s*[\"']0*(?:\.0*)?[\"'])[^>]*>"
)
_ALL_HIDDEN = re.compile(rb"<sheetFormatPr\b[^>]*\szeroHeight\s*=\s*[\"'](?:1|true)")
_ROW_NUMBER = re.compile(rb"\sr\s*=\s*[\"']([0-9]+)[\"']")
_FILTERED = re.compile(rb"<filterColumn\b|<sheetPr\b[^>]*\sfilterMode\s*=\s*[\"'](?:1|true)")
_LAYOUT = re.compile(
    r"\$?[a-z]{1,3}:\$?[a-z]|\d:\$?\d|1048576|xfd|subtotal|aggregate|indirect|offset"
)
_ENCODING = re.compile(rb"\s*<\?xml[^>]*encoding=[\"'](?!utf-8|UTF-8)")
_ODD_CELL = re.compile(rb"<c[>/\t\r\n]")
_PREFIXED = re.compile(rb"<[\w.-]+:worksheet\b")
_CELL = re.compile(
    rb'<c r="([A-Z]++[0-9]++)"([^>]*+)(?<!/)>([^<]*+(?:<(?!/c>)[^<]*+)*+)</c>', re.DOTALL
)
_FORMULA = re.compile(rb"\s*<f((?:\s[^>]*)?)(?:/>|>([^<]*)</f>)")
_SLOT_AFTER = re.compile(rb"\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*\x01</v>")
_CONTENT = re.compile(
    rb"(\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*)(?:<v(?:\s[^>]*)?(?:/>|>[^<]*</v>))?(.*)", re.DOTALL
)
_TYPE = re.compile(rb'\st="(\w+)"')
_DYNAMIC = b' cm="'
_ANY_CELL = re.compile(rb'<c r="([A-Z]++[0-9]++)"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_REFERENCE = re.compile("&(?:#(?:x([0-9A-Fa-f]+)|([0-9]+))|(amp|lt|gt|quot|apos));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_SMALLEST = 2.2251e-308
_OF_NUMBERS = b"0123456789.+-eE<v> \t\r\n"
_DAY = datetime.timedelta(days=1)
_OUTLINES_SIZE = 1 << 23
"""Bytes of outlines that are kept in memory."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula without its "=": a shared one as it reads in this cell.

    `kind` is "" for a formula of one cell, "array" for one that fills its `area`, else the type
    that the file names ("dataTable"). A `dynamic` one fills as many cells as it gives values.
    """

    text: str
    kind: str = ""
    area: Area | None = None
    dynamic: bool = False


def reads_layout(formulas: str) -> bool:
    """Whether formulas, in folded case, may read whole columns or rows, or only those that show."""
    return bool(_LAYOUT.search(formulas))


class Signature:
    """The formulas of a sheet and their cells, to be compared; told from others quickly."""

    __slots__ = ("_content", "_hash")

    def __init__(self, content: tuple[tuple[bytes, bytes], ...]) -> None:
        self._content, self._hash = content, hash(content)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signature) and self._content == other._content


class _Place(NamedTuple):
    """The type of a cell and the slot with its value; 0 where that is no plain `<v>` or `<t>`."""

    kind: str
    slot: int


class _Outline:
    """A sheet without its values: all that is the same in the forms that many hands filled.

    Slots are counted as `_SLOT.split` gives them: 1, 3, 5 and so on.
    """

    def __init__(self, skeleton: bytes, part: str, limits: Limits) -> None:
        self._part, self._limits = part, limits
        self.hidden_rows, self.is_filtered = (
            _hidden_rows(skeleton),
            bool(_FILTERED.search(skeleton)),
        )
        self._all: list[tuple[bytes, bytes, bytes]] = _CELL.findall(skeleton)
        self._formulas = [cell for cell in self._all if cell[2].lstrip().startswith(b"<f")]
        self._places: dict[tuple[bytes, ...], tuple[list[_Place], list[int] | None]] = {}
        self._keys: dict[int, list[tuple[int, int, int]]] = {}

    def holds(self, slots: int) -> bool:
        """Whether all the values of the sheet are in cells that are understood here."""
        found = sum([content.count(_MARK) for _, _, content in self._all])
        return found == slots and not any(b"='" in tag for tag in {tag for _, tag, _ in self._all})

    @cached_property
    def signature(self) -> Signature:
        found = [
            (name + _DYNAMIC * (_DYNAMIC in tag), _FORMULA.match(content), content)
            for name, tag, content in self._formulas
        ]
        return Signature(tuple([(name, m[0] if m else content) for name, m, content in found]))

    @cached_property
    def formulas(self) -> Mapping[Position, Formula]:
        shared: dict[str, tuple[str, Position]] = {}
        formulas: dict[Position, Formula] = {}
        size = 0
        try:
            for name, tag, content in self._formulas:
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
                formulas[position] = Formula(text, kind, area, _DYNAMIC in tag)
        except (ValueError, LookupError) as error:
            raise damaged(self._part) from error
        return formulas

    @cached_property
    def text(self) -> str:
        return "\n".join([_text(content) for _, _, content in self._formulas]).casefold()

    @cached_property
    def reads_layout(self) -> bool:
        return reads_layout(self.text)

    @cached_property
    def extent(self) -> Position:
        places = [parse_cell(name.decode()) for name in self.cells]
        return max((row for row, _ in places), default=1), max((c for _, c in places), default=1)

    @cached_property
    def has_arrays(self) -> bool:
        return any(b't="array"' in content for _, _, content in self._formulas)

    @cached_property
    def formula_names(self) -> tuple[bytes, ...]:
        return tuple([name for name, _, _ in self._formulas])

    @cached_property
    def formula_places(self) -> tuple[list[int], list[bytes]]:
        """The slot of each formula cell, -1 for none, and its attribute `t` as the file has it."""
        slots, kinds = [], []
        for name, tag, content in self._formulas:
            slots.append(self.cells[name][2] if _SLOT_AFTER.match(content) else -1)
            typed = _TYPE.search(tag)
            kinds.append(typed[0] if typed else b"")
        return slots, kinds

    @cached_property
    def cells(self) -> dict[bytes, tuple[bytes, bytes, int]]:
        """Of every cell that holds something: its tag, what is in it, and its first slot."""
        counts = accumulate([content.count(_MARK) for _, _, content in self._all], initial=0)
        return {
            name: (tag, content, 2 * before + 1)
            for (name, tag, content), before in zip(self._all, counts, strict=False)
        }

    def keys(self, sheet: int) -> list[tuple[int, int, int]]:
        if sheet not in self._keys:
            self._keys[sheet] = [(sheet, *parse_cell(name.decode())) for name in self.formula_names]
        return self._keys[sheet]

    def places(self, names: tuple[bytes, ...]) -> tuple[list[_Place], list[int] | None]:
        """Where the values of these cells are; their slots alone where all of them are numbers."""
        if names not in self._places:
            places = [self.place(name) for name in names]
            plain = all(kind == "n" and slot for kind, slot in places)
            self._places[names] = places, [slot for _, slot in places] if plain else None
        return self._places[names]

    def place(self, name: bytes) -> _Place:
        if name not in self.cells:
            return _Place("n", 0)
        tag, content, first = self.cells[name]
        kind = _kind(tag)
        if kind == "inlineStr":
            return _Place(kind, first if content.strip() == b"<is>\1</t></is>" else 0)
        at = content.find(_MARK + b"</v>")
        return _Place(kind, first + 2 * content.count(_MARK, 0, at) if at >= 0 else 0)


def _hidden_rows(skeleton: bytes) -> frozenset[int] | None:
    numbers = [_ROW_NUMBER.search(row) for row in _HIDDEN.findall(skeleton)]
    if not all(numbers) or _ALL_HIDDEN.search(skeleton):
        return None
    return frozenset([int(number[1]) for number in numbers if number])


@lru_cache(maxsize=1024)
def _kind(tag: bytes) -> str:
    found = _TYPE.search(tag)
    return found[1].decode() if found else "n"


_outlines: dict[tuple[bytes, str, Limits], _Outline | None] = {}


def _outline(xml: bytes, pieces: Sequence[bytes], part: str, limits: Limits) -> _Outline | None:
    """The outline of a part; None where the part is not in the usual form."""
    skeleton = _MARK.join(pieces[::2])
    key = skeleton, part, limits
    if key not in _outlines:
        check_markup(xml, part, limits)
        if sum(len(skeleton) for skeleton, _, _ in _outlines) > _OUTLINES_SIZE:
            _outlines.clear()
        outline = None if _is_unusual(skeleton) else _Outline(skeleton, part, limits)
        _outlines[key] = outline if outline and outline.holds(len(pieces) // 2) else None
    return _outlines[key]


class FormulaSheet:
    """One worksheet part as recalculation sees it."""

    def __init__(
        self,
        xml: bytes,
        part: str,
        strings: Callable[[], Sequence[str]],
        error: Callable[[str], object],
        limits: Limits = DEFAULT,
    ) -> None:
        """`strings` gives the shared strings; it is asked only where a cell holds one.

        `error` makes an error value of its text, and `str` gives the text back. Raises
        WorkbookError when the part is damaged or beyond the limits.
        """
        self.part, self._strings, self._error = part, strings, error
        pieces = _SLOT.split(xml)
        outline = _outline(xml, pieces, part, limits)
        if outline is None:
            xml = _usual(xml, part, limits)
            pieces = _SLOT.split(xml)
            outline = _outline(xml, pieces, part, limits)
            if outline is None:
                raise damaged(part)
        self.xml, self._pieces, self._outline = xml, pieces, outline

    @property
    def signature(self) -> Signature:
        """What tells the formulas of this sheet from those of another."""
        return self._outline.signature

    @property
    def formulas(self) -> Mapping[Position, Formula]:
        """Every formula by its cell. Raises WorkbookError when the part is damaged."""
        return self._outline.formulas

    def keys(self, sheet: int) -> list[tuple[int, int, int]]:
        """The formula cells in the order of the file, as cells of a workbook's sheet."""
        return self._outline.keys(sheet)

    @property
    def text(self) -> str:
        """All formulas in one text of folded case, to see whether a name may be among them."""
        return self._outline.text

    @property
    def has_arrays(self) -> bool:
        """Whether a formula may fill several cells."""
        return self._outline.has_arrays

    @property
    def positions(self) -> list[Position]:
        """The cells that hold something."""
        return [parse_cell(name.decode()) for name in self._outline.cells]

    @property
    def reads_layout(self) -> bool:
        """Whether what its formulas come to may hang on the extent of sheets or on hidden rows."""
        return self._outline.reads_layout

    @property
    def extent(self) -> Position:
        """The last row and column that hold something."""
        return self._outline.extent

    @property
    def hidden_rows(self) -> frozenset[int] | None:
        """The rows that do not show; None where the file does not tell which these are."""
        return self._outline.hidden_rows

    @property
    def is_filtered(self) -> bool:
        """Whether a filter of the sheet hides rows."""
        return self._outline.is_filtered

    def value(self, position: Position) -> Any:
        """What a cell holds: a number, a text, a truth, None, or an error as `error` makes it."""
        name = cell_name(*position).encode()
        return self._checked([name], [self._outline.place(name)])[0]

    def values(self, names: tuple[bytes, ...]) -> list[Any]:
        """What the cells of these addresses hold, as `value` gives it."""
        pieces = self._pieces
        places, numbers = self._outline.places(names)
        if numbers:
            # Thousands of numbers are read at once, unless one is empty or has a space before it.
            with contextlib.suppress(ValueError):
                joined = b"".join([pieces[slot] for slot in numbers])
                found = list(map(float, joined.split(b"<v>")[1:]))
                if not joined.translate(None, _OF_NUMBERS) and math.isfinite(sum(found)):
                    return found
        return self._checked(names, places)

    def _checked(self, names: Sequence[bytes], places: Sequence[_Place]) -> list[Any]:
        try:
            return [self._read(name, *place) for name, place in zip(names, places, strict=True)]
        except (ValueError, LookupError, etree.XMLSyntaxError) as error:
            raise damaged(self.part) from error

    def formula_values(self) -> list[Any]:
        """The cached value of each formula cell, in the order of `keys`."""
        return self.values(self._outline.formula_names)

    def kind(self, position: Position) -> str:
        """The type that the file gives a cell: "n", "s", "str", "b", "e", "inlineStr" or "d"."""
        tag, _, _ = self._outline.cells.get(cell_name(*position).encode(), (b"", b"", 0))
        return _kind(tag)

    def _read(self, name: bytes, kind: str, slot: int) -> Any:
        if not slot:
            return self._unusual(name, kind)
        source = self._pieces[slot].partition(b">")[2]
        match kind:
            case "n":
                return _number(source) if source else None
            case "s":
                return self._strings()[int(source)]
            case "b":
                return source.strip() in (b"1", b"true")
            case "d":
                return _serial(source.decode().strip())
        shown = unescape(_text(source))
        return self._error(shown) if kind == "e" else shown

    def _unusual(self, name: bytes, kind: str) -> str | None:
        """The text of an inline string in several runs, or an empty one; else there is nothing."""
        _, content, first = self._outline.cells.get(name, (b"", b"", 0))
        if kind != "inlineStr":
            return "" if kind == "str" and b"<v" in content else None
        between = content.split(_MARK)
        slots = self._pieces[first : first + 2 * len(between) - 2 : 2]
        source = b"".join([b"".join(pair) for pair in zip(between, (*slots, b""), strict=True)])
        item = etree.fromstring(b"<is" + source.partition(b"<is")[2])
        for element in item.iter():
            element.tag = NS + str(element.tag)
        return string_item(item)

    def with_values(self, values: Sequence[Any], spilt: Mapping[Position, Any]) -> bytes:
        """The part with other values in its formula cells, in the order of `keys`.

        `spilt` are cells that the result of a formula fills. A cell that shows its value already
        keeps its bytes; the part is the very same object where all of them do.
        """
        names, (slots, old_kinds) = self._outline.formula_names, self._outline.formula_places
        kinds = [b""] * len(names)
        elements = _numbers([value if type(value) is float else 0.0 for value in values])
        for place, value in enumerate(values):
            if type(value) is not float:
                kinds[place], elements[place] = self._written(names[place], value)
        pieces = [*self._pieces, b""]  # the last for cells without a slot
        for slot, element in zip(slots, elements, strict=True):
            pieces[slot] = element
        del pieces[-1]
        if kinds != old_kinds:
            for slot, kind, old in zip(slots, kinds, old_kinds, strict=True):
                if kind != old and slot >= 0:
                    pieces[slot - 1] = _retyped(pieces[slot - 1], kind)
        xml = b"".join(pieces) if pieces != self._pieces else self.xml
        if -1 in slots:
            written = zip(names, slots, kinds, elements, strict=True)
            strangers = {name: (kind, element) for name, slot, kind, element in written if slot < 0}
            xml = _CELL.sub(lambda cell: self._first_value(cell, strangers), xml)
        if spilt:
            named = {cell_name(*place).encode(): value for place, value in spilt.items()}
            held = {name: self._written(name, value) for name, value in named.items()}
            xml = _ANY_CELL.sub(lambda cell: _filled(cell, held), xml)
        return xml

    def _written(self, name: bytes, value: Any) -> tuple[bytes, bytes]:
        try:
            return _written(value)
        except CellValueError as error:
            raise CellValueError(d.at(cell=name.decode()) for d in error.diagnostics) from error

    def _first_value(
        self, cell: re.Match[bytes], values: Mapping[bytes, tuple[bytes, bytes]]
    ) -> bytes:
        """A formula cell that has had no value until now, or none in a slot."""
        name, tag, content = cell.groups()
        if name not in values:
            return cell[0]
        match = _CONTENT.fullmatch(content)
        if not match:
            raise damaged(self.part)
        kind, element = values[name]
        return b'<c r="%b"%b>%b%b</v>%b</c>' % (
            name,
            _typed(tag, kind),
            match[1],
            element,
            match[2],
        )


def _typed(tag: bytes, kind: bytes) -> bytes:
    """The tag of a cell with another attribute `t`."""
    return (_TYPE.sub(b"", tag, count=1) if b" t=" in tag else tag) + kind


def _retyped(literal: bytes, kind: bytes) -> bytes:
    """What stands before a slot, with another type in the cell that the slot belongs to."""
    start = literal.rindex(b"<c r=")
    stop = literal.index(b">", start)
    return literal[:start] + _typed(literal[start:stop], kind) + literal[stop:]


@lru_cache(maxsize=1024, typed=True)
def _written(value: Any) -> tuple[bytes, bytes]:
    """The attribute `t` and the `<v>` of a value, up to where a slot ends."""
    if value is None:
        value = ""
    error = not isinstance(value, (str, float, bool))
    kind, element = cached_value("", str(value) if error else value, error=error)
    return kind.encode(), element.removesuffix("</v>").encode()


def _numbers(values: Sequence[float]) -> list[bytes]:
    """`_written` for many numbers: one text for all of them takes a third of the time."""
    shown = "\n<v>".join(map(repr, values))
    if "e-3" in shown:  # Excel knows no smaller numbers than these, and takes them for 0
        shown = "\n<v>".join([repr(0.0 if abs(v) < _SMALLEST else v) for v in values])
    shown = f"<v>{shown}\n".replace("<v>-0.0\n", "<v>0\n").replace(".0\n", "\n")
    return shown.replace("e", "E").encode().split(b"\n")[: len(values)]


def _filled(cell: re.Match[bytes], values: Mapping[bytes, tuple[bytes, bytes]]) -> bytes:
    """A cell that holds no formula of its own, with another value if it is among these."""
    if cell[1] not in values:
        return cell[0]
    kind, element = values[cell[1]]
    return b'<c r="%b"%b>%b</v></c>' % (cell[1], _typed(cell[2], kind), element)


def _number(source: bytes) -> float:
    """A number as files have it; ValueError for what only Python takes for one: 1_0, nan."""
    found = float(source)
    if source.translate(None, _OF_NUMBERS) or not math.isfinite(found):
        raise ValueError(source)
    return found


def _serial(moment: str) -> float:
    """The number of a day in ISO 8601, as strict writers put dates; ValueError when it is none."""
    found = datetime.datetime.fromisoformat(moment.removesuffix("Z"))
    time_of_day = found - datetime.datetime.combine(found, datetime.time.min)
    return date_serial(found.date()) + time_of_day / _DAY


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
