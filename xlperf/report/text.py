"""The review as plain text, as a compiler says it: place, fault, and the value with a caret below.

自评表/01.xlsx:自评表!E17 警告 C02 定量指标缺少比较符号：27台
  01 系统运行维护 › 购置设备数量 · 指标值
    27台
    ^^^^
  建议：改为“≥27台”
"""

import unicodedata

from xlperf.diagnostic import SEVERITY_NAMES, Lang, Place, Span
from xlperf.report.items import (
    Item,
    closing,
    excerpt,
    items_of,
    shortened,
    summarize,
    visible,
)
from xlperf.review import Review

_VALUE = 60  # characters of a value that are shown
_MESSAGE = 500


def render_text(review: Review, lang: Lang) -> str:
    items = items_of(review, lang)
    blocks = [_block(item, lang) for item in items]
    return "\n\n".join([*blocks, closing(summarize(review, items), lang)]) + "\n"


def _block(item: Item, lang: Lang) -> str:
    place = _place(item.place, lang) or item.document
    severity = SEVERITY_NAMES[item.severity].text(lang)
    head = f"{place} {severity} {item.code} {shortened(item.message, _MESSAGE)}"
    project = " ".join(filter(None, (item.key, item.project)))
    about = " › ".join(filter(None, (project, item.subject)))
    lines = [head, f"  {about}" if about else "", *_value(item)]
    if item.advice:
        advice = shortened(item.advice, _MESSAGE)
        lines.append(f"  建议：{advice}" if lang == "zh" else f"  suggestion: {advice}")
    return "\n".join(visible(line) for line in lines if line.strip())


def _place(place: Place, lang: Lang) -> str:
    spot = Place(sheet=place.sheet, cell=place.cell, row=place.row, column=place.column)
    return ":".join(filter(None, (place.file, spot.text(lang))))


def _value(item: Item) -> list[str]:
    """The line of the value that matters, and carets below the span."""
    if not item.value.strip():
        return []
    line, span = _line(item.value, item.span)
    before, marked, after = (visible(part) for part in excerpt(line, span, _VALUE))
    lines = [f"    {before}{marked}{after}"]
    if span:
        lines.append("    " + " " * _columns(before) + "^" * max(_columns(marked), 1))
    return lines


def _line(value: str, span: Span | None) -> tuple[str, Span | None]:
    """The line in which the span begins, with the span in it; else the first that is not blank."""
    if span is None:
        return next(line for line in value.split("\n") if line.strip()), None
    start = value.rfind("\n", 0, span.start) + 1
    line = value[start:].partition("\n")[0]
    return line, Span(span.start - start, min(span.end - start, len(line)))


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes; full-width characters take two."""
    return sum(map(_column_count, text))


def _column_count(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
