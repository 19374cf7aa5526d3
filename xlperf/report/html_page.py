"""The review as one page of HTML: counts by rule and by project, then the findings by project.

The page needs nothing but itself, and its content policy allows nothing else: style and script are
named by their hashes, so that no value of a form can bring its own.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from xlperf.diagnostic import SEVERITY_NAMES, Lang, Message
from xlperf.report.items import (
    Item,
    Summary,
    closing,
    excerpt,
    item_of,
    items_of,
    meaning,
    shortened,
    summarize,
    visible,
)
from xlperf.review import Review

_STYLE = Path(__file__).with_name("page.css").read_text("utf-8")
_SCRIPT = Path(__file__).with_name("page.js").read_text("utf-8")
_LANGUAGES: dict[Lang, str] = {"zh": "zh-CN", "en": "en"}
_VALUE, _TEXT = 400, 1000  # characters that are shown of a value, and of another text

_TITLE = Message("绩效表审核结果", "Review of performance forms")
_FORMS = Message("审核表数", "forms")
_WAIVED = Message("已豁免", "waived")
_UNREADABLE = Message("无法读取", "unreadable")
_UNWRITTEN = Message("无法写入", "not written")
_BY_RULE = Message("按规则统计", "By rule")
_BY_PROJECT = Message("按项目统计", "By project")
_PROBLEMS = Message("未能审核的文件及其他事项", "Files that were not reviewed, and other remarks")
_WAIVED_FINDINGS = Message("已豁免的问题", "Waived findings")
_BLANK = Message("（空白）", "(blank)")
_SHOW = Message("显示", "Show")
_RULE_HEADINGS = (
    Message("代码", "code"),
    Message("严重程度", "severity"),
    Message("问题", "finding"),
    Message("数量", "count"),
)
_PROJECT_HEADINGS = (Message("项目", "project"), *SEVERITY_NAMES.values(), Message("合计", "total"))
_FINDING_HEADINGS = (
    Message("严重程度", "severity"),
    Message("单元格", "cell"),
    Message("指标和字段", "indicator and field"),
    Message("填报内容", "value"),
    Message("问题与建议", "finding and suggestion"),
)
_PROBLEM_HEADINGS = (
    Message("严重程度", "severity"),
    Message("文件", "file"),
    Message("问题与建议", "finding and suggestion"),
)
_REASON = Message("豁免理由", "reason")


def render_html(review: Review, lang: Lang) -> str:
    return _Page(review, lang).text()


@dataclass(frozen=True, slots=True)
class _Group:
    """The findings of one form; `number` tells it from the others on the page."""

    number: int
    items: tuple[Item, ...]

    @property
    def name(self) -> str:
        first = self.items[0]
        return " ".join(filter(None, (first.key, first.project))) or first.document

    @property
    def source(self) -> str:
        return " · ".join(filter(None, (self.items[0].place.file, *self.sheets)))

    @property
    def sheets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item.place.sheet for item in self.items))


class _Page:
    def __init__(self, review: Review, lang: Lang) -> None:
        self._lang = lang
        self._items = items_of(review, lang)
        self._summary = summarize(review, self._items)
        self._found = [item for item in self._items if item.rule]
        self._problems = [item for item in self._items if not item.rule]
        self._waived = [(item_of(finding, lang), reason) for finding, reason in review.waived]
        forms = groupby(self._found, key=_form)
        self._groups = [_Group(n, tuple(items)) for n, (_, items) in enumerate(forms, start=1)]

    def text(self) -> str:
        title = escape(self._say(_TITLE))
        policy = (
            f"default-src 'none'; style-src '{_hash(_STYLE)}'; script-src '{_hash(_SCRIPT)}'; "
            "base-uri 'none'; form-action 'none'"
        )
        body = "\n".join(filter(None, self._body()))
        return (
            f'<!DOCTYPE html>\n<html lang="{_LANGUAGES[self._lang]}">\n<head>\n'
            '<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
            f"<header>\n<h1>{title}</h1>\n<p>{escape(closing(self._summary, self._lang))}</p>\n"
            f"{self._tiles(self._summary)}\n</header>\n<main>\n{body}\n</main>\n"
            f"<script>{_SCRIPT}</script>\n</body>\n</html>\n"
        )

    def _body(self) -> Iterable[str]:
        if self._problems:
            rows = [
                _row(item.severity, self._badge(item), _text(item.place.file), self._said(item))
                for item in self._problems
            ]
            yield self._section(_PROBLEMS, self._table(_PROBLEM_HEADINGS, rows, "problems"))
        if self._found:
            yield self._section(_BY_RULE, self._rules())
            yield self._section(_BY_PROJECT, self._projects())
            yield self._filter()
            yield from map(self._form, self._groups)
        if self._waived:
            headings = (_PROJECT_HEADINGS[0], *_FINDING_HEADINGS, _REASON)
            rows = [
                _row(
                    item.severity,
                    _text(_Group(0, (item,)).name),
                    *self._cells(item, with_sheet=False),
                    _text(reason),
                )
                for item, reason in self._waived
            ]
            yield self._section(_WAIVED_FINDINGS, self._table(headings, rows, "waived"))

    def _tiles(self, summary: Summary) -> str:
        tiles = [("forms", _FORMS, summary.forms)]
        counts = (summary.errors, summary.warnings, summary.infos)
        for (severity, name), count in zip(SEVERITY_NAMES.items(), counts, strict=True):
            tiles.append((severity, name, count))
        tiles.append(("waived", _WAIVED, summary.waived))
        tiles.append(("unreadable", _UNREADABLE, summary.unreadable))
        tiles.append(("unwritten", _UNWRITTEN, summary.unwritten))
        shown = "".join(
            f'<div class="{kind}"><dt>{escape(self._say(name))}</dt><dd>{count}</dd></div>'
            for kind, name, count in tiles
        )
        return f'<dl class="tiles">{shown}</dl>'

    def _rules(self) -> str:
        rules = {item.code: item.rule for item in self._found}
        rows = []
        for code, rule in sorted(rules.items()):
            assert rule
            severity = SEVERITY_NAMES[rule.severity].text(self._lang)
            badge = f'<span class="badge">{escape(severity)}</span>'
            count = str(self._summary.by_rule[code])
            rows.append(
                _row(rule.severity, escape(code), badge, _text(meaning(rule, self._lang)), count)
            )
        return self._table(_RULE_HEADINGS, rows, "rules")

    def _projects(self) -> str:
        rows = []
        for group in self._groups:
            found = [sum(item.severity is s for item in group.items) for s in SEVERITY_NAMES]
            link = f'<a href="#form-{group.number}">{_text(group.name)}</a>'
            source = f'<span class="source">{_text(group.source)}</span>'
            counts = [str(count) if count else "" for count in found]
            rows.append(_row("", link + source, *counts, str(len(group.items))))
        return self._table(_PROJECT_HEADINGS, rows, "projects")

    def _filter(self) -> str:
        """Hidden until the script shows it: without a script nothing can be filtered."""
        boxes = "".join(
            f'<label><input type="checkbox" value="{severity}" checked> '
            f"{escape(name.text(self._lang))}</label>"
            for severity, name in SEVERITY_NAMES.items()
        )
        return (
            f'<fieldset class="filter" hidden><legend>{escape(self._say(_SHOW))}</legend>{boxes}'
            "</fieldset>"
        )

    def _form(self, group: _Group) -> str:
        several = len(group.sheets) > 1
        rows = [_row(i.severity, *self._cells(i, with_sheet=several)) for i in group.items]
        return (
            f'<section class="form" id="form-{group.number}">\n<h2>{_text(group.name)}</h2>\n'
            f'<p class="source">{_text(group.source)}</p>\n'
            f"{self._table(_FINDING_HEADINGS, rows, 'findings')}\n</section>"
        )

    def _cells(self, item: Item, *, with_sheet: bool) -> tuple[str, ...]:
        subject = _text(item.indicator or item.field)
        if item.indicator:
            subject += f'<span class="source">{_text(item.field)}</span>'
        cell = f"{item.place.sheet}!{item.place.cell}" if with_sheet else item.place.cell
        blank = f'<span class="source">{escape(self._say(_BLANK))}</span>'
        value = _value(item) if item.value.strip() else blank
        return self._badge(item), _text(cell), subject, value, self._said(item)

    def _badge(self, item: Item) -> str:
        severity = SEVERITY_NAMES[item.severity].text(self._lang)
        return f'<span class="badge">{escape(severity)}</span> <code>{escape(item.code)}</code>'

    def _said(self, item: Item) -> str:
        said = _text(item.message)
        if item.advice:
            label = "建议：" if self._lang == "zh" else "suggestion: "
            said += f'<p class="advice">{label}{_text(item.advice)}</p>'
        return said

    def _section(self, title: Message, content: str) -> str:
        return f"<section>\n<h2>{escape(self._say(title))}</h2>\n{content}\n</section>"

    def _table(self, headings: Sequence[Message], rows: Iterable[str], kind: str) -> str:
        heads = "".join(f'<th scope="col">{escape(self._say(text))}</th>' for text in headings)
        return (
            f'<table class="{kind}">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n'
            + "\n".join(rows)
            + "\n</tbody>\n</table>"
        )

    def _say(self, message: Message) -> str:
        return message.text(self._lang)


def _form(item: Item) -> tuple[str, ...]:
    return (item.document, item.key, item.project, item.place.file)


def _row(severity: str, *cells: str) -> str:
    kind = f' class="{severity}"' if severity else ""
    return f"<tr{kind}>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _value(item: Item) -> str:
    before, marked, after = excerpt(item.value, item.span, _VALUE)
    mark = f"<mark>{_text(marked)}</mark>" if item.span else ""
    return f'<span class="value">{_text(before)}{mark}{_text(after)}</span>'


def _text(text: str) -> str:
    """Text of a form as text of the page; lines stay lines."""
    return escape(visible(shortened(text, _TEXT), keep="\n"))


def _hash(content: str) -> str:
    """What a content policy calls a style or script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
