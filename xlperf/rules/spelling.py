"""How a value is spelled: comparator, unit, decimals, dates, punctuation.

A safe fix is offered only when the parser reads the new text as the same target, so no fix here can
change what a value means.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from xlperf.diagnostic import Span
from xlperf.indicator import (
    Deadline,
    Parsed,
    Qualitative,
    Threshold,
    canonical,
    parse,
    parse_with_name,
)
from xlperf.rules.context import AllForms, IndicatorCase
from xlperf.rules.reading import TARGET, filled, number_span, quantities
from xlperf.rules.rule import BOTH, GOAL, INFO, SAFE, SUGGEST, Fault, rule

_SYMBOLS = re.compile("[<>=≥≤＜＞＝≧≦⩾⩽≮≯═﹤﹥﹦]+(?:或[=＝])?")
_PADDED = re.compile(r"(?<![\d.])(\d[\d,]*)\.0+(?![\d.])")
_ACCEPTED = re.compile("[kcm]?m|k?m[23²³]|㎡|㎥|㎞|㎝|㎜|kg|㎏|t|h|min|s|°C|立方")
"""Spellings of a unit that may stand beside the one in house style."""
_ENDING = re.compile(r"[。．.，,、；;：:\s]+$")


def _same(parsed: Parsed, text: str, indicator: IndicatorCase) -> bool:
    """Whether the text is written otherwise and means the same."""
    return text != parsed.source and parse_with_name(text, indicator.name).target == parsed.target


@rule("C03", severity=INFO, stage=BOTH, fix=SAFE)
def comparator_in_other_spelling(indicator: IndicatorCase) -> Iterator[Fault]:
    """符号写法不统一：{v} → {norm} | Comparator spelling differs: {v} -> {norm}

    One sign for one meaning: ≥ ≤ > < and the equals sign of the house (setting `equals`). Words
    such as 不低于 are not touched.

    Bad:  产出指标/质量指标 正常使用率 ＝100%
    Bad:  产出指标/数量指标 培训人次 >=30人次
    Bad:  满意度指标/满意度指标 群众满意度 ≧98%
    Good: 产出指标/质量指标 正常使用率 =100%
    Good: 满意度指标/满意度指标 群众满意度 不低于98%
    """
    for label, parsed in filled(indicator):
        if isinstance(parsed.target, Qualitative):
            continue
        norm = _SYMBOLS.sub(
            lambda found: _house_symbol(found[0], indicator.form.settings.equals), parsed.source
        )
        if _same(parsed, norm, indicator):
            span = parsed.spans.get("comparator")
            yield Fault(label, span=span, fix=norm, v=parsed.source, norm=norm)


def _house_symbol(symbol: str, equals: str) -> str:
    match parse(f"{symbol}1").target:
        case Threshold(op=str() as op):
            return equals if op == "=" else op
    return symbol


@rule("C04", severity=INFO, stage=BOTH, fix=SAFE)
def unit_in_other_spelling(indicator: IndicatorCase) -> Iterator[Fault]:
    """单位写法不统一：{v} → {norm} | Unit spelling differs: {v} -> {norm}

    One spelling for one unit: 百分比 and ％ are %, 千分之 is ‰, and no brackets around it. Signs
    such as ㎡ and km may stay.

    Bad:  产出指标/质量指标 设备质量合格率 "≥100 百分比"
    Bad:  产出指标/质量指标 运维验收通过率 "=100 (%)"
    Bad:  产出指标/质量指标 逾期率 <0.05千分之
    Bad:  产出指标/数量指标 修缮面积 ≥300平米
    Good: 产出指标/质量指标 设备质量合格率 "≥100 %"
    Good: 产出指标/数量指标 修缮面积 ≥300㎡
    Good: 产出指标/时效指标 办理时限 ≤3个工作日
    Good: 产出指标/数量指标 设备数量 ≥3台（套）
    """
    for label, parsed in filled(indicator):
        span, found = parsed.spans.get("unit"), quantities(parsed.target)
        if span is None or not found:
            continue
        norm = _with_house_unit(parsed.source, span, found[-1].unit)
        if norm and _same(parsed, norm, indicator):
            yield Fault(label, span=span, fix=norm, v=parsed.source, norm=norm)


def _with_house_unit(source: str, span: Span, unit: str) -> str | None:
    text = source[span.start : span.end]
    right = text if text.endswith(unit) or _ACCEPTED.fullmatch(text) else unit
    head, tail = source[: span.start].rstrip(), source[span.end :].lstrip()
    if head[-1:] in ("(", "（") and tail[:1] in (")", "）"):
        return f"{head[:-1].rstrip()}{right}{tail[1:]}"
    return None if right == text else re.sub(rf"\s*{re.escape(text)}", right, source)


@rule("C05", severity=INFO, stage=BOTH, fix=SAFE)
def padded_decimals(indicator: IndicatorCase) -> Iterator[Fault]:
    """多余小数：{v} → {norm} | Padded decimals: {v} -> {norm}

    Decimals that are all zero say nothing, and pretend to a precision that a count does not have.
    Amounts of money and versions keep theirs.

    Bad:  产出指标/数量指标 全年巡检次数 ≥68.00次
    Bad:  满意度指标/满意度指标 用户满意度 80.00%-90.00%
    Good: 产出指标/质量指标 短信发送成功率 ≥98% → 99.20%
    Good: 产出指标/成本指标 项目支出 ≤1500.00元
    Good: 产出指标/质量指标 出水pH值 7.0-8.5
    """
    for label, parsed in filled(indicator):
        found = quantities(parsed.target)
        if not found or found[-1].unit in ("元", "版", "版本"):
            continue
        norm = _PADDED.sub(r"\1", parsed.source)
        if "." not in norm and _same(parsed, norm, indicator):
            yield Fault(label, span=number_span(parsed), fix=norm, v=parsed.source, norm=norm)


@rule("C10", severity=INFO, stage=GOAL, fix=SUGGEST)
def deadline_in_several_spellings(forms: AllForms) -> Iterator[Fault]:
    """同类时限写法不一：{list} | Same deadline written in several ways: {list}

    One day, one spelling, within all forms of a document. Suggested is the spelling with 前 that
    most of them have. Where only 前 is missing, rule Y03 says so.

    Bad:
        产出指标/时效指标 完成时间 2025年12月31日前
        --
        产出指标/时效指标 完成时间 2025年底前完成
    Good:
        产出指标/时效指标 完成时间 2025年12月31日前
        --
        产出指标/时效指标 完成时间 2025年12月31日前
        --
        产出指标/时效指标 完成时限 2025年6月底前
    """
    days: dict[tuple[str, Deadline], list[IndicatorCase]] = defaultdict(list)
    for form in forms:
        for indicator in form.indicators:
            match indicator.target:
                case Deadline(qualifier="") as deadline:
                    days[form.document, deadline].append(indicator)
    for (_, deadline), group in days.items():
        spellings = Counter(_unspaced(indicator.target_text) for indicator in group)
        norm = _deadline_norm(spellings, deadline)
        shown = "、".join(spellings)
        for indicator in group:
            if _unspaced(indicator.target_text) not in (norm, norm.removesuffix("前")):
                yield Fault(TARGET, at=indicator, fix=norm, list=shown)


def _deadline_norm(spellings: Counter[str], deadline: Deadline) -> str:
    """The spelling with 前 that most have, the first of those; else the house spelling."""
    closed = [text for text in spellings if "前" in text]
    if len(spellings) == 1:
        return next(iter(spellings))
    return max(closed, key=lambda text: spellings[text], default=canonical(deadline))


def _unspaced(text: str) -> str:
    return "".join(text.split())


@rule("C11", severity=INFO, stage=BOTH, fix=SAFE)
def punctuation_at_the_end(indicator: IndicatorCase) -> Iterator[Fault]:
    """指标值末尾多余标点：{v} | Trailing punctuation: {v}

    The text of a table's cell ends without a stop, also where it is a sentence (GB/T 15834, A.1).

    Bad:  效益指标/经济效益指标 及时支付尾款 确保及时支付资金，不发生违约风险、
    Bad:  产出指标/质量指标 验收合格率 ≥95%。
    Good: 效益指标/经济效益指标 及时支付尾款 确保及时支付资金，不发生违约风险
    Good: 效益指标/社会效益指标 服务方式 上门、网上、电话……
    """
    for label, parsed in filled(indicator):
        match = _ENDING.search(parsed.source)
        marks = match[0].strip() if match else ""
        if match and match.start() and marks and not marks.startswith(".."):
            fix = parsed.source[: match.start()]
            yield Fault(label, span=Span(match.start(), match.end()), fix=fix, v=parsed.source)
