"""The worksheet functions that formulas here may use: one table, `FUNCTIONS`.

To add one: write it below `@function(name, least, most)` for plain values. It is then parsed,
evaluated for scalars and columns, and printed. Arguments come evaluated and may be of any kind;
`number`, `text` and `logical` read them as Excel does and raise what Excel shows as an error.

A function with `ranges=True` takes cells and ranges as they stand: such an argument comes as an
`Area`. This matters because Excel skips text and blanks in cells, but not among arguments.

Functions that Excel itself does not have are entered from the packages above, with `added=True`:
they may also be spelled as an add-in's, `_xll.NAME(…)` or `'xlperf.xlam'!NAME(…)`.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP
from itertools import chain

from xlperf.expr.values import (
    DIV0,
    NUM,
    VALUE,
    ExcelError,
    Fault,
    Value,
    date_parts,
    doubt,
    finite,
    floor,
    logical,
    number,
    rounded,
    serial_of,
    text,
    text_number,
)

Area = tuple[tuple[Value, ...], ...]
"""The values of a range, row by row."""


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    scalar: Callable[..., Value]
    least: int
    most: int
    ranges: bool = False
    added: bool = False


FUNCTIONS: dict[str, Function] = {}

ANY = 255
"""As many arguments as Excel allows."""


def function(
    name: str,
    least: int,
    most: int | None = None,
    *,
    ranges: bool = False,
    added: bool = False,
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Enter a function into the table: its name and how many arguments it takes."""

    def enter(scalar: Callable[..., Value]) -> Callable[..., Value]:
        FUNCTIONS[name] = Function(name, scalar, least, most or least, ranges, added)
        return scalar

    return enter


# ------------------------------------------------------------------------------------ logic


@function("IF", 2, 3)
def _if(condition: Value, then: Value, otherwise: Value = False) -> Value:
    return then if logical(condition) else otherwise


@function("IFERROR", 2)
def _iferror(value: Value, instead: Value) -> Value:
    return instead if isinstance(value, ExcelError) else value


@function("NOT", 1)
def _not(value: Value) -> Value:
    return not logical(value)


@function("AND", 1, ANY, ranges=True)
def _and(*args: Value | Area) -> Value:
    return all(_conditions(args))


@function("OR", 1, ANY, ranges=True)
def _or(*args: Value | Area) -> Value:
    return any(_conditions(args))


def _conditions(args: tuple[Value | Area, ...]) -> list[bool]:
    found = []
    for arg in args:
        if isinstance(arg, tuple):
            found += [logical(v) for v in _cells(arg) if v is not None and not isinstance(v, str)]
        else:
            found.append(logical(arg))
    if not found:
        raise Fault(VALUE)
    return found


# ------------------------------------------------------------------------------------ totals


@function("SUM", 1, ANY, ranges=True)
def _sum(*args: Value | Area) -> Value:
    return finite(_total(_numbers(args)))


@function("AVERAGE", 1, ANY, ranges=True)
def _average(*args: Value | Area) -> Value:
    numbers = _numbers(args)
    if not numbers:
        raise Fault(DIV0)
    return finite(_total(numbers) / len(numbers))


@function("MIN", 1, ANY, ranges=True)
def _min(*args: Value | Area) -> Value:
    return min(_numbers(args), default=0.0)


@function("MAX", 1, ANY, ranges=True)
def _max(*args: Value | Area) -> Value:
    return max(_numbers(args), default=0.0)


@function("COUNT", 1, ANY, ranges=True)
def _count(*args: Value | Area) -> Value:
    return float(sum(_counts(arg) for arg in args))


def _counts(arg: Value | Area) -> int:
    if isinstance(arg, tuple):
        return sum(type(value) is float for value in _cells(arg))
    try:
        number(arg)
    except Fault:
        return 0
    return 1


@function("COUNTA", 1, ANY, ranges=True)
def _counta(*args: Value | Area) -> Value:
    areas = [arg if isinstance(arg, tuple) else ((True,),) for arg in args]
    return float(sum(value is not None for area in areas for value in _cells(area)))


@function("COUNTBLANK", 1, ranges=True)
def _countblank(area: Value | Area) -> Value:
    if not isinstance(area, tuple):
        raise Fault(VALUE)
    return float(sum(value is None or value == "" for value in _cells(area)))


def _cells(area: Area) -> Iterator[Value]:
    return chain.from_iterable(area)


def _numbers(args: tuple[Value | Area, ...]) -> list[float]:
    """The numbers among cells, whose other values are skipped, and every argument as a number."""
    found = []
    for arg in args:
        if type(arg) is float:
            found.append(arg)
        elif isinstance(arg, tuple):
            for value in _cells(arg):
                if type(value) is float:
                    found.append(value)
                elif type(value) is ExcelError:
                    raise Fault(value)
        else:
            found.append(number(arg))
    return found


def _total(numbers: list[float]) -> float:
    """The sum with the lost bits carried along (Neumaier), as spreadsheets do it."""
    total = lost = 0.0
    for value in numbers:
        new = total + value
        lost += (total - new) + value if abs(total) >= abs(value) else (value - new) + total
        total = new
    return total + lost


# ---------------------------------------------------------------------------------- numbers


@function("ROUND", 2)
def _round(value: Value, places: Value) -> Value:
    return rounded(number(value), int(number(places)), ROUND_HALF_UP)


@function("ROUNDUP", 2)
def _roundup(value: Value, places: Value) -> Value:
    return rounded(number(value), int(number(places)), ROUND_UP)


@function("ROUNDDOWN", 2)
def _rounddown(value: Value, places: Value) -> Value:
    return rounded(number(value), int(number(places)), ROUND_DOWN)


@function("INT", 1)
def _int(value: Value) -> Value:
    return floor(number(value))


@function("ABS", 1)
def _abs(value: Value) -> Value:
    return abs(number(value))


@function("N", 1)
def _n(value: Value) -> Value:
    return 0.0 if isinstance(value, str) else number(value)


@function("VALUE", 1)
def _value(value: Value) -> Value:
    if isinstance(value, bool):
        raise Fault(VALUE)
    return text_number(value) if isinstance(value, str) else number(value)


# -------------------------------------------------------------------------------- questions


@function("ISNUMBER", 1)
def _isnumber(value: Value) -> Value:
    return type(value) is float


@function("ISTEXT", 1)
def _istext(value: Value) -> Value:
    return isinstance(value, str)


@function("ISBLANK", 1)
def _isblank(value: Value) -> Value:
    return value is None


# ------------------------------------------------------------------------------------- text


@function("SUBSTITUTE", 3, 4)
def _substitute(source: Value, old: Value, new: Value, nth: Value = None) -> Value:
    whole, gone, fresh = text(source), text(old), text(new)
    if nth is None:
        return whole.replace(gone, fresh) if gone else whole
    if (wanted := int(number(nth))) < 1:
        raise Fault(VALUE)
    pieces = whole.split(gone) if gone else [whole]
    if wanted >= len(pieces):
        return whole
    return gone.join(pieces[:wanted]) + fresh + gone.join(pieces[wanted:])


@function("LEFT", 1, 2)
def _left(source: Value, count: Value = 1.0) -> Value:
    return _units(text(source))[: 2 * _length(count)].decode("utf-16-le", "replace")


@function("RIGHT", 1, 2)
def _right(source: Value, count: Value = 1.0) -> Value:
    units, wanted = _units(text(source)), 2 * _length(count)
    return units[max(len(units) - wanted, 0) :].decode("utf-16-le", "replace")


@function("MID", 3)
def _mid(source: Value, start: Value, count: Value) -> Value:
    first, wanted = 2 * _length(start) - 2, 2 * _length(count)
    if first < 0:
        raise Fault(VALUE)
    return _units(text(source))[first : first + wanted].decode("utf-16-le", "replace")


@function("LEN", 1)
def _len(source: Value) -> Value:
    return len(_units(text(source))) / 2


def _units(source: str) -> bytes:
    """Two bytes for each of Excel's characters, which are halves of a rare Han character."""
    return source.encode("utf-16-le", "surrogatepass")


def _length(value: Value) -> int:
    count = int(number(value))
    if count < 0:
        raise Fault(VALUE)
    return count


@function("TRIM", 1)
def _trim(source: Value) -> Value:
    return " ".join(word for word in text(source).split(" ") if word)


@function("CONCATENATE", 1, ANY)
def _concatenate(*parts: Value) -> Value:
    return "".join(map(text, parts))


@function("CHAR", 1)
def _char(code: Value) -> Value:
    # Above 127 the answer depends on the computer's code page.
    if not 1 <= (point := int(number(code))) <= 127:
        doubt(f"CHAR({point})")
        raise Fault(VALUE)
    return chr(point)


# ------------------------------------------------------------------------------------ dates


@function("YEAR", 1)
def _year(serial: Value) -> Value:
    return float(date_parts(number(serial))[0])


@function("MONTH", 1)
def _month(serial: Value) -> Value:
    return float(date_parts(number(serial))[1])


@function("DAY", 1)
def _day(serial: Value) -> Value:
    return float(date_parts(number(serial))[2])


@function("DATE", 3)
def _date(year: Value, month: Value, day: Value) -> Value:
    years, months, days = (int(number(part)) for part in (year, month, day))
    years += 1900 if 0 <= years < 1900 else 0
    years, months = years + (months - 1) // 12, (months - 1) % 12 + 1
    if not 1900 <= years <= 9999:
        raise Fault(NUM)
    serial = serial_of(datetime.date(years, months, 1)) + days - 1
    date_parts(serial)
    return serial
