"""More and fewer rows in whole workbooks: every reference right, every other byte the same."""

import io
import random
import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.ooxml.hard_workbook import hard_workbook
from tests.ooxml.office_parts import FIRST, PART, SHEET
from tests.ooxml.small_workbook import SHEET_PART, small_workbook
from tests.oracles import openxml as validator
from tests.oracles.libreoffice import LibreOffice
from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.package import Package
from xlperf.ooxml.rows import RowEdit, resize_rows
from xlperf.ooxml.workbook import MAIN, NS

# Rows before, rows after, and whether the table of one row is the start or the end of it.
RESIZES = [
    (10, 11, False),
    (10, 19, False),
    (10, 210, False),
    (10, 9, False),
    (10, 3, False),
    (10, 2, False),
    (2, 5, False),
    (10, 1, True),
    (2, 1, True),
    (1, 2, True),
    (1, 10, True),
    (1, 201, True),
]


def _resized(rows: int, count: int, *, simple: bool = False) -> tuple[Package, Package]:
    package = Package.open(hard_workbook(rows, simple=simple))
    return package, resize_rows(package, PART, RowEdit(FIRST, FIRST + rows - 1, count))


def test_the_hard_workbook_is_hard() -> None:
    assert len(list(Package.open(hard_workbook(10)))) >= 44


@pytest.mark.parametrize(("rows", "count", "simple"), RESIZES)
def test_reads_as_if_the_rows_had_been_there(rows: int, count: int, simple: bool) -> None:
    """Every part, and so every reference, is what it is in the workbook written with these rows."""
    _, resized = _resized(rows, count, simple=simple)
    expected = Package.open(hard_workbook(count, settled=True, simple=simple))
    assert list(resized) == list(expected)
    for part in expected:
        assert _content(resized, part) == _content(expected, part), part


@pytest.mark.parametrize(("rows", "count", "simple"), RESIZES)
def test_other_parts_stay_the_same_bytes(rows: int, count: int, simple: bool) -> None:
    package, resized = _resized(rows, count, simple=simple)
    other = Package.open(hard_workbook(count, simple=simple))
    held = {p for p in package if package.read(p) != other.read(p)}
    assert len(held) > 10
    dropped = {"xl/calcChain.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"}
    for part in set(package) - held - dropped:
        assert resized.read(part) == package.read(part), part


def _content(package: Package, part: str) -> list[str]:
    """The lines of a part without what no reference shows: caches, hints, places in points."""
    if part.endswith(".vml"):
        text = re.sub(r"margin-top:[^;]*;|(?<=<x:Anchor>)\s+", "", package.read(part).decode())
        return text.split("<")
    if not part.endswith((".xml", ".rels")):
        return [package.read(part).hex()]
    root = package.xml(part)
    for cache in root.iter("{*}numCache", "{*}strCache"):
        del cache[:]
    for shape in root.iter("{http://schemas.openxmlformats.org/drawingml/2006/main}off"):
        shape.set("y", "0")
    for row in root.iter(NS + "row"):
        row.attrib.pop("spans", "")
    for cell in root.iter(NS + "c"):
        for value in cell.findall(NS + "v"):
            cell.remove(value)
    for element in root.iter("{*}mergeCells"):
        element[:] = sorted(element, key=lambda merge: merge.get("ref", ""))
    for address in root.iter("{*}sqref"):
        address.text = _single_cells(address.text or "")
    for element in root.iter("{*}conditionalFormatting", "{*}dataValidation"):
        if areas := element.get("sqref"):
            element.set("sqref", _single_cells(areas))
    return etree.tostring(root, encoding="unicode").split("<")


def _single_cells(areas: str) -> str:
    return re.sub(r"\b(\w+):\1\b", r"\1", areas)


def test_copied_rows_carry_no_values() -> None:
    _, resized = _resized(10, 19)
    rows = {int(row.get("r", 0)): row for row in resized.xml(PART).iter(NS + "row")}
    assert rows[23].find(f".//{NS}v") is not None
    for number in range(24, 33):
        assert rows[number].find(f".//{NS}v") is None
        assert rows[number].find(f"{NS}c[@t]") is None
        assert rows[number].get("ht") == "24.75"
        assert len(rows[number]) == len(rows[23])


def test_an_edit_of_nothing_is_nothing() -> None:
    package, resized = _resized(10, 10)
    assert resized is package


@pytest.mark.parametrize(("first", "last", "count"), [(0, 5, 3), (7, 6, 3), (5, 6, 0)])
def test_an_edit_has_rows(first: int, last: int, count: int) -> None:
    with pytest.raises(ValueError, match="not an edit"):
        RowEdit(first, last, count)


@pytest.mark.parametrize(("rows", "count"), [(10, 11), (10, 19), (10, 210), (10, 3)])
def test_openpyxl_reads_it(rows: int, count: int) -> None:
    _, resized = _resized(rows, count)
    with warnings.catch_warnings(action="ignore"):
        book = openpyxl.load_workbook(io.BytesIO(resized.to_bytes()))
    sheet = book[SHEET]
    last = FIRST + count - 1
    assert sheet[f"G{last + 1}"].value == f"=SUM(G15:G{last})"
    assert f"C{last}:D{last}" in {str(area) for area in sheet.merged_cells.ranges}


def test_the_validator_finds_nothing_new(
    openxml: Callable[[Iterable[Path]], dict[Path, list[validator.Error]]], tmp_path: Path
) -> None:
    paths = []
    for rows, count, simple in [(10, 19, False), (10, 210, False), (10, 3, False), (1, 9, True)]:
        package, resized = _resized(rows, count, simple=simple)
        for data, name in ((package, f"{rows}.xlsm"), (resized, f"{rows}-{count}.xlsm")):
            path = tmp_path / name
            path.write_bytes(data.to_bytes())
            paths.append(path)
    assert [error for errors in openxml(set(paths)).values() for error in errors] == []


# --- One thing at a time ---------------------------------------------------------------------


def _cases(name: str, marks: str) -> list[tuple[str, ...]]:
    """The cases of a file: as many lines each as there are marks, in this order."""
    text = (Path(__file__).parent / "cases" / name).read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert "".join(line[0] for line in lines) == marks * (len(lines) // len(marks))
    return list(zip(*(iter([line[2:] for line in lines]),) * len(marks), strict=True))


@pytest.mark.parametrize(("body", "grown", "shrunk"), _cases("sheet_parts.txt", "=+-"))
def test_what_a_sheet_holds_follows(body: str, grown: str, shrunk: str) -> None:
    package = small_workbook(body)
    for count, expected in ((6, grown), (2, shrunk)):
        edit = RowEdit(5, 8, count)
        if expected.startswith("!"):
            with pytest.raises(WorkbookError) as error:
                resize_rows(package, SHEET_PART, edit)
            assert [f"! {d.code}" for d in error.value.diagnostics] == [expected]
            assert SHEET_PART in error.value.text("en")
        else:
            resized = resize_rows(package, SHEET_PART, edit)
            settled = small_workbook(expected)
            assert _canonical(resized, SHEET_PART) == _canonical(settled, SHEET_PART)


def _canonical(package: Package, part: str) -> str:
    return etree.tostring(package.xml(part), method="c14n").decode()


_PART = "xl/parts/part1.xml"


@pytest.mark.parametrize(("kind", "content", "grown", "shrunk"), _cases("other_parts.txt", "@=+-"))
def test_what_other_parts_hold_follows(kind: str, content: str, grown: str, shrunk: str) -> None:
    package = small_workbook("<sheetData/>", parts={_PART: (SHEET_PART, kind, content)})
    for count, expected in ((6, grown), (2, shrunk)):
        if expected.startswith("!"):
            with pytest.raises(WorkbookError, match=re.escape(_PART)) as error:
                resize_rows(package, SHEET_PART, RowEdit(5, 8, count))
            assert [f"! {d.code}" for d in error.value.diagnostics] == [expected]
        else:
            resized = resize_rows(package, SHEET_PART, RowEdit(5, 8, count))
            assert resized.read(_PART).decode() == expected


@pytest.mark.parametrize(
    ("text", "grown", "shrunk"),
    [
        ("S!$A$5:$A$8", "S!$A$5:$A$10", "S!$A$5:$A$6"),
        ("S!$A:$B,S!$4:$4", "S!$A:$B,S!$4:$4", "S!$A:$B,S!$4:$4"),
        ("S!$A$1:$H$20,O!$A$9", "S!$A$1:$H$22,O!$A$9", "S!$A$1:$H$18,O!$A$9"),
        ("S!A1048576", "S!A1048576", "S!A1048576"),
        ("S!$A$6", "S!$A$6", "! W202"),
        ("S:O!$A$9", "! W203", "! W203"),
        ("$A$9", "! W203", "! W203"),
    ],
)
def test_names_follow(text: str, grown: str, shrunk: str) -> None:
    package = small_workbook("<sheetData/>", names=f'<definedName name="n">{text}</definedName>')
    for count, expected in ((6, grown), (2, shrunk)):
        if expected.startswith("!"):
            with pytest.raises(WorkbookError, match="n：") as error:
                resize_rows(package, SHEET_PART, RowEdit(5, 8, count))
            assert expected == f"! {error.value.diagnostics[0].code}"
        else:
            resized = resize_rows(package, SHEET_PART, RowEdit(5, 8, count))
            name = next(resized.xml("xl/workbook.xml").iter(NS + "definedName"))
            assert name.text == expected


def test_areas_for_printing_follow_without_their_signs() -> None:
    name = '<definedName name="_xlnm.Print_Area" localSheetId="0">S!$A1:$F9</definedName>'
    package = small_workbook("<sheetData/>", names=name)
    resized = resize_rows(package, SHEET_PART, RowEdit(5, 8, 6))
    assert next(resized.xml("xl/workbook.xml").iter(NS + "definedName")).text == "S!$A1:$F11"


def test_formulas_of_other_sheets_follow() -> None:
    other = (
        '<sheetData><row r="5"><c r="A5"><f t="shared" ref="A5:A6" si="1">S!B9+B9</f></c>'
        '<c r="B5"><f t="shared" ref="B5:B6" si="2">B9*2</f></c></row><row r="6"><c r="A6">'
        '<f t="shared" si="1"/><v>1</v></c><c r="B6"><f t="shared" si="2"/></c></row></sheetData>'
    )
    package = small_workbook("<sheetData/>", other=other)
    resized = resize_rows(package, SHEET_PART, RowEdit(5, 8, 6))
    text = resized.read("xl/worksheets/sheet2.xml").decode()
    assert text[text.index("<sheetData>") : text.index("</worksheet>")] == (
        '<sheetData><row r="5"><c r="A5"><f>S!B11+B9</f></c>'
        '<c r="B5"><f t="shared" ref="B5:B6" si="2">B9*2</f></c></row><row r="6"><c r="A6">'
        '<f>S!B12+B10</f><v>1</v></c><c r="B6"><f t="shared" si="2"/></c></row></sheetData>'
    )
    for name in ("xl/workbook.xml", "_rels/.rels"):
        assert resized.read(name) == package.read(name)


def test_a_chart_of_one_row_gets_all_rows_but_keeps_its_title() -> None:
    content = "<c><tx><f>S!$A$5</f></tx><val><f>S!$B$5</f></val><cat><f>S!$C$5:$C$5</f></cat></c>"
    package = small_workbook("<sheetData/>", parts={_PART: (SHEET_PART, "chart", content)})
    resized = resize_rows(package, SHEET_PART, RowEdit(5, 5, 3))
    assert [f.text for f in resized.xml(_PART).iter("f")] == [
        "S!$A$5",
        "S!$B$5:$B$7",
        "S!$C$5:$C$7",
    ]


@pytest.mark.parametrize(
    ("kind", "content", "grown"),
    [
        ("queryTable", '<sortState ref="A5:B5"/>', '<sortState ref="A5:B7"/>'),
        (
            "table",
            f'<table xmlns="{MAIN}" ref="A4:C5"><calculatedColumnFormula>SUM(B$5:B5)'
            "</calculatedColumnFormula></table>",
            f'<table xmlns="{MAIN}" ref="A4:C7"><calculatedColumnFormula>SUM(B$5:B5)'
            "</calculatedColumnFormula></table>",
        ),
    ],
)
def test_what_a_table_of_one_row_holds_follows(kind: str, content: str, grown: str) -> None:
    package = small_workbook("<sheetData/>", parts={_PART: (SHEET_PART, kind, content)})
    resized = resize_rows(package, SHEET_PART, RowEdit(5, 5, 3))
    assert resized.read(_PART).decode() == grown


def test_panes_of_add_ins_do_not_matter() -> None:
    """They belong to the package, though they lie among the parts of the workbook."""
    parts = {
        "xl/webextensions/taskpanes.xml": ("", "webextensiontaskpanes", "<taskpanes/>"),
        "xl/webextensions/webextension1.xml": (
            "xl/webextensions/taskpanes.xml",
            "webextension",
            "<webextension/>",
        ),
    }
    package = small_workbook("<sheetData/>", parts=parts)
    types = "".join(
        f'<Override PartName="/{part}" ContentType="application/vnd.ms-office.x+xml"/>'
        for part in parts
    )
    package = package.replace({"[Content_Types].xml": f"<Types>{types}</Types>".encode()})
    resized = resize_rows(package, SHEET_PART, RowEdit(5, 8, 6))
    assert all(resized.read(part) == package.read(part) for part in parts)


def test_an_error_names_sheet_and_cell() -> None:
    other = '<sheetData><row r="5"><c r="C5"><f>S!B7</f></c></row></sheetData>'
    with pytest.raises(WorkbookError) as error:
        resize_rows(small_workbook("<sheetData/>", other=other), SHEET_PART, RowEdit(5, 8, 2))
    assert error.value.text("en").startswith("O!C5: the reference B7 points to rows")
    assert "xl/worksheets/sheet2.xml" in error.value.text()


def test_jumps_of_shapes_follow() -> None:
    parts = {"xl/drawings/drawing1.xml": (SHEET_PART, "drawing", "<d/>")}
    package = small_workbook("<sheetData/>", parts=parts)
    links = "xl/drawings/_rels/drawing1.xml.rels"
    entries = """<Relationships><Relationship Id="a" Type="x/hyperlink" Target='#S!A9'/>
        <Relationship Id="b" Type="x/hyperlink" Target='#%27S%27!A9'/>
        <Relationship Id="c" Type="x/hyperlink" Target="https://example.org/#S!A9"
        TargetMode="External"/></Relationships>"""
    resized = resize_rows(package.replace({links: entries.encode()}), SHEET_PART, RowEdit(5, 8, 6))
    targets = [link.get("Target") for link in resized.xml(links)]
    assert targets == ["#S!A11", "#'S'!A11", "https://example.org/#S!A9"]


def test_what_is_not_changed_is_not_rewritten() -> None:
    """Declaration, line ends, prefixes and blanks of a part stay as they were."""
    body = '\n  <sheetData>\n    <row r="9">\n      <c r="A9"/>\n    </row>\n  </sheetData>\n'
    package = small_workbook(body)
    head = b"<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n"
    old = head + package.read(SHEET_PART)
    resized = resize_rows(package.replace({SHEET_PART: old}), SHEET_PART, RowEdit(5, 8, 6))
    assert resized.read(SHEET_PART) == old.replace(b'r="9"', b'r="11"').replace(b"A9", b"A11")


@pytest.mark.parametrize("encoding", ["UTF-16", "GB18030"])
def test_a_part_in_another_encoding_is_rewritten_in_utf_8(encoding: str) -> None:
    package = small_workbook('<sheetData><row r="9"><c r="A9"><v>表</v></c></row></sheetData>')
    old = f'<?xml version="1.0" encoding="{encoding}"?>' + package.read(SHEET_PART).decode()
    package = package.replace({SHEET_PART: old.encode(encoding)})
    resized = resize_rows(package, SHEET_PART, RowEdit(5, 8, 6))
    assert '<row r="11"><c r="A11"><v>表</v></c></row>'.encode() in resized.read(SHEET_PART)
    assert resized.xml(SHEET_PART).findtext(f".//{NS}v") == "表"


def test_a_part_nobody_refers_to_is_suspect_when_its_type_is() -> None:
    types = (
        '<Types><Override PartName="/xl/odd.xml" ContentType="application/vnd.odd+xml"/></Types>'
    )
    package = small_workbook("<sheetData/>").replace({"[Content_Types].xml": types.encode()})
    resize_rows(package, SHEET_PART, RowEdit(5, 8, 6))
    with pytest.raises(WorkbookError, match=r"xl/odd\.xml"):
        resize_rows(package.replace({"xl/odd.xml": b"<odd/>"}), SHEET_PART, RowEdit(5, 8, 6))


# --- LibreOffice inserts the same rows -------------------------------------------------------

_NAMES = ("S", "说明 1", "a'b")


def test_libreoffice_inserts_rows_alike(libreoffice: LibreOffice, tmp_path: Path) -> None:
    rng = random.Random(20250615)
    path, theirs, ours = (tmp_path / name for name in ("book.xlsx", "theirs.xlsx", "ours.xlsx"))
    path.write_bytes(_random_workbook(rng))
    libreoffice.insert_rows(path, _NAMES[0], 24, 9, theirs)
    package = Package.open(path.read_bytes())
    resized = resize_rows(package, "xl/worksheets/sheet1.xml", RowEdit(15, 24, 19))
    (tmp_path / "resized.xlsx").write_bytes(resized.to_bytes())
    libreoffice.load_save(tmp_path / "resized.xlsx", ours)
    expected, found = _formulas(theirs), _formulas(ours)
    # LibreOffice leaves the new rows empty.
    found = {key: text for key, text in found.items() if not (key[0] == "S" and 24 <= key[1] < 33)}
    assert len(expected) > 900
    assert found == expected


def _random_workbook(rng: random.Random) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data)
    sheets = [book.add_worksheet(name) for name in _NAMES]
    for sheet in sheets:
        for row in range(1, 61):
            for column in range(10, 16):
                # The constant keeps a row's formula from passing for the one above, filled down.
                text = f"={row * column}+{_random_formula(rng, 3)}"
                sheet.write_formula(row - 1, column, text)
    for number in range(40):
        first, last = sorted(rng.sample(range(1, 60), 2))
        area = f"$B${first}:$C${last}" if number % 2 else f"$B${first}"
        book.define_name(
            f"name_{number}", f"={xlsxwriter.utility.quote_sheetname(rng.choice(_NAMES))}!{area}"
        )
    book.close()
    return data.getvalue()


def _random_formula(rng: random.Random, depth: int) -> str:
    if depth and rng.random() < 0.6:
        function = rng.choice(["SUM", "MAX", "COUNTA", "LOG10", "IF", "ROUND"])
        count = {"LOG10": 1, "ROUND": 2, "IF": 3}.get(function, rng.randint(1, 3))
        return f"{function}({','.join(_random_formula(rng, depth - 1) for _ in range(count))})"
    if rng.random() < 0.15:
        return rng.choice(['"A24"', "7.25", '"S!B20"', "TRUE"])
    sheet: str = rng.choice(
        ["", "", *(xlsxwriter.utility.quote_sheetname(name) + "!" for name in _NAMES)]
    )
    first, last = sorted(rng.sample(range(1, 40), 2))
    left, right = rng.choice(["A", "$B"]), rng.choice(["$C", "D"])
    mark, other = rng.choice(["", "$"]), rng.choice(["", "$"])
    return sheet + rng.choice(
        [
            f"{left}{mark}{first}",
            f"{left}{mark}{first}:{right}{other}{last}",
            f"{left}{mark}{first}:{right}{other}{last}",
            f"{left}:{right}",
            f"{mark}{first}:{other}{last}",
        ]
    )


def _formulas(path: Path) -> dict[tuple[str, int, int], str]:
    book = openpyxl.load_workbook(path)
    found = {
        (sheet.title, cell.row, cell.column): str(getattr(cell.value, "text", cell.value))
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }
    for name, defined in book.defined_names.items():
        found[name, 0, 0] = defined.value
    return found


# --- Any table, any number of rows -----------------------------------------------------------


@settings(max_examples=100)
@given(
    st.integers(2, 30),
    st.integers(1, 15),
    st.integers(1, 40),
    st.integers(0, 2**32),
)
def test_any_table_reads_as_if_the_rows_had_been_there(
    first: int, rows: int, count: int, seed: int
) -> None:
    package = Package.open(_table_workbook(first, rows, seed))
    resized = resize_rows(
        package, "xl/worksheets/sheet1.xml", RowEdit(first, first + rows - 1, count)
    )
    expected = Package.open(_table_workbook(first, count, seed))
    for part in ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml", "xl/workbook.xml"):
        assert _content(resized, part) == _content(expected, part)


def _table_workbook(first: int, rows: int, seed: int) -> bytes:
    """A table with formulas of every kind, placed and mixed by chance, of so many rows."""
    rng, last = random.Random(seed), first + rows - 1
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    form, other = book.add_worksheet("自评 表"), book.add_worksheet("O")
    blank = book.add_format({"border": 1})
    kinds: list[Callable[[str, int], str]] = [
        lambda c, r: f"={c}{r}*2+{c}${last + 1}",
        lambda c, r: f"=SUM({c}${first}:{c}{r})",
        lambda c, r: f"={c}{r}/SUM({c}${first}:{c}${last})",
        lambda c, r: f"=Z{r - 1}+{c}{r}",
        lambda c, r: f'=IF({c}{r}="","",RANK({c}{r},${c}${first}:${c}${last}))',
        lambda c, r: f'=SUM(A{r}:{c}{r})&"A{first}"',
        lambda c, r: f"=O!{c}{r}+O!{c}${first}",
        lambda c, r: f"=ROUND('自评 表'!{c}{r}*{c}$1,2)",
    ]
    chosen = [(rng.choice(kinds), rng.choice("ABCD")) for _ in range(6)]
    height = rng.choice([None, 20, 33.5])
    for row in range(first, last + 1):
        form.set_row(row - 1, height)
        for column in "ABCD":
            form.write_blank(f"{column}{row}", None, blank)
        for offset, (kind, column) in enumerate(chosen):
            form.write_formula(row - 1, 5 + offset, kind(column, row))
        form.merge_range(f"L{row}:N{row}", "", blank)
    for row in range(last + 1, last + 1 + rng.randint(1, 5)):
        column = rng.choice("ABCD")
        form.write_formula(f"A{row}", f"=SUM({column}{first}:{column}{last})+{column}{first - 1}")
        form.write_formula(f"B{row}", f"=SUM(A{row}:A{row + 3})+O!A{row - last}")
    other.write_formula("A1", f"=AVERAGE('自评 表'!$A${first}:$D${last})+'自评 表'!A{last + 1}")
    book.define_name("列", f"='自评 表'!$B${first}:$B${last}")
    book.define_name("后", f"='自评 表'!$B${last + rng.randint(1, 9)}")
    form.data_validation(
        f"A{first}:A{last}", {"validate": "list", "source": f"=$B${first}:$B${last}"}
    )
    form.conditional_format(
        f"B{first}:D{last}",
        {"type": "formula", "criteria": f"=B{first}>AVERAGE(B${first}:B${last})"},
    )
    book.close()
    return data.getvalue()
