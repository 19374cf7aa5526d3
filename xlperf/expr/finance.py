"""Worksheet functions of payments: money paid is negative, money received positive."""

import math
from collections.abc import Callable
from itertools import pairwise

from xlperf.expr.registry import ANY, Area, function, numbers, total, whole
from xlperf.expr.values import DIV0, NUM, Fault, Value, doubt, finite, number

_TRIES = 100
_CLOSE = 1e-13


@function("PMT", 3, 5)
def _pmt(rate: Value, periods: Value, now: Value, then: Value = 0.0, due: Value = 0.0) -> Value:
    by, count, first, last = map(number, (rate, periods, now, then))
    return _payment(by, count, first, last, _due(due))


def _due(due: Value) -> bool:
    return number(due) != 0


def _payment(rate: float, periods: float, now: float, then: float, due: bool) -> float:
    if periods == 0:
        raise Fault(NUM)
    if rate == 0:
        return finite(-(now + then) / periods)
    growth = _grown(rate, periods)
    payment = -rate * (now * growth + then) / (growth - 1)
    return finite(payment / (1 + rate) if due else payment)


def _grown(rate: float, periods: float) -> float:
    if rate <= -1:
        raise Fault(NUM)
    try:
        return math.exp(periods * math.log1p(rate))
    except OverflowError:
        raise Fault(NUM) from None


@function("FV", 3, 5)
def _fv(rate: Value, periods: Value, paid: Value, now: Value = 0.0, due: Value = 0.0) -> Value:
    by, count, payment, first = map(number, (rate, periods, paid, now))
    return _future(by, count, payment, first, _due(due))


def _future(rate: float, periods: float, paid: float, now: float, due: bool) -> float:
    if rate == 0:
        return finite(-(now + paid * periods))
    growth = _grown(rate, periods)
    payments = paid * (1 + rate if due else 1) * (growth - 1) / rate
    return finite(-(now * growth + payments))


@function("PV", 3, 5)
def _pv(rate: Value, periods: Value, paid: Value, then: Value = 0.0, due: Value = 0.0) -> Value:
    by, count, payment, last = map(number, (rate, periods, paid, then))
    if by == 0:
        return finite(-(last + payment * count))
    growth = _grown(by, count)
    payments = payment * (1 + by if _due(due) else 1) * (growth - 1) / by
    return finite(-(last + payments) / growth)


@function("NPER", 3, 5)
def _nper(rate: Value, paid: Value, now: Value, then: Value = 0.0, due: Value = 0.0) -> Value:
    by, payment, first, last = map(number, (rate, paid, now, then))
    if by == 0:
        if payment == 0:
            raise Fault(NUM)
        return finite(-(first + last) / payment)
    each = payment * (1 + by if _due(due) else 1) / by
    try:
        return finite(math.log((each - last) / (first + each)) / math.log1p(by))
    except (ValueError, ZeroDivisionError):
        raise Fault(NUM) from None


@function("IPMT", 4, 6)
def _ipmt(
    rate: Value, period: Value, periods: Value, now: Value, then: Value = 0.0, due: Value = 0.0
) -> Value:
    by, count, first, last = map(number, (rate, periods, now, then))
    return _interest(by, number(period), count, first, last, _due(due))


@function("PPMT", 4, 6)
def _ppmt(
    rate: Value, period: Value, periods: Value, now: Value, then: Value = 0.0, due: Value = 0.0
) -> Value:
    by, count, first, last = map(number, (rate, periods, now, then))
    interest = _interest(by, number(period), count, first, last, _due(due))
    return _payment(by, count, first, last, _due(due)) - interest


def _interest(
    rate: float, period: float, periods: float, now: float, then: float, due: bool
) -> float:
    if not 1 <= period < periods + 1:
        raise Fault(NUM)
    payment = _payment(rate, periods, now, then, due)
    if due:
        if period == 1:
            return 0.0
        return (_future(rate, period - 2, payment, now, True) - payment) * rate
    return _future(rate, period - 1, payment, now, False) * rate


@function("NPV", 2, ANY, takes="v(r)")
def _npv(rate: Value, *flows: Value | Area) -> Value:
    by = 1 + number(rate)
    if by == 0:
        raise Fault(DIV0)
    return finite(total(flow / by**place for place, flow in enumerate(numbers(flows), 1)))


@function("IRR", 1, 2, takes="rv")
def _irr(flows: Value | Area, guess: Value = 0.1) -> Value:
    try:
        found = numbers([flows])
    except Fault:
        doubt("IRR")  # which error it then is
        raise
    if not (any(flow > 0 for flow in found) and any(flow < 0 for flow in found)):
        raise Fault(NUM)
    changes = [flow > 0 for flow in found if flow]
    if sum(a != b for a, b in pairwise(changes)) > 1:
        doubt("IRR")  # there may be several, and which one is found depends on the way

    def worth(rate: float) -> tuple[float, float]:
        by = 1 + rate
        value = total(flow / by**place for place, flow in enumerate(found))
        slope = total(-place * flow / by ** (place + 1) for place, flow in enumerate(found))
        return value, slope

    return _root(worth, number(guess), "IRR")


@function("RATE", 3, 6)
def _rate(
    periods: Value,
    paid: Value,
    now: Value,
    then: Value = 0.0,
    due: Value = 0.0,
    guess: Value = 0.1,
) -> Value:
    count, payment, first, last = map(number, (periods, paid, now, then))

    def left(rate: float) -> tuple[float, float]:
        def value(by: float) -> float:
            return -_future(by, count, payment, first, _due(due)) + last

        step = 1e-6 * max(1.0, abs(rate))
        return value(rate), (value(rate + step) - value(rate - step)) / (2 * step)

    return _root(left, number(guess), "RATE")


def _root(function: Callable[[float], tuple[float, float]], guess: float, name: str) -> float:
    """By Newton's way; where it is not found at once, Excel's way may lead elsewhere."""
    rate = guess
    for _ in range(_TRIES):
        try:
            value, slope = function(rate)
            new = rate - value / slope
        except (ZeroDivisionError, OverflowError, Fault):
            break
        if new <= -1 or not math.isfinite(new):
            break
        if abs(new - rate) <= _CLOSE * max(1.0, abs(new)):
            return new
        rate = new
    doubt(name)
    raise Fault(NUM)


@function("SLN", 3)
def _sln(cost: Value, salvage: Value, life: Value) -> Value:
    if (years := number(life)) == 0:
        raise Fault(DIV0)
    return finite((number(cost) - number(salvage)) / years)


@function("SYD", 4)
def _syd(cost: Value, salvage: Value, life: Value, period: Value) -> Value:
    years, at = number(life), number(period)
    if not 1 <= at <= years:
        raise Fault(NUM)
    worn = number(cost) - number(salvage)
    return finite(worn * (years - at + 1) * 2 / (years * (years + 1)))


@function("EFFECT", 2)
def _effect(nominal: Value, periods: Value) -> Value:
    rate, count = number(nominal), whole(periods)
    if rate <= 0 or count < 1:
        raise Fault(NUM)
    return finite((1 + rate / count) ** count - 1)


@function("NOMINAL", 2)
def _nominal(effective: Value, periods: Value) -> Value:
    rate, count = number(effective), whole(periods)
    if rate <= 0 or count < 1:
        raise Fault(NUM)
    return finite(((1 + rate) ** (1 / count) - 1) * count)
