"""Excel's values, and how Excel turns one kind into another, compares, rounds and prints them.

A value is a float, text, a boolean, None for a blank cell, or an `ExcelError`. Error values travel
through formulas like any value; inside a function they are raised as `Fault`, which `evaluate`
turns back into the value.
"""

import datetime
import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from typing import Any

from xlperf.ooxml.values import date_serial


@dataclass(frozen=True, slots=True)
class ExcelError:
    """An error value as the cell shows it: `#DIV/0!`."""

    code: str

    def __str__(self) -> str:
        return self.code


DIV0 = ExcelError("#DIV/0!")
VALUE = ExcelError("#VALUE!")
NUM = ExcelError("#NUM!")
NA = ExcelError("#N/A")
REF = ExcelError("#REF!")
ERROR_CODES = ("#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#NULL!")

Value = float | str | bool | None | ExcelError


class Fault(Exception):  # noqa: N818 - not an error of the program: a value on its way
    """Carries an error value out of a function."""

    def __init__(self, error: ExcelError) -> None:
        self.error = error


_doubts: ContextVar[list[str] | None] = ContextVar("doubts", default=None)
_days_doubted: ContextVar[bool] = ContextVar("days_doubted", default=False)


@contextmanager
def doubts(*, days: bool = False) -> Iterator[list[str]]:
    """Collects what was computed within and may come out otherwise in Excel.

    Such as what depends on the language of the computer (texts that may be dates, times or amounts,
    the order of two texts), on bits beyond the 15th digit, or on what is not known of Excel. With
    `days`, also texts of days: workbooks that count from 1904 have other numbers for them.
    """
    found: list[str] = []
    token, token_of_days = _doubts.set(found), _days_doubted.set(days)
    try:
        yield found
    finally:
        _doubts.reset(token)
        _days_doubted.reset(token_of_days)


def days_are_doubted() -> bool:
    return _days_doubted.get()


def doubt(what: str) -> None:
    if (found := _doubts.get()) is not None:
        found.append(what)


def beyond(error: ArithmeticError) -> ExcelError:
    """What is too large, too small or too near to 0 to be computed: in Excel mostly #NUM!."""
    doubt(str(error))
    return NUM


def caught(scalar: Callable[..., Value], args: Iterable[Any]) -> Value:
    """The value of a call; an error value that it raises is its value."""
    try:
        return scalar(*args)
    except Fault as fault:
        return fault.error
    except ArithmeticError as error:
        return beyond(error)


# ---------------------------------------------------------------------------------- coercion


def number(value: Value) -> float:
    """What arithmetic sees: a blank is 0, TRUE is 1, numeric text is its number."""
    if type(value) is float:
        return value
    if value is None:
        return 0.0
    if isinstance(value, str):
        return text_number(value)
    if isinstance(value, ExcelError):
        raise Fault(value)
    return float(value)


def text(value: Value) -> str:
    """What `&` sees: a blank is "", a number is printed in the format General."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if value is True or value is False:
        return "TRUE" if value else "FALSE"
    if isinstance(value, ExcelError):
        raise Fault(value)
    assert isinstance(value, float)
    return general(value)


def logical(value: Value) -> bool:
    """What a condition sees: a number other than 0 is TRUE; of texts only TRUE and FALSE count."""
    if value is True or value is False:
        return value
    if isinstance(value, str):
        word = value.upper()
        if word not in ("TRUE", "FALSE"):
            raise Fault(VALUE)
        return word == "TRUE"
    return number(value) != 0


_MAY_BE_NUMBER = re.compile(r"\s*(?:\d|[A-Za-z+\-.,($€£¥￥\uff01-\uff5e].*\d)", re.DOTALL)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_NUMBER = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[+-])?\s*[¥￥]?\s*"
    r"(?P<digits>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)"
    r"(?P<exponent>[eE][+-]?\d{1,3})?\s*(?P<percent>%)?\s*(?(open)\))"
)
_DATE = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})")
_DOUBTFUL = re.compile(
    r"\d{1,4}\s*[-/.]\s*(\d{1,2}|[A-Za-z]{3,9})(\s*[-/.]\s*\d{1,4})?(\s+\d.*)?"
    r"|\d+:\d.*|\d+ +\d+/\d+|[A-Za-z]{3,9}[ -]\d.*|\d+ ?[A-Za-z]{3,9}( \d+)?|\d+ ?[AaPp][Mm]?"
    r"|[-+($€£¥￥]*\s*[\d,.]*\d[\d,. ]*[)%$€£]*|\d{2,4}\s*年.*|\d+\s*月\s*\d+\s*日|\d+[时点].*"
)


def text_number(source: str) -> float:
    """The number that VALUE reads: `99.2%`, `1,234`, `198.38E4`; a serial for `2025-12-31`."""
    if source.isascii() and source.isprintable() and "_" not in source and source[-1:].isdigit():
        try:
            if math.isfinite(result := float(source)):
                return result
        except ValueError:
            pass
    elif not _MAY_BE_NUMBER.match(source):  # as most texts are that stand for no number
        raise Fault(VALUE)
    plain = source.strip(" ").translate(_FULL_WIDTH)
    if found := _NUMBER.fullmatch(plain):
        digits = found["digits"].replace(",", "") + (found["exponent"] or "")
        result = float(digits) / 100 if found["percent"] else float(digits)
        if (found["open"] and found["sign"]) or math.isinf(result):
            raise Fault(VALUE)
        return -result if found["open"] or found["sign"] == "-" else result
    if found := _DATE.fullmatch(plain):
        if days_are_doubted():
            doubt(source)
        year, _, month, day = found.groups()
        try:
            return serial_of(datetime.date(int(year), int(month), int(day)))
        except ValueError:
            pass
    if _DOUBTFUL.fullmatch(plain.strip()):
        doubt(source)
    raise Fault(VALUE)


def general(value: float) -> str:
    """A number as text in the format General: 15 digits, an exponent only where it gets long."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    mantissa, _, tail = f"{abs(value):.14e}".partition("e")
    digits, exponent = mantissa.replace(".", "").rstrip("0"), int(tail)
    sign = "-" if value < 0 else ""
    if exponent < 0 and 1 - exponent + len(digits) <= 20:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    if 0 <= exponent < 20:
        whole = digits[: exponent + 1].ljust(exponent + 1, "0")
        fraction = digits[exponent + 1 :]
        return f"{sign}{whole}.{fraction}" if fraction else sign + whole
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}E{'-' if exponent < 0 else '+'}{abs(exponent):02}"


# ------------------------------------------------------------------------------- arithmetic

# Excel computes with 53 bits and lets results that differ in the last few count as equal.
NEARLY = 2.0**-48


def finite(value: float) -> float:
    if not -1.7976931348623157e308 <= value <= 1.7976931348623157e308:
        raise Fault(NUM)
    return value


def add(a: Value, b: Value) -> float:
    return finite(number(a) + number(b))


def subtract(a: Value, b: Value) -> float:
    return finite(number(a) - number(b))


def last_sum(a: Value, b: Value) -> float:
    """The sum that ends a formula; 0 where what is left lies beyond 15 digits: `=1-0.9-0.1`."""
    a, b = number(a), number(b)
    total = a + b
    return 0.0 if abs(total) < abs(a) * NEARLY else finite(total)


def last_difference(a: Value, b: Value) -> float:
    return last_sum(number(a), -number(b))


def multiply(a: Value, b: Value) -> float:
    return finite(number(a) * number(b))


def divide(a: Value, b: Value) -> float:
    a, b = number(a), number(b)
    if b == 0:
        raise Fault(DIV0)
    return finite(a / b)


def power(a: Value, b: Value) -> float:
    a, b = number(a), number(b)
    if a == 0 and b <= 0:
        raise Fault(NUM if b == 0 else DIV0)
    try:
        result = a**b
    except OverflowError:
        raise Fault(NUM) from None
    if isinstance(result, complex):
        raise Fault(NUM)
    return finite(result)


def negate(a: Value) -> float:
    return 0.0 - number(a)


def percent(a: Value) -> float:
    return number(a) / 100


def concatenate(a: Value, b: Value) -> str:
    return text(a) + text(b)


def order(a: Value, b: Value) -> float:
    """Below, at or above 0 as `a` sorts before, with or after `b`.

    Numbers come before texts, texts before booleans; a blank is the other side's 0, "" or FALSE;
    case does not count, nor does the 16th digit of a number.
    """
    if type(a) is float and type(b) is float:
        difference = a - b
        return 0.0 if abs(difference) < abs(a) * NEARLY else difference
    for value in (a, b):
        if isinstance(value, ExcelError):
            raise Fault(value)
    if a is None:
        a = _empty(b)
    if b is None:
        b = _empty(a)
    if isinstance(a, str) and isinstance(b, str):
        left, right = a.lower(), b.lower()
        return (left > right) - (left < right)
    if isinstance(a, bool) and isinstance(b, bool):
        return a - b
    if type(a) is float and type(b) is float:
        return order(a, b)
    return kind_of(a) - kind_of(b)


_SURE = re.compile(r"[A-Za-z0-9 ]*")


def rank(a: Value, b: Value) -> float:
    """What `order` gives, asked by `<` and its like: which of two texts is first is a doubt.

    Not so where an empty one is involved, or only Latin letters, digits and blanks.
    """
    found = order(a, b)
    texts = [value for value in (a, b) if isinstance(value, str) and value]
    if found and len(texts) == 2 and not all(map(_SURE.fullmatch, texts)):
        doubt(f"{a} < {b}")
    return found


def same_number(a: float, b: float) -> bool:
    """Whether two numbers agree in 15 digits; a doubt where they do and are not the same.

    Searching and counting may go by all the bits, unlike `=`.
    """
    if a == b:
        return True
    if abs(a - b) < abs(a) * NEARLY:
        doubt(f"{a!r} ≈ {b!r}")
        return True
    return False


def _empty(other: Value) -> Value:
    if isinstance(other, str):
        return ""
    return False if isinstance(other, bool) else 0.0


def kind_of(value: Value) -> int:
    """Numbers 0, texts 1, booleans 2: in this order they are sorted."""
    if isinstance(value, bool):
        return 2
    return 1 if isinstance(value, str) else 0


# ------------------------------------------------------------------------ rounding and dates

_TENS = tuple(10.0**places for places in range(10))


def rounded(value: float, places: int, mode: str = ROUND_HALF_UP) -> float:
    """`value` to so many decimals, judged by its 15 digits: 2.675 is halfway though no float is.

    `mode` is one of decimal's, where down means towards 0.
    """
    if 0 <= places <= 9 and (scaled := abs(value) * _TENS[places]) < 1e9:
        # Far from every tie the float alone decides; this is nearly always so, and quick.
        whole = int(scaled)
        rest = scaled - whole
        if rest == 0 or (1e-6 < rest < 1 - 1e-6 and abs(rest - 0.5) > 1e-6):
            if rest and (rest > 0.5 if mode is ROUND_HALF_UP else mode is ROUND_UP):
                whole += 1
            return math.copysign(whole / _TENS[places], value)
    decimal = Decimal(f"{value:.15g}")
    if decimal.is_zero() or places >= 14 - decimal.adjusted():
        return value
    return finite(float(decimal.quantize(Decimal((0, (1,), -max(places, -400))), mode)))


def floor(value: float) -> float:
    """The whole number at or below `value`; 434.99999999999994 is 435 in 15 digits."""
    nearest = float(round(value))
    return nearest if abs(value - nearest) < abs(value) * NEARLY else float(math.floor(value))


_DAY_0 = datetime.date(1899, 12, 31)
_LEAP_BUG = 60  # the 29 February 1900 that Excel has and the calendar has not


def serial_of(day: datetime.date) -> float:
    """The number of a date in the 1900 system; ValueError before 1900."""
    return float(date_serial(day))


def date_parts(serial: float) -> tuple[int, int, int]:
    """Year, month and day of a number in the 1900 system."""
    count = int(serial)
    if serial < 0 or count > 2958465:
        raise Fault(NUM)
    if count == 0:
        return 1900, 1, 0
    if count == _LEAP_BUG:
        return 1900, 2, 29
    day = _DAY_0 + datetime.timedelta(days=count if count < _LEAP_BUG else count - 1)
    return day.year, day.month, day.day
