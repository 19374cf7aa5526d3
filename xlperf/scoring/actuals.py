"""The actual value as a number in the unit in which the target is printed.

Staff type `198.38万条`, `99.20%`, `=13个` or a bare number. `reached` reads exactly what is there;
`actual_expr` is the formula by which Excel reads the cell, also after somebody has changed it.
"""

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from xlperf.diagnostic import Diagnostic, Message
from xlperf.expr import Binary, Call, Const, Expr
from xlperf.forms import Entry
from xlperf.indicator import (
    Interval,
    Parsed,
    Quantity,
    Threshold,
    base,
    measure,
    parse,
)
from xlperf.scoring.rules import ACTUAL

Spellings = tuple[tuple[str, str], ...]
"""What may stand around the number, and what takes its place: 条 after ≥150万条 means E-4."""

LARGEST_RATIO = 10
"""A larger number beside a target in percent is no ratio: nobody means more than 1000%."""

_ONE = Decimal(1)
_OPEN = Call("NA", ())  # which the formula of the score shows as a blank
_SCALES = {_ONE: "", Decimal(10**4): "万", Decimal(10**8): "亿"}
_TOO_LARGE = 10**15  # more digits than Excel has
_LONGEST_AFFIX = 12


def unit_of(target: Parsed) -> Quantity | None:
    """One of the unit that the target is printed in; None where it is no number."""
    match target.target:
        case Threshold(_, quantity) | Interval(_, quantity):
            return replace(quantity, number=_ONE)
    return None


def reached(target: Parsed, entry: Entry) -> Decimal | Diagnostic:
    """The actual in the target's unit, as a bare number is; or why it cannot be told."""
    unit = unit_of(target)
    actual = parse(entry.text).target
    if unit and isinstance(actual, Threshold):
        quantity = _supplied(actual.quantity, unit)
        is_bare = quantity is not actual.quantity
        if _is_share(unit) and entry.number is not None:
            if is_bare and 1 < abs(entry.number) <= LARGEST_RATIO:
                return _maybe_ratio(entry.text)
            if not is_bare or abs(entry.number) <= 1:
                return entry.number * _cell_factor(unit)
        elif _is_share(unit) and is_bare and abs(quantity.number) <= 1 < _largest(target):
            return _maybe_ratio(entry.text)
        actual = replace(actual, quantity=quantity)
    pair = measure(target.target, actual)
    if isinstance(pair, Diagnostic) or unit is None:
        return pair if isinstance(pair, Diagnostic) else pair[1]
    return pair[1] / base(unit)[0]


def _maybe_ratio(text: str) -> Diagnostic:
    return Diagnostic(
        "V202",
        Message(
            f"实际完成值“{text}”没有百分号，看不出是否为百分数",
            f"the actual “{text}” has no percent sign, so it may or may not be a ratio",
        ),
        fix=Message("请写明百分号，如 99.2%", "write the percent sign, as in 99.2%"),
    )


def actual_expr(target: Parsed, spellings: Spellings) -> Expr:
    """The number in the cell `ACTUAL`, in the target's unit; an error value where it is none."""
    text: Expr = ACTUAL
    for spelling, meaning in spellings:
        text = Call("SUBSTITUTE", (text, Const(spelling), Const(meaning)))
    number = Call("VALUE", (text,))
    unit = unit_of(target)
    if unit is None or not _is_share(unit):
        return number
    if _largest(target) > 1:
        # A bare 0.95 may be a ratio or less than one percent: VALUE reads 0.95E0, but not 0.95%E0.
        bare = Call("VALUE", (Binary("&", ACTUAL, Const("E0")),))
        small = Binary("<=", Call("ABS", (bare,)), Const(1.0))
        number = Call("IF", (Call("IFERROR", (small, Const(False))), _OPEN, number))
    return Call("IF", (Call("ISNUMBER", (ACTUAL,)), cell_number(target, unit), number))


def cell_number(target: Parsed, unit: Quantity) -> Expr:
    """The number that a cell holds: 0.992 where Excel itself shows 99.2%, 99.2 where it does not.

    Above 10 (1000%) it is surely meant as percent. Between 100% and 1000% it is a ratio, but a
    limit is not overrun so far: there a bare 3 may well be 3%, and it is left open.
    """
    factor = _cell_factor(unit)
    held: Expr = ACTUAL if factor == 1 else Binary("*", ACTUAL, Const(float(factor)))
    size = Call("ABS", (ACTUAL,))
    if isinstance(target.target, Threshold) and target.target.op in ("≤", "<"):
        held = Call("IF", (Binary(">", size, Const(1.0)), _OPEN, held))
    return Call("IF", (Binary(">", size, Const(float(LARGEST_RATIO))), ACTUAL, held))


def spellings(target: Parsed, actual: str = "") -> Spellings | None:
    """What a formula has to replace around the number so that VALUE reads it.

    These are the spellings of the target and of `actual`, and for money 元, 万元 and 亿元. None
    where no formula can read it: the target is no plain number, or no number that Excel holds, or
    the unit of `actual` is not a power of ten of the target's.
    """
    unit = unit_of(target)
    if unit is None or "product" in target.spans or _largest(target) >= _TOO_LARGE:
        return None
    typed = parse(actual)
    place = typed.spans.get("number")
    if place is None or not isinstance(typed.target, Threshold):
        return _spellings(target, unit)
    number = actual[place.start : place.end]
    if not number.isascii() or "/" in number:
        return None  # Excel takes 2/3 for a date, and full-width digits as its language has them
    own = replace(_supplied(typed.target.quantity, unit), number=_ONE)
    if isinstance(measure(Threshold(None, unit), Threshold(None, own)), Diagnostic):
        return _spellings(target, unit)
    return _spellings(target, own, actual[: place.start].strip(), actual[place.end :].rstrip())


@lru_cache(maxsize=4096)
def _spellings(
    target: Parsed, own: Quantity, prefix: str = "", suffix: str = ""
) -> Spellings | None:
    """`own` is one of the unit of the actual, between whose `prefix` and `suffix` the number is."""
    unit = unit_of(target)
    assert unit is not None
    exponent = _exponent(own, unit)
    if exponent is None:
        return None
    found = {_after_number(target): "", _printed(unit): ""}
    if isinstance(target.target, Threshold) and target.target.op == "=":
        found[_part(target, "comparator")] = ""
    for scale in _SCALES:
        other = replace(unit, scale=scale)
        if scale < unit.scale or unit.unit == "元":
            found.setdefault(_printed(other), _exponent(other, unit) or "")
    found[prefix] = ""
    found.setdefault(suffix.strip(), exponent)
    if exponent:
        found.setdefault(suffix, exponent)  # E4 follows the number at once: 9.92 万元
    # The longest first: 万元 before 元.
    ordered = sorted(found.items(), key=lambda item: (-len(item[0]), item))
    return tuple(item for item in ordered if 0 < len(item[0]) <= _LONGEST_AFFIX)


def _part(parsed: Parsed, name: str) -> str:
    """The part of the text that was read as this, "" where there is none."""
    place = parsed.spans.get(name)
    return parsed.source[place.start : place.end] if place else ""


def _largest(target: Parsed) -> Decimal:
    match target.target:
        case Threshold(_, quantity):
            return abs(quantity.number)
        case Interval(low, high):
            return max(abs(low.number), abs(high.number))
    return _ONE


def _after_number(parsed: Parsed) -> str:
    number = parsed.spans.get("number")
    return parsed.source[number.end :].strip() if number else ""


def _printed(unit: Quantity) -> str:
    if unit.scale not in _SCALES:
        return ""
    return _SCALES[unit.scale] + unit.unit + (f"/{unit.per}" if unit.per else "")


def _exponent(own: Quantity, unit: Quantity) -> str | None:
    """The power of ten from one unit to another, as in 9.92E4; None where it is no power of ten."""
    (magnitude, _), (one, _) = base(own), base(unit)
    _, digits, exponent = (magnitude / one).normalize().as_tuple()
    if digits != (1,):
        return None
    return f"E{exponent}" if exponent else ""


def _supplied(quantity: Quantity, unit: Quantity) -> Quantity:
    """A quantity without a unit has the target's, and its scale too when it has none (9.92万)."""
    if quantity.unit or quantity.per:
        return quantity
    scale = unit.scale if quantity.scale == 1 else quantity.scale
    return replace(quantity, scale=scale, unit=unit.unit, per=unit.per)


def _is_share(unit: Quantity) -> bool:
    return base(unit)[1] == "%"


def _cell_factor(unit: Quantity) -> Decimal:
    """From the ratio that a cell holds to the unit: 100 for %, 1,000 for ‰."""
    return 100 / base(unit)[0]


def completion(target: Parsed, entry: Entry) -> Decimal | None:
    """How many times the target the actual is; None where they are no such numbers."""
    match target.target:
        case Threshold(_, promised) | Interval(_, promised) if promised.number > 0:
            number = reached(target, entry)
            return None if isinstance(number, Diagnostic) else number / promised.number
    return None
