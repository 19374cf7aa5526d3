"""Dates and times as number format codes show them, with Excel's own calendar.

Serial number 1 is 1900-01-01, 60 is a 29 February that never was, 0 is "January 0"; in the 1904
system day 0 is 1904-01-01. Tokens come from `number_format`, which knows a date when it sees one.
"""

import datetime
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from xlperf.ooxml.chinese_digits import ChineseDigits

DATE_SYSTEM_OFFSET = 1462
"""Days between the two date systems: serial in 1900 = serial in 1904 + this."""

OVERFLOW = "########"
"""Shown for a date before or after all dates, as Excel fills the cell."""

_EXACT = Context(prec=700, rounding=ROUND_HALF_UP)
_LAST_DAY = 2958465
_DAY = 86400

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")

Token = tuple[str, str]
"""Kind and text of a piece of a format code."""


class _Moment(NamedTuple):
    """A serial number taken apart. `day` of the month may be 0 or 30: 1900 had both for Excel."""

    year: int
    month: int
    day: int
    weekday: int
    seconds: Decimal


def _moment(value: Decimal, places: int, date1904: bool) -> _Moment | None:
    if not 0 <= value < _LAST_DAY + 1:
        return None
    seconds = (value * _DAY).quantize(Decimal((0, (1,), -places)), context=_EXACT)
    serial = int(seconds // _DAY) + (DATE_SYSTEM_OFFSET if date1904 else 0)
    if serial > _LAST_DAY:
        return None
    if serial == 0:
        year, month, day = 1900, 1, 0
    elif serial == 60:
        year, month, day = 1900, 2, 29  # Excel's 1900 is a leap year, as that of Lotus 1-2-3
    else:
        date = datetime.date(1899, 12, 31 if serial < 60 else 30) + datetime.timedelta(serial)
        year, month, day = date.year, date.month, date.day
    return _Moment(year, month, day, (serial - 1) % 7, seconds)


def date_renderer(
    tokens: Sequence[Token], chinese: ChineseDigits | None, names_chinese: bool
) -> Callable[[Decimal, bool], str]:
    fields, places = _date_fields(tokens)
    noon = any(t[0] == "noon" for t in fields)
    timed = noon or any(t[1][0].lower() in "hsn" for t in fields if t[0] in ("date", "elapsed"))
    # Times are rounded to what is shown of the seconds; a bare date only to hide binary dust.
    precision = places if timed else 3

    def render(value: Decimal, date1904: bool) -> str:
        sign = ""
        if value < 0 and date1904:
            sign, value = "-", -value
        moment = _moment(value, precision, date1904)
        if moment is None:
            return OVERFLOW
        return sign + "".join(_field(t, moment, noon, names_chinese, chinese) for t in fields)

    return render


def _date_fields(tokens: Sequence[Token]) -> tuple[list[Token], int]:
    """The tokens with minutes told from months (as `n`), and the decimals of the seconds."""
    fields: list[Token] = []
    places = 0
    for token in tokens:
        zero = token == ("digit", "0")
        if zero and fields and fields[-1][0] in ("point", "subsecond"):
            digits = fields[-1][1] + "0" if fields[-1][0] == "subsecond" else ".0"
            fields[-1] = ("subsecond", digits)
            places = max(places, len(digits) - 1)
        else:
            fields.append(token)
    units = [i for i, (kind, _) in enumerate(fields) if kind in ("date", "elapsed")]
    letters = ["", *(fields[i][1][0].lower() for i in units), ""]
    for position, index in enumerate(units):
        kind, text = fields[index]
        beside_time = letters[position] == "h" or letters[position + 2] == "s"
        if letters[position + 1] == "m" and (kind == "elapsed" or (len(text) < 3 and beside_time)):
            fields[index] = (kind, "n" * len(text))
    return fields, places


def _field(
    token: Token, moment: _Moment, noon: bool, names_chinese: bool, chinese: ChineseDigits | None
) -> str:
    """One field of a date or time, as text."""
    kind, text = token
    width = len(text)
    if kind == "elapsed":
        unit = {"h": 3600, "n": 60, "s": 1}[text[0].lower()]
        return f"{int(moment.seconds // unit):0{width}d}"
    if kind == "subsecond":
        return "." + f"{moment.seconds % 1:.{width - 1}f}"[2:]
    if kind == "noon":
        afternoon = moment.seconds % _DAY >= _DAY // 2
        if "/P" not in text.upper() or names_chinese:
            return "下午" if afternoon else "上午"
        return ("PM" if afternoon else "AM")[: text.index("/")]
    if kind != "date":
        return text
    letter = text[0].lower()
    clock = int(moment.seconds % _DAY)
    match letter:
        case "y" | "e":
            year = f"{moment.year % 100:02d}" if letter == "y" and width < 3 else f"{moment.year}"
            return chinese.one_by_one(year) if chinese else year
        case "m" if width > 2:
            return _month_name(moment.month, width, names_chinese)
        case "d" if width > 2:
            return _weekday_name(moment.weekday, width, names_chinese)
        case "a":
            return ("星期" if width == 4 else "") + "日一二三四五六"[moment.weekday]
        case "m":
            number = moment.month
        case "d":
            number = moment.day
        case "h":
            hour = clock // 3600
            number = (hour % 12 or 12) if noon else hour
        case "n":
            number = clock // 60 % 60
        case "s":
            number = clock % 60
        case _:
            return ""
    digits = f"{number:0{min(width, 2)}d}"
    return chinese.two_digits(digits) if chinese else digits


def _month_name(month: int, width: int, names_chinese: bool) -> str:
    if names_chinese:
        words = ChineseDigits(1).two_digits(str(month))
        return {3: f"{month}月", 4: f"{words}月"}.get(width, words)
    name = _MONTHS[month - 1]
    return {3: name[:3], 4: name}.get(width, name[0])


def _weekday_name(weekday: int, width: int, names_chinese: bool) -> str:
    if names_chinese:
        return ("周" if width == 3 else "星期") + "日一二三四五六"[weekday]
    return _WEEKDAYS[weekday][: 3 if width == 3 else None]
