"""Every button on every shipped form: the open workbook becomes what the command line writes."""

import shutil
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from tests.addin.workbooks import FORMS, RULED, SCORED, UNRULED, content, content_of, data_of
from xlperf.addin import buttons
from xlperf.addin.commands import BUTTONS
from xlperf.bulk import Options, fill_book, load_example
from xlperf.cli import cli
from xlperf.resources import template_path
from xlperf.template import Template


def run(*args: object) -> str:
    result = CliRunner().invoke(cli, [str(arg) for arg in args])
    assert result.exit_code in (0, 1), result.output
    return result.output


def held(book) -> dict:
    return content(book.impl.file)


def test_every_button_has_a_function_and_every_text():
    for button in BUTTONS:
        assert callable(getattr(buttons, button.name))
        assert button.label
        assert button.screentip
        assert button.supertip.endswith("。")
    assert len({button.label for button in BUTTONS}) == len(BUTTONS) == 13


def faulty(file: Path, out: Path) -> Path:
    """A copy with faults that can be mended: values in other spellings than the house style."""
    book = openpyxl.load_workbook(file)
    form = Template.open(file).form
    column = form.column("指标值")
    sheet = book[form.sheet.name]
    for row in range(form.first, form.last + 1):
        cell = sheet.cell(row, column.area.left)
        if isinstance(cell.value, str) and cell.value[0] in "≥≤":
            cell.value = {"≥": ">=", "≤": "<="}[cell.value[0]] + " " + cell.value[1:]
    out.parent.mkdir(parents=True, exist_ok=True)
    book.save(out)
    return out


@pytest.mark.parametrize("form", RULED)
def test_check_marks_what_the_command_line_marks(form, filled, open_copy, tmp_path, excel):
    book = open_copy(faulty(filled[form][0], tmp_path / "faulty" / filled[form][0].name))
    before = held(book)
    run("check", book.fullname, "--format", "xlsx", "-o", tmp_path / "marked")
    buttons.check()
    (file,) = (tmp_path / "marked").glob("*.xlsx")
    wanted = content_of(file)
    got = held(book)
    listing = got["sheets"].pop("审核结果")
    expected = wanted["sheets"].pop("审核结果")
    assert listing["cells"] == expected["cells"]
    assert listing["links"] == expected["links"] != {}
    assert listing["fills"].items() <= expected["fills"].items() | {
        (cell, "E7E6E6") for cell in expected["cells"]
    }
    assert got["sheets"] == wanted["sheets"]
    assert {name: text for name, text in wanted["names"].items() if name in got["names"]} == got[
        "names"
    ]
    assert got["sheets"] != before["sheets"]
    buttons.clear_marks()
    assert held(book) == before


def test_a_form_without_findings_is_told_so_and_left_alone(filled, open_copy, tmp_path, excel):
    book = open_copy(filled[UNRULED][0])
    before = held(book)
    run("check", book.fullname, "--format", "xlsx", "-o", tmp_path / "marked")
    assert not list(tmp_path.glob("marked/*"))
    for press in (buttons.check, buttons.next_finding, buttons.fix, buttons.clear_marks):
        press()
    assert ["没有" in said for said in excel.said] == [True] * 4
    assert (held(book), excel.changes) == (before, 0)


@pytest.mark.parametrize("form", RULED)
def test_fix_mends_what_the_command_line_mends(form, filled, open_copy, tmp_path, excel):
    file = faulty(filled[form][0], tmp_path / "faulty" / filled[form][0].name)
    book = open_copy(file)
    before = held(book)
    run("check", file, "--fix")
    buttons.fix()
    assert held(book) == content_of(file)
    assert held(book) != before
    assert "→" in excel.said[0]
    buttons.undo()
    assert held(book) == before


@pytest.mark.parametrize("form", RULED)
def test_a_fix_that_is_refused_changes_nothing(form, filled, open_copy, tmp_path, excel):
    book = open_copy(faulty(filled[form][0], tmp_path / "faulty" / filled[form][0].name))
    before = held(book)
    excel.answers = ["no", "no"]
    buttons.fix()
    assert held(book) == before
    assert excel.changes == 0


def unscored(file: Path, out: Path) -> Path:
    """A copy whose score cells are blank."""
    book = openpyxl.load_workbook(file)
    form = Template.open(file).form
    for row in range(form.first, form.last + 1):
        book[form.sheet.name].cell(row, form.column("得分").area.left).value = None
    out.parent.mkdir(parents=True, exist_ok=True)
    book.save(out)
    return out


def test_score_writes_what_the_command_line_writes(filled, open_copy, tmp_path, excel):
    for number, source in enumerate(filled[SCORED][:3]):
        file = unscored(source, tmp_path / str(number) / source.name)
        book = open_copy(file)
        before = held(book)
        said = run("score", file)
        buttons.score()
        assert held(book) == content_of(file)
        assert held(book) != before
        for line in said.splitlines():
            if line.startswith("  总分"):
                assert line in excel.said[-1]
        buttons.undo()
        assert held(book) == before


@pytest.mark.parametrize("form", [form for form in FORMS if form != SCORED])
def test_a_form_without_scores_is_told_so(form, filled, open_copy, excel):
    book = open_copy(filled[form][0])
    before = held(book)
    buttons.score()
    buttons.explain_score()
    assert held(book) == before
    assert all("不是自评表" in said for said in excel.said)
    assert len(excel.said) == 2


def test_explain_gives_the_lines_of_the_command_line(filled, open_copy, tmp_path, excel):
    book = open_copy(filled[SCORED][0])
    before = held(book)
    file = Path(shutil.copy(book.fullname, tmp_path))
    form = Template.open(file).form
    lines = run("score", file).splitlines()
    buttons.explain_score()
    assert excel.said[-1].splitlines()[1 : len(lines)] == lines[1:]
    book.sheets[form.sheet.name].range((form.first, 1)).select()
    buttons.explain_score()
    first, blank, value, *parts = excel.said[-1].splitlines()
    assert (first, blank) == (lines[1].strip(), "")
    explained = run("explain", "--", value).splitlines()
    assert [value, *parts] == explained
    assert held(book) == before


@pytest.mark.parametrize("form", FORMS)
def test_fill_writes_what_the_command_line_writes(form, filled, open_copy, tmp_path, excel):
    """The longest and the shortest of the projects fill the form of another."""
    files = filled[form]
    lengths = {file: length(file) for file in files}
    shortest, longest = (choose(files, key=lengths.get) for choose in (min, max))
    for start, other in {(shortest, longest), (longest, shortest), (files[0], files[-1])}:
        book = open_copy(start)
        before = held(book)
        key = other.stem.partition("_")[0]
        run("fill", book.fullname, data_of(form), "-o", tmp_path / "out")
        excel.answers = [
            str(data_of(form) / "projects.csv"),
            *(["no", key] if len(files) > 1 else []),
        ]
        buttons.fill()
        assert f"“{key}”" in excel.said[-1], excel.said
        wanted = content_of(tmp_path / "out" / other.name)
        assert held(book) == wanted
        buttons.undo()
        assert held(book) == before
        book.close()


def length(file: Path) -> int:
    form = Template.open(file).form
    return form.last - form.first


@pytest.mark.parametrize("form", RULED)  # the other one has a single project
def test_fill_writes_a_workbook_for_each_project(form, filled, open_copy, tmp_path, excel):
    book = open_copy(filled[form][0])
    before = held(book)
    run("fill", book.fullname, data_of(form), "-o", tmp_path / "out")
    excel.answers = [str(data_of(form) / "projects.csv"), "yes", str(tmp_path / "each")]
    buttons.fill()
    wanted = {file.name: content_of(file) for file in (tmp_path / "out").glob("*.xlsx")}
    assert {file.name: content_of(file) for file in (tmp_path / "each").glob("*.xlsx")} == wanted
    assert held(book) == before


def test_fill_scores_by_the_policy_of_the_folder(filled, open_copy, tmp_path, excel):
    book = open_copy(filled[SCORED][0])
    policy = Path(book.fullname).parent / "办法.toml"
    policy.write_text("[rounding]\nplaces = 1\n", "utf-8")
    policy.with_name("xlperf.toml").write_text(f'policy = "{policy.name}"\n', "utf-8")
    run("fill", book.fullname, data_of(SCORED), "--policy", policy, "-o", tmp_path / "out")
    run("fill", book.fullname, data_of(SCORED), "-o", tmp_path / "by_default")
    excel.answers = [str(data_of(SCORED) / "projects.csv"), "yes", str(tmp_path / "each")]
    buttons.fill()
    each, out, by_default = (
        {file.name: content_of(file) for file in (tmp_path / name).glob("*.xlsx")}
        for name in ("each", "out", "by_default")
    )
    assert each == out != by_default


@pytest.mark.parametrize("form", FORMS)
def test_read_gives_the_tables_of_the_command_line(form, filled, open_copy, tmp_path, excel):
    open_copy(filled[form][0])
    folder = Path(shutil.copytree(filled[form][0].parent, tmp_path / "forms"))
    run("read", folder, "-o", tmp_path / "wanted.xlsx")
    excel.answers = [str(folder)]
    buttons.read()
    out = tmp_path / "forms_数据.xlsx"
    assert content_of(out) == content_of(tmp_path / "wanted.xlsx")
    assert excel.books.active.fullname == str(out)


@pytest.mark.parametrize("form", FORMS)
def test_summarise_gives_the_workbook_of_the_command_line(form, filled, open_copy, tmp_path, excel):
    open_copy(filled[form][0])
    folder = Path(shutil.copytree(filled[form][0].parent, tmp_path / "forms"))
    run("summary", folder, "-o", tmp_path / "wanted.xlsx")
    excel.answers = [str(folder)]
    buttons.summarise()
    out = tmp_path / "forms_汇总.xlsx"
    assert content_of(out) == content_of(tmp_path / "wanted.xlsx")
    assert excel.books.active.fullname == str(out)
    assert f"汇总 {len(filled[form])} 张表" in excel.said[-1]


@pytest.mark.parametrize("form", FORMS)
def test_text_stays_text_in_cells_of_any_format(form, filled, open_copy, tmp_path, excel):
    """Shipped forms format their cells as text; others do not, and Excel reads 95% as a number."""
    file = tmp_path / "general" / "表.xlsx"
    file.parent.mkdir()
    book = openpyxl.load_workbook(filled[form][0])
    for row in book.active.iter_rows():
        for cell in row:
            cell.number_format = "General"
    book.save(file)
    opened = open_copy(file)
    run("fill", opened.fullname, data_of(form), "-o", tmp_path / "out")
    other = filled[form][-1]
    key = other.stem.partition("_")[0]
    excel.answers = [str(data_of(form) / "projects.csv"), *(["no", key] if key != "01" else [])]
    buttons.fill()
    assert held(opened) == content_of(tmp_path / "out" / other.name)


@pytest.mark.parametrize("form", FORMS)
def test_bind_writes_the_names_of_the_command_line(form, open_copy, tmp_path, excel):
    plain = tmp_path / "plain" / "表.xlsx"
    plain.parent.mkdir()
    book = openpyxl.load_workbook(template_path(form))
    for name in list(book.defined_names):
        del book.defined_names[name]
    book.save(plain)
    run("template", "bind", plain, "-o", tmp_path / "bound.xlsx")
    opened = open_copy(plain)
    before = held(opened)
    buttons.bind()
    assert held(opened) == content_of(tmp_path / "bound.xlsx")
    assert len(held(opened)["names"]) > 8
    buttons.undo()
    assert held(opened) == before


@pytest.mark.parametrize("form", RULED)
def test_next_finding_goes_through_all_cells_and_round(form, filled, open_copy, tmp_path, excel):
    book = open_copy(faulty(filled[form][0], tmp_path / "faulty" / filled[form][0].name))
    before = held(book)
    buttons.check()
    marked = set()
    for sheet, found in held(book)["sheets"].items():
        if sheet != "审核结果":
            marked |= {(sheet, cell) for cell in found["notes"]}
    buttons.clear_marks()
    changes = excel.changes
    seen = []
    for _ in range(len(marked) + 1):
        buttons.next_finding()
        sheet = excel.selection.sheet
        seen.append((sheet.name, excel.selection.get_address(False, False, False)))
    assert len(set(seen)) == len(seen) - 1
    assert seen[0] == seen[-1]
    assert excel.changes == changes
    assert held(book) == before


@pytest.mark.parametrize("each", ["yes", "no"])
def test_the_policy_of_the_settings_holds_for_one_form_and_for_one_each(
    each, filled, open_copy, tmp_path, excel
):
    """`zero` gives nothing for a limit that is passed, where the default gives a share."""
    file = filled[SCORED][0]
    data = Path(shutil.copytree(data_of(SCORED), tmp_path / "data"))
    lines = (data / "indicators.csv").read_text("utf-8-sig")
    (data / "indicators.csv").write_text(lines.replace("≥", "≤"), "utf-8-sig")
    book = open_copy(file)
    settings = 'policy = "zero"\n'
    (Path(book.fullname).parent / "xlperf.toml").write_text(settings, "utf-8")
    template = tmp_path / "template.xlsx"
    shutil.copy(book.fullname, template)
    run("fill", template, data, "-o", tmp_path / "wanted", "--policy", "zero")
    (tmp_path / "out").mkdir()
    end = [str(tmp_path / "out")] if each == "yes" else ["02"]
    excel.answers = [str(data / "projects.csv"), each, *end]
    buttons.fill()
    (wanted,) = (tmp_path / "wanted").glob("02_*")
    got = held(book) if each == "no" else content_of(tmp_path / "out" / wanted.name)
    assert got == content_of(wanted)


def test_a_sheet_for_each_project_is_treated_like_a_workbook_for_each(open_copy, tmp_path, excel):
    template, records = load_example(data_of(SCORED))
    file = tmp_path / "book" / "全部.xlsx"
    fill_book(template, records, file, Options(scores="given"))
    book = open_copy(file)
    before = held(book)
    copies = {name: tmp_path / name / file.name for name in ("score", "fix")}
    for name, command in (("score", ["score"]), ("fix", ["check", "--fix"])):
        copies[name].parent.mkdir()
        shutil.copy(book.fullname, copies[name])
        run(*command, copies[name])
        getattr(buttons, name)()
        assert held(book) == content_of(copies[name])
        assert held(book) != before
        buttons.undo()
        assert held(book) == before
    run("check", book.fullname, "--format", "xlsx", "-o", tmp_path / "marked.xlsx")
    buttons.check()
    got, wanted = (one["sheets"] for one in (held(book), content_of(tmp_path / "marked.xlsx")))
    assert got.pop("审核结果")["cells"] == wanted.pop("审核结果")["cells"]
    assert got == wanted
    buttons.clear_marks()
    assert held(book) == before
