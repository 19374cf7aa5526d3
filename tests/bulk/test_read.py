"""Many workbooks into two tables: nothing is merged that does not belong together."""

import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import xlperf
from xlperf.bulk import read_workbooks
from xlperf.diagnostic import InputError, Severity
from xlperf.ooxml.files import find_workbooks
from xlperf.resources import examples_root

APPROVAL, EVALUATION, SHANGHAI = "qiannan-2025", "qiannan-2023", "shanghai-2023"
TEMPLATES = {
    APPROVAL: "guizhou_approval",
    EVALUATION: "guizhou_self_evaluation",
    SHANGHAI: "shanghai_declaration",
}


@pytest.fixture
def forms(tmp_path):
    """Makes a folder with the first three forms of an example."""

    def make(example: str, folder: str = "") -> Path:
        source = examples_root() / example
        projects, indicators = (
            pd.read_csv(source / f"{name}.csv", dtype=str, keep_default_na=False)
            for name in ("projects", "indicators")
        )
        projects = projects[:3]
        indicators = indicators[indicators["编号"].isin(projects["编号"])]
        out = tmp_path / (folder or example)
        xlperf.fill(TEMPLATES[example], projects, indicators, out)
        return out

    return make


def test_projects_with_one_key_stay_apart(forms, tmp_path):
    first, second = forms(EVALUATION, "a"), forms(EVALUATION, "b")
    shutil.copy(next(first.glob("01_*")), tmp_path / "c.xlsx")
    alone = read_workbooks([first])
    reading = read_workbooks([first, second, tmp_path / "c.xlsx"])
    keys = ["01", "02", "03", "01-2", "02-2", "03-2", "01-3"]
    assert list(reading.projects["编号"]) == keys
    for key in ("01-2", "01-3"):
        rows, plain = (
            r.indicators[r.indicators["编号"] == k].drop(columns="编号").reset_index(drop=True)
            for r, k in ((reading, key), (alone, "01"))
        )
        pd.testing.assert_frame_equal(rows, plain)
    assert [p.severity for p in reading.problems] == [Severity.WARNING] * 4
    for problem, key in zip(reading.problems, keys[3:], strict=True):
        assert f"“{key}”" in problem.text()
        assert f"{first}" in problem.text()
        assert problem.place.file
    with pytest.warns(UserWarning, match="01-3"):
        xlperf.read([first, second, tmp_path / "c.xlsx"])


def test_a_new_key_is_never_one_that_is_there(forms, tmp_path):
    folder = forms(EVALUATION, "a")
    for old, new in (("02", "01-2"), ("03", "01")):
        path = next(folder.glob(f"{old}_*"))
        book = openpyxl.load_workbook(path)
        book.defined_names["xp.编号"].attr_text = f'"{new}"'
        book.save(path)
    assert list(read_workbooks([folder]).projects["编号"]) == ["01", "01-2", "01-3"]


def test_forms_of_several_templates_are_told(forms, tmp_path):
    reading = read_workbooks([forms(EVALUATION), forms(SHANGHAI)])
    (mixed,) = [p for p in reading.problems if p.code == "W109"]
    assert all(TEMPLATES[name] in mixed.text() for name in (EVALUATION, SHANGHAI))
    assert not read_workbooks([tmp_path / EVALUATION]).problems


def test_one_field_under_two_spellings_is_one_column(forms):
    with pytest.warns(UserWarning, match="种模板"):
        projects, indicators = xlperf.read([forms(APPROVAL), forms(SHANGHAI)])
    assert "主管部门及代码" in projects
    assert "主管部门" not in projects
    assert all(projects["主管部门及代码"])
    assert all(indicators["指标值"])


def test_what_was_read_of_several_templates_can_be_filled(forms, tmp_path):
    with pytest.warns(UserWarning, match="种模板"):
        projects, indicators = xlperf.read([forms(APPROVAL), forms(SHANGHAI)])
    done = xlperf.fill(TEMPLATES[APPROVAL], projects, indicators, tmp_path / "out")
    assert [bool(path) for path in done.path] == [True] * 3 + [False] * 3


def test_a_folder_without_workbooks_is_told(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(InputError, match="没有找到工作簿"):
        xlperf.read(tmp_path)


def test_a_file_is_read_once_by_whatever_name(forms, tmp_path):
    folder = forms(EVALUATION)
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    one = next(folder.iterdir())
    (tmp_path / "one.xlsx").symlink_to(one)
    names = [folder, folder / ".." / folder.name, tmp_path / "link", tmp_path / "one.xlsx", one]
    assert find_workbooks(names) == sorted(folder.iterdir())
    assert find_workbooks([tmp_path / "gone.xlsx"] * 2) == [tmp_path / "gone.xlsx"]
