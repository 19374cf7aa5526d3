"""Comparing what was promised with what came out: only in one unit, after exact scaling."""

import math
from decimal import Decimal

from xlperf.diagnostic import Diagnostic, Message
from xlperf.indicator.quantities import EXACT, base, same_unit
from xlperf.indicator.spelling import canonical
from xlperf.indicator.target import (
    Deadline,
    Frequency,
    Interval,
    Period,
    Qualitative,
    Quantity,
    Target,
    Threshold,
)

# Periods that convert: months never make days.
_LENGTHS: dict[Period, tuple[str, int]] = {
    "年": ("月", 12),
    "半年": ("月", 6),
    "季度": ("月", 3),
    "月": ("月", 1),
    "周": ("日", 7),
    "日": ("日", 1),
}


def measure(target: Target, actual: Target) -> tuple[Decimal, Decimal] | Diagnostic:
    """The magnitudes of target and actual in one base unit, or why they cannot be compared.

    9.92万元 against ≤280000元 gives (280000, 99200). Of an interval the target is the end that is
    nearest to the actual, the actual itself where it lies inside. Frequencies are brought to one
    period; dates are days, counted from the year 1.
    """
    match target, actual:
        case (Qualitative(), _) | (_, Qualitative()):
            return _incomparable(target, actual, "有一方不是数值", "one of them is no number")
        case Deadline(), Deadline():
            if target.date is None or actual.date is None:
                return _incomparable(target, actual, "时限没有写明年份", "a date lacks its year")
            return Decimal(target.date.toordinal()), Decimal(actual.date.toordinal())
        case Interval(low, high), Threshold(_, quantity):
            lower, upper = _pair(low, quantity), _pair(high, quantity)
            if lower is None or upper is None:
                return _different(target, actual, low, quantity)
            reached = lower[1]
            return min(max(reached, lower[0]), upper[0]), reached
        case Threshold(_, wanted), Threshold(_, reached):
            pair = _pair(wanted, reached)
            return _different(target, actual, wanted, reached) if pair is None else pair
        case Frequency(), Frequency():
            return _frequencies(target, actual)
    return _incomparable(target, actual, "两者不是同一类指标值", "they are of different kinds")


def _pair(wanted: Quantity, reached: Quantity) -> tuple[Decimal, Decimal] | None:
    (target, target_unit), (actual, actual_unit) = base(wanted), base(reached)
    return (target, actual) if same_unit(target_unit, actual_unit) else None


def _frequencies(target: Frequency, actual: Frequency) -> tuple[Decimal, Decimal] | Diagnostic:
    pair = _pair(target.quantity, actual.quantity)
    if pair is None:
        return _different(target, actual, target.quantity, actual.quantity)
    family, wanted = _round(target)
    other, reached = _round(actual)
    if family != other:
        return _incomparable(target, actual, "周期不能换算", "their periods do not convert")
    common = math.lcm(wanted, reached)
    return (
        EXACT.multiply(pair[0], Decimal(common // wanted)),
        EXACT.multiply(pair[1], Decimal(common // reached)),
    )


def _round(frequency: Frequency) -> tuple[str, int]:
    """How long one round is, and in what: 每两年一次 is 24 months."""
    if frequency.period is None:
        return "", 1
    family, length = _LENGTHS.get(frequency.period, (frequency.period, 1))
    return family, length * frequency.every


def _different(target: Target, actual: Target, wanted: Quantity, reached: Quantity) -> Diagnostic:
    one, other = base(wanted)[1], base(reached)[1]
    return _incomparable(
        target,
        actual,
        f"单位“{one or '无'}”与“{other or '无'}”不同",
        f"their units differ ({one or 'none'}, {other or 'none'})",
    )


def _incomparable(target: Target, actual: Target, zh: str, en: str) -> Diagnostic:
    one, other = canonical(target), canonical(actual)
    return Diagnostic(
        "V201",
        Message(
            f"目标值“{one}”与实际完成值“{other}”不可比，{zh}",
            f"target “{one}” and actual “{other}” cannot be compared: {en}",
        ),
        fix=Message(
            "请按目标值的口径和单位填写实际完成值", "state the actual as the target is stated"
        ),
    )
