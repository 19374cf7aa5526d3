"""Worksheet functions of payments: money paid is negative, money received positive."""

import math
from collections.abc import Callable
from itertools import pairwise

from xlperf.expr.registry import (
    ANY,
    Area,
    area_of,
    cells,
    function,
    numbers,
    plain,
    total,
    whole,
)
from xlperf.expr.values import (
    DIV0,
    NUM,
    VALUE,
    ExcelError,
    Fault,
    Value,
    doubt,
    finite,
    logical,
    number,
    rounded,
)

_TRIES = 20
_MOST_PERIODS = 10_000
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


@function("CUMIPMT", 6)
def _cumipmt(
    rate: Value, periods: Value, now: Value, start: Value, end: Value, due: Value
) -> Value:
    return _cumulated(rate, periods, now, start, end, due)[0]


@function("CUMPRINC", 6)
def _cumprinc(
    rate: Value, periods: Value, now: Value, start: Value, end: Value, due: Value
) -> Value:
    return _cumulated(rate, periods, now, start, end, due)[1]


def _cumulated(*args: Value) -> tuple[float, float]:
    """Interest and repayment from one period to another."""
    rate, periods, now, start, end, due = map(number, map(plain, args))
    first, last = math.ceil(start), int(end)
    if min(rate, periods, now) <= 0 or not 1 <= start <= end <= periods or due not in (0, 1):
        raise Fault(NUM)
    if (first, last) != (start, end) or last - first > _MOST_PERIODS:
        doubt("CUMIPMT")
        raise Fault(NUM)
    interest = total(
        _interest(rate, float(period), periods, now, 0.0, bool(due))
        for period in range(first, last + 1)
    )
    paid = _payment(rate, periods, now, 0.0, bool(due)) * (last - first + 1)
    return finite(interest), finite(paid - interest)


@function("ISPMT", 4)
def _ispmt(rate: Value, period: Value, periods: Value, now: Value) -> Value:
    by, at, count, first = map(number, (rate, period, periods, now))
    if count == 0:
        raise Fault(DIV0)
    return finite(first * by * (at / count - 1))


@function("MIRR", 3, takes="rvv")
def _mirr(flows: Value | Area, finance: Value, reinvest: Value) -> Value:
    found, paid, earned = numbers([area_of(flows)]), 1 + number(finance), 1 + number(reinvest)
    if not (any(flow > 0 for flow in found) and any(flow < 0 for flow in found)):
        raise Fault(DIV0)
    if paid <= 0 or earned <= 0:
        doubt("MIRR")
        raise Fault(NUM)
    count = len(found) - 1
    gains = total(max(flow, 0.0) * earned ** (count - at) for at, flow in enumerate(found))
    costs = total(min(flow, 0.0) / paid**at for at, flow in enumerate(found))
    return finite((gains / -costs) ** (1 / count) - 1)


def _dated(flows: Value | Area, days: Value | Area) -> list[tuple[float, float]]:
    """Each amount with the years from the first day on."""
    amounts, dates = ([*cells(area_of(each))] for each in (flows, days))
    for value in (*amounts, *dates):
        if isinstance(value, ExcelError):
            raise Fault(value)
        if type(value) is not float:
            doubt("XNPV ?")
            raise Fault(VALUE)
    if len(amounts) != len(dates):
        raise Fault(NUM)
    first = int(number(dates[0]))
    if any(int(number(day)) < first for day in dates):
        raise Fault(NUM)
    return [
        (number(amount), (int(number(day)) - first) / 365)
        for amount, day in zip(amounts, dates, strict=True)
    ]


@function("XNPV", 3, takes="vrr")
def _xnpv(rate: Value, flows: Value | Area, days: Value | Area) -> Value:
    by = 1 + number(rate)
    if by <= 1:
        doubt("XNPV ≤ 0")
        raise Fault(NUM)
    return finite(total(amount / by**years for amount, years in _dated(flows, days)))


@function("XIRR", 2, 3, takes="rrv")
def _xirr(flows: Value | Area, days: Value | Area, guess: Value = 0.1) -> Value:
    found = _dated(flows, days)
    changes = [amount > 0 for amount, _ in found if amount]
    if len(set(changes)) < 2:
        raise Fault(NUM)
    if sum(a != b for a, b in pairwise(changes)) > 1:
        doubt("XIRR")  # there may be several, and which one is found depends on the way

    def worth(rate: float) -> tuple[float, float]:
        by = 1 + rate
        value = total(amount / by**years for amount, years in found)
        slope = total(-years * amount / by ** (years + 1) for amount, years in found)
        return value, slope

    result = _root(worth, number(guess), "XIRR")
    if result < 0:
        doubt("XIRR < 0")
    return result


@function("DB", 4, 5)
def _db(cost: Value, salvage: Value, life: Value, period: Value, month: Value = 12.0) -> Value:
    first, last, years = map(number, (cost, salvage, life))
    at, months = number(period), whole(month)
    if first < 0 or last < 0 or years <= 0 or at < 1 or not 1 <= months <= 12:
        raise Fault(NUM)
    if at > years + (months < 12) or at != int(at) or years != int(years) or first == 0:
        doubt("DB")
        raise Fault(NUM)
    rate = rounded(1 - (last / first) ** (1 / years), 3)
    worn = first * rate * months / 12
    if at == 1:
        return finite(worn)
    gone = worn
    for _ in range(2, int(min(at, years)) + 1):
        worn = (first - gone) * rate
        gone += worn
    if at > years:
        return finite((first - gone) * rate * (12 - months) / 12)
    return finite(worn)


@function("DDB", 4, 5)
def _ddb(cost: Value, salvage: Value, life: Value, period: Value, factor: Value = 2.0) -> Value:
    if factor is None:
        doubt("DDB ∅")  # left out between commas
    first, last, years, at, by = map(number, (cost, salvage, life, period, factor))
    if first < 0 or last < 0 or years <= 0 or by <= 0 or not 0 < at <= years:
        raise Fault(NUM)
    return finite(_declined(first, last, years, at, by))


def _declined(cost: float, salvage: float, life: float, period: float, factor: float) -> float:
    rate = min(factor / life, 1.0)
    before = cost * (math.pow(1 - rate, period - 1) if rate < 1 else float(period == 1))
    return max(before - max(cost * math.pow(1 - rate, period), salvage), 0.0)


@function("VDB", 5, 7)
def _vdb(
    cost: Value,
    salvage: Value,
    life: Value,
    start: Value,
    end: Value,
    factor: Value = 2.0,
    stays: Value = False,
) -> Value:
    if factor is None:
        doubt("VDB ∅")  # left out between commas
    first, last, years, since, until, by = map(number, (cost, salvage, life, start, end, factor))
    if not 0 <= since <= until <= years or min(first, last) < 0 or by <= 0 or years <= 0:
        raise Fault(NUM)
    if (since, until) != (int(since), int(until)) or years > _MOST_PERIODS:
        doubt("VDB")
        raise Fault(NUM)
    worn, book = 0.0, first
    for period in range(int(until)):
        part = _declined(first, last, years, period + 1.0, by)
        if not logical(stays):
            part = max(part, (book - last) / (years - period))
        part = min(part, max(book - last, 0.0))
        book -= part
        worn += part if period >= since else 0.0
    return finite(worn)
