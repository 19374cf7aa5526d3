"""What a value says: unit, comparator, completeness, and whether it can be measured at all."""

import re
from collections.abc import Iterator
from decimal import Decimal

from xlperf.diagnostic import Diagnostic, Span
from xlperf.indicator import (
    Deadline,
    Frequency,
    Parsed,
    Qualitative,
    Quantity,
    Target,
    Threshold,
    base,
    check,
    measure,
    parse,
)
from xlperf.rules.context import IndicatorCase
from xlperf.rules.reading import (
    ACTUAL,
    TARGET,
    category,
    filled,
    number_span,
    quantities,
    squeezed,
    wants_less,
    wants_more,
)
from xlperf.rules.rule import (
    BOTH,
    ERROR,
    GOAL,
    NO,
    SELF_EVALUATION,
    SUGGEST,
    WARNING,
    Fault,
    rule,
)
from xlperf.scoring import applies

_TIMED = re.compile("时间|时限|时效|年份|年度$")
_DESCRIPTIONS = ("三级指标", "绩效指标描述", "说明")
_COMMA = re.compile("[，。；、,;]")
_COMPLETION = re.compile("完成(?:率|情况|比例|度|数|数量|量)$")
_NUMBERING = re.compile(r"(?:^|[\s，。；;、：:])[\d一二三四五六七八九十]{1,2}$")
_TORN = re.compile("[、，,；;：:）)”]|或(?![有者])")
_DONE = re.compile("完成|全部|全面|全覆盖|到位|达标|合格|通过|符合|^已|^是$|^有$")
_ON_A_SCALE = re.compile("分制|满分")
_NOTHING = re.compile("无|未发生|未出现|没有|零")
_FEWEST_LETTERS = 8
_UNFINISHED = {
    "予": "",
    "目": "项数栏节题科条名账书醒盲耳瞩面剧夺头编曲",
    "开": "公展召打离放盛揭拉避分撇张拆解推铺敞错隔切散传绽掀断移绕",
    "受": "享接承感遭忍经难禁蒙领收",
    "与": "参赋给授",
    "或": "",
    "及": "普涉触惠波推顾危论企提言累殃以",
    "将": "干大武健名勇",
    "把": "火拖",
    "对": "核应查校比针面相绝成反配派不",
    "据": "数依证根票单凭占论收字",
    "被": "植棉",
}
"""A value does not end with this letter unless one of the others stands before it."""


def _states(indicator: IndicatorCase, columns: tuple[str, ...]) -> bool:
    """Whether a column of its own states what the value leaves out; 定量 alone states nothing."""
    return any(indicator.text(label).strip() not in ("", "定量") for label in columns)


def _is_year(indicator: IndicatorCase, quantity: Quantity) -> bool:
    """Whether the bare number is a year or a date such as 2025.6."""
    timed = category(indicator) == "时效" or _TIMED.search(indicator.name)
    bare = not quantity.unit and quantity.scale == 1
    return bool(timed) and bare and 1990 <= quantity.number < 2100


@rule("C01", severity=ERROR, stage=BOTH, fix=SUGGEST)
def value_without_unit(indicator: IndicatorCase) -> Iterator[Fault]:
    """指标值缺少单位：{v} | Target has no unit: {v}

    Without a unit nobody can say whether 90 means per cent, points or people. The unit may stand in
    the value, in brackets in the indicator's name, or in a column of its own. An actual value takes
    the unit of its target. Zero is zero in every unit, and an index has none.

    Bad:  满意度指标/满意度指标 系统使用人员满意度 90
    Bad:  产出指标/成本指标 项目支出 197.9万 → 197.9万元
    Bad:  产出指标/数量指标 归集额 按下达的任务 → 42.79
    Good: 满意度指标/满意度指标 系统使用人员满意度 ≥90%
    Good: 满意度指标/满意度指标 系统使用人员满意度（%） 90
    Good: 产出指标/数量指标 购置设备数量 ≥27 度量单位=台
    Good: 产出指标/数量指标 购置设备数量 ≥27台 → 27
    Good: 效益指标/社会效益指标 重大事故起数 0
    Good: 效益指标/社会效益指标 居民收入基尼系数 ≤0.4
    Good: 满意度指标/满意度指标 学员评价 ≥4.5（5分制）
    """
    settings = indicator.form.settings
    name = indicator.name.casefold()
    if _states(indicator, settings.unit_columns) or any(
        word.casefold() in name for word in settings.unitless
    ):
        return
    for label, parsed in filled(indicator):
        found = quantities(parsed.target)
        if label == ACTUAL and quantities(indicator.target):
            return
        if (
            found
            and not _ON_A_SCALE.search(f"{indicator.name}{parsed.source}")
            and all(
                not quantity.unit and quantity.number and not _is_year(indicator, quantity)
                for quantity in found
            )
        ):
            fix = _with_unit_of_actual(indicator) if label == TARGET else None
            yield Fault(label, span=number_span(parsed), fix=fix, v=parsed.source)


def _with_unit_of_actual(indicator: IndicatorCase) -> str | None:
    """The target with the unit of its actual, where no scale is left to guess."""
    target, actual = indicator.target, indicator.actual
    if not (isinstance(target, Threshold) and isinstance(actual, Threshold)):
        return None
    wanted, reached = target.quantity, actual.quantity
    if not reached.unit or reached.per or (wanted.scale == 1) != (reached.scale == 1):
        return None
    spans, source = indicator.parsed.spans, indicator.target_text
    end = spans.get("scale", spans["number"]).end
    return f"{source[:end]}{reached.unit}{source[end:]}"


@rule("C02", severity=WARNING, stage=GOAL, fix=SUGGEST)
def number_without_comparator(indicator: IndicatorCase) -> Iterator[Fault]:
    """定量指标缺少比较符号：{v} | Numeric target has no comparator: {v}

    A number alone does not say whether more or less is better. Which of them was meant is never
    guessed: a comparator is suggested only where the name or the description states it.

    Bad:  产出指标/数量指标 购置设备数量 27台
    Bad:  产出指标/质量指标 验收合格率 100%
    Bad:  产出指标/数量指标 培训人数 50人 绩效指标描述=培训人数不少于50人
    Good: 产出指标/数量指标 购置设备数量 ≥27台
    Good: 产出指标/质量指标 验收合格率 不低于95%
    Good: 产出指标/质量指标 覆盖率(≥**%) 80
    Good: 产出指标/数量指标 购置设备数量 27 计算符号=≥ 度量单位=台
    Good: 产出指标/数量指标 培训班期数 3-5期
    """
    match indicator.target:
        case Threshold(op=None, quantity=quantity):
            stated = _states(indicator, indicator.form.settings.comparator_columns)
            if not stated and not _is_year(indicator, quantity):
                parsed = indicator.parsed
                fix = _with_stated_comparator(indicator, quantity)
                yield Fault(TARGET, span=number_span(parsed), fix=fix, v=parsed.source)


def _with_stated_comparator(indicator: IndicatorCase, quantity: Quantity) -> str | None:
    for label in _DESCRIPTIONS:
        for clause in _COMMA.split(indicator.text(label)):
            match parse(clause).target:
                case Threshold(op=str() as op, quantity=same) if base(same) == base(quantity):
                    return f"{op}{indicator.target_text.strip()}"
    return None


@rule("C06", severity=ERROR, stage=GOAL, fix=NO)
def completion_of_nothing(indicator: IndicatorCase) -> Iterator[Fault]:
    """完成率目标为 0：{name} {v} | Completion target is zero: {name} {v}

    Nothing needs to be done to complete nothing; mostly a value that was never filled in.

    Bad:  产出指标/数量指标 异地购房提取核实发函完成情况 =0.00%
    Bad:  产出指标/数量指标 采购任务完成率 0%
    Good: 产出指标/数量指标 采购任务完成率 =100%
    Good: 产出指标/质量指标 逾期未完成率 =0%
    Good: 效益指标/社会效益指标 重大事故发生次数 =0次
    """
    if not _COMPLETION.search(indicator.name) or wants_less(indicator):
        return
    match indicator.target:
        case Threshold(op=op, quantity=Quantity(number=number)) if number == 0 and op != ">":
            yield Fault(
                TARGET,
                span=number_span(indicator.parsed),
                name=indicator.name,
                v=indicator.target_text,
            )


@rule("C07", severity=WARNING, stage=GOAL, fix=NO)
def exact_target_that_may_be_exceeded(indicator: IndicatorCase) -> Iterator[Fault]:
    """
    "="用于可超额的指标，建议 ≥：{name} {v} |
    "=" on an indicator that may be exceeded; use >=: {name} {v}

    Taken at its word, “=90%” makes 95% a miss. A whole such as 100% cannot be exceeded, and for a
    number that is fixed by contract “=” is right. Which indicators are meant is the setting
    `more_is_better`.

    Bad:  产出指标/质量指标 工作验收合格率 =90%
    Bad:  产出指标/数量指标 年度归集目标任务 =45亿元
    Good: 产出指标/质量指标 工作验收合格率 ≥90%
    Good: 产出指标/质量指标 工作验收合格率 =100%
    Good: 产出指标/数量指标 密码测评次数 =1次
    Good: 产出指标/数量指标 质保金支付比例 =5%
    Good: 效益指标/社会效益指标 投诉处理不满意率 =1%
    """
    if category(indicator) == "成本" or not wants_more(indicator):
        return
    match indicator.target:
        case Threshold(op="=", quantity=quantity):
            number, unit = base(quantity)
            if (unit == "%" and 0 < number < 100) or (unit == "元" and number > 0):
                yield Fault(
                    TARGET,
                    span=indicator.parsed.spans.get("comparator"),
                    name=indicator.name,
                    v=indicator.target_text,
                )


@rule("C08", severity=WARNING, stage=BOTH, fix=SUGGEST)
def clipped_value(indicator: IndicatorCase) -> Iterator[Fault]:
    """指标值不完整（疑似被单元格截断）：{v} | Value looks clipped by the cell: {v}

    A guess from how the text begins and ends: a bracket without its partner, a conjunction at the
    beginning, half a word at the end. What is missing, only a person knows.

    Bad:  产出指标/数量指标 年度贷款目标任务完成情况 管委会批复的年度目
    Bad:  产出指标/数量指标 对归集委托银行的监督考核 业务部)序时完成任务;监督考核受
    Bad:  产出指标/数量指标 审核缴存单位缓缴申请 或降低缴存比例的单位经营情况,予
    Good: 产出指标/数量指标 审核缴存单位缓缴申请 按企业申请应审尽审,予以支持
    Good: 效益指标/社会效益指标 档案管理情况 1）档案齐全；2）借阅有登记
    Good: 效益指标/社会效益指标 信息公开 及时公开
    """
    for label, parsed in filled(indicator):
        if isinstance(parsed.target, Qualitative):
            span = _torn(parsed)
            if span is not None:
                yield Fault(label, span=span, v=parsed.source)


def _torn(parsed: Parsed) -> Span | None:
    """Where the text shows that a part of it is missing."""
    source = parsed.source.rstrip()
    for fault in check(parsed):
        if fault.code == "V105" and fault.span and not _is_numbering(source, fault.span):
            return fault.span
    start = len(source) - len(source.lstrip())
    if match := _TORN.match(source, start):
        return Span(match.start(), match.end())
    before, last = source[-2:-1], source[-1:]
    if len(source) >= _FEWEST_LETTERS and last in _UNFINISHED and before not in _UNFINISHED[last]:
        return Span(len(source) - 1, len(source))
    return None


def _is_numbering(source: str, bracket: Span) -> bool:
    return bool(_NUMBERING.search(source[: bracket.start]))


@rule("C09", severity=ERROR, stage=BOTH, fix=NO)
def empty_target(indicator: IndicatorCase) -> Iterator[Fault]:
    """指标值为空 | Target is empty

    An indicator without a target cannot be measured.

    Bad:  效益指标/社会效益指标 推送内容相关率 ""
    Good: 效益指标/社会效益指标 推送内容相关率 ≥95%
    """
    if TARGET in indicator.record.entries and indicator.name and not indicator.target_text.strip():
        yield Fault(TARGET)


@rule("C12", severity=WARNING, stage=GOAL, fix=NO)
def target_repeats_the_name(indicator: IndicatorCase) -> Iterator[Fault]:
    """目标值与指标名称相同，无衡量意义 | Target only repeats the indicator name

    Such a target says nothing about how much or how well.

    Bad:  效益指标/社会效益指标 保持现有营业环境 保持现有营业环境
    Good: 效益指标/社会效益指标 营业环境投诉次数 ≤2次
    """
    text = squeezed(indicator.target_text)
    if text and text == squeezed(indicator.name):
        yield Fault(TARGET)


@rule("C13", severity=ERROR, stage=SELF_EVALUATION, fix=NO)
def actual_of_another_kind(indicator: IndicatorCase) -> Iterator[Fault]:
    """目标与实际不可比：{t} / {a} | Target and actual are not comparable: {t} / {a}

    An amount of money does not answer a number of months, nor prose a number. What a reader
    converts at sight passes: 22项 for 20个, 85天 for 3个月, a bare number, 完成 for 100%, 无 for
    none, a yearly count for a frequency.

    Bad:  产出指标/数量指标 劳务派遣费 27人*12月 → 173.93万元
    Bad:  产出指标/数量指标 综合能力培训 12个管理部 → 成功举办培训班，提升干部素质
    Bad:  产出指标/质量指标 参训合格率 ≥95% → 120人
    Good: 产出指标/数量指标 接口开发数量 ≥20个 → 22项
    Good: 产出指标/数量指标 培训人数 ≥50人 → 60
    Good: 产出指标/数量指标 治理面积 ≥1.2万亩 → 800公顷
    Good: 产出指标/数量指标 外出考察批次 ≥2批 → 不适用
    Good: 产出指标/数量指标 巡检次数 每月至少一次 → 12次
    Good: 产出指标/质量指标 采购完成率 =100% → 已完成
    Good: 效益指标/社会效益指标 安全事故起数 ≤1起 → 未发生
    Good: 产出指标/时效指标 完成时间 2023年底前 → 已按时完成
    Good: 产出指标/数量指标 新闻发布会 ≥2次 → 先后召开2次新闻发布会
    """
    target, actual = indicator.target, indicator.actual
    if not indicator.actual_text.strip() or isinstance(target, (Qualitative, Frequency)):
        return
    if not applies(indicator.record):
        return
    match target, actual:
        case _, Frequency():
            return
        case Deadline(), Deadline() | Qualitative():
            return
        case Deadline(), _:
            wrong = not _is_whole(actual)
        case _, Deadline():
            wrong = not _is_whole(target)
        case _, Qualitative(text):
            said = (_is_whole(target) and _DONE.search(text)) or _NOTHING.match(text)
            wrong = not said and not _mentions(text, target)
        case _:
            wrong = isinstance(measure(target, actual), Diagnostic) and not _alike(target, actual)
    if wrong:
        yield Fault(ACTUAL, t=indicator.target_text, a=indicator.actual_text)


def _is_whole(target: Target) -> bool:
    """Whether the value is all there is, 100% or a single one, so that 完成 says the same."""
    return any(
        number == (100 if unit == "%" else 1) for number, unit in map(base, quantities(target))
    )


def _mentions(text: str, target: Target) -> bool:
    """Whether the prose holds a quantity in the target's unit."""
    return any(
        quantity.unit
        and re.search(rf"[\d.一二两三四五六七八九十百千万亿]\s*{re.escape(quantity.unit)}", text)
        for quantity in quantities(target)
    )


def _alike(target: Target, actual: Target) -> bool:
    """Whether both are of one dimension, if not in units that convert exactly."""
    kinds = {_dimension(quantity) for quantity in (*quantities(target), *quantities(actual))}
    return len(kinds - {""}) <= 1


def _dimension(quantity: Quantity) -> str:
    """What the unit measures: the base unit of a measure, 个 for whatever is counted."""
    unit = base(Quantity(Decimal(1), unit=quantity.unit))[1]
    if unit in ("分", "倍", "百分点"):
        return "%"
    if unit in ("亩", "平方米"):
        return "平方米"
    if unit in ("", "元", "%", "米", "立方米", "千克"):
        return unit
    if unit in ("秒", "月", "工作日", "岁"):
        return "秒"
    return unit if "·" in unit else "个"
