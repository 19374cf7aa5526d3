"""Sums, rates, scores and grades: borders, and faults planted into forms that are right."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.rules.conftest import changed, load_examples, messages
from xlperf.forms import Entry
from xlperf.rules import RULES, FormCase, read_example, run
from xlperf.scoring.policy import Grade

SCORED = [form for form in load_examples() if form.execution]
EXECUTED = "资金.年度资金总额.全年预算数=100000 资金.年度资金总额.全年执行数={} "
ROW = "产出指标/数量指标 台数 {} 分值=10 得分={}"

scored = pytest.mark.parametrize("form", SCORED, ids=lambda form: form.project.key)


def codes(form: FormCase, *rules: str) -> list[str]:
    return [finding.code for finding in run([form], [RULES[code] for code in rules])]


def test_every_self_evaluation_is_tried() -> None:
    assert len(SCORED) == 8


@scored
def test_rates_scores_and_grades_as_published_are_right(form: FormCase) -> None:
    assert codes(form, "A04", "A05", "G01") == []


@scored
@pytest.mark.parametrize(
    ("rule", "label", "step"),
    [("A04", "执行率", "0.02"), ("A04", "执行率", "-0.02"), ("A05", "得分", "0.02")],
)
def test_a_planted_slip_is_found(form: FormCase, rule: str, label: str, step: str) -> None:
    label = f"资金.年度资金总额.{label}"
    printed = form.number(label)
    assert printed is not None
    assert codes(changed(form, label, str(printed + Decimal(step))), rule) == [rule]


@scored
@pytest.mark.parametrize("grade", ["良", "中", "差"])
def test_a_planted_grade_is_found(form: FormCase, grade: str) -> None:
    assert codes(changed(form, "自评结论", grade), "G01") == ["G01"]


@pytest.mark.parametrize(
    ("executed", "rate", "right"),
    [
        (86560, "86.56", True),
        (86560, "86.6", True),
        (86560, "87", True),
        (86560, "86", False),
        (86560, "0.8656", True),
        (86560, "86.5", False),
        (86565, "86.57", True),
        (99996, "100", True),
        (110000, "110", True),
        (110000, "100", False),
        (0, "0", True),
    ],
)
def test_a_rate_may_have_fewer_places(executed: int, rate: str, right: bool) -> None:
    found = messages("A04", EXECUTED.format(executed) + f"资金.年度资金总额.执行率={rate}")
    assert (found == []) is right


def test_a_row_of_its_own_has_a_rate_too() -> None:
    text = "资金.财政拨款.全年预算数=100 资金.财政拨款.全年执行数=80 资金.财政拨款.执行率=90"
    assert messages("A04", text) == ["预算执行率应为 80%，填报 90%"]


def test_a_form_may_print_another_weight_for_execution() -> None:
    text = EXECUTED.format(50000) + "资金.年度资金总额.分值=20 资金.年度资金总额.得分={}"
    assert messages("A05", text.format(10)) == []
    assert messages("A05", text.format(5)) != []


@pytest.mark.parametrize(
    ("target", "points", "calc"),
    [
        ("≥27台 → 20台", "7.41", None),
        ("≥27台 → 20台", "7.4", None),
        ("≥27台 → 20台", "7", "7.41"),
        ("≥27台 → 30台", "9", "10"),
        ("≥2.7万台 → 27000台", "10", None),
        ("27台 → 20台", "5", None),
        ("较好 → 较好", "5", None),
        ("≥27台 → 好", "5", None),
        ("≥27台 → 20台", "10", None),
    ],
)
def test_scores_follow_the_formula(target: str, points: str, calc: str | None) -> None:
    expected = [f"定量指标按比例应得 {calc} 分，填报 {points} 分"] if calc else []
    assert messages("A09", ROW.format(target, points)) == expected


@pytest.mark.parametrize(
    ("target", "missed"),
    [
        ("≥27台 → 26台", True),
        ("≥27台 → 27台", False),
        ("≤5天 → 6天", True),
        ("=100% → 98%", True),
        ("2024年6月底前 → 2024年6月30日", False),
        ("2024年6月底前 → 2024年7月1日", True),
        ("通过 → 通过", False),
        ("通过 → 不通过", True),
        ("有效提升 → 基本没有", False),
    ],
)
def test_full_marks_need_a_kept_target(target: str, missed: bool) -> None:
    assert bool(messages("A10", ROW.format(target, 10))) is missed


def test_grades_are_those_of_the_policy() -> None:
    grades = (Grade("优", Decimal(85)), Grade("合格", Decimal(60)), Grade("差", Decimal(0)))
    text = "总分={} 自评结论={}"
    assert messages("G01", text.format(86, "优")) != []
    assert messages("G01", text.format(86, "优"), grades=grades) == []
    assert messages("G01", text.format(70, "优"), grades=grades) == [
        '自评结论"优"与得分 70 不符，应为"合格"'
    ]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("年度资金总额=10 财政拨款=4 其他=6", []),
        ("年度资金总额=10 当年财政拨款=7 上年结转资金=2 其他资金=1", []),
        ("年度资金总额=10 财政拨款=4", ["年度资金总额 10 ≠ 下级合计 4"]),
        ("年度资金总额=10 财政拨款=0 本级安排=10", ["财政拨款 0 ≠ 下级合计 10"]),
        (
            "年度资金总额=10 财政拨款=0 本级安排=8",
            ["年度资金总额 10 ≠ 下级合计 0", "财政拨款 0 ≠ 下级合计 8"],
        ),
        ("年度资金总额=10 财政拨款=4 专项债券=6", []),
        ("年度资金总额=10", []),
    ],
)
def test_funding_rows_add(rows: str, found: list[str]) -> None:
    text = " ".join(f"资金.{row.replace('=', '.全年预算数=')}" for row in rows.split())
    assert messages("A06", text) == [f"资金行不平：{line}" for line in found]


def test_a_total_is_mended_only_where_no_row_is_missing() -> None:
    found = {f.project: f for form in SCORED for f in run([form], [RULES["A01"]])}
    assert all(finding.replacement is None for finding in found.values())
    text = "总分={} 分值合计=100\n产出指标/数量指标 台数 ≥9台 → 9台 分值=100 得分=100"
    assert messages("A01", text.format(99)) == ["得分合计 100 与总分 99 不一致，相差 1"]


PRINTED = "资金.年度资金总额.分值={} 资金.年度资金总额.全年预算数=100 "
SPENT = "资金.年度资金总额.全年执行数=100"


@pytest.mark.parametrize(
    ("weight", "changes", "found"),
    [
        (90, {}, []),
        (88, {}, ["A03"]),
        (90, {"全年预算数": "28万"}, []),
        (88, {"全年预算数": "28万"}, ["A03"]),
        (90, {"全年执行数": ""}, []),
        (90, {"分值": "10分"}, []),
        (88, {"分值": "10分"}, []),
        (90, {"分值": "", "全年预算数": "28万"}, []),
        (100, {"分值": "10分"}, []),
    ],
)
def test_weights_count_execution_where_it_is_printed(
    weight: int, changes: dict[str, str], found: list[str]
) -> None:
    (form,) = read_example(
        f"{PRINTED.format(10)}{SPENT} 分值合计=100\n"
        f"产出指标/数量指标 台数 ≥2台 → 2台 分值={weight} 得分={weight}"
    )
    entries = dict(form.project.entries)
    for column, text in changes.items():
        entries[f"资金.年度资金总额.{column}"] = Entry(text)  # as text that is no number is read
    form = replace(form, project=replace(form.project, entries=entries))
    assert codes(form, "A03") == found
