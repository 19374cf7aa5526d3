"""A worksheet part, read as cells, split into literals and slots; other readers are the judges."""

import io
import re

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.address import Area, cell_name
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import Limits
from xlperf.ooxml.sheet import SheetWriter, read_sheet, read_strings, split_formula, with_spills
from xlperf.ooxml.workbook import Workbook

PART = "xl/worksheets/sheet1.xml"
HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def sheet_xml(rows: bytes, after: bytes = b"") -> bytes:
    return HEAD + b"<sheetData>" + rows + b"</sheetData>" + after + b"</worksheet>"


def cell(reference: str, number: int) -> bytes:
    return b'<c r="%s"><v>%d</v></c>' % (reference.encode(), number)


def values(xml: bytes) -> dict[tuple[int, int], object]:
    return {position: c.value for position, c in read_sheet(xml, PART, ()).cells.items()}


def test_cells_are_read_as_openpyxl_reads_them():
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet("表")
    bold = book.add_format({"bold": True})
    contents = [1, 2.5, "文字", True, " 空 格 ", "a\nb", "_x0041_", -1e-7, 12345678901234]
    for row, content in enumerate(contents):
        sheet.write(row, 1, content)
    sheet.write_rich_string(9, 1, "甲", bold, "乙", "丙")
    sheet.write_formula(10, 1, "=SUM(B1:B2)", value=3.5)
    sheet.write_formula(11, 1, '="x"&B3', value="x文字")
    sheet.write_formula(12, 1, "=1/0", value="#DIV/0!")
    sheet.merge_range("D2:E4", "并")
    sheet.set_row(3, 33.75)
    sheet.set_column("F:G", 20)
    book.close()
    package = Package.open(file.getvalue())
    workbook = Workbook.open(package)
    read = read_sheet(package.read(PART), PART, read_strings(package, workbook.shared_strings))
    expected = openpyxl.load_workbook(file, data_only=True)["表"]
    formulas = openpyxl.load_workbook(file)["表"]
    for (row, column), found in read.cells.items():
        assert found.value == expected.cell(row, column).value
        if found.formula is not None:
            assert "=" + found.formula == formulas.cell(row, column).value
    assert read.cell((13, 2)).error
    assert read.merges == (Area(2, 4, 4, 5),)
    assert read.height(4) == 33.75
    assert read.height(5) == 15
    assert read.width(6, 7) == pytest.approx(2 * read.width(6, 6))


def test_shared_formulas_are_told_cell_by_cell():
    rows = (
        b'<row r="1"><c r="A1"><f t="shared" ref="A1:A3" si="0">B1*$C$1</f><v>1</v></c></row>'
        b'<row r="2"><c r="A2"><f t="shared" si="0"/><v>2</v></c></row>'
        b'<row r="3"><c r="A3"><f t="shared" si="0"/><v>3</v></c></row>'
    )
    cells = read_sheet(sheet_xml(rows), PART, ()).cells
    assert [cells[row, 1].formula for row in (1, 2, 3)] == ["B1*$C$1", "B2*$C$1", "B3*$C$1"]


@pytest.mark.parametrize(
    ("cell", "start", "formula"),
    [
        (b'<c r="A1" t="str" s="2"><f>B1</f><v>x</v></c>', b'<c r="A1" s="2"', b"<f>B1</f>"),
        (b"<c r='A1' t = 's'><f/></c>", b"<c r='A1'", b"<f/>"),
        (
            b'<c r="A1"><f><![CDATA[IF(B1<2,"</f>",1)]]></f></c>',
            b'<c r="A1"',
            b'<f><![CDATA[IF(B1<2,"</f>",1)]]></f>',
        ),
        (b'<c r="A1"><f>B1<!-- > -->+1</f></c>', b'<c r="A1"', b"<f>B1<!-- > -->+1</f>"),
        (b'<c r="A1" t="n" s="2"/>', b'<c r="A1" s="2"', b""),
        (b'<c r="A1"><v>7</v></c>', b'<c r="A1"', b""),
    ],
)
def test_a_cell_is_split_from_its_value(cell, start, formula):
    assert split_formula(cell) == (start, formula)


def test_cells_that_another_formula_fills_depend_on_it():
    rows = (
        b'<row r="2"><c r="B2"><f t="array" ref="B2:B4">A2:A4*2</f><v>1</v></c></row>'
        b'<row r="3"><c r="B3" s="5"><v>2</v></c></row>'
        b'<row r="6"><c r="B6"><f t="dataTable" ref="B6:C7" dt2D="1" dtr="1" r1="A1" r2="A2"/>'
        b'<v>3</v></c></row><row r="8"><c r="A8"><f t="array" ref="A8">B1</f></c></row>'
    )
    xml = sheet_xml(rows)
    sheet = read_sheet(xml, PART, ())
    whole = with_spills(sheet, xml, PART)
    formulas = {cell_name(*at): c.formula for at, c in whole.cells.items() if c.formula}
    table = "TABLE(A5:C5,A5:A7,A1,A2)"
    assert formulas == {
        "B2": "A2:A4*2",
        "B3": "_xlfn.ANCHORARRAY(B2)",
        "B4": "_xlfn.ANCHORARRAY(B2)",
        **dict.fromkeys(("B6", "C6", "B7", "C7"), table),
        "A8": "B1",
    }
    assert (whole.cells[3, 2].value, whole.cells[3, 2].style) == (2, 5)
    with pytest.raises(WorkbookError, match="数组公式"):
        with_spills(sheet, xml, PART, Limits(cells=5))


def test_rows_and_cells_without_addresses_are_counted():
    rows = (
        b'<row><c><v>1</v></c><c><v>2</v></c></row><row><c r="C2"><v>3</v></c><c><v>4</v></c></row>'
    )
    assert values(sheet_xml(rows)) == {(1, 1): 1, (1, 2): 2, (2, 3): 3, (2, 4): 4}


positions = st.tuples(st.integers(1, 9), st.integers(1, 5))


@given(
    st.dictionaries(positions, st.integers(0, 99)), st.dictionaries(positions, st.integers(0, 99))
)
def test_slots_change_their_cells_and_nothing_else(old, new):
    rows: dict[int, list[int]] = {}
    for row, column in sorted(old):
        rows.setdefault(row, []).append(column)
    body = b"".join(
        b'<row r="%d">' % row
        + b"".join(cell(Area(row, c, row, c).text, old[row, c]) for c in columns)
        + b"</row>"
        for row, columns in rows.items()
    )
    xml = sheet_xml(body, b'<pageMargins left="1"/>')
    writer = SheetWriter(xml, PART, new, ())
    written = writer.write(
        {(row, c): cell(Area(row, c, row, c).text, number) for (row, c), number in new.items()}
    )
    assert values(written) == {**old, **new}
    assert written.endswith(b'</sheetData><pageMargins left="1"/></worksheet>')
    order = [(int(e.group(2)), e.group(1)) for e in re.finditer(rb'r="([A-Z])(\d+)"', written)]
    assert order == sorted(order)


@pytest.mark.parametrize(
    "xml",
    [
        b'<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<x:sheetData><x:row r="2" ht="9"><x:c r="A2"><x:v>7</x:v></x:c></x:row></x:sheetData>'
        b"</x:worksheet>",
        sheet_xml(b'<row r="2"><c r="A2"><v>7</v></c></row>').decode().encode("utf-16"),
    ],
)
def test_prefixed_and_utf16_parts_take_new_cells(xml):
    written = SheetWriter(xml, PART, [(2, 2), (3, 1)], [2]).write(
        {(2, 2): cell("B2", 8), (3, 1): cell("A3", 9)}, {2: 31.5}
    )
    assert values(written) == {(2, 1): 7, (2, 2): 8, (3, 1): 9}
    assert read_sheet(written, PART, ()).height(2) == 31.5


@pytest.mark.parametrize("empty", [b"<sheetData/>", b"<sheetData></sheetData>"])
def test_an_empty_sheet_takes_cells(empty):
    xml = HEAD + empty + b"</worksheet>"
    written = SheetWriter(xml, PART, [(3, 2), (1, 1)], ()).write(
        {(3, 2): cell("B3", 1), (1, 1): cell("A1", 2)}
    )
    assert values(written) == {(1, 1): 2, (3, 2): 1}


@pytest.mark.parametrize(
    ("block", "kept", "added"),
    [
        (
            b'<mergeCells count="2"><mergeCell ref="A1:B1"/><mergeCell ref="A3:A4"/></mergeCells>',
            1,
            1,
        ),
        (b"", 0, 2),
        (b'<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>', 0, 0),
    ],
)
def test_merged_areas_are_replaced_in_their_place(block, kept, added):
    first, *others = Area(1, 1, 1, 2), Area(5, 1, 6, 1), Area(7, 1, 8, 2)
    after = b'<autoFilter ref="A1:B2"/>' + block + b'<pageMargins left="1"/>'
    writer = SheetWriter(sheet_xml(b"", after), PART, (), (), [first][:kept])
    written = writer.write({}, merges=others[:added])
    assert set(read_sheet(written, PART, ()).merges) == {*[first][:kept], *others[:added]}
    if kept + added:
        assert b'<autoFilter ref="A1:B2"/><mergeCells count="%d">' % (kept + added) in written
    else:
        assert b"mergeCell" not in written


@pytest.mark.parametrize(
    "xml",
    [
        b"<worksheet",
        sheet_xml(b'<row r="1"><c r="ZZZZ1"><v>1</v></c></row>'),
        sheet_xml(b'<row r="1"><c r="A1" t="s"><v>9</v></c></row>'),
        sheet_xml(b'<row r="1"><c r="A1"><v>one</v></c></row>'),
        sheet_xml(b'<row r="x"/>'),
    ],
)
def test_a_damaged_part_is_named(xml):
    with pytest.raises(WorkbookError, match="sheet1"):
        read_sheet(xml, PART, ())
