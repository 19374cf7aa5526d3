"""All projects in one workbook: the six official forms, judged by outsiders."""

import csv
import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

import xlperf
from tests.ooxml.named_workbook import hard
from xlperf.bulk import Options, fill_book, load, load_example, read_workbooks, write_tables
from xlperf.ooxml.package import Package
from xlperf.resources import example_folders, examples_root, template_path
from xlperf.review import check
from xlperf.template import Template

ROOT = examples_root()
FOLDERS = [folder.relative_to(ROOT).as_posix() for folder in example_folders()]
FORM = "guizhou_self_evaluation"


@pytest.fixture(scope="session")
def books(tmp_path_factory) -> dict[str, Path]:
    """Every example as one workbook: with the scores of the data, and under `…/` computed ones."""
    found = {}
    for scores in ("given", "computed"):
        out = tmp_path_factory.mktemp(scores)
        for name in FOLDERS:
            template, records = load_example(ROOT / name)
            path = out / f"{name.replace('/', '-')}.xlsx"
            outcomes = fill_book(template, records, path, Options(scores=scores))
            assert {outcome.path for outcome in outcomes} == {path}
            found[f"{name} {scores}"] = path
    return found


@pytest.mark.parametrize("name", FOLDERS)
def test_reading_gives_back_exactly_the_tables_that_went_in(books, tmp_path, name):
    reading = read_workbooks([books[f"{name} given"]])
    assert not reading.problems
    write_tables(reading.projects, reading.indicators, tmp_path)
    for table in ("projects.csv", "indicators.csv"):
        with (ROOT / name / table).open(encoding="utf-8", newline="") as file:
            expected = list(csv.reader(file))
        with (tmp_path / table).open(encoding="utf-8", newline="") as file:
            assert list(csv.reader(file)) == expected


@pytest.mark.parametrize("name", FOLDERS)
def test_the_index_has_a_line_for_every_sheet(books, name):
    _, records = load_example(ROOT / name)
    sheets = openpyxl.load_workbook(books[f"{name} given"])
    index = sheets["目录"]
    keys = [index.cell(row, 1).value for row in range(3, index.max_row + 1)]
    assert keys == [project.key for project in records.projects]
    for row, sheet in enumerate(sheets.sheetnames[1:], start=3):
        assert index.cell(row, 2).hyperlink.location == f"'{sheet}'!A1"
        assert sheet.startswith(f"{index.cell(row, 1).value}_")


@pytest.mark.oracle("openxml")
def test_the_validator_finds_no_error(books, openxml):
    assert {p: errors for p, errors in openxml(books.values()).items() if errors} == {}


@pytest.mark.oracle("libreoffice")
def test_libreoffice_computes_the_values_that_are_cached(books, libreoffice):
    differing, compared = [], 0
    for path, sheets in libreoffice.recalculate(books.values()).items():
        cached = openpyxl.load_workbook(path, data_only=True)
        assert list(sheets) == cached.sheetnames
        for sheet, cells in sheets.items():
            for cell, value in cells.items():
                held = cached[sheet][cell].value
                held = "" if held is None else held
                if isinstance(value, float) and isinstance(held, (int, float)):
                    same = abs(value - held) <= 1e-9 * max(1, abs(value))
                else:
                    same = value == held
                compared += 1
                if not same:
                    differing.append((path.name, sheet, cell, held, value))
    assert differing == []
    assert compared > 300


@pytest.mark.oracle("libreoffice")
def test_every_form_prints_as_alone_behind_the_index(books, libreoffice, tmp_path):
    template, records = load_example(ROOT / "shanghai-2023")
    pages = len(libreoffice.render(books["shanghai-2023 given"], dpi=20))
    alone = 0
    for project in records.projects:
        path = tmp_path / f"{project.key}.xlsx"
        path.write_bytes(template.fill(project))
        alone += len(libreoffice.render(path, dpi=20))
    assert pages == alone + 1


def test_a_second_reader_sees_the_same_values(books):
    path = books["qiannan-2023 computed"]
    sheets = openpyxl.load_workbook(path, data_only=True)
    other = CalamineWorkbook.from_path(path)
    assert other.sheet_names == sheets.sheetnames
    for sheet in sheets:
        rows = other.get_sheet_by_name(sheet.title).to_python(skip_empty_area=False)
        for row, cells in enumerate(rows, start=1):
            for column, value in enumerate(cells, start=1):
                held = sheet.cell(row, column).value
                if isinstance(held, (str, float)) and held != "":
                    assert value == held or hasattr(held, "year")


def test_it_is_reviewed_as_the_single_workbooks_are(books, tmp_path):
    template, records = load_example(ROOT / "qiannan-2023")
    (tmp_path / "one").mkdir()
    for project in records.projects:
        (tmp_path / "one" / f"{project.key}.xlsx").write_bytes(template.fill(project))
    alone, together = check([tmp_path / "one"]), check([books["qiannan-2023 given"]])
    assert together.forms == alone.forms == 8
    assert not together.problems
    found = [(f.code, f.diagnostic.place.cell, f.value) for f in together.findings]
    assert sorted(found) == sorted(
        (f.code, f.diagnostic.place.cell, f.value) for f in alone.findings
    )
    assert all(f.diagnostic.place.sheet for f in together.findings)


# --- From a script ---------------------------------------------------------------------------


@pytest.fixture
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = ROOT / "qiannan-2023"
    return tuple(
        pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("projects", "indicators")
    )


def test_a_folder_gets_a_workbook_with_the_template_s_name(tables, tmp_path):
    done = xlperf.fill(FORM, *tables, tmp_path / "out", layout="sheets")
    assert set(done.path) == {str(tmp_path / f"out/{FORM}.xlsx")}
    assert list(done.key) == [f"0{n}" for n in range(1, 9)]
    assert len(xlperf.read(tmp_path)[0]) == 8


def test_a_bad_project_is_left_out_and_told(tables, tmp_path):
    projects, indicators = tables
    projects.loc[1, "资金.年度资金总额.全年预算数"] = "约十万"
    indicators.loc[0, "三级指标"] = "长" * 40_000
    path = tmp_path / "汇总/全部.xlsx"
    done = xlperf.fill(FORM, projects, indicators, path, layout="sheets").set_index("key")
    assert "约十万" in done.problems["02"]
    assert "01_12县(市)管理部工作经费及劳务费!D15" in done.problems["01"]
    assert list(done.path[:2]) == ["", ""]
    assert set(done.path[2:]) == {str(path)}
    names = openpyxl.load_workbook(path).sheetnames
    assert [name[:2] for name in names] == ["目录", *(f"0{n}" for n in range(3, 9))]


def test_where_no_project_can_be_written_there_is_no_workbook(tables, tmp_path):
    projects, indicators = tables
    projects["年度"] = "今年"
    done = xlperf.fill(FORM, projects, indicators, tmp_path / "out", layout="sheets")
    assert set(done.path) == {""}
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("formulas", ["native", "udf", "value"])
def test_totals_are_those_of_single_workbooks(tables, tmp_path, formulas):
    """Also where rows do not apply and their weights are left out."""
    projects, indicators = tables
    actual = indicators.columns.get_loc("实际完成值")
    for row in (0, 3, 14, 40):
        indicators.iloc[row, actual] = "不适用"
    single = xlperf.fill(FORM, projects, indicators, tmp_path / "s", formulas=formulas)
    path = tmp_path / "all.xlsx"
    done = xlperf.fill(FORM, projects, indicators, path, formulas=formulas, layout="sheets")
    whole = xlperf.fill(FORM, *tables, tmp_path / "w", formulas=formulas, scores="given")
    assert list(done.total) == list(single.total) != list(whole.total)
    assert list(done.grade) == list(single.grade)
    index = openpyxl.load_workbook(path, data_only=True)["目录"]
    assert [index.cell(row, 3).value for row in range(3, 11)] == list(done.total)


def test_sheets_are_called_as_the_data_says(tables, tmp_path):
    projects, indicators = tables
    projects["工作表"] = ["甲 'a' b", "", *(f"表{n}" for n in range(6))]
    xlperf.fill(FORM, projects, indicators, tmp_path / "all.xlsx", layout="sheets")
    names = openpyxl.load_workbook(tmp_path / "all.xlsx").sheetnames
    assert names[:4] == ["目录", "甲 'a' b", "02_公积金12329短信服务费", "表0"]


def test_and_so_are_those_of_single_workbooks(tables, tmp_path):
    projects, indicators = tables
    projects["工作表"] = ["甲 'a' b", "", *(f"表{n}" for n in range(6))]
    done = xlperf.fill(FORM, projects, indicators, tmp_path, scores="given").set_index("key")
    assert openpyxl.load_workbook(done.path["01"]).sheetnames == ["甲 'a' b"]
    assert openpyxl.load_workbook(done.path["02"]).sheetnames == ["自评表"]
    assert "甲 'a' b!D7" in done.problems["01"]
    assert "表0!D7" in done.problems["03"]
    read_projects, read_indicators = xlperf.read(tmp_path)
    assert list(read_projects["项目名称"]) == list(projects["项目名称"])
    assert list(read_indicators["指标值"]) == list(indicators["指标值"])


def test_long_and_odd_titles_become_valid_names(tables, tmp_path):
    projects, indicators = tables
    projects["项目名称"] = ["长" * 99, "a/b:c", "a?b*c", "'x'", "History", "", "甲\n乙", "=1+1"]
    path = tmp_path / "all.xlsx"
    xlperf.fill(FORM, projects, indicators, path, layout="sheets")
    assert openpyxl.load_workbook(path).sheetnames[1:] == [
        "01_" + "长" * 28,
        "02_a_b_c",
        "03_a_b_c",
        "04_'x",
        "05_History",
        "06",
        "07_甲 乙",
        "08_=1+1",
    ]
    assert list(xlperf.read(path)[0]["编号"]) == [f"0{n}" for n in range(1, 9)]


def test_a_form_without_a_key_of_its_own_is_read_back_under_it(tables, tmp_path):
    package = Package.open(template_path(FORM).read_bytes())
    book = package.read("xl/workbook.xml")
    keyless = book.replace(b'<definedName name="xp.\xe7\xbc\x96\xe5\x8f\xb7">""</definedName>', b"")
    assert keyless != book
    template = Template(package.replace({"xl/workbook.xml": keyless}).to_bytes(), "form.xlsx")
    done = xlperf.fill(template, *tables, tmp_path, layout="sheets")
    assert list(xlperf.read(done.path[0])[0]["编号"]) == list(done.key)


def test_a_workbook_with_macros_keeps_its_kind(tmp_path):
    template = Template(hard(10).to_bytes(), "hard.xlsm")
    projects = pd.DataFrame({"编号": ["1", "2"], "项目名称": ["甲", "乙"]})
    indicators = pd.DataFrame({"编号": ["1", "2"] * 3, "三级指标": "a", "得分": "1"})
    records = load(template, projects, indicators)
    with pytest.raises(xlperf.WorkbookError, match=r"\.xlsm"):
        fill_book(template, records, tmp_path / "x.xlsx")
    assert not list(tmp_path.iterdir())
    fill_book(template, records, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["hard.xlsm"]
    assert "xl/vbaProject.bin" in Package.open((tmp_path / "hard.xlsm").read_bytes())


def test_a_thousand_sheets(tmp_path):
    template, records = load_example(ROOT / "tianjin-2024")
    projects = pd.DataFrame({"编号": [f"{n:04}" for n in range(1000)], "项目名称": "同一个名称"})
    rows = [len(project.indicators) for project in records.projects]
    indicators = pd.DataFrame(
        [
            {
                "编号": f"{n:04}",
                "一级指标": "甲",
                "二级指标": "乙",
                "三级指标": f"指标{i}",
                "指标值": "≥1",
            }
            for n in range(1000)
            for i in range(rows[n % len(rows)])
        ]
    )
    path = tmp_path / "all.xlsx"
    done = xlperf.fill(template, projects, indicators, path, layout="sheets")
    assert set(done.path) == {str(path)}
    read_projects, read_indicators = xlperf.read(path)
    assert list(read_projects["编号"]) == list(projects["编号"])
    assert list(read_indicators["三级指标"]) == list(indicators["三级指标"])
    assert (
        len(set(CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes())).sheet_names)) == 1001
    )
