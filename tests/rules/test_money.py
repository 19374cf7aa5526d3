"""Cost against the budget, and money units."""

import pytest

from tests.rules.conftest import messages
from xlperf.rules import RULES, read_example, run

BUDGETS = "资金.年度资金总额.年初预算数=100000 资金.年度资金总额.全年预算数=99000"
COST = "产出指标/成本指标 {}"


@pytest.mark.parametrize(
    ("head", "row", "found"),
    [
        ("金额单位=万元 资金.预算数.金额=94.1", "项目支出 ≤95万元", True),
        ("金额单位=万元 资金.预算数.金额=94.1", "项目支出 ≤94.1万元", False),
        ("金额单位=万元 资金.预算数.金额=94.1", "项目支出 941001元", True),
        ("金额单位=万元 资金.预算数.金额=94.1", "节约额 ≥95万元", False),
        ("金额单位=万元 资金.预算数.金额=94.1", "项目总投资 ≤950万元", False),
        (BUDGETS, "支出 ≤10万元", False),
        ("资金.项目资金总额.金额=300 资金.年度资金申请总额.金额=100", "支出 ≤200元", False),
        ("资金.项目资金总额.金额=300 资金.年度资金申请总额.金额=100", "支出 ≤301元", True),
        ("金额单位=个 资金.预算数.金额=1", "支出 ≤95万元", False),
    ],
)
def test_a_cost_ceiling_is_compared_with_the_budget(head: str, row: str, found: bool) -> None:
    assert bool(messages("B01", f"{head}\n{COST.format(row)}")) is found


def test_the_cost_of_society_is_not_paid_from_the_budget() -> None:
    text = "资金.资金总额.金额=100\n成本指标/{} 支出 ≤200元"
    assert messages("B01", text.format("经济成本指标")) != []
    assert messages("B01", text.format("社会成本指标")) == []


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("月均租金 ≤5万元", False),
        ("月均租金 ≤2万元", True),
        ("租金 ≤2万元/月", True),
        ("租金 每月≤2万元", True),
        ("租金 ≤2万元", False),
        ("人均月租金 ≤0.2万元", False),
        ("每条专线月租 ≤0.2万元", False),
        ("月均租金 较低", False),
    ],
)
def test_a_monthly_cost_is_scaled_to_the_year(row: str, found: bool) -> None:
    head = "金额单位=万元 资金.预算数.金额=60"
    assert bool(messages("B02", f"{head}\n{COST.format(row)}")) is found


def test_a_monthly_cost_beside_other_costs_is_only_a_part() -> None:
    text = "金额单位=万元 资金.预算数.金额=60\n产出指标/成本指标 月均租金 ≤2万元\n"
    assert messages("B02", text + "产出指标/成本指标 装修费用 ≤36万元") == []


@pytest.mark.parametrize(
    ("unit", "value", "fix"),
    [
        ("元", "≤160万元", "≤1600000元"),
        ("元", "≤ 9.92 万元", "≤ 99200元"),
        ("元", "≤160万", None),
        ("万元", "≤280000元", "≤28万元"),
        ("万元", "≤3000元", None),
        ("万元", "≤0.12亿元", "≤1200万元"),
        ("万元", "≤28万元", None),
        ("元", "≤350元/天", None),
        ("元", "0.5亿元以内", "50000000元以内"),
    ],
)
def test_money_is_rewritten_in_the_unit_of_the_form(unit: str, value: str, fix: str | None) -> None:
    forms = read_example(f'金额单位={unit}\n产出指标/成本指标 合同价 "{value}"')
    assert [f.replacement for f in run(forms, [RULES["B04"]])] == ([fix] if fix else [])


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("尽量降低成本", True),
        ("文件通知", True),
        ("不高于资产配置标准", False),
        ("≤45元", False),
        ("不低于市最低工资标准", False),
        ("符合", False),
        ('""', False),
        ("按合同价控制", False),
    ],
)
def test_a_cost_can_be_measured(value: str, found: bool) -> None:
    assert bool(messages("B05", COST.format(f"单价 {value}"))) is found
