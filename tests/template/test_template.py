"""Filling a template and reading it back, judged by openpyxl as a second reader."""

import datetime
import io
import zipfile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.template.forms import SHEET, TABLE, name, record, small_form, workbook
from xlperf.diagnostic import Severity, WorkbookError
from xlperf.expr import parse_formula
from xlperf.template import Template

ROWS = [
    ["产出指标", "数量指标", "次数", "30", "30"],
    ["产出指标", "数量指标", "人数", "30", "29.5"],
    ["产出指标", "质量指标", "合格率", "20", "20"],
    ["效益指标", "质量指标", "满意度", "20", "19.25"],
    ["", "", "备用", "0", "0"],
]


@pytest.fixture(scope="module")
def template() -> Template:
    return Template(small_form(), "small.xlsx")


def opened(data: bytes, *, cached: bool = True):
    return openpyxl.load_workbook(io.BytesIO(data), data_only=cached)[SHEET]


def test_single_fields_and_the_key_are_written_and_read(template):
    fields = {"编号": "07", "项目名称": "=甲", "资金.财政拨款.金额": "1,600.5"}
    data = template.fill(record(fields, ROWS[:3]))
    sheet = opened(data)
    assert sheet["A1"].value == "=甲"
    assert sheet["A1"].data_type == "s"
    assert sheet["B4"].value == 1600.5
    assert sheet["B3"].value == 1600.5
    project = template.read(data)
    assert (project.key, project.name) == ("07", "=甲")
    assert project.entry("资金.资金总额.金额").text == "1600.5"
    assert project.entry("模板").text == "small/1"


def test_a_key_with_marks_stays_a_literal(template):
    key = 'a"b&<c>'
    assert template.read(template.fill(record({"编号": key}))).key == key


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_the_table_has_as_many_rows_as_the_project(template, count):
    data = template.fill(record({}, ROWS[:count]))
    sheet, formulas = opened(data), opened(data, cached=False)
    total = 7 + count
    assert [sheet.cell(7 + i, 3).value for i in range(count)] == [r[2] for r in ROWS[:count]]
    assert formulas.cell(total, 6).value == f"=ROUND(SUM(F7:F{6 + count}),2)"
    assert sheet.cell(total, 6).value == pytest.approx(sum(float(r[4]) for r in ROWS[:count]))
    assert sheet.cell(total + 1, 6).value == ("优" if count >= 4 else "差")
    assert sheet.max_row == total + 1
    assert [[i.entry(label).text for label in TABLE] for i in template.read(data).indicators] == (
        ROWS[:count]
    )


def test_equal_neighbours_of_the_level_columns_are_merged(template):
    merged = {str(area) for area in opened(template.fill(record({}, ROWS))).merged_cells.ranges}
    sideways = {f"C{row}:D{row}" for row in range(7, 12)}
    assert merged == {"A1:E1", "A7:A9", "B7:B8"} | sideways


def test_a_project_without_indicators_leaves_one_blank_row(template):
    data = template.fill(record({"项目名称": "甲"}))
    assert opened(data)["F8"].value == 0
    assert template.read(data).indicators == ()


def test_where_data_and_formula_agree_the_formula_stays(template):
    fields = {"资金.资金总额.金额": "30", "资金.财政拨款.金额": "10", "资金.其他资金.金额": "20"}
    filled = template.render(record(fields))
    assert filled.diagnostics == ()
    assert opened(filled.data, cached=False)["B3"].value.startswith("=")
    assert opened(filled.data)["B3"].value == 30


def test_where_they_differ_the_data_is_kept_and_reported(template):
    fields = {"资金.资金总额.金额": "31", "资金.财政拨款.金额": "10", "总分": "97.66"}
    filled = template.render(record(fields, ROWS[:4]))
    sheet = opened(filled.data, cached=False)
    assert sheet["B3"].value == 31
    assert sheet["F11"].value == 97.66
    assert opened(filled.data)["F12"].value == "优"
    assert [(d.place.cell, d.severity) for d in filled.diagnostics] == [
        ("B3", Severity.WARNING),
        ("F11", Severity.WARNING),
    ]
    assert "98.75" in filled.diagnostics[1].text()


def test_a_formula_given_for_a_table_cell_refers_to_its_row(template):
    expr = parse_formula("ROUND(0.5*10,2)")
    data = template.fill(record({}, ROWS[:2]), {(1, "得分"): expr})
    assert opened(data, cached=False)["F8"].value == "=ROUND(0.5*10,2)"
    assert opened(data)["F8"].value == 5
    assert opened(data)["F9"].value == 35


def test_rows_are_tall_enough_for_wrapped_text(template):
    short, long = record({}, ROWS[:1]), record({}, [["", "", "满意度" * 40, "1", "1"]])
    low, tall = (opened(template.fill(p)).row_dimensions[7].height for p in (short, long))
    assert tall > 8 * (low or 15)


def test_text_beyond_the_tallest_row_is_reported(template):
    (found,) = template.render(record({}, [["", "", "长" * 3000, "1", "1"]])).diagnostics
    assert found.code == "F102"
    assert found.place.cell == "A7"


def test_text_too_long_for_a_cell_names_the_cell(template):
    with pytest.raises(WorkbookError, match="A1") as caught:
        template.fill(record({"项目名称": "长" * 40000}))
    assert caught.value.diagnostics[0].code


def test_untouched_parts_are_byte_identical(template):
    filled = template.fill(record({"编号": "1"}, ROWS))
    with (
        zipfile.ZipFile(io.BytesIO(template.data)) as before,
        zipfile.ZipFile(io.BytesIO(filled)) as after,
    ):
        changed = {n for n in before.namelist() if before.read(n) != after.read(n)}
    assert changed == {"xl/worksheets/sheet1.xml", "xl/workbook.xml"}


def test_filling_is_repeatable(template):
    project = record({"编号": "1"}, ROWS)
    assert template.fill(project) == template.fill(project)


def test_a_formula_beyond_our_means_has_no_cached_value():
    def build(book, sheet):
        sheet.write_formula("B1", "=A1*2", None, 99)
        sheet.write_formula("B2", "=RAND()*A1", None, 99)
        sheet.write_formula("B3", "=B2+1", None, 99)
        sheet.write_formula("B4", "=1+1", None, 2)
        name(book, "数量", "$A$1")

    data = Template(workbook(build)).fill(record({"数量": "21"}))
    sheet = opened(data)
    assert [sheet[f"B{row}"].value for row in (2, 3, 4)] == [None, None, 2]
    assert openpyxl.load_workbook(io.BytesIO(data)).calculation.fullCalcOnLoad


def test_no_cell_that_an_array_formula_fills_keeps_its_old_value():
    def build(book, sheet):
        sheet.write_array_formula("B1:B3", "{=A1*C1:C3}", None, 99)
        sheet.write_column("B2", [99, 99])
        sheet.write_formula("D1", "=B3+1", None, 99)
        sheet.write_array_formula("E1:E2", "{=C1:C2*2}", None, 98)
        sheet.write_number("E2", 98)
        name(book, "数量", "$A$1")

    data = Template(workbook(build)).fill(record({"数量": "21"}))
    sheet = opened(data)
    assert [sheet[cell].value for cell in ("B1", "B2", "B3", "D1")] == [None] * 4
    assert [sheet[cell].value for cell in ("E1", "E2")] == [98, 98]
    assert openpyxl.load_workbook(io.BytesIO(data)).calculation.fullCalcOnLoad


@pytest.mark.parametrize(
    ("label", "code", "text", "held"),
    [
        ("填报日期", "General", "2024/02/05", "2024/02/05"),
        ("填报日期", "yyyy/mm/dd", "2024/02/05", datetime.datetime(2024, 2, 5)),
        ("支出计划.3月底", "General", "50%", "50%"),
        ("支出计划.3月底", "0%", "50%", 0.5),
    ],
)
def test_a_date_or_percentage_is_a_number_only_where_it_is_shown_as_one(label, code, text, held):
    def build(book, sheet):
        sheet.write_blank("A1", None, book.add_format({"num_format": code}))
        name(book, label, "$A$1")

    template = Template(workbook(build))
    data = template.fill(record({label: text}))
    assert opened(data)["A1"].value == held
    assert template.read(data).entry(label).text == text


def test_formulas_on_other_sheets_follow():
    def build(book, sheet):
        book.add_worksheet("汇总").write_formula("A1", f"='{SHEET}'!B4*2", None, 0)
        name(book, "资金.财政拨款.金额", "$B$4")

    data = Template(workbook(build)).fill(record({"资金.财政拨款.金额": "21"}))
    assert openpyxl.load_workbook(io.BytesIO(data), data_only=True)["汇总"]["A1"].value == 42


def test_a_workbook_without_names_is_no_template():
    with pytest.raises(WorkbookError, match="xp"):
        Template(workbook(lambda book, sheet: None), "plain.xlsx")


texts = st.text(st.characters(codec="utf-8"), max_size=30).map(lambda t: t.replace("\r", ""))
rows = st.lists(
    st.tuples(
        st.sampled_from("甲乙"),
        st.sampled_from("丙丁"),
        texts.filter(bool),
        st.just(""),
        st.just(""),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(texts, rows)
def test_what_is_filled_is_read(title, table):
    template = _SMALL
    data = template.fill(record({"项目名称": title}, table))
    project = template.read(data)
    assert project.name == title
    assert [i.level3 for i in project.indicators] == [row[2] for row in table]
    assert [i.level1 for i in project.indicators] == [row[0] for row in table]


_SMALL = Template(small_form())


def test_a_long_number_typed_into_a_text_field_keeps_its_digits():
    def build(book, sheet):
        sheet.write_number("A1", 522700123456)
        name(book, "项目编码", "$A$1")

    data = workbook(build)
    assert Template(data).read(data).entry("项目编码").text == "522700123456"


def test_of_several_forms_the_first_is_filled_and_the_others_are_named():
    def build(book, sheet):
        for number, home in enumerate(
            (sheet, book.add_worksheet("自评"), book.add_worksheet("末"))
        ):
            book.define_name(
                f"'{home.get_name()}'!xp.项目名称", f"='{home.get_name()}'!$A${number + 1}"
            )

    template = Template(workbook(build), "several.xlsx")
    (notice,) = template.notices
    assert (notice.code, notice.severity) == ("N114", Severity.WARNING)
    assert notice.message.zh == (
        "模板中有 3 张表，只填写工作表“表 1”上的一张，“自评”、“末”保持原样"
    )
    book = openpyxl.load_workbook(io.BytesIO(template.fill(record({"项目名称": "甲"}))))
    assert [book["表 1"]["A1"].value, book["自评"]["A2"].value] == ["甲", None]


def test_a_template_of_one_form_has_nothing_to_be_told_of(template):
    assert template.notices == ()


def test_workbooks_of_one_template_are_each_read_under_their_own_key(template):
    keys = ["01", "02", 'a"b', "a&b<c", "中 文", "", "x" * 300, "01"]
    books = [template.fill(record({"编号": key, "项目名称": key}, ROWS[:1])) for key in keys]
    assert [template.read(book).key for book in books] == keys
    assert [template.read(book).name for book in books] == keys
