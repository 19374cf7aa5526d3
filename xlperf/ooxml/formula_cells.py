"""The formula cells of a worksheet part: found, read with the cells beside them, given new values.

Recalculation reads many sheets and changes nothing but values: what is the same in alike sheets is
their outline, and here are the values of one.
"""

import datetime
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from lxml import etree

from xlperf.ooxml.address import cell_name, parse_cell
from xlperf.ooxml.package import damaged
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.sheet import Position, string_item
from xlperf.ooxml.sheet_outline import (
    CELL,
    MARK,
    TYPE,
    Formula,
    Signature,
    TypedSlot,
    kind_of,
    split,
    text_of,
)
from xlperf.ooxml.values import CellValueError, cached_value, date_serial, unescape
from xlperf.ooxml.workbook import NS

_CONTENT = re.compile(
    rb"(\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*)(?:<v(?:\s[^>]*)?(?:/>|>[^<]*</v>))?(.*)", re.DOTALL
)
_ANY_CELL = re.compile(rb'<c r="([A-Z]++[0-9]++)"([^>]*?)(?:/>|>(.*?)</c>)', re.DOTALL)
_SMALLEST = 2.2251e-308
_OF_NUMBERS = b"0123456789.+-eE<v> \t\r\n"
_DAY = datetime.timedelta(days=1)


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
        self.xml, self._pieces, self._outline = split(xml, part, limits)

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

    @property
    def as_lotus(self) -> bool:
        """Whether Excel calculates the sheet by the rules of Lotus 1-2-3: texts count as 0."""
        return self._outline.as_lotus

    def value(self, position: Position) -> Any:
        """What a cell holds: a number, a text, a truth, None, or an error as `error` makes it."""
        name = cell_name(*position).encode()
        return self._checked([name], [self._outline.slot_of(name)])[0]

    def values(self, names: tuple[bytes, ...]) -> list[Any]:
        """What the cells of these addresses hold, as `value` gives it."""
        known, pieces = self._outline.slots_of(names), self._pieces
        numbers = _all_numbers([pieces[slot] for slot in known.slots])
        if numbers is None:
            return self._checked(names, known.all)
        if not known.others:
            return numbers
        found: list[Any] = [None] * len(names)
        for place, number in zip(known.numbers, numbers, strict=True):
            found[place] = number
        others = [(names[place], known.all[place]) for place in known.others]
        read = self._checked(*zip(*others, strict=True))
        for place, value in zip(known.others, read, strict=True):
            found[place] = value
        return found

    def _checked(self, names: Sequence[bytes], slots: Sequence[TypedSlot]) -> list[Any]:
        try:
            return [self._read(name, *slot) for name, slot in zip(names, slots, strict=True)]
        except (ValueError, LookupError, etree.XMLSyntaxError) as error:
            raise damaged(self.part) from error

    def formula_values(self) -> list[Any]:
        """The cached value of each formula cell, in the order of `keys`."""
        return self.values(self._outline.formula_names)

    def kind(self, position: Position) -> str:
        """The type that the file gives a cell: "n", "s", "str", "b", "e", "inlineStr" or "d"."""
        tag, _, _ = self._outline.cells.get(cell_name(*position).encode(), (b"", b"", 0))
        return kind_of(tag)

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
        shown = unescape(text_of(source))
        return self._error(shown) if kind == "e" else shown

    def _unusual(self, name: bytes, kind: str) -> str | None:
        """The text of an inline string in several runs, or an empty one; else there is nothing."""
        _, content, first = self._outline.cells.get(name, (b"", b"", 0))
        if kind != "inlineStr":
            return "" if kind == "str" and b"<v" in content else None
        between = content.split(MARK)
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
        numbers, kinds = [*values], {}
        others = [place for place, value in enumerate(values) if type(value) is not float]
        for place in others:
            numbers[place] = 0.0
        elements = _numbers(numbers)
        for place in others:
            kinds[place], elements[place] = self._written(names[place], values[place])
        pieces = [*self._pieces, b""]  # the last for cells without a slot
        for slot, element in zip(slots, elements, strict=True):
            pieces[slot] = element
        del pieces[-1]
        for place in kinds.keys() | old_kinds.keys():
            kind, slot = kinds.get(place, b""), slots[place]
            if slot >= 0 and kind != old_kinds.get(place, b""):
                pieces[slot - 1] = _retyped(pieces[slot - 1], kind)
        xml = b"".join(pieces) if pieces != self._pieces else self.xml
        if -1 in slots:
            strangers = {
                names[place]: (kinds.get(place, b""), elements[place])
                for place, slot in enumerate(slots)
                if slot < 0
            }
            xml = CELL.sub(lambda cell: self._first_value(cell, strangers), xml)
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
    return (TYPE.sub(b"", tag, count=1) if b" t=" in tag else tag) + kind


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


def _all_numbers(slots: Sequence[bytes]) -> list[Any] | None:
    """The numbers in thousands of slots, read at once; None where one is empty or unusual."""
    joined = b"".join(slots)
    try:
        found = list(map(float, joined.split(b"<v>")[1:]))
    except ValueError:
        return None
    sure = not joined.translate(None, _OF_NUMBERS) and math.isfinite(sum(found))
    return found if sure and len(found) == len(slots) else None


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
