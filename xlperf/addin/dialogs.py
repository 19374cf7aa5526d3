"""What fits into a dialog: fixes page by page, the first of many problems, part of a long text.

Excel's message box does not scroll: what is longer than the screen is lost, with the question at
its end.
"""

from collections.abc import Sequence
from itertools import takewhile

from xlperf.addin import messages
from xlperf.addin.host import Host
from xlperf.diagnostic import Diagnostic, Lang
from xlperf.report import shortened
from xlperf.rules import Finding

_ON_A_PAGE = 15
"""Fixes that one dialog lists."""

_PREVIEWED, _BEFORE_CHANGE = 50, 20
"""Characters of a value that a fix shows, in all and before the change."""

_PROBLEMS = 8
"""Problems that one dialog lists."""

_NAMED = 12
"""Keys or files that a question names."""


def agreed(host: Host, lines: Sequence[str]) -> bool:
    """Whether the person, having seen as many pages as they like, wants it done."""
    count, lang = len(lines), host.lang
    for start in range(0, count, _ON_A_PAGE):
        page = "\n".join(lines[start : start + _ON_A_PAGE])
        last = start + _ON_A_PAGE
        if last >= count:
            return host.agrees(f"{page}\n\n{messages.APPLY.text(lang).format(count=count)}")
        question = messages.MORE.text(lang).format(first=start + 1, last=last, count=count)
        answer = host.choice(f"{page}\n\n{question}")
        if answer is not False:
            return bool(answer)
    return False


def preview(finding: Finding, sheet: str) -> str:
    """A line on a fix; its cell goes without its sheet where that is the open one, `sheet`."""
    place = finding.diagnostic.place
    cell = place.cell if place.sheet == sheet else f"{place.sheet}!{place.cell}"
    was, will = _around_the_change(finding.value, finding.replacement or "")
    return f"{cell}  {finding.code}  {was} → {will}"


def _around_the_change(was: str, will: str) -> tuple[str, str]:
    """Both texts, of long ones what stands around the first difference."""
    start = 0
    if max(len(was), len(will)) > _PREVIEWED:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(was, will, strict=False))
        start = max(0, sum(1 for _ in same) - _BEFORE_CHANGE)
    begun = "…" if start else ""
    before, after = (begun + shortened(text[start:], _PREVIEWED) for text in (was, will))
    return before, after


def listed(problems: Sequence[Diagnostic], lang: Lang) -> str:
    """The problems a line each, as many as a dialog should have, and how many more there are."""
    lines = [problem.text(lang) for problem in problems[:_PROBLEMS]]
    if more := len(problems) - len(lines):
        lines.append(messages.AND_MORE.text(lang).format(count=more))
    return "\n".join(lines)


def some(names: list[str]) -> list[str]:
    """The first of many names, for a question."""
    return names if len(names) <= _NAMED else [*names[:_NAMED], "…"]
