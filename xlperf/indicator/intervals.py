"""Reading intervals: ranges, pairs of limits, tolerances."""

import datetime

from xlperf.indicator import words
from xlperf.indicator.grammar import pattern
from xlperf.indicator.parts import Parts, Places, Reading
from xlperf.indicator.quantities import EXACT, ONE, base, read_per
from xlperf.indicator.target import Comparator, Deadline, Interval, Quantity

_SHARES = frozenset(("%", "‰", "‱"))
_MIRRORED: dict[Comparator, Comparator] = {"≥": "≤", "≤": "≥", ">": "<", "<": ">"}

Ends = tuple[Quantity, Quantity, str, Places]


def read_range(text: str) -> Reading | None:
    """80%-90%, 5-10万元, 每月2-3次."""
    match = pattern("range").fullmatch(text)
    ends = match and _ends(Parts(match))
    if not match or not ends:
        return None
    low, high, qualifier, places = ends
    if not high.unit and not qualifier and _is_year(low) and _is_year(high):
        first, last = int(low.number), int(high.number)
        if first < last:
            dates = {"date": (match.start("low"), match.end("high"))}
            return Deadline(datetime.date(last, 12, 31), datetime.date(first, 1, 1)), dates
    return Interval(low, high, qualifier), places


def read_limits(text: str) -> Reading | None:
    """≥80%且≤90%."""
    match = pattern("limits").fullmatch(text)
    ends = match and _ends(Parts(match), match["before"])
    if not match or not ends:
        return None
    return _between(ends, words.BEFORE[match["before"]], words.BEFORE[match["inner"]])


def read_bounds(text: str) -> Reading | None:
    """80%以上90%以下."""
    match = pattern("bounds").fullmatch(text)
    ends = match and _ends(Parts(match))
    if not match or not ends:
        return None
    return _between(ends, words.AFTER[match["after"]], words.AFTER[match["below"]])


def read_sandwich(text: str) -> Reading | None:
    """80%≤x≤90%."""
    match = pattern("sandwich").fullmatch(text)
    ends = match and _ends(Parts(match))
    if not match or not ends:
        return None
    first = _MIRRORED.get(words.BEFORE[match["before"]])
    return _between(ends, first, words.BEFORE[match["inner"]])


def read_brackets(text: str) -> Reading | None:
    """[80%,90%), with at least one square bracket."""
    match = pattern("brackets").fullmatch(text)
    if match is None or (match["opening"] == "(" and match["closing"] == ")"):
        return None
    ends = _ends(Parts(match))
    if ends is None:
        return None
    low, high, qualifier, places = ends
    return Interval(low, high, qualifier, match["opening"] == "(", match["closing"] == ")"), places


def read_tolerance(text: str) -> Reading | None:
    """±10%, 20±2℃."""
    match = pattern("tolerance").fullmatch(text)
    if match is None:
        return None
    parts = Parts(match)
    width = parts.inside("high")
    width = width and parts.rated(width)
    middle = parts.inside("low") if match["low"] else Quantity(ONE * 0)
    op = parts.comparator("before")
    if width is None or middle is None or parts.contradiction or op not in (None, "≤", "<", "="):
        return None
    if middle.unit not in ("", width.unit) or not parts.lead("±"):
        return None
    if match["low"] and not middle.unit and width.unit in _SHARES:
        return None  # 100±5% may mean 95 to 105 or 95% to 105%
    parts.places.pop("low", None)
    parts.places["number"] = parts.places.pop("high")
    centre = EXACT.divide(EXACT.multiply(middle.number, middle.scale), width.scale)
    low = Quantity(EXACT.subtract(centre, width.number), width.scale, width.unit, width.per)
    high = Quantity(EXACT.add(centre, width.number), width.scale, width.unit, width.per)
    return Interval(low, high, parts.qualifier()), parts.places


def _ends(parts: Parts, before: str | None = None) -> Ends | None:
    """Both ends, each with the scale and unit that may stand only at the other."""
    low, high = parts.inside("low", alone=False), parts.inside("high")
    high = high and parts.rated(high)
    if low is None or high is None or not parts.lead(before, high):
        return None
    per = high.per or low.per
    if each := parts.groups.get("each"):
        counted = read_per(each.removeprefix("每"))
        if counted is None or per:
            return None
        per = counted
        parts.places["per"] = parts.match.span("each")
    scale = high.scale if _shares_scale(low, high) else low.scale
    low = Quantity(low.number, scale, low.unit or high.unit, per)
    high = Quantity(high.number, high.scale, high.unit or low.unit, per)
    if base(low)[1] != base(high)[1]:
        return None
    return low, high, parts.qualifier(), parts.places


def _shares_scale(low: Quantity, high: Quantity) -> bool:
    """5-10万元 has two ends in 万; 8000-1万元 has one, or it would run backwards."""
    if low.unit or low.scale != 1:
        return False
    return low.number <= high.number or low.number > high.number * high.scale


def _is_year(quantity: Quantity) -> bool:
    number = quantity.number
    return quantity.scale == 1 and 1990 <= number <= 2100 and number == number.to_integral_value()


def _between(ends: Ends, first: Comparator | None, second: Comparator | None) -> Reading | None:
    """The interval between a lower and an upper limit, in whichever order they stand."""
    one, other, qualifier, places = ends
    if first in ("≥", ">") and second in ("≤", "<"):
        return Interval(one, other, qualifier, first == ">", second == "<"), places
    if first in ("≤", "<") and second in ("≥", ">"):
        places["low"], places["high"] = places["high"], places["low"]
        return Interval(other, one, qualifier, second == ">", first == "<"), places
    return None
