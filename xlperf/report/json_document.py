"""The review as JSON, for other programs; docs/json.md says what each key means."""

import json
import re
from dataclasses import asdict
from typing import Any

from xlperf.diagnostic import Lang
from xlperf.report.items import Item, items_of, summarize
from xlperf.review import Review


def render_json(review: Review, lang: Lang) -> str:
    return dump(as_json(review, lang))


def as_json(review: Review, lang: Lang) -> dict[str, Any]:
    """The document before it is text."""
    items = items_of(review, lang)
    findings = [_finding(item) for item in items]
    return {"findings": findings, "summary": asdict(summarize(review, items))}


def dump(document: object) -> str:
    """Readable JSON that can be written as UTF-8 whatever characters a workbook held."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text) + "\n"


def _finding(item: Item) -> dict[str, object]:
    return {
        "code": item.code,
        "severity": item.severity,
        "message": item.message,
        "file": item.place.file,
        "sheet": item.place.sheet,
        "cell": item.place.cell,
        "document": item.document,
        "project": item.project,
        "indicator": item.indicator,
        "field": item.field,
        "value": item.value,
        "span": span_of(item),
        "fix": item.fix,
    }


def span_of(item: Item) -> list[int] | None:
    return [item.span.start, item.span.end] if item.span else None
