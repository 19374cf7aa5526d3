"""A workbook with a sheet for every project, judged by single workbooks and by openpyxl."""

import io
from collections.abc import Sequence

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ooxml.named_workbook import hard
from tests.template.forms import SHEET, TABLE, name, record, small_form, workbook
from xlperf.diagnostic import WorkbookError
from xlperf.expr import parse_formula
from xlperf.forms import Project
from xlperf.ooxml.package import CONTENT_TYPES, Package
from xlperf.template import Book, Template, read_forms

ROWS = [
    ["产出指标", "数量指标", "次数", "30", "30"],
    ["产出指标", "数量指标", "人数", "30", "29.5"],
    ["产出指标", "质量指标", "合格率", "20", "20"],
    ["效益指标", "质量指标", "满意度" * 40, "20", "19.25"],
]
NAMES = ("01_甲", "乙's 表", "丙")


def projects() -> list[Project]:
    return [
        record({"编号": key, "项目名称": f"=项目 {key}", "资金.财政拨款.金额": "5.5"}, ROWS[:count])
        for key, count in (("01", 4), ("2", 1), ('"3"', 3))
    ]


def book(template: Template, records: Sequence[Project], names: Sequence[str] = NAMES) -> bytes:
    made = Book(template)
    for project, sheet in zip(records, names, strict=True):
        made.add(project, sheet)
    return made.to_bytes()


@pytest.fixture(scope="module")
def template() -> Template:
    return Template(small_form(), "small.xlsx")


@pytest.fixture(scope="module")
def data(template: Template) -> bytes:
    return book(template, projects())


def opened(data: bytes, *, cached: bool = False) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), data_only=cached)


def shown(sheet) -> list[object]:
    cells = [
        (c.coordinate, c.value, c.number_format, c.border.left.style, c.alignment.wrap_text)
        for row in sheet.iter_rows()
        for c in row
    ]
    heights = {row: sheet.row_dimensions[row].height for row in range(1, sheet.max_row + 1)}
    return [cells, sorted(map(str, sheet.merged_cells.ranges)), heights]


@pytest.mark.parametrize("cached", [False, True])
def test_each_sheet_is_what_its_own_workbook_would_be(template, data, cached):
    sheets = opened(data, cached=cached)
    assert sheets.sheetnames == ["目录", *NAMES]
    for project, sheet in zip(projects(), NAMES, strict=True):
        alone = opened(template.fill(project), cached=cached)[SHEET]
        assert shown(sheets[sheet]) == shown(alone)


def test_every_form_is_read_back(data):
    found = [project for _, project in read_forms(data)[0]]
    assert [p.key for p in found] == ["01", "2", '"3"']
    assert [p.sheet for p in found] == list(NAMES)
    for project, original in zip(found, projects(), strict=True):
        assert project.name == original.name
        assert project.entry("模板").text == "small/1"
        rows = [[i.entry(label).text for label in TABLE] for i in project.indicators]
        assert rows == ROWS[: len(original.indicators)]


def test_the_index_leads_to_every_sheet_and_shows_its_results(data):
    index, values = (opened(data, cached=cached)["目录"] for cached in (False, True))
    lines = [[c.value for c in row] for row in values.iter_rows(min_row=2)]
    assert lines == [
        ["编号", "项目名称", "总分", "自评结论"],
        ["01", "=项目 01", 98.75, "优"],
        ["2", "=项目 2", 30, "差"],
        ['"3"', '=项目 "3"', 79.5, "差"],
    ]
    assert index["A1"].value == f"{SHEET}目录"
    assert index["C4"].value == "=IF('乙''s 表'!F8=\"\",\"\",'乙''s 表'!F8)"
    assert [index[f"{column}4"].hyperlink.location for column in "AB"] == ["'乙''s 表'!A1"] * 2
    assert index["B4"].data_type == "s"


def test_the_index_looks_like_the_forms(data):
    index = opened(data)["目录"]
    assert index["A1"].font.name == "黑体"
    for cell in (index["A2"], index["B3"], index["C5"]):
        assert (cell.font.name, cell.font.sz) == ("宋体", 10.5)
        sides = (cell.border.left, cell.border.right, cell.border.top, cell.border.bottom)
        assert [side.style for side in sides] == ["thin"] * 4
    assert index.page_setup.paperSize == 9
    assert index.print_title_rows == "$2:$2"
    assert index.freeze_panes == "A3"


def test_the_index_is_in_view_and_no_other_sheet_is_selected(data):
    sheets = opened(data)
    assert sheets.active.title == "目录"
    selected = [sheet.title for sheet in sheets if sheet.sheet_view.tabSelected]
    assert selected == ["目录"]


def test_names_are_those_of_their_sheets(data):
    sheets = opened(data)
    assert list(sheets.defined_names) == ["xp.模板"]
    assert sheets["丙"].defined_names["xp.编号"].value == '"""3"""'
    assert sheets["丙"].defined_names["xp.总分"].value == "'丙'!$F$10"
    assert sheets["01_甲"].defined_names["xp.指标.得分"].value == "'01_甲'!$F$7:$F$10"
    assert sheets["乙's 表"].defined_names["xp.指标.得分"].value == "'乙''s 表'!$F$7:$F$7"


def test_a_project_that_cannot_be_written_leaves_the_others(template):
    made = Book(template)
    made.add(projects()[0], "甲")
    with pytest.raises(WorkbookError, match="乙!A1：") as caught:
        made.add(record({"编号": "2", "项目名称": "长" * 40_000}), "乙")
    assert "32767" in caught.value.text()
    made.add(projects()[2], "丙")
    assert opened(made.to_bytes()).sheetnames == ["目录", "甲", "丙"]


def test_what_is_noticed_names_the_sheet(template):
    fields = {"编号": "1", "资金.资金总额.金额": "31", "资金.财政拨款.金额": "10"}
    filled = Book(template).add(record(fields), "甲")
    assert [(d.code, d.place.sheet, d.place.cell) for d in filled.diagnostics] == [
        ("F101", "甲", "B3")
    ]
    assert filled.entries["资金.资金总额.金额"].text == "31"


def test_formulas_for_table_cells_come_in(template):
    made = Book(template)
    made.add(record({}, ROWS[:2]), "甲", {(1, "得分"): parse_formula("ROUND(0.5*10,2)")})
    data = made.to_bytes()
    assert opened(data)["甲"]["F8"].value == "=ROUND(0.5*10,2)"
    assert opened(data, cached=True)["目录"]["C3"].value == 35


def test_an_index_beside_a_sheet_of_that_name_gets_another():
    def build(made, sheet):
        made.add_worksheet("目录")
        name(made, "项目名称", "$A$1")

    data = book(Template(workbook(build)), projects(), ["甲", "目录 (2)", "乙"])
    assert opened(data).sheetnames == ["目录 (3)", "甲", "目录 (2)", "乙", "目录"]


def test_a_form_without_results_lists_names_only():
    def build(made, sheet):
        name(made, "部门名称", "$A$1")

    data = book(Template(workbook(build)), [record({"编号": "1", "部门名称": "局"})], ["甲"])
    assert [c.value for c in opened(data)["目录"][2]] == ["编号", "部门名称"]
    assert [c.value for c in opened(data)["目录"][3]] == ["1", "局"]


def test_what_cannot_be_computed_here_has_no_cached_value_anywhere():
    def build(made, sheet):
        sheet.write_formula("B1", "=RAND()*A1", None, 99)
        made.add_worksheet("别处").write_formula("A1", "=RAND()", None, 99)
        name(made, "数量", "$A$1")
        name(made, "总分", "$B$1")

    data = book(Template(workbook(build)), [record({"编号": "1", "数量": "21"})], ["甲"])
    sheets = opened(data, cached=True)
    assert [sheets["甲"]["B1"].value, sheets["别处"]["A1"].value] == [None, None]
    assert sheets["目录"]["C3"].value is None
    assert opened(data).calculation.fullCalcOnLoad


def test_a_form_that_other_sheets_refer_to_is_refused():
    def build(made, sheet):
        made.add_worksheet("汇总").write_formula("C4", f"='{SHEET}'!A1", None, 0)
        name(made, "项目名称", "$A$1")

    with pytest.raises(WorkbookError, match=r"form\.xlsx，汇总!C4：") as caught:
        Book(Template(workbook(build), "form.xlsx"))
    assert [d.code for d in caught.value.diagnostics] == ["W206"]


def test_a_resize_that_is_refused_names_sheet_and_cell():
    template = Template(hard(10).to_bytes())
    with pytest.raises(WorkbookError, match="甲!G3：") as caught:
        Book(template).add(record({"编号": "1"}, [["名", "1"]], ("三级指标", "得分")), "甲")
    assert "xl" + "0" not in caught.value.text()


def test_a_hard_workbook_is_filled_on_every_sheet():
    template = Template(hard(10).to_bytes())
    table = ("三级指标", "得分")
    records = [
        record(
            {"编号": str(count), "项目名称": f"项目{count}"},
            [[f"指标{row}", str(row)] for row in range(count)],
            table,
        )
        for count in (10, 3, 25, 10)
    ]
    data = book(template, records, ["一", "二", "三", "四"])
    found = [project for _, project in read_forms(data)[0]]
    assert [(p.key, p.name, len(p.indicators)) for p in found] == [
        (str(count), f"项目{count}", count) for count in (10, 3, 25, 10)
    ]
    assert [[i.entry("得分").text for i in p.indicators] for p in found] == [
        [i.entry("得分").text for i in p.indicators] for p in records
    ]


def test_a_template_file_becomes_a_workbook():
    data = small_form()
    package = Package.open(data)
    types = package.read(CONTENT_TYPES).replace(b"sheet.main+xml", b"template.main+xml")
    made = book(Template(package.replace({CONTENT_TYPES: types}).to_bytes()), projects())
    assert b"template.main" not in Package.open(made).read(CONTENT_TYPES)


def test_making_it_is_repeatable(template, data):
    assert book(template, projects()) == data


rows = st.lists(st.tuples(*(st.sampled_from("甲乙"),) * 2, st.text("丙&<_x0041'\"", max_size=9)))
tables = st.lists(rows.map(lambda found: [[*row, "", ""] for row in found if row[2]][:12]))


@settings(max_examples=30)
@given(tables)
def test_what_is_filled_is_read(found):
    records = [record({"编号": f"k{n}"}, table) for n, table in enumerate(found)]
    if not records:
        return
    data = book(_SMALL, records, [f"表{n}" for n in range(len(records))])
    read = [project for _, project in read_forms(data)[0]]
    assert [p.key for p in read] == [p.key for p in records]
    for project, original in zip(read, records, strict=True):
        assert [i.level3 for i in project.indicators] == [i.level3 for i in original.indicators]


_SMALL = Template(small_form())
