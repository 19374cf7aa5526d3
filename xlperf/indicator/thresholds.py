"""Reading thresholds and the products that stand for one."""

import re
from dataclasses import replace
from decimal import Decimal

from xlperf.indicator import words
from xlperf.indicator.cycles import occasions
from xlperf.indicator.grammar import pattern
from xlperf.indicator.parts import Parts, Reading
from xlperf.indicator.quantities import EXACT, ONE, base, read_number, read_per, read_unit
from xlperf.indicator.target import Qualitative, Quantity, Threshold

# Telephone numbers, identity numbers, accounts.
_IDENTIFIER = re.compile("0[0-9]{3,}|1[3-9][0-9]{9}|[0-9]{15,}")
_HALF = Decimal("0.5")
# What 分 and 月 mean beside a larger unit.
_IN_DURATIONS = {"分": "分钟", "月": "个月"}
_MONEY = frozenset(("元", "美元", "港元", "欧元", "角"))


def read_threshold(text: str) -> Reading | None:
    """≥95%, 不低于3次, 10日内, 3个/单位."""
    match = pattern("threshold").fullmatch(text)
    if match is None:
        return None
    parts = Parts(match)
    if match["whole"]:
        quantity: Quantity | None = Quantity(read_number("100") or ONE, ONE, "%")
        parts.places["number"] = match.span("whole")
    else:
        quantity = parts.quantity()
    if quantity is None or not parts.lead(match["before"], quantity):
        return None
    if each := match["each"]:
        per = read_per(each.removeprefix("每"))
        if per is None:
            return None
        quantity = Quantity(quantity.number, quantity.scale, quantity.unit, per)
        parts.places["per"] = match.span("each")
    if verb := match["verb"]:
        parts.remarks.append(verb)
    op = parts.comparator("before")
    if parts.contradiction:
        return Qualitative(text), {"comparator": parts.contradiction}
    if _IDENTIFIER.fullmatch(text):
        return None
    qualifier = parts.qualifier()
    if frequency := occasions(op, quantity, qualifier, parts.places):
        return frequency, parts.places
    return Threshold(op, quantity, qualifier), parts.places


def read_compound(text: str) -> Reading | None:
    """1小时30分钟, 2年6个月, 一个半月, 1亿2000万元: counted in the smaller of the two units."""
    match = pattern("compound").fullmatch(text)
    if match is None:
        return None
    parts = Parts(match)
    large = parts.inside("large", alone=False)
    small = parts.inside("small") if match["small"] else large and replace(large, number=_HALF)
    if large is None or small is None or not (small.unit or small.scale > ONE):
        return None
    small = replace(small, unit=_IN_DURATIONS.get(small.unit, small.unit))
    unit = _IN_DURATIONS.get(large.unit, large.unit)
    large = replace(large, unit=small.unit if unit in ("", "个") else unit)
    (more, kind), (less, other) = base(large), base(small)
    if kind != other or less >= base(replace(large, number=ONE))[0]:
        return None
    number = EXACT.divide(EXACT.add(more, less), base(replace(small, number=ONE))[0])
    quantity = replace(small, number=number)
    if not parts.lead(match["before"], quantity):
        return None
    op = parts.comparator("before")
    if parts.contradiction:
        return None
    for name in ("large", "small", "scale", "unit"):
        parts.places.pop(name, None)
    parts.places["number"] = (match.start("large"), max(match.end("small"), match.end("half_more")))
    return Threshold(op, quantity, parts.qualifier()), parts.places


def read_within(text: str) -> Reading | None:
    """30分钟内到场, 验收合格后15日内支付: a duration, and what is done within it."""
    match = pattern("within").fullmatch(text)
    if match is None:
        return None
    parts = Parts(match)
    quantity = parts.quantity()
    if quantity is None or not words.is_duration(quantity.unit):
        return None
    op = parts.comparator("before")
    if not parts.lead(match["before"], quantity) or op not in (None, "≤", "<"):
        return None
    if op is None:
        parts.places["comparator"] = match.span("within_word")
    if match["act"] not in ("完成", "已完成"):
        parts.remarks.append(match["act"])
        parts.places["qualifier"] = match.span("act")
    return Threshold(op or "≤", quantity, parts.qualifier()), parts.places


def read_product(text: str) -> Reading | None:
    """27人*12月 is 324 人·月; money times a count is money."""
    match = pattern("product").fullmatch(text)
    if match is None:
        return None
    number, scale = ONE, ONE
    units: list[str] = []
    pers: list[str] = []
    for text_part in re.split("[*xX]", match["factors"]):
        factor = pattern("factor").fullmatch(text_part)
        value = factor and read_number(factor["number"])
        if factor is None or value is None:
            return None
        name = factor["unit"]
        unit = read_unit(name, not factor["number"].isascii()) if name else ""
        if unit is None:
            return None
        number = EXACT.multiply(number, value)
        scale *= words.SCALES[factor["scale"]] if factor["scale"] else ONE
        units += [{"个月": "月"}.get(unit, unit)] if unit else []
        pers += (read_per(factor["rate"][1:]) or "").split("·") if factor["rate"] else []
    parts = Parts(match)
    money = next((unit for unit in units if unit in _MONEY), None)
    unit = money or "·".join(unit for unit in units if unit not in pers)
    product = Quantity(number, scale, unit)
    if not units or not parts.lead(match["before"], product):
        return None
    op = parts.comparator("before")
    parts.places["product"] = match.span("factors")
    if parts.contradiction:
        return None
    return Threshold(op, product, parts.qualifier()), parts.places
