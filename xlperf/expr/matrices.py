"""Worksheet functions that give arrays, or take two of them side by side."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from xlperf.expr.registry import Area, area_of, cells, function, numbers, total
from xlperf.expr.values import NA, NUM, VALUE, ExcelError, Fault, Value, doubt, finite

Matrix = list[list[float]]
_NEXT_TO_NOTHING = 1e-12


@function("TRANSPOSE", 1, takes="a", array=True)
def _transpose(area: Value | Area) -> Any:
    return tuple(
        tuple(0.0 if value is None else value for value in column)
        for column in zip(*area_of(area), strict=True)
    )


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
    return finite(_eliminated(_square(area), [])[0])


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
