"""Cost targets against the budget, and amounts against the form's money unit."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from xlperf.diagnostic import Span
from xlperf.indicator import Parsed, Qualitative, Quantity, Threshold, base, parse
from xlperf.rules.context import MONEY_UNITS, FormCase, IndicatorCase
from xlperf.rules.rule import (
    BOTH,
    ERROR,
    GOAL,
    INFO,
    NO,
    SAFE,
    SUGGEST,
    WARNING,
    Fault,
    plain,
    rule,
)

_WHOLE_LIFE = re.compile("总投资|概算|全周期|合同总")
_MONTHLY = re.compile("每个?月|月均|月平均|按月")
_FOR_EACH = re.compile(
    "单价|单位|单[台套个件次项人户条本份张]|人均|每(?!个?[月年])|各单位|平均(?!每?个?[月年])|标准"
)
_REFERENCE = re.compile("标准|规定|定额|限额|概算|上年|往年|预算|合同|市场")
_COMPARING = re.compile(
    "不[高低超少多大小]|[低高少小大]于|超过|以[内下上]|控制在|符合|按照?|执行|[≤≥<>]"
)


class Money(NamedTuple):
    """An amount in 元, and what it is counted against (元/月)."""

    amount: Decimal
    per: str


def _money(parsed: Parsed) -> Money | None:
    """What a text without "at least" says about money."""
    match parsed.target:
        case Threshold(op="≤" | "<" | "=" | None, quantity=quantity):
            amount, unit = base(quantity)
            currency, _, per = unit.partition("/")
            return Money(amount, per) if currency == "元" else None
    return None


def _in_form_unit(form: FormCase, amount: Decimal) -> str:
    """An amount in 元 as the form's head would print it."""
    return f"{plain(amount / MONEY_UNITS[form.money_unit])}{form.money_unit}"


@rule("B01", severity=ERROR, stage=GOAL, fix=SUGGEST)
def cost_above_budget(indicator: IndicatorCase) -> Iterator[Fault]:
    """成本指标上限 {cap} 高于预算数 {budget} | Cost ceiling {cap} is above the budget {budget}

    A cost target that allows more than the budget controls nothing. The budget is that of the year
    as first planned, or that of the whole project where the form states it too.

    Bad:
        金额单位=万元 资金.预算数.金额=94.1
        产出指标/成本指标 项目支出 "≤95 万元"
    Good:
        金额单位=元 资金.资金总额.金额=1600000
        产出指标/成本指标 项目支出 ≤160万元
    """
    form, parsed = indicator.form, indicator.parsed
    money, budget = _money(parsed), form.budget
    if (
        not indicator.is_cost
        or money is None
        or budget is None
        or _WHOLE_LIFE.search(indicator.name)
    ):
        return
    if (whole := form.number("资金.项目资金总额.金额")) is not None and form.money_scale:
        budget = max(budget, whole * form.money_scale)
    if money.amount > budget > 0:
        span, text = parsed.spans.get("number"), indicator.target_text
        assert isinstance(parsed.target, Threshold)
        number = budget * parsed.target.quantity.number / money.amount
        fix = text[: span.start] + plain(number) + text[span.end :] if span else None
        stated = _in_form_unit(form, budget)
        yield Fault("指标值", span=span, fix=fix, cap=text.strip(), budget=stated)


@rule("B02", severity=WARNING, stage=GOAL, fix=NO)
def monthly_cost_far_from_budget(form: FormCase) -> Iterator[Fault]:
    """成本指标折合全年 {x}，与预算数 {budget} 差异较大 |
    Unit cost scaled to the year gives {x}, far from budget {budget}

    Where a cost by the month is the form's only cost in money, twelve months of it should come near
    the budget. A cost of each of several things (单套, 人均, 每条) says nothing about the year.

    Bad:
        金额单位=万元 资金.预算数.金额=115.2
        产出指标/成本指标 系统维护平均每月成本 "≤3 万元"
    Good:
        金额单位=万元 资金.预算数.金额=60
        产出指标/成本指标 月均租赁成本 "≤5 万元"
    Good:
        金额单位=万元 资金.预算数.金额=60
        产出指标/成本指标 单套设备月均租金 ≤1500元
    """
    costs = [
        (row, money) for row in form.indicators if row.is_cost and (money := _money(row.parsed))
    ]
    budget = form.budget
    if len(costs) != 1 or budget is None or budget <= 0:
        return
    ((row, money),) = costs
    about = row.name + row.text("绩效指标描述")
    monthly = money.per == "月" or (not money.per and _MONTHLY.search(about))
    year = money.amount * 12
    if not monthly or _FOR_EACH.search(about):
        return
    if abs(year - budget) > form.settings.yearly_cost_gap * budget:
        stated = _in_form_unit(form, budget)
        yield Fault("指标值", at=row, x=_in_form_unit(form, year), budget=stated)


@rule("B03", severity=INFO, stage=GOAL, fix=NO)
def cost_total_beside_its_parts(form: FormCase) -> Iterator[Fault]:
    """成本指标中总额与分项并列，易重复计算 | Cost block mixes the total with its own parts

    A cost target as high as the whole budget, beside others that are parts of it, counts the same
    money twice when the form is scored.

    Bad:
        金额单位=万元 资金.预算数.金额=3169.1
        产出指标/成本指标 租赁费用 ≤760万元
        产出指标/成本指标 项目资金 ≤3169.1万元
    Good:
        金额单位=万元 资金.预算数.金额=3708.49
        产出指标/成本指标 软件维护成本 ≤1800万元
        产出指标/成本指标 硬件维护成本 ≤1200万元
    """
    budget = form.budget
    costs = [
        (row, money.amount)
        for row in form.indicators
        if row.is_cost and (money := _money(row.parsed)) and not money.per
        and not _FOR_EACH.search(row.name) and not _MONTHLY.search(row.name)
    ]  # fmt: skip
    if budget is not None and any(0 < amount < budget for _, amount in costs):
        yield from (Fault("指标值", at=row) for row, amount in costs if amount == budget)


@rule("B04", severity=INFO, stage=BOTH, fix=SAFE)
def money_in_another_unit(indicator: IndicatorCase) -> Iterator[Fault]:
    """金额单位不一致：{v}（表头单位 {unit}） | Money unit differs from the form unit: {v} vs {unit}

    Costs are compared with the amounts in the form's head, so they are easier to check in the same
    unit. Unit costs, and amounts below one of the head's unit, stay as they are.

    Bad:  产出指标/成本指标 符合合同要求 ≤160万元
    Good: 产出指标/成本指标 符合合同要求 ≤1600000元
    Good: 产出指标/成本指标 人均培训费 ≤0.5万元
    Good:
        金额单位=万元
        产出指标/成本指标 耗材单价 ≤45元
    """
    form = indicator.form
    if not indicator.is_cost or form.money_scale is None or _FOR_EACH.search(indicator.name):
        return
    readings = {"指标值": indicator.parsed, "实际完成值": parse(indicator.actual_text)}
    for label, parsed in readings.items():
        match parsed.target:
            case Threshold(quantity=Quantity(_, scale, "元", "") as quantity):
                amount = quantity.number * scale
                if scale == form.money_scale or amount < form.money_scale:
                    continue
                span = _figure(parsed)
                text, figure = parsed.source, _in_form_unit(form, amount)
                fix = text[: span.start] + figure + text[span.end :] if span else None
                yield Fault(label, span=span, fix=fix, v=text.strip(), unit=form.money_unit)


def _figure(parsed: Parsed) -> Span | None:
    """Where number, scale and unit stand, if they stand together, without brackets."""
    parts = [parsed.spans[name] for name in ("number", "scale", "unit") if name in parsed.spans]
    figure = Span(parts[0].start, parts[-1].end) if "unit" in parsed.spans else None
    if figure is None or "number" not in parsed.spans:
        return None
    between = parsed.source[parts[-2].end : parts[-1].start] if len(parts) > 1 else ""
    return figure if not between.strip() else None


@rule("B05", severity=WARNING, stage=GOAL, fix=NO)
def cost_not_measurable(indicator: IndicatorCase) -> Iterator[Fault]:
    """成本指标不可衡量：{v} | Cost indicator cannot be measured: {v}

    Cost can always be counted. A limit set elsewhere (不高于资产配置标准) and a plain yes or no
    count as measurable.

    Bad:  产出指标/成本指标 商品单价 尽量降低成本
    Good: 产出指标/成本指标 商品单价 ≤45元
    Good: 产出指标/成本指标 采购单价 不高于资产配置标准
    Good: 产出指标/成本指标 收费标准 符合
    """
    match indicator.target:
        case Qualitative(text=text, yes=None) if indicator.is_cost and text:
            if not (_COMPARING.search(text) and _REFERENCE.search(text)):
                yield Fault("指标值", v=text)
