"""Deadlines and years: those of targets, of goals and of the payment plan."""

import re
from collections.abc import Iterator

from xlperf.diagnostic import Span
from xlperf.indicator import Deadline
from xlperf.rules.context import GOALS, FormCase, IndicatorCase
from xlperf.rules.rule import ERROR, GOAL, INFO, NO, SUGGEST, WARNING, Fault, rule

_PROJECT_CODE = re.compile(r"\d{6}(\d{2})[A-Z]")
_GOAL_YEAR = re.compile(
    r"(?<![\d〔\[（(较比与自从至止于同])((?:19|20)\d\d)(?=年(?!以来|底以来|相比|基础|同期))"
)
_CLOSED = re.compile("[前内止]|为止|完成|[至到—–~-]")
_ERA = re.compile("[当本]年|年内|年度|全年|次年|[上下]半年")
_OF_PAYMENT = re.compile("支付|付款|拨付|缴费|缴纳")


def setup_year(form: FormCase) -> int | None:
    """The year in which the project was entered, which its code states: no later year is known."""
    match = _PROJECT_CODE.match(form.text("项目编码"))
    return 2000 + int(match[1]) if match else None


@rule("Y01", severity=ERROR, stage=GOAL, fix=SUGGEST)
def deadline_outside_the_year(indicator: IndicatorCase) -> Iterator[Fault]:
    """时限 {date} 不在预算年度 {year} | Deadline {date} is outside fiscal year {year}

    A target of this year's budget is due in this year, or within the project's planned dates. A
    form that does not name its year still has the project's code, which begins with region and year
    of entry: nothing can be due before that year.

    Bad:
        年度=2025
        产出指标/时效指标 完成时限 2024年10月22日
    Bad:
        项目编码=13020025P00000210003G
        产出指标/时效指标 完成时限 2024年10月22日
    Good:
        年度=2025
        产出指标/时效指标 完成时限 2025年底前
    Good:
        项目编码=13020025P00000210003G
        产出指标/时效指标 完成时限 2026年10月22日
    """
    form, parsed = indicator.form, indicator.parsed
    match parsed.target:
        case Deadline(date=date, period=None) if date is not None:
            year, entered = form.year, setup_year(form)
            ends = (year, form.year_in("计划开始日期"), form.year_in("计划完成日期"))
            years = sorted(end for end in ends if end is not None)
            if (years and not years[0] <= date.year <= years[-1]) or (
                not years and entered and date.year < entered
            ):
                right = (year or years[-1]) if years else entered
                text = parsed.source
                fix = _with_year(text, date.year, right)
                place = text.find(str(date.year))
                span = Span(place, place + 4) if place >= 0 else parsed.spans.get("date")
                yield Fault("指标值", span=span, fix=fix, date=text.strip(), year=right)


def _with_year(text: str, wrong: int, right: int | None) -> str | None:
    return text.replace(str(wrong), str(right)) if text.count(str(wrong)) == 1 else None


@rule("Y02", severity=WARNING, stage=GOAL, fix=SUGGEST)
def goal_of_an_earlier_year(form: FormCase) -> Iterator[Fault]:
    """总体目标出现往年：{year} | Goal text mentions an earlier year: {year}

    An earlier year in this year's goal mostly means that last year's text was copied. A year that
    is compared with (较2022年) or stands in the number of a document is none; the goal of the whole
    project may reach back to the year in which the project begins.

    Bad:  年度=2023 年度总体目标=2022年度网点设备运行正常，业务不间断。
    Good: 年度=2023 年度总体目标=2023年度网点设备运行正常，业务不间断。
    Good: 年度=2023 年度总体目标=线上办理率较2022年提高5个百分点。
    Good: 年度=2023 计划开始日期=2022-01-01 项目总目标=2022年建成平台，2023年平稳运行。
    """
    if form.year is None:
        return
    begun = form.year_in("计划开始日期")
    for label in GOALS:
        text, year = form.text(label), form.year
        if label == "项目总目标" and begun is not None:
            year = min(year, begun)
        earlier = [match for match in _GOAL_YEAR.finditer(text) if int(match[1]) < year]
        if earlier:
            fix = text
            for match in earlier:
                fix = fix[: match.start()] + str(year) + fix[match.end() :]
            yield Fault(label, span=Span(*earlier[0].span()), fix=fix, year=earlier[0][1])


@rule("Y03", severity=INFO, stage=GOAL, fix=SUGGEST)
def deadline_without_before_or_year(indicator: IndicatorCase) -> Iterator[Fault]:
    """时限缺少"前"或年份：{v} | Deadline lacks 前 or the year: {v}

    A bare date leaves open whether the work is done on that day or by it; a date without a year may
    be met next year.

    Bad:
        年度=2025
        产出指标/时效指标 完成时限 2025年12月15日
    Bad:
        年度=2025
        产出指标/时效指标 完成时限 年底前
    Good:
        年度=2025
        产出指标/时效指标 完成时限 2025年12月15日前
    Good: 产出指标/时效指标 支付时间 每月10日前
    """
    parsed = indicator.parsed
    match parsed.target:
        case Deadline(date=date, start=None, start_month=None, start_day=None, period=None):
            text, span = parsed.source, parsed.spans.get("date")
            closed, year = _CLOSED.search(text), indicator.form.year
            dated = date is not None or _ERA.search(text) is not None
            if span is None or (closed and dated):
                return
            before = "" if dated or year is None else f"{year}年"
            after = "" if closed else "前"
            date_text = text[span.start : span.end]
            if before and date_text.startswith("年"):
                before = str(year)
            fix = text[: span.start] + before + date_text + after + text[span.end :]
            yield Fault("指标值", span=span, fix=fix if dated or before else None, v=text.strip())


@rule("Y04", severity=WARNING, stage=GOAL, fix=NO)
def payment_and_deadline_disagree(form: FormCase) -> Iterator[Fault]:
    """资金支付计划早于/晚于业务时限 | Payment plan and deadline disagree

    Money that is all paid months before the work is due, or whose last part is paid months after
    the last of it, does not follow the work. How many months is a setting. A deadline for payment
    itself is a limit, and paying earlier keeps it; work that is due in a later year is paid from
    that year's money too.

    Bad:
        年度=2025 支出计划.3月底=0% 支出计划.6月底=100% 支出计划.10月底=100% 支出计划.12月底=100%
        产出指标/时效指标 项目完成时限 2025年12月31日前
    Bad:
        年度=2025 支出计划.3月底=25% 支出计划.6月底=50% 支出计划.10月底=75% 支出计划.12月底=100%
        产出指标/时效指标 项目完成时限 2025年5月31日前
    Good:
        年度=2025 支出计划.3月底=25% 支出计划.6月底=50% 支出计划.10月底=75% 支出计划.12月底=100%
        产出指标/时效指标 项目完成时限 2025年12月15日前
    Good:
        年度=2025 支出计划.3月底=0% 支出计划.6月底=100% 支出计划.10月底=100% 支出计划.12月底=100%
        产出指标/时效指标 会费支付时限 2025年12月31日前
    Good:
        年度=2025 支出计划.3月底=0% 支出计划.6月底=30% 支出计划.10月底=80% 支出计划.12月底=100%
        产出指标/时效指标 汛前隐患整改完成时间 2025年4月30日前
        产出指标/时效指标 主体工程完工时间 2026年5月31日前
    """
    plan = form.plan
    paid = next((i for i, point in enumerate(plan) if point.share == 1), None)
    if paid is None:
        return
    first, last = (plan[paid - 1].month + 1 if paid else 1), plan[paid].month
    gap = form.settings.payment_gap_months
    dues = list(_due_months(form))
    end = max((due for _, due in dues), default=0)
    for row, due in dues:
        early = min(due, 12) - last > gap and not _OF_PAYMENT.search(row.name)
        if early or (due == end and first - due > gap):
            yield Fault("指标值", at=row)


def _due_months(form: FormCase) -> Iterator[tuple[IndicatorCase, int]]:
    """The indicators with a day on which they are due, and its month counted from the year's."""
    for row in form.indicators:
        match row.target:
            case Deadline(date=date, start=None, period=None) if date is not None:
                year = form.year or max(setup_year(form) or date.year, date.year)
                yield row, date.month + 12 * (date.year - year)
