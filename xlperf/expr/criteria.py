"""Conditions in cells, as COUNTIF and its like read them: `">=3"`, `"甲*"`, 12, `"<>"`."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import compress

from xlperf.expr.registry import ANY, Area, area_of, cells, function, numbers, total
from xlperf.expr.values import (
    DIV0,
    ERROR_CODES,
    VALUE,
    ExcelError,
    Fault,
    Value,
    days_are_doubted,
    doubt,
    doubts,
    finite,
    rank,
    same_number,
    text_number,
)

Test = Callable[[Value], bool]

_CONDITION = re.compile(r"(<=|>=|<>|=|<|>)?(.*)", re.DOTALL)
_PLAIN_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_LONGEST = 255


def wildcard(pattern: str) -> re.Pattern[str]:
    """`*` is any text, `?` one character, `~` takes the next one as it stands."""
    pieces = re.findall(r"~[*?~]|[\s\S]", pattern)
    return re.compile(
        "".join(
            {"*": ".*", "?": "."}.get(piece) or re.escape(piece[-1] if len(piece) > 1 else piece)
            for piece in pieces
        ),
        re.IGNORECASE | re.DOTALL,
    )


def has_wildcard(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?~")


def test_of(criterion: Value) -> Test:
    """Which cells a condition means. A blank condition means the number 0."""
    if isinstance(criterion, str) and len(criterion) > _LONGEST:
        doubt(criterion[:20])
        raise Fault(VALUE)
    test, doubtful = _test_and_doubts(criterion, days_are_doubted())
    for each in doubtful:  # told anew each time: who asks now may be another workbook
        doubt(each)
    return test


@lru_cache(maxsize=1024, typed=True)  # Python takes TRUE for 1
def _test_and_doubts(criterion: Value, days: bool) -> tuple[Test, tuple[str, ...]]:
    with doubts(days=days) as doubtful:
        test = _test(criterion)
    return test, tuple(doubtful)


def _test(criterion: Value) -> Test:
    if criterion is None:
        criterion = 0.0
    if not isinstance(criterion, str):
        return _equal_to(criterion)
    found = _CONDITION.fullmatch(criterion)
    assert found
    op, operand = found[1] or "", found[2]
    if operand == "":
        return _of_nothing(op)
    value = _read(operand)
    if op in ("", "=", "<>"):
        equal = _equal_to(value)
        return (lambda cell: not equal(cell)) if op == "<>" else equal
    return _ordered(op, value)


def _of_nothing(op: str) -> Test:
    match op:
        case "":
            return lambda cell: cell is None or cell == ""
        case "=":
            return lambda cell: cell is None
        case "<>":
            return lambda cell: cell is not None
    return lambda cell: False


def _read(operand: str) -> Value:
    """What the text behind the operator is: a number, a truth, an error or a text."""
    if operand.upper() in ("TRUE", "FALSE"):
        return operand.upper() == "TRUE"
    if operand.upper() in ERROR_CODES:
        return ExcelError(operand.upper())
    return operand if (value := numeric(operand)) is None else value


def numeric(source: str) -> float | None:
    """The number that a text is for a condition, which reads texts as a cell does when typed in."""
    try:
        return text_number(source)
    except Fault:
        return None


def _equal_to(wanted: Value) -> Test:
    if isinstance(wanted, str):
        if has_wildcard(wanted):
            match = wildcard(wanted).fullmatch
            return lambda cell: isinstance(cell, str) and match(cell) is not None
        folded = wanted.lower()
        return lambda cell: isinstance(cell, str) and cell.lower() == folded
    if isinstance(wanted, float):
        return lambda cell: cell is not None and _is_number(cell, wanted)
    return lambda cell: type(cell) is type(wanted) and cell == wanted


def _is_number(cell: Value, wanted: float) -> bool:
    """Whether a cell is this number; a text of digits is one too."""
    if type(cell) is float:
        return cell == wanted or same_number(cell, wanted)
    if not isinstance(cell, str) or not cell:
        return False
    if _PLAIN_NUMBER.fullmatch(cell):
        return f"{float(cell):.15g}" == f"{wanted:.15g}"
    if cell[-1] in "0123456789.)% ":
        with doubts():  # whether it is a date does not matter here
            found = numeric(cell)
        if found == wanted:
            doubt(cell)
    return False


def _ordered(op: str, limit: Value) -> Test:
    compare = _COMPARISONS[op]
    if isinstance(limit, str) and has_wildcard(limit):
        doubt(op + limit)

    def test(cell: Value) -> bool:
        if cell is None or type(cell) is not type(limit) or isinstance(cell, ExcelError):
            return False
        return compare(rank(cell, limit))

    return test


_COMPARISONS: dict[str, Callable[[float], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


# ------------------------------------------------------------------------------- functions


def _single(criterion: Value | Area) -> Value:
    assert not isinstance(criterion, tuple)
    return criterion


def chosen(pairs: Sequence[Value | Area]) -> list[bool]:
    """Which cells, row by row, fulfil all conditions: areas and conditions in turn, all alike."""
    areas = [area_of(area) for area in pairs[::2]]
    shape = len(areas[0]), len(areas[0][0])
    if len(pairs) % 2 or any((len(area), len(area[0])) != shape for area in areas):
        raise Fault(VALUE)
    first, *others = [test_of(_single(criterion)) for criterion in pairs[1::2]]
    result = list(map(first, cells(areas[0])))
    for area, test in zip(areas[1:], others, strict=True):
        result = [so_far and test(cell) for so_far, cell in zip(result, cells(area), strict=True)]
    return result


def _found(area: Value | Area, pairs: Sequence[Value | Area]) -> list[float]:
    """The numbers in the cells of `area` that stand beside those that are chosen."""
    beside, shape = area_of(area), area_of(pairs[0])
    which = chosen(pairs)
    if (len(beside), len(beside[0])) != (len(shape), len(shape[0])):
        raise Fault(VALUE)
    return numbers([(tuple(compress(cells(beside), which)),)])


def _resized(area: Value | Area, like: Value | Area) -> Area:
    """The cells from the top left one of `area` on, as many as `like` has."""
    given, shape = area_of(area), area_of(like)
    height, width = len(shape), len(shape[0])
    if (len(given), len(given[0])) == (height, width):
        return given
    if len(given) < height or len(given[0]) < width:
        doubt(f"{len(given)}×{len(given[0])} < {height}×{width}")  # its cells are not at hand
        raise Fault(VALUE)
    return tuple(row[:width] for row in given[:height])


@function("COUNTIF", 2, takes="rv")
def _countif(area: Value | Area, criterion: Value) -> Value:
    return float(sum(map(test_of(criterion), cells(area_of(area)))))


@function("COUNTIFS", 2, ANY, takes="(rv)")
def _countifs(*pairs: Value | Area) -> Value:
    return float(sum(chosen(pairs)))


@function("SUMIF", 2, 3, takes="rvr")
def _sumif(area: Value | Area, criterion: Value, summed: Value | Area = None) -> Value:
    return finite(total(_found_beside(area, criterion, summed)))


@function("AVERAGEIF", 2, 3, takes="rvr")
def _averageif(area: Value | Area, criterion: Value, averaged: Value | Area = None) -> Value:
    return _mean(_found_beside(area, criterion, averaged))


def _found_beside(area: Value | Area, criterion: Value, other: Value | Area) -> list[float]:
    beside = area_of(area) if other is None else _resized(other, area)
    return _found(beside, (area, criterion))


@function("SUMIFS", 3, ANY, takes="r(rv)")
def _sumifs(summed: Value | Area, *pairs: Value | Area) -> Value:
    return finite(total(_found(summed, pairs)))


@function("AVERAGEIFS", 3, ANY, takes="r(rv)")
def _averageifs(averaged: Value | Area, *pairs: Value | Area) -> Value:
    return _mean(_found(averaged, pairs))


@function("MAXIFS", 3, ANY, takes="r(rv)")
def _maxifs(area: Value | Area, *pairs: Value | Area) -> Value:
    return max(_found(area, pairs), default=0.0)


@function("MINIFS", 3, ANY, takes="r(rv)")
def _minifs(area: Value | Area, *pairs: Value | Area) -> Value:
    return min(_found(area, pairs), default=0.0)


def _mean(found: list[float]) -> float:
    if not found:
        raise Fault(DIV0)
    return finite(total(found) / len(found))
