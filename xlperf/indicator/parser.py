"""Reading an indicator value: fold it, take out the spaces, try the rules of the grammar in turn.

Whatever no rule reads is prose, so `parse` is total. A rule that matches but makes no sense as a
quantity (一般 is not 1 of something) gives way to the next.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from xlperf.diagnostic import Span
from xlperf.indicator import words
from xlperf.indicator.cycles import read_counted, read_habit, read_times
from xlperf.indicator.deadlines import read_deadline, read_recurring, read_stretch
from xlperf.indicator.folding import fold
from xlperf.indicator.grammar import pattern
from xlperf.indicator.intervals import (
    read_bounds,
    read_brackets,
    read_limits,
    read_range,
    read_sandwich,
    read_tolerance,
)
from xlperf.indicator.parts import MEASURED, Reading
from xlperf.indicator.quantities import ONE, join_remarks
from xlperf.indicator.target import (
    Deadline,
    Frequency,
    Parsed,
    Qualitative,
    Quantity,
    Threshold,
)
from xlperf.indicator.thresholds import (
    read_compound,
    read_product,
    read_threshold,
    read_within,
)
from xlperf.indicator.words import Lazy

LONGEST = 200
"""A longer text is prose. No value of the forms comes near, and it bounds the work per text."""

_LONGEST_WORD = 10
_CLOSING = "。.;,、!…"
_GAP = re.compile("[0-9] +[0-9]")
_THOUSANDS = re.compile("(?<![0-9])[0-9]{1,3}(?: [0-9]{3})+(?![0-9])")
_CLOCK = re.compile(" +[0-9]{1,2}(?::[0-9]{2}){1,2} *$")
_WRAPPED = re.compile("""[(][^()]*[)]|\\[[^]]*]|["“'][^"“'”]*["”']""")

# What a text must hold at least for a rule to be worth trying.
_NUMERIC = re.compile("[0-9零一二两三四五六七八九十半]|百分|[近上超过逾约][百千万]")
_LISTING = re.compile("(?:[0-9][^,;、]{0,20}|[一二两三四五六七八九十][^,;、]{1,3})[,;、]")
_SPECIAL = re.compile(
    f"{_LISTING.pattern}|"
    r"[-年月季旬周日天号每按逐~至到±*]|正负|学期|小时|内|[0-9][^0-9.]+[0-9]|[0-9]{4}[0-9.][0-9]"
)
_DATED = re.compile(r"[年月季日号]|[0-9]{4}[-./]|[0-9]{6}")
_ACTIVE = Lazy(lambda: words.alternation((*words.ACTIONS, *words.KEPT_LEADS, *words.PROSE_WORDS)))
_CYCLIC = re.compile("[年季度月旬周天日期时星].*[次场期回轮遍趟批]")
_COMPOUND = re.compile("[年月天日时分钟万亿]零?[0-9一二两三四五六七八九十半]|个半")
_DOUBLE = re.compile("[0-9][^0-9.]+[0-9]|[-~至到].")

_PLAIN_UNITS = {
    unit: words.SPELLINGS.get(unit, unit)
    for unit in words.KNOWN_UNITS - words.PRINTED_AS_TIME
    if not unit.startswith(words.OF_A_YEAR)
}
_span = lru_cache(maxsize=4096)(Span)


def parse(source: str) -> Parsed:
    """What the text means. Total: every text has a meaning, prose is `Qualitative`."""
    return _parse(source) if len(source) <= LONGEST else _prose(source, {})


def _prose(source: str, spans: dict[str, Span]) -> Parsed:
    text = source.strip()
    word = "".join(text.split()).rstrip(_CLOSING) if len(text) <= _LONGEST_WORD else ""
    yes = True if word in words.YES else False if word in words.NO else None
    return Parsed(source, Qualitative(text, yes), spans)


@lru_cache(maxsize=65536)
def _parse(source: str) -> Parsed:
    text = fold(source)
    if plain := _plain(text):
        return Parsed(source, *plain)
    places = None
    if " " in text:
        text = _CLOCK.sub("", text) if ":" in text else text
        if _GAP.search(_THOUSANDS.sub(lambda match: match[0].replace(" ", ""), text)):
            return _prose(source, {})
        places = [place for place, letter in enumerate(text) if letter != " "]
        text = text.replace(" ", "")
    reading = _read(text.rstrip(_CLOSING))
    if reading is None:
        return _prose(source, {})
    target, found = reading
    if places is None:
        spans = {name: _span(*place) for name, place in found.items()}
    else:
        spans = {
            name: _span(places[start], places[end - 1] + 1) for name, (start, end) in found.items()
        }
    if isinstance(target, Qualitative):
        return _prose(source, spans)
    return Parsed(source, target, spans)


def _plain(text: str) -> tuple[Threshold, dict[str, Span]] | None:
    """What the longer way would find, for a known unit after a plain number."""
    match = pattern("plain").fullmatch(text)
    if match is None:
        return None
    symbol, digits, scale, boxed, noun = match.groups()
    unit = _PLAIN_UNITS.get(noun or boxed)
    if unit is None:
        return None
    spans = {
        "number": _span(*match.span("digits")),
        "unit": _span(*match.span("noun" if noun else "boxed")),
    }
    if symbol:
        spans["comparator"] = _span(*match.span("symbol"))
    if scale:
        spans["scale"] = _span(*match.span("scale"))
    factor = words.SCALES[scale] if scale else ONE
    op = words.BEFORE[symbol] if symbol else None
    return Threshold(op, Quantity(Decimal(digits), factor, unit)), spans


def _read(text: str) -> Reading | None:
    """The meaning of a folded text without spaces, and the places of its parts; None for prose."""
    if _WRAPPED.fullmatch(text) and (inner := _read(text[1:-1])):
        return inner[0], {name: (start + 1, end + 1) for name, (start, end) in inner[1].items()}
    numeric = _NUMERIC.search(text) is not None
    if numeric and not _SPECIAL.search(text):
        return read_threshold(text)
    for reader in _readers(text, numeric):
        if reading := reader(text):
            return reading
    return None


def _readers(text: str, numeric: bool) -> Iterator[Callable[[str], Reading | None]]:
    """The readers that the text gives reason to try, the most particular first."""
    if _DATED.search(text):
        yield read_deadline
        yield read_stretch
    if text.startswith(("每", "按", "逐")):
        yield read_recurring
        yield read_habit
    if not numeric:
        return
    if "每" in text:
        yield read_counted
    if _CYCLIC.search(text):
        yield read_times
    if "±" in text or "正负" in text:
        yield read_tolerance
    if _DOUBLE.search(text):
        yield from (read_range, read_limits, read_bounds, read_sandwich, read_brackets)
    if _COMPOUND.search(text):
        yield read_compound
    if "*" in text or "x" in text or "X" in text:
        yield read_product
    if "内" in text:
        yield read_within
    yield read_threshold
    if _LISTING.search(text):
        yield _read_explained


def _read_explained(text: str) -> Reading | None:
    """A value that more words explain: ≥3次，每次不少于50人. Two values are prose."""
    match = pattern("explained").fullmatch(text)
    reading = match and _read(match["clause"])
    if not match or not reading:
        return None
    target, places = reading
    detail = match["detail"]
    if not isinstance(target, (Threshold, Frequency, Deadline)):
        return None
    if "number" not in places and not match["clause"].endswith(("前", "底", "内")):
        return None
    named = target.qualifier
    if detail[0] != "每" and _ACTIVE.match(named) and not MEASURED.fullmatch(named):
        return None
    places["qualifier"] = match.span("detail")
    return replace(target, qualifier=join_remarks([target.qualifier, detail])), places
