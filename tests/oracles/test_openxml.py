"""The judge is judged: it must find faults, and find none where there are none."""

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import xlsxwriter

from tests.oracles.openxml import Error

Validate = Callable[[Iterable[Path]], dict[Path, list[Error]]]

# Part, what stands in it, what is put in its place, and a word of the judge's complaint.
FAULTS = [
    ("xl/worksheets/sheet1.xml", b"<sheetData>", b"<sheetDate/><sheetData>", "sheetDate"),
    ("xl/worksheets/sheet1.xml", b'<c r="A1"', b'<c r="A1" nobody="1"', "nobody"),
    ("xl/styles.xml", b'<cellXfs count="1">', b'<cellXfs count="-1">', "count"),
    ("xl/workbook.xml", b'r:id="rId1"', b'r:id="rId77"', "rId77"),
]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "01_干净.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("表").write("A1", "甲")
    return path


def test_a_clean_workbook_has_no_errors(openxml: Validate, workbook: Path) -> None:
    assert openxml([workbook]) == {workbook: []}


@pytest.mark.parametrize(("part", "sound", "fault", "complaint"), FAULTS)
def test_every_fault_is_found_in_its_part(
    openxml: Validate, workbook: Path, part: str, sound: bytes, fault: bytes, complaint: str
) -> None:
    broken = workbook.with_name("broken.xlsx")
    with zipfile.ZipFile(workbook) as source, zipfile.ZipFile(broken, "w") as target:
        assert source.read(part).count(sound) == 1
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(sound, fault) if name == part else content)
    verdicts = openxml([broken, workbook])
    assert verdicts[workbook] == []
    assert any(
        error.part == f"/{part}" and complaint in error.description for error in verdicts[broken]
    ), verdicts[broken]


def test_what_is_no_workbook_is_an_error(openxml: Validate, tmp_path: Path) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"not a workbook at all")
    absent = tmp_path / "absent.xlsx"
    verdicts = openxml([broken, absent])
    assert all(len(verdicts[path]) == 1 for path in (broken, absent))
