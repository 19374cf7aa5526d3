"""Reviewing files: what is found, waived and mended, and that a bad file stops nothing."""

import shutil
import zipfile
from pathlib import Path

import openpyxl
import pytest

import xlperf
from xlperf.diagnostic import InputError, Severity
from xlperf.report import render
from xlperf.resources import examples_root
from xlperf.review import ReviewSettings, check, find_sources, fix
from xlperf.rules import Fix

FORM = "guizhou_self_evaluation"


@pytest.fixture
def tables(tmp_path) -> Path:
    return Path(shutil.copytree(examples_root() / "qiannan-2023", tmp_path / "qiannan-2023"))


@pytest.fixture
def forms(tables, tmp_path) -> Path:
    xlperf.fill(FORM, tables, out=tmp_path / "forms", scores="given")
    return tmp_path / "forms"


def said(review) -> list[tuple[str, str, str, str]]:
    return [(f.code, f.project, f.indicator, f.diagnostic.message.zh) for f in review.findings]


def test_workbooks_and_tables_give_the_same_findings(forms, tables):
    from_forms, from_tables = check([forms]), check([tables])
    assert from_forms.forms == from_tables.forms == 8
    assert said(from_forms) == said(from_tables)
    assert from_forms.findings


def test_a_finding_names_file_sheet_and_cell(forms, tables):
    for finding in check([forms]).findings:
        place = finding.diagnostic.place
        book = openpyxl.load_workbook(place.file)
        assert place.sheet in book.sheetnames
        if finding.value and not finding.value[0].isdigit():
            assert str(book[place.sheet][place.cell].value).strip() == finding.value.strip()
    for finding in check([tables]).findings:
        place = finding.diagnostic.place
        assert place.sheet in {"projects.csv", "indicators.csv"}
        assert place.cell


def test_the_order_of_files_does_not_matter(forms):
    files = sorted(forms.iterdir())
    assert said(check(files)) == said(check(files[::-1]))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.xlsx", b""),
        ("html.xlsx", b"<html><table></table></html>"),
        ("encrypted.xlsx", bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)),
        ("cut.xlsx", None),
    ],
)
def test_a_bad_file_is_one_problem_and_the_run_goes_on(forms, name, data):
    whole = next(forms.iterdir()).read_bytes()
    (forms / name).write_bytes(whole[: len(whole) // 2] if data is None else data)
    review = check([forms])
    (problem,) = review.problems
    assert problem.place.file.endswith(name)
    assert review.forms == 8


def test_a_foreign_workbook_and_a_missing_file_are_problems(forms, tmp_path):
    openpyxl.Workbook().save(tmp_path / "foreign.xlsx")
    review = check([tmp_path / "foreign.xlsx", tmp_path / "gone.xlsx", forms])
    assert [Path(p.place.file).name for p in review.problems] == ["foreign.xlsx", "gone.xlsx"]


def test_a_bad_cell_of_a_table_leaves_only_its_project_out(tables):
    table = tables / "projects.csv"
    table.write_text(table.read_text("utf-8").replace("1980298.62", "约198万", 1), "utf-8")
    review = check([tables])
    (problem,) = review.problems
    assert "约198万" in problem.text()
    assert review.forms == 7
    assert "01" not in {f.project for f in review.findings}


@pytest.mark.parametrize(
    ("sheets", "code", "said"),
    [
        (("项目", "指标表"), "D110", "指标表"),
        (("项目",), "D110", "“指标”"),
        (("指标",), "D110", "“项目”"),
        (("项目", "指标"), "D118", "项目表是空的"),
        (("Sheet1",), "W106", "xp. 名称"),
    ],
)
def test_a_workbook_of_tables_is_told_what_it_lacks(tmp_path, sheets, code, said):
    book = openpyxl.Workbook()
    book.active.title = sheets[0]
    for name in sheets[1:]:
        book.create_sheet(name)
    book.save(tmp_path / "a.xlsx")
    (problem,) = check([tmp_path / "a.xlsx"]).problems
    assert (problem.code, Path(problem.place.file).name) == (code, "a.xlsx")
    assert said in problem.text()


def test_nothing_to_review_is_a_problem(tmp_path):
    (problem,) = check([tmp_path]).problems
    assert "没有找到工作簿" in problem.text()


def test_lock_files_are_left_out(forms):
    (forms / "~$a.xlsx").write_bytes(b"")
    (forms / ".b.xlsx").write_bytes(b"")
    assert len(find_sources([forms])) == 8


def test_a_waiver_accepts_a_finding_and_one_that_matches_nothing_is_told(forms, tmp_path):
    first = check([forms]).findings[0]
    path = tmp_path / "waivers.toml"
    path.write_text(
        f'[[waiver]]\ncode = "{first.code}"\nproject = "{first.project}"\nreason = "已核实"\n'
        '[[waiver]]\ncode = "A01"\nproject = "没有这个项目"\nreason = "x"\n',
        "utf-8",
    )
    review = check([forms], ReviewSettings(waivers=path))
    assert {reason for _, reason in review.waived} == {"已核实"}
    assert all((f.code, f.project) != (first.code, first.project) for f in review.findings)
    (unused,) = review.problems
    assert "没有这个项目" in unused.text()
    assert unused.severity is Severity.WARNING


@pytest.mark.parametrize(
    "content",
    ['[[waiver]]\ncode = "A01"\n', "[[waiver]]\ncode = 1\nreason = 'x'\n", "a = 1\n", "["],
)
def test_a_waiver_file_that_cannot_be_used_is_refused(forms, tmp_path, content):
    path = tmp_path / "waivers.toml"
    path.write_text(content, "utf-8")
    with pytest.raises(InputError, match=r"waivers\.toml"):
        check([forms], ReviewSettings(waivers=path))


@pytest.mark.parametrize("source", ["forms", "tables"])
def test_safe_fixes_are_applied_in_place_and_once(source, request):
    folder = request.getfixturevalue(source)
    before = {p: p.read_bytes() for p in folder.iterdir()}
    mendable = {
        (f.code, f.project, f.indicator)
        for f in check([folder]).findings
        if f.rule.fix is Fix.SAFE and f.replacement is not None
    }
    assert mendable
    mended, after = fix([folder])
    assert mendable <= {(f.code, f.project, f.indicator) for f in mended}
    left = {(f.code, f.project, f.indicator) for f in after.findings}
    assert not mendable & left
    now = {p: p.read_bytes() for p in folder.iterdir()}
    assert now != before
    again, _ = fix([folder])
    assert again == []
    assert {p: p.read_bytes() for p in folder.iterdir()} == now


def test_a_fix_changes_its_cells_and_nothing_else(forms):
    files = sorted(forms.iterdir())
    before = {p: p.read_bytes() for p in files}
    mended, _ = fix([forms])
    for path in files:
        cells = {f.diagnostic.place.cell for f in mended if f.diagnostic.place.file == str(path)}
        path_before = path.with_suffix(".before.xlsx")
        path_before.write_bytes(before[path])
        with zipfile.ZipFile(path_before) as old, zipfile.ZipFile(path) as new:
            changed = {n for n in old.namelist() if old.read(n) != new.read(n)}
        assert changed <= {"xl/worksheets/sheet1.xml"}
        old_sheet, new_sheet = (openpyxl.load_workbook(p).active for p in (path_before, path))
        differing = {
            cell.coordinate
            for row in new_sheet.iter_rows()
            for cell in row
            if cell.value != old_sheet[cell.coordinate].value
        }
        assert differing == cells


def test_suggested_fixes_need_to_be_asked_for(tables):
    suggested = [
        f
        for f in check([tables]).findings
        if f.rule.fix is Fix.SUGGEST and f.replacement is not None
    ]
    mended, _ = fix([tables])
    assert {f.rule.fix for f in mended} == {Fix.SAFE}
    assert suggested
    more, _ = fix([tables], suggested=True)
    assert Fix.SUGGEST in {f.rule.fix for f in more}


def test_a_csv_keeps_every_other_byte(tables):
    path = tables / "indicators.csv"
    before = path.read_text("utf-8").splitlines()
    mended, _ = fix([tables])
    after = path.read_text("utf-8").splitlines()
    assert len(before) == len(after)
    rows = sum(a != b for a, b in zip(before, after, strict=True))
    assert 0 < rows <= len(mended)


@pytest.mark.parametrize(
    ("cell", "text", "code"),
    [("G15", "10分", "X101"), ("E7", "28万", "X101")],
)
def test_what_cannot_be_read_in_a_form_is_a_problem_beside_its_findings(forms, cell, text, code):
    path = min(forms.iterdir())
    codes = {finding.code for finding in check([path]).findings}
    book = openpyxl.load_workbook(path)
    book.active[cell] = text
    book.save(path)
    review = check([path])
    (problem,) = review.problems
    assert (problem.code, problem.place.file, problem.place.cell) == (code, str(path), cell)
    assert (review.forms, review.unread) == (1, frozenset())
    assert "A03" not in {finding.code for finding in review.findings} - codes
    assert review.findings


def test_a_lost_name_is_a_problem(forms):
    path = min(forms.iterdir())
    book = openpyxl.load_workbook(path)
    del book.defined_names["xp.指标.指标值"]
    book.save(path)
    assert [problem.code for problem in check([path]).problems] == ["N112"]


def test_names_that_are_all_broken_are_told_as_such(forms):
    path = min(forms.iterdir())
    book = openpyxl.load_workbook(path)
    for name in book.defined_names.values():
        if "!" in name.attr_text:
            name.attr_text = "#REF!"
    book.save(path)
    review = check([path])
    assert {problem.code for problem in review.problems} == {"N101"}
    assert (review.forms, review.unread) == (0, {str(path)})


def test_a_read_only_file_is_not_mended_and_told_as_unwritten(forms):
    files = sorted(forms.iterdir())
    mendable = {
        Path(f.diagnostic.place.file) for f in fix([shutil.copytree(forms, forms / "x")])[0]
    }
    shutil.rmtree(forms / "x")
    locked = next(path for path in files if path.name in {m.name for m in mendable})
    before = locked.read_bytes()
    locked.chmod(0o444)
    mended, review = fix([forms])
    assert locked.read_bytes() == before
    assert str(locked) not in {f.diagnostic.place.file for f in mended}
    assert (review.unread, review.unwritten) == (frozenset(), {str(locked)})
    assert [problem.code for problem in review.problems] == ["W103"]
    closing = render(review, "text").splitlines()[-1]
    assert "1 个文件无法写入" in closing
    assert "无法读取" not in closing
