"""What an indicator earns, as a formula: one tree for each kind of target.

The variables are `WEIGHT` and `ACTUAL`. Rules only compare and divide, so target and actual may be
in any unit as long as it is the same for both.
"""

from dataclasses import replace
from decimal import Decimal

from xlperf.expr import Binary, Call, Const, Expr, Ref
from xlperf.indicator import Interval, Target, Threshold, base, runs_backwards
from xlperf.scoring.policy import Policy

WEIGHT = Ref("分值")
ACTUAL = Ref("实际完成值")


def score_expr(target: Target, policy: Policy, actual: Expr = ACTUAL) -> Expr | None:
    """The points that `actual` earns, a number in the unit in which the target is printed.

    They are "" where a person has to judge. None where no formula can tell: for frequencies,
    deadlines and qualitative targets, and for those that run backwards.
    """
    if runs_backwards(target):
        return None
    match target:
        case Threshold(None, quantity):
            # More may be better or worse: only the number itself is beyond doubt.
            return _full_if(_compare(actual, "=", quantity.number), policy)
        case Threshold(op, quantity) if quantity.number < 0:
            # A proportion of a negative number means nothing.
            return _full_if(_compare(actual, _EXCEL[op], quantity.number), policy)
        case Threshold("=", quantity) if policy.equals == "exact" or quantity.number == 0:
            points = _all_or_nothing(WEIGHT, _compare(actual, "=", quantity.number))
        case Threshold("≥" | ">" | "=" as op, quantity):
            points = _at_least(WEIGHT, actual, quantity.number, strict=op == ">")
        case Threshold("≤" | "<" as op, quantity):
            points = _at_most(WEIGHT, actual, quantity.number, policy, strict=op == "<")
        case Interval():
            return _interval(target, policy, actual)
        case _:
            return None
    return _rounded(points, policy)


def _interval(target: Interval, policy: Policy, actual: Expr) -> Expr:
    high = target.high.number
    # In the unit of the upper end: 8千-1.2万元 is from 0.8 on.
    low = base(target.low)[0] / base(replace(target.high, number=Decimal(1)))[0]
    if low == -high:
        size = Call("ABS", (actual,))
        return _rounded(_at_most(WEIGHT, size, high, policy, strict=target.high_open), policy)
    if low < 0:
        above = _compare(actual, ">" if target.low_open else ">=", low)
        below = _compare(actual, "<" if target.high_open else "<=", high)
        return _full_if(Call("AND", (above, below)), policy)
    # Inside neither bound costs anything, outside only the nearer one does.
    points = _at_least(WEIGHT, actual, low, strict=target.low_open)
    points = _at_most(points, actual, high, policy, strict=target.high_open)
    return _rounded(points, policy)


def full_marks(policy: Policy) -> Expr:
    return _rounded(WEIGHT, policy)


_EXCEL: dict[str | None, str] = {"≥": ">=", ">": ">", "≤": "<=", "<": "<", "=": "="}


def _at_least(points: Expr, actual: Expr, bound: Decimal, *, strict: bool) -> Expr:
    """All the points when reached, else in proportion."""
    if bound == 0:
        return _all_or_nothing(points, _compare(actual, ">" if strict else ">=", bound))
    return _clipped(points, Binary("/", actual, _const(bound)))


def _at_most(points: Expr, actual: Expr, bound: Decimal, policy: Policy, *, strict: bool) -> Expr:
    """All the points when kept, else as the policy says."""
    limit = _const(bound)
    if bound == 0 or policy.at_most == "zero":
        op = "<" if strict and bound else "<="
        return _all_or_nothing(points, _compare(actual, op, bound))
    if policy.at_most == "ratio":
        return Binary("/", Binary("*", points, limit), Call("MAX", (limit, actual)))
    return _clipped(points, Binary("-", Const(2.0), Binary("/", actual, limit)))


def _clipped(points: Expr, share: Expr) -> Expr:
    within = Call("MAX", (Const(0.0), Call("MIN", (Const(1.0), share))))
    return Binary("*", points, within)


def _all_or_nothing(points: Expr, condition: Expr) -> Expr:
    return Binary("*", points, Call("IF", (condition, Const(1.0), Const(0.0))))


def _full_if(condition: Expr, policy: Policy) -> Expr:
    return Call("IF", (condition, full_marks(policy), Const("")))


def _rounded(points: Expr, policy: Policy) -> Expr:
    return Call("ROUND", (points, Const(float(policy.places))))


def _compare(actual: Expr, op: str, bound: Decimal) -> Expr:
    return Binary(op, actual, _const(bound))  # type: ignore[arg-type]


def _const(number: Decimal) -> Const:
    return Const(float(number))
