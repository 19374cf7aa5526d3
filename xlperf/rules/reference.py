"""The reference of all rules, from the rules themselves: docs/rules.md, and one rule's text."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from xlperf.diagnostic import SEVERITY_NAMES, Lang, Message
from xlperf.rules.examples import NOTATION
from xlperf.rules.rule import RULES, Fix, Rule, Stage
from xlperf.rules.settings import Settings, as_toml

_STAGES = {
    Stage.GOAL: Message("绩效目标", "targets"),
    Stage.SELF_EVALUATION: Message("自评", "self-evaluation"),
    Stage.BOTH: Message("绩效目标和自评", "both"),
}
_FIXES = {
    Fix.SAFE: Message("可自动修复", "safe fix"),
    Fix.SUGGEST: Message("可给出建议", "suggested fix"),
    Fix.NO: Message("需人工处理", "by hand"),
}
_INTRODUCTION = """\
# Review rules

<!-- Written by the code: tests/rules/test_reference.py says how to write it anew. -->

Every rule has a code that never changes. An *error* would be sent back, a *warning* should be
looked at, an *info* is a matter of form. A rule about targets runs on self-evaluations too, since
they print the targets; a rule about self-evaluations needs actual values or scores. A *safe* fix
leaves no choice, a *suggested* one is shown and applied only on request.
"""


def explain(rule: Rule, lang: Lang = "zh") -> str:
    """What there is to know of one rule, as plain text; the explanation itself is in English."""
    titles = ("错误示例", "正确示例") if lang == "zh" else ("Bad", "Good")
    examples = [
        f"{title}:\n{textwrap.indent(example, '  ')}"
        for title, found in zip(titles, (rule.bad, rule.good), strict=True)
        for example in found
    ]
    severity = SEVERITY_NAMES[rule.severity].text(lang)
    about = ", ".join((severity, _STAGES[rule.stage].text(lang), _FIXES[rule.fix].text(lang)))
    head = f"{rule.code} {rule.name} ({about})"
    message = f"{rule.message.zh}\n{rule.message.en}"
    return "\n\n".join([head, message, rule.explanation, *examples])


def as_dict(rule: Rule) -> dict[str, Any]:
    """What `explain` says, as plain data."""
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "stage": rule.stage,
        "fix": rule.fix,
        "zh": rule.message.zh,
        "en": rule.message.en,
        "explanation": rule.explanation,
        "bad": list(rule.bad),
        "good": list(rule.good),
    }


def page() -> str:
    """The whole reference as Markdown."""
    rules = [rule for _, rule in sorted(RULES.items())]
    rows = "".join(
        f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {_STAGES[rule.stage].en} "
        f"| {_FIXES[rule.fix].en} | {rule.message.zh}<br>{rule.message.en} |\n"
        for rule in rules
    )
    return (
        f"{_INTRODUCTION}\n"
        "| rule | severity | stage | fix | message |\n|---|---|---|---|---|\n"
        f"{rows}\n{_settings()}\n## How the examples are written\n\n{NOTATION}\n## The rules\n"
        + "".join(map(_section, rules))
    )


def _section(rule: Rule) -> str:
    examples = "".join(
        f"\n{title}:\n\n```\n{example}\n```\n"
        for title, found in (("Bad", rule.bad), ("Good", rule.good))
        for example in found
    )
    return (
        f"\n### {rule.code}\n\n`{rule.name}` · {rule.severity} · {_STAGES[rule.stage].en} · "
        f"{_FIXES[rule.fix].en}\n\n"
        f"> {rule.message.zh}<br>{rule.message.en}\n\n{rule.explanation}\n{examples}"
    )


def _settings() -> str:
    rows = "".join(
        f"| `{key}` | `{as_toml(value)}` | {text} |\n" for key, value, text in _documented()
    )
    return (
        "## Settings\n\nThey stand in the table `[rules]` of the policy file. The limits of "
        "grades, of slow execution and of deviations are those of the policy itself.\n\n"
        f"| key | default | meaning |\n|---|---|---|\n{rows}"
    )


def _documented() -> Iterator[tuple[str, object, str]]:
    """Each setting with its default and the text below it in the class."""
    (definition,) = ast.parse(inspect.getsource(Settings)).body
    assert isinstance(definition, ast.ClassDef)
    key = ""
    for statement in definition.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                key = name
            case ast.Expr(value=ast.Constant(value=str(text))) if key:
                yield key, getattr(Settings(), key), " ".join(text.split())
                key = ""
