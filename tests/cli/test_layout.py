"""`fill --layout sheets`, and the column that names the sheets, from the command line."""

import csv
import shutil
from pathlib import Path

import click
import openpyxl
import pytest
from click.testing import CliRunner

from xlperf.cli import cli
from xlperf.resources import examples_root

FORM = "guizhou_self_evaluation"


def run(*args: object, code: int = 0) -> click.testing.Result:
    result = CliRunner().invoke(cli, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def data(tmp_path) -> Path:
    return shutil.copytree(examples_root() / "qiannan-2023", tmp_path / "data")


def name_sheets(data: Path, names: list[str]) -> None:
    """Put the column 工作表 into the project table."""
    path = data / "projects.csv"
    with path.open(encoding="utf-8", newline="") as file:
        heading, *rows = csv.reader(file)
    names = [*names, *[""] * (len(rows) - len(names))]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [[*heading, "工作表"], *([*row, name] for row, name in zip(rows, names, strict=True))]
        )


def test_all_projects_come_into_one_workbook_and_back(data, tmp_path):
    out = tmp_path / "全部.xlsx"
    result = run("fill", FORM, data, "-o", out, "--layout", "sheets", "--scores", "given")
    assert f"{out}：8 个项目，已生成 8 张工作表" in result.stdout
    assert len(openpyxl.load_workbook(out).sheetnames) == 9
    run("read", out, "-o", tmp_path / "back")
    for name in ("projects.csv", "indicators.csv"):
        assert (tmp_path / "back" / name).read_bytes() == (data / name).read_bytes()


def test_a_folder_is_told_with_the_workbook_in_it(data, tmp_path):
    result = run("--lang", "en", "fill", FORM, data, "-o", tmp_path / "out", "--layout", "sheets")
    assert f"{tmp_path / 'out' / FORM}.xlsx: 8 projects, 8 sheets written" in result.stdout


def test_a_wrong_ending_ends_with_2(data, tmp_path):
    out = tmp_path / "全部.xlsm"
    result = run("fill", FORM, data, "-o", out, "--layout", "sheets", code=2)
    assert ".xlsx" in result.stderr
    assert not out.exists()


BAD = {
    "too long": (["长" * 32], 2, "32"),
    "forbidden sign": (["甲", "a/b"], 3, "/"),
    "reserved": (["甲", "乙", "history"], 4, "History"),
    "apostrophe": (["'甲"], 2, "单引号"),
    "double": (["甲", "ABC", "abc"], 4, "abc"),
    "double by width": (["甲", "ABC", "ＡＢＣ"], 4, "ＡＢＣ"),
}


@pytest.mark.parametrize("layout", ["workbooks", "sheets"])
@pytest.mark.parametrize(("names", "row", "said"), BAD.values(), ids=BAD)
def test_a_sheet_name_that_excel_forbids_ends_with_2(data, tmp_path, names, row, said, layout):
    name_sheets(data, names)
    out = tmp_path / "out"
    result = run("fill", FORM, data, "-o", out, "--layout", layout, code=2)
    (line,) = result.stderr.splitlines()
    for words in ("projects.csv", f"第 {row} 行", "工作表", said):
        assert words in line
    assert not out.exists()


def test_good_names_are_used_and_no_column_is_called_unknown(data, tmp_path):
    name_sheets(data, ["甲 1", "", "丙"])
    result = run("fill", FORM, data, "-o", tmp_path / "a.xlsx", "--layout", "sheets")
    assert "D111" not in result.stderr
    names = openpyxl.load_workbook(tmp_path / "a.xlsx").sheetnames
    assert names[1:4] == ["甲 1", "02_公积金12329短信服务费", "丙"]
    run("fill", FORM, data, "-o", tmp_path / "single")
    (first,) = (tmp_path / "single").glob("01_*")
    assert openpyxl.load_workbook(first).sheetnames == ["甲 1"]
