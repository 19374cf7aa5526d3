"""Scores by the policy: what every indicator earns, why, and the formula that says so in its cell.

A rule is built once as a formula tree (`score_expr`); computing the score and printing the Excel
formula are two readings of that tree. Nothing is invented: what no rule decides stays open for a
person, with the reason.
"""

from xlperf.scoring.policy import Policy, shipped_policies
from xlperf.scoring.rules import score_expr
from xlperf.scoring.score import Score, score
from xlperf.scoring.totals import (
    Due,
    execution_score,
    explanations_due,
    grade,
    rescaled,
    total,
)

__all__ = [
    "Due",
    "Policy",
    "Score",
    "execution_score",
    "explanations_due",
    "grade",
    "rescaled",
    "score",
    "score_expr",
    "shipped_policies",
    "total",
]
