"""The settings of the rules: reading them, and that each one is heard."""

import tomllib
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from xlperf.diagnostic import InputError
from xlperf.rules import RULES, Settings, read_example, run
from xlperf.rules.settings import as_toml

MONTHLY = "金额单位=万元 资金.预算数.金额=50\n产出指标/成本指标 月均租金 ≤5万元"
PAID_EARLY = (
    "年度=2025 支出计划.3月底=0% 支出计划.6月底=50% 支出计划.10月底=100% 支出计划.12月底=100%\n"
    "产出指标/时效指标 完成时限 2025年12月31日前"
)
FLAT = "支出计划.3月底=30% 支出计划.6月底=50% 支出计划.10月底=50% 支出计划.12月底=100%"
ROUNDED = "资金.资金总额.金额=100 资金.财政拨款.金额=60.4 资金.其他资金.金额=39.7"


def heard(code: str, text: str, **settings: Any) -> bool:
    forms = [replace(form, settings=Settings.of(settings)) for form in read_example(text)]
    return bool(run(forms, [RULES[code]]))


@pytest.mark.parametrize(
    ("code", "text", "key", "value"),
    [
        ("A06", ROUNDED, "tolerance", 0.1),
        ("B02", MONTHLY, "yearly_cost_gap", 0.1),
        ("Y04", PAID_EARLY, "payment_gap_months", 1),
        ("P02", FLAT, "flat_plan_points", 2),
    ],
)
def test_a_setting_changes_what_its_rule_finds(
    code: str, text: str, key: str, value: float
) -> None:
    assert heard(code, text, **{key: value}) != heard(code, text)


def test_a_table_of_settings_is_read() -> None:
    assert Settings.of({}) == Settings()
    assert Settings.of({"tolerance": 1}).tolerance == Decimal(1)
    assert Settings.of({"tolerance": 0.05}).tolerance == Decimal("0.05")


def test_a_wrong_key_says_which_there_are() -> None:
    with pytest.raises(InputError, match=r"tolerence.*tolerance"):
        Settings.of({"tolerence": 1})


@pytest.mark.parametrize("value", ["0.01", True, [1], None, -1, float("nan")])
def test_a_value_of_the_wrong_kind_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match=r"tolerance = 0\.01"):
        Settings.of({"tolerance": value})


def test_every_default_can_be_written_in_a_file() -> None:
    lines = [f"{s.name} = {as_toml(getattr(Settings(), s.name))}" for s in fields(Settings)]
    assert Settings.of(tomllib.loads("\n".join(lines), parse_float=Decimal)) == Settings()
