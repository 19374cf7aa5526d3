"""The host: whole or not at all, few calls, everything restored, and plain words when it fails."""

import ast
import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
import xlwings as xw

from tests.addin import as_excel, openpyxl_engine
from tests.addin.test_buttons import faulty, held, unscored
from tests.addin.workbooks import FORMS, RULED, SCORED, content_of, data_of
from tests.template.forms import record, small_form
from xlperf.addin import buttons, memory
from xlperf.addin.actions import Plan, SetCells
from xlperf.addin.difference import difference
from xlperf.addin.host import Host, TornError
from xlperf.bulk import fill_records, find_template, load
from xlperf.template import Template

RESTORED = {
    "screen_updating": True,
    "enable_events": True,
    "display_alerts": True,
    "calculation": "automatic",
    "status_bar": False,
}


def at_rest(excel) -> dict:
    return {name: getattr(excel, name) for name in RESTORED}


def prepare(button: str, file: Path, tmp_path: Path, open_copy, excel, form: str):
    """A workbook in which the button has something to do; the dialogs have their answers."""
    work = tmp_path / "work" / file.name
    answers: list[str] = []
    if button in ("check", "fix", "clear_marks", "recheck"):
        file = faulty(file, work)
    elif button == "score":
        file = unscored(file, work)
    elif button == "bind":
        file = changed(file, work, lambda book: book.defined_names.clear())
    elif button == "fill":
        keys = [f.stem.partition("_")[0] for f in sorted(file.parent.glob("*.xlsx"))]
        answers = [str(data_of(form) / "projects.csv"), *(["no", keys[-1]] if keys[1:] else [])]
        title = Template.open(file).form.scalars[0].area
        file = changed(file, work, lambda book: clear(book.active.cell(title.top, title.left)))
    book = open_copy(file)
    if button in ("clear_marks", "recheck"):
        buttons.check()
    excel.answers = answers
    return book


def changed(file: Path, out: Path, change) -> Path:
    book = openpyxl.load_workbook(file)
    change(book)
    out.parent.mkdir(exist_ok=True)
    book.save(out)
    return out


def clear(cell) -> None:
    cell.value = None


CASES = [
    *(("check", form) for form in RULED),
    *(("fix", form) for form in RULED),
    *(("fill", form) for form in FORMS),
    *(("bind", form) for form in FORMS),
    ("score", SCORED),
    ("clear_marks", SCORED),
    ("recheck", SCORED),
]


def broken_off(excel, host: Host, plan: Plan, protections) -> Iterator[str]:
    """Carry out a plan with its first change failing, its second, and so on until all is done."""
    for when in ("before", "after"):
        for number in itertools.count(1):
            excel.changes, excel.fails = 0, (number, when)
            try:
                host.carry_out(plan, protections)
            except openpyxl_engine.ExcelError:
                excel.fails = None
                yield f"{when} change {number}"
            else:
                break
        excel.fails = None
        assert number > 1
        host.carry_out(plan.inverse, protections)


@pytest.mark.parametrize(("button", "form"), CASES, ids=[f"{b}-{f}" for b, f in CASES])
def test_a_failing_change_leaves_the_workbook_as_it_was(
    button, form, filled, open_copy, tmp_path, excel
):
    """For every n: the n-th change fails, before it is made or right after it was.

    So with the action, and so with its undoing.
    """
    book = prepare(button, filled[form][0], tmp_path, open_copy, excel, form)
    before = held(book)
    getattr(buttons, {"recheck": "check"}.get(button, button))()
    after, done = held(book), memory.recall(book.fullname).done
    assert after != before or button == "recheck"
    host = Host(book)
    sheets, _ = host.snapshot().protections()
    lifted = [protection for protection in sheets if protection.sheet in done.plan.sheets()]
    for where in broken_off(excel, host, done.plan.inverse, lifted):
        assert held(book) == after, where
        assert at_rest(excel) == RESTORED
    buttons.undo()
    assert held(book) == before
    for where in broken_off(excel, host, done.plan, lifted):
        assert held(book) == before, where
        assert at_rest(excel) == RESTORED


LENGTHS = {"one row grows": (1, 4), "down to one row": (4, 1), "one row stays": (1, 1)}


@pytest.mark.parametrize("sheet", ["", "2025 年"], ids=["", "renamed"])
@pytest.mark.parametrize(("rows", "count"), LENGTHS.values(), ids=LENGTHS)
def test_a_table_of_one_row_and_a_sheet_of_another_name(
    rows, count, sheet, open_copy, tmp_path, excel
):
    """Where Excel grows nothing by itself, and where every reference gets another name."""
    file = tmp_path / "small" / "表.xlsx"
    file.parent.mkdir()
    file.write_bytes(small_form(rows))
    book = open_copy(file)
    before = held(book)
    host = Host(book)
    data = host.snapshot().data
    lines = [("产出指标", "数量指标", f"指标{number}", "10", "8") for number in range(count)]
    project = record({"编号": "7", "项目名称": "某项目", "资金.财政拨款.金额": "3"}, lines)
    after = Template(data).render(project, sheet=sheet).data
    (tmp_path / "after.xlsx").write_bytes(after)
    plan = difference(data, after)
    for where in broken_off(excel, host, plan, ()):
        assert held(book) == before, where
    host.carry_out(plan)
    wanted = content_of(tmp_path / "after.xlsx")
    assert held(book) == wanted
    for where in broken_off(excel, host, plan.inverse, ()):
        assert held(book) == wanted, where
    host.carry_out(plan.inverse)
    assert held(book) == before


@pytest.mark.parametrize("button", ["check", "fix", "fill", "bind", "score", "clear_marks"])
def test_what_failed_is_told_in_words_and_written_down(button, filled, open_copy, tmp_path, excel):
    book = prepare(button, filled[SCORED][0], tmp_path, open_copy, excel, SCORED)
    answers = list(excel.answers)
    before, known = held(book), memory.recall(book.fullname)
    for number in (1, 2, 3):
        excel.changes, excel.said, excel.answers = 0, [], list(answers)
        excel.fails = (number, "before")
        getattr(buttons, button)()
        excel.fails = None
        assert excel.changes >= number
        assert held(book) == before
        assert at_rest(excel) == RESTORED
        assert memory.recall(book.fullname) == known
        assert "没有完成，工作簿保持原样" in excel.said[-1]
        assert str(memory.folder() / "xlperf.log") in excel.said[-1]
        assert "Traceback" not in "".join(excel.said)
        assert "ExcelError" in (memory.folder() / "xlperf.log").read_text("utf-8")


def test_what_cannot_be_taken_back_is_told(filled, open_copy, tmp_path, excel, monkeypatch):
    open_copy(faulty(filled[SCORED][0], tmp_path / "work" / "表.xlsx"))

    def broken(*_: object) -> None:
        raise openpyxl_engine.ExcelError("gone")

    monkeypatch.setattr(openpyxl_engine.Range, "add_note", broken)
    monkeypatch.setattr(openpyxl_engine.Sheet, "delete", broken)
    buttons.check()
    assert "没能全部恢复" in excel.said[-1]
    assert at_rest(excel) == RESTORED
    log = (memory.folder() / "xlperf.log").read_text("utf-8")
    assert TornError.__name__ in log
    assert "ExcelError: gone" in log


def test_a_change_that_cannot_be_remembered_is_made_and_told(
    filled, open_copy, tmp_path, excel, monkeypatch
):
    book = open_copy(unscored(filled[SCORED][0], tmp_path / "work" / "表.xlsx"))
    before = held(book)
    (tmp_path / "state").write_text("a file in the way")
    buttons.score()
    assert "不能撤销" in excel.said[0]
    assert held(book) != before
    buttons.undo()
    assert "没有可以撤销" in excel.said[-1]


# ------------------------------------------------------------------------------ calls counted


def grown(rows: int, tmp_path: Path) -> tuple[Path, Path]:
    """A workbook with that many indicators, and the tables that fill it with as many others."""
    data = Path(shutil.copytree(data_of(SCORED), tmp_path / f"data{rows}"))
    heading, *lines = (data / "indicators.csv").read_text("utf-8-sig").splitlines()
    own = [line for line in lines if line.startswith("01,")]
    rest = [line for line in lines if not line.startswith("01,")]
    own = [own[number * len(own) // rows] for number in range(rows)]  # in the order of the levels
    (data / "indicators.csv").write_text("\n".join([heading, *own, *rest]) + "\n", "utf-8-sig")
    template = find_template(SCORED)
    records = load(template, data)
    outcome = fill_records(template, records, tmp_path / f"out{rows}")[0]
    return outcome.path, data


def test_calls_do_not_grow_with_the_cells(tmp_path, open_copy, excel):
    counts = {}
    for rows in (40, 400):
        file, data = grown(rows, tmp_path)
        book = open_copy(unscored(file, tmp_path / f"work{rows}" / "表.xlsx"))
        excel.changes = excel.copies = 0
        buttons.score()
        counts["score", rows] = excel.changes, excel.copies
        excel.changes = excel.copies = 0
        excel.answers = [str(data / "projects.csv"), "no", "01"]
        buttons.fill()
        assert "已用项目" in excel.said[-1], excel.said
        counts["fill", rows] = excel.changes, excel.copies
        book.close()
    assert counts["score", 40] == counts["score", 400]
    assert counts["fill", 40] == counts["fill", 400]
    assert counts["score", 400][0] <= 8
    assert all(copies == 2 for _, copies in counts.values())  # before and after


# ------------------------------------------------------------------------------- plain words


def test_undo_is_refused_when_a_cell_was_changed_since(filled, open_copy, tmp_path, excel):
    book = open_copy(unscored(filled[SCORED][0], tmp_path / "work" / "表.xlsx"))
    buttons.score()
    done = memory.recall(book.fullname).done
    sheet, row, column = next(iter(done.cells))
    own = book.impl.file[sheet].cell(row, column)
    own.value = 1
    before = held(book)
    buttons.undo()
    assert f"{sheet}!{own.coordinate}" in excel.said[-1]
    assert "不能撤销" in excel.said[-1]
    assert held(book) == before


def test_undo_of_marks_is_refused_when_a_note_was_changed_since(filled, open_copy, tmp_path, excel):
    book = open_copy(faulty(filled[SCORED][0], tmp_path / "work" / "表.xlsx"))
    original = held(book)
    buttons.check()
    spot = next(iter(memory.recall(book.fullname).marks.after))
    own = book.impl.file[spot.sheet][spot.cell]
    marked, own.comment = own.comment, None
    buttons.undo()
    assert "不能撤销" in excel.said[-1]
    own.comment = marked
    buttons.undo()
    assert held(book) == original


def test_what_was_undone_is_told_whatever_the_settings_and_the_version(
    filled, open_copy, tmp_path, excel
):
    book = open_copy(unscored(filled[SCORED][0], tmp_path / "work" / "表.xlsx"))
    before = held(book)
    for spoil in (
        lambda: (Path(book.fullname).parent / "xlperf.toml").write_text("lang = 3"),
        lambda: memory.keep(
            book.fullname,
            replace(known := memory.recall(book.fullname), done=replace(known.done, button="old")),
        ),
    ):
        buttons.score()
        assert held(book) != before
        spoil()
        buttons.undo()
        assert excel.said[-1].startswith("已撤销")
        assert held(book) == before
        (Path(book.fullname).parent / "xlperf.toml").unlink(missing_ok=True)


def test_there_is_one_undo(filled, open_copy, tmp_path, excel):
    open_copy(unscored(filled[SCORED][0], tmp_path / "work" / "表.xlsx"))
    for press in (buttons.undo, buttons.score, buttons.undo, buttons.undo):
        press()
    assert [("没有可以撤销" in said) for said in excel.said] == [True, False, False, True]


def test_marks_leave_a_person_s_own_colour_and_note_and_follow_their_row(
    filled, open_copy, tmp_path, excel
):
    file = faulty(filled[SCORED][0], tmp_path / "work" / "表.xlsx")
    book = open_copy(file)
    buttons.check()
    spots = memory.recall(book.fullname).marks.after
    buttons.undo()
    spot = sorted(spots)[-1]
    own = book.impl.file[spot.sheet][spot.cell]
    own.comment = openpyxl.comments.Comment("领导批示", "")
    own.fill = openpyxl.styles.PatternFill("solid", fgColor="92D050")
    before = held(book)
    buttons.check()
    assert own.comment.text.startswith("领导批示\n\n")
    assert own.fill.fgColor.rgb[-6:] != "92D050"
    as_excel.move_rows(book.impl.file, book.impl.file[spot.sheet], 2, 1)
    buttons.clear_marks()
    as_excel.move_rows(book.impl.file, book.impl.file[spot.sheet], 2, -1)
    assert held(book) == before


def test_checking_again_replaces_the_marks(filled, open_copy, tmp_path, excel):
    book = open_copy(faulty(filled[SCORED][0], tmp_path / "work" / "表.xlsx"))
    original = held(book)
    buttons.check()
    once = held(book)
    buttons.check()
    assert held(book) == once
    buttons.undo()
    assert held(book) == once
    buttons.clear_marks()
    assert held(book) == original


def test_a_sheet_with_a_password_is_left_alone(filled, open_copy, tmp_path, excel):
    file = faulty(filled[SCORED][0], tmp_path / "work" / "表.xlsx")
    book = openpyxl.load_workbook(file)
    book.active.protection.set_password("secret")
    book.save(file)
    opened = open_copy(file)
    before = held(opened)
    buttons.check()
    assert "密码保护" in excel.said[-1]
    assert excel.changes == 0
    assert held(opened) == before


def test_a_workbook_with_a_protected_structure_is_told_so(filled, open_copy, tmp_path, excel):
    file = faulty(filled[SCORED][0], tmp_path / "work" / "表.xlsx")
    book = openpyxl.load_workbook(file)
    book.security = openpyxl.workbook.protection.WorkbookProtection(lockStructure=True)
    book.save(file)
    open_copy(file)
    buttons.check()
    assert "撤销工作簿保护" in excel.said[-1]
    buttons.fix()
    assert "没有" not in excel.said[-1]  # which adds no sheet


def test_a_workbook_that_was_never_saved_can_be_checked(filled, open_copy, tmp_path, excel):
    book = open_copy(faulty(filled[SCORED][0], tmp_path / "work" / "表.xlsx"))
    book.impl.fullname = book.impl.name = "工作簿1"
    buttons.check()
    assert "审核结果" in held(book)["sheets"]
    buttons.settings()
    assert "请先保存工作簿" in excel.said[-1]


def test_wps_is_told_to_use_the_command_line(filled, open_copy, excel):
    open_copy(filled[SCORED][0])
    excel.name = "WPS 表格"
    buttons.check()
    assert "Microsoft Excel" in excel.said[-1]


def test_no_form_is_told_so(open_copy, tmp_path, excel):
    book = openpyxl.Workbook()
    (tmp_path / "x").mkdir()
    book.save(tmp_path / "x" / "普通.xlsx")
    open_copy(tmp_path / "x" / "普通.xlsx")
    for press in (buttons.check, buttons.fix, buttons.score, buttons.explain_score):
        excel.said.clear()
        press()
        assert "xp. 名称" in excel.said[-1]
        assert "xlperf-" not in excel.said[-1]  # the copy that was read is not what is meant


def test_a_workbook_of_the_same_name_is_in_nobody_s_way(filled, open_copy, tmp_path, excel):
    """Excel opens no two of one name, wherever they lie."""
    open_copy(filled[SCORED][0])
    folder = Path(shutil.copytree(filled[SCORED][0].parent, tmp_path / "forms"))
    elsewhere = tmp_path / "elsewhere" / "forms_数据.xlsx"
    elsewhere.parent.mkdir()
    xw.Book(shutil.copy(filled[SCORED][1], elsewhere))
    excel.answers = [str(folder), str(folder)]
    buttons.read()
    buttons.read()
    assert (tmp_path / "forms_数据2.xlsx").is_file()
    assert (tmp_path / "forms_数据3.xlsx").is_file()
    assert not excel.answers


def test_without_a_calling_workbook_nothing_is_raised(excel):
    if hasattr(xw.Book, "_mock_caller"):
        del xw.Book._mock_caller
    buttons.check()
    assert "没有完成" in excel.said[-1]


def test_dialogs_that_are_left_do_nothing(filled, open_copy, excel):
    book = open_copy(filled[SCORED][0])
    before = held(book)
    data = str(data_of(SCORED) / "projects.csv")
    for press, answers in (
        (buttons.fill, [False]),
        (buttons.fill, [data, "cancel"]),
        (buttons.fill, [data, "yes", None]),
        (buttons.fill, [data, "no", False]),
        (buttons.read, [None]),
        (buttons.summarise, [None]),
    ):
        excel.answers = answers
        press()
        assert not excel.answers
    assert held(book) == before
    assert excel.changes == 0
    excel.answers = [data, "no", "99"]
    buttons.fill()
    assert "没有编号为“99”的项目" in excel.said[-1]


def test_without_an_open_workbook_no_settings_come_into_the_start_folder(filled, open_copy, excel):
    """There the add-in itself has called, and Excel opens whatever lies beside it."""
    book = open_copy(filled[SCORED][0])
    book.impl.fullname = str(Path(book.fullname).with_name("xlperf.xlam"))
    buttons.settings()
    assert "E105" not in excel.said[-1]
    assert "请先保存" in excel.said[-1]
    assert not Path(book.fullname).with_name("xlperf.toml").exists()


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_findings_on_a_hidden_sheet_are_told_and_not_gone_to(
    state, filled, open_copy, tmp_path, excel
):
    file = faulty(filled[SCORED][0], tmp_path / "work" / "表.xlsx")

    def hide(book):
        book.create_sheet("封面")
        book.active = 1
        book.worksheets[0].sheet_state = state

    book = open_copy(changed(file, file, hide))
    buttons.next_finding()
    assert "取消隐藏" in excel.said[-1]
    buttons.check()
    assert "审核结果" in held(book)["sheets"]


def test_long_texts_are_typed_one_at_a_time(filled, open_copy, excel):
    """Excel refuses an area of texts when one of them is longer than some 8,000 characters."""
    book = open_copy(filled[SCORED][0])
    sheet = book.sheets.active.name
    long = "字" * 32_767
    plan = Plan((), (SetCells(sheet, 40, 1, (("a", long), (long, 2.0))),), ())
    host = Host(book)
    host.carry_out(plan, host.snapshot().protections()[0])
    own = book.impl.file[sheet]
    assert [[c.value for c in row] for row in own["A40:B41"]] == [["a", long], [long, 2.0]]


def test_settings_are_found_upward_or_made_beside_the_workbook(filled, open_copy, tmp_path, excel):
    book = open_copy(filled[SCORED][0])
    file = Path(book.fullname).parent / "xlperf.toml"
    buttons.settings()
    assert str(file) in excel.said[-1]
    assert content_of(Path(book.fullname))  # the workbook is what it was
    buttons.check()  # what was written is settings
    assert "没有完成" not in excel.said[-1]
    written = file.read_text("utf-8")
    file.rename(tmp_path / "xlperf.toml")
    buttons.settings()
    assert str(tmp_path / "xlperf.toml") in excel.said[-1]
    assert (tmp_path / "xlperf.toml").read_text("utf-8") == written


def test_help_opens_the_page_for_staff(filled, open_copy, excel, monkeypatch):
    book = open_copy(filled[SCORED][0])
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    buttons.help_page()
    page = opened[-1]
    text = (memory.folder() / "staff.html").read_text("utf-8")
    assert page.endswith("staff.html")
    assert "<h1>在 Excel 中使用 xlperf" in text
    Path(book.fullname).with_name("xlperf.toml").write_text('lang = "en"\n')
    buttons.help_page()
    text = (memory.folder() / "staff.html").read_text("utf-8")
    assert '<html lang="en">' in text
    assert "<h1>xlperf in Excel" in text


# ----------------------------------------------------------------------------- only BSD parts


def modules_after(code: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return set(run.stdout.split())


def test_no_part_of_xlwings_under_another_licence_is_imported():
    """Xlwings itself tries some of them when it is imported; the add-in adds none."""
    own = modules_after("import xlwings")
    ours = modules_after("from xlperf.addin import buttons; import xlperf.addin.host")
    added = {name for name in ours - own if name.startswith("xlwings")}
    assert not {n for n in added if n.startswith(("xlwings.pro", "xlwings.server", "xlwings.rep"))}


FOREIGN = re.compile(r"xlwings\.(pro|server|reports|_xlremote|_xlofficejs)\b")


def imported(source: str) -> Iterator[str]:
    """Every module and name that a source imports, and every attribute that it takes of xlwings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{'xlwings' if node.value.id == 'xw' else node.value.id}.{node.attr}"


@pytest.mark.parametrize(
    "source",
    ["import xlwings.pro", "from xlwings import reports", "import xlwings as xw\nxw.server"],
)
def test_a_foreign_import_is_recognised(source):
    assert any(map(FOREIGN.match, imported(source)))


def test_no_source_imports_a_part_of_xlwings_under_another_licence():
    sources = list((Path(__file__).parents[2] / "xlperf").rglob("*.py"))
    assert any("xlwings" in path.read_text("utf-8") for path in sources)
    found = [
        (path.name, name)
        for path in sources
        for name in imported(path.read_text("utf-8"))
        if FOREIGN.match(name)
    ]
    assert not found


def test_the_host_needs_no_licence_key(excel, filled, open_copy):
    assert not xw.__pro__
    assert Host(open_copy(filled[SCORED][0])).snapshot().data[:2] == b"PK"
