"""What every style of report shows: each finding and problem in one language, and their counts.

A problem (a file that cannot be read, a waiver that matches nothing) stands among the findings,
with a file and no project.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from xlperf.diagnostic import SEVERITY_NAMES, Diagnostic, Lang, Place, Severity, Span
from xlperf.review import Review
from xlperf.rules import Finding, Rule


@dataclass(frozen=True, slots=True)
class Item:
    """One finding or problem, its texts in one language.

    `fix` is the text that the field should have where that is known, else what to do, or None;
    `advice` says the same as a sentence. `rule` is None for a problem.
    """

    code: str
    severity: Severity
    message: str
    place: Place
    document: str
    key: str
    project: str
    indicator: str
    field: str
    value: str
    span: Span | None
    fix: str | None
    advice: str | None
    rule: Rule | None

    @property
    def subject(self) -> str:
        """The indicator and the field of it, or the field of the form."""
        return " · ".join(filter(None, (self.indicator, self.field)))


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a review; `unreadable` and `unwritten` are files.

    `by_project` goes by the project's name.
    """

    forms: int
    errors: int
    warnings: int
    infos: int
    waived: int
    unreadable: int
    unwritten: int
    by_rule: Mapping[str, int]
    by_project: Mapping[str, int]

    def by_severity(self, lang: Lang) -> str:
        """`错误 2，警告 1`, without what there is none of."""
        counts = zip(SEVERITY_NAMES.values(), (self.errors, self.warnings, self.infos), strict=True)
        parts = [f"{name.text(lang)} {number}" for name, number in counts if number]
        return ("，" if lang == "zh" else ", ").join(parts)


def items_of(review: Review, lang: Lang) -> tuple[Item, ...]:
    """The findings in their order, then the problems."""
    return (
        *(item_of(finding, lang) for finding in review.findings),
        *(_problem(diagnostic, lang) for diagnostic in review.problems),
    )


def item_of(finding: Finding, lang: Lang) -> Item:
    diagnostic = finding.diagnostic
    advice = diagnostic.fix.text(lang) if diagnostic.fix else None
    return Item(
        finding.code,
        finding.severity,
        diagnostic.message.text(lang),
        diagnostic.place,
        finding.document,
        finding.key,
        finding.project,
        finding.indicator,
        finding.field,
        finding.value,
        finding.span,
        advice if finding.replacement is None else finding.replacement,
        advice,
        finding.rule,
    )


def _problem(problem: Diagnostic, lang: Lang) -> Item:
    advice = problem.fix.text(lang) if problem.fix else None
    message = problem.message.text(lang)
    return Item(
        problem.code, problem.severity, message, problem.place,
        "", "", "", "", "", "", problem.span, advice, advice, None,
    )  # fmt: skip


def summarize(review: Review, items: tuple[Item, ...]) -> Summary:
    severities = Counter(item.severity for item in items)
    projects = Counter(item.project for item in items if item.project)
    return Summary(
        review.forms,
        severities[Severity.ERROR],
        severities[Severity.WARNING],
        severities[Severity.INFO],
        len(review.waived),
        len(review.unread),
        len(review.unwritten),
        dict(sorted(Counter(item.code for item in items).items())),
        dict(projects),
    )


def closing(summary: Summary, lang: Lang) -> str:
    """One sentence on the whole review."""
    zh = lang == "zh"
    forms, found = summary.forms, summary.by_severity(lang)
    if not found and not forms:
        return "没有找到可审核的绩效表。" if zh else "There is no form to review."
    parts = [f"共审核 {forms} 张表" if zh else f"{forms} form{'s' * (forms != 1)} reviewed"]
    if found:
        parts.append(found)
    else:
        parts.append("没有发现问题" if zh else "nothing found")
    if count := summary.waived:
        parts.append(f"另有 {count} 处已豁免" if zh else f"{count} waived")
    for count, done_zh, done in (
        (summary.unreadable, "读取", "read"),
        (summary.unwritten, "写入", "written"),
    ):
        if count:
            files = f"{count} file{'s' * (count != 1)}"
            parts.append(f"{count} 个文件无法{done_zh}" if zh else f"{files} could not be {done}")
    return "；".join(parts) + "。" if zh else "; ".join(parts) + "."


def meaning(rule: Rule, lang: Lang) -> str:
    """What a rule finds, without the values of a single finding."""
    text = re.sub(r"\{\w+\}", "…", rule.message.text(lang))
    return re.sub(r"\s*[：:][\s…/→]*$", "", text)


def visible(text: str, keep: str = "") -> str:
    """The text with a sign for each character that has none, such as ␀ and ⏎.

    Characters stay one to one, so spans stay true. Those in `keep` stay as they are.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else _sign(c) for c in text)


_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _sign(character: str) -> str:
    if character == "\n":
        return "⏎"
    if character < " ":
        return chr(0x2400 + ord(character))
    hidden = unicodedata.category(character) in _HIDDEN or character in "\ufffe\uffff"
    return "\ufffd" if hidden else character


def shortened(text: str, limit: int) -> str:
    """The text, or its beginning with … where it has more characters than that."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def excerpt(value: str, span: Span | None, limit: int) -> tuple[str, str, str]:
    """What stands before the span, in it and behind it, cut with … to about `limit` characters.

    A value without a span stands before it.
    """
    if span is None:
        return shortened(value, limit), "", ""
    before, marked, after = value[: span.start], value[span.start : span.end], value[span.end :]
    marked = shortened(marked, limit)
    room = max(limit - len(marked), 2)
    keep = max(room // 2, room - len(after))
    if len(before) > keep:
        before = "…" + before[len(before) - keep + 1 :]
    return before, marked, shortened(after, max(room - len(before), 1))
