"""Reading dates and deadlines: which day is the last that still counts.

A date that is written but does not exist (2025年13月45日) is no deadline; the reading then holds
the text as prose and marks the date, so that `check` can say so.
"""

import calendar
import datetime
import re
from typing import NamedTuple

from xlperf.indicator import words
from xlperf.indicator.grammar import pattern
from xlperf.indicator.parts import Places, Reading
from xlperf.indicator.quantities import join_remarks, read_count
from xlperf.indicator.target import Deadline, Period, Qualitative
from xlperf.indicator.words import Lazy

_ADVERBS = f"(?:{words.alternation(words.ADVERBS)})*"
_DONE = Lazy(lambda: f"{_ADVERBS}(?:{words.alternation(words.DONE)})")
_PLAIN = Lazy(lambda: f"{_ADVERBS}完成")
_BARE = re.compile("(?:([0-9]{4})年)?([0-9]{1,4}|[一二三四五六七八九])")
# 202506 and 2031.5 are numbers unless more says that they are dates; 2025.06 is a date.
_NUMBERLIKE = re.compile(r"[0-9]{6}|[0-9]{4}\.[0-9]|(?!20[1-3])[0-9]{4}\.[0-9]{2}")
_BEFORE = ("前", "之前", "以前")
_WITHIN = ("内", "之内", "以内")
_THIRDS = {"上": 10, "中": 20}


class Day(NamedTuple):
    """A day as far as it is named.

    `fine` is the finest part that is: year, edge, quarter, month or day.
    """

    year: int | None
    month: int | None
    day: int | None
    fine: str
    era: str = ""

    def exists(self) -> bool:
        if self.month is not None and not 1 <= self.month <= 12:
            return False
        longest = calendar.monthrange(self.year or 2000, self.month)[1] if self.month else 31
        return self.day is None or 1 <= self.day <= longest


def read_deadline(text: str) -> Reading | None:
    """2025年底前完成, 12月31日前, 2025-12-31."""
    match = pattern("deadline").fullmatch(text)
    if match is None:
        return None
    group = next((name for name in ("date", "figures", "stamp") if match[name]), None)
    day = _read_date(match[group]) if group else None
    if group is None or day is None or not _is_due(day, match, match[group]):
        return None
    start, end = match.span(group)
    return _reading(text, match, day, {"date": (start, max(end, match.end("mark")))})


def read_stretch(text: str) -> Reading | None:
    """2022年3月-9月, 2022.05-2023.04."""
    match = pattern("stretch").fullmatch(text)
    if match is None:
        return None
    closing, opened = match["until"], pattern("figures").fullmatch(match["from"])
    if opened and not opened["day"] and closing.isdigit() and len(closing) <= 2:
        closing = f"{opened['year']}-{closing}"  # 2023.1-12 are the months of one year
    until = _read_date(closing)
    if until is None or (until.fine == "edge" and until.month is None):
        return None
    bare = _BARE.fullmatch(match["from"])
    start = _bare_start(bare, until) if bare else _read_date(match["from"], first=True)
    if start is None or (start.month is None and start.day is None):
        return None
    if until.year is None and start.year is not None:
        month = f"{start.month}月" if until.month is None else ""
        until = _read_date(f"{start.year}年{month}{match['until']}") or until
    elif until.year is None and until.month is None:
        until = until._replace(month=start.month)
    elif start.year is None:
        start = start._replace(year=until.year)
    done = match["done"]
    if done and not (_PLAIN.fullmatch(done) or _DONE.match(done)):
        return None
    places = {"date": (match.start("from"), match.end("until"))}
    return _reading(text, match, until, places, start=start)


def read_recurring(text: str) -> Reading | None:
    """每月10日前, 每年12月底前, 每季度末."""
    match = pattern("recurring").fullmatch(text)
    day = match and _read_date(match["date"])
    if not match or day is None or match["turns"] or match["mark"] in _WITHIN:
        return None
    period, done = words.PERIODS[match["period"]], match["done"]
    if done and not (match["mark"] or _PLAIN.fullmatch(done) or _DONE.match(done)):
        return None
    ends = day.fine == "edge" and day.month is None
    if ends and period == "年":
        day = day._replace(month=12, day=31)
    elif day.year is not None or (day.month is not None) != (period in ("年", "学年")) != ends:
        return None
    places = {"period": match.span("period"), "date": match.span("date")}
    start = None
    if since := match["since"]:
        start = _read_since(since, day)
        if start is None:
            return None
        places["date"] = (match.start("since"), match.end("date"))
    return _reading(text, match, day, places, start=start, period=period)


def _read_date(text: str, *, first: bool = False) -> Day | None:
    """The last day that the words mean, or the first; None where they are no date at all."""
    if match := pattern("figures").fullmatch(text):
        if len(set("./-").intersection(text)) > 1:
            return None
        return _named(_year(match["year"]), read_count(match["month"]), match["day"], first)
    if pattern("stamp").fullmatch(text):
        return _named(int(text[:4]), int(text[4:6]), text[6:] or None, first)
    match = pattern("date").fullmatch(text)
    if match is None or not text:
        return None
    era, half, quarter, month, third, day, edge = match.group(
        "era", "half", "quarter", "month", "third", "day", "edge"
    )
    if sum(1 for part in (half, quarter, month) if part) > 1 or (third and not month):
        return None
    if sum(1 for part in (day, third, edge) if part) > 1:
        return None
    year = _year(match["year"]) if match["year"] else None
    when = words.ERAS.get(era or "", "")
    if month:
        named = _named(year, read_count(month), day, first, when)
        if third in _THIRDS and not first:
            return named._replace(day=_THIRDS[third], fine="edge")
        return named._replace(fine="edge") if edge or third else named
    if half or quarter:
        turn, length = ("上下".index(half) + 1, 6) if half else (read_count(quarter), 3)
        last = turn * length
        named = _named(year, last - length + 1 if first else last, None, first, when)
        return named._replace(fine="quarter" if quarter else "month")
    if day:
        return None if year else Day(None, None, read_count(day), "day", when)
    if edge and not year and (not era or when in ("次月", "当月")):
        return Day(None, None, None, "edge", when)
    return Day(year, 1 if first else 12, 1 if first else 31, "edge" if edge else "year", when)


def _named(year: int | None, month: int, day: str | None, first: bool, era: str = "") -> Day:
    """The day, or the last or first of the month; the end of February is open without a year."""
    if day:
        return Day(year, month, read_count(day), "day", era)
    if first:
        return Day(year, month, 1, "month", era)
    if not 1 <= month <= 12 or (month == 2 and year is None):
        return Day(year, month, None, "month", era)
    return Day(year, month, calendar.monthrange(year or 2001, month)[1], "month", era)


def _year(text: str) -> int:
    year = read_count(text)
    return 2000 + year if year < 100 else year


def _bare_start(match: re.Match[str], until: Day) -> Day | None:
    """The number before the dash in 2024-2026年 or 1-6月 counts what the other one counts."""
    year, number = match[1], match[2]
    if until.fine == "year" and len(number) == 4:
        return Day(read_count(number), 1, 1, "year")
    if until.fine == "quarter" and number in "1234一二三四":
        return _named(int(year) if year else None, read_count(number) * 3 - 2, None, first=True)
    if until.fine in ("month", "edge") and len(number) <= 2:
        return _named(int(year) if year else None, read_count(number), None, first=True)
    return None


def _read_since(text: str, until: Day) -> Day | None:
    """The start in 每月10-15日 and 每年3-5月; what it does not name is what the end names."""
    if text.isdigit():
        text += "日" if until.fine == "day" else "月"
    start = _read_date(text, first=True)
    if start is None or start.year or start.fine != until.fine:
        return None
    return start if start.month else start._replace(month=until.month)


def _is_due(day: Day, match: re.Match[str], date: str) -> bool:
    """Whether the words are a time to be done by, not a duration, an amount or prose."""
    mark, done = match["mark"], match["done"]
    if day.month is None and not (day.era or (day.fine == "day" and mark in _BEFORE)):
        return False
    if day.month is None and day.fine == "day" and mark not in _BEFORE:
        return False
    if day.fine == "year" and day.year is None and not mark:
        return bool(done and _PLAIN.match(done) and date != "年")
    if not (mark or done or match["due"]) and _NUMBERLIKE.fullmatch(date):
        return False
    if not done or _PLAIN.fullmatch(done):
        return True
    if mark in _BEFORE and day.fine != "year" and done[0] not in "期后述景往":
        return True
    if day.fine == "year" and not mark:
        return all(_DONE.fullmatch(part) for part in re.split("[并且]", done))
    return _DONE.match(done) is not None


def _reading(
    text: str,
    match: re.Match[str],
    day: Day,
    places: Places,
    *,
    start: Day | None = None,
    period: Period | None = None,
) -> Reading:
    if not day.exists() or (start is not None and not start.exists()):
        return Qualitative(text), {"date": places["date"]}
    done, note = match["done"], match["note"]
    remarks = [day.era]
    if done and not _PLAIN.fullmatch(done):
        remarks.append(done)
        places["qualifier"] = match.span("done")
    if note and (remark := note[1:].removesuffix(")")):
        remarks.append(remark)
        places["qualifier"] = (match.start("note") + 1, match.start("note") + 1 + len(remark))
    qualifier = join_remarks(remarks)
    if day.year is not None and day.month and day.day:
        date = datetime.date(day.year, day.month, day.day)
        since = None
        if start is not None and start.year and start.month and start.day:
            since = datetime.date(start.year, start.month, start.day)
        return Deadline(date, since, period=period, qualifier=qualifier), places
    begin = (start.month, start.day) if start else (None, None)
    deadline = Deadline(None, None, day.month, day.day, period, qualifier, *begin)
    return deadline, places
