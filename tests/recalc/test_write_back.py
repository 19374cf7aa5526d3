"""Values are read and written whatever way a sheet is written in, and nothing else changes."""

import io
import re
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
import xlsxwriter
from pyopenvba import ExcelFile

from xlperf.expr import ExcelError
from xlperf.ooxml.package import Package
from xlperf.recalc import Book, recalculate

SHEET = "xl/worksheets/sheet1.xml"
SUM_OF_TWO = '<c r="C1"><f>A1+B1</f><v>0</v></c>'


def written(cells: str, rows: str = '<row r="1">{}</row>') -> bytes:
    """A workbook of one sheet whose first row is this markup; its shared strings are 甲, 12."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as workbook:
        sheet = workbook.add_worksheet("表")
        sheet.write("A1", "甲")
        rich = workbook.add_format({"bold": True})
        sheet.write_rich_string("A2", "1", rich, "2")
    data = rows.format(cells)
    package = Package.open(file.getvalue())
    xml = re.sub(rb"<sheetData>.*</sheetData>", b"<sheetData>%b</sheetData>" % data.encode(),
                 package.read(SHEET))  # fmt: skip
    return package.replace({SHEET: xml}).to_bytes()


def cells_of(data: bytes) -> str:
    xml = Package.open(data).read(SHEET).decode()
    return re.search(r"<sheetData><row[^>]*>(.*)</row></sheetData>", xml, re.DOTALL)[1]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ('<c r="A1"><v>1</v></c><c r="B1"><v>2.5</v></c>', 3.5),
        ('<c r="A1" s="0" t="n"><v>1E2</v></c><c r="B1"/>', 100.0),
        ('<c r="A1"><v> 7 </v></c><c r="B1"><v></v></c>', 7.0),
        ('<c r="A1"><v xml:space="preserve">7</v></c><c r="B1"><v/></c>', 7.0),
        ('<c r="A1" t="s"><v>1</v></c><c r="B1"><v>1</v></c>', 13.0),
        ('<c r="A1" t="s"><v>0</v></c><c r="B1"><v>1</v></c>', ExcelError("#VALUE!")),
        ('<c r="A1" t="inlineStr"><is><t>12</t></is></c><c r="B1"><v>1</v></c>', 13.0),
        ('<c r="A1" t="inlineStr"><is><t xml:space="preserve"> 12</t></is></c>', 12.0),
        (
            '<c r="A1" t="inlineStr"><is><r><t>1</t></r><r><rPr><b/></rPr><t>2</t></r>'
            '<rPh sb="0" eb="1"><t>99</t></rPh></is></c><c r="B1"><v>3</v></c>',
            15.0,
        ),
        ('<c r="A1" t="str"><v>1&#48;</v></c><c r="B1"><v>1</v></c>', 11.0),
        ('<c r="A1" t="b"><v>1</v></c><c r="B1" t="b"><v>0</v></c>', 1.0),
        ('<c r="A1" t="e"><v>#N/A</v></c><c r="B1"><v>1</v></c>', ExcelError("#N/A")),
        ('<c r="A1" t="d"><v>2025-03-01</v></c><c r="B1"><v>1</v></c>', 45718.0),
        ('<c r="A1" t="d"><v>2025-03-01T12:00:00</v></c><c r="B1"><v>0</v></c>', 45717.5),
        ("<c r='A1'><v>1</v></c><c r=\"B1\" t='str'><v>2</v></c>", 3.0),
        ('<c r="A1"><v>1</v></c><!-- between --><c r="B1"><v>2</v></c>', 3.0),
        ("<c><v>1</v></c><c><v>2</v></c>", 3.0),
        ('\n  <c r="A1">\n    <v>1</v>\n  </c>\n  <c r="B1">\n    <v>2</v>\n  </c>', 3.0),
        ('<c r="A1"><v>1</v></c><c r="B1"><f>A1*2</f><v>9</v></c>', 3.0),
        ('<c r="A1"><v>1</v></c><c r="B1" t="str"><f>A1&amp;"&lt;"</f><v>x</v></c>',
         ExcelError("#VALUE!")),
    ],
)  # fmt: skip
def test_every_kind_of_cell_is_read(cells: str, expected: object) -> None:
    (outcome,) = recalculate([written(cells + SUM_OF_TWO)], "compiled")
    assert outcome.data is not None, outcome.refused_by
    assert Book(outcome.data).value((0, 1, 3)) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<c r="C1"><f>A1+1</f><v>0</v></c>', '<c r="C1"><f>A1+1</f><v>3</v></c>'),
        ('<c r="C1" s="0"><f>A1+1</f></c>', '<c r="C1" s="0"><f>A1+1</f><v>3</v></c>'),
        ('<c r="C1"><f>A1+1</f><v/></c>', '<c r="C1"><f>A1+1</f><v>3</v></c>'),
        ('<c r="C1" t="str"><f>A1+1</f><v>3</v></c>', '<c r="C1"><f>A1+1</f><v>3</v></c>'),
        ('<c r="C1" t="e" s="0"><f>A1/4</f><v>#N/A</v></c>',
         '<c r="C1" s="0"><f>A1/4</f><v>0.5</v></c>'),
        ('<c r="C1" s="0"><f>A1/0</f><v>1</v></c>',
         '<c r="C1" s="0" t="e"><f>A1/0</f><v>#DIV/0!</v></c>'),
        ('<c r="C1"><f>A1=2</f><v>1</v></c>', '<c r="C1" t="b"><f>A1=2</f><v>1</v></c>'),
        ('<c r="C1" t="b"><f>A1=3</f><v>1</v></c>', '<c r="C1" t="b"><f>A1=3</f><v>0</v></c>'),
        ('<c r="C1"><f xml:space="preserve"> A1&amp;"&lt; "</f><v>1</v></c>',
         '<c r="C1" t="str"><f xml:space="preserve"> A1&amp;"&lt; "</f>'
         '<v xml:space="preserve">2&lt; </v></c>'),
        ('<c r="C1" cm="1" t="str"><f>A1&amp;""</f><v>2</v><extLst/></c>',
         '<c r="C1" cm="1" t="str"><f>A1&amp;""</f><v>2</v><extLst/></c>'),
        ('<c r="C1"><f>A1*1e-320</f><v>5</v></c>', '<c r="C1"><f>A1*1e-320</f><v>0</v></c>'),
        ('<c r="C1"><f>0-A1*0</f><v>5</v></c>', '<c r="C1"><f>0-A1*0</f><v>0</v></c>'),
        ('<c r="C1"><f>A1/3E10</f><v>5</v></c>',
         '<c r="C1"><f>A1/3E10</f><v>6.666666666666667E-11</v></c>'),
        ('<c r="C1"><f t="shared" ref="C1:D1" si="0">A1+1</f><v>0</v></c>'
         '<c r="D1"><f t="shared" si="0"/><v>0</v></c>',
         '<c r="C1"><f t="shared" ref="C1:D1" si="0">A1+1</f><v>3</v></c>'
         '<c r="D1"><f t="shared" si="0"/><v>4</v></c>'),
        ('<c r="C1">\n <f>A1+1</f>\n <v>0</v>\n</c>', '<c r="C1">\n <f>A1+1</f>\n <v>3</v>\n</c>'),
    ],
)  # fmt: skip
def test_only_values_and_their_types_are_written(before: str, after: str) -> None:
    around = '<c r="A1"><v>2.0</v></c><c r="B1"><v>3.00</v></c>{}<c r="Z1" s="0"/>'
    (outcome,) = recalculate([written(around.format(before))], "compiled")
    assert outcome.data is not None, outcome.refused_by
    assert cells_of(outcome.data) == around.format(after)


def test_what_is_right_already_stays_the_same_file() -> None:
    cells = '<c r="A1"><v>2</v></c><c r="C1" t="str"><f>A1&amp;"元"</f><v>2元</v></c>'
    data = written(cells)
    assert recalculate([data], "compiled")[0].data == data


@pytest.mark.parametrize("cells", ["", '<c r="A1"><v>1</v></c>'])
def test_a_workbook_without_formulas_is_done_at_once(cells: str) -> None:
    data = written(cells)
    (outcome,) = recalculate([data])
    assert (outcome.engine, outcome.recalculated, list(outcome.changed)) == ("compiled", 0, [])
    assert outcome.data == data


def test_a_sheet_of_other_values_is_read_anew() -> None:
    """What sheets have in common is looked into once; their values are not."""
    cells = '<c r="A1" t="{}"><v>{}</v></c><c r="B1"><v>{}</v></c>' + SUM_OF_TWO
    given = [("n", "1", "2"), ("n", "10", "20"), ("s", "1", "2"), ("n", "1", "-2"), ("b", "1", "1")]
    outcomes = recalculate([written(cells.format(*values)) for values in given], "compiled")
    assert [c.new for o in outcomes for c in o.changed] == [3.0, 30.0, 14.0, -1.0, 2.0]


def test_the_same_formula_with_another_meaning_is_another_plan() -> None:
    """A name of a text is told from others only where a formula mentions it, however spelled."""
    books = []
    for name in ("单位_unit", "key"):
        for text in ("元", "万元"):
            file = io.BytesIO()
            with xlsxwriter.Workbook(file) as workbook:
                sheet = workbook.add_worksheet("It's 2025 (年)")
                sheet.write("A1", 5)
                workbook.add_worksheet("1-2月").write_formula(
                    "A1", "='It''s 2025 (年)'!A1&单位_Unit"
                )
                workbook.define_name("单位_unit", '="元"')
                workbook.define_name("key", '="1"')
            package = Package.open(file.getvalue())
            part = package.read("xl/workbook.xml").decode()
            part = re.sub(rf'(<definedName name="{name}">)"[^"]*"', rf'\1"{text}"', part)
            sheet2 = package.read("xl/worksheets/sheet2.xml").decode()
            sheet2 = sheet2.encode("ascii", "xmlcharrefreplace")
            changed = {"xl/workbook.xml": part.encode(), "xl/worksheets/sheet2.xml": sheet2}
            books.append(package.replace(changed).to_bytes())
    outcomes = recalculate(books, "compiled")
    assert [outcome.refused_by for outcome in outcomes] == [{}] * 4
    changes = [change for outcome in outcomes for change in outcome.changed]
    assert [change.new for change in changes] == ["5元", "5万元", "5元", "5元"]
    assert {(change.sheet, change.cell) for change in changes} == {("1-2月", "A1")}


def test_macros_charts_and_pictures_stay(tmp_path: Path, openxml) -> None:
    project = tmp_path / "project.xlsm"
    with ExcelFile.create_new(project) as file:
        file.set_module("Module1", 'Sub Greet()\r\n    MsgBox "hi"\r\nEnd Sub\r\n')
        file.save(project)
    with zipfile.ZipFile(project) as package:
        binary = package.read("xl/vbaProject.bin")
    path = tmp_path / "book.xlsm"
    with xlsxwriter.Workbook(path) as workbook:
        workbook.add_vba_project(io.BytesIO(binary), is_stream=True)
        sheet = workbook.add_worksheet("表")
        sheet.write_column("A1", [1, 2, 3])
        sheet.write_column("B1", ["=A1*2", "=B1+A2", "=SUM(B1:B2)"])
        sheet.write_comment("B1", "说明")
        sheet.data_validation("A1:A3", {"validate": "decimal", "criteria": ">=", "value": 0})
        sheet.conditional_format("B1:B3", {"type": "data_bar", "data_bar_2010": True})
        sheet.insert_image("E1", "dot.png", {"image_data": io.BytesIO(picture())})
        sheet.insert_button("D1", {"macro": "Greet"})
        chart = workbook.add_chart({"type": "column"})
        chart.add_series({"values": "=表!$B$1:$B$3"})
        sheet.insert_chart("E5", chart)
    before = Package.open(path.read_bytes())
    (outcome,) = recalculate([path.read_bytes()])
    assert outcome.data is not None
    after = Package.open(outcome.data)
    assert set(after) == set(before)
    assert [name for name in before if before.packed(name) != after.packed(name)] == [SHEET]
    old, new = before.read(SHEET), after.read(SHEET)
    assert re.sub(rb"<v>[^<]*", b"<v>", new) == re.sub(rb"<v>[^<]*", b"<v>", old)
    assert [change.new for change in outcome.changed] == [2.0, 4.0, 6.0]
    done = tmp_path / "done.xlsm"
    done.write_bytes(outcome.data)
    assert openxml([done])[done] == []
    with ExcelFile(done) as file:
        assert "Sub Greet()" in file.get_module("Module1")


def picture() -> bytes:
    """A PNG of one grey dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)
    dot = zlib.compress(b"\0\x80")
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", dot), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_excel_is_told_to_calculate_when_it_opens_the_file() -> None:
    package = Package.open(written('<c r="A1"><f>1+1</f><v>0</v></c>'))
    part = package.read("xl/workbook.xml").replace(b' fullCalcOnLoad="1"', b"")
    (outcome,) = recalculate([package.replace({"xl/workbook.xml": part}).to_bytes()])
    assert outcome.data is not None
    assert b'fullCalcOnLoad="1"' in Package.open(outcome.data).read("xl/workbook.xml")
