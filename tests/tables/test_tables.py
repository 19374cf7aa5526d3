"""Data tables: what is read from CSV, .xlsx and DataFrames, and what is said of wrong ones."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlperf.bulk.frames import read_table, table_frames, write_tables
from xlperf.diagnostic import InputError, TableError, WorkbookError
from xlperf.forms import Entry, number_entry
from xlperf.tables import build_records, csv_bytes, read_folder, replace_cells
from xlperf.tables.csv_text import csv_rows

PROJECTS = '编号,项目名称,资金.财政拨款.金额,填报日期\n01,甲,"1,600.50",2024/02/05\n02,乙,,\n'
INDICATORS = "编号,三级指标,指标值\n01,次数,≥4次\n02,比例,95%\n01,时限,2025年底\n"


def write(folder: Path, projects: str = PROJECTS, indicators: str = INDICATORS) -> Path:
    (folder / "projects.csv").write_text(projects, encoding="utf-8")
    (folder / "indicators.csv").write_text(indicators, encoding="utf-8")
    return folder


def records(folder: Path):
    known = {"项目名称", "资金.财政拨款.金额", "填报日期", "指标.三级指标", "指标.指标值"}
    return build_records(*read_folder(folder), {"项目名称", "指标.三级指标"}, known)


def test_projects_carry_their_indicators_in_order(tmp_path):
    first, second = records(write(tmp_path)).projects
    assert (first.key, first.name) == ("01", "甲")
    assert [i.level3 for i in first.indicators] == ["次数", "时限"]
    assert [i.target for i in second.indicators] == ["95%"]
    assert str(first.entry("资金.财政拨款.金额").number) == "1600.50"
    assert first.entry("填报日期").number == 45327
    assert not second.entry("资金.财政拨款.金额")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_csv_saved_by_chinese_excel_is_read(tmp_path, encoding):
    write(tmp_path)
    for file in tmp_path.glob("*.csv"):
        file.write_bytes(file.read_text("utf-8").encode(encoding))
    assert records(tmp_path).projects[0].name == "甲"


def test_a_workbook_gives_what_its_cells_show(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "项目"
    sheet.append(["编号", "项目名称", "资金.财政拨款.金额", "填报日期"])
    sheet.append(["01", "甲", 1600.5, "2024-02-05"])
    sheet["C2"].number_format = "#,##0"
    table = book.create_sheet("指标")
    table.append(["编号", "三级指标", "指标值"])
    table.append(["01", "比例", 0.95])
    table["C2"].number_format = "0%"
    book.save(tmp_path / "data.xlsx")
    (project,) = records(tmp_path / "data.xlsx").projects
    assert project.entry("资金.财政拨款.金额").number == pd.to_numeric("1600.5")
    assert project.indicators[0].target == "95%"


def test_a_frame_with_numbers_dates_and_gaps():
    projects = pd.DataFrame(
        {
            "编号": ["01", "02"],
            "项目名称": ["甲", None],
            "资金.财政拨款.金额": [58.5, float("nan")],
            "填报日期": [pd.Timestamp(2024, 2, 5), pd.NaT],
        }
    )
    indicators = pd.DataFrame({"编号": ["01"], "三级指标": ["次数"], "指标值": [4]})
    made = build_records(
        read_table(projects, "项目"), read_table(indicators, "指标"), set(), set()
    ).projects
    assert made[0].entry("资金.财政拨款.金额").text == "58.5"
    assert made[0].entry("填报日期").number == 45327
    assert made[0].indicators[0].target == "4"
    assert not made[1].entry("资金.财政拨款.金额")


@pytest.mark.parametrize(
    ("projects", "indicators", "code", "said"),
    [
        ("编号,项目\n01,甲\n", INDICATORS, "D105", ["projects.csv", "第 1 行", "项目名称"]),
        (PROJECTS, "编号,指标值\n", "D105", ["indicators.csv", "三级指标"]),
        (
            PROJECTS + "01,丙,,\n",
            INDICATORS,
            "D107",
            ["projects.csv", "第 4 行", "“01”", "第 2 行"],
        ),
        (PROJECTS + ",丙,,\n", INDICATORS, "D106", ["第 4 行", "编号"]),
        (PROJECTS, INDICATORS + "07,x,1\n", "D108", ["indicators.csv", "第 5 行", "“07”"]),
        ("编号,项目名称,项目名\n", INDICATORS, "D104", ["项目名称", "项目名"]),
        (PROJECTS + "03,a,b,c,d,e\n", INDICATORS, "D109", ["第 4 行"]),
        (PROJECTS, INDICATORS + ",x,1\n", "D106", ["indicators.csv", "第 5 行"]),
        (PROJECTS + '03,"乙,,\n', INDICATORS, "D114", ["projects.csv", "第 4 行"]),
        (PROJECTS, INDICATORS + '01,"驻场,运维"人员,3\n', "D114", ["第 5 行"]),
        ("编号,项目名称\n", INDICATORS, "D126", ["projects.csv", "没有数据"]),
        ("", INDICATORS, "D118", ["projects.csv", "空"]),
        (",,\n \n", INDICATORS, "D118", ["projects.csv"]),
        (PROJECTS.replace(",", ";"), INDICATORS, "D120", ["projects.csv", "分号"]),
        (PROJECTS, INDICATORS.replace(",", "\t"), "D120", ["indicators.csv", "制表符"]),
        ("绩效目标表\n\n" + PROJECTS, INDICATORS, "D119", ["第 3 行", "表头"]),
        (PROJECTS, "指标表,,\n" + INDICATORS, "D119", ["indicators.csv", "第 2 行"]),
        (PROJECTS + "k" * 256 + ",丙,,\n", INDICATORS, "D121", ["第 4 行", "编号", "255"]),
    ],
)
def test_a_wrong_table_is_told_with_file_row_and_column(tmp_path, projects, indicators, code, said):
    with pytest.raises(TableError) as caught:
        records(write(tmp_path, projects, indicators))
    assert code in [d.code for d in caught.value.diagnostics]
    for words in said:
        assert words in caught.value.text()
    assert caught.value.text("en") != caught.value.text("zh")


def test_text_where_a_number_belongs_is_a_fault_of_that_project(tmp_path):
    wrong = PROJECTS.replace('"1,600.50"', "一百万")
    found = records(write(tmp_path, wrong))
    (fault,) = found.faults["01"]
    assert (fault.place.row, fault.place.column) == (2, "资金.财政拨款.金额")
    assert "一百万" in fault.text()
    assert "02" not in found.faults


def test_a_column_that_the_template_lacks_is_noted_with_the_likely_one(tmp_path):
    (note,) = records(write(tmp_path, PROJECTS.replace("填报日期", "填报日起"))).notes
    assert note.place.column == "填报日起"
    assert "填报日期" in note.text()


def test_a_key_that_no_project_has_is_told_once(tmp_path):
    with pytest.raises(TableError) as caught:
        records(write(tmp_path, PROJECTS, INDICATORS + "07,x,1\n07,y,1\n08,x,1\n"))
    assert [d.place.row for d in caught.value.diagnostics] == [5, 7]


@pytest.mark.parametrize("blank", ["", ",,,", "  ", " ,  ,,"])
def test_a_row_of_blanks_is_no_row(tmp_path, blank):
    made = records(write(tmp_path, PROJECTS + blank + "\n03,丙,,\n", INDICATORS + blank + "\n"))
    assert [p.key for p in made.projects] == ["01", "02", "03"]
    assert sum(len(p.indicators) for p in made.projects) == 3


def test_a_column_without_heading_is_noted_where_it_holds_something(tmp_path):
    lines = [line + ",," for line in PROJECTS.splitlines()]
    assert not records(write(tmp_path, "\n".join(lines))).notes
    (note,) = records(write(tmp_path, "\n".join([*lines[:2], "02,乙,,,,x"]))).notes
    assert note.place.column == "F"
    assert "没有表头" in note.text()


@pytest.mark.parametrize("amount", ["9" * 400, "-" + "9" * 400, "inf", "nan"])
def test_an_amount_that_is_no_finite_number_is_a_fault(tmp_path, amount):
    found = records(write(tmp_path, PROJECTS.replace('"1,600.50"', amount)))
    assert [d.code for d in found.faults["01"]] == ["X101"]


def test_a_folder_without_tables_and_a_path_that_is_not_there_are_refused(tmp_path):
    for source, said in ((tmp_path, "找不到项目表"), (tmp_path / "nothing", "路径不存在")):
        with pytest.raises(InputError, match=said):
            read_folder(source)


@pytest.mark.parametrize("name", ["cut.xlsx", "plain.csv"])
def test_a_file_that_is_no_workbook_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\3\4" if name == "cut.xlsx" else PROJECTS.encode())
    with pytest.raises(InputError) as caught:
        read_folder(tmp_path / name)
    assert all(d.place.file == str(tmp_path / name) for d in caught.value.diagnostics)


# ------------------------------------------------------------------------------------- workbooks


def book(path: Path, change=lambda projects, indicators: None) -> Path:
    """A workbook of both tables, changed before it is saved."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, text in (("项目", PROJECTS), ("指标", INDICATORS)):
        sheet = made.create_sheet(name)
        for row in csv.reader(text.splitlines()):
            sheet.append(row)
    change(made["项目"], made["指标"])
    made.save(path)
    return path


def test_merged_cells_stand_in_each_of_their_rows(tmp_path):
    def merge(projects, indicators):
        for row in (["", "时效", "x"], ["", "成本", "y"], [None] * 3, ["02", "效益", "z"]):
            indicators.append(row)
        indicators.insert_cols(2)
        indicators["B1"], indicators["B4"], indicators["B8"] = "一级指标", "产出", "效益"
        indicators.merge_cells("A4:A7")
        indicators.merge_cells("B4:B6")

    first, second = records(book(tmp_path / "a.xlsx", merge)).projects
    assert [(i.level1, i.level3) for i in first.indicators] == [
        ("", "次数"),
        ("产出", "时限"),
        ("产出", "时效"),
        ("产出", "成本"),
    ]
    assert [i.level1 for i in second.indicators] == ["", "效益"]


LONG = [
    (522700123456, "522700123456"),
    (100000000000000, "100000000000000"),
    (-522700123456, "-522700123456"),
    (1e15, "D125"),
    (522700000000123456, "D125"),
    (12.5, "12.5"),
]


@pytest.mark.parametrize(("number", "text"), LONG)
def test_a_long_number_keeps_its_digits_or_is_refused(tmp_path, number, text):
    found = records(book(tmp_path / "a.xlsx", lambda _, i: i.__setitem__("C2", number)))
    if text.startswith("D"):
        assert [d.code for d in found.faults["01"]] == [text]
        assert "文本" in found.faults["01"][0].text()
    else:
        assert found.projects[0].indicators[0].target == text


def test_a_number_is_a_key(tmp_path):
    def change(projects, indicators):
        for sheet in (projects, indicators):
            for (cell,) in sheet.iter_rows(min_row=2, max_col=1):
                cell.value = 522700123400 + int(cell.value)

    keys = [p.key for p in records(book(tmp_path / "a.xlsx", change)).projects]
    assert keys == ["522700123401", "522700123402"]


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [('="≥"&3', "D124", "请用 Excel 打开并保存一次"), ("#N/A", "D123", "#N/A")],
)
def test_a_cell_without_a_value_is_a_fault_of_its_project(tmp_path, value, code, said):
    found = records(book(tmp_path / "a.xlsx", lambda _, i: i.__setitem__("C3", value)))
    (fault,) = found.faults["02"]
    assert (fault.code, fault.place.sheet, fault.place.row) == (code, "指标", 3)
    assert said in fault.text()
    assert "01" not in found.faults
    with pytest.raises(TableError, match="编号"):
        records(book(tmp_path / "b.xlsx", lambda p, _: p.__setitem__("A2", value)))


def test_a_fault_in_a_column_that_is_not_written_does_not_matter(tmp_path):
    def change(projects, _):
        projects["E1"], projects["E2"], projects["F3"] = "校验", "#DIV/0!", "#N/A"

    found = records(book(tmp_path / "a.xlsx", change))
    assert not found.faults
    assert [n.place.column for n in found.notes] == ["校验", "F"]


def test_what_stands_beside_or_below_the_table_makes_no_row(tmp_path):
    def change(projects, _):
        projects["E1"] = "校验"
        for row in range(4, 9):
            projects.cell(row, 5, "#DIV/0!")
        projects["Z50"], projects["B60"] = "说明", "  "

    found = records(book(tmp_path / "a.xlsx", change))
    assert len(found.projects) == 2
    assert [n.place.column for n in found.notes] == ["校验", "Z"]


# ------------------------------------------------------------------------------------ CSV as text

CELLS = st.lists(st.lists(st.text(alphabet='ab,"\n\r 中\x00', max_size=5), min_size=1), min_size=1)


@given(CELLS)
def test_what_is_written_as_csv_is_read_again(rows):
    assert csv_rows(csv_bytes(rows), Path()) == rows


@given(st.text(alphabet='a,"\n 中', max_size=30))
def test_csv_is_read_as_a_strict_reader_reads_it_or_refused(text):
    """A strict reader also lets text end within quotes; that is how rows vanish."""
    try:
        rows = csv_rows(text.encode(), Path())
    except TableError:
        return
    assert rows == [row or [""] for row in csv.reader(io.StringIO(text, newline=""), strict=True)]


@given(CELLS, st.data())
def test_the_cell_that_is_read_is_the_one_that_is_replaced(rows, data):
    row = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(rows[row]) - 1))
    changed = replace_cells(csv_bytes(rows), {(row + 1, column + 1): '新,"'}, Path())
    rows[row][column] = '新,"'
    assert csv_rows(changed, Path()) == rows


# -------------------------------------------------------------------------------------- DataFrames


def frames(**columns) -> tuple[pd.DataFrame, pd.DataFrame]:
    projects = pd.DataFrame({"编号": ["01", "02"], "项目名称": ["甲", "乙"], **columns})
    return projects, pd.DataFrame({"编号": ["01"], "三级指标": ["次数"], "指标值": ["4"]})


def framed(projects: pd.DataFrame, indicators: pd.DataFrame):
    return build_records(read_table(projects, "项目"), read_table(indicators, "指标"))


AMOUNT = "资金.财政拨款.金额"
NULLABLE = {
    "none": [None, 2],
    "NA": [pd.NA, 2],
    "NaN": [float("nan"), 2],
    "Int64": pd.array([pd.NA, 2], dtype="Int64"),
    "Float64": pd.array([pd.NA, 2.0], dtype="Float64"),
    "string": pd.array([pd.NA, "2"], dtype="string"),
    "category": pd.Categorical([None, "2"]),
    "numpy": pd.Series([None, np.int64(2)], dtype=object),
}


@pytest.mark.parametrize("values", NULLABLE.values(), ids=NULLABLE)
def test_every_kind_of_gap_is_blank(values):
    first, second = framed(*frames(**{AMOUNT: values})).projects
    assert not first.entry(AMOUNT)
    assert second.entry(AMOUNT).number == 2


def test_converted_dtypes_change_nothing():
    projects, indicators = frames(**{AMOUNT: [1.5, None], "填报日期": ["2024-02-05", None]})
    plain = framed(projects, indicators)
    assert framed(projects.convert_dtypes(), indicators.convert_dtypes()) == plain


UNFIT = [
    1j,
    [1],
    {"a": 1},
    np.array([1, 2]),
    b"x",
    float("inf"),
    float("-inf"),
    10**400,
    10**5000,
    pd.Timedelta(days=1),
]


@pytest.mark.parametrize("value", UNFIT, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("column", [AMOUNT, "项目名称"])
def test_a_value_that_no_cell_can_hold_is_a_fault(column, value):
    projects, indicators = frames(**{AMOUNT: ""})
    projects[column] = pd.Series([value, "5"], dtype=object)
    faults = framed(projects, indicators).faults
    assert list(faults) == ["01"]
    assert [(d.code, d.place.row, d.place.column) for d in faults["01"]] == [("D122", 2, column)]


@pytest.mark.parametrize(
    "value", [2.0**63, -(2.0**63), 2.0**53, 1e300, 12345678901234.5, 0.1], ids=str
)
def test_a_large_number_is_no_integer_that_overflows(value):
    entries = [{"编号": Entry("01"), AMOUNT: number_entry(Decimal(repr(value)))}]
    projects, _ = table_frames(entries, [])
    assert list(projects[AMOUNT]) == [value]


@pytest.mark.parametrize("name", ["tables", "tables.xlsx"])
@pytest.mark.parametrize(
    "text",
    ["a\x0bb", "a\ufffeb", "_x0041_", "a\rb", "\x00", "=1+1", "12345678901234567", '"', " a "],
    ids=ascii,
)
def test_any_text_goes_to_a_table_and_comes_back(tmp_path, name, text):
    projects, indicators = frames()
    projects["项目名称"] = [text, pd.NA]
    write_tables(projects, indicators, tmp_path / name)
    assert read_folder(tmp_path / name)[0].rows[0][1] == Entry(text)


@pytest.mark.parametrize("below", ["", "x", "x/y"])
@pytest.mark.parametrize("suffix", ["", ".xlsx"])
def test_tables_that_have_no_place_are_refused_by_name(tmp_path, below, suffix):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / below / f"t{suffix}"
    with pytest.raises(WorkbookError, match="无法写入") as caught:
        write_tables(*frames(), out)
    assert "file" in caught.value.diagnostics[0].place.file


@pytest.mark.parametrize("name", ["tables", "tables.xlsx"])
def test_what_is_written_is_read_again(tmp_path, name):
    projects = pd.DataFrame(
        {"编号": ["01"], "项目名称": ["=甲\n乙"], "资金.财政拨款.金额": [1980298.62]}
    )
    indicators = pd.DataFrame({"编号": ["01"], "三级指标": ["次数"], "指标值": ["≥4次"]})
    write_tables(projects, indicators, tmp_path / name)
    first, second = read_folder(tmp_path / name)
    assert [e.text for e in first.rows[0]] == ["01", "=甲\n乙", "1980298.62"]
    assert [e.text for e in second.rows[0]] == ["01", "次数", "≥4次"]
