"""The score of one indicator: its points, why they are what they are, and the formula for its cell."""

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from xlperf.diagnostic import Diagnostic, Message
from xlperf.expr import Call, Const, Expr, Value, evaluate
from xlperf.expr import Binary
from xlperf.forms import Entry, Indicator
from xlperf.indicator import (
    Deadline,
    Frequency,
    Interval,
    Parsed,
    Qualitative,
    Quantity,
    Target,
    Threshold,
    measure,
    parse,
    parse_with_name,
)
from xlperf.scoring.actuals import actual_expr, reached, unit_of
from xlperf.scoring.policy import Policy
from xlperf.scoring.rules import ACTUAL, WEIGHT, full_marks, score_expr


@dataclass(frozen=True, slots=True)
class Score:
    """The points of one indicator; `value` is None where a person has to judge.

    `formula` is what its cell may hold, over the variables 分值 and 实际完成值 (the cells beside it):
    it gives `value`, or "" for None. It is None where no formula can tell what a person can.
    """

    value: Decimal | None
    why: Message
    formula: Expr | None


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What holds for a target and an actual, whatever the weight is.

    `points` gives the score where ACTUAL is `actual`; None leaves it open.
    """

    points: Expr | None
    actual: Value
    why: Message
    formula: Expr | None


def score(indicator: Indicator, policy: Policy) -> Score:
    """Total: whatever stands in the row, it has a score or is left open with a reason."""
    actual = indicator.entry("实际完成值")
    verdict = _judge(indicator.target, indicator.level3, actual, policy)
    weight = indicator.weight
    if verdict.points is None:
        return Score(None, verdict.why, verdict.formula)
    if weight is None:
        why = Message("未填写分值，暂不计分", "the indicator has no weight, so no score")
        return Score(None, why, None)
    points = evaluate(verdict.points, {WEIGHT.name: weight, ACTUAL.name: verdict.actual})
    return Score(rounded(points, policy), verdict.why, verdict.formula)


def rounded(points: float, policy: Policy) -> Decimal:
    return round(Decimal(points), policy.places)
