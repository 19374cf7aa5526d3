"""The canonical spelling: one way to write every value that was understood.

A spelling is only canonical when it is read back as the same target, so each one is tried on the
parser before it is given out; what no spelling can say stays as the person typed it.
"""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from xlperf.indicator import words
from xlperf.indicator.parser import parse
from xlperf.indicator.quantities import ENDLESS, EXACT
from xlperf.indicator.target import (
    Comparator,
    Deadline,
    Frequency,
    Interval,
    Parsed,
    Qualitative,
    Quantity,
    Target,
    Threshold,
)

Equals = Literal["=", "＝"]

_PRINTED_UNITS = {"百分点": "个百分点", "工作日": "个工作日", "自然日": "个自然日"}
_SCALE_WORDS = {value: word for word, value in words.SCALES.items()}


def canonical(value: Parsed | Target, *, equals: Equals = "=") -> str:
    """The house spelling of a value: `=100.00(%)` is `=100%`, `每月至少一次` is `每月≥1次`.

    Spelling twice changes nothing, and the spelling means what the value means. Prose stays as it
    is, without the white space around it.
    """
    target = value.target if isinstance(value, Parsed) else value
    if isinstance(target, Qualitative):
        return target.text.strip()
    product = _product(value) if isinstance(value, Parsed) else None
    spellings = [*([product] if product else []), *_spellings(target)]
    for spelling in spellings:
        spelling = spelling.replace("=", equals)
        if parse(spelling).target == target:
            return spelling
    return value.source.strip() if isinstance(value, Parsed) and not value.named else spellings[-1]


def number_text(number: Decimal, *, grouped: bool = False) -> str:
    """The number without padding: 1,234.50 is 1234.5, or 1,234.5 where it is to be grouped."""
    text = format(number.normalize(EXACT), ",f" if grouped else "f")
    return "0" if text == "-0" else text


def quantity_text(quantity: Quantity, *, boxed: bool = False) -> str:
    """The quantity as it stands after a comparator: 150万条, 45元/次."""
    number, scale = quantity.number, quantity.scale
    if scale != 1 and scale not in _SCALE_WORDS:
        number, scale = EXACT.multiply(number, scale), Decimal(1)
    unit = _PRINTED_UNITS.get(quantity.unit, quantity.unit)
    unit = f"({unit})" if boxed and unit else unit
    per = f"/{quantity.per}" if quantity.per else ""
    return f"{_fraction(number) or number_text(number)}{_SCALE_WORDS.get(scale, '')}{unit}{per}"


def _fraction(number: Decimal) -> str | None:
    """The fraction that was typed where no decimal ends: 2/3."""
    if len(number.as_tuple().digits) < ENDLESS.prec:
        return None
    for under in range(3, 10):
        over = (number * under).to_integral_value()
        if ENDLESS.divide(over, Decimal(under)) == number:
            return f"{over}/{under}"
    return None


def _product(value: Parsed) -> str | None:
    """A product keeps its factors: 27人*12月 is 27人×12月."""
    span = value.spans.get("product")
    target = value.target
    if span is None or not isinstance(target, Threshold):
        return None
    factors = "".join(value.source[span.start : span.end].split())
    factors = factors.translate(dict.fromkeys(map(ord, "*xX＊✕✖╳∗"), "×"))
    return f"{target.op or ''}{factors}{_remark(target.qualifier)}"


def _spellings(target: Target) -> Iterator[str]:
    match target:
        case Threshold(op, quantity, qualifier):
            near, remark = _near(qualifier)
            for boxed in (False, True):
                yield f"{near}{op or ''}{quantity_text(quantity, boxed=boxed)}{_remark(remark)}"
            yield f"{number_text(quantity.number, grouped=True)}{_remark(remark)}"
        case Interval():
            yield from _interval(target)
        case Frequency():
            yield _frequency(target)
        case Deadline():
            yield _deadline(target)


def _near(qualifier: str) -> tuple[str, str]:
    """约 and 各 stand before the number, every other qualifier in brackets behind it."""
    head, _, rest = qualifier.partition("，")
    return (head, rest) if head in ("约", "各") else ("", qualifier)


def _remark(text: str) -> str:
    return f"（{text}）" if text else ""


def _interval(target: Interval) -> Iterator[str]:
    low, high, remark = target.low, target.high, _remark(target.qualifier)
    if target.low_open or target.high_open:
        lower: Comparator = ">" if target.low_open else "≥"
        upper: Comparator = "<" if target.high_open else "≤"
        yield f"{lower}{quantity_text(low)}且{upper}{quantity_text(high)}{remark}"
        return
    if low.number == -high.number and low.scale == high.scale:
        yield f"±{quantity_text(high)}{remark}"
    dash = "~" if low.number < 0 or high.number < 0 else "-"
    bare = Quantity(low.number)
    plain = Quantity(low.number, low.scale, low.unit)
    shared = low.scale == high.scale and low.unit == high.unit and low.unit != "%"
    if shared:
        yield f"{quantity_text(bare)}{dash}{quantity_text(high)}{remark}"
    yield f"{quantity_text(plain)}{dash}{quantity_text(high)}{remark}"
    yield f"{quantity_text(bare)}{dash}{quantity_text(high, boxed=True)}{remark}"


def _frequency(target: Frequency) -> str:
    quantity, op = target.quantity, target.op or ""
    near, remark = _near(target.qualifier)
    things = "".join(f"每{thing}" for thing in quantity.per.split("·")) if quantity.per else ""
    counted = quantity_text(Quantity(quantity.number, quantity.scale, quantity.unit))
    if target.period is None:
        return f"{near}{op}{quantity_text(quantity)}{_remark(remark)}"
    turns = "" if target.every == 1 else f"{target.every}{'个' if target.period == '月' else ''}"
    return f"{things}每{turns}{target.period}{near}{op}{counted}{_remark(remark)}"


def _deadline(target: Deadline) -> str:
    if target.date is not None:
        remark = _remark(target.qualifier)
        if target.start is not None:
            return f"{_date(target.start)}至{_date(target.date)}{remark}"
        return f"{_date(target.date)}前{remark}"
    era, _, rest = target.qualifier.partition("，")
    if era not in words.ERAS.values() or not era:
        era, rest = "", target.qualifier
    prefix = (f"每{target.period}" if target.period else "") + era
    if target.period == "年" and target.month is None:
        prefix = "每年12月"
    until = _day(target.month, target.day)
    if target.start_month is not None or target.start_day is not None:
        return f"{prefix}{_day(target.start_month, target.start_day)}至{until}{_remark(rest)}"
    if target.period == "季度" and not target.day:
        until = "末"
    return f"{prefix}{until}前{_remark(rest)}"


def _date(day: datetime.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _day(month: int | None, day: int | None) -> str:
    named = f"{month}月" if month else ""
    return f"{named}{day}日" if day else f"{named}底"
