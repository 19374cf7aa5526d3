"""Worksheet functions of numbers: rounding, powers, angles, number systems."""

import math
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from functools import reduce

from xlperf.expr.registry import ANY, Area, area_of, cells, function, numbers, plain, whole
from xlperf.expr.values import (
    DIV0,
    NEARLY,
    NUM,
    Fault,
    Value,
    doubt,
    finite,
    general,
    number,
    power,
    rounded,
    text,
)

# --------------------------------------------------------------------------------- rounding


@function("ROUND", 2)
def _round(value: Value, places: Value) -> Value:
    return rounded(number(value), whole(places), ROUND_HALF_UP)


@function("ROUNDUP", 2)
def _roundup(value: Value, places: Value) -> Value:
    return _towards(number(value), whole(places), ROUND_UP)


@function("ROUNDDOWN", 2)
def _rounddown(value: Value, places: Value) -> Value:
    return _towards(number(value), whole(places), ROUND_DOWN)


@function("TRUNC", 1, 2)
def _trunc(value: Value, places: Value = 0.0) -> Value:
    return _towards(number(value), whole(places), ROUND_DOWN)


def _towards(value: float, places: int, mode: str) -> float:
    """Rounded by 15 digits; a doubt where the float itself would say otherwise."""
    result = rounded(value, places, mode)
    if result != value and -15 <= places <= 15:
        exact = Decimal(value)
        unit = Decimal((0, (1,), -places))
        if abs(exact.quantize(unit, mode) - Decimal(f"{result:.15g}")) * 2 > unit:
            doubt(f"{general(value)} ≈ {general(result)}")
    return result


@function("EVEN", 1)
def _even(value: Value) -> Value:
    exact = number(value)
    return math.copysign(math.ceil(abs(exact) / 2) * 2, exact)


@function("ODD", 1)
def _odd(value: Value) -> Value:
    exact = number(value)
    return math.copysign(max(math.ceil((abs(exact) - 1) / 2) * 2 + 1, 1), exact)


@function("CEILING", 2)
def _ceiling(value: Value, step: Value) -> Value:
    exact, size = number(value), number(step)
    if size == 0 or exact == 0:
        return 0.0
    if exact > 0 > size:
        raise Fault(NUM)
    return _multiple(exact, size, math.ceil)


@function("FLOOR", 2)
def _floor(value: Value, step: Value) -> Value:
    exact, size = number(value), number(step)
    if exact == 0:
        return 0.0
    if size == 0:
        raise Fault(DIV0)
    if exact > 0 > size:
        raise Fault(NUM)
    return _multiple(exact, size, math.floor)


@function("CEILING.MATH", 1, 3)
def _ceiling_math(value: Value, step: Value = 1.0, away: Value = 0.0) -> Value:
    exact, size = number(value), abs(number(1.0 if step is None else step))
    if size == 0:
        return 0.0
    return _multiple(exact, size, math.floor if exact < 0 and number(away) else math.ceil)


@function("FLOOR.MATH", 1, 3)
def _floor_math(value: Value, step: Value = 1.0, towards: Value = 0.0) -> Value:
    exact, size = number(value), abs(number(1.0 if step is None else step))
    if size == 0:
        return 0.0
    return _multiple(exact, size, math.ceil if exact < 0 and number(towards) else math.floor)


@function("CEILING.PRECISE ISO.CEILING", 1, 2)
def _ceiling_precise(value: Value, step: Value = 1.0) -> Value:
    return _ceiling_math(value, step)


@function("FLOOR.PRECISE", 1, 2)
def _floor_precise(value: Value, step: Value = 1.0) -> Value:
    return _floor_math(value, step)


def _multiple(value: float, size: float, how: Callable[[float], int]) -> float:
    quotient = value / size
    nearest = round(quotient)
    if abs(quotient - nearest) < abs(quotient) * NEARLY:
        return finite(nearest * size)
    return finite(how(quotient) * size)


@function("MROUND", 2)
def _mround(value: Value, step: Value) -> Value:
    exact, size = number(plain(value)), number(plain(step))
    if size == 0 or exact == 0:
        return 0.0
    if (exact < 0) != (size < 0):
        raise Fault(NUM)
    quotient = exact / size
    rest = quotient - math.floor(quotient)
    if rest != 0.5 and abs(rest - 0.5) < 1e-9:
        doubt(f"MROUND({general(exact)},{general(size)})")
    return finite(math.floor(quotient + 0.5) * size)


@function("MOD", 2)
def _mod(value: Value, divisor: Value) -> Value:
    exact, by = number(value), number(divisor)
    if by == 0:
        raise Fault(DIV0)
    quotient = exact / by
    if abs(quotient) >= 2.0**49:
        doubt(f"MOD({general(exact)},{general(by)})")
        raise Fault(NUM)
    nearest = round(quotient)
    if exact != nearest * by and abs(quotient - nearest) < 1e-12 * max(1.0, abs(quotient)):
        doubt(f"MOD({general(exact)},{general(by)})")
    return finite(exact - by * math.floor(quotient)) if exact != nearest * by else 0.0


@function("QUOTIENT", 2)
def _quotient(value: Value, divisor: Value) -> Value:
    exact, by = number(plain(value)), number(plain(divisor))
    if by == 0:
        raise Fault(DIV0)
    return float(math.trunc(exact / by))


# ------------------------------------------------------------------------------- one number


def _plain(name: str, compute: Callable[[float], float]) -> None:
    """Enter a function of one number; what it is not defined for is #NUM!."""
    read = plain if name in ("FACTDOUBLE", "SQRTPI") else lambda value: value

    def scalar(value: Value) -> Value:
        try:
            return finite(compute(number(read(value))))
        except (ValueError, OverflowError):
            raise Fault(NUM) from None

    function(name, 1)(scalar)


def _sign(value: float) -> float:
    return float((value > 0) - (value < 0))


def _factorial(value: float) -> float:
    if value < 0:
        raise ValueError(value)
    if value >= 171:
        raise OverflowError(value)
    return float(math.factorial(int(value)))


def _double_factorial(value: float) -> float:
    if value < -1:
        raise ValueError(value)
    if value >= 301:
        raise OverflowError(value)
    return float(math.prod(range(int(value), 0, -2)))


_ONE_NUMBER: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "SIGN": _sign,
    "SQRT": math.sqrt,
    "EXP": math.exp,
    "LN": math.log,
    "LOG10": math.log10,
    "SIN": math.sin,
    "COS": math.cos,
    "TAN": math.tan,
    "ASIN": math.asin,
    "ACOS": math.acos,
    "ATAN": math.atan,
    "SINH": math.sinh,
    "COSH": math.cosh,
    "TANH": math.tanh,
    "ASINH": math.asinh,
    "ACOSH": math.acosh,
    "ATANH": math.atanh,
    "DEGREES": math.degrees,
    "RADIANS": math.radians,
    "FACT": _factorial,
    "FACTDOUBLE": _double_factorial,
    "SQRTPI": lambda value: math.sqrt(value * math.pi),
}
for _name, _compute in _ONE_NUMBER.items():
    _plain(_name, _compute)


@function("PI", 0)
def _pi() -> Value:
    return math.pi


@function("POWER", 2)
def _power(value: Value, exponent: Value) -> Value:
    return power(value, exponent)


@function("LOG", 1, 2)
def _log(value: Value, base: Value = 10.0) -> Value:
    exact, by = number(value), number(base)
    if exact <= 0 or by <= 0:
        raise Fault(NUM)
    if by == 1:
        raise Fault(DIV0)
    if by == 10:
        return math.log10(exact)
    return math.log2(exact) if by == 2 else math.log(exact) / math.log(by)


@function("ATAN2", 2)
def _atan2(x: Value, y: Value) -> Value:
    across, up = number(x), number(y)
    if across == up == 0:
        raise Fault(DIV0)
    return math.atan2(up, across)


@function("COMBIN", 2)
def _combin(count: Value, chosen: Value) -> Value:
    return float(math.comb(*_chosen(count, chosen)))


@function("PERMUT", 2)
def _permut(count: Value, chosen: Value) -> Value:
    return float(math.perm(*_chosen(count, chosen)))


def _chosen(count: Value, chosen: Value) -> tuple[int, int]:
    whole_count, whole_chosen = whole(count), whole(chosen)
    if not 0 <= whole_chosen <= whole_count:
        raise Fault(NUM)
    if whole_count > 1000 and min(whole_chosen, whole_count - whole_chosen) > 1:
        doubt(f"COMBIN({whole_count})")
        raise Fault(NUM)
    return whole_count, whole_chosen


@function("GCD", 1, ANY, takes="(r)")
def _gcd(*args: Value | Area) -> Value:
    return float(math.gcd(*_naturals(args)))


@function("LCM", 1, ANY, takes="(r)")
def _lcm(*args: Value | Area) -> Value:
    return finite(float(reduce(math.lcm, _naturals(args), 1)))


def _naturals(args: tuple[Value | Area, ...]) -> list[int]:
    if any(isinstance(value, (bool, str)) for arg in args for value in cells(area_of(arg))):
        doubt("GCD ?")  # which of them are skipped and which are an error
    found = [int(value) for value in numbers(args)]
    if any(not 0 <= value < 2**53 for value in found):
        raise Fault(NUM)
    return found


@function("COMBINA", 2)
def _combina(count: Value, chosen: Value) -> Value:
    of, taken = whole(count), whole(chosen)
    if of < 0 or taken < 0 or of + taken > 1000 or (of == 0 and taken):
        raise Fault(NUM)
    if taken > of:
        doubt("COMBINA")
    return float(math.comb(of + taken - 1, taken)) if of else 1.0


@function("MULTINOMIAL", 1, ANY, takes="(r)")
def _multinomial(*args: Value | Area) -> Value:
    found = _naturals(args)
    if sum(found) > 170:
        raise Fault(NUM)
    result = math.factorial(sum(found))
    for each in found:
        result //= math.factorial(each)
    return float(result)


@function("DELTA", 1, 2)
def _delta(one: Value, other: Value = 0.0) -> Value:
    return float(number(plain(one)) == number(plain(other)))


@function("GESTEP", 1, 2)
def _gestep(value: Value, step: Value = 0.0) -> Value:
    return float(number(plain(value)) >= number(plain(step)))


# --------------------------------------------------------------------------- number systems

_DIGITS = {"BIN": (2, 2**9), "OCT": (8, 2**29), "HEX": (16, 2**39)}


def _from_decimal(base: int, limit: int) -> Callable[..., Value]:
    def scalar(value: Value, places: Value = None) -> Value:
        _check(places)
        return _printed(whole(plain(value)), base, limit, places)

    return scalar


def _check(places: Value) -> None:
    if places is not None and not 1 <= whole(places) <= 10:
        raise Fault(NUM)


def _printed(value: int, base: int, limit: int, places: Value) -> str:
    if not -limit <= value < limit:
        raise Fault(NUM)
    rest, digits = value if value >= 0 else value + 2 * limit, ""
    while rest:
        rest, digit = divmod(rest, base)
        digits = "0123456789ABCDEF"[digit] + digits
    digits = digits or "0"
    if places is None or value < 0:
        return digits
    if len(digits) > (width := whole(places)):
        raise Fault(NUM)
    return digits.rjust(width, "0")


def _read(value: Value, base: int, limit: int) -> int:
    digits = text(plain(value)) or "0"
    if len(digits) > 10 or set(digits.upper()) - set("0123456789ABCDEF"[:base]):
        raise Fault(NUM)
    found = int(digits, base)
    return found - 2 * limit if found >= limit else found


def _to_decimal(base: int, limit: int) -> Callable[..., Value]:
    return lambda value: float(_read(value, base, limit))


def _between(one: tuple[int, int], other: tuple[int, int]) -> Callable[..., Value]:
    def scalar(value: Value, places: Value = None) -> Value:
        _check(places)
        return _printed(_read(value, *one), *other, places)

    return scalar


for _name, _system in _DIGITS.items():
    function(f"DEC2{_name}", 1, 2)(_from_decimal(*_system))
    function(f"{_name}2DEC", 1)(_to_decimal(*_system))
    for _other, _target in _DIGITS.items():
        if _other != _name:
            function(f"{_name}2{_other}", 1, 2)(_between(_system, _target))
