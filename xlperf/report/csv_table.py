"""The review as CSV for Excel: a line for each finding, and nothing that Excel would run."""

import csv
import io

from xlperf.diagnostic import SEVERITY_NAMES, Lang, Message
from xlperf.report.items import Item, items_of, shortened, visible
from xlperf.review import Review

_MARK = "\ufeff"  # tells Excel that this is UTF-8
_LONGEST = 32_000  # characters; a cell of Excel holds a little more
_FORMULA_STARTS = tuple("=+-@＝＋－＠")
_HEADINGS = (
    Message("严重程度", "severity"),
    Message("代码", "code"),
    Message("问题", "finding"),
    Message("文件", "file"),
    Message("工作表", "sheet"),
    Message("单元格", "cell"),
    Message("文档", "document"),
    Message("编号", "key"),
    Message("项目名称", "project"),
    Message("指标", "indicator"),
    Message("字段", "field"),
    Message("填报内容", "value"),
    Message("建议", "suggestion"),
)


def render_csv(review: Review, lang: Lang) -> str:
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(heading.text(lang) for heading in _HEADINGS)
    for item in items_of(review, lang):
        lines.writerow(map(_safe, _cells(item, lang)))
    return _MARK + text.getvalue()


def _cells(item: Item, lang: Lang) -> tuple[str, ...]:
    place = item.place
    return (
        SEVERITY_NAMES[item.severity].text(lang),
        item.code,
        item.message,
        place.file,
        place.sheet,
        place.cell,
        item.document,
        item.key,
        item.project,
        item.indicator,
        item.field,
        item.value,
        item.advice or "",
    )


def _safe(text: str) -> str:
    """One line of text that Excel shows and does not calculate."""
    if text.lstrip().startswith(_FORMULA_STARTS):
        text = "'" + text
    return visible(shortened(text, _LONGEST))
