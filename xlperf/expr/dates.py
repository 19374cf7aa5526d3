"""Worksheet functions of dates and times, in the 1900 system with its 29 February 1900."""

import datetime
import math
import re
from collections.abc import Collection

from xlperf.expr.registry import Area, area_of, cells, function, numbers, plain, whole
from xlperf.expr.values import (
    NUM,
    VALUE,
    ExcelError,
    Fault,
    Value,
    date_parts,
    doubt,
    general,
    logical,
    number,
    serial_of,
    text,
    text_number,
)

_LAST = 2_958_465
_DAY_SECONDS = 86_400
_FIRST_SURE = 61
"""The first day after the one that only Excel has; before it weekdays are not those of others."""


def _serial(value: Value) -> int:
    """A day by its number."""
    if isinstance(value, bool):
        doubt("a truth as a date")
    exact = number(value)
    if not 0 <= exact < _LAST + 1:
        raise Fault(NUM)
    return int(exact)


def _date(serial: int) -> datetime.date:
    if serial < _FIRST_SURE:
        doubt(f"{serial} < 1900-03-01")
        serial = max(serial, 1)
    return datetime.date(1899, 12, 30) + datetime.timedelta(days=serial)


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
def _date_of(year: Value, month: Value, day: Value) -> Value:
    years, months, days = (math.floor(number(part)) for part in (year, month, day))
    years += 1900 if 0 <= years < 1900 else 0
    years, months = years + (months - 1) // 12, (months - 1) % 12 + 1
    if not 1900 <= years <= 9999:
        raise Fault(NUM)
    serial = serial_of(datetime.date(years, months, 1)) + days - 1
    date_parts(serial)
    return serial


@function("EDATE", 2)
def _edate(start: Value, months: Value) -> Value:
    first = _date(_serial(plain(start)))
    year, month = _moved(first, whole(plain(months)))
    return serial_of(datetime.date(year, month, min(first.day, _days_in(year, month))))


@function("EOMONTH", 2)
def _eomonth(start: Value, months: Value) -> Value:
    year, month = _moved(_date(_serial(plain(start))), whole(plain(months)))
    return serial_of(datetime.date(year, month, _days_in(year, month)))


def _moved(day: datetime.date, months: int) -> tuple[int, int]:
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1900 <= years <= 9999:
        raise Fault(NUM)
    return years, month + 1


def _days_in(year: int, month: int) -> int:
    if month == 12:
        return 31
    if (year, month) == (1900, 2):
        doubt("1900-02-29")
    return (datetime.date(year, month + 1, 1) - datetime.date(year, month, 1)).days


@function("WEEKDAY", 1, 2)
def _weekday(serial: Value, kind: Value = 1.0) -> Value:
    day, way = _serial(serial), whole(kind)
    since_sunday = (day - 1) % 7  # day 1 is a Sunday to Excel
    match way:
        case 1 | 17:
            return float(since_sunday + 1)
        case 2 | 11:
            return float((since_sunday - 1) % 7 + 1)
        case 3:
            return float((since_sunday - 1) % 7)
        case 12 | 13 | 14 | 15 | 16:
            return float((since_sunday - (way - 10)) % 7 + 1)
    raise Fault(NUM)


@function("WEEKNUM", 1, 2)
def _weeknum(serial: Value, kind: Value = 1.0) -> Value:
    day, way = _date(_serial(plain(serial))), whole(kind)
    if way == 21:
        return float(day.isocalendar()[1])
    first = {1: 6, 2: 0, 11: 0, 12: 1, 13: 2, 14: 3, 15: 4, 16: 5, 17: 6}.get(way)
    if first is None:
        raise Fault(NUM)
    new_year = datetime.date(day.year, 1, 1)
    return float(((day - new_year).days + (new_year.weekday() - first) % 7) // 7 + 1)


@function("ISOWEEKNUM", 1)
def _isoweeknum(serial: Value) -> Value:
    return float(_date(_serial(serial)).isocalendar()[1])


@function("DAYS", 2)
def _days(end: Value, start: Value) -> Value:
    return float(_serial(_dated(end)) - _serial(_dated(start)))


def _dated(value: Value) -> Value:
    return text_number(value) if isinstance(value, str) else value


@function("DATEDIF", 3)
def _datedif(start: Value, end: Value, unit: Value) -> Value:
    first, last, by = _serial(start), _serial(end), text(unit).upper()
    if first > last:
        raise Fault(NUM)
    if by == "D":
        return float(last - first)
    one, other = _date(first), _date(last)
    months = (other.year - one.year) * 12 + other.month - one.month - (other.day < one.day)
    match by:
        case "M":
            return float(months)
        case "Y":
            return float(months // 12)
        case "YM":
            return float(months % 12)
        case "MD" | "YD":
            doubt(f"DATEDIF {by}")  # known to be wrong in Excel in ways of its own
            return 0.0
    raise Fault(NUM)


@function("DAYS360", 2, 3)
def _days360(start: Value, end: Value, european: Value = False) -> Value:
    one, other = _date(_serial(start)), _date(_serial(end))
    return float(_by_30(one, other, european=logical(european)))


def _by_30(one: datetime.date, other: datetime.date, *, european: bool) -> int:
    first, last, month, year = one.day, other.day, other.month, other.year
    if european:
        first, last = min(first, 30), min(last, 30)
    else:
        if first == _days_in(one.year, one.month):
            first = 30
        if last == 31:
            last = 30 if first >= 30 else 31
    return (year - one.year) * 360 + (month - one.month) * 30 + last - first


@function("YEARFRAC", 2, 3)
def _yearfrac(start: Value, end: Value, basis: Value = 0.0) -> Value:
    first, last = sorted((_serial(plain(start)), _serial(plain(end))))
    one, other = _date(first), _date(last)
    match whole(basis):
        case 0:
            if one.month == 2 or other.month == 2:
                doubt("YEARFRAC")  # the ends of February have rules of their own
            return _by_30(one, other, european=False) / 360
        case 1:
            return (last - first) / _mean_year(one, other) if last > first else 0.0
        case 2:
            return (last - first) / 360
        case 3:
            return (last - first) / 365
        case 4:
            return _by_30(one, other, european=True) / 360
    raise Fault(NUM)


def _mean_year(one: datetime.date, other: datetime.date) -> float:
    if (other.year, other.month, other.day) <= (one.year + 1, one.month, one.day):
        if one.year == other.year:
            return 366.0 if _is_leap(one.year) else 365.0
        leap_day = any(
            _is_leap(year) and one <= datetime.date(year, 2, 29) <= other
            for year in (one.year, other.year)
        )
        return 366.0 if leap_day else 365.0
    years = range(one.year, other.year + 1)
    return sum(366 if _is_leap(year) else 365 for year in years) / len(years)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


# ------------------------------------------------------------------------------- working days


@function("NETWORKDAYS", 2, 3, takes="vvr")
def _networkdays(start: Value, end: Value, holidays: Value | Area = None) -> Value:
    return _working_days(start, end, _SUNDAY_AND_SATURDAY, holidays)


@function("NETWORKDAYS.INTL", 2, 4, takes="vvvr")
def _networkdays_intl(
    start: Value, end: Value, weekend: Value = 1.0, holidays: Value | Area = None
) -> Value:
    free = range(7) if weekend == "1111111" else _weekend(weekend)
    return _working_days(start, end, free, holidays)


def _working_days(
    start: Value, end: Value, weekend: Collection[int], holidays: Value | Area
) -> Value:
    first, last = _serial(plain(start)), _serial(plain(end))
    free = _holidays(holidays)
    sign = 1 if first <= last else -1
    first, last = sorted((first, last))
    return float(sign * sum(_is_working(day, weekend, free) for day in range(first, last + 1)))


@function("WORKDAY", 2, 3, takes="vvr")
def _workday(start: Value, days: Value, holidays: Value | Area = None) -> Value:
    return _working_day(start, days, _SUNDAY_AND_SATURDAY, holidays)


@function("WORKDAY.INTL", 2, 4, takes="vvvr")
def _workday_intl(
    start: Value, days: Value, weekend: Value = 1.0, holidays: Value | Area = None
) -> Value:
    return _working_day(start, days, _weekend(weekend), holidays)


def _working_day(
    start: Value, days: Value, weekend: Collection[int], holidays: Value | Area
) -> Value:
    day, left, free = _serial(plain(start)), whole(plain(days)), _holidays(holidays)
    step = 1 if left > 0 else -1
    if abs(left) > 100_000:
        doubt(f"WORKDAY({left})")
        raise Fault(NUM)
    while left:
        day += step
        if not 0 < day <= _LAST:
            raise Fault(NUM)
        if _is_working(day, weekend, free):
            left -= step
    return float(day)


_SUNDAY_AND_SATURDAY = (0, 6)


def _weekend(code: Value) -> Collection[int]:
    """The days of a week that are free, counted from Sunday, by Excel's number or seven digits."""
    if isinstance(code, str):
        if not re.fullmatch("[01]{7}", code) or code == "1111111":
            raise Fault(VALUE)
        return [(place + 1) % 7 for place, digit in enumerate(code) if digit == "1"]
    number_of = whole(plain(1.0 if code is None else code))
    if 1 <= number_of <= 7:
        return ((number_of + 5) % 7, (number_of + 6) % 7)
    if 11 <= number_of <= 17:
        return ((number_of - 11) % 7,)
    raise Fault(NUM)


def _is_working(day: int, weekend: Collection[int], free: frozenset[int]) -> bool:
    if day < _FIRST_SURE:
        doubt(f"{day} < 1900-03-01")
    return (day - 1) % 7 not in weekend and day not in free


def _holidays(given: Value | Area) -> frozenset[int]:
    if given is None:
        return frozenset()
    for value in cells(area_of(given)):
        if isinstance(value, ExcelError):
            raise Fault(value)
        if isinstance(value, (str, bool)):
            raise Fault(VALUE)
    return frozenset(map(int, numbers([area_of(given)])))


# -------------------------------------------------------------------------------------- times


@function("TIME", 3)
def _time(hour: Value, minute: Value, second: Value) -> Value:
    parts = [whole(part) for part in (hour, minute, second)]
    if any(abs(part) > 32_767 for part in parts):
        raise Fault(NUM)
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
    if seconds < 0:
        raise Fault(NUM)
    return seconds % _DAY_SECONDS / _DAY_SECONDS


@function("HOUR", 1)
def _hour(serial: Value) -> Value:
    return float(_seconds(serial, 3600) // 3600)


@function("MINUTE", 1)
def _minute(serial: Value) -> Value:
    return float(_seconds(serial, 60) // 60 % 60)


@function("SECOND", 1)
def _second(serial: Value) -> Value:
    return float(_seconds(serial, 1) % 60)


def _seconds(value: Value, unit: int) -> int:
    """Of the day; a doubt where rounding to seconds tells which hour, minute or second it is."""
    exact = number(value)
    if not 0 <= exact < _LAST + 1:
        raise Fault(NUM)
    seconds = (exact - math.floor(exact)) * _DAY_SECONDS
    nearest = round(seconds)
    if abs(seconds - nearest) > 1e-3 and (
        (unit == 1 and abs(abs(seconds - nearest) - 0.5) < 1e-3)
        or (unit > 1 and nearest // unit != int(seconds) // unit)
    ):
        doubt(f"{general(exact)} s")
    return nearest % _DAY_SECONDS


_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_DAY_TEXT = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}")


@function("DATEVALUE", 1)
def _datevalue(source: Value) -> Value:
    if not isinstance(source, str):
        raise Fault(source if isinstance(source, ExcelError) else VALUE)
    if not _DAY_TEXT.fullmatch(source.strip()):
        doubt(source)
        raise Fault(VALUE)
    return text_number(source)


@function("TIMEVALUE", 1)
def _timevalue(source: Value) -> Value:
    if not isinstance(source, str):
        raise Fault(source if isinstance(source, ExcelError) else VALUE)
    found = _CLOCK.fullmatch(source.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:
        doubt(source)
        raise Fault(VALUE)
    hour, minute, second = (int(part or 0) for part in found.groups())
    return (hour * 3600 + minute * 60 + second) / _DAY_SECONDS
