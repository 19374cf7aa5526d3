"""Scores of many rows at once, where a plain number stands beside a target that is one.

Then nothing has to be read: the formula of the target is evaluated for all its rows together, as
the formula in a cell would be. Every other row is for `score` alone, which this never contradicts.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from xlperf.expr import Expr
from xlperf.expr.columns import evaluate
from xlperf.indicator import Threshold, base, parse
from xlperf.scoring.actuals import cell_number, spellings, unit_of
from xlperf.scoring.policy import Policy
from xlperf.scoring.rules import ACTUAL, WEIGHT, score_expr

LEAST, MOST = 1e-4, 1e11
"""Between these a number is written out in the digits that a cell has."""


def scores(
    target: str, policy: Policy, actuals: Sequence[float], weights: Sequence[float]
) -> list[float | str] | None:
    """The score of each row, "" where it has none; None where the rows must be read one by one.

    `actuals` are numbers of cells, which 99.2% holds as 0.992, each 0 or from `LEAST` to `MOST`.
    """
    points = _formula(target, policy)
    if points is None:
        return None
    env = {ACTUAL.name: np.array(_shown(actuals)), WEIGHT.name: np.array(_shown(weights))}
    earned = evaluate(points, env).tolist()
    return [found if isinstance(found, float) else "" for found in earned]


def _shown(numbers: Sequence[float]) -> list[float]:
    """With the 15 digits that Excel keeps."""
    return [float(f"{number:.15g}") for number in numbers]


@lru_cache(maxsize=4096)
def _formula(target: str, policy: Policy) -> Expr | None:
    """The points of a target by a number in the cell beside it."""
    parsed = parse(target)
    unit = unit_of(parsed)
    if unit is None or not isinstance(parsed.target, Threshold) or spellings(parsed) is None:
        return None
    factor, symbol = base(unit)
    actual: Expr = ACTUAL
    if symbol == "%":
        if factor != 1:
            return None
        actual = cell_number(parsed, unit)
    return score_expr(parsed.target, policy, actual)
