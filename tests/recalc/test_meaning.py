"""What names, tables, ranges, arrays and references by values stand for; LibreOffice judges."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.oracles.libreoffice import LibreOffice
from xlperf.ooxml.address import cell_name, parse_cell
from xlperf.recalc import Book, Recalculated, recalculate

FORMULAS = dict(
    line.split("  →  ")
    for line in Path(__file__).with_name("meaning.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
)
REFUSED = {formula: text for formula, text in FORMULAS.items() if text.startswith("refused: ")}
ANSWERED = {formula: text for formula, text in FORMULAS.items() if formula not in REFUSED}
FIRST = (5, 10)
"""Where the first formula stands, in J5; the others stand beside it."""

# What LibreOffice does not do as Excel does: a table without brackets, a name's array outside of
# array formulas, names that wrap around the edges of a sheet, several sheets between quotes.
# And it shows a truth in an array as a number, knows no #NULL!, and has one value in UNIQUE.
ELSEWHERE = (
    "ROWS(清单)", "SUM(加倍)", "上一行", "上四行*2", "COUNT('二月:三 月'!A:A)",
    "{=IF(F1:F8>9,F1:F8)}", "SUM(A4:A5 C4:C5)",
    "{=COUNTA(_xlfn.UNIQUE(_xlfn._xlws.FILTER(A4:A7,B4:B7>10)))}",
)  # fmt: skip


def made(*formulas: str, height: int = 1, width: int = 1) -> bytes:
    """A sheet with a table in A3:D8 and a totals row, other cells, and names of every kind.

    `height` and `width` are those of the cells that an array formula fills.
    """
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"use_future_functions": True}) as workbook:
        sheet = workbook.add_worksheet("表")
        other = workbook.add_worksheet("二月")
        third = workbook.add_worksheet("三 月")
        columns = ["项目", "金额", "数量 (个)", "a'b"]
        rows = [["甲", 10, 2, 1], ["乙", 20, 3, 0], ["丙", 30.5, 5, 1], ["甲", 40, 7, 1]]
        options = {
            "name": "清单",
            "total_row": True,
            "columns": [
                {"header": columns[0], "total_string": "合计"},
                *({"header": each, "total_function": "sum"} for each in columns[1:]),
            ],
        }
        sheet.add_table("A3:D8", options)
        for row, values in enumerate(rows, 3):
            sheet.write_row(row, 0, values)
        for row in range(8):
            sheet.write(row, 5, (row * 7) % 5 + 0.5)  # F1:F8
            other.write_row(row, 0, [row + 1, (row + 1) * 100])
            third.write_row(row, 0, [row + 10, (row + 1) * 1000])
        sheet.write_row(0, 6, ["F", 3, 2])  # G1:I1
        sheet.write("G2", "二月")
        sheet.write_formula("H2", "=H1-1")
        names = {
            "列": "=表!$F$1:$F$8",
            "上四行": "=表!$H1048573",  # four and one rows above, counted from A1
            "上一行": "=表!$F1048576",
            "率": "=0.5",
            "几个": "={1,2,3}",
            "加倍": "=表!$F$1:$F$8*2",
            "动态": "=OFFSET(表!$F$1,0,0,COUNT(表!$F:$F),1)",
            "二月!本表": "=二月!$B$2",
            "选": "=CHOOSE(表!$H$1,表!$F$1:$F$2,表!$F$3:$F$4,表!$F$5:$F$6)",
        }
        for name, text in names.items():
            workbook.define_name(name, text)
        top, left = FIRST[0] - 1, FIRST[1] - 1
        for place, formula in enumerate(formulas):
            column = left + place * width
            if formula.startswith("{"):
                end = top + height - 1, column + width - 1
                sheet.write_array_formula(top, column, *end, formula)
            else:
                sheet.write_formula(top, column, "=" + formula)
    return file.getvalue()


def value_of(outcome: Recalculated, place: int = 0) -> object:
    if outcome.data is None:
        return outcome.unsupported[0].reason.en
    value = Book(outcome.data).value((0, FIRST[0], FIRST[1] + place))
    return getattr(value, "code", value)


def expected(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return {"TRUE": True, "FALSE": False}.get(text, text)


def same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 1e-9
    return type(one) is type(other) and one == other


def test_formulas_mean_what_they_do_in_excel() -> None:
    (outcome,) = recalculate([made(*ANSWERED)], "compiled")
    wrong = {
        formula: found
        for place, (formula, text) in enumerate(ANSWERED.items())
        if not same(found := value_of(outcome, place), expected(text))
    }
    assert wrong == {}


@pytest.mark.parametrize(("formula", "why"), REFUSED.items())
def test_what_is_not_sure_is_refused(formula: str, why: str) -> None:
    (outcome,) = recalculate([made(formula)], "compiled")
    assert why.removeprefix("refused: ") in str(value_of(outcome))


@pytest.mark.parametrize(
    ("formula", "value"),
    [("1-0.9-0.1", 0.0), ("(1-0.9-0.1)", 1 - 0.9 - 0.1), ("(1-0.9)-(0.1)", 0.0)],
)
def test_a_difference_in_parentheses_keeps_its_last_bits(formula: str, value: float) -> None:
    (outcome,) = recalculate([made(formula)], "compiled")
    assert value_of(outcome) == value


@pytest.mark.oracle("libreoffice")
def test_libreoffice_gives_the_same_values(tmp_path: Path, libreoffice: LibreOffice) -> None:
    path = tmp_path / "all.xlsx"
    path.write_bytes(made(*ANSWERED))
    cells = libreoffice.recalculate([path])[path]["表"]
    wrong, compared = {}, 0
    for place, (formula, text) in enumerate(ANSWERED.items()):
        found = cells[cell_name(FIRST[0], FIRST[1] + place)]
        if formula in ELSEWHERE or re.match(r"#NAME|Err:", str(found)):
            continue
        compared += 1
        if not same(found, expected(text)):
            wrong[formula] = found
    assert wrong == {}
    assert compared > 70


# ------------------------------------------------------------------------------- other workbooks

EXTERNAL = """<externalLink xmlns="{0}"><externalBook xmlns:r="{1}" r:id="rId1"><sheetNames>
<sheetName val="数 据"/><sheetName val="Gone"/></sheetNames><definedNames>
<definedName name="Rate" refersTo="='数 据'!$A$3"/><definedName name="Far" refersTo="=Gone!$A$1"/>
<definedName name="Both" refersTo="='数 据'!$A$1:$A$3"/></definedNames>
<sheetDataSet><sheetData sheetId="0">
<row r="1"><cell r="A1"><v>7</v></cell><cell r="B1" t="str"><v>甲</v></cell></row>
<row r="3"><cell r="A3"><v>5</v></cell><cell r="B3" t="b"><v>1</v></cell>
<cell r="C3" t="e"><v>#N/A</v></cell></row></sheetData>
<sheetData sheetId="1" refreshError="1"><row r="1"><cell r="A1"><v>1</v></cell></row></sheetData>
</sheetDataSet></externalBook></externalLink>"""
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def linked(formula: str, cells: str = EXTERNAL) -> bytes:
    """A workbook that remembers cells of another one."""
    relationships = "http://schemas.openxmlformats.org/package/2006/relationships"
    link = f'<Relationship Id="rId1" Type="{OFFICE}/externalLinkPath" Target="b.xlsx"'
    added = {
        "xl/externalLinks/externalLink1.xml": cells.format(MAIN, OFFICE),
        "xl/externalLinks/_rels/externalLink1.xml.rels": (
            f'<Relationships xmlns="{relationships}">{link} TargetMode="External"/></Relationships>'
        ),
    }
    changed = {
        "xl/workbook.xml": (
            "</sheets>",
            '</sheets><externalReferences><externalReference r:id="rId90"/></externalReferences>',
        ),
        "xl/_rels/workbook.xml.rels": (
            "</Relationships>",
            f'<Relationship Id="rId90" Type="{OFFICE}/externalLink" '
            'Target="externalLinks/externalLink1.xml"/></Relationships>',
        ),
        "[Content_Types].xml": (
            "</Types>",
            '<Override PartName="/xl/externalLinks/externalLink1.xml" ContentType="application/'
            'vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml"/></Types>',
        ),
    }
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(made(formula))) as old,
        zipfile.ZipFile(file, "w") as new,
    ):
        for name in old.namelist():
            text = old.read(name).decode() if name in changed else old.read(name)
            new.writestr(name, text.replace(*changed[name]) if name in changed else text)
        for name, text in added.items():
            new.writestr(name, text)
    return file.getvalue()


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("'[1]数 据'!A1*2", 14.0),
        ("'[1]数 据'!$B$1&\"!\"", "甲!"),
        ("SUM('[1]数 据'!A1:A3)", 12.0),
        ("COUNTA('[1]数 据'!A:A)", 2.0),
        ("IF('[1]数 据'!B3,1,2)", 1.0),
        ("'[1]数 据'!C3", "#N/A"),
        ("VLOOKUP(7,'[1]数 据'!A1:B3,2,FALSE)", "甲"),
        ("IFERROR('[1]数 据'!A2,0)", "without their values"),
        ("IFERROR([1]Gone!A1,0)", "without their values"),
        ("IFERROR([2]Other!A1,0)", "without their values"),
        ("IFERROR('C:\\[b.xlsx]S'!A1,0)", "without their values"),
        ("IFERROR([1]!Name,0)", "not defined"),
        ("[1]!Rate*2", 10.0),
        ("SUM([1]!Both)", 12.0),
        ("[1]!Far", "without their values"),
    ],
)
def test_cells_of_other_workbooks_are_what_the_file_remembers(formula: str, wanted: object) -> None:
    (outcome,) = recalculate([linked(formula)], "compiled")
    found = value_of(outcome)
    assert found == wanted or (isinstance(wanted, str) and wanted in str(found))


def test_what_is_remembered_tells_workbooks_apart() -> None:
    formula = "'[1]数 据'!A1*2"
    both = [linked(formula), linked(formula, EXTERNAL.replace("<v>7<", "<v>8<"))]
    assert [value_of(outcome) for outcome in recalculate(both, "compiled")] == [14.0, 16.0]


# ------------------------------------------------------------------- many cells, many workbooks


def filled(build: Callable[[Any, Any], None], **options: object) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, **options}) as workbook:
        build(workbook, workbook.add_worksheet("表"))
    return file.getvalue()


def test_an_array_formula_fills_its_cells() -> None:
    def build(_: Any, sheet: Any) -> None:
        sheet.write_column("A1", [1, 2, 3])
        sheet.write_row("B1", [10, 20])
        sheet.write_array_formula("D1:E4", "{=A1:A3*B1:C1}")
        sheet.write_array_formula("G1:G4", "{=IFERROR(A1:A3/B1:B2,0)}")
        sheet.write_array_formula("H1:I2", "{=A1*5}")
        sheet.write_array_formula("K1:M2", "{=TRANSPOSE(MMULT(A1:A3,B1:C1))}")
        sheet.write_formula("O1", "=SUM(D1:E3)+E2")

    (outcome,) = recalculate([filled(build)], "compiled")
    assert outcome.data
    book = Book(outcome.data)

    def shown(rows: int, column: int, count: int) -> list[object]:
        cells = [book.value((0, row, column)) for row in range(1, rows + 1)]
        assert len(cells) == count
        return [getattr(value, "code", value) for value in cells]

    assert shown(4, 4, 4) == [10, 20, 30, "#N/A"]
    assert shown(4, 5, 4) == [20, 40, 60, "#N/A"]
    assert shown(4, 7, 4) == [0.1, 0, 0, "#N/A"]
    assert shown(2, 9, 2) == [5, 5]
    assert [book.value((0, 2, column)) for column in (11, 12, 13)] == [20, 40, 60]
    assert book.value((0, 1, 15)) == 180 + 40


@pytest.mark.parametrize(
    ("formula", "area", "wanted"),
    [
        ("SORT(F1:F8)", "J5:J12", [0.5, 0.5, 1.5, 2.5, 2.5, 3.5, 4.5, 4.5]),
        ("SORT(F1:F8)", "J5:J11", None),
        ("F1:F3*2", "J5:J7", [1, 5, 9]),
        ("F1:F3*2", "J5:J8", None),
        ("FILTER(F1:F8,F1:F8>4)", "J5:J6", [4.5, 4.5]),
        ('FILTER(F1:F8,F1:F8>9,"-")', "J5", ["-"]),
        ("UNIQUE(A4:A7)", "J5:J7", ["甲", "乙", "丙"]),
        ("SEQUENCE(3)*2", "J5:J7", None),
    ],
)
def test_a_dynamic_array_fills_the_cells_that_it_filled(
    formula: str, area: str, wanted: list[object] | None
) -> None:
    def build(_: Any, sheet: Any) -> None:
        sheet.write_column("F1", [0.5, 2.5, 4.5, 1.5, 3.5, 0.5, 2.5, 4.5])
        sheet.write_column("A4", ["甲", "乙", "丙", "甲"])
        sheet.write_dynamic_array_formula(area, "=" + formula)
        sheet.write_formula("L1", "=COUNTA(_xlfn.ANCHORARRAY(J5))")

    (outcome,) = recalculate([filled(build, use_future_functions=True)], "compiled")
    if wanted is None:
        assert outcome.data is None
    else:
        assert outcome.data
        book = Book(outcome.data)
        assert [book.value((0, row, 10)) for row in range(5, 5 + len(wanted))] == wanted
        assert book.value((0, 1, 12)) == len(wanted)


@pytest.mark.oracle("libreoffice")
def test_libreoffice_fills_the_same_cells(tmp_path: Path, libreoffice: LibreOffice) -> None:
    formulas = [
        "F1:F8*2", "F1:F8*G1:I1", "F1:F8+{1,2}", "TRANSPOSE(F1:F8)", "IF(F1:F8>2,F1:F8,\"-\")",
        "LEN(A1:D8)", "F1:F3", "ROW(F1:F8)*COLUMN(F1:H1)", "MMULT(B4:C7,F1:F2*1)", "SUM(F1:F8)",
        "FREQUENCY(F1:F8,{1;3})", "MINVERSE(B4:C5)", "IF(H1>2,F1:F8,0)", "VLOOKUP(F1:F8,F1:G8,1,0)",
        "ROUND(F1:F8/3,2)", "COUNTIF(F1:F8,F1:F8)", "A4:A7&\"x\"", "LARGE(F1:F8,{1;2;3})",
    ]  # fmt: skip
    arrays = ["{=" + formula + "}" for formula in formulas]
    paths = []
    for height, width in ((1, 1), (5, 2), (10, 1)):
        paths.append(tmp_path / f"{height}x{width}.xlsx")
        paths[-1].write_bytes(made(*arrays, height=height, width=width))
    outcomes = recalculate([path.read_bytes() for path in paths], "compiled")
    answers, compared = libreoffice.recalculate(paths), 0
    for path, outcome in zip(paths, outcomes, strict=True):
        assert outcome.data
        book = Book(outcome.data)
        for cell, there in answers[path]["表"].items():
            row, column = parse_cell(cell)
            if row >= FIRST[0] and column >= FIRST[1]:
                here = book.value((0, row, column))
                compared += 1
                assert getattr(here, "code", here) == pytest.approx(there), (path.name, cell)
    assert compared > 300


# ---------------------------------------------------------------------------- days since 1904


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("A1+1", 43001.0),
        ("SUM(A1:A3)", 43000.0),
        ('TEXT(A1,"0.0")', "43000.0"),
        ("HOUR(0.5)", 12.0),
        ('TEXT(A1,"yyyy")', "1904"),
        ("TEXT(A1,B1)", "1904"),
        ("YEAR(A1)", "1904"),
        ("DATE(2024,1,1)", "1904"),
        ('"2024-01-01"+0', "2024-01-01"),
        ("day+0", "1904"),
        ('COUNTIF(A1:A3,">2024-01-01")', "2024-01-01"),
        ('COUNTIF(A1:A3,">5")', 1.0),
    ],
)
def test_only_days_hang_on_the_date_system(formula: str, wanted: object) -> None:
    def build(workbook: Any, sheet: Any) -> None:
        sheet.write("A1", 43000)
        workbook.define_name("day", "=MONTH(表!$A$1)")
        sheet.write_formula(FIRST[0] - 1, FIRST[1] - 1, "=" + formula)

    (outcome,) = recalculate([filled(build, date_1904=True)], "compiled")
    found = value_of(outcome) if outcome.data else str(outcome.refused_by["compiled"][0].en)
    assert found == wanted or (outcome.data is None and str(wanted) in str(found))


def test_a_plan_that_hangs_on_values_is_made_for_each_workbook() -> None:
    def build(number: int) -> Callable[[Any, Any], None]:
        def write(_: Any, sheet: Any) -> None:
            sheet.write_column("A1", [1, 2, 4, 8])
            sheet.write("B1", number)
            sheet.write_formula("B2", "=B1*2")
            sheet.write_formula(FIRST[0] - 1, FIRST[1] - 1, "=SUM(A1:OFFSET(A1,B2-1,0))")

        return write

    books = [filled(build(number)) for number in (1, 2, 1)]
    for _ in range(2):
        found = [value_of(outcome) for outcome in recalculate(books, "compiled")]
        assert found == [3.0, 15.0, 3.0]


def test_plans_that_hang_on_different_cells_are_not_mixed_up() -> None:
    def build(source: str, far: float, near: float) -> Callable[[Any, Any], None]:
        def write(_: Any, sheet: Any) -> None:
            sheet.write_column("A1", [1, 2, 4, 8])
            sheet.write("B1", source)
            sheet.write_row("C1", [far, near])
            formula = "=SUM(A1:OFFSET(A1,INDIRECT(B1),0))"
            sheet.write_formula(FIRST[0] - 1, FIRST[1] - 1, formula)

        return write

    cells = [("C1", 1, 3), ("C1", 2, 3), ("D1", 1, 1), ("D1", 1, 2), ("C1", 3, 3)]
    books = [filled(build(*each)) for each in cells]
    found = [value_of(outcome) for outcome in recalculate(books, "compiled")]
    assert found == [3.0, 7.0, 3.0, 7.0, 15.0]


def test_references_in_circles_are_refused() -> None:
    def build(_: Any, sheet: Any) -> None:
        sheet.write_formula("A1", "=OFFSET(C1,B1,0)")
        sheet.write_formula("B1", "=A1+1")

    (outcome,) = recalculate([filled(build)], "compiled")
    assert outcome.data is None
