"""Workbooks as offices make them grow and shrink as if they had been written so.

A form that was written with as many rows is the judge of every reference, the Open XML SDK of the
whole, LibreOffice's own insertion of rows of the formulas.
"""

import io
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import openpyxl
import pytest

from tests.ooxml.real_forms import FIRST, WRITERS, real_form
from tests.ooxml.test_rows import _content, _formulas
from tests.oracles import openxml as validator
from tests.oracles.libreoffice import LibreOffice
from tests.template.forms import record
from xlperf.forms import Project
from xlperf.ooxml.package import Package
from xlperf.ooxml.rows import RowEdit, resize_rows
from xlperf.template import Template

PART = "xl/worksheets/sheet1.xml"
RESIZES = [(10, 11), (10, 19), (10, 210), (10, 9), (10, 4), (10, 2), (2, 40)]
_UNREADABLE = {"charts"}
"""What openpyxl cannot load even as it was written: a chart with axes on both sides."""


def resized(data: bytes, rows: int, count: int) -> Package:
    return resize_rows(Package.open(data), PART, RowEdit(FIRST, FIRST + rows - 1, count))


def differences(found: Package, expected: Package) -> dict[str, list[str]]:
    assert set(found) == set(expected)
    return {
        part: sorted({*_content(found, part)} ^ {*_content(expected, part)})
        for part in expected
        if _content(found, part) != _content(expected, part)
    }


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize(("rows", "count"), RESIZES)
def test_reads_as_if_the_rows_had_been_there(kind: str, rows: int, count: int) -> None:
    found = resized(real_form(kind, rows), rows, count)
    assert differences(found, Package.open(real_form(kind, count))) == {}


@pytest.mark.parametrize("kind", sorted(WRITERS.keys() - _UNREADABLE))
def test_it_does_so_as_openpyxl_writes_it(kind: str) -> None:
    """Another program's way to write the same: no hints, other prefixes, other numbering."""

    def rewritten(rows: int) -> bytes:
        data = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            openpyxl.load_workbook(io.BytesIO(real_form(kind, rows))).save(data)
        return data.getvalue()

    found, expected = resized(rewritten(10), 10, 19), Package.open(rewritten(19))
    for part in set(expected) - {"docProps/core.xml"}:
        lines = [line.replace(' t="n"', "") for line in _content(expected, part)]
        assert [line.replace(' t="n"', "") for line in _content(found, part)] == lines, part


def project(template: Template, rows: int) -> Project:
    columns = tuple(field.key for field in template.form.columns)
    table = [
        [f"{row}.5" if column == "得分" else f"{column}{row}" for column in columns]
        for row in range(rows)
    ]
    return record({"项目名称": "甲"}, table, columns)


@pytest.mark.parametrize("kind", WRITERS)
def test_what_is_filled_is_read_back(kind: str) -> None:
    template = Template(real_form(kind, 10))
    for rows in (2, 9, 10, 11, 19, 210):
        read = template.read(template.fill(project(template, rows)))
        assert [i.level3 for i in read.indicators] == [f"三级指标{n}" for n in range(rows)]
        assert [i.entry("得分").text for i in read.indicators] == [f"{n}.5" for n in range(rows)]


def test_the_validator_finds_no_error_that_was_not_there(
    openxml: Callable[[Iterable[Path]], dict[Path, list[validator.Error]]], tmp_path: Path
) -> None:
    originals = {}
    for kind in WRITERS:
        template = Template(real_form(kind, 10))
        original = tmp_path / f"{kind}.xlsx"
        original.write_bytes(template.data)
        for rows in (4, 11, 210):
            path = tmp_path / f"{kind}-{rows}.xlsx"
            path.write_bytes(template.fill(project(template, rows)))
            originals[path] = original
    errors = openxml({*originals.values(), *originals})
    for path, original in originals.items():
        known = {error.description for error in errors[original]}
        assert [e for e in errors[path] if e.description not in known] == []


@pytest.mark.parametrize("kind", ["below", "choices", "linked"])
def test_libreoffice_inserts_rows_alike(
    kind: str, libreoffice: LibreOffice, tmp_path: Path
) -> None:
    path, theirs, ours = (tmp_path / name for name in ("book.xlsx", "theirs.xlsx", "ours.xlsx"))
    path.write_bytes(real_form(kind, 10))
    libreoffice.insert_rows(path, "自评 (2025)", FIRST + 9, 9, theirs)
    (tmp_path / "resized.xlsx").write_bytes(resized(path.read_bytes(), 10, 19).to_bytes())
    libreoffice.load_save(tmp_path / "resized.xlsx", ours)
    new = range(FIRST + 9, FIRST + 18)  # which LibreOffice leaves empty
    expected, found = _formulas(theirs), _formulas(ours)
    assert len(expected) >= 1
    for key, text in expected.items():
        if not (key[0] == "自评 (2025)" and key[1] in new):
            assert found[key] == text, key
