"""Worksheet functions of samples: spread, order, correlation, the normal distribution."""

import math
from collections import Counter
from collections.abc import Callable
from statistics import NormalDist

from xlperf.expr.registry import ANY, Area, area_of, cells, function, numbers, total, whole
from xlperf.expr.values import (
    DIV0,
    NA,
    NEARLY,
    NUM,
    ExcelError,
    Fault,
    Value,
    doubt,
    finite,
    logical,
    number,
)


def _mean(found: list[float]) -> float:
    return finite(total(found) / len(found))


def _deviations(found: list[float]) -> float:
    mean = _mean(found)
    return finite(total((value - mean) ** 2 for value in found))


def _spread(
    names: str,
    sample: int,
    finish: Callable[[float], float],
    read: Callable[[tuple[Value | Area, ...]], list[float]] = numbers,
) -> None:
    def scalar(*args: Value | Area) -> Value:
        found = read(args)
        if len(found) <= sample:
            raise Fault(DIV0)
        return finish(_deviations(found) / (len(found) - sample))

    function(names, 1, ANY, takes="(r)")(scalar)


_spread("VAR VAR.S", 1, float)
_spread("VARP VAR.P", 0, float)
_spread("STDEV STDEV.S", 1, math.sqrt)
_spread("STDEVP STDEV.P", 0, math.sqrt)


@function("DEVSQ", 1, ANY, takes="(r)")
def _devsq(*args: Value | Area) -> Value:
    return _deviations(_some(numbers(args)))


@function("AVEDEV", 1, ANY, takes="(r)")
def _avedev(*args: Value | Area) -> Value:
    found = _some(numbers(args))
    mean = _mean(found)
    return _mean([abs(value - mean) for value in found])


@function("GEOMEAN", 1, ANY, takes="(r)")
def _geomean(*args: Value | Area) -> Value:
    found = _some(numbers(args))
    if min(found) <= 0:
        raise Fault(NUM)
    return math.exp(_mean([math.log(value) for value in found]))


@function("HARMEAN", 1, ANY, takes="(r)")
def _harmean(*args: Value | Area) -> Value:
    found = _some(numbers(args))
    if min(found) <= 0:
        raise Fault(NUM)
    return finite(len(found) / finite(total(1 / value for value in found)))


@function("MEDIAN", 1, ANY, takes="(r)")
def _median(*args: Value | Area) -> Value:
    found = sorted(_some(numbers(args)))
    middle = len(found) // 2
    return found[middle] if len(found) % 2 else finite((found[middle - 1] + found[middle]) / 2)


@function("MODE MODE.SNGL", 1, ANY, takes="(r)")
def _mode(*args: Value | Area) -> Value:
    ((value, count),) = Counter(numbers(args)).most_common(1) or [(0.0, 0)]
    if count < 2:
        raise Fault(NA)
    return value


def _some(found: list[float]) -> list[float]:
    if not found:
        raise Fault(NUM)
    return found


@function("AVERAGEA", 1, ANY, takes="(r)")
def _averagea(*args: Value | Area) -> Value:
    if not (found := _all(args)):
        raise Fault(DIV0)
    return _mean(found)


@function("MAXA", 1, ANY, takes="(r)")
def _maxa(*args: Value | Area) -> Value:
    return max(_all(args), default=0.0)


@function("MINA", 1, ANY, takes="(r)")
def _mina(*args: Value | Area) -> Value:
    return min(_all(args), default=0.0)


def _all(args: tuple[Value | Area, ...]) -> list[float]:
    """As `numbers`, but in cells a text counts as 0 and a truth as 1 or 0."""
    found = []
    for arg in args:
        if isinstance(arg, tuple):
            found += [0.0 if isinstance(v, str) else number(v) for v in cells(arg) if v is not None]
        else:
            found.append(number(arg))
    return found


# ------------------------------------------------------------------------------------ order


@function("LARGE", 2, takes="rv")
def _large(area: Value | Area, place: Value) -> Value:
    return _nth(sorted(numbers([area]), reverse=True), place)


@function("SMALL", 2, takes="rv")
def _small(area: Value | Area, place: Value) -> Value:
    return _nth(sorted(numbers([area])), place)


def _nth(found: list[float], place: Value) -> float:
    exact = number(place)
    wanted = math.ceil(exact)
    if wanted != exact:
        doubt(f"LARGE({exact})")  # how a place between two is rounded
    if not 1 <= wanted <= len(found):
        raise Fault(NUM)
    return found[wanted - 1]


@function("PERCENTILE PERCENTILE.INC", 2, takes="rv")
def _percentile(area: Value | Area, share: Value) -> Value:
    return _between(numbers([area]), number(share))


@function("QUARTILE QUARTILE.INC", 2, takes="rv")
def _quartile(area: Value | Area, quarter: Value) -> Value:
    return _between(numbers([area]), whole(quarter) / 4)


def _between(found: list[float], share: float) -> float:
    if not found or not 0 <= share <= 1:
        raise Fault(NUM)
    return _at(sorted(found), share * (len(found) - 1))


@function("PERCENTILE.EXC", 2, takes="rv")
def _percentile_exc(area: Value | Area, share: Value) -> Value:
    return _outside(numbers([area]), number(share))


@function("QUARTILE.EXC", 2, takes="rv")
def _quartile_exc(area: Value | Area, quarter: Value) -> Value:
    return _outside(numbers([area]), whole(quarter) / 4)


def _outside(found: list[float], share: float) -> float:
    place = share * (len(found) + 1)
    if not 1 <= place <= len(found):
        raise Fault(NUM)
    return _at(sorted(found), place - 1)


def _at(found: list[float], place: float) -> float:
    low = math.floor(place)
    if low + 1 >= len(found):
        return found[-1]
    return finite(found[low] + (place - low) * (found[low + 1] - found[low]))


@function("RANK RANK.EQ", 2, 3, takes="vrv")
def _rank(value: Value, area: Value | Area, ascending: Value = 0.0) -> Value:
    wanted, found = _ranked(value, area)
    return float(_before(wanted, found, ascending) + 1)


@function("RANK.AVG", 2, 3, takes="vrv")
def _rank_avg(value: Value, area: Value | Area, ascending: Value = 0.0) -> Value:
    wanted, found = _ranked(value, area)
    return _before(wanted, found, ascending) + (found.count(wanted) + 1) / 2


def _ranked(value: Value, area: Value | Area) -> tuple[float, list[float]]:
    wanted, found = number(value), numbers([area_of(area)])
    if any(0 < abs(each - wanted) < abs(wanted) * NEARLY for each in found):
        doubt(f"RANK({wanted!r})")
    if wanted not in found:
        raise Fault(NA)
    return wanted, found


def _before(wanted: float, found: list[float], ascending: Value) -> int:
    up = number(ascending) != 0
    return sum(each < wanted if up else each > wanted for each in found)


# ------------------------------------------------------------------------------------- pairs


def _pairs(one: Value | Area, other: Value | Area) -> tuple[list[float], list[float]]:
    """Two samples, without the places where either has no number."""
    left, right = list(cells(area_of(one))), list(cells(area_of(other)))
    if len(left) != len(right):
        raise Fault(NA)
    for value in (*left, *right):
        if isinstance(value, ExcelError):
            raise Fault(value)
    both = [(a, b) for a, b in zip(left, right, strict=True) if type(a) is type(b) is float]
    if not both:
        raise Fault(DIV0)
    return [a for a, _ in both], [b for _, b in both]


def _products(one: list[float], other: list[float]) -> float:
    a, b = _mean(one), _mean(other)
    return finite(total((x - a) * (y - b) for x, y in zip(one, other, strict=True)))


def _ratio(above: float, below: float) -> float:
    if below == 0:
        raise Fault(DIV0)
    return above / below


@function("CORREL PEARSON", 2, takes="rr")
def _correl(one: Value | Area, other: Value | Area) -> Value:
    a, b = _pairs(one, other)
    return _ratio(_products(a, b), math.sqrt(_deviations(a) * _deviations(b)))


@function("RSQ", 2, takes="rr")
def _rsq(one: Value | Area, other: Value | Area) -> Value:
    correlation = _correl(one, other)
    assert isinstance(correlation, float)
    return correlation**2


@function("SLOPE", 2, takes="rr")
def _slope(ys: Value | Area, xs: Value | Area) -> Value:
    y, x = _pairs(ys, xs)
    return _ratio(_products(x, y), _deviations(x))


@function("INTERCEPT", 2, takes="rr")
def _intercept(ys: Value | Area, xs: Value | Area) -> Value:
    y, x = _pairs(ys, xs)
    return finite(_mean(y) - _ratio(_products(x, y), _deviations(x)) * _mean(x))


@function("FORECAST FORECAST.LINEAR", 3, takes="vrr")
def _forecast(at: Value, ys: Value | Area, xs: Value | Area) -> Value:
    y, x = _pairs(ys, xs)
    slope = _ratio(_products(x, y), _deviations(x))
    return finite(_mean(y) + slope * (number(at) - _mean(x)))


@function("COVAR COVARIANCE.P", 2, takes="rr")
def _covar(one: Value | Area, other: Value | Area) -> Value:
    a, b = _pairs(one, other)
    return _products(a, b) / len(a)


@function("COVARIANCE.S", 2, takes="rr")
def _covariance(one: Value | Area, other: Value | Area) -> Value:
    a, b = _pairs(one, other)
    return _ratio(_products(a, b), len(a) - 1)


@function("STEYX", 2, takes="rr")
def _steyx(ys: Value | Area, xs: Value | Area) -> Value:
    y, x = _pairs(ys, xs)
    if len(x) < 3:
        raise Fault(DIV0)
    left = _deviations(y) - _ratio(_products(x, y) ** 2, _deviations(x))
    if left < _deviations(y) * 1e-9:
        doubt("STEYX ≈ 0")
    return math.sqrt(max(left, 0.0) / (len(x) - 2))


# ----------------------------------------------------------------------- normal distribution


@function("NORMSDIST", 1)
def _normsdist(value: Value) -> Value:
    return _normal(number(value), 0.0, 1.0, True)


@function("NORM.S.DIST", 2)
def _norm_s_dist(value: Value, cumulative: Value) -> Value:
    return _normal(number(value), 0.0, 1.0, cumulative)


@function("NORMDIST NORM.DIST", 4)
def _normdist(value: Value, mean: Value, spread: Value, cumulative: Value) -> Value:
    if (sigma := number(spread)) <= 0:
        raise Fault(NUM)
    return _normal(number(value), number(mean), sigma, cumulative)


def _normal(value: float, mean: float, spread: float, cumulative: Value) -> float:
    normal = NormalDist(mean, spread)
    if not logical(cumulative):
        if not normal.variance:
            raise OverflowError(spread)
        return finite(normal.pdf(value))
    if value < mean - 4 * spread:
        return finite(math.erfc((mean - value) / spread / math.sqrt(2)) / 2)
    return finite(normal.cdf(value))


@function("NORMSINV NORM.S.INV", 1)
def _normsinv(share: Value) -> Value:
    return _inverse(number(share), 0.0, 1.0)


@function("NORMINV NORM.INV", 3)
def _norminv(share: Value, mean: Value, spread: Value) -> Value:
    if (sigma := number(spread)) <= 0:
        raise Fault(NUM)
    return _inverse(number(share), number(mean), sigma)


def _inverse(share: float, mean: float, spread: float) -> float:
    if not 0 < share < 1:
        raise Fault(NUM)
    return finite(NormalDist(mean, spread).inv_cdf(share))


_spread("VARA", 1, float, _all)
_spread("VARPA", 0, float, _all)
_spread("STDEVA", 1, math.sqrt, _all)
_spread("STDEVPA", 0, math.sqrt, _all)


def _standardized(found: list[float], least: int) -> list[float]:
    """Distances from the mean, in standard deviations of a sample."""
    if len(found) < least or not (spread := math.sqrt(_deviations(found) / (len(found) - 1))):
        raise Fault(DIV0)
    mean = _mean(found)
    return [(value - mean) / spread for value in found]


@function("SKEW", 1, ANY, takes="(r)")
def _skew(*args: Value | Area) -> Value:
    found = _standardized(numbers(args), 3)
    count = len(found)
    return finite(total(value**3 for value in found) * count / ((count - 1) * (count - 2)))


@function("KURT", 1, ANY, takes="(r)")
def _kurt(*args: Value | Area) -> Value:
    found = _standardized(numbers(args), 4)
    count = len(found)
    weight = count * (count + 1) / ((count - 1) * (count - 2) * (count - 3))
    less = 3 * (count - 1) ** 2 / ((count - 2) * (count - 3))
    return finite(total(value**4 for value in found) * weight - less)


@function("TRIMMEAN", 2, takes="rv")
def _trimmean(area: Value | Area, share: Value) -> Value:
    found, left_out = sorted(_some(numbers([area_of(area)]))), number(share)
    if not 0 <= left_out < 1:
        raise Fault(NUM)
    exact = len(found) * left_out / 2
    if exact != int(exact) and abs(exact - round(exact)) < 1e-9:
        doubt("TRIMMEAN")
    each = int(exact)
    return _mean(found[each : len(found) - each])


@function("STANDARDIZE", 3)
def _standardize(value: Value, mean: Value, spread: Value) -> Value:
    exact, middle, by = map(number, (value, mean, spread))
    if by <= 0:
        raise Fault(NUM)
    return finite((exact - middle) / by)


@function("CONFIDENCE CONFIDENCE.NORM", 3)
def _confidence(alpha: Value, spread: Value, size: Value) -> Value:
    share, by, count = number(alpha), number(spread), int(number(size))
    if not 0 < share / 2 < 0.5 or by <= 0 or count < 1:
        raise Fault(NUM)
    return finite(-NormalDist().inv_cdf(share / 2) * by / math.sqrt(count))


@function("EXPONDIST EXPON.DIST", 3)
def _expondist(value: Value, rate: Value, cumulative: Value) -> Value:
    exact, by = number(value), number(rate)
    if exact < 0 or by <= 0:
        raise Fault(NUM)
    return -math.expm1(-by * exact) if logical(cumulative) else finite(by * math.exp(-by * exact))


@function("POISSON POISSON.DIST", 3)
def _poisson(value: Value, mean: Value, cumulative: Value) -> Value:
    count, by = int(number(value)), number(mean)
    if count < 0 or by < 0:
        raise Fault(NUM)
    if by == 0 or count > 1000:
        doubt("POISSON")
        raise Fault(NUM)
    terms = [
        math.exp(at * math.log(by) - by - math.lgamma(at + 1))
        for at in (range(count + 1) if logical(cumulative) else [count])
    ]
    return finite(total(terms))


@function("BINOMDIST BINOM.DIST", 4)
def _binomdist(hits: Value, tries: Value, chance: Value, cumulative: Value) -> Value:
    found, count, by = int(number(hits)), int(number(tries)), number(chance)
    if not (0 <= found <= count and 0 <= by <= 1):
        raise Fault(NUM)
    if count > 1000:
        doubt("BINOMDIST")
        raise Fault(NUM)
    places = range(found + 1) if logical(cumulative) else [found]
    return finite(total(math.comb(count, at) * by**at * (1 - by) ** (count - at) for at in places))
