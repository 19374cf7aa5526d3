"""The judge is judged: it must see through a stale cached value and refuse a broken file."""

import contextlib
import os
import signal
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from tests.oracles.libreoffice import LibreOffice, OracleError, Value
from tests.oracles.poppler import page_texts

STALE = 99

# Formula → what it gives where A1 is 1.1, A2 is 2.2, A3 is the text 甲 and A4 is blank.
FORMULAS: dict[str, Value] = {
    "=A1+A2": 1.1 + 2.2,
    "=ROUND(2.675,2)": 2.68,
    "=1/3": 1 / 3,
    '=A3&"乙"': "甲乙",
    "=A2>A1": True,
    "=AND(A1>1,A2>3)": False,
    '=IF(A4="","",A4)': "",
    "=A4": 0.0,
    "=A1-0.1": 1.0,
    "=A1/A4": "#DIV/0!",
    "=A3*1": "#VALUE!",
    "=10^400": "#NUM!",
    "=SQRT(-1)": "Err:502",
    "=NA()": "#N/A",
    "=nobody_knows(A1)": "#NAME?",
    "=VLOOKUP(9,A1:A2,1,FALSE)": "#N/A",
    "=SUM('别的 表'!A:A)": 7.5,
    '=TEXT(DATE(2025,3,1),"aaaa")': "星期六",
}


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("judged") / "01_名字 是 中文.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet, other = book.add_worksheet("表"), book.add_worksheet("别的 表")
        sheet.write_column("A1", [1.1, 2.2, "甲"])
        other.write("A1", 7.5)
        for row, formula in enumerate(FORMULAS):
            sheet.write_formula(row, 1, formula, None, STALE)
        sheet.protect()
    return path


def test_recalculate_gives_what_formulas_are_worth_not_what_is_cached(
    libreoffice: LibreOffice, workbook: Path
) -> None:
    sheets = libreoffice.recalculate([workbook])[workbook]
    expected = {f"B{row}": value for row, value in enumerate(FORMULAS.values(), 1)}
    assert sheets == {"表": expected, "别的 表": {}}
    types = {address: type(value) for address, value in sheets["表"].items()}
    assert types == {address: type(value) for address, value in expected.items()}


def test_the_workbook_is_left_alone(libreoffice: LibreOffice, workbook: Path) -> None:
    before = workbook.read_bytes()
    libreoffice.recalculate([workbook])
    assert workbook.read_bytes() == before
    assert [path.name for path in workbook.parent.iterdir()] == [workbook.name]


@pytest.mark.parametrize("content", [b"not a workbook at all", b""])
def test_a_broken_workbook_is_refused_and_the_next_one_is_not(
    libreoffice: LibreOffice, workbook: Path, tmp_path: Path, content: bytes
) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(content)
    with pytest.raises(OracleError, match=r"broken\.xlsx"):
        libreoffice.recalculate([broken])
    assert libreoffice.recalculate([workbook])[workbook]["表"]["B2"] == 2.68


def test_a_workbook_that_is_not_there_is_refused(libreoffice: LibreOffice, tmp_path: Path) -> None:
    with pytest.raises(OracleError, match="no such file"):
        libreoffice.recalculate([tmp_path / "absent.xlsx"])


def test_inserted_rows_move_references(
    libreoffice: LibreOffice, workbook: Path, tmp_path: Path
) -> None:
    grown = tmp_path / "grown.xlsx"
    libreoffice.insert_rows(workbook, "表", 2, 3, grown)
    values = libreoffice.recalculate([grown])[grown]["表"]
    assert values["B1"] == 1.1 + 2.2
    assert values["B5"] == 2.68
    assert "B2" not in values
    with pytest.raises(OracleError, match="no sheet 没有"):
        libreoffice.insert_rows(workbook, "没有", 2, 3, grown)


def test_load_save_keeps_the_formulas_and_renews_the_cache(
    libreoffice: LibreOffice, workbook: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "saved.xlsx"
    libreoffice.load_save(workbook, saved)
    values = libreoffice.recalculate([workbook, saved])
    assert values[saved] == values[workbook]
    assert openpyxl.load_workbook(workbook, data_only=True)["表"]["B2"].value == STALE
    assert openpyxl.load_workbook(saved, data_only=True)["表"]["B2"].value == 2.68


@pytest.mark.oracle("poppler")
def test_pages_show_the_right_value(libreoffice: LibreOffice, tmp_path: Path) -> None:
    path = tmp_path / "pages.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write("A1", "绩效目标")
        sheet.write_formula("A2", "=6*7", None, STALE)
        sheet.write("A3", "第二页")
        sheet.set_h_pagebreaks([2])
    first, second = page_texts(libreoffice.to_pdf(path))
    assert first.split() == ["绩效目标", "42"]
    assert second.split() == ["第二页"]
    pictures = libreoffice.render(path)
    assert len(pictures) == 2
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


@pytest.mark.oracle("libreoffice")
def test_a_dead_libreoffice_is_replaced_and_the_last_one_ends(workbook: Path) -> None:
    with LibreOffice() as judge:
        judge.recalculate([workbook])
        dead = judge._folder
        assert judge._process
        os.killpg(judge._process.pid, signal.SIGKILL)
        assert judge.recalculate([workbook])[workbook]["表"]["B2"] == 2.68
        last = judge._folder
        assert dead
        assert last
        assert str(dead) not in _running()
        assert str(last) in _running()
    assert str(last) not in _running()
    assert not dead.exists()
    assert not last.exists()


def _running() -> str:
    """The command lines of all processes."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it may have ended meanwhile
            lines.append(path.read_text("utf-8", "replace"))
    return "\n".join(lines)
