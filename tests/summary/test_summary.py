"""A summary says what the forms say: sums, rates and counts; LibreOffice computes the same."""

import io
import shutil
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

import xlperf
from xlperf.cli import cli
from xlperf.resources import examples_root
from xlperf.summary import summarise, summary_workbook

EVALUATION = "qiannan-2023"


@pytest.fixture(scope="module")
def forms(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("forms")
    xlperf.fill("guizhou_self_evaluation", examples_root() / EVALUATION, out=out, scores="given")
    return out


def test_money_scores_and_grades_are_those_of_the_forms(forms):
    summary = summarise([forms])
    projects, indicators = xlperf.read(forms)
    assert [form.name for form in summary.forms] == list(projects["项目名称"])
    spent = [form.executed for form in summary.forms]
    given = projects["资金.年度资金总额.全年执行数"]
    assert sum(spent) * 10_000 == sum(map(Decimal, map(str, given)))
    assert [float(form.total) for form in summary.forms] == list(projects["总分"])
    assert [form.grade for form in summary.forms] == list(projects["自评结论"])
    short = indicators[indicators["得分"] < indicators["分值"]]
    assert [row.indicator.name for row in summary.short] == list(short["三级指标"])


def test_sections_add_up_what_was_earned(forms):
    _, indicators = xlperf.read(forms)
    sections = {section.name: section for section in summarise([forms]).sections}
    assert list(sections) == ["预算执行率", "产出指标", "效益指标", "满意度指标"]
    for name in list(sections)[1:]:
        rows = indicators[indicators["一级指标"].str.startswith(name)]
        assert float(sections[name].score) == pytest.approx(rows["得分"].sum())
        assert float(sections[name].weight) == rows["分值"].sum()


def test_forms_of_different_units_are_summed_in_one(tmp_path):
    for example, template in (
        ("qiannan-2025", "guizhou_approval"),
        ("tianjin-2024", "tianjin_project_target"),
    ):
        xlperf.fill(template, examples_root() / example, out=tmp_path / example)
    summary = summarise([tmp_path])
    first, other = summary.forms[0], summary.forms[-1]
    assert (first.budget, first.executed, first.total) == (Decimal(160), None, None)
    assert other.budget == Decimal("260.38")
    assert not summary.problems


def test_amounts_without_a_unit_are_left_out_and_told(forms, tmp_path):
    book = openpyxl.load_workbook(next(forms.glob("02_*")))
    book.defined_names["xp.金额单位"].attr_text = '"镑"'
    book.save(tmp_path / "镑.xlsx")
    summary = summarise([tmp_path])
    (form,) = summary.forms
    assert (form.budget, form.executed) == (None, None)
    assert form.rate == Decimal("99.63")
    (problem,) = summary.problems
    assert problem.code == "M101"
    assert "“镑”" in problem.text()
    assert problem.place.file.endswith("镑.xlsx")


def test_a_bad_file_is_told_and_the_others_are_summed_up(forms, tmp_path):
    shutil.copytree(forms, tmp_path / "表")
    (tmp_path / "表" / "坏.xlsx").write_bytes(b"PK\x03\x04 not a package")
    summary = summarise([tmp_path])
    assert len(summary.forms) == 8
    assert [problem.place.file for problem in summary.problems] == [
        str(tmp_path / "表" / "坏.xlsx")
    ]


def test_text_stays_text_and_formulas_carry_their_values(forms):
    book = openpyxl.load_workbook(io.BytesIO(summary_workbook(summarise([forms]))), data_only=True)
    sheet = book["项目汇总"]
    assert sheet["B3"].value == "01"
    assert sheet["A11"].value == "合计"
    assert sheet["I11"].value == round(xlperf.read(forms)[0]["总分"].mean(), 2)


@pytest.mark.parametrize("example", [EVALUATION, "tianjin-2024"])
def test_libreoffice_and_the_validator_agree(example, tmp_path, libreoffice, openxml):
    template = {EVALUATION: "guizhou_self_evaluation"}.get(example, "tianjin_project_target")
    xlperf.fill(template, examples_root() / example, out=tmp_path / "forms", scores="given")
    path = tmp_path / "汇总表.xlsx"
    path.write_bytes(summary_workbook(summarise([tmp_path / "forms"])))
    assert openxml([path])[path] == []
    computed = libreoffice.recalculate([path])[path]
    formulas, cached = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    compared = 0
    for sheet in formulas:
        for cell in (c for row in sheet.iter_rows() for c in row if c.data_type == "f"):
            ours, theirs = cached[sheet.title][cell.coordinate].value, computed[sheet.title]
            assert theirs[cell.coordinate] == pytest.approx(ours if ours is not None else "")
            compared += 1
    assert compared > 15


def test_the_command_writes_the_workbook_and_says_the_sums(forms, tmp_path):
    out = tmp_path / "年终" / "汇总表.xlsx"
    result = CliRunner().invoke(cli, ["summary", str(forms), "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert "共 8 张表  预算 758.67万元" in result.stdout
    assert "优 8" in result.stdout
    assert openpyxl.load_workbook(out).sheetnames == ["项目汇总", "得分情况", "未得满分指标"]


def test_the_command_says_that_there_is_nothing_to_sum_up(tmp_path):
    result = CliRunner().invoke(cli, ["summary", str(tmp_path)])
    assert result.exit_code == 2


def test_a_level_is_one_section_however_it_is_spaced_and_one_without_a_name_is_told(
    forms, tmp_path
):
    book = openpyxl.load_workbook(next(forms.glob("07_*")))
    sheet = book.active
    sheet["B15"] = "产 出\n指 标（50分）"
    sheet["B21"], sheet["B23"] = "产出指标", "产出指标"
    book.save(tmp_path / "表.xlsx")
    names = [section.name for section in summarise([tmp_path]).sections]
    assert names == ["产出指标"]
    sheet["B15"] = None
    book.save(tmp_path / "表.xlsx")
    names = [section.name for section in summarise([tmp_path]).sections]
    assert names == ["（未填一级指标）", "产出指标"]
