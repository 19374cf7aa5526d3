"""Filling a workbook that carries everything a form may carry, at every table length."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from tests.ooxml.hard_workbook import hard_workbook
from tests.template.forms import record
from xlperf.template import Template

ROWS = 10
SHEET = "xl/worksheets/sheet2.xml"
# What filling changes in a form of the same length: cells that hold a field or depend on one, and
# the chain of calculation, which no longer fits, with what names it.
CHANGED = {
    "xl/worksheets/sheet1.xml",
    SHEET,
    "xl/worksheets/sheet3.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "[Content_Types].xml",
    "xl/calcChain.xml",
}


@pytest.fixture(scope="module")
def template() -> Template:
    return Template(hard_workbook(ROWS), "hard.xlsm")


def project(rows: int):
    table = [[f"指标{number}", f"{number + 0.5}"] for number in range(rows)]
    return record({"项目名称": "甲"}, table, ("三级指标", "得分"))


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_parts_that_hold_no_field_are_byte_identical(template):
    before, after = parts(template.data), parts(template.fill(project(ROWS)))
    assert len(before) >= 44
    assert before.keys() - after.keys() == {"xl/calcChain.xml"}
    assert {name for name in before if before[name] != after.get(name)} <= CHANGED


@pytest.mark.parametrize("rows", [1, 9, 200])
def test_growing_and_shrinking_change_only_parts_with_references(template, rows):
    before = parts(template.data)
    for count in {ROWS + rows, max(ROWS - rows, 3)}:
        after = parts(template.fill(project(count)))
        changed = {name for name in before if before[name] != after.get(name)}
        kept = {"vbaProject.bin", "customUI", "media/", "printerSettings", "theme", "styles.xml"}
        kept |= {"sharedStrings.xml", "customXml", "persons", "docProps", "externalLinks"}
        assert not [name for name in changed if any(part in name for part in kept)]


@pytest.mark.parametrize("count", [3, 9, ROWS, 11, 19, 210])
def test_what_is_filled_is_read_and_added_up(template, count):
    data = template.fill(project(count))
    read = template.read(data)
    assert [i.level3 for i in read.indicators] == [f"指标{n}" for n in range(count)]
    assert [float(i.score or 0) for i in read.indicators] == [n + 0.5 for n in range(count)]
    book = openpyxl.load_workbook(io.BytesIO(data), keep_vba=True)
    (area,) = book.defined_names["xp.指标.得分"].destinations
    assert area[1] == f"$G$15:$G${14 + count}"


@pytest.mark.oracle("openxml")
def test_the_validator_finds_no_error_that_was_not_there(template, openxml, tmp_path):
    paths = []
    for count in (ROWS, 3, 11, 19, 210):
        paths.append(tmp_path / f"{count}.xlsm")
        paths[-1].write_bytes(template.fill(project(count)))
    original = tmp_path / "template.xlsm"
    original.write_bytes(template.data)
    errors = openxml([original, *paths])
    known = {error.description for error in errors[original]}
    for path in paths:
        assert [e for e in errors[path] if e.description not in known] == []


@pytest.mark.oracle("libreoffice")
def test_libreoffice_agrees_with_every_cached_value(template, libreoffice, tmp_path):
    """Where a value is cached; what could not be computed carries none."""
    paths: list[Path] = []
    for count in (ROWS, 4, 19):
        paths.append(tmp_path / f"{count}.xlsm")
        paths[-1].write_bytes(template.fill(project(count)))
    compared = 0
    for path, sheets in libreoffice.recalculate(paths).items():
        cached = openpyxl.load_workbook(path, data_only=True)
        formulas = openpyxl.load_workbook(path)
        for sheet, cells in sheets.items():
            for cell, value in cells.items():
                held = cached[sheet][cell].value
                beyond = isinstance(value, str) and value.startswith(("#", "Err:"))
                # A data table's cells hold values in the file; LibreOffice computes them.
                if held is None or beyond or formulas[sheet][cell].data_type != "f":
                    continue
                compared += 1
                if isinstance(value, float):
                    assert held == pytest.approx(value), (path.name, sheet, cell)
                else:
                    assert held == value, (path.name, sheet, cell)
    assert compared > 100
