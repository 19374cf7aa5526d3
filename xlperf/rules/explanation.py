"""Reasons: missing where one is due, given where none is, or at odds with the data."""

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from xlperf.diagnostic import Span
from xlperf.indicator import Qualitative, Threshold, parse
from xlperf.rules.context import GOALS, Execution, FormCase, IndicatorCase, rounded
from xlperf.rules.rule import (
    BOTH,
    ERROR,
    GOAL,
    NO,
    SELF_EVALUATION,
    WARNING,
    Case,
    Fault,
    plain,
    rule,
)
from xlperf.scoring import applies
from xlperf.scoring.actuals import completion

_REASON = "未完成原因分析"
_NO_REASON = re.compile(r"[-—–/、.。\s]*(?:无|没有|不适用|N/?A)?[-—–/、.。\s]*", re.IGNORECASE)
_OF_PAYMENT = re.compile("支付|支出|付款|结算|执行率|资金|预算|结余|结转")
_SHARE_OF_TARGET = re.compile(
    r"(?:完成|达到|达|占|为)[^，。；,;]{0,8}(?:目标|任务|计划)[^，。；,;\d]{0,6}?(\d+(?:\.\d+)?)[%％]"
)


def _given(reason: str) -> bool:
    return not _NO_REASON.fullmatch(reason)


def _explained(indicator: IndicatorCase) -> bool:
    return _given(indicator.reason) or _given(indicator.text("说明"))


@rule("E01", severity=ERROR, stage=SELF_EVALUATION, fix=NO)
def deduction_without_reason(indicator: IndicatorCase) -> Iterator[Fault]:
    """扣分未说明原因：{name} | Points deducted without a reason: {name}

    Every indicator that loses points needs a reason, however few they are.

    Bad:  效益指标/社会效益指标 办事便捷程度 较大提升 → 有所提升 分值=15 得分=14 未完成原因分析=""
    Bad:  产出指标/数量指标 培训次数 ≥4次 → 3次 分值=10 得分=7.5 未完成原因分析=无
    Good: 产出指标/数量指标 培训次数 ≥4次 → 3次 分值=10 得分=7.5 未完成原因分析=一次培训改到次年
    Good: 产出指标/数量指标 外出考察批次 ≥2批 → 不适用 分值=10 得分=0 未完成原因分析=""
    """
    points, weight = indicator.score, indicator.weight
    if points is None or weight is None or _REASON not in indicator.record.entries:
        return
    if points < weight and applies(indicator.record) and not _explained(indicator):
        yield Fault(_REASON, name=indicator.name)


@rule("E02", severity=WARNING, stage=SELF_EVALUATION, fix=NO)
def reason_for_full_score(indicator: IndicatorCase) -> Iterator[Fault]:
    """满分却填写了未完成原因：{name} | Full score but a shortfall reason is given: {name}

    Either the score or the reason is wrong. A reason for doing much more than was promised is no
    shortfall reason.

    Bad:  产出指标/成本指标 项目支出 ≤28万元 → 17万元 分值=9 得分=9 未完成原因分析=部分项目支付缓慢
    Good: 产出指标/成本指标 项目支出 ≤28万元 → 17万元 分值=10 得分=10 未完成原因分析=无
    Good: 产出指标/数量指标 线路条数 ≥12条 → 17条 分值=10 得分=10 未完成原因分析=新增五个网点
    """
    points, weight = indicator.score, indicator.weight
    if points is None or not weight or points < weight or not _given(indicator.reason):
        return
    ratio = _reached(indicator)
    if ratio is None or ratio <= 1:
        yield Fault(_REASON, name=indicator.name)


@rule("E03", severity=WARNING, stage=SELF_EVALUATION, fix=NO)
def deviation_without_reason(indicator: IndicatorCase) -> Iterator[Fault]:
    """完成值偏离目标 {p}%，需说明 | Actual deviates {p}% from target; explain

    An actual far above the target says that the target was set too low, or that something unplanned
    happened. From which ratio on is `deviation_from` of the policy's explanations. Staying far
    below an upper limit is no deviation, and a shortfall is E01.

    Bad:  产出指标/数量指标 发送条数 ≥150万条 → 198.38万条 未完成原因分析=""
    Bad:  产出指标/数量指标 贷款发放情况 按批复的年度目标 → 完成年度目标的141% 未完成原因分析=""
    Good: 产出指标/数量指标 发送条数 ≥150万条 → 160万条 未完成原因分析=""
    Good: 产出指标/数量指标 发送条数 ≥150万条 → 198.38万条 未完成原因分析=年中新增验证码短信
    """
    ratio = _reached(indicator)
    if ratio is None or _REASON not in indicator.record.entries or _explained(indicator):
        return
    if ratio >= indicator.form.policy.deviation_from:
        yield Fault("实际完成值", p=rounded((ratio - 1) * 100))


def _reached(indicator: IndicatorCase) -> Decimal | None:
    """Actual over target where more is better; None where it is not, or cannot be told."""
    parsed = indicator.parsed
    match parsed.target:
        case Threshold(op="≥" | ">" | "=" | None):
            return completion(parsed, indicator.entry("实际完成值"))
        case Qualitative():
            stated = _SHARE_OF_TARGET.findall(indicator.actual_text)
            return Decimal(stated[0]) / 100 if len(stated) == 1 else None
    return None


@rule("E04", severity=WARNING, stage=SELF_EVALUATION, fix=NO)
def low_execution_without_reason(form: FormCase) -> Iterator[Fault]:
    """预算执行率 {rate}% 低于 90%，需说明 | Execution {rate}% is below 90%; explain

    A reason counts wherever the form gives it: in a field for reasons, or at an indicator whose
    reason speaks of payment or money. The limit is `execution_below` of the policy's explanations.

    Bad:
        资金.年度资金总额.全年预算数=80000 资金.年度资金总额.全年执行数=69463
        效益指标/经济效益指标 参保单位 扩大 → 扩大 分值=10 得分=9.9 未完成原因分析=宣传力度不足
    Good:
        资金.年度资金总额.全年预算数=80000 资金.年度资金总额.全年执行数=69463
        产出指标/成本指标 业务经费 ≤8万元 → 6.9万元 分值=10 得分=9 未完成原因分析=部分费用支付较慢
    """
    execution = form.execution
    if execution is None or execution.rate >= form.policy.execution_below * 100:
        return
    reasons = [row.reason + row.text("说明") for row in form.indicators]
    own = [
        e.text for label, e in form.project.entries.items() if "原因" in label or "说明" in label
    ]
    if not any(map(_OF_PAYMENT.search, reasons)) and not any(map(_given, own)):
        yield Fault(f"资金.{execution.row}.执行率", rate=execution.rate)


_OUTCOMES = ("实际完成情况",)
_SCALES = {"": Decimal(1), "万": Decimal(10_000), "亿": Decimal(100_000_000)}
_NEW_BUDGET = re.compile(
    r"预算[^，。；,;]{0,12}?(?:调整?|[调压核]减|追加|变更)(?:为|到|至)\s*(?P<number>\d+(?:\.\d+)?)(?P<scale>[万亿]?)元?"
)
_STATED_RATE = re.compile(r"执行率(?:为|达到?|仅)?\s*(?P<number>\d+(?:\.\d+)?)[%％]")
_CERTAIN_FAILURE = re.compile(
    "不排除|难以避免|不可避免|(?:无法|不能)(?:完全)?(?:保证|确保|避免|达到)"
)
_NUMBER = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<scale>[万亿]?)")
_THINGS = re.compile(r"[^\W\da-zA-Z_]{1,2}")
_PART = re.compile("(?:其中|新增|另有?|含|包括|每|约|近|超)[^，。；,;]{0,6}$")


@rule("E05", severity=WARNING, stage=BOTH, fix=NO)
def text_contradicts_data(form: FormCase) -> Iterator[Fault]:
    """说明与数据矛盾：{a} / {b} | Narrative contradicts the data: {a} / {b}

    Four things are certain enough to say: a budget or an execution rate in a text that is not the
    one in the funding table, a count of the same things that differs from the indicator's, and a
    remark that expects failure beside a target that allows none.

    Bad:
        资金.年度资金总额.全年预算数=99563.97 资金.年度资金总额.全年执行数=99191.25
        产出指标/成本指标 合同价 ≤10万元 → 9.92万元 未完成原因分析=预算由10万调整为9.92万
    Bad:
        实际完成情况=12条专线运行正常。
        产出指标/数量指标 线路条数 ≥12条 → 17条
    Bad:  产出指标/质量指标 正常使用率 ＝100% 说明=不排除线路会发生突发故障
    Good:
        资金.年度资金总额.全年预算数=99563.97 资金.年度资金总额.全年执行数=99191.25
        产出指标/成本指标 合同价 ≤10万元 → 9.92万元 未完成原因分析=预算由10万调整为9.96万
    Good:
        实际完成情况=17条专线运行正常，其中新增专线5条。
        产出指标/数量指标 线路条数 ≥12条 → 17条
    """
    if form.execution is not None:
        yield from _other_funding(form, form.execution)
    yield from _other_counts(form, GOALS, "指标值")
    yield from _other_counts(form, _OUTCOMES, "实际完成值")
    for row in form.indicators:
        note = row.text("说明")
        if (match := _CERTAIN_FAILURE.search(note)) and _allows_no_failure(row):
            span = Span(*match.span())
            yield Fault("说明", at=row, span=span, a=note, b=f"{row.name} {row.target_text}")


def _other_funding(form: FormCase, execution: Execution) -> Iterator[Fault]:
    """Budgets and rates in texts that are not those of the funding table."""
    texts: list[tuple[Case, str]] = [(form, label) for label in _OUTCOMES]
    texts += [(row, label) for row in form.indicators for label in (_REASON, "说明")]
    for at, label in texts:
        text = at.text(label)
        for match in _NEW_BUDGET.finditer(text):
            scale = _SCALES[match["scale"]] / (form.money_scale or 1)
            if _differs(match["number"], execution.budget / scale):
                stated = f"全年预算数 {plain(execution.budget)}{form.money_unit}"
                yield Fault(label, at=at, span=Span(*match.span()), a=match[0], b=stated)
        for match in _STATED_RATE.finditer(text):
            if _differs(match["number"], execution.executed / execution.budget * 100):
                stated = f"预算执行率 {plain(execution.rate)}%"
                yield Fault(label, at=at, span=Span(*match.span()), a=match[0], b=stated)


def _differs(stated: str, exact: Decimal) -> bool:
    """Whether a number in a text can be no rounding of the exact one, up or down."""
    step = Decimal(1).scaleb(-len(stated.partition(".")[2]))
    return abs(Decimal(stated) - exact) >= step


def _other_counts(form: FormCase, labels: tuple[str, ...], column: str) -> Iterator[Fault]:
    """Counts in a text of the things that one indicator alone counts, where the number differs."""
    counted = defaultdict(list)
    for row in form.indicators:
        match parse(row.text(column)).target:
            case Threshold(quantity=quantity) if quantity.unit and not quantity.per:
                counted[quantity.unit].append((row, quantity))
    for unit, rows in counted.items():
        ((row, quantity), *others) = rows
        if others or unit in ("元", "%", "‰", "年", "月", "日", "天"):
            continue
        for label in labels:
            text = form.text(label)
            found = list(_counts(text, unit))
            if len(found) != 1 or _PART.search(text[: found[0][0].start()]):
                continue
            ((number, things),) = found
            same = set(things[0]) & set(row.name.replace(unit, ""))
            stated = Decimal(number["number"]) * _SCALES[number["scale"]]
            if same and stated != quantity.number * quantity.scale:
                span = Span(number.start(), things.end())
                said = text[span.start : span.end]
                yield Fault(label, at=form, span=span, a=said, b=f"{row.name} {row.text(column)}")


def _counts(text: str, unit: str) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """Every number with this unit, and the beginning of what it counts."""
    for number in _NUMBER.finditer(text):
        things = _THINGS.match(text, number.end() + len(unit))
        if things and text.startswith(unit, number.end()):
            yield number, things


def _allows_no_failure(indicator: IndicatorCase) -> bool:
    match indicator.target:
        case Threshold(op="=" | "≥" | None, quantity=quantity) if quantity.unit == "%":
            return quantity.number == 100
        case Threshold(op="=" | "≤" | None, quantity=quantity):
            return quantity.number == 0
    return False


_NOT_YET = re.compile(
    r"(?<![接招看期对优])待[^，。；、,;\s]{0,10}?(?:审定|批复|确定|批准|审批|核定|下达|明确)"
    r"|(?:尚未|还未|未经)(?:最终)?(?:审定|批复|确定|批准|审批|核定|下达|明确)|暂定|待定"
)
_NOTES = ("指标值", "说明", "绩效指标描述", "指标值确定依据")


@rule("E06", severity=WARNING, stage=GOAL, fix=NO)
def target_not_yet_approved(indicator: IndicatorCase) -> Iterator[Fault]:
    """目标值尚未确定：{note} | Target not yet approved: {note}

    A target that still waits for somebody's approval cannot be evaluated against.

    Bad:  产出指标/数量指标 年度归集额 ＝45亿元 说明=待管委会审定
    Good: 产出指标/数量指标 接待审批次数 ≥4次 说明=按接待审批单统计
    """
    for label in _NOTES:
        text = indicator.text(label)
        if match := _NOT_YET.search(text):
            yield Fault(label, span=Span(*match.span()), note=text)
