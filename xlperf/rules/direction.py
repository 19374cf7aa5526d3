"""Comparators that point the wrong way."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

from xlperf.indicator import Quantity, Threshold, base
from xlperf.rules.context import AllForms, IndicatorCase
from xlperf.rules.reading import TARGET, category, namesakes, wants_less, wants_more
from xlperf.rules.rule import ERROR, GOAL, INFO, NO, SUGGEST, WARNING, Fault, rule

_UP, _DOWN = ("≥", ">"), ("≤", "<")
_STRICT = {"<": "≤", ">": "≥"}


def _limit(indicator: IndicatorCase) -> tuple[str, Quantity] | None:
    """The comparator and what it compares with, where it has a direction."""
    match indicator.target:
        case Threshold(op=("≥" | ">" | "≤" | "<") as op, quantity=quantity):
            return op, quantity
    return None


@rule("D01", severity=ERROR, stage=GOAL, fix=SUGGEST)
def opposite_directions(forms: AllForms) -> Iterator[Fault]:
    """同名指标方向矛盾：{name} {v1} / {v2} | Same indicator, opposite direction: {name} {v1} / {v2}

    Within one document the same indicator cannot be better when it is higher in one form and lower
    in another. The finding stands at the direction that contradicts the name, where the name tells
    (settings `more_is_better`, `less_is_better`), else at the one that fewer forms have, at both
    where they are as many. Names count as the same only in one category and with one unit.

    Bad:
        效益指标/经济效益指标 采购节支率 ≥1%
        --
        效益指标/经济效益指标 采购节支率 ≤3%
    Good:
        效益指标/经济效益指标 采购节支率 ≥1%
        --
        效益指标/经济效益指标 采购节支率 ≥3%
    Good:
        产出指标/成本指标 设备数量 ≤3万元
        --
        产出指标/数量指标 设备数量 ≥3台
    """
    for group in namesakes(forms):
        alike: dict[tuple[str, str], list[tuple[str, IndicatorCase]]] = defaultdict(list)
        for indicator in group:
            if limit := _limit(indicator):
                op, quantity = limit
                alike[category(indicator), base(quantity)[1]].append((op, indicator))
        for members in alike.values():
            up = [indicator for op, indicator in members if op in _UP]
            down = [indicator for op, indicator in members if op in _DOWN]
            for indicator, other in _contradicting(up, down):
                yield Fault(
                    TARGET,
                    at=indicator,
                    span=indicator.parsed.spans.get("comparator"),
                    name=indicator.name,
                    v1=indicator.target_text,
                    v2=other.target_text,
                )


def _contradicting(
    up: list[IndicatorCase], down: list[IndicatorCase]
) -> Iterator[tuple[IndicatorCase, IndicatorCase]]:
    """The indicators of the wrong direction, each with one of the other direction."""
    if not up or not down:
        return
    wrong_up = wants_less(up[0]) or (len(up) <= len(down) and not wants_more(up[0]))
    wrong_down = wants_more(up[0]) or (len(down) <= len(up) and not wants_less(up[0]))
    if wrong_up:
        yield from ((indicator, down[0]) for indicator in up)
    if wrong_down:
        yield from ((indicator, up[0]) for indicator in down)


@rule("D02", severity=WARNING, stage=GOAL, fix=NO)
def output_with_upper_limit(indicator: IndicatorCase) -> Iterator[Fault]:
    """产出数量用 ≤，完成越少得分越高：{name} {v} |
    Output quantity uses <=, so doing less scores full: {name} {v}

    An output is what the money buys; with ≤ nothing at all earns all points. A limit on people or
    space belongs to cost, or is written with =. What should be few, such as 投诉次数, may have ≤.

    Bad:  产出指标/数量指标 督促检查次数 ≤12次
    Bad:  产出指标/数量指标 服务器采购数量 <5台
    Good: 产出指标/数量指标 督促检查次数 ≥12次
    Good: 产出指标/数量指标 系统故障次数 ≤3次
    Good: 产出指标/时效指标 办理时限 ≤3个工作日
    """
    limit = _limit(indicator)
    if limit and limit[0] in _DOWN and category(indicator) == "数量" and not wants_less(indicator):
        yield Fault(
            TARGET,
            span=indicator.parsed.spans.get("comparator"),
            name=indicator.name,
            v=indicator.target_text,
        )


@rule("D03", severity=WARNING, stage=GOAL, fix=SUGGEST)
def exact_cost_control(indicator: IndicatorCase) -> Iterator[Fault]:
    """成本控制率用 ＝100%，建议 ≤100% | Cost-control rate should be <=100%, not =100%

    To spend less than planned is no miss, so the rate is a limit.

    Bad:  产出指标/成本指标 项目或定额成本控制率 ＝100%
    Good: 产出指标/成本指标 项目或定额成本控制率 ≤100%
    Good: 产出指标/质量指标 验收合格率 =100%
    """
    parsed = indicator.parsed
    span = parsed.spans.get("comparator")
    match parsed.target:
        case Threshold(op="=", quantity=quantity) if span and "成本控制率" in indicator.name:
            if base(quantity) == (Decimal(100), "%"):
                text = parsed.source
                yield Fault(TARGET, span=span, fix=f"{text[: span.start]}≤{text[span.end :]}")


@rule("D04", severity=INFO, stage=GOAL, fix=SUGGEST)
def strict_and_loose_limit(forms: AllForms) -> Iterator[Fault]:
    """同一指标 < 与 ≤ 混用 | Same indicator mixes < and <=

    One indicator with one number has one limit within a document. Suggested is the sign that more
    forms have, ≤ or ≥ where they are as many.

    Bad:
        效益指标/社会效益指标 突发情况处理效率 <24小时
        --
        效益指标/社会效益指标 突发情况处理效率 ≤24小时
    Good:
        效益指标/社会效益指标 突发情况处理效率 <24小时
        --
        效益指标/社会效益指标 突发情况处理效率 ≤48小时
    """
    for group in namesakes(forms):
        alike: dict[tuple[str, Decimal, str], list[tuple[str, IndicatorCase]]] = defaultdict(list)
        for indicator in group:
            if limit := _limit(indicator):
                op, quantity = limit
                alike[(_STRICT.get(op, op), *base(quantity))].append((op, indicator))
        for (loose, _, _), members in alike.items():
            signs = Counter(op for op, _ in members)
            common = max(signs, key=lambda op: (signs[op], op == loose))
            for op, indicator in members:
                if op != common:
                    span = indicator.parsed.spans.get("comparator")
                    yield Fault(TARGET, at=indicator, span=span, fix=_with_sign(indicator, common))


def _with_sign(indicator: IndicatorCase, op: str) -> str | None:
    span, text = indicator.parsed.spans.get("comparator"), indicator.target_text
    # A word such as 小于 or 以下 has its own place in the sentence.
    if span is None or text[span.start : span.end].isalpha():
        return None
    return f"{text[: span.start]}{op}{text[span.end :]}"
