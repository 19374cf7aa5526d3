"""The plan of payments over the year: what share is to be paid by when."""

from collections.abc import Iterator
from itertools import groupby, pairwise

from xlperf.rules.context import FormCase
from xlperf.rules.rule import ERROR, GOAL, INFO, NO, SUGGEST, WARNING, Fault, rule


@rule("P01", severity=ERROR, stage=GOAL, fix=NO)
def plan_does_not_reach_100(form: FormCase) -> Iterator[Fault]:
    """资金支出计划年末未达 100% 或出现下降 |
    Spending plan does not end at 100% or decreases

    The plan gives the share paid up to each point, so it never falls, and all is paid by the end.

    Bad:  支出计划.3月底=25% 支出计划.6月底=50% 支出计划.10月底=75% 支出计划.12月底=95%
    Bad:  支出计划.3月底=25% 支出计划.6月底=60% 支出计划.10月底=50% 支出计划.12月底=100%
    Bad:  支出计划.3月底=25% 支出计划.6月底=50% 支出计划.10月底=75% 支出计划.12月底=""
    Good: 支出计划.3月底="" 支出计划.6月底=50% 支出计划.10月底=75% 支出计划.12月底=100%
    """
    plan = form.plan
    if not any(point.entry for point in plan):
        return
    known = [(point.label, point.share) for point in plan if point.share is not None]
    for (_, before), (label, after) in pairwise(known):
        if after < before:
            yield Fault(label)
    if plan[-1].share != 1:
        yield Fault(plan[-1].label)


@rule("P02", severity=WARNING, stage=GOAL, fix=NO)
def plan_stands_still(form: FormCase) -> Iterator[Fault]:
    """资金支出计划多期不变：{plan} | Spending plan is flat over periods: {plan}

    A share that stays the same at three points in a row (the number is a setting), neither nothing
    nor all, mostly means that the plan was copied from cell to cell.

    Bad:  支出计划.3月底=35% 支出计划.6月底=35% 支出计划.10月底=35% 支出计划.12月底=100%
    Good: 支出计划.3月底="" 支出计划.6月底=100% 支出计划.10月底=100% 支出计划.12月底=100%
    Good: 支出计划.3月底=30% 支出计划.6月底=50% 支出计划.10月底=50% 支出计划.12月底=100%
    """
    shares = "→".join(point.entry.text or "0%" for point in form.plan)
    for share, points in groupby(form.plan, key=lambda point: point.share):
        still = list(points)
        if share and share < 1 and len(still) >= form.settings.flat_plan_points:
            yield Fault(still[1].label, plan=shares)


@rule("P03", severity=INFO, stage=GOAL, fix=SUGGEST)
def plan_with_blank_cell(form: FormCase) -> Iterator[Fault]:
    """资金支出计划有空格，应填 0% | Blank spending-plan cell, write 0%

    A blank before the first payment means 0 %. A blank after it may mean anything.

    Bad:  支出计划.3月底="" 支出计划.6月底=50% 支出计划.10月底=75% 支出计划.12月底=100%
    Good: 支出计划.3月底=0% 支出计划.6月底=50% 支出计划.10月底=75% 支出计划.12月底=100%
    Good: 支出计划.3月底="" 支出计划.6月底="" 支出计划.10月底="" 支出计划.12月底=""
    """
    first = next((i for i, point in enumerate(form.plan) if point.entry), 0)
    for position, point in enumerate(form.plan):
        if not point.entry and any(other.entry for other in form.plan):
            yield Fault(point.label, fix="0%" if position < first else None)
