"""Scores by the policy: what every indicator earns, why, and the formula that says so in its cell.

A rule is built once as a formula tree (`score_expr`); computing the score and printing the Excel
formula are two readings of that tree. Nothing is invented: what no rule decides stays open for a
person, with the reason.
"""

from typing import TYPE_CHECKING

from xlperf.lazy import lazy_front
from xlperf.scoring.policy import Policy, shipped_policies
from xlperf.scoring.rules import score_expr
from xlperf.scoring.score import Score, applies, score
from xlperf.scoring.totals import (
    Due,
    execution_row,
    execution_score,
    execution_weight,
    explanations_due,
    grade,
    rescaled,
    total,
)

if TYPE_CHECKING:
    from xlperf.scoring.functions import WORKSHEET_FUNCTIONS, Argument, WorksheetFunction

__all__ = [
    "WORKSHEET_FUNCTIONS",
    "Argument",
    "Due",
    "Policy",
    "Score",
    "WorksheetFunction",
    "applies",
    "execution_row",
    "execution_score",
    "execution_weight",
    "explanations_due",
    "grade",
    "rescaled",
    "score",
    "score_expr",
    "shipped_policies",
    "total",
]

__getattr__ = lazy_front(
    __name__,
    functions="WORKSHEET_FUNCTIONS Argument WorksheetFunction",
)
