"""Targets in prose: bands, scores inside them, what could have been a number."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.conftest import messages
from xlperf.rules import RULES, read_example, run

ROW = "效益指标/社会效益指标 服务能力 有效提升 → {} 分值={} 得分={}"
BANDS = {"达成预期指标": (80, 100), "部分达成": (60, 80), "未达成": (0, 60)}


@given(st.sampled_from(sorted(BANDS)), st.integers(1, 60), st.decimals(0, 1, places=2))
def test_a_score_belongs_to_the_stated_band(word: str, weight: int, share: Decimal) -> None:
    score = weight * share
    low, high = (Decimal(weight) * limit / 100 for limit in BANDS[word])
    said = messages("Q02", ROW.format(word, weight, score))
    assert bool(said) == (not low <= score <= high)


def test_the_bands_are_those_of_the_policy() -> None:
    form = read_example("年度=2025")[0]
    top, *rest = form.policy.bands
    strict = (top._replace(low=Decimal(90)), rest[0]._replace(high=Decimal(90)), *rest[1:])
    row = ROW.format("达成预期指标", 10, "8.5")
    assert not messages("Q02", row)
    assert messages("Q02", row, bands=strict) == ["定性指标得分 8.5 不在 达成预期指标 区间 [9,10]"]


@pytest.mark.parametrize(
    "value", ["通过", "是", "合格", "大专学历及以上", "按合同支付", "≥95%", "一等奖"]
)
def test_what_can_be_decided_needs_no_bands(value: str) -> None:
    assert not run(read_example(f"效益指标/社会效益指标 情况 {value}"), [RULES["Q01"]])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("产出指标/数量指标 培训人次 按计划完成", True),
        ("产出指标/质量指标 验收合格率 合格", True),
        ("满意度指标/满意度指标 群众满意度 满意", True),
        ("产出指标/质量指标 工作效率 提升", False),
        ("产出指标/数量指标 低保保障人数 应保尽保", False),
        ("产出指标/数量指标 村庄保洁覆盖率 全覆盖", False),
        ("产出指标/成本指标 会费金额 文件通知", False),
        ("产出指标/数量指标 培训人次 每期约40人次，共3期", False),
        ('产出指标/数量指标 培训人次 ""', False),
    ],
)
def test_what_could_have_been_a_number(row: str, said: bool) -> None:
    assert bool(run(read_example(row), [RULES["Q03"]])) == said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("满意度指标/满意度指标 群众满意度 ≥95% → 95%", True),
        ("满意度指标/满意度指标 群众满意度 ≥95% → 95.0%", True),
        ("效益指标/社会效益指标 群众满意度 ≥90分 → 90分", True),
        ("满意度指标/满意度指标 群众满意度 ≥95% → 95.1%", False),
        ("满意度指标/满意度指标 群众满意度 =100% → 100%", False),
        ("满意度指标/满意度指标 投诉次数 ≤2次 → 2次", False),
        ("产出指标/质量指标 培训合格率 ≥95% → 95%", False),
    ],
)
def test_a_survey_that_hits_the_target(row: str, said: bool) -> None:
    assert bool(run(read_example(row), [RULES["Q04"]])) == said
