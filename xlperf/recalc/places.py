"""What a formula says about places: settled for its cell, before anything is computed.

ROW asks where it stands, SUBTOTAL which cells hold subtotals of their own, and a whole column is
read only as far as the workbook is used. Functions that would notice the end of such a column, its
endless blanks, give way to variants of theirs; no formula can call these by their names.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from xlperf.diagnostic import Message
from xlperf.expr import FUNCTIONS, Area, Call, Cell, Const, Expr, Range, Value, doubt
from xlperf.expr.criteria import test_of
from xlperf.expr.registry import ANY, area_of, function
from xlperf.ooxml.address import Area as Rectangle
from xlperf.recalc.refusal import RefusalError

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_MOST_LINES = 20_000

_SUBTOTALS = [
    "AVERAGE",
    "COUNT",
    "COUNTA",
    "MAX",
    "MIN",
    "PRODUCT",
    "STDEV",
    "STDEVP",
    "SUM",
    "VAR",
    "VARP",
]
_WITH_HIDDEN_ROWS = 100
_SUBTOTAL_CODES = (*range(1, 12), *range(101, 112))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a formula stands: its sheet, row and column, and what SUBTOTAL asks about a range.

    `left_out` gives the rows of a range's cells that are subtotals themselves, and, if only those
    count that show, the hidden ones; None where it is not known which ones a filter hides. `area`
    has the cells that an array formula fills.
    """

    sheet: int
    row: int
    column: int
    left_out: Callable[[Range, bool], tuple[Collection[int], Collection[int]] | None]
    area: Rectangle | None = None

    @property
    def spreads(self) -> bool:
        """Whether Excel computes whatever stands here for each cell of a range."""
        return self.area is not None


def is_endless(node: Expr) -> bool:
    """Whether a range is of whole rows or columns, or of all that follow a cell."""
    return isinstance(node, Range) and (
        node.last.row == LAST_ROW or node.last.column == LAST_COLUMN
    )


def settled(call: Call, place: Place, spread: bool = False) -> Expr:
    """The call, or what it comes to at this place; `spread` where Excel takes an array for a value.

    Raises RefusalError.
    """
    match call:
        case Call("ROW" | "COLUMN" as name, args):
            return _own_place(name, args, place, spread)
        case Call("ROWS", (Range(first, last),)):
            return Const(last.row - first.row + 1.0)
        case Call("COLUMNS", (Range(first, last),)):
            return Const(last.column - first.column + 1.0)
        case Call("SUBTOTAL", args):
            return _subtotal(args, place)
        case Call("CHOOSE", (Const(float() as number), *choices)) if 1 <= number < len(choices) + 1:
            return choices[int(number) - 1]
    return _clipped(call) if any(map(is_endless, call.args)) else call


def _own_place(name: str, args: tuple[Expr, ...], place: Place, spread: bool) -> Expr:
    is_row = name == "ROW"
    match args:
        case () if place.area is None or place.area.size == 1:
            return Const(float(place.row if is_row else place.column))
        case (Cell(row, column),):
            return Const(float(row if is_row else column))
        case (Range(first, last),):
            low, high = (first.row, last.row) if is_row else (first.column, last.column)
            if low == high:
                return Const(float(low))
            if spread and high - low < _MOST_LINES:
                lines = tuple(map(float, range(low, high + 1)))
                return Const(tuple((line,) for line in lines) if is_row else (lines,))
    raise RefusalError(Message(f"区域的 {name}", f"{name} of a range"))


def _subtotal(args: tuple[Expr, ...], place: Place) -> Expr:
    match args:
        case (Const(float() as code), *ranges) if code in _SUBTOTAL_CODES:
            name = _SUBTOTALS[int(code) % _WITH_HIDDEN_ROWS - 1]
        case _:
            raise RefusalError(Message("SUBTOTAL 的此类用法", "SUBTOTAL of this kind"))
    parts: list[Expr] = []
    for area in ranges:
        area = Range(area, replace(area, sheet=None)) if isinstance(area, Cell) else area
        if not isinstance(area, Range):
            raise RefusalError(Message("SUBTOTAL 的此类用法", "SUBTOTAL of this kind"))
        left_out = place.left_out(area, code > _WITH_HIDDEN_ROWS)
        if left_out is None:
            raise RefusalError(
                Message("筛选后的 SUBTOTAL", "SUBTOTAL over rows hidden by a filter")
            )
        nested, hidden = left_out
        if nested and area.first.column != area.last.column:
            raise RefusalError(Message("SUBTOTAL 的此类用法", "SUBTOTAL of this kind"))
        parts += _without(area, {*nested, *hidden})
    return Call(name, tuple(parts)) if parts else Call(name, (Const(((None,),)),))


def _without(area: Range, rows: Collection[int]) -> Iterator[Range]:
    """The range without some of its rows."""
    start = area.first.row
    for row in (*sorted(rows), area.last.row + 1):
        if start < row:
            yield Range(replace(area.first, row=start), replace(area.last, row=row - 1))
        start = row + 1


# ----------------------------------------------------------------- what would notice the end


def _clipped(call: Call) -> Call:
    if call.function in ("COUNTBLANK", "CONCAT", "TEXTJOIN"):
        raise RefusalError(
            Message(f"整行或整列的 {call.function}", f"{call.function} of whole rows or columns")
        )
    endless = f"{call.function}…"
    return Call(endless, call.args) if endless in FUNCTIONS else call


@function("COUNTIF…", 2, takes="rv")
def _countif(area: Value | Area, criterion: Value) -> Value:
    _check_blanks([criterion])
    return FUNCTIONS["COUNTIF"].scalar(area, criterion)


@function("COUNTIFS…", 2, ANY, takes="(rv)")
def _countifs(*pairs: Value | Area) -> Value:
    _check_blanks(pairs[1::2])
    return FUNCTIONS["COUNTIFS"].scalar(*pairs)


def _check_blanks(criteria: Collection[Value | Area]) -> None:
    if all(not isinstance(each, tuple) and test_of(each)(None) for each in criteria):
        doubt("COUNTIF ∅")


@function("INDEX…", 2, 3, takes="rvv")
def _index(table: Value | Area, row: Value, column: Value = None) -> Value:
    area = area_of(table)
    height, width = len(area), len(area[0])
    for asked, size in ((row, height), (column, width)):
        if type(asked) is float and asked > size:
            doubt("INDEX ∅")
    return FUNCTIONS["INDEX"].scalar(area, row, column)
