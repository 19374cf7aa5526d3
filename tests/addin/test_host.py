"""The host: whole or not at all, few calls, everything restored, and plain words when it fails."""

import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
import xlwings as xw

from tests.addin import openpyxl_engine
from tests.addin.test_buttons import faulty, held, unscored
from tests.addin.workbooks import FORMS, RULED, SCORED, content_of, data_of
from xlperf.addin import buttons, memory
from xlperf.addin.host import Host, TornError
from xlperf.bulk import fill_records, find_template, load

RESTORED = {
    "screen_updating": True,
    "enable_events": True,
    "display_alerts": True,
    "calculation": "automatic",
    "status_bar": False,
}


def at_rest(excel) -> dict:
    return {name: getattr(excel, name) for name in RESTORED}


def states(book) -> list[dict]:
    """What has to be equal; a sheet that comes back has lost nothing that is told apart here."""
    return held(book)


def prepare(button: str, file: Path, tmp_path: Path, open_copy, excel, form: str):
    """A workbook in which the button has something to do, and the answers that it asks for."""
    answers: list[str] = []
    if button in ("check", "fix", "clear_marks", "recheck"):
        file = faulty(file, tmp_path / "work" / file.name)
    elif button == "score":
        file = unscored(file, tmp_path / "work" / file.name)
    elif button == "bind":
        plain = openpyxl.load_workbook(file)
        for name in list(plain.defined_names):
            del plain.defined_names[name]
        file = tmp_path / "work" / file.name
        file.parent.mkdir(exist_ok=True)
        plain.save(file)
    elif button == "fill":
        keys = [f.stem.partition("_")[0] for f in sorted(file.parent.glob("*.xlsx"))]
        answers = [str(data_of(form) / "projects.csv"), *(["no", keys[-1]] if keys[1:] else [])]
    book = open_copy(file)
    if button in ("clear_marks", "recheck"):
        buttons.check()
    if button == "undo":
        excel.answers = [str(data_of(form) / "projects.csv"), "no", "01"]
        buttons.fill()
        assert memory.recall(book.fullname).done
    excel.answers = list(answers)
    return book, answers


CASES = [
    *(("check", form) for form in RULED),
    *(("fix", form) for form in RULED),
    *(("fill", form) for form in FORMS),
    *(("bind", form) for form in FORMS),
    ("score", SCORED),
    ("clear_marks", SCORED),
    ("recheck", SCORED),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("button", "form"), CASES, ids=[f"{b}-{f}" for b, f in CASES])
def test_a_failing_change_leaves_the_workbook_as_it_was(
    button, form, when, filled, open_copy, tmp_path, excel
):
    """For every n: the n-th change fails, before it is made or right after it was."""
    files = filled[form]
    book, answers = prepare(button, files[0], tmp_path, open_copy, excel, form)
    press = getattr(buttons, {"recheck": "check"}.get(button, button))
    before, known = held(book), memory.recall(book.fullname)
    number = 0
    while True:
        number += 1
        excel.changes, excel.said, excel.answers = 0, [], list(answers)
        excel.fails = (number, when)
        press()
        reached = excel.changes >= number
        excel.fails = None
        assert at_rest(excel) == RESTORED
        if not reached:
            break
        assert held(book) == before, f"change {number}"
        assert memory.recall(book.fullname) == known
        assert "没有完成，工作簿保持原样" in excel.said[-1]
        assert "Traceback" not in "".join(excel.said)
        assert str(memory.folder() / "xlperf.log") in excel.said[-1]
    assert number > 2
    assert held(book) != before  # and without a failure all of it is done


def test_an_undo_that_fails_half_way_leaves_what_was_done(filled, open_copy, tmp_path, excel):
    form = "guizhou_approval"
    book, _ = prepare("undo", filled[form][-1], tmp_path, open_copy, excel, form)
    done = held(book)
    for number in range(1, 200):
        excel.changes, excel.fails = 0, (number, "after" if number % 2 else "before")
        buttons.undo()
        if excel.changes < number:
            break
        excel.fails = None
        assert held(book) == done
    assert number > 5
    assert "已撤销“填充”" in excel.said[-1]


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
    openpyxl_engine.move_rows(book.impl.file, book.impl.file[spot.sheet], 2, 1)
    buttons.clear_marks()
    openpyxl_engine.move_rows(book.impl.file, book.impl.file[spot.sheet], 2, -1)
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
    book.security.lockStructure = True
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
    open_copy(filled[SCORED][0])
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    buttons.help_page()
    (page,) = opened
    text = (memory.folder() / "staff.html").read_text("utf-8")
    assert page.endswith("staff.html")
    assert "<h1>" in text


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


def test_the_host_needs_no_licence_key(excel, filled, open_copy):
    assert not xw.__pro__
    assert Host(open_copy(filled[SCORED][0])).snapshot().data[:2] == b"PK"
