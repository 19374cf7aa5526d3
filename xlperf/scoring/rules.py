"""What an indicator earns, as a formula: one tree for each kind of target.

The variables are `WEIGHT` and `ACTUAL`. Rules only compare and divide, so target and actual may be
in any unit as long as it is the same for both.
"""

from decimal import Decimal

from xlperf.expr import Binary, Call, Const, Expr, Ref
from xlperf.indicator import Interval, Target, Threshold
from xlperf.scoring.policy import Policy

WEIGHT = Ref("分值")
ACTUAL = Ref("实际完成值")


def score_expr(target: Target, policy: Policy, actual: Expr = ACTUAL) -> Expr | None:
    """The points that `actual` earns, a number in the unit in which the target is printed.

    They are "" where a person has to judge. None where no formula can tell: for frequencies,
    deadlines and qualitative targets.
    """
    match target:
        case Threshold(None, quantity):
            # More may be better or worse: only the number itself is beyond doubt.
            return _full_if(_compare(actual, "=", quantity.number), policy)
        case Threshold(op, quantity) if quantity.number < 0:
            # A proportion of a negative number means nothing.
            return _full_if(_compare(actual, _EXCEL[op], quantity.number), policy)
        case Threshold("=", quantity) if policy.equals == "exact" or quantity.number == 0:
            share = _all_or_nothing(_compare(actual, "=", quantity.number))
        case Threshold("≥" | ">" | "=" as op, quantity):
            share = _at_least(actual, quantity.number, strict=op == ">")
        case Threshold("≤" | "<" as op, quantity):
            share = _at_most(actual, quantity.number, policy, strict=op == "<")
        case Interval(low, high) if low.number == -high.number:
            size = Call("ABS", (actual,))
            share = _at_most(size, high.number, policy, strict=target.high_open)
        case Interval(low, high) if low.number < 0:
            above = _compare(actual, ">" if target.low_open else ">=", low.number)
            below = _compare(actual, "<" if target.high_open else "<=", high.number)
            return _full_if(Call("AND", (above, below)), policy)
        case Interval(low, high):
            # Inside both shares are 1, outside one of them is the proportion to the nearer bound.
            share = Binary(
                "*",
                _at_least(actual, low.number, strict=target.low_open),
                _at_most(actual, high.number, policy, strict=target.high_open),
            )
        case _:
            return None
    return _points(Binary("*", WEIGHT, share), policy)


_EXCEL: dict[str | None, str] = {"≥": ">=", ">": ">", "≤": "<=", "<": "<", "=": "="}


def _at_least(actual: Expr, bound: Decimal, *, strict: bool) -> Expr:
    """The share of the weight, 0 to 1: all when reached, else in proportion."""
    if bound == 0:
        return _all_or_nothing(_compare(actual, ">" if strict else ">=", bound))
    return _clipped(Binary("/", actual, _const(bound)))


def _at_most(actual: Expr, bound: Decimal, policy: Policy, *, strict: bool) -> Expr:
    """The share of the weight, 0 to 1: all when kept, else as the policy says."""
    limit = _const(bound)
    if bound == 0 or policy.at_most == "zero":
        return _all_or_nothing(_compare(actual, "<" if strict and bound else "<=", bound))
    if policy.at_most == "ratio":
        return Binary("/", limit, Call("MAX", (limit, actual)))
    return _clipped(Binary("-", Const(2.0), Binary("/", actual, limit)))


def _clipped(share: Expr) -> Expr:
    return Call("MAX", (Const(0.0), Call("MIN", (Const(1.0), share))))


def _all_or_nothing(condition: Expr) -> Expr:
    return Call("IF", (condition, Const(1.0), Const(0.0)))


def _full_if(condition: Expr, policy: Policy) -> Expr:
    return Call("IF", (condition, _points(WEIGHT, policy), Const("")))


def _points(points: Expr, policy: Policy) -> Expr:
    return Call("ROUND", (points, Const(float(policy.places))))


def _compare(actual: Expr, op: str, bound: Decimal) -> Expr:
    return Binary(op, actual, _const(bound))  # type: ignore[arg-type]


def _const(number: Decimal) -> Const:
    return Const(float(number))


def full_marks(policy: Policy) -> Expr:
    return _points(WEIGHT, policy)
