"""Many projects into one template, from a script's point of view."""

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import xlperf
from xlperf.bulk.fill import file_name
from xlperf.resources import examples_root

FORM = "guizhou_self_evaluation"


@pytest.fixture
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = examples_root() / "qiannan-2023"
    return tuple(
        pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("projects", "indicators")
    )


def test_one_row_comes_back_for_every_workbook(tables, tmp_path):
    done = xlperf.fill(FORM, *tables, tmp_path)
    assert list(done.columns) == ["key", "path", "total", "grade", "problems"]
    assert list(done.key) == [f"0{n}" for n in range(1, 9)]
    for row in done.itertuples():
        sheet = openpyxl.load_workbook(row.path, data_only=True).active
        shown = [cell.value for line in sheet.iter_rows() for cell in line]
        assert row.total in shown
        assert row.grade in shown


def test_a_bad_project_does_not_stop_the_others(tables, tmp_path):
    projects, indicators = tables
    projects.loc[1, "资金.年度资金总额.全年预算数"] = "约十万"
    indicators.loc[0, "三级指标"] = "长" * 40_000
    done = xlperf.fill(FORM, projects, indicators, tmp_path).set_index("key")
    assert "约十万" in done.problems["02"]
    assert "第 3 行" in done.problems["02"]
    assert "D15" in done.problems["01"]
    assert not done.path["01"]
    assert not done.path["02"]
    assert all(done.path[2:])
    assert len(list(tmp_path.iterdir())) == 6


def test_read_gives_the_frames_back(tables, tmp_path):
    projects, indicators = tables
    xlperf.fill(FORM, projects, indicators, tmp_path, scores="given")
    read_projects, read_indicators = xlperf.read(tmp_path)
    assert list(read_projects.columns) == list(projects.columns)
    assert list(read_indicators.columns) == list(indicators.columns)
    assert list(read_projects["总分"]) == [float(total) for total in projects["总分"]]
    assert list(read_indicators["指标值"]) == list(indicators["指标值"])


def test_read_raises_with_every_bad_file_named(tmp_path):
    for name in ("甲.xlsx", "乙.xlsx"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(xlperf.InputError) as caught:
        xlperf.read(tmp_path)
    assert "甲.xlsx" in caught.value.text()
    assert "乙.xlsx" in caught.value.text()


def scores(path: str) -> list[tuple[object, object]]:
    """Per table row: what the score cell holds, and the value that is cached there."""
    held = openpyxl.load_workbook(path).active
    shown = openpyxl.load_workbook(path, data_only=True).active
    return [(held.cell(row, 8).value, shown.cell(row, 8).value) for row in range(15, 22)]


def test_computed_scores_are_formulas_where_a_rule_decides(tables, tmp_path):
    done = xlperf.fill(FORM, *tables, tmp_path).set_index("key")
    cells = scores(done.path["02"])
    formulas = [held for held, _ in cells if str(held).startswith("=")]
    assert formulas
    assert all(shown is not None for _, shown in cells)
    values = xlperf.fill(FORM, *tables, tmp_path / "v", formulas="value").set_index("key")
    assert [shown for _, shown in cells] == [held for held, _ in scores(values.path["02"])]
    assert done.total["02"] == values.total["02"]


def test_given_scores_are_kept(tables, tmp_path):
    done = xlperf.fill(FORM, *tables, tmp_path, scores="given").set_index("key")
    assert [held for held, _ in scores(done.path["05"])] == [15, 0, 13, 10, 10, 29, 10]
    assert done.total["05"] == 93.2


def test_a_given_score_that_is_blank_is_computed(tables, tmp_path):
    projects, indicators = tables
    indicators["得分"] = ""
    done = xlperf.fill(FORM, projects, indicators, tmp_path, scores="given").set_index("key")
    assert any(str(held).startswith("=") for held, _ in scores(done.path["05"]))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("01_甲/乙:丙", "01_甲_乙_丙.xlsx"),
        ("01_a\nb", "01_a b.xlsx"),
        ("CON", "_CON.xlsx"),
        ("com1.a", "_com1.a.xlsx"),
        ("名称.", "名称.xlsx"),
        ("  ", "_.xlsx"),
    ],
)
def test_file_names_suit_windows(title, name):
    assert file_name(title) == name


def test_long_file_names_are_cut_between_characters():
    name = file_name("长" * 300)
    assert len(name.encode()) < 240
    assert set(name.removesuffix(".xlsx")) == {"长"}


def test_two_projects_never_share_a_file(tables, tmp_path):
    projects, indicators = tables
    projects, indicators = projects[:2].copy(), indicators[:0]
    projects["编号"], projects["项目名称"] = ["a/1", "a:1"], "甲"
    with pytest.raises(xlperf.TableError, match="文件名相同"):
        xlperf.fill(FORM, projects, indicators, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_template_may_be_a_path_or_an_object(tables, tmp_path):
    path = Path(__file__).parents[2] / f"workbook_templates/{FORM}.xlsx"
    for form in (path, str(path), xlperf.Template.open(path)):
        assert len(xlperf.fill(form, *tables, tmp_path)) == 8
