"""Reading frequencies: so many times in every period."""

import re

from xlperf.indicator import words
from xlperf.indicator.grammar import WORDS, pattern, rules
from xlperf.indicator.parts import LEADS, MEASURED, Parts, Places, Reading
from xlperf.indicator.quantities import ONE, read_count, read_number, read_per
from xlperf.indicator.target import Comparator, Frequency, Period, Quantity, Threshold
from xlperf.indicator.words import Lazy

_HABIT = Lazy(
    lambda: (
        f"(?:{words.alternation((*words.ADVERBS, '定期', '集中', '社会化', '打卡'))})*"
        f"(?:{words.alternation(words.ACTIONS)})"
    )
)
_GRANTED = Lazy(lambda: f"[^的了]*(?:{words.alternation(words.GRANTS)})")
_COUNTED = Lazy(
    lambda: f"[0-9]*[百千万亿]*(?:{words.alternation((*words.KNOWN_UNITS, *words.THINGS))})"
)
_NUMERAL = re.compile("[0-9零一二两三四五六七八九十半]")
_CYCLE = Lazy(
    lambda: (
        f"(?P<turns>{rules()['turns'][0][1:-1]})?个?(?P<period>{words.alternation(WORDS['period'])})"
    )
)
_COUNTED_BASES = frozenset(("人", "场", "批"))


def read_cycle(text: str) -> tuple[int, Period] | None:
    """How many of which period: 月, 2年, 两个月."""
    match = _CYCLE.fullmatch(text)
    every = match and (read_count(match["turns"]) if match["turns"] else 1)
    return (every, words.PERIODS[match["period"]]) if match and every else None


def occasions(
    op: Comparator | None, quantity: Quantity, qualifier: str, places: Places
) -> Frequency | None:
    """The frequency where occasions are counted by period (1次/月) or for each thing (各2次)."""
    if quantity.unit not in words.OCCASIONS:
        return None
    things = quantity.per.split("·")
    cycles = [cycle for thing in things if (cycle := read_cycle(thing))]
    if len(cycles) == 1:
        every, period = cycles[0]
        if "per" in places:
            places["period"] = places.pop("per")
        per = "·".join(thing for thing in things if not read_cycle(thing))
        once = Quantity(quantity.number, quantity.scale, quantity.unit, per)
        return Frequency(op, once, period, every, qualifier)
    if qualifier == "各" or qualifier.startswith("各，"):
        return Frequency(op, quantity, None, 1, qualifier)
    return None


def read_counted(text: str) -> Reading | None:
    """每月至少一次, 每人每天≤450元."""
    match = pattern("counted").fullmatch(text)
    if match is None or (match["before"] and match["inner"]):
        return None
    parts = Parts(match)
    quantity = parts.quantity()
    if quantity is None or not parts.lead(match["inner"], quantity):
        return None
    op = parts.comparator("before", "inner")
    if parts.contradiction:
        return None
    things = match["each"][1:].split("每")
    things[-1], middle = _divided(things[-1], match["middle"])
    if middle in words.APPROXIMATE:
        middle = ""
        parts.remarks.insert(0, "约")
    if MEASURED.fullmatch(middle) and not _GRANTED.fullmatch(middle):
        return None  # 每千人口医师数 is one label
    described = op or _HABIT.match(middle) or _GRANTED.fullmatch(middle) or LEADS.fullmatch(middle)
    if middle and (not described or (things[-1] == "个" and not _HABIT.match(middle))):
        if read_cycle(things[-1]):
            return None
        things[-1] += middle
    elif middle:
        parts.remarks.append(middle)
    if verb := match["verb"]:
        parts.remarks.append(verb)
    cycles = [cycle for thing in things if (cycle := read_cycle(thing))]
    if len(cycles) == 1 and not quantity.per and _is_countable(quantity.unit):
        every, period = cycles[0]
        per = "·".join(thing for thing in things if not read_cycle(thing))
        parts.places["period"] = match.span("each")
        counted = Quantity(quantity.number, quantity.scale, quantity.unit, per)
        return Frequency(op, counted, period, every, parts.qualifier()), parts.places
    rate = read_per("·".join([*things, quantity.per] if quantity.per else things))
    if rate is None:
        return None
    parts.places["per"] = match.span("each")
    kept = Quantity(quantity.number, quantity.scale, quantity.unit, rate)
    return Threshold(op, kept, parts.qualifier()), parts.places


def _divided(thing: str, middle: str) -> tuple[str, str]:
    """What is counted against, and the words after it: 公里, 养护费."""
    match = None if read_cycle(thing) else _COUNTED.match(thing + middle)
    return (match[0], (thing + middle)[match.end() :]) if match else (thing, middle)


def _is_countable(unit: str) -> bool:
    """Whether the unit counts things or occasions, not money, shares or measures."""
    return unit not in words.UNITS or words.UNITS[unit][0] in _COUNTED_BASES


def read_times(text: str) -> Reading | None:
    """一年两次, 半年1次, 季度≥1次."""
    match = pattern("times").fullmatch(text)
    if match is None:
        return None
    parts = Parts(match)
    number = read_number(match["number"])
    every = read_count(match["turns"]) if match["turns"] else 1
    if number is None or not every or not parts.lead():
        return None
    op = parts.comparator("inner")
    if parts.contradiction:
        return None
    parts.places["period"] = match.span("period")
    parts.places["number"] = match.span("number")
    parts.places["unit"] = match.span("occasion")
    quantity = Quantity(number, ONE, match["occasion"])
    period = words.PERIODS[match["period"]]
    return Frequency(op, quantity, period, every, parts.qualifier()), parts.places


def read_habit(text: str) -> Reading | None:
    """按月发放, 每月开展考核: once in every period."""
    match = pattern("habit").fullmatch(text)
    if match is None:
        return None
    action = match["action"]
    if action and (_NUMERAL.search(action) or not _HABIT.match(action)):
        return None
    every = read_count(match["turns"]) if match["turns"] else 1
    if not every or (text[0] == "逐" and not action):
        return None
    parts = Parts(match)
    parts.places["period"] = match.span("period")
    if action:
        parts.remarks.append(action)
        parts.places["qualifier"] = match.span("action")
    once = Quantity(ONE, ONE, "次")
    period = words.PERIODS[match["period"]]
    return Frequency(None, once, period, every, parts.qualifier()), parts.places
