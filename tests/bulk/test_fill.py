"""Many projects into one template, from a script's point of view."""

import os
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import xlperf
from tests.template.forms import small_form
from xlperf.bulk.file_names import file_name
from xlperf.bulk.fill import Options, _groups, fill_records, load, load_example
from xlperf.diagnostic import WorkbookError
from xlperf.forms import Entry, Indicator, Project
from xlperf.resources import examples_root, template_path
from xlperf.scoring import Policy, score
from xlperf.template import Template

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


def test_scores_may_be_calls_of_the_worksheet_function(tables, tmp_path):
    native = xlperf.fill(FORM, *tables, tmp_path / "n").set_index("key")
    calls = xlperf.fill(FORM, *tables, tmp_path / "c", formulas="udf").set_index("key")
    assert (calls["total"] == native["total"]).all()
    path = calls.loc["02", "path"]
    assert openpyxl.load_workbook(path).worksheets[0]["H15"].value == "=XP_SCORE(E15,F15,G15)"
    assert openpyxl.load_workbook(path, data_only=True).worksheets[0]["H15"].value == 12


@pytest.mark.parametrize("formulas", ["native", "udf", "value"])
def test_what_does_not_apply_is_left_out_of_the_total(tables, tmp_path, formulas):
    projects, indicators = (table[table["编号"] == "02"].copy() for table in tables)
    indicators.iloc[0, indicators.columns.get_loc("实际完成值")] = "不适用"
    done = xlperf.fill(FORM, projects, indicators, tmp_path, formulas=formulas)
    assert done["total"].tolist() == [99.95]  # 87.96 of 88 points
    sheet = openpyxl.load_workbook(done["path"][0]).worksheets[0]
    assert sheet["H15"].value == "不适用"


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
    with pytest.raises(xlperf.TableError, match="文件名相同") as caught:
        xlperf.fill(FORM, projects, indicators, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (problem,) = caught.value.diagnostics
    assert (problem.place.row, problem.place.column) == (3, "编号")


@pytest.mark.parametrize(
    "options",
    [
        {"formulas": "foo"},
        {"scores": "foo"},
        {"layout": "foo"},
        {"jobs": 0},
        {"jobs": -1},
    ],
    ids=str,
)
def test_an_option_that_does_not_exist_is_a_programming_error(tables, tmp_path, options):
    with pytest.raises(ValueError, match=r"foo|jobs"):
        xlperf.fill(FORM, *tables, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("layout", ["workbooks", "sheets"])
@pytest.mark.parametrize("below", ["", "a", "a/b"])
def test_an_output_that_cannot_be_is_told(tables, tmp_path, below, layout):
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkbookError, match="无法写入"):
        xlperf.fill(FORM, *tables, tmp_path / "file" / below, layout=layout)
    assert (tmp_path / "file").read_text() == "x"


def test_tables_without_projects_are_refused(tables, tmp_path):
    projects, indicators = tables
    with pytest.raises(xlperf.TableError, match="项目表没有数据"):
        xlperf.fill(FORM, projects[:0], indicators[:0], tmp_path / "out")


def test_a_constant_of_another_template_is_told_once_for_all(tables, tmp_path):
    projects, indicators = tables
    projects.loc[1:, "模板"] = "hebei_project_target/1"
    projects.loc[3, "金额单位"] = "万元"
    done = xlperf.fill(FORM, projects, indicators, tmp_path).set_index("key")
    assert done.path["01"]
    assert not any(done.path[1:])
    told = {line for text in done.problems[1:] for line in text.splitlines()}
    template, unit = sorted(told, key=lambda line: "金额单位" in line)
    assert all(words in template for words in ("第 3 行", "02", "7 个", "hebei_project_target/1"))
    assert all(words in unit for words in ("第 5 行", "04", "万元"))


class Deadly:
    """What kills the process that is given it, as the system does when memory runs out."""

    def __reduce__(self):
        return os._exit, (9,)


def test_a_killed_process_is_told_and_what_was_written_stays(tables, tmp_path):
    template = xlperf.Template.open(template_path(FORM))
    records = load(template, *tables)
    last = records.projects[-1]
    deadly = replace(last, entries={**last.entries, "年度": Deadly()})
    records = replace(records, projects=(*records.projects[:-1], deadly))
    with pytest.raises(WorkbookError, match="处理进程意外终止"):
        fill_records(template, records, tmp_path, jobs=2)
    for path in tmp_path.iterdir():
        assert xlperf.read(path)[0]["编号"].size == 1


def test_a_template_may_be_a_path_or_an_object(tables, tmp_path):
    path = Path(__file__).parents[2] / f"workbook_templates/{FORM}.xlsx"
    for form in (path, str(path), xlperf.Template.open(path)):
        assert len(xlperf.fill(form, *tables, tmp_path)) == 8


def test_an_interrupted_fill_leaves_whole_workbooks_and_nothing_else(tmp_path):
    template, records = load_example(examples_root() / "qiannan-2023")
    keyed = [
        replace(project, entries={**project.entries, "编号": Entry(f"{turn}-{project.key}")})
        for turn in range(9)
        for project in records.projects
    ]

    def interrupt(done: int, of: int) -> None:
        assert len(list(tmp_path.glob("*.xlsx"))) >= done  # told of once it is in its place
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill_records(
            template, replace(records, projects=tuple(keyed)), tmp_path, None, 1, interrupt
        )
    left = sorted(tmp_path.iterdir())
    assert 20 <= len(left) < len(keyed)
    for path, project in zip(left, keyed, strict=False):
        assert template.read(path.read_bytes()).key == project.key


def test_a_file_that_cannot_be_written_is_told_of_its_own_project(tmp_path):
    template, records = load_example(examples_root() / "qiannan-2023")
    good = fill_records(template, records, tmp_path)
    good[2].path.unlink()
    good[2].path.mkdir()
    again = fill_records(template, records, tmp_path)
    assert [outcome.path is None for outcome in again] == [n == 2 for n in range(8)]
    assert again[2].key == records.projects[2].key
    assert again[2].problems[0].code == "W103"


@pytest.mark.parametrize("formulas", ["native", "udf"])
def test_a_form_without_the_cells_that_a_score_is_computed_from_holds_the_score(tmp_path, formulas):
    template = Template(small_form())
    assert not {"指标值", "实际完成值"} & {field.key for field in template.form.columns}
    records = load(template, examples_root() / "qiannan-2023")
    records.faults.clear()  # made for another template
    outcomes = fill_records(template, records, tmp_path, Options(formulas))
    assert all(outcome.path for outcome in outcomes)
    rows = records.projects[0].indicators
    results = [(row, score(row, Policy.default()).value) for row in rows]
    assert {value is None for _, value in results} == {True, False}
    expected = [row.score if value is None else value for row, value in results]
    sheet = openpyxl.load_workbook(outcomes[0].path).active
    held = [sheet.cell(number, 6).value for number in range(7, 7 + len(rows))]
    assert held == [float(value) for value in expected]


@pytest.mark.parametrize(
    ("rows", "groups"),
    [([], []), ([3] * 49, [48, 1]), ([5000] * 3, [1, 1, 1]), ([900] * 4, [3, 1])],
)
def test_long_tables_are_computed_few_at_a_time(rows, groups):
    work = [(Project({}, (Indicator({}),) * count), Path(f"{n}")) for n, count in enumerate(rows)]
    found = list(_groups(work))
    assert [len(group) for group in found] == groups
    assert [each for group in found for each in group] == work
