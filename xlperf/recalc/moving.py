"""References whose place hangs on values: OFFSET, INDIRECT, `A1:INDEX(…)`.

What they refer to is settled with the values of one workbook before its plan is made, so that a
plan knows all that its formulas read. It is then a plan for workbooks with those values only.
"""

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from xlperf.diagnostic import Message
from xlperf.expr import (
    Call,
    Cell,
    Const,
    ExcelError,
    Expr,
    Range,
    Value,
    doubts,
    evaluate,
    levels,
)
from xlperf.expr.registry import Area, area_of, function, whole
from xlperf.expr.steps import Key, Reads, precedents
from xlperf.expr.values import REF, VALUE, Fault
from xlperf.recalc.places import LAST_COLUMN, LAST_ROW, is_endless
from xlperf.recalc.refusal import RefusalError
from xlperf.recalc.spreading import size_of

NOT_FIXED = Message("位置取决于数值的此类引用", "such references whose place hangs on values")
_DEEPEST = 20
_MOST = 5_000_000
"""So many cells may be read on the way, one that is read again and again each time."""


def moved_by(start: Expr, by: Sequence[Value]) -> Expr:
    """The cells that OFFSET refers to: rows, columns, height and width."""
    if isinstance(start, Const):
        return start
    first, last = _corners(start)
    try:
        rows, columns, *size = [None if value is None else whole(value) for value in by]
    except Fault as fault:
        return Const(fault.error)
    height = size[0] if size and size[0] is not None else last.row - first.row + 1
    width = size[1] if len(size) > 1 and size[1] is not None else last.column - first.column + 1
    if not (height and width):
        return Const(REF)
    top, left = first.row + (rows or 0), first.column + (columns or 0)
    ends = (top, top + height - (1 if height > 0 else -1))
    sides = (left, left + width - (1 if width > 0 else -1))
    return _area(first, (min(ends), min(sides)), (max(ends), max(sides)))


def picked(start: Expr, at: Sequence[Value]) -> Expr:
    """The cells of an area that INDEX refers to."""
    if isinstance(start, Const):
        return start
    first, last = _corners(start)
    height, width = last.row - first.row + 1, last.column - first.column + 1
    try:
        places = [0 if value is None else whole(value) for value in at]
    except Fault as fault:
        return Const(fault.error)
    if len(places) > 2:
        raise RefusalError(NOT_FIXED)
    if len(places) == 1:
        places = [1, *places] if height == 1 else [*places, 0 if width > 1 else 1]
    row, column = places
    if row < 0 or column < 0:
        return Const(VALUE)
    if row > height or column > width:
        return Const(REF)
    top, bottom = (row, row) if row else (1, height)
    left, right = (column, column) if column else (1, width)
    above, before = first.row - 1, first.column - 1
    return _area(first, (above + top, before + left), (above + bottom, before + right))


def indexed(area: Expr, at: Sequence[Expr]) -> Expr | None:
    """What INDEX gives where it is a whole row, a whole column or all of an area, else None."""
    size = size_of(area)
    if size is None or len(at) > 2:
        return None
    if len(at) == 1:
        at = [Const(1.0), *at] if size[0] == 1 else [*at, Const(1.0 if size[1] == 1 else 0.0)]
    every = [isinstance(each, Const) and each.value in (None, 0.0) for each in at]
    if not any(every):
        return None
    if all(
        each or (length == 1 and one == Const(1.0))
        for each, one, length in zip(every, at, size, strict=True)
    ):
        return area
    if isinstance(area, Range) and all(isinstance(each, Const) for each in at):
        return picked(area, [each.value for each in at])  # type: ignore[union-attr, misc]
    return None if is_endless(area) else Call("INDEX[]…", (area, *at))


@function("INDEX[]…", 3, takes="rvv", array=True)
def _every(table: Value | Area, row: Value, column: Value) -> Any:
    area, y, x = area_of(table), whole(row), whole(column)
    if y < 0 or x < 0:
        raise Fault(VALUE)
    if y > len(area) or x > len(area[0]):
        raise Fault(REF)
    rows = area[y - 1 : y] if y else area
    return tuple(line[x - 1 : x] for line in rows) if x else rows


def spanned(one: Expr, other: Expr) -> Expr:
    """The smallest area around two references."""
    for each in (one, other):
        if isinstance(each, Const):
            return each
    (first, last), (start, end) = _corners(one), _corners(other)
    if start.sheet not in (None, first.sheet):
        raise RefusalError(NOT_FIXED)
    cells = (first, last, start, end)
    rows, columns = [cell.row for cell in cells], [cell.column for cell in cells]
    return _area(first, (min(rows), min(columns)), (max(rows), max(columns)))


def common(one: Expr, other: Expr) -> Expr:
    """The cells that two references have in common."""
    for each in (one, other):
        if isinstance(each, Const):
            return each
    (first, last), (start, end) = _corners(one), _corners(other)
    if (start.sheet or "").casefold() != (first.sheet or "").casefold():
        raise RefusalError(NOT_FIXED)
    top, left = max(first.row, start.row), max(first.column, start.column)
    bottom, right = min(last.row, end.row), min(last.column, end.column)
    if top > bottom or left > right:
        return Const(ExcelError("#NULL!"))
    return _area(first, (top, left), (bottom, right))


def _corners(area: Expr) -> tuple[Cell, Cell]:
    match area:
        case Cell():
            return area, area
        case Range(first, last):
            return first, last
    raise RefusalError(NOT_FIXED)


def _area(like: Cell, first: tuple[int, int], last: tuple[int, int]) -> Expr:
    if min(first) < 1 or last[0] > LAST_ROW or last[1] > LAST_COLUMN:
        return Const(REF)
    start = replace(like, row=first[0], column=first[1])
    if first == last:
        return start
    return Range(start, replace(start, row=last[0], column=last[1], sheet=None))


class KnownValues:
    """What cells come to, computed for single ones before there is a plan.

    `hangs_on` has the given cells that were read on the way, and what they hold.
    """

    def __init__(
        self,
        given: Callable[[Key], Value],
        trees: Callable[[Key], Mapping[Key, tuple[Expr, Reads]] | None],
    ) -> None:
        """`trees` gives the formulas of all the cells that are filled along with one; or None."""
        self._given, self._trees = given, trees
        self._values: dict[Key, Value] = {}
        self._depth, self._left = 0, _MOST
        self.hangs_on: dict[Key, Value] = {}

    def of(self, tree: Expr, reads: Reads) -> Value:
        """The value of a tree without names. Raises RefusalError where Excel's is not sure."""
        self._depth += 1  # arguments that hang on such references themselves
        try:
            if self._depth > _DEEPEST:
                raise RefusalError(NOT_FIXED)
            self._compute(list(_cells(reads)))
        finally:
            self._depth -= 1
        return self._evaluated(tree, reads)

    def _compute(self, waiting: list[Key]) -> None:
        trees: dict[Key, Expr] = {}
        reads: dict[Key, Reads] = {}
        for key in waiting:  # which grows on the way
            self._left -= 1
            if self._left < 0:
                raise RefusalError(NOT_FIXED)
            if key in self._values or key in trees or key in self.hangs_on:
                continue
            filled = self._trees(key)
            if filled is None:
                self.hangs_on[key] = self._given(key)
                continue
            for cell, (tree, found) in filled.items():
                trees[cell], reads[cell] = tree, found
                waiting += _cells(found)
        depth = levels(precedents(trees, reads))
        if any(key not in depth for key in trees):
            raise RefusalError(Message("循环引用", "circular references"))
        for key in sorted(trees, key=lambda key: depth[key]):
            self._values[key] = self._evaluated(trees[key], reads[key])

    def _evaluated(self, tree: Expr, reads: Reads) -> Value:
        with doubts() as doubtful:
            found: Value = evaluate(tree, _Env(reads, ChainMap(self._values, self.hangs_on)))
        if doubtful:
            raise RefusalError(NOT_FIXED)
        return found


class _Env:
    """What the nodes of a tree stand for, by identity."""

    def __init__(self, reads: Reads, values: Mapping[Key, Value]) -> None:
        self._rows = {id(node): rows for node, rows in reads}
        self._values = values

    def __getitem__(self, node: Any) -> Any:
        rows = self._rows[id(node)]
        if isinstance(node, Cell):
            return self._values[rows[0][0]]
        return tuple(tuple(self._values[key] for key in row) for row in rows)


def _cells(reads: Reads) -> Iterator[Key]:
    return (key for _, rows in reads for row in rows for key in row)
