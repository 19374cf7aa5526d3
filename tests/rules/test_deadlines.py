"""Deadlines, years in goals, and the plan of payments beside them."""

import pytest

from tests.rules.conftest import changed, load_examples, messages
from xlperf.rules import RULES, FormCase, read_example, run

DUE = "产出指标/时效指标 {} {}"
PLANNED = [form for form in load_examples() if form.plan]

planned = pytest.mark.parametrize("form", PLANNED, ids=lambda form: form.project.key)


@pytest.mark.parametrize(
    ("head", "value", "found"),
    [
        ("年度=2025", "2025年底前", False),
        ("年度=2025", "2024年底前", True),
        ("年度=2025", "2026年3月前", True),
        ("年度=2025", "每月10日前", False),
        ("年度=2025 计划完成日期=2026-06-30", "2026年3月前", False),
        ("年度=2025", "长期", False),
        ("项目编码=13020023P000001", "2025年底前", False),
        ("项目名称=甲", "2019年底前", False),
    ],
)
def test_a_deadline_lies_in_the_budget_year(head: str, value: str, found: bool) -> None:
    assert bool(messages("Y01", f"{head}\n{DUE.format('完成时限', value)}")) is found


@pytest.mark.parametrize(
    ("goal", "found"),
    [
        ("2022年建成平台", True),
        ("2023年建成平台", False),
        ("较2022年提高5个百分点", False),
        ("按市发〔2022〕5号执行", False),
        ("2022年以来持续推进", False),
        ("实现2035年远景目标", False),
        ("落实20222年数据", False),
    ],
)
def test_a_goal_is_of_its_year(goal: str, found: bool) -> None:
    assert bool(messages("Y02", f"年度=2023 年度总体目标={goal}")) is found


@pytest.mark.parametrize(
    ("value", "fix"),
    [
        ("2025年12月15日", "2025年12月15日前"),
        ("2025年底", "2025年底前"),
        ("年底前", "2025年底前"),
        ("12月底", "2025年12月底前"),
        ("2025年底完成", None),
        ("2025年内", None),
        ("当年底前", None),
        ("每月10日前", None),
        ("2025年3月-9月", None),
        ("2025年12月底前", None),
        ("及时", None),
    ],
)
def test_a_deadline_is_given_what_it_lacks(value: str, fix: str | None) -> None:
    forms = read_example(f"年度=2025\n{DUE.format('完成时限', value)}")
    assert [f.replacement for f in run(forms, [RULES["Y03"]])] == ([fix] if fix else [])


def test_a_year_that_nobody_names_is_not_invented() -> None:
    (finding,) = run(read_example(DUE.format("完成时限", "年底前")), [RULES["Y03"]])
    assert finding.replacement is None


@planned
def test_published_plans_end_at_100_percent(form: FormCase) -> None:
    assert run([form], [RULES["P01"]]) == []


@planned
@pytest.mark.parametrize("end", ["99%", "0%"])
def test_a_plan_that_ends_short_is_found(form: FormCase, end: str) -> None:
    assert run([changed(form, "支出计划.12月底", end)], [RULES["P01"]])


@planned
def test_a_plan_that_falls_is_found(form: FormCase) -> None:
    high = changed(form, "支出计划.3月底", "40%")
    assert run([changed(high, "支出计划.6月底", "30%")], [RULES["P01"]])


def test_all_plans_were_tried() -> None:
    assert len(PLANNED) == 19
