"""The actual value as a number in the unit in which the target is printed.

Staff type `198.38万条`, `99.20%`, `=13个` or a bare number. `reached` reads exactly what is there now;
`actual_expr` is the formula by which Excel reads the cell, also after somebody has changed it.
"""

from dataclasses import replace
from decimal import Decimal

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

_ONE = Decimal(1)
_SCALES = {_ONE: "", Decimal(10**4): "万", Decimal(10**8): "亿"}
_LONGEST_AFFIX = 12


def unit_of(target: Parsed) -> Quantity | None:
    """One of the unit that the target is printed in; None where it is no plain number."""
    match target.target:
        case (Threshold(_, quantity) | Interval(_, quantity)) if "product" not in target.spans:
            return replace(quantity, number=_ONE)
    return None


def reached(target: Parsed, unit: Quantity, entry: Entry) -> Decimal | Diagnostic:
    """The actual in `unit`, or why it cannot be told. A bare number is in the target's unit."""
    actual = parse(entry.text).target
    if isinstance(actual, Threshold):
        quantity = _supplied(actual.quantity, unit)
        if _is_share(unit):
            if quantity is actual.quantity and entry.number is not None:
                return entry.number * _cell_factor(unit)
            if quantity is not actual.quantity and _looks_like_ratio(quantity, target):
                return Diagnostic(
                    "V202",
                    Message(
                        f"实际完成值“{entry.text}”没有百分号，看不出是否为百分数",
                        f"actual “{entry.text}” has no percent sign and may or may not be a ratio",
                    ),
                )
        actual = replace(actual, quantity=quantity)
    pair = measure(target.target, actual)
    return pair if isinstance(pair, Diagnostic) else pair[1] / base(unit)[0]


def actual_expr(target: Parsed, actual: str = "") -> Expr | None:
    """The number in the cell `ACTUAL`, however it is written there; an error value when it is none.

    It reads bare numbers and the spellings of target and `actual`; money in 元, 万元 and 亿元. None
    where no formula can: the target is no number, or `actual` is in a unit that is not a power of
    ten of the target's.
    """
    unit = unit_of(target)
    spellings = _spellings(target, unit, parse(actual)) if unit else None
    if unit is None or spellings is None:
        return None
    text: Expr = ACTUAL
    for spelling, meaning in sorted(spellings.items(), key=lambda item: -len(item[0])):
        text = Call("SUBSTITUTE", (text, Const(spelling), Const(meaning)))
    number = Call("VALUE", (text,))
    if not _is_share(unit):
        return number
    # A cell that Excel itself shows as 99.2% holds 0.992.
    factor = _cell_factor(unit)
    held = ACTUAL if factor == 1 else Binary("*", ACTUAL, Const(float(factor)))
    return Call("IF", (Call("ISNUMBER", (ACTUAL,)), held, number))


def _spellings(target: Parsed, unit: Quantity, actual: Parsed) -> dict[str, str] | None:
    """What may stand around the number, and what takes its place: 条 after ≥150万条 means E-4."""
    found = dict.fromkeys(_suffixes(target, unit), "")
    if target.target.op == "=" and "comparator" in target.spans:  # type: ignore[union-attr]
        comparator = target.spans["comparator"]
        found[target.source[comparator.start : comparator.end]] = ""
    if unit.scale != 1 or base(unit)[1] == "元":
        for scale in _SCALES:
            other = replace(unit, scale=scale)
            found.setdefault(_printed(other), _exponent(other, unit) or "")
    match actual.target:
        case Threshold(_, quantity) if "number" in actual.spans:
            own = replace(_supplied(quantity, unit), number=_ONE)
            exponent = _exponent(own, unit)
            if exponent is None:
                return None
            for suffix in _suffixes(actual, own):
                found.setdefault(suffix, exponent)
            if prefix := actual.source[: actual.spans["number"].start].strip():
                found[prefix] = ""
    return found


def _suffixes(parsed: Parsed, unit: Quantity) -> list[str]:
    """What may follow the number: what does, and the plain unit."""
    typed = parsed.source[parsed.spans["number"].end :].rstrip() if "number" in parsed.spans else ""
    return [
        suffix
        for suffix in (typed, typed.strip(), _printed(unit))
        if 0 < len(suffix) <= _LONGEST_AFFIX
    ]


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


def _looks_like_ratio(quantity: Quantity, target: Parsed) -> bool:
    """Whether a bare 0.992 stands against a share such as 98%: it may mean 99.2% or 0.992%."""
    match target.target:
        case Threshold(_, wanted) | Interval(wanted, _):
            return abs(quantity.number) <= 1 < abs(wanted.number)
    return False


def _is_share(unit: Quantity) -> bool:
    return base(unit)[1] == "%"


def _cell_factor(unit: Quantity) -> Decimal:
    """From the ratio that a cell holds to the unit: 100 for %, 1,000 for ‰."""
    return 100 / base(unit)[0]
