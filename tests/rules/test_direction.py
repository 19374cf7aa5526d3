"""The direction of comparators, within a document and across its forms."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.conftest import mend
from xlperf.rules import RULES, Finding, read_example, run


def found(code: str, *rows: str, level: str = "效益指标/经济效益指标") -> list[Finding]:
    return run(read_example("\n--\n".join(f"{level} {row}" for row in rows)), [RULES[code]])


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        (["采购节支率 ≥1%", "采购节支率 ≤3%"], ["≤3%"]),
        (["客户投诉次数 ≥1次", "客户投诉次数 ≤3次", "客户投诉次数 ≥2次"], ["≥1次", "≥2次"]),
        (["接待批次 ≥5批", "接待批次 ≤9批"], ["≥5批", "≤9批"]),
        (["接待批次 ≥5批", "接待批次 >6批", "接待批次 ≤9批"], ["≤9批"]),
        (["接待批次 ≥5批", "接待批次（次） ≤9批"], []),
        (["接待批次 ≥5批", "接待批次 ≤9万元"], []),
        (["接待批次 =5批", "接待批次 ≤9批"], []),
        (["接待批次 5-9批", "接待批次 ≤9批"], []),
    ],
)
def test_the_direction_that_contradicts(rows: list[str], wrong: list[str]) -> None:
    assert [finding.value for finding in found("D01", *rows)] == wrong


def test_other_documents_have_their_own_indicators() -> None:
    one, other = read_example(
        "效益指标/经济效益指标 采购节支率 ≥1%\n--\n效益指标/经济效益指标 采购节支率 ≤3%"
    )
    assert not run((one, replace(other, document="another")), [RULES["D01"]])


def test_names_are_compared_by_their_words() -> None:
    assert found("D01", "采购节支率(年) ≥1%", "采购节支率（年） ≤3%")


@pytest.mark.parametrize(
    "row",
    ["投诉次数 ≤3次", "设备故障次数 <2次", "发文数量 ≤20份", "缺陷个数 ≤5个", "不合格批次 ≤1批"],
)
def test_what_should_be_few_may_have_a_limit(row: str) -> None:
    assert not found("D02", row, level="产出指标/数量指标")


@pytest.mark.parametrize("row", ["投诉办结数 ≤30件", "故障修复次数 ≤9次", "参训人数 不超过50人"])
def test_what_is_delivered_may_not(row: str) -> None:
    assert found("D02", row, level="产出指标/数量指标")


@pytest.mark.parametrize(
    ("value", "fix"),
    [
        ("=100%", "≤100%"),
        ("＝100 %", "≤100 %"),
        ("等于100%", "≤100%"),
        ("=100.00(%)", "≤100.00(%)"),
    ],
)
def test_the_cost_control_rate_becomes_a_limit(value: str, fix: str) -> None:
    text = f'产出指标/成本指标 项目成本控制率 "{value}"'
    (finding,) = run(read_example(text), [RULES["D03"]])
    assert finding.replacement == fix
    assert not run(mend(read_example(text), [finding]), [RULES["D03"]])


@pytest.mark.parametrize("row", ["项目成本控制率 ＝95%", "项目成本控制率 100%", "成本节约率 =100%"])
def test_only_a_whole_cost_control_rate_is_meant(row: str) -> None:
    assert not found("D03", row, level="产出指标/成本指标")


def test_the_sign_of_the_majority_is_suggested() -> None:
    rows = ["响应时间 <24小时", "响应时间 ≤1天", "响应时间 <24小时"]
    (finding,) = found("D04", *rows)
    assert (finding.value, finding.replacement) == ("≤1天", "<1天")
    (finding,) = found("D04", "响应时间 <24小时", "响应时间 ≤24小时")
    assert (finding.value, finding.replacement) == ("<24小时", "≤24小时")
    (finding,) = found("D04", "响应时间 不足24小时", "响应时间 ≤24小时")
    assert finding.replacement is None


@given(
    st.lists(st.sampled_from(["≥3次", "≤3次", "<3次", ">3次", "=3次", "≥5次", "良好"]), max_size=6),
    st.randoms(use_true_random=False),
)
def test_the_order_of_forms_does_not_matter(values: list[str], order: random.Random) -> None:
    forms = list(read_example("\n--\n".join(f"产出指标/质量指标 抽检次数 {v}" for v in values)))
    forms = [form for form in forms if form.indicators]
    rules = [RULES["D01"], RULES["D04"]]
    expected = [(f.key, f.code, f.diagnostic) for f in run(forms, rules)]
    order.shuffle(forms)
    assert [(f.key, f.code, f.diagnostic) for f in run(forms, rules)] == expected
