"""The review inside the workbook itself: coloured cells, a note on each, a sheet that lists all."""

import re
from collections import Counter
from collections.abc import Iterable

from xlperf.diagnostic import SEVERITY_NAMES, Lang, Message, Severity
from xlperf.ooxml.annotate import Line, Listing, Mark, annotate
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.trust import strip_signature
from xlperf.report.items import Item, item_of, shortened
from xlperf.rules import Finding

_COLOURS = {Severity.ERROR: "FFC7CE", Severity.WARNING: "FFEB9C", Severity.INFO: "DDEBF7"}
_WORST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_SHEET_NAME = Message("审核结果", "Review")
_HEADINGS = (
    (Message("严重程度", "severity"), 10.0),
    (Message("代码", "code"), 8.0),
    (Message("问题", "finding"), 48.0),
    (Message("单元格", "cell"), 20.0),
    (Message("指标和字段", "indicator and field"), 28.0),
    (Message("填报内容", "value"), 34.0),
    (Message("建议", "suggestion"), 34.0),
)
_CELL_COLUMN = 3
_TITLE = Message("审核结果：", "Review: ")
_LISTINGS = ((_SHEET_NAME.zh, _TITLE.zh), (_SHEET_NAME.en, _TITLE.en))
_SEVERITIES = "|".join(text for m in SEVERITY_NAMES.values() for text in (m.zh, m.en))
_NOTE_BEGINS = re.compile(rf"(?:\A|\n\n)(?:{_SEVERITIES}) [A-Z]\d\d ")
_IN_NOTE, _IN_CELL = 400, 1000  # characters of one text


def marked_workbook(
    data: bytes, findings: Iterable[Finding], lang: Lang = "zh", limits: Limits = DEFAULT
) -> bytes:
    """The workbook `data` with the findings on it marked; `findings` are those of this file.

    Cells are filled by severity and carry a note with code, message and fix; a new sheet 审核结果
    lists the findings with links. All else stays the same bytes. Raises WorkbookError when the
    workbook cannot be read.
    """
    package = strip_signature(Package.open(data, limits))  # which no copy can keep
    return annotate(package, *marks_and_listing(findings, lang)).to_bytes()


def marks_and_listing(findings: Iterable[Finding], lang: Lang = "zh") -> tuple[list[Mark], Listing]:
    """What to mark in the workbook, the worst first, and the sheet to add to it."""
    items = [item_of(finding, lang) for finding in findings]
    placed = [item for item in items if item.place.sheet and item.place.cell]
    marks = [
        Mark(item.place.sheet, item.place.cell, _COLOURS[item.severity], _note(item, lang))
        for item in sorted(placed, key=lambda item: _WORST_FIRST.index(item.severity))
    ]
    return marks, _listing(items, lang)


def is_listing(name: str, title: str) -> bool:
    """Whether a sheet of this name, with this text in its first cell, is one that was added."""
    return any(name.startswith(n) and title.startswith(t) for n, t in _LISTINGS)


def own_part(note: str) -> tuple[str, str]:
    """The text of a note split in two: a person's, and what a mark has put below it."""
    found = _NOTE_BEGINS.search(note)
    return (note[: found.start()], note[found.start() :].lstrip("\n")) if found else (note, "")


def _note(item: Item, lang: Lang) -> str:
    severity = SEVERITY_NAMES[item.severity].text(lang)
    lines = [f"{severity} {item.code} {shortened(item.message, _IN_NOTE)}"]
    if item.advice:
        advice = shortened(item.advice, _IN_NOTE)
        lines.append(f"建议：{advice}" if lang == "zh" else f"suggestion: {advice}")
    return "\n".join(lines)


def _listing(items: list[Item], lang: Lang) -> Listing:
    counts = Counter(item.severity for item in items)
    found = [
        f"{SEVERITY_NAMES[severity].text(lang)} {counts[severity]}"
        for severity in _WORST_FIRST
        if counts[severity]
    ]
    clean = Message("没有发现问题", "nothing found").text(lang)
    title = _TITLE.text(lang) + (("，" if lang == "zh" else ", ").join(found) or clean)
    return Listing(
        _SHEET_NAME.text(lang),
        title,
        tuple((heading.text(lang), width) for heading, width in _HEADINGS),
        _CELL_COLUMN,
        tuple(_line(item, lang) for item in items),
    )


def _line(item: Item, lang: Lang) -> Line:
    place = item.place
    texts = (
        SEVERITY_NAMES[item.severity].text(lang),
        item.code,
        item.message,
        "!".join(filter(None, (place.sheet, place.cell))),
        item.subject,
        item.value,
        item.advice or "",
    )
    target = (place.sheet, place.cell) if place.sheet and place.cell else None
    return Line(tuple(shortened(t, _IN_CELL) for t in texts), _COLOURS[item.severity], target)
