"""Dates and deadlines: which day is the last that still counts.

A date that is written but does not exist (2025年13月45日) is no deadline; the reading then holds the
text as prose and marks the date, so that `check` can say so.
"""

import calendar
import datetime
import re
from typing import NamedTuple

from xlperf.indicator import words
from xlperf.indicator.grammar import pattern
from xlperf.indicator.quantities import join_remarks, read_number
from xlperf.indicator.target import Deadline, Period

_ACTION = re.compile(f"(?:{words.alternation(words.ADVERBS)})*(?:{words.alternation(words.DONE)})")
_PLAIN = re.compile(f"(?:{words.alternation(words.ADVERBS)})*完成")
# 202506 and 2031.5 are numbers unless more says that they are dates; 2025.06 is a date.
_NUMBERLIKE = re.compile(r"[0-9]{6}|[0-9]{4}\.[0-9]|(?!20[1-3])[0-9]{4}\.[0-9]{2}")
_BARE = re.compile(r"(?:([0-9]{4})年)?([0-9]{1,4})")
_MONTH_ENDS = {"上": 10, "中": 20}


class Day(NamedTuple):
    """A day, month or year as far as it is named; `fine` is the finest part that is named."""

    year: int | None
    month: int | None
    day: int | None
    fine: str
    era: str = ""


def last_day(year: int | None, month: int) -> int | None:
    """The last day of the month; February's is open where no year is named."""
    if year is None:
        return None if month == 2 else calendar.monthrange(2001, month)[1]
    return calendar.monthrange(year, month)[1]


def exists(day: Day) -> bool:
    if day.month is not None and not 1 <= day.month <= 12:
        return False
    if day.day is None:
        return True
    longest = 31 if day.month is None else calendar.monthrange(day.year or 2000, day.month)[1]
    return 1 <= day.day <= longest


def read_date(text: str, *, first: bool = False) -> Day | None:
    """The last day that the words mean, or the first; None where they are no date at all."""
    if match := pattern("figures").fullmatch(text):
        return _day(int(match["year"]), int(match["month"]), match["day"], first)
    if pattern("stamp").fullmatch(text):
        return _day(int(text[:4]), int(text[4:6]), text[6:] or None, first)
    match = pattern("date").fullmatch(text)
    if not match or not text:
        return None
    era, year, half, quarter, month, third, day, edge = match.group(
        "era", "year", "half", "quarter", "month", "third", "day", "edge"
    )
    named = [part for part in (half, quarter, month) if part]
    if len(named) > 1 or (third and not month) or (edge and day) or (third and (day or edge)):
        return None
    in_year = None if year is None else _year(year)
    when = words.ERAS.get(era or "", "")
    if month:
        number = _int(month)
        if third in _MONTH_ENDS and not first:
            return Day(in_year, number, _MONTH_ENDS[third], "third", when)
        found = _day(in_year, number, day, first, when)
        return found._replace(fine="edge") if edge or third else found
    if half or quarter:
        count, length = (1 if half == "上" else 2, 6) if half else (_int(quarter or ""), 3)
        number = (count - 1) * length + 1 if first else count * length
        return Day(in_year, number, 1 if first else last_day(in_year, number), "month", when)
    if day:
        return None if year else Day(None, None, _int(day), "day", when)
    if edge and era in ("次月", "下月", "当月", "本月"):
        return Day(None, None, None, "edge", when)
    if edge and not (year or era):
        return Day(None, None, None, "edge", "")
    return Day(in_year, 1 if first else 12, 1 if first else 31, "edge" if edge else "year", when)


def _day(year: int | None, month: int, day: str | None, first: bool, era: str = "") -> Day:
    if day:
        return Day(year, month, _int(day), "day", era)
    if not 1 <= month <= 12:
        return Day(year, month, None, "month", era)
    return Day(year, month, 1 if first else last_day(year, month), "month", era)


def _year(text: str) -> int:
    year = _int(text)
    return 2000 + year if year < 100 else year


def _int(text: str) -> int:
    return int(read_number(text) or 0)


def read_deadline(text: str) -> tuple[Deadline | None, dict[str, tuple[int, int]]] | None:
    """A deadline and where its parts stand; no deadline but a date, where the date cannot be."""
    if match := pattern("deadline").fullmatch(text):
        start, end = match.start("date"), match.end("date")
        if start < 0:
            group = "figures" if match["figures"] else "stamp"
            start, end = match.span(group)
        day = read_date(text[start:end])
        if day and _stands_alone(day, text[start:end], match["mark"], match["done"], match["due"]):
            done, note = match["done"], match["note"]
            return _deadline(day, None, done, note, _places(match, start, end, day))
    if match := pattern("stretch").fullmatch(text):
        return _read_stretch(match)
    if match := pattern("recurring").fullmatch(text):
        return _read_recurring(match)
    return None


def _places(match: re.Match[str], start: int, end: int, day: Day) -> dict[str, tuple[int, int]]:
    if match["mark"]:
        end = match.end("mark")
    return {"date": (start, end)}


def _stands_alone(day: Day, date: str, mark: str | None, done: str | None, due: str | None) -> bool:
    """Whether the words are a time to be done by, not a duration, an amount or prose."""
    if day.fine == "day" and day.month is None:
        if mark not in ("前", "之前", "以前"):
            return False
    elif day.fine == "edge" and day.month is None and day.era == "":
        return False
    elif day.fine == "year" and day.year is None and not mark:
        return bool(done and _PLAIN.fullmatch(done) and date != "年")
    if not (mark or done or due) and _NUMBERLIKE.fullmatch(date):
        return False
    if not done or _PLAIN.fullmatch(done):
        return True
    if mark in ("前", "之前", "以前") and day.fine != "year" and done[0] not in "期后述景往":
        return True
    if day.fine == "year" and not mark:
        return all(_ACTION.fullmatch(part) for part in re.split("[并且]", done))
    return _ACTION.match(done) is not None


def _read_stretch(
    match: re.Match[str],
) -> tuple[Deadline | None, dict[str, tuple[int, int]]] | None:
    until = read_date(match["until"])
    opening = match["from"]
    if until is None or (until.month is None and until.day is None):
        return None
    if bare := _BARE.fullmatch(opening):
        number = int(bare[2])
        year = int(bare[1]) if bare[1] else None
        if until.fine == "year" and len(bare[2]) == 4:
            start = Day(number, 1, 1, "year")
        elif until.fine == "month" and len(bare[2]) <= 2:
            start = _day(year, number, None, first=True)
        else:
            return None
        if year is not None and until.year is None:
            until = read_date(f"{year}年{match['until']}") or until
    else:
        found = read_date(opening, first=True)
        if found is None or (found.month is None):
            return None
        start = found
        if until.year is None and start.year is not None:
            month = f"{start.month}月" if until.month is None else ""
            until = read_date(f"{start.year}年{month}{match['until']}") or until
        elif until.month is None:
            until = until._replace(month=start.month)
        if until.year is not None and start.year is None:
            start = start._replace(year=until.year)
    if until.year is not None and start.year is None:
        start = start._replace(year=until.year)
    done = match["done"]
    if done and not (_PLAIN.fullmatch(done) or _ACTION.match(done)):
        return None
    places = {"date": (match.start("from"), match.end("until"))}
    return _deadline(until, start, done, match["note"], places)


def _read_recurring(
    match: re.Match[str],
) -> tuple[Deadline | None, dict[str, tuple[int, int]]] | None:
    period: Period = words.PERIODS[match["period"]]
    date, done = match["date"], match["done"]
    if match["turns"] or not date or match["mark"] in ("内", "之内", "以内"):
        return None
    day = read_date(date)
    if day is None or day.year is not None:
        return None
    if done and not match["mark"] and not (_PLAIN.fullmatch(done) or _ACTION.match(done)):
        return None
    yearly = day.month is not None and day.fine != "year"
    if yearly != (period in ("年", "学年")) and not (day.fine == "edge" and day.month is None):
        return None
    if day.fine == "edge" and day.month is None and period == "年":
        day = day._replace(month=12, day=31)
    places = {"period": match.span("period"), "date": match.span("date")}
    return _deadline(day, None, done, match["note"], places, period)


def _deadline(
    day: Day,
    start: Day | None,
    done: str | None,
    note: str | None,
    places: dict[str, tuple[int, int]],
    period: Period | None = None,
) -> tuple[Deadline | None, dict[str, tuple[int, int]]]:
    if not exists(day) or (start is not None and not exists(start)):
        return None, places
    remarks = [day.era] if day.era else []
    if done and not _PLAIN.fullmatch(done):
        remarks.append(done)
    if note:
        remarks.append(note.removeprefix("(").removesuffix(")"))
    qualifier = join_remarks(remarks)
    if day.year is not None and day.month and day.day:
        begins = None
        if start is not None:
            if start.year is None or start.month is None or start.day is None:
                return None, places
            begins = datetime.date(start.year, start.month, start.day)
        ends = datetime.date(day.year, day.month, day.day)
        return Deadline(ends, begins, qualifier=qualifier, period=period), places
    return (
        Deadline(
            None,
            month=day.month,
            day=day.day,
            period=period,
            qualifier=qualifier,
            start_month=start.month if start else None,
            start_day=start.day if start else None,
        ),
        places,
    )
