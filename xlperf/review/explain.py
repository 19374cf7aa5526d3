"""How one indicator value is read: kind, parts, canonical spelling, and the score formula."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from xlperf.diagnostic import Diagnostic, Lang, Message, Span
from xlperf.expr import to_excel
from xlperf.indicator import (
    Deadline,
    Frequency,
    Interval,
    Kind,
    Quantity,
    Target,
    Threshold,
    canonical,
    check,
    kind,
)
from xlperf.indicator import parse as parse_value
from xlperf.scoring import Policy, score_expr

_LABELS = {
    "kind": Message("类型", "kind"),
    "comparator": Message("比较符号", "comparator"),
    "number": Message("数值", "number"),
    "low": Message("下限", "low"),
    "high": Message("上限", "high"),
    "scale": Message("倍数", "scale"),
    "unit": Message("单位", "unit"),
    "per": Message("每", "per"),
    "date": Message("截止日期", "date"),
    "start": Message("开始日期", "start"),
    "qualifier": Message("限定", "qualifier"),
    "canonical": Message("规范写法", "canonical"),
    "formula": Message("得分公式", "score formula"),
}
_PROBLEM = Message("问题", "problem")
_KINDS: dict[Kind, Message] = {
    "threshold": Message("阈值", "threshold"),
    "interval": Message("区间", "interval"),
    "frequency": Message("频次", "frequency"),
    "deadline": Message("期限", "deadline"),
    "product": Message("算式", "product"),
    "qualitative": Message("定性", "qualitative"),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One value as it is read; a part that the value does not have is None.

    `number` has the digits as typed, `scale` is 1, 10,000 (万) and so on; an interval has `low` and
    `high` instead of `number`. `per` is what one unit is counted against (天, 人·天), or a
    frequency's period. `date` and `start` are ISO dates. `formula` is the score as Excel spells it,
    over 实际完成值 (as a number in the target's unit) and 分值. `problems` are parts that were
    recognised and make no sense.
    """

    source: str
    kind: Kind
    comparator: str | None
    number: Decimal | None
    low: Decimal | None
    high: Decimal | None
    scale: Decimal | None
    unit: str | None
    per: str | None
    date: str | None
    start: str | None
    qualifier: str | None
    canonical: str
    formula: str | None
    problems: tuple[Diagnostic, ...]
    target: Target
    spans: Mapping[str, Span]

    def as_dict(self) -> dict[str, Any]:
        """The parts as plain data, numbers as int or float; without `target` and `spans`.

        A problem has its code, its message in both languages and its span.
        """
        names = [field.name for field in fields(self) if field.name not in ("target", "spans")]
        values = {name: getattr(self, name) for name in names} | {
            "problems": [_as_dict(problem) for problem in self.problems]
        }
        return {k: _plain(v) if isinstance(v, Decimal) else v for k, v in values.items()}

    def lines(self, lang: Lang = "zh") -> list[tuple[str, str]]:
        """The parts that the value has, each with its label."""
        parts = self.as_dict() | {"kind": _KINDS[self.kind].text(lang)}
        return [
            *(
                (label.text(lang), str(parts[key]))
                for key, label in _LABELS.items()
                if parts[key] is not None
            ),
            *((_PROBLEM.text(lang), f"{p.code} {p.text(lang)}") for p in self.problems),
        ]


def parse(text: str) -> Explained:
    """How `text` is read as an indicator value. Total: whatever the text, there is a reading."""
    parsed = parse_value(text)
    target = parsed.target
    quantity = _quantity(target)
    expr = score_expr(target, Policy.default())
    day, start = (target.date, target.start) if isinstance(target, Deadline) else (None, None)
    interval = target if isinstance(target, Interval) else None
    return Explained(
        text,
        kind(parsed),
        target.op if isinstance(target, (Threshold, Frequency)) else None,
        quantity.number if quantity and not interval else None,
        interval.low.number if interval else None,
        interval.high.number if interval else None,
        quantity.scale if quantity else None,
        quantity.unit or None if quantity else None,
        _per(target, quantity),
        day.isoformat() if day else None,
        start.isoformat() if start else None,
        getattr(target, "qualifier", "") or None,
        canonical(parsed),
        to_excel(expr, {}) if expr is not None else None,
        tuple(check(parsed)),
        target,
        parsed.spans,
    )


def _quantity(target: Target) -> Quantity | None:
    match target:
        case Threshold() | Frequency():
            return target.quantity
        case Interval():
            return target.high
        case _:
            return None


def _per(target: Target, quantity: Quantity | None) -> str | None:
    if isinstance(target, Frequency) and target.period:
        return target.period if target.every == 1 else f"{target.every}{target.period}"
    if isinstance(target, Deadline):
        return target.period
    return quantity.per or None if quantity else None


def read_lines(lines: Iterable[bytes]) -> Iterator[str]:
    """Lines of text as a file or another program gives them: UTF-8, or else GB 18030."""
    encoding = "utf-8-sig"
    for line in lines:
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError:
            encoding = "gb18030"
            text = line.decode(encoding, "replace")
        if encoding == "utf-8-sig":
            encoding = "utf-8"
        yield text.rstrip("\r\n")


def _as_dict(problem: Diagnostic) -> dict[str, Any]:
    span = [problem.span.start, problem.span.end] if problem.span else None
    return {
        "code": problem.code,
        "zh": problem.text("zh"),
        "en": problem.text("en"),
        "span": span,
    }


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)
