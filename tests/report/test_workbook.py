"""Marked workbooks of real forms: every finding is in them, and they are still the forms."""

import io
from collections import defaultdict
from pathlib import Path

import openpyxl
import pytest

from tests.ooxml.test_package import entries
from tests.report.reviews import HOSTILE, finding
from xlperf.diagnostic import Place
from xlperf.report import marked_workbook
from xlperf.resources import shipped_templates
from xlperf.rules import Finding
from xlperf.template import read_forms

FILLS = {"error": "FFFFC7CE", "warning": "FFFFEB9C", "info": "FFDDEBF7"}
WORDS = {"错误": "error", "警告": "warning", "提示": "info"}
WORST_FIRST = list(FILLS)


@pytest.fixture(scope="module")
def found(reviewed) -> dict[Path, list[Finding]]:
    files: dict[Path, list[Finding]] = defaultdict(list)
    for one in reviewed.findings:
        files[Path(one.diagnostic.place.file)].append(one)
    return files


@pytest.fixture(scope="module")
def marked(found) -> dict[Path, bytes]:
    return {path: marked_workbook(path.read_bytes(), those) for path, those in found.items()}


def test_every_finding_has_its_fill_its_note_and_its_line(found, marked):
    assert len(found) > 10
    for path, those in found.items():
        book = openpyxl.load_workbook(io.BytesIO(marked[path]))
        lines = list(book["审核结果"].iter_rows(min_row=3))
        assert len(lines) == len(those)
        worst: dict[str, str] = {}
        for one, line in zip(those, lines, strict=True):
            place = one.diagnostic.place
            severity, code, message, cell, _, value, advice = (c.value or "" for c in line)
            assert (WORDS[severity], code) == (one.severity, one.code)
            assert message == one.diagnostic.message.zh
            assert value.strip() == one.value.strip()
            assert bool(advice) == (one.replacement is not None)
            assert line[0].fill.fgColor.rgb == FILLS[one.severity]
            if not place.cell:
                assert (cell, line[3].hyperlink) == (place.sheet, None)
                continue
            assert cell == f"{place.sheet}!{place.cell}"
            assert line[3].hyperlink.location == f"'{place.sheet}'!{place.cell}"
            origin = first_cell(book[place.sheet], place.cell)
            assert f"{code} {message}" in book[place.sheet][origin].comment.text
            worst[origin] = min(worst.get(origin, "info"), one.severity, key=WORST_FIRST.index)
        for origin, severity in worst.items():
            assert book[place.sheet][origin].fill.fgColor.rgb == FILLS[severity]


def first_cell(sheet: openpyxl.worksheet.worksheet.Worksheet, cell: str) -> str:
    return next((str(r.coord).split(":")[0] for r in sheet.merged_cells if cell in r), cell)


def test_a_marked_form_reads_as_before(marked):
    for path, data in marked.items():
        assert read_forms(data) == read_forms(path.read_bytes())


def test_parts_beside_the_marks_are_the_same_bytes(marked):
    path, data = next(iter(marked.items()))
    before, after = entries(path.read_bytes()), entries(data)
    same = {name for name in before if after[name] == before[name]}
    assert "xl/theme/theme1.xml" in same
    assert set(before) - same == {
        "[Content_Types].xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        "xl/workbook.xml",
        "xl/worksheets/sheet1.xml",
    }


def test_the_validator_finds_nothing(openxml, marked, tmp_path):
    paths = []
    for number, data in enumerate(marked.values()):
        paths.append(tmp_path / f"{number}.xlsx")
        paths[-1].write_bytes(data)
    assert {fault for faults in openxml(paths).values() for fault in faults} == set()


def test_libreoffice_calculates_the_marked_form_as_the_form(libreoffice, marked, tmp_path):
    path, data = next(iter(marked.items()))
    copy = tmp_path / "marked.xlsx"
    copy.write_bytes(data)
    values = libreoffice.recalculate([path, copy])
    values[copy].pop("审核结果", None)
    assert values[copy] == values[path] != {}


def test_hostile_values_are_kept_and_do_no_harm(openxml, tmp_path):
    path = shipped_templates()[0]
    sheet = openpyxl.load_workbook(path).sheetnames[0]
    place = Place(str(path), sheet, "A1")
    many = [finding(text, message=text, replacement=text or None, place=place) for text in HOSTILE]
    nowhere = finding(place=Place(str(path)))
    data = marked_workbook(path.read_bytes(), [*many, nowhere])
    target = tmp_path / "hostile.xlsx"
    target.write_bytes(data)
    assert openxml([target]) == {target: []}
    book = openpyxl.load_workbook(io.BytesIO(data))
    lines = list(book["审核结果"].iter_rows(min_row=3))
    assert len(lines) == len(HOSTILE) + 1
    assert all(cell.data_type in ("s", "n") for line in lines for cell in line)
    assert lines[4][5].value == "=cmd|' /C calc'!A0"
    assert lines[-1][3].hyperlink is None
    assert book[sheet]["A1"].comment.text.count("C02") == len(HOSTILE)


def test_no_findings_are_a_listing_without_lines():
    path = shipped_templates()[0]
    book = openpyxl.load_workbook(io.BytesIO(marked_workbook(path.read_bytes(), [])))
    assert book["审核结果"]["A1"].value == "审核结果：没有发现问题"
    assert book["审核结果"].max_row == 2


def test_the_listing_speaks_english():
    path = shipped_templates()[0]
    place = Place(str(path), openpyxl.load_workbook(path).sheetnames[0], "A1")
    one = finding("27", replacement="≥27", place=place)
    book = openpyxl.load_workbook(io.BytesIO(marked_workbook(path.read_bytes(), [one], "en")))
    assert book["Review"]["A1"].value == "Review: warning 1"
    assert book.worksheets[0]["A1"].comment.text == (
        "warning C02 Numeric target has no comparator: 27\nsuggestion: write “≥27”"
    )
