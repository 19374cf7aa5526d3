"""What the reading of a value itself notices: parts that were recognised and make no sense."""

from collections.abc import Iterator

from xlperf.diagnostic import Diagnostic, Message, Severity, Span
from xlperf.indicator.folding import fold
from xlperf.indicator.quantities import base
from xlperf.indicator.spelling import quantity_text
from xlperf.indicator.target import Deadline, Interval, Parsed, Qualitative, Target, Threshold

_PAIRS = {")": "(", "]": "[", "”": "“", "}": "{"}


def check(parsed: Parsed) -> list[Diagnostic]:
    """The faults in one value, in the order of their places."""
    return sorted(_faults(parsed), key=lambda fault: fault.span.start if fault.span else 0)


def _faults(parsed: Parsed) -> Iterator[Diagnostic]:
    target, spans = parsed.target, parsed.spans
    if isinstance(target, Qualitative) and (span := spans.get("date")):
        text = parsed.source[span.start : span.end]
        yield Diagnostic(
            "V101",
            Message(f"日期不存在：{text}", f"there is no such date: {text}"),
            span,
            fix=Message("请核对年、月、日", "check the year, month and day"),
        )
    if isinstance(target, Qualitative) and (span := spans.get("comparator")):
        text = parsed.source[span.start : span.end]
        yield Diagnostic(
            "V102",
            Message(f"前后比较符号矛盾：{text}", f"the comparators contradict each other: {text}"),
            span,
            fix=Message("请只保留一个比较符号", "keep one of the comparators"),
        )
    if runs_backwards(target):
        yield Diagnostic(
            "V103",
            Message("区间的起点大于终点", "the interval ends before it begins"),
            spans.get("date") or _whole(parsed),
            fix=Message("请核对两端的数值", "check both ends"),
        )
    span = spans.get("product")
    if span and isinstance(target, Threshold) and "·" in target.quantity.unit:
        result = quantity_text(target.quantity)
        yield Diagnostic(
            "V104",
            Message(
                f"算式的结果为 {result}，无法与单一单位的完成值比较",
                f"the product is {result}, which no value in a single unit can be compared with",
            ),
            span,
            severity=Severity.WARNING,
            fix=Message("请直接填写结果及其单位", "state the result and its unit"),
        )
    for place in _unpaired(parsed.source):
        yield Diagnostic(
            "V105",
            Message(
                "括号或引号不成对，内容可能不完整", "a bracket or quotation mark has no partner"
            ),
            Span(place, place + 1),
            severity=Severity.WARNING,
            fix=Message("请补全内容", "complete the text"),
        )


def _whole(parsed: Parsed) -> Span:
    start = len(parsed.source) - len(parsed.source.lstrip())
    return Span(start, start + len(parsed.source.strip()))


def runs_backwards(target: Target) -> bool:
    """Whether an interval or a period ends before it begins, so that nothing can lie in it."""
    match target:
        case Interval(low, high):
            return base(low)[0] > base(high)[0]
        case Deadline(date=date, start=start) if date and start:
            return start > date
        case Deadline(month=int() as month, start_month=int() as first, day=day, start_day=begin):
            return (first, begin or 1) > (month, day or 31)
    return False


def _unpaired(source: str) -> Iterator[int]:
    """Places of brackets and quotation marks without a partner."""
    waiting: list[tuple[str, int]] = []
    for place, letter in enumerate(fold(source)):
        if letter in "([{“":
            waiting.append((letter, place))
        elif letter in _PAIRS:
            if waiting and waiting[-1][0] == _PAIRS[letter]:
                waiting.pop()
            else:
                yield place
    yield from (place for _, place in waiting)
