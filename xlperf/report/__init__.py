"""Reports of a review: for the eye, for the printer, for other programs, and in the workbook.

    print(render(review, "text"))
    Path("审核.html").write_text(render(review, "html"), "utf-8")
    path.write_bytes(marked_workbook(path.read_bytes(), findings_of_that_file))

A style is one module and says nothing of its own about findings: what each of them reads is an
`Item`, in the language asked for.
"""

from collections.abc import Callable
from typing import Literal, get_args

from xlperf.diagnostic import Lang
from xlperf.report.csv_table import render_csv
from xlperf.report.html_page import render_html
from xlperf.report.items import shortened
from xlperf.report.json_document import as_json, render_json
from xlperf.report.marking import write_marked
from xlperf.report.sarif import render_sarif
from xlperf.report.text import render_text
from xlperf.report.workbook import is_listing, marked_workbook, marks_and_listing, own_part
from xlperf.review import Review

__all__ = [
    "STYLES",
    "Style",
    "as_json",
    "is_listing",
    "marked_workbook",
    "marks_and_listing",
    "own_part",
    "render",
    "shortened",
    "write_marked",
]

Style = Literal["text", "json", "sarif", "csv", "html"]
STYLES: tuple[Style, ...] = get_args(Style)

_RENDERERS: dict[Style, Callable[[Review, Lang], str]] = {
    "text": render_text,
    "json": render_json,
    "sarif": render_sarif,
    "csv": render_csv,
    "html": render_html,
}


def render(review: Review, style: Style, lang: Lang = "zh") -> str:
    """The review in one style; the text ends with a line feed and can be encoded as UTF-8."""
    return _RENDERERS[style](review, lang)
