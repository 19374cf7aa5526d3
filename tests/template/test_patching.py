"""Cells of a finished workbook written anew: values follow, everything else stays."""

import io
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter

from xlperf.template import Formula, Patching, replace_texts


@pytest.fixture
def workbook() -> bytes:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data) as book:
        sheet = book.add_worksheet("表")
        sheet.write_row(0, 0, [2, 3, "字"])
        sheet.write_formula("D1", "=A1+B1", value=5)
        book.add_worksheet("另表").write_formula("A1", "=表!D1*2", value=10)
    return data.getvalue()


def values(data: bytes) -> dict[str, object]:
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    cells = (cell for sheet in book for row in sheet.iter_rows() for cell in row)
    return {f"{cell.parent.title}!{cell.coordinate}": cell.value for cell in cells}


def test_formulas_follow_on_every_sheet(workbook: bytes) -> None:
    written, computed = Patching(workbook).write({("表", (1, 1)): Decimal(7)})
    assert computed == {("表", (1, 4)): 10.0, ("另表", (1, 1)): 20.0}
    assert values(written)["另表!A1"] == 20


def test_a_cell_takes_a_formula_and_a_formula_cell_a_value(workbook: bytes) -> None:
    contents = {("表", (1, 3)): Formula("A1&B1"), ("表", (1, 4)): Decimal("1.5")}
    written, _ = Patching(workbook).write(contents)
    assert values(written) | {"表!C1": "23", "表!D1": 1.5, "另表!A1": 3} == values(written)


def test_what_cannot_be_computed_carries_no_value(workbook: bytes) -> None:
    written, computed = Patching(workbook).write({("表", (1, 4)): Formula("SUMPRODUCT(A1:A1#)")})
    assert computed[("另表", (1, 1))] is None
    assert values(written)["另表!A1"] is None


def test_no_cell_that_an_array_formula_fills_keeps_its_old_value() -> None:
    data = io.BytesIO()
    with xlsxwriter.Workbook(data) as book:
        sheet = book.add_worksheet("表")
        sheet.write_row(0, 0, [2, 3])
        sheet.write_array_formula("A2:B2", "{=A1:B1*2}", None, 4)
        sheet.write_number("B2", 6)
        sheet.write_formula("C2", "=B2+1", None, 7)
    written, _ = Patching(data.getvalue()).write({("表", (1, 2)): Decimal(5)})
    assert values(written) == {
        "表!A1": 2, "表!B1": 5, "表!C1": None, "表!A2": None, "表!B2": None, "表!C2": None
    }  # fmt: skip


def test_texts_leave_formulas_alone_and_unknown_sheets_too(workbook: bytes) -> None:
    texts = {"表": {(1, 1): "9", (1, 4): "9"}, "没有": {(1, 1): "9"}}
    written, replaced = replace_texts(workbook, texts)
    assert replaced == {("表", (1, 1))}
    assert values(written)["表!D1"] == 12


def test_writing_nothing_changes_nothing(workbook: bytes) -> None:
    assert Patching(workbook).write({})[0] == workbook
    assert not Patching(workbook).lacks_values
