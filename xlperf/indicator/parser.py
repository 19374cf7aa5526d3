"""Reading an indicator value: fold, take out the spaces, try the rules of the grammar in turn.

Whatever no rule reads is prose, so `parse` is total. A rule that matches but makes no sense as a
quantity (一般 is not 1 of something) gives way to the next.
"""

import datetime
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache

from xlperf.diagnostic import Span
from xlperf.indicator import words
from xlperf.indicator.dates import read_deadline
from xlperf.indicator.grammar import pattern
from xlperf.indicator.quantities import (
    EXACT,
    base,
    join_remarks,
    read_number,
    read_per,
    read_unit,
    split_unit,
)
from xlperf.indicator.target import (
    Comparator,
    Deadline,
    Frequency,
    Interval,
    Parsed,
    Period,
    Qualitative,
    Quantity,
    Target,
    Threshold,
)

LONGEST = 200
"""A longer text is prose. No value of the forms comes near, and it bounds the work per text."""

Places = dict[str, tuple[int, int]]
Reading = tuple[Target, Places]

_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\u2060\ufeff"
FOLD: dict[int, str] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(range(0x2000, 0x200B), " "),
    **dict.fromkeys(map(ord, _SPACES), " "),
}
"""Characters that are read as another, one to one, so that places in the text stay true."""
for _from, _to in (
    ("﹪﹥﹤﹦﹙﹚【】〔〕〈〉《》", "%><=()()()<><>"),
    ("≧⩾≮≦⩽≯═", "≥≥≥≤≤≤="),
    ("‐‑‒–—―−─━ー", "-" * 10),
    ("〜∼∽", "~~~"),
    ("×✕✖╳∗•・‧∙⋅∕", "*****·····/"),
):
    FOLD.update({ord(one): other for one, other in zip(_from, _to, strict=True)})

_CLOSING = "。.;,、!…"
_GAP = re.compile("[0-9] +[0-9]")
_THOUSANDS = re.compile("(?<![0-9])[0-9]{1,3}(?: [0-9]{3})+(?![0-9])")
_CLOCK = re.compile(" +[0-9]{1,2}(?::[0-9]{2}){1,2} *$")
_WRAPPED = re.compile("""[(][^()]*[)]|\\[[^]]*]|["“'][^"“'”]*["”']""")

# What a text must hold at least for a rule to be worth trying.
_NUMERIC = re.compile("[0-9零一二两三四五六七八九十半壹贰叁肆伍陆柒捌玖拾]|百分")
_SPECIAL = re.compile(
    "[-年月季旬周日天号每按逐~至到±*]|正负|学期|小时|[0-9][^0-9.]+[0-9]|[0-9]{4}[0-9.][0-9]"
)
_DATED = re.compile("[年月季日号]|[0-9]{4}[-.\x2f]|[0-9]{6}")
_CYCLIC = re.compile("[年季度月旬周天日期时星].*[次场期回轮遍趟批]")
_TWO = re.compile("[0-9][^0-9.]+[0-9]|[-~至到].")

_LEADS = re.compile(
    f"(?:{words.alternation((*words.KEPT_LEADS, *words.DROPPED_LEADS, *words.APPROXIMATE))})+"
)
_KEPT = re.compile(words.alternation(words.KEPT_LEADS))
_NEAR = re.compile(f"(?:{words.alternation(words.APPROXIMATE)})$")
_PROMISE = re.compile(f"^(?:{words.alternation(words.PROMISES)})")
_MEASURED = re.compile(f"[^的了]*(?:{words.alternation(words.MEASURED)})(?:为|约|达)?")
_ACTED = re.compile(
    "(?:共|已|累计|全年)*"
    f"(?:{words.alternation((*words.ACTIONS, *words.KEPT_LEADS))})[^的了]{{0,6}}"
)
_EVENT = re.compile("[^的了]*(?:后|起|之日起|之日)的?")
_HABIT = re.compile(
    f"(?:{words.alternation((*words.ADVERBS, '定期'))})*(?:{words.alternation(words.ACTIONS)})"
)
_GRANTED = re.compile(f"[^的了]*(?:{words.alternation(words.GRANTS)})")
_SYMBOLS = frozenset("≥≤<>=")
_UPWARD = frozenset("≥>")
_WITHIN = frozenset(("内", "以内", "之内"))
_ONE = Decimal(1)
_MONEY = frozenset(("元", "美元", "港元", "欧元", "角"))
_COUNTED_BASES = frozenset(("人", "场", "批"))


def parse(source: str) -> Parsed:
    """What the text means. Total: every text has a meaning, prose is `Qualitative`."""
    return _parse(source) if len(source) <= LONGEST else _prose(source, {})


def _prose(source: str, spans: dict[str, Span]) -> Parsed:
    text = source.strip()
    yes = True if text in words.YES else False if text in words.NO else None
    return Parsed(source, Qualitative(text, yes), spans)


@lru_cache(maxsize=65536)
def _parse(source: str) -> Parsed:
    text = source.translate(FOLD)
    if found := _plain(text):
        return Parsed(source, *found)
    if " " not in text:
        reading = _read(text.rstrip(_CLOSING))
        if reading is None:
            return _prose(source, {})
        spans = {name: _span(*place) for name, place in reading[1].items()}
    else:
        if ":" in text:
            text = _CLOCK.sub("", text)
        places = [i for i, letter in enumerate(text) if letter != " "]
        if _GAP.search(_THOUSANDS.sub(lambda match: match[0].replace(" ", ""), text)):
            return _prose(source, {})
        reading = _read(text.replace(" ", "").rstrip(_CLOSING))
        if reading is None:
            return _prose(source, {})
        spans = {
            name: _span(places[start], places[end - 1] + 1)
            for name, (start, end) in reading[1].items()
        }
    target = reading[0]
    if isinstance(target, Qualitative):
        return _prose(source, spans)
    return Parsed(source, target, spans)


_span = lru_cache(maxsize=4096)(Span)
_PLAIN_UNITS = {
    unit: words.SPELLINGS.get(unit, unit) for unit in words.KNOWN_UNITS - words.PRINTED_AS_TIME
}


def _plain(text: str) -> tuple[Threshold, dict[str, Span]] | None:
    """What the longer way would find, for a known unit after a plain number."""
    match = pattern("plain").fullmatch(text)
    if match is None:
        return None
    op, digits, scale, boxed, noun = match.groups()
    unit = _PLAIN_UNITS.get(noun or boxed)
    if unit is None:
        return None
    spans = {
        "number": _span(*match.span("digits")),
        "unit": _span(*match.span("noun" if noun else "boxed")),
    }
    if op:
        spans["comparator"] = _span(*match.span("symbol"))
    if scale:
        spans["scale"] = _span(*match.span("scale"))
        return Threshold(op, Quantity(Decimal(digits), words.SCALES[scale], unit)), spans
    return Threshold(op, Quantity(Decimal(digits), _ONE, unit)), spans


def _read(text: str) -> Reading | None:
    """The meaning of a folded text without spaces, and the places of its parts; None for prose."""
    if _WRAPPED.fullmatch(text):
        inner = _read(text[1:-1])
        if inner:
            return inner[0], {name: (a + 1, b + 1) for name, (a, b) in inner[1].items()}
    numeric = _NUMERIC.search(text)
    if numeric and not _SPECIAL.search(text):
        return _threshold(text)
    for reader in _readers(text, numeric is not None):
        if reading := reader(text):
            return reading
    return None


def _readers(text: str, numeric: bool) -> Iterator[Callable[[str], Reading | None]]:
    if _DATED.search(text):
        yield _deadline
    if text and text[0] in "每按逐":
        yield _habit
    if not numeric:
        return
    if "每" in text:
        yield _counted
    if _CYCLIC.search(text):
        yield _times
    if "±" in text or "正负" in text:
        yield _tolerance
    if _TWO.search(text):
        yield from (_range, _limits, _bounds, _sandwich, _brackets, _product)
    yield _threshold


# ------------------------------------------------------------------------------------- quantities


def _quantity(
    match: re.Match[str], places: Places, remarks: list[str], *, alone: bool = True
) -> Quantity | None:
    """The quantity in the parts that every rule with a number shares.

    A spelled number that stands `alone` needs a unit or a scale, since 一 is in many words.
    """
    share, number, over, scale, beyond, unit, boxed = match.group(
        "share", "number", "over", "scale", "beyond", "unit", "boxed"
    )
    value = read_number(number)
    if value is None:
        return None
    spelled = not number.isascii()
    places["number"] = match.span("number")
    factor, name, per = _ONE, "", ""
    if scale:
        factor = words.SCALES[scale]
        places["scale"] = match.span("scale")
    if over or beyond:
        remarks.insert(0, "约")
    if share:
        if unit:
            return None
        name = words.SHARES[share]
        places["unit"] = match.span("share")
    elif unit:
        found = split_unit(unit, spelled)
        if found is None:
            return None
        name, noun = found
        if name in words.PRINTED_AS_TIME and value >= 1000:
            return None
        remarks += [noun] if noun else []
        start, end = match.span("unit")
        places["unit"] = (start, end - len(noun))
    elif boxed and (labelled := read_label(boxed)):
        more, name, per = labelled
        factor *= more
        places["unit"] = match.span("boxed")
    elif spelled and not scale and alone:
        return None
    if boxed and not name:
        remarks.append(boxed)
        places["qualifier"] = match.span("boxed")
    return Quantity(value, factor, name, per)


@lru_cache(maxsize=1024)
def read_label(text: str) -> tuple[Decimal, str, str] | None:
    """Scale, unit and per of a unit that stands alone, as in a pair of brackets: 万元, 元/人·月."""
    head, slash, tail = text.partition("/")
    per = read_per(tail) if slash and tail else ""
    if per is None or not head:
        return None
    for scale in ("", *sorted(words.SCALES, key=len, reverse=True)):
        unit = head.removeprefix(scale)
        if head.startswith(scale) and (unit in words.KNOWN_UNITS or (scale and not unit)):
            return words.SCALES.get(scale, _ONE), words.SPELLINGS.get(unit, unit), per
    return None


def _rate(match: re.Match[str], quantity: Quantity, places: Places) -> Quantity | None:
    """The quantity with what it is counted against: 元/人·天, 元每人每月."""
    rate = match["rate"]
    if rate is None:
        return quantity
    per = read_per(rate[1:].removeprefix("(").removesuffix(")"))
    if per is None:
        return None
    places["per"] = (match.start("rate") + 1, match.end("rate"))
    return Quantity(quantity.number, quantity.scale, quantity.unit, per)


def _whole() -> Quantity:
    return Quantity(Decimal(100), _ONE, "%")


def _compared(before: str | None, after: str | None, remarks: list[str]) -> Comparator | None | str:
    """The comparator of both sides; "" where they contradict each other."""
    op = words.BEFORE[before] if before else None
    if after:
        behind = words.AFTER[after]
        if behind is None:
            remarks.insert(0, "约")
        elif op is None:
            return behind
        elif (op in _UPWARD) != (behind in _UPWARD) or op == "=":
            return ""
    return op


def _lead(lead: str | None, before: str | None, after: str | None, remarks: list[str]) -> bool:
    """Whether the words before the number may stand there; what they say goes to the remarks."""
    if not lead:
        return True
    label = lead.removesuffix(":")
    if not label:
        return False
    if _LEADS.fullmatch(label):
        if _NEAR.search(label):
            remarks.insert(0, "约")
        remarks.append("".join(_KEPT.findall(label)))
        return True
    if label == lead and not _MEASURED.fullmatch(label) and not _ACTED.fullmatch(label):
        open_label = "的" in label or "了" in label
        symbol = before is not None and before[0] in _SYMBOLS
        if not symbol and (before is None or open_label):
            if after not in _WITHIN or not _EVENT.fullmatch(label):
                return False
    remarks.append(_PROMISE.sub("", label).rstrip("在为应须达约"))
    return True


def _finish(match: re.Match[str], places: Places, remarks: list[str]) -> str:
    """The qualifier: what the lead, the tail and the remark in brackets say."""
    groups = match.groupdict()
    tail, note, lead = groups.get("tail"), groups.get("note"), groups.get("lead")
    if remarks and lead and "qualifier" not in places:
        places["qualifier"] = match.span("lead")
    if tail and tail not in ("完成", "已完成"):
        remarks.append(tail)
        places["qualifier"] = match.span("tail")
    if note and not _PAIRED.fullmatch(note):
        start, end = match.span("note")
        closed = note.endswith(")")
        remarks.append(note[1:-1] if closed else note[1:])
        if end - closed > start + 1:
            places["qualifier"] = (start + 1, end - closed)
    return join_remarks(remarks)


def _threshold(text: str) -> Reading | None:
    match = pattern("threshold").fullmatch(text)
    if match is None:
        return None
    places: Places = {}
    remarks: list[str] = []
    lead, before, after = match.group("lead", "before", "after")
    if match["whole"]:
        quantity: Quantity | None = _whole()
        places["number"] = match.span("whole")
    else:
        quantity = _quantity(match, places, remarks)
    quantity = quantity and _rate(match, quantity, places)
    if quantity is None or not _lead(lead, before, after, remarks):
        return None
    if match["each"]:
        pers = [words.SPELLINGS.get(part, part) for part in match["each"][1:].split("每")]
        quantity = Quantity(quantity.number, quantity.scale, quantity.unit, "·".join(pers))
        places["per"] = match.span("each")
    if verb := match["verb"]:
        remarks.append(verb)
    quantity = _paired(quantity, match["note"])
    op = _compared(before, after, remarks)
    if op == "":
        return Qualitative(text), {"comparator": (match.start("before"), match.end("after"))}
    if before or (after and op):
        places["comparator"] = match.span("before" if before else "after")
    target = _counted_or_kept(op, quantity, _finish(match, places, remarks), places)
    return target, places


_PAIRED = re.compile(rf"\((?P<other>{'|'.join(sorted(words.MEASURE_WORDS))})\)")


def _paired(quantity: Quantity, note: str | None) -> Quantity:
    """The quantity in a pair of measure words: 3台（套）."""
    pair = _PAIRED.fullmatch(note or "")
    if pair is None or quantity.unit not in words.MEASURE_WORDS:
        return quantity
    unit = f"{quantity.unit}（{pair['other']}）"
    return Quantity(quantity.number, quantity.scale, unit, quantity.per)


def _counted_or_kept(
    op: Comparator | None, quantity: Quantity, qualifier: str, places: Places
) -> Target:
    """A frequency where occasions are counted by period or for each thing, else a threshold."""
    if quantity.unit in words.OCCASIONS:
        if quantity.per and (cycle := _cycle(quantity.per)):
            every, period = cycle
            places["period"] = places.pop("per")
            once = Quantity(quantity.number, quantity.scale, quantity.unit)
            return Frequency(op, once, period, every, qualifier)
        if qualifier == "各" or qualifier.startswith("各，"):
            return Frequency(op, quantity, None, 1, qualifier)
    return Threshold(op, quantity, qualifier)


def _cycle(text: str) -> tuple[int, Period] | None:
    """How many of which period: 月, 2年, 两个月."""
    match = _CYCLE.fullmatch(text)
    if match is None:
        return None
    every = int(read_number(match["turns"]) or 0) if match["turns"] else 1
    return (every, words.PERIODS[match["period"]]) if every else None


_CYCLE = re.compile(
    f"(?P<turns>[0-9]{{1,3}}|[一二两三四五六七八九十]{{1,2}})?个?(?P<period>{words.alternation(words.PERIODS)})"
)


# ------------------------------------------------------------------------------------ frequencies


def _counted(text: str) -> Reading | None:
    """每月至少一次, 每人每天≤450元."""
    match = pattern("counted").fullmatch(text)
    if match is None:
        return None
    places: Places = {}
    remarks: list[str] = []
    before, inner, after = match.group("before", "inner", "after")
    quantity = _quantity(match, places, remarks)
    quantity = quantity and _rate(match, quantity, places)
    if quantity is None or (before and inner) or not _lead(match["lead"], None, None, remarks):
        return None
    op = _compared(before or inner, after, remarks)
    if op == "":
        return None
    if before or inner:
        places["comparator"] = match.span("before" if before else "inner")
    elif after and op:
        places["comparator"] = match.span("after")
    middle, pers = match["middle"], match["each"][1:].split("每")
    if middle and not (op or _HABIT.match(middle) or _GRANTED.fullmatch(middle)):
        if _cycle(pers[-1]):
            return None
        pers[-1] += middle
    elif middle:
        remarks.append(middle)
    if verb := match["verb"]:
        remarks.append(verb)
    cycles = [cycle for per in pers if (cycle := _cycle(per))]
    if len(cycles) == 1 and _counts(quantity.unit) and not quantity.per:
        every, period = cycles[0]
        things = "·".join(per for per in pers if not _cycle(per))
        places["period"] = match.span("each")
        counted = Quantity(quantity.number, quantity.scale, quantity.unit, things)
        return Frequency(op, counted, period, every, _finish(match, places, remarks)), places
    per = read_per("·".join([*pers, quantity.per] if quantity.per else pers))
    if per is None:
        return None
    places["per"] = match.span("each")
    kept = Quantity(quantity.number, quantity.scale, quantity.unit, per)
    return Threshold(op, kept, _finish(match, places, remarks)), places


def _counts(unit: str) -> bool:
    """Whether the unit counts things or occasions, not money, shares or measures."""
    return unit not in words.UNITS or words.UNITS[unit][0] in _COUNTED_BASES


def _times(text: str) -> Reading | None:
    """一年两次, 半年1次, 季度≥1次."""
    match = pattern("times").fullmatch(text)
    if match is None:
        return None
    remarks: list[str] = []
    number = read_number(match["number"])
    every = read_number(match["turns"]) if match["turns"] else _ONE
    op = _compared(match["inner"], match["after"], remarks)
    if number is None or not every or op == "" or not _lead(match["lead"], None, None, remarks):
        return None
    places: Places = {"period": match.span("period"), "number": match.span("number")}
    places["unit"] = match.span("occasion")
    if op:
        places["comparator"] = match.span("inner" if match["inner"] else "after")
    quantity = Quantity(number, _ONE, match["occasion"])
    period = words.PERIODS[match["period"]]
    qualifier = _finish(match, places, remarks)
    return Frequency(op, quantity, period, int(every), qualifier), places


def _habit(text: str) -> Reading | None:
    """按月发放, 每月开展考核: once in every period."""
    match = pattern("habit").fullmatch(text)
    if match is None:
        return None
    action = match["action"]
    if action and (_NUMERIC.search(action) or not _HABIT.match(action)):
        return None
    if text[0] == "逐" and not action:
        return None
    every = int(read_number(match["turns"]) or 0) if match["turns"] else 1
    if not every:
        return None
    places: Places = {"period": match.span("period")}
    remarks = [action] if action else []
    if action:
        places["qualifier"] = match.span("action")
    qualifier = _finish(match, places, remarks)
    once = Quantity(_ONE, _ONE, "次")
    return Frequency(None, once, words.PERIODS[match["period"]], every, qualifier), places


# -------------------------------------------------------------------------------------- intervals


_TELEPHONE = re.compile("0[0-9]")


def _end(match: re.Match[str], group: str, places: Places, remarks: list[str]) -> Quantity | None:
    part = pattern("quantity").fullmatch(match.string, *match.span(group))
    if part is None or _TELEPHONE.match(part["number"]):
        return None
    found: Places = {}
    quantity = _quantity(part, found, remarks, alone=group == "high")
    if quantity is not None:
        places.update({k: v for k, v in found.items() if k != "number"})
        places[group] = match.span(group)
    return quantity


def _interval(
    match: re.Match[str],
    *,
    before: str | None = None,
    each: str | None = None,
) -> tuple[Quantity, Quantity, str, Places] | None:
    """Both ends of a range, each with the scale and unit that stand only at the other."""
    places: Places = {}
    remarks: list[str] = []
    low = _end(match, "low", places, remarks)
    high = _end(match, "high", places, remarks)
    if low is None or high is None:
        return None
    groups = match.groupdict()
    if groups.get("rate"):
        rated = _rate(match, high, places)
        if rated is None:
            return None
        high = rated
    if not _lead(groups.get("lead"), before, None, remarks):
        return None
    per = high.per or low.per
    if each:
        counted = read_per("·".join(each[1:].split("每")))
        if counted is None or per:
            return None
        per = counted
        places["per"] = match.span("each")
    unit = high.unit or low.unit
    shared = not low.unit and low.scale == 1 and low.number <= high.number * high.scale
    shared = shared and (low.number <= high.number or high.scale == 1)
    low = Quantity(low.number, high.scale if shared else low.scale, low.unit or unit, per)
    high = Quantity(high.number, high.scale, unit, per)
    if base(low)[1] != base(high)[1]:
        return None
    return low, high, _finish(match, places, remarks), places


def _range(text: str) -> Reading | None:
    """80%-90%, 5-10万元, 每月2-3次."""
    match = pattern("range").fullmatch(text)
    found = match and _interval(match, each=match["each"])
    if not match or not found:
        return None
    low, high, qualifier, places = found
    if not high.unit and not qualifier and _is_year(low) and _is_year(high):
        start, end = int(low.number), int(high.number)
        if start < end:
            date = datetime.date(end, 12, 31)
            places = {"date": (match.start("low"), match.end("high"))}
            return Deadline(date, datetime.date(start, 1, 1)), places
    return Interval(low, high, qualifier), places


def _is_year(quantity: Quantity) -> bool:
    number = quantity.number
    return quantity.scale == 1 and 1990 <= number <= 2100 and number == number.to_integral_value()


def _limits(text: str) -> Reading | None:
    """≥80%且≤90%."""
    match = pattern("limits").fullmatch(text)
    if match is None:
        return None
    first, second = words.BEFORE[match["before"]], words.BEFORE[match["inner"]]
    found = _interval(match, before=match["before"])
    return found and _ordered(found, first, second)


def _bounds(text: str) -> Reading | None:
    """80%以上90%以下."""
    match = pattern("bounds").fullmatch(text)
    if match is None:
        return None
    first, second = words.AFTER[match["after"]], words.AFTER[match["below"]]
    found = _interval(match)
    return found and _ordered(found, first, second)


def _sandwich(text: str) -> Reading | None:
    """80%≤x≤90%."""
    match = pattern("sandwich").fullmatch(text)
    if match is None:
        return None
    first, second = words.BEFORE[match["before"]], words.BEFORE[match["inner"]]
    found = _interval(match)
    return found and _ordered(found, _MIRRORED.get(first), second)


_MIRRORED: dict[Comparator, Comparator] = {"≥": "≤", "≤": "≥", ">": "<", "<": ">"}


def _ordered(
    found: tuple[Quantity, Quantity, str, Places],
    first: Comparator | None,
    second: Comparator | None,
) -> Reading | None:
    """The interval between a lower and an upper limit, in whichever order they stand."""
    one, other, qualifier, places = found
    if first in ("≥", ">") and second in ("≤", "<"):
        return Interval(one, other, qualifier, first == ">", second == "<"), places
    if first in ("≤", "<") and second in ("≥", ">"):
        places["low"], places["high"] = places["high"], places["low"]
        return Interval(other, one, qualifier, second == ">", first == "<"), places
    return None


def _brackets(text: str) -> Reading | None:
    """[80%,90%]."""
    match = pattern("brackets").fullmatch(text)
    if match is None or "[" not in text + match["closing"].replace("]", "["):
        return None
    found = _interval(match)
    if found is None:
        return None
    low, high, qualifier, places = found
    return Interval(low, high, qualifier, match["opening"] == "(", match["closing"] == ")"), places


def _tolerance(text: str) -> Reading | None:
    """±10%, 20±2℃."""
    match = pattern("tolerance").fullmatch(text)
    if match is None:
        return None
    places: Places = {}
    remarks: list[str] = []
    width = _end(match, "high", places, remarks)
    middle = _end(match, "low", places, remarks) if match["low"] else Quantity(Decimal(0))
    width = width and _rate(match, width, places)
    op = _compared(match["before"], match["after"], remarks)
    if width is None or middle is None or op not in (None, "≤", "=", "<"):
        return None
    if not _lead(match["lead"], "±", None, remarks) or (
        match["low"] and middle.unit not in ("", width.unit)
    ):
        return None
    places.pop("low", None)
    places["number"] = places.pop("high")
    scale = width.scale
    centre = EXACT.divide(EXACT.multiply(middle.number, middle.scale), scale)
    low = Quantity(EXACT.subtract(centre, width.number), scale, width.unit, width.per)
    high = Quantity(EXACT.add(centre, width.number), scale, width.unit, width.per)
    return Interval(low, high, _finish(match, places, remarks)), places


# --------------------------------------------------------------------------------------- products


def _product(text: str) -> Reading | None:
    """27人*12月 is 324 人·月; money times a count is money."""
    if "*" not in text and "x" not in text and "X" not in text:
        return None
    match = pattern("product").fullmatch(text)
    if match is None:
        return None
    number, scale = _ONE, _ONE
    units: list[str] = []
    pers: list[str] = []
    for part in re.split("[*xX]", match["factors"]):
        factor = pattern("factor").fullmatch(part)
        value = factor and read_number(factor["number"])
        if factor is None or value is None:
            return None
        unit = read_unit(factor["unit"], not factor["number"].isascii()) if factor["unit"] else ""
        if unit is None:
            return None
        unit = "月" if unit == "个月" else unit
        number = EXACT.multiply(number, value)
        scale *= words.SCALES[factor["scale"]] if factor["scale"] else 1
        units += [unit] if unit else []
        if factor["rate"]:
            pers += (read_per(factor["rate"][1:].strip("()")) or "").split("·")
    if not units:
        return None
    unit = next((unit for unit in units if unit in _MONEY), "")
    if not unit:
        unit, pers = "·".join(unit for unit in units if unit not in pers), []
    remarks: list[str] = []
    op = _compared(match["before"], match["after"], remarks)
    if op == "" or not _lead(match["lead"], match["before"], match["after"], remarks):
        return None
    places: Places = {"product": match.span("factors")}
    if op:
        places["comparator"] = match.span("before" if match["before"] else "after")
    quantity = Quantity(number, scale, unit)
    return Threshold(op, quantity, _finish(match, places, remarks)), places


def _deadline(text: str) -> Reading | None:
    found = read_deadline(text)
    if found is None:
        return None
    deadline, places = found
    return deadline or Qualitative(text), places
