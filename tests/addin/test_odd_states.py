"""Forms as staff have them: marked, filtered, protected, half a form; each is told what to do."""

import shutil
import stat
import sys
import time
from pathlib import Path

import pytest
from openpyxl.worksheet.table import Table

from tests.addin.test_buttons import faulty, held, run, unscored
from tests.addin.test_host import changed, grown
from tests.addin.workbooks import SCORED, content_of, data_of
from xlperf.addin import buttons
from xlperf.bulk import Options, fill_book, load_example

DATA = str(data_of(SCORED) / "projects.csv")
ON_FORMS = ("check", "next_finding", "fix", "score", "explain_score", "fill")
CHANGING = ("fix", "score", "fill")


def press(name: str, excel, *answers: object) -> str:
    """What was said last."""
    excel.said.clear()
    excel.answers = list(answers)
    getattr(buttons, name)()
    return excel.said[-1] if excel.said else ""


@pytest.fixture
def faulty_form(filled, tmp_path) -> Path:
    return faulty(filled[SCORED][0], tmp_path / "work" / "表.xlsx")


# ------------------------------------------------------------------------------ no form, marked


@pytest.mark.parametrize("name", ON_FORMS)
def test_a_workbook_without_names_is_told_which_button_helps(name, filled, open_copy, excel):
    file = filled[SCORED][0]
    book = open_copy(changed(file, file.parents[1] / "plain" / "x.xlsx", _without_names))
    said = press(name, excel)
    assert "绑定名称" in said
    assert said.count("\n") == 0
    assert not excel.changes
    press("bind", excel)
    assert "绑定名称" not in press(name, excel, DATA, "no", "02")
    book.close()


def _without_names(book) -> None:
    book.defined_names.clear()


def test_a_marked_form_is_filled_after_its_marks_are_cleared(faulty_form, open_copy, excel):
    book = open_copy(faulty_form)
    press("check", excel)
    marked = held(book)
    for each in ("no", "yes"):
        assert "请先点“清除标记”，再点“填充”" in press("fill", excel, DATA, each)
        assert excel.answers  # told before a file is asked for
    assert held(book) == marked
    press("clear_marks", excel)
    assert "已用项目“02”填写本表" in press("fill", excel, DATA, "no", "02")


def test_the_list_is_named_as_it_is(faulty_form, open_copy, excel):
    def own(book) -> None:
        book.create_sheet("审核结果")["A1"] = "会议记录"

    book = open_copy(changed(faulty_form, faulty_form, own))
    before = held(book)
    said = press("check", excel)
    (name,) = held(book)["sheets"].keys() - before["sheets"].keys()
    assert name != "审核结果"
    assert f"“{name}”" in said
    press("clear_marks", excel)
    assert held(book) == before


def test_findings_in_no_cell_are_listed_too(filled, open_copy, excel):
    """A level that is missing altogether has no cell to mark."""
    book = open_copy(filled["shanghai_declaration"][0])
    before = held(book)
    Path(book.fullname).with_name("xlperf.toml").write_text('select = ["S01"]\n')
    assert "清单在工作表“审核结果”中" in press("check", excel)
    after = held(book)["sheets"]
    assert after["审核结果"]["cells"]["B3"] == ("s", "S01")
    assert not any(sheet["notes"] for sheet in after.values())
    assert "没有" in press("next_finding", excel)
    press("clear_marks", excel)
    assert held(book) == before


# ----------------------------------------------------------------------------------- filtered


def _filter(book) -> None:
    sheet = book.active
    sheet.auto_filter.ref = "B14:I26"
    sheet.auto_filter.add_filter_column(0, ["产出指标"])
    for row in range(20, 24):
        sheet.row_dimensions[row].hidden = True


def _filter_in_a_table(book) -> None:
    sheet = book.active
    for column, heading in enumerate(("甲", "乙"), start=12):
        sheet.cell(1, column).value = heading
        sheet.cell(2, column).value = heading
    table = Table(displayName="附表", ref="L1:M2")
    table._initialise_columns()
    table.autoFilter.add_filter_column(0, ["乙"])
    for column, heading in zip(table.tableColumns, ("甲", "乙"), strict=True):
        column.name = heading
    sheet.add_table(table)
    sheet.row_dimensions[2].hidden = True


@pytest.mark.parametrize("hide", [_filter, _filter_in_a_table], ids=["sheet", "table"])
def test_a_filtered_sheet_is_marked_but_not_changed(
    hide, faulty_form, filled, open_copy, tmp_path, excel
):
    """Excel removes and writes only what the filter shows."""
    form = unscored(faulty_form, tmp_path / "unscored" / "表.xlsx")
    book = open_copy(changed(form, form, hide))
    before = held(book)
    for name in CHANGING:
        assert "清除筛选" in press(name, excel, *([DATA, "no", "02"] if name == "fill" else []))
        assert len(excel.said) <= 3  # nothing was asked for in vain
    assert held(book) == before
    assert not excel.changes
    assert "审核结果" in press("check", excel)
    press("clear_marks", excel)
    assert held(book) == before


def test_arrows_of_a_filter_hide_nothing(faulty_form, open_copy, excel):
    def arrows(book) -> None:
        book.active.auto_filter.ref = "B14:I26"

    open_copy(changed(faulty_form, faulty_form, arrows))
    assert "已修复" in press("fix", excel)


def test_a_filter_set_later_stops_the_undoing(faulty_form, open_copy, excel):
    book = open_copy(faulty_form)
    before = held(book)
    press("fix", excel)
    _filter(book.impl.file)
    assert "清除筛选" in press("undo", excel)
    book.impl.file.active.auto_filter.filterColumn.clear()
    assert "已撤销" in press("undo", excel)
    assert held(book)["sheets"] == before["sheets"]


# --------------------------------------------------------------------------- questions of a fix


@pytest.fixture
def many(open_copy, tmp_path):
    """A form with more fixes than fit on a page, with long values."""

    def lengthen(book) -> None:
        for row in range(15, 35):
            book.active.cell(row, 6).value = "很长的说明" * 60 + "。"

    file, _ = grown(40, tmp_path)
    return open_copy(changed(file, tmp_path / "work" / "表.xlsx", lengthen))


@pytest.mark.parametrize(
    ("answers", "done"),
    [
        (["yes"], True),
        (["no", "yes"], True),
        (["no", "no"], False),
        (["cancel"], False),
    ],
)
def test_many_fixes_can_be_taken_at_once_looked_through_or_left(answers, done, many, excel):
    before = held(many)
    press("fix", excel, *answers)
    assert (held(many) != before) == done
    assert not excel.answers
    first = excel.said[0]
    assert "第 1 至 15 处" in first
    assert "取消：都不修改" in first
    if len(answers) > 1:
        assert "现在修改吗？" in excel.said[1]
    assert all(len(said) < 2000 for said in excel.said)
    changes = [line.split("  ")[2].split(" → ") for line in first.splitlines() if "→" in line]
    assert len(changes) == 15
    assert all(was != will for was, will in changes)
    assert any(was.startswith("…") and was == will + "。" for was, will in changes)


def test_the_preview_says_on_which_sheet(open_copy, tmp_path, excel):
    template, records = load_example(data_of(SCORED))
    fill_book(template, records, tmp_path / "全部.xlsx", Options(scores="given"))
    book = open_copy(tmp_path / "全部.xlsx")
    names = [name for name in book.impl.file.sheetnames if name[:2].isdigit()]
    book.sheets[names[0]].activate()
    press("fix", excel, "no")
    lines = [line for line in excel.said[0].splitlines() if "→" in line]
    assert any("!" not in line.split()[0] for line in lines)  # the sheet that is looked at
    others = {line.partition("!")[0] for line in lines if "!" in line.split("  ")[0]}
    assert others
    assert others < set(names)


def test_a_password_is_told_before_anything_is_asked(faulty_form, open_copy, excel):
    def lock(book) -> None:
        book.active.protection.set_password("secret")

    open_copy(changed(faulty_form, faulty_form, lock))
    assert "密码保护" in press("fix", excel)
    assert len(excel.said) == 1


def test_workbooks_that_are_there_are_not_replaced_unasked(filled, open_copy, tmp_path, excel):
    open_copy(filled[SCORED][0])
    out = tmp_path / "out"
    press("fill", excel, DATA, "yes", str(out))
    assert len(excel.said) == 2  # nothing is there yet
    written = sorted(out.iterdir())
    for file in written[1:]:
        file.unlink()
    written[0].write_bytes(b"filled by somebody")
    before = {file: file.stat().st_mtime_ns for file in out.iterdir()}
    asked = press("fill", excel, DATA, "yes", str(out), "no")
    assert "已有 1 个同名的工作簿" in asked
    assert written[0].name in asked
    assert {file: file.stat().st_mtime_ns for file in out.iterdir()} == before
    assert "已生成 8 个工作簿" in press("fill", excel, DATA, "yes", str(out), "yes")
    assert written[0].read_bytes()[:2] == b"PK"
    assert sorted(out.iterdir()) == written


# ------------------------------------------------------------------------------ long messages


def test_what_is_left_to_score_is_told_before_what_has_to_be_explained(
    filled, open_copy, tmp_path, excel
):
    open_copy(unscored(filled[SCORED][4], tmp_path / "work" / "表.xlsx"))
    said = press("score", excel)
    assert said.index("须由人工评分") < said.index("须说明原因")


def test_many_problems_are_counted_after_some(filled, open_copy, excel):
    def break_names(book) -> None:
        book.create_sheet("另一张")
        del book[book.sheetnames[0]]

    file = filled[SCORED][0]
    open_copy(changed(file, file.parents[1] / "broken" / "x.xlsx", break_names))
    for name in ("check", "score", "fix"):
        lines = press(name, excel).splitlines()
        assert len(lines) == 9
        assert lines[-1].startswith("……另有 ")
        assert "名称管理器" in lines[0]


# ------------------------------------------------------------------------------- files chosen


def test_a_file_that_is_no_table_is_told_which_to_choose(filled, open_copy, tmp_path, excel):
    open_copy(filled[SCORED][0])
    other = tmp_path / "通讯录.csv"
    other.write_text("姓名,电话\n", "utf-8")
    said = press("fill", excel, str(other))
    assert "请选择 projects.csv" in said
    assert str(other) in said
    assert excel.said == [said]


def test_either_table_in_any_case_stands_for_the_folder(filled, open_copy, tmp_path, excel):
    book = open_copy(filled[SCORED][0])
    data = Path(shutil.copytree(data_of(SCORED), tmp_path / "data"))
    for chosen in ("indicators.csv", "Projects.CSV"):  # Windows knows no difference
        assert "已用项目“02”" in press("fill", excel, str(data / chosen), "no", "02")
        press("undo", excel)
    assert held(book) == content_of(Path(book.fullname))


@pytest.mark.parametrize(("name", "what"), [("read", "数据"), ("summarise", "汇总")])
def test_where_no_file_can_be_written_beside_the_folder_another_place_is_asked(
    name, what, filled, open_copy, tmp_path, excel
):
    open_copy(filled[SCORED][0])
    folder = Path(shutil.copytree(filled[SCORED][0].parent, tmp_path / "share" / "forms"))
    (tmp_path / "share" / f"~$forms_{what}.xlsx").write_bytes(b"")  # as if it were open
    (tmp_path / "mine").mkdir()
    press(name, excel, str(folder), None)
    assert not excel.said  # the dialog was left
    said = press(name, excel, str(folder), str(tmp_path / "mine"))
    out = tmp_path / "mine" / f"forms_{what}.xlsx"
    assert str(out) in said
    command = {"read": "read", "summarise": "summary"}[name]
    run(command, folder, "-o", tmp_path / "wanted.xlsx")
    assert content_of(out) == content_of(tmp_path / "wanted.xlsx")
    for place in ("share", "mine"):
        (tmp_path / place / f"~$forms_{what}2.xlsx").write_bytes(b"")
    assert "无法写入" in press(name, excel, str(folder), str(tmp_path / "mine"))


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands for the editor")
def test_settings_open_in_the_editor_of_windows_itself(
    filled, open_copy, tmp_path, excel, monkeypatch
):
    book = open_copy(filled[SCORED][0])
    editor = tmp_path / "Windows" / "System32" / "notepad.exe"
    editor.parent.mkdir(parents=True)
    editor.write_text(
        f'#!/bin/sh\nprintf %s "$1" > "{tmp_path}/part"\nmv "{tmp_path}/part" "{tmp_path}/opened"\n'
    )
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path / "Windows"))
    monkeypatch.setattr(sys, "platform", "win32")
    said = press("settings", excel)
    monkeypatch.undo()
    file = Path(book.fullname).with_name("xlperf.toml")
    assert said == f"已新建设置文件，对它所在文件夹中的表都有效：\n{file}"
    opened = tmp_path / "opened"
    for _ in range(500):
        if opened.exists():
            break
        time.sleep(0.02)
    assert opened.read_text("utf-8") == str(file)
