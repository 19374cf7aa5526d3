"""The review as SARIF 2.1.0, which code hosts and editors show beside the files.

A replacement stands among the properties, not among SARIF's own fixes: those say which bytes of a
text file to replace, and a workbook has none to name.
"""

import re
from pathlib import Path
from urllib.parse import quote

from xlperf import __version__
from xlperf.diagnostic import Lang, Severity
from xlperf.report.items import Item, item_of, items_of, meaning
from xlperf.report.json_document import dump, span_of
from xlperf.review import Review
from xlperf.rules import Rule
from xlperf.rules.reference import explain

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_LANGUAGES: dict[Lang, str] = {"zh": "zh-CN", "en": "en"}

Json = dict[str, object]


def render_sarif(review: Review, lang: Lang) -> str:
    items = items_of(review, lang)
    waived = [(item_of(finding, lang), reason) for finding, reason in review.waived]
    found = {i.code: i.rule for i in (*items, *(item for item, _ in waived)) if i.rule}
    rules = [rule for _, rule in sorted(found.items())]
    index = {rule.code: number for number, rule in enumerate(rules)}
    results = [
        *(_result(item, index) for item in items),
        *(_result(item, index) | {"suppressions": [_waiver(reason)]} for item, reason in waived),
    ]
    driver = {"name": "xlperf", "version": __version__, "rules": [_rule(r, lang) for r in rules]}
    run = {
        "tool": {"driver": driver},
        "language": _LANGUAGES[lang],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return dump({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: Rule, lang: Lang) -> Json:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": _message(meaning(rule, lang))},
        "fullDescription": {"text": _message(rule.explanation)},
        "help": {"text": _message(explain(rule, lang))},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(item: Item, index: dict[str, int]) -> Json:
    text = item.message if item.advice is None else f"{item.message} — {item.advice}"
    result: Json = {
        "ruleId": item.code,
        "level": _LEVELS[item.severity],
        "message": {"text": _message(text)},
        "locations": _locations(item),
        "properties": {
            "document": item.document,
            "project": item.project,
            "indicator": item.indicator,
            "field": item.field,
            "value": item.value,
            "span": span_of(item),
            "fix": item.fix,
        },
    }
    return result if item.rule is None else result | {"ruleIndex": index[item.code]}


def _waiver(reason: str) -> Json:
    return {"kind": "external", "status": "accepted", "justification": reason}


def _locations(item: Item) -> list[Json]:
    place = item.place
    location: Json = {}
    if place.file:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(place.file)}}
    if place.cell:
        name = f"{place.sheet}!{place.cell}"
        logical = {"name": place.cell, "fullyQualifiedName": name, "kind": "cell"}
        location["logicalLocations"] = [logical]
    return [location] if location else []


def _uri(file: str) -> str:
    """The file as a URI; one relative to the working folder stays relative."""
    path = Path(file)
    quoted = quote(path.as_posix(), errors="surrogatepass")
    return f"file:///{quoted.lstrip('/')}" if path.is_absolute() else quoted


def _message(text: str) -> str:
    """Text in which no brace or bracket reads as SARIF's markup."""
    text = text.replace("{", "{{").replace("}", "}}")
    return re.sub(r"([\[\]])", r"\\\1", text) if "](" in text else text
