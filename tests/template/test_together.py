"""Many projects at once, and each by itself: the forms are the same; one that cannot be is told."""

import io
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.template.forms import SHEET, name, record, workbook
from xlperf.diagnostic import InputError
from xlperf.expr import parse_formula
from xlperf.forms import Entry, Project
from xlperf.template import FillRequest, Template

LABELS = ("三级指标", "实际完成值", "数量", "分值")
FIELDS = ("项目名称", "填报日期", "资金.总额.金额", "说明文字")


def form(*formulas: tuple[str, str]) -> Template:
    """Four single fields, three rows of a table with a score, and these formulas."""

    def build(book, sheet):
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for cell, formula in formulas:
            sheet.write_formula(cell, formula, day if cell == "A2" else None, 12345)
        for row, label in enumerate(FIELDS, 1):
            name(book, label, f"$A${row}")
        for column, label in zip("ABCDE", (*LABELS, "得分"), strict=True):
            name(book, f"指标.{label}", f"${column}$7:${column}$9")

    return Template(workbook(build))


RICH = form(
    ("A2", "=DATE(2024,1,COUNTA(A7:A9))"),
    ("A3", "=SUM(D7:D9)"),
    ("B1", '=IF(A3>=20,"优",A4)'),
    ("B2", "=IFERROR(A4*2,A1&1)"),
    ("B3", "=SUMIF(A7:A9,A4,D7:D9)/COUNT(D7:D9)"),
    ("B7", '=IF(C7="","",C7*2)'),
    ("B8", '=IF(C8="","",C8*2)'),
    ("B9", '=IF(C9="","",C9*2)'),
    ("F7", "=SUM(D$7:D7)"),
    ("F8", "=SUM(D$7:D8)"),
    ("F9", "=SUM(D$7:D9)"),
    ("F10", "=SUM(E7:E9)"),
    ("F11", "=F12+1"),
    ("F12", "=F11+A3"),
)
HALF = parse_formula("IF(ISNUMBER(实际完成值),实际完成值,分值)/2")

texts = st.sampled_from(["", "甲", "12", "95%", "1 2", "\x01", "长" * 40_000])
numbers = st.sampled_from(["", "1", "33.33", "-2.5", "20"])
days = st.sampled_from(["", "1900-01-01", "2024/01/03"])
rows = st.lists(st.tuples(texts, texts, numbers, numbers), max_size=5)
projects = st.builds(
    lambda fields, table: record(dict(zip(FIELDS, fields, strict=True)), table, LABELS),
    st.tuples(texts, days, numbers, texts),
    rows,
)


def requests(several):
    return [
        FillRequest(each, {(row, "得分"): HALF for row in range(len(each.indicators))})
        for each in several
    ]


def outcome(filled):
    return filled.text() if isinstance(filled, InputError) else (filled.data, filled.diagnostics)


@settings(max_examples=60, deadline=None)
@given(st.lists(projects, min_size=2, max_size=20))
def test_a_form_among_others_is_the_one_that_is_filled_alone(several):
    together = list(map(outcome, RICH.render_all(requests(several))))
    alone = [outcome(filled) for job in requests(several) for filled in RICH.render_all([job])]
    assert together == alone


GOOD = record({"项目名称": "甲"}, [("一", "", "4", "10")], LABELS)


@pytest.mark.parametrize(
    ("cell", "formula", "label", "entry", "told"),
    [
        ("A1", "=1", "项目名称", Entry("长" * 40_000), "A1：文本有 40000 个字符"),
        ("A1", "=RAND()", "项目名称", Entry("长" * 40_000), "A1：文本有 40000 个字符"),
        ("A2", "=1", "填报日期", Entry("1899-12-30", Decimal(-1)), "A2：日期 1899-12-30 早于"),
    ],
)
def test_a_value_that_no_cell_holds_spoils_no_other_form(cell, formula, label, entry, told):
    template = form((cell, formula))
    bad = Project({label: entry}, GOOD.indicators)
    before, wrong, after = template.render_all(requests([GOOD, bad, GOOD]))
    assert told in wrong.text()
    assert outcome(before) == outcome(after) == outcome(next(template.render_all(requests([GOOD]))))


def values(data: bytes) -> dict[str, object]:
    sheet = openpyxl.load_workbook(io.BytesIO(data), data_only=True)[SHEET]
    return {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row}


TOTAL = ("F10", "=SUM(E7:E9)")


@pytest.mark.parametrize(
    ("actual", "given", "score", "total"),
    [
        ("=C7*2", "", 4, 4),  # as the form's formula has it
        ("=C7*2", "6", 5, 5),  # the data has a text, which is kept
        ("=C7*RAND()", "", None, None),  # what cannot be computed here is left to Excel
        ("=C7*RAND()", "6", 5, 5),
    ],
)
def test_a_score_follows_the_formulas_that_it_reads(actual, given, score, total):
    template = form(("B7", actual), TOTAL)
    project = record({}, [("一", given, "4", "10")], LABELS)
    found = values(template.fill(project, {(0, "得分"): HALF}))
    assert (found["E7"], found["F8"]) == (score, total)


@pytest.mark.parametrize(
    ("formula", "text", "code"),
    [
        ("=4*2", "8", "General"),
        ("=19/20", "95%", "0%"),
        ("=1/3", "0.33", "0.00"),
        ("=2>1", "TRUE", "General"),
        ("=1/0", "#DIV/0!", "General"),
    ],
)
def test_what_is_read_from_a_formula_leaves_it_in_its_place(formula, text, code):
    def build(book, sheet):
        sheet.write_formula("A1", formula, book.add_format({"num_format": code}))
        name(book, "说明文字", "$A$1")

    template = Template(workbook(build))
    read = template.read(template.fill(record({})))
    assert read.entry("说明文字").text == text
    filled = template.render(record({"说明文字": text}))
    assert filled.data == template.fill(record({}))
    assert filled.diagnostics == ()


def test_a_text_that_departs_from_a_formula_is_reported():
    (noticed,) = form(("A4", '="优"')).render(record({"说明文字": "良"})).diagnostics
    assert noticed.code == "F101"
    assert "良" in noticed.text()
    assert "优" in noticed.text()
