"""A review rule as one object: metadata, documentation, bad and good examples, code.

    @rule("A08", severity=ERROR, stage=SELF_EVALUATION, fix=NO)
    def score_above_weight(indicator: IndicatorCase) -> Iterator[Fault]:
        \"\"\"得分 {s} 超过分值 {w} | Score {s} exceeds weight {w}

        Why it is a fault, in prose.

        Bad:  产出指标/数量指标 购置设备数量 ≥27台 分值=10 得分=11
        Good: 产出指标/数量指标 购置设备数量 ≥27台 分值=10 得分=10
        \"\"\"
        if indicator.score > indicator.weight:
            yield Fault("得分", s=indicator.score, w=indicator.weight)

The function's name is the rule's name and states the fault. The annotation of its argument says
what the rule looks at: `IndicatorCase`, `FormCase` or `AllForms`. Codes never change and are never
reused. The notation of the examples stands in `xlperf.rules.examples`.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from xlperf.diagnostic import Message, Severity, Span
from xlperf.forms import number_entry
from xlperf.rules.context import AllForms, FormCase, IndicatorCase

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


class Stage(StrEnum):
    """Which part of a form a rule reads: what is promised, what came out, or either."""

    GOAL = "goal"
    SELF_EVALUATION = "self-eval"
    BOTH = "both"


class Fix(StrEnum):
    """Whether a fault can be mended by machine: at once, as a suggestion, or by a person only."""

    SAFE = "safe"
    SUGGEST = "suggest"
    NO = "no"


class Scope(StrEnum):
    """What a rule looks at in one call."""

    INDICATOR = "indicator"
    FORM = "form"
    ALL = "all"


GOAL, SELF_EVALUATION, BOTH = Stage.GOAL, Stage.SELF_EVALUATION, Stage.BOTH
SAFE, SUGGEST, NO = Fix.SAFE, Fix.SUGGEST, Fix.NO
_SCOPES = {IndicatorCase: Scope.INDICATOR, FormCase: Scope.FORM, AllForms: Scope.ALL}

Case = FormCase | IndicatorCase


@dataclass(frozen=True, slots=True, init=False)
class Fault:
    """What a rule yields: the field it is about, and what the placeholders of its message mean.

    `at` is the form or indicator whose field it is, where the rule was given more than one. `span`
    is a part of that field's text. `fix` is the text that the field should have, if that is known.
    """

    label: str
    at: Case | None
    span: Span | None
    fix: str | None
    params: dict[str, object]

    def __init__(
        self,
        label: str,
        *,
        at: Case | None = None,
        span: Span | None = None,
        fix: str | None = None,
        **params: object,
    ) -> None:
        values = {"label": label, "at": at, "span": span, "fix": fix, "params": params}
        for name, value in values.items():
            object.__setattr__(self, name, value)


Check = Callable[[Any], Iterator[Fault]]


class _Doc(NamedTuple):
    explanation: str
    bad: tuple[str, ...]
    good: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One check with a code. `bad` and `good` are examples in the notation of `examples`."""

    code: str
    name: str
    severity: Severity
    stage: Stage
    fix: Fix
    scope: Scope
    check: Check = field(repr=False)

    # Read on first use: most rules find nothing, and then nobody asks what they would say.
    @cached_property
    def message(self) -> Message:
        return _read_message(self.code, self.check.__doc__ or "")

    @cached_property
    def _doc(self) -> _Doc:
        return _read_doc(inspect.getdoc(self.check) or "")

    @property
    def explanation(self) -> str:
        return self._doc.explanation

    @property
    def bad(self) -> tuple[str, ...]:
        return self._doc.bad

    @property
    def good(self) -> tuple[str, ...]:
        return self._doc.good

    def say(self, params: dict[str, object]) -> Message:
        """The message with its placeholders filled in."""
        return Message(
            self.message.zh.format(**{k: _shown(v).zh for k, v in params.items()}),
            self.message.en.format(**{k: _shown(v).en for k, v in params.items()}),
        )


RULES: dict[str, Rule] = {}
"""Every rule by its code, in the order of codes once all modules of rules are imported."""


def rule(code: str, *, severity: Severity, stage: Stage, fix: Fix) -> Callable[[Check], Check]:
    """Register the decorated generator function as the rule `code`."""

    def register(check: Check) -> Check:
        if code in RULES:
            raise ValueError(f"two rules have the code {code}")
        scope = next(_SCOPES[kind] for kind in check.__annotations__.values())
        RULES[code] = Rule(code, getattr(check, "__name__", ""), severity, stage, fix, scope, check)
        return check

    return register


def _read_message(code: str, doc: str) -> Message:
    """The first paragraph of a rule's docstring: “Chinese | English”."""
    head, _, _ = doc.strip().partition("\n\n")
    zh, bar, en = " ".join(head.split()).partition(" | ")
    if not bar:
        raise ValueError(f"{code}: the docstring must begin with “Chinese | English”")
    return Message(zh, en)


def _read_doc(doc: str) -> _Doc:
    """What stands below: explanation, bad and good examples."""
    _, _, rest = doc.partition("\n\n")
    prose: list[str] = []
    examples: dict[str, list[list[str]]] = {"Bad": [], "Good": []}
    current: list[str] | None = None
    for line in rest.splitlines():
        kind, colon, first = line.partition(":")
        if colon and kind in examples:
            current = [first.strip()] if first.strip() else []
            examples[kind].append(current)
        elif current is not None and line.startswith(" "):
            current.append(line.strip())
        elif line.strip() or current is None:
            current = None
            prose.append(line)
    bad, good = (tuple("\n".join(lines) for lines in found) for found in examples.values())
    return _Doc("\n".join(prose).strip(), bad, good)


def plain(number: Decimal) -> str:
    """A number without exponent and trailing zeros: 58.50 → 58.5."""
    return number_entry(number).text


def _shown(value: object) -> Message:
    match value:
        case Message():
            return value
        case Decimal():
            return Message(plain(value), plain(value))
        case _:
            return Message(str(value), str(value))
