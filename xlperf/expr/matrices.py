"""Worksheet functions that give arrays, or take two of them side by side."""

from collections.abc import Callable, Iterator, Sequence
from functools import cmp_to_key
from typing import Any

from xlperf.expr.registry import Area, area_of, cells, function, numbers, total, whole
from xlperf.expr.values import (
    NA,
    NUM,
    VALUE,
    ExcelError,
    Fault,
    Value,
    doubt,
    finite,
    kind_of,
    logical,
    number,
    rank,
)

Matrix = list[list[float]]
_NEXT_TO_NOTHING = 1e-12
_MOST = 100_000


@function("TRANSPOSE", 1, takes="a", array=True)
def _transpose(area: Value | Area) -> Any:
    return _without_blanks(tuple(zip(*area_of(area), strict=True)))


@function("MMULT", 2, takes="aa", array=True)
def _mmult(one: Value | Area, other: Value | Area) -> Any:
    left, right = _matrix(one), _matrix(other)
    if len(left[0]) != len(right):
        raise Fault(VALUE)
    columns = list(zip(*right, strict=True))
    return tuple(
        tuple(finite(total(a * b for a, b in zip(row, column, strict=True))) for column in columns)
        for row in left
    )


@function("MDETERM", 1, takes="a")
def _mdeterm(area: Value | Area) -> Value:
    determinant = _eliminated(matrix := _square(area), [])[0]
    if not determinant and len(matrix) > 2:
        doubt("det ≈ 0")
    return finite(determinant)


@function("MINVERSE", 1, takes="a", array=True)
def _minverse(area: Value | Area) -> Any:
    matrix = _square(area)
    size = range(len(matrix))
    determinant, inverse = _eliminated(matrix, [[float(y == x) for x in size] for y in size])
    if determinant == 0:
        raise Fault(NUM)
    largest = max(abs(value) for row in inverse for value in row)
    if any(0 < abs(value) < largest * _NEXT_TO_NOTHING for row in inverse for value in row):
        doubt("MINVERSE ≈ 0")
    return tuple(tuple(map(finite, row)) for row in inverse)


def _matrix(area: Value | Area) -> Matrix:
    for value in cells(area_of(area)):
        if isinstance(value, ExcelError):
            raise Fault(value)
        if type(value) is not float:
            raise Fault(VALUE)
    return [list(row) for row in area_of(area)]  # type: ignore[arg-type]


def _square(area: Value | Area) -> Matrix:
    matrix = _matrix(area)
    if len(matrix) != len(matrix[0]):
        raise Fault(VALUE)
    return matrix


def _eliminated(matrix: Matrix, beside: Matrix) -> tuple[float, Matrix]:
    """The determinant, and what became of the columns beside (Gauss and Jordan, largest first)."""
    size, determinant = len(matrix), 1.0
    rows = [row + (beside[y] if beside else []) for y, row in enumerate(matrix)]
    largest = max(abs(value) for row in matrix for value in row)
    for x in range(size):
        y = max(range(x, size), key=lambda at: abs(rows[at][x]))
        pivot = rows[y][x]
        if abs(pivot) <= largest * _NEXT_TO_NOTHING:
            if pivot:
                doubt("det ≈ 0")
            return 0.0, []
        if y != x:
            rows[x], rows[y], determinant = rows[y], rows[x], -determinant
        determinant *= pivot
        rows[x] = [value / pivot for value in rows[x]]
        for other in range(size):
            if other != x and (by := rows[other][x]):
                rows[other] = [a - by * b for a, b in zip(rows[other], rows[x], strict=True)]
    return determinant, [row[size:] for row in rows]


@function("FREQUENCY", 2, takes="rr", array=True)
def _frequency(data: Value | Area, bins: Value | Area) -> Any:
    found, limits = numbers([area_of(data)]), numbers([area_of(bins)])
    if len(limits) < sum(map(len, area_of(bins))) or limits != sorted(set(limits)):
        doubt("FREQUENCY")  # what becomes of the places of blanks and of equal limits
    counts = [0.0] * (len(limits) + 1)
    for value in found:
        counts[sum(limit < value for limit in limits)] += 1
    return tuple((count,) for count in counts)


def _pairs(one: Value | Area, other: Value | Area) -> Iterator[tuple[float, float]]:
    """Numbers that stand in the same places; those beside anything else are left out."""
    left, right = area_of(one), area_of(other)
    if (len(left), len(left[0])) != (len(right), len(right[0])):
        raise Fault(NA)
    for pair in zip(cells(left), cells(right), strict=True):
        for value in pair:
            if isinstance(value, ExcelError):
                raise Fault(value)
        a, b = pair
        if type(a) is float and type(b) is float:
            yield a, b


def _of_pairs(name: str, term: Callable[[float, float], float]) -> None:
    def scalar(one: Value | Area, other: Value | Area) -> Value:
        found: Sequence[float] = [term(*pair) for pair in _pairs(one, other)]
        if not found:
            doubt(name)
        return finite(total(found))

    function(name, 2, takes="aa")(scalar)


_of_pairs("SUMX2MY2", lambda a, b: a * a - b * b)
_of_pairs("SUMX2PY2", lambda a, b: a * a + b * b)
_of_pairs("SUMXMY2", lambda a, b: (a - b) ** 2)


# --------------------------------------------------------------------------- dynamic arrays


@function("SEQUENCE", 1, 4, array=True)
def _sequence(rows: Value, columns: Value = 1.0, start: Value = 1.0, step: Value = 1.0) -> Any:
    height, width = (whole(1.0 if each is None else each) for each in (rows, columns))
    if height < 1 or width < 1 or height * width > _MOST:
        doubt("SEQUENCE")
        raise Fault(VALUE)
    first, by = (number(1.0 if each is None else each) for each in (start, step))
    return tuple(
        tuple(finite(first + by * (y * width + x)) for x in range(width)) for y in range(height)
    )


@function("FILTER", 2, 3, takes="aav", array=True)
def _filter(area: Value | Area, include: Value | Area, instead: Value = None) -> Any:
    table, which = area_of(area), area_of(include)
    by_row = len(which) == len(table) and len(which[0]) == 1
    if not by_row and not (len(which[0]) == len(table[0]) and len(which) == 1):
        raise Fault(VALUE)
    chosen = [logical(value) for value in cells(which)]
    lines = table if by_row else tuple(zip(*table, strict=True))
    found = tuple(line for line, keeps in zip(lines, chosen, strict=True) if keeps)
    if not found:
        if instead is None:
            doubt("FILTER ∅")  # #CALC!, which older versions do not have
            raise Fault(VALUE)
        return ((instead,),)
    return _without_blanks(found if by_row else tuple(zip(*found, strict=True)))


@function("UNIQUE", 1, 3, takes="avv", array=True)
def _unique(area: Value | Area, by_column: Value = False, once: Value = False) -> Any:
    table = area_of(area)
    lines = tuple(zip(*table, strict=True)) if logical(by_column) else table
    counts: dict[tuple[object, ...], int] = {}
    keys = [tuple(map(_folded, line)) for line in lines]
    if any(None in key for key in keys):
        doubt("UNIQUE ∅")
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    only, seen, found = logical(once), set(), []
    for key, line in zip(keys, lines, strict=True):
        if key not in seen and (counts[key] == 1 or not only):
            seen.add(key)
            found.append(line)
    if not found:
        doubt("UNIQUE ∅")
        raise Fault(VALUE)
    return _without_blanks(tuple(zip(*found, strict=True)) if logical(by_column) else tuple(found))


def _folded(value: Value) -> object:
    if value is None:
        return None
    return kind_of(value), value.casefold() if isinstance(value, str) else value


@function("SORT", 1, 4, takes="avvv", array=True)
def _sort(
    area: Value | Area, index: Value = 1.0, order_of: Value = 1.0, by_column: Value = False
) -> Any:
    table = area_of(area)
    lines: list[tuple[Value, ...]] = [*(zip(*table, strict=True) if logical(by_column) else table)]
    place = whole(1.0 if index is None else index) - 1
    way = number(1.0 if order_of is None else order_of)
    if not 0 <= place < len(lines[0]) or way not in (1.0, -1.0):
        raise Fault(VALUE)
    if any(line[place] is None or isinstance(line[place], ExcelError) for line in lines):
        doubt("SORT ∅")

    def compared(one: tuple[Value, ...], other: tuple[Value, ...]) -> int:
        found = rank(one[place], other[place]) * way
        return (found > 0) - (found < 0)

    lines.sort(key=cmp_to_key(compared))
    return _without_blanks(tuple(zip(*lines, strict=True)) if logical(by_column) else tuple(lines))


def _without_blanks(area: Area) -> Area:
    """As a cell shows them: a blank one that is passed on is a 0."""
    return tuple(tuple(0.0 if value is None else value for value in row) for row in area)
