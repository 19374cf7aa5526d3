"""Data tables: what is read from CSV, .xlsx and DataFrames, and what is said of wrong ones."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from xlperf.bulk.frames import read_table, write_tables
from xlperf.diagnostic import InputError, TableError
from xlperf.tables import build_records, read_folder

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


def test_a_folder_without_tables_and_a_foreign_file_are_refused(tmp_path):
    for source in (tmp_path, tmp_path / "nothing.txt"):
        with pytest.raises(InputError):
            read_folder(source)


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
