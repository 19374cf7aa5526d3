"""The form as a whole: execution, total, grade, explanations."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.rows import row
from xlperf.expr import evaluate, parse_formula
from xlperf.forms import Entry, Indicator, Project
from xlperf.scoring import (
    Policy,
    execution_score,
    explanations_due,
    grade,
    rescaled,
    shipped_policies,
    total,
)
from xlperf.scoring.totals import grade_expr, rate_expr, total_expr

DEFAULT = Policy.default()


@pytest.mark.parametrize(
    ("budget", "executed", "points"),
    [
        ("2005500", "1980298.62", "9.87"),
        ("99563.97", "99191.25", "9.96"),
        ("100000", "86560", "8.66"),
        ("80000", "69463", "8.68"),
        ("2000", "1975", "9.88"),  # 9.875 is rounded up
        ("100", "120", "10"),
        ("100", "0", "0"),
        ("0", "100", None),
        (None, "100", None),
        ("100", None, None),
    ],
)
def test_execution(budget: str | None, executed: str | None, points: str | None) -> None:
    amounts = [None if amount is None else Decimal(amount) for amount in (budget, executed)]
    wanted = None if points is None else Decimal(points)
    assert execution_score(amounts[0], amounts[1], Decimal(10), DEFAULT) == wanted


amounts = st.decimals("0.01", 10**9, places=2)


@given(amounts, amounts, st.decimals(0, 20, places=1))
def test_execution_is_what_the_form_computes(
    budget: Decimal, executed: Decimal, weight: Decimal
) -> None:
    formula = parse_formula("ROUND(D8*MIN(1,C8/B8),2)")
    cells = dict(zip((2, 3, 4), (budget, executed, weight), strict=True))

    class Form:
        def __getitem__(self, cell: object) -> Decimal:
            return cells[cell.column]  # type: ignore[attr-defined]

    shown = evaluate(formula, Form())  # type: ignore[arg-type]
    assert execution_score(budget, executed, weight, DEFAULT) == Decimal(repr(shown))


def test_a_total_adds_the_scores_there_are() -> None:
    scores = [Decimal("9.87"), None, Decimal("0.1"), Decimal("0.2"), Decimal("88.7")]
    assert total(scores, DEFAULT) == Decimal("98.87")
    assert total([], DEFAULT) == 0


def test_rows_that_do_not_apply_leave_the_rest_on_the_scale_of_100() -> None:
    weights = [Decimal(10), Decimal(40), Decimal(30)]
    assert rescaled(weights, weights) == 100
    assert rescaled([Decimal(9), Decimal(36), Decimal(27)], weights) == 90
    assert rescaled([], []) is None


@pytest.mark.parametrize(
    ("points", "name"),
    [
        ("100", "优"),
        ("90", "优"),
        ("89.99", "良"),
        ("80", "良"),
        ("79.99", "中"),
        ("60", "中"),
        ("59.99", "差"),
        ("0", "差"),
        ("-1", "差"),
    ],
)
def test_grades(points: str, name: str) -> None:
    assert grade(Decimal(points), DEFAULT) == name


scores = st.lists(st.one_of(st.none(), st.decimals(0, 40, places=2)), min_size=1, max_size=12)
POLICIES = [Policy.load(name) for name in shipped_policies()]


@given(scores, st.sampled_from(POLICIES))
def test_total_and_grade_are_what_their_formulas_show(
    points: list[Decimal | None], policy: Policy
) -> None:
    shown = evaluate(total_expr(policy), {"得分": (tuple(points),)})
    if all(earned is None for earned in points):
        assert shown == ""
        assert evaluate(grade_expr(policy), {"总分": shown}) == ""
    else:
        sum_ = total(points, policy)
        assert Decimal(repr(shown)) == sum_
        assert evaluate(grade_expr(policy), {"总分": shown}) == grade(sum_, policy)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.decimals("0.1", 40, places=1)), min_size=1, max_size=9),
    st.lists(st.decimals("0.1", 20, places=1), max_size=3),
)
def test_a_rescaled_total_is_what_its_formula_shows(
    rows: list[tuple[float, Decimal]], dropped: list[Decimal]
) -> None:
    earned = [round(weight * Decimal(share), 2) for share, weight in rows]
    applying = [weight for _, weight in rows]
    cells = {
        "得分": (tuple(earned),),
        "分值合计": ((*applying, *dropped),),
        "不适用分值": (tuple(dropped),),
    }
    shown = evaluate(total_expr(DEFAULT, rescales=True), cells)
    exact = rescaled(earned, applying)
    assert exact is not None
    assert abs(Decimal(repr(shown)) - exact) <= Decimal("0.00500001")


@given(amounts, amounts)
def test_the_rate_is_printed_in_points_or_as_a_ratio(budget: Decimal, executed: Decimal) -> None:
    cells = {"全年预算数": budget, "全年执行数": executed}
    points = evaluate(rate_expr(percent_points=True), cells)
    ratio = evaluate(rate_expr(percent_points=False), cells)
    assert abs(points - ratio * 100) <= 1e-6 * max(1.0, points)
    assert evaluate(rate_expr(percent_points=True), {**cells, "全年预算数": 0}) == ""


def form(budget: str, executed: str, *indicators: Indicator) -> Project:
    funding = {
        "资金.年度资金总额.全年预算数": Entry(budget, Decimal(budget)),
        "资金.年度资金总额.全年执行数": Entry(executed, Decimal(executed)),
    }
    return Project(funding, indicators)


def due(project: Project) -> list[tuple[int | None, str]]:
    return [(item.index, item.why.zh) for item in explanations_due(project, DEFAULT)]


def test_slow_execution_is_explained() -> None:
    assert due(form("100000", "86560")) == [(None, "预算执行率 86.56%，低于 90%")]
    assert due(form("100000", "90000")) == []
    assert due(form("0", "0")) == []
    assert due(Project({})) == []


def test_lost_points_and_far_exceeded_targets_are_explained() -> None:
    printed = Indicator({**row("≤10万元", "9.92万元", 2).entries, "得分": Entry("1", Decimal(1))})
    project = form(
        "100",
        "100",
        printed,
        row("≥98%", "49%", 12),
        row("≥150万条", "1950000条", 12),
        row("≥150万条", "194.9万条", 12),
        row("每年至少一次", "5次", 12),
        row("及时", "及时", 12),
        row("0次", "3次", 12),
        row("≥4次", "不适用", 12),
        row("2023年底", "2023年底", 12),
    )
    assert due(project) == [
        (0, "扣 1 分"),
        (1, "扣 6 分"),
        (2, "实际完成值为指标值的 130%"),
    ]
