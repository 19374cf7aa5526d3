"""Sums, rates, scores and grades: what the numbers of a form say about each other."""

from collections.abc import Iterator

from xlperf.rules.context import IndicatorCase
from xlperf.rules.rule import ERROR, NO, SELF_EVALUATION, Fault, rule


@rule("A08", severity=ERROR, stage=SELF_EVALUATION, fix=NO)
def score_above_weight(indicator: IndicatorCase) -> Iterator[Fault]:
    """得分 {s} 超过分值 {w} | Score {s} exceeds weight {w}

    An indicator cannot earn more points than it can give.

    Bad:  产出指标/数量指标 购置设备数量 ≥27台 → 30台 分值=10 得分=11
    Good: 产出指标/数量指标 购置设备数量 ≥27台 → 30台 分值=10 得分=10
    """
    score, weight = indicator.score, indicator.weight
    if score is not None and weight is not None and score > weight:
        yield Fault("得分", s=score, w=weight)
