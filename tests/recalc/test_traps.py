"""No silent wrong value: on what engines are known to stumble over, each is right or refuses."""

import io
import re
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from xlperf.recalc import Book, recalculate

CELLS = {
    "A1": 10, "A2": 2.5, "A3": "abc", "A4": "12", "A7": 0.1, "A8": "99.2%", "A9": -3, "A10": 2.675,
    "A11": "  x  y ", "A12": 45000, "A13": 45000.75, "A14": "1,234", "A15": 1e10,
    "B1": 1, "B2": 2, "B3": 3, "B4": "甲", "B5": "乙", "B6": "甲", "B7": 5, "B8": 7,
    "C1": "a", "C2": "B", "C3": "b",
    "D1": 100, "D2": 200, "D3": 300, "D4": 400, "D5": 500, "D6": 600,
}  # fmt: skip
TRUTHS = {"A5": True}
KNOWN = [
    line.split("  →  ")
    for line in Path(__file__).with_name("traps.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def value_of(text: str) -> object:
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    if text.startswith('"'):
        return text[1:-1]
    return text if text.startswith("#") else float(text)


def trap(formula: str) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"use_future_functions": True}) as workbook:
        sheet = workbook.add_worksheet("表")
        reads_truth = re.search(r"A5|A[1-4]:A", formula)
        for address, value in (CELLS | (TRUTHS if reads_truth else {})).items():
            if isinstance(value, str):
                sheet.write_string(address, value)
            else:
                sheet.write(address, value)
        if formula.startswith("{"):
            sheet.write_array_formula("H1", formula)
        else:
            sheet.write_formula("H1", "=" + formula)
    return file.getvalue()


def answer(data: bytes, sheet: int = 0, row: int = 1, column: int = 8) -> object:
    value = Book(data).value((sheet, row, column))
    return value.code if hasattr(value, "code") else "" if value is None else value


def same(got: object, expected: object) -> bool:
    if isinstance(got, float) and isinstance(expected, float):
        return abs(got - expected) <= 1e-12 * max(1, abs(expected))
    return type(got) is type(expected) and got == expected


@pytest.mark.parametrize(
    ("engine", "least"),
    [
        ("compiled", 250),
        ("formualizer", 170),
        ("formulas", 5),
        pytest.param("libreoffice", 180, marks=pytest.mark.oracle("libreoffice")),
    ],
)
def test_every_answer_is_excels(engine, least):
    outcomes = recalculate([trap(formula) for formula, _ in KNOWN], engine)
    answered, wrong = 0, []
    for (formula, text), outcome in zip(KNOWN, outcomes, strict=True):
        if outcome.data is None:
            assert outcome.unsupported
            continue
        answered += 1
        if not same(got := answer(outcome.data), value_of(text)):
            wrong.append((formula, got, text))
    assert wrong == []
    assert answered >= least


def made(build, **options: object) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"use_future_functions": True, **options}) as workbook:
        build(workbook, workbook.add_worksheet("表"))
    return file.getvalue()


def names_of_sheets(workbook, sheet):
    other = workbook.add_worksheet("别表")
    workbook.define_name("率", "=表!$A$1")
    workbook.define_name("别表!率", "=别表!$A$1")
    sheet.write("A1", 2)
    other.write("A1", 3)
    sheet.write_formula("H1", "=IFERROR(率*10,0)")
    other.write_formula("H1", "=IFERROR(率*10,0)")


def table(workbook, sheet):
    sheet.add_table("A1:B3", {"columns": [{"header": "甲"}, {"header": "乙"}], "name": "清单"})
    for row in (1, 2):
        sheet.write_row(row, 0, [row, row * 10])
    sheet.write_formula("H2", "=清单[[#This Row],[乙]]*2")
    sheet.write_formula("H1", "=SUM(清单[乙])")


def unknown_name(workbook, sheet):
    sheet.write_formula("H1", "=IFERROR(没有此名,7)")


def unknown_function(workbook, sheet):
    sheet.write_formula("H1", "=IFERROR(NOSUCHFUNCTION(1),7)")


def days_of_1904(workbook, sheet):
    sheet.write("A1", 43000)
    sheet.write_formula("H1", "=YEAR(A1)")


def several_sheets(workbook, sheet):
    for number, name in enumerate(("二", "三")):
        workbook.add_worksheet(name).write("A1", number + 2)
    sheet.write("A1", 1)
    sheet.write_formula("H1", "=SUM(表:三!A1)")


def array(workbook, sheet):
    sheet.write_column("A1", [1, 2, 3])
    sheet.write_array_formula("H1:H3", "{=A1:A3*2}")


def circle(workbook, sheet):
    sheet.write_formula("H1", "=IFERROR(H2+1,5)")
    sheet.write_formula("H2", "=H1+1")


def volatile(workbook, sheet):
    sheet.write_formula("H1", "=IF(TODAY()>0,1,0)")


def volatile_by_names(workbook, sheet):
    workbook.define_name("day", "=today.too+0")
    workbook.define_name("today.too", "=TODAY()")
    sheet.write_formula("H1", "=IF(day>0,1,0)")


def unknown_short_name(workbook, sheet):
    sheet.write_formula("H1", "=IFERROR(va,7)+SUM(A:A)")


def names_of_names(workbook, sheet):
    long = "+1" * 150
    workbook.define_name("sum.0", "=0")
    for number in range(1, 20):
        workbook.define_name(f"sum.{number}", f"=sum.{number - 1}{long}")
    sheet.write_formula("H1", "=sum.19")


def elsewhere(workbook, sheet):
    sheet.write_formula("H1", "=IFERROR('[1]别处'!A1,3)")


WORKBOOKS = [
    (names_of_sheets, {}, 20.0),
    (table, {}, 30.0),
    (unknown_name, {}, None),
    (unknown_function, {}, None),
    (days_of_1904, {"date_1904": True}, 2021.0),
    (several_sheets, {}, 6.0),
    (array, {}, 2.0),
    (circle, {}, None),
    (volatile, {}, None),
    (volatile_by_names, {}, None),
    (unknown_short_name, {}, None),
    (names_of_names, {}, 2850.0),
    (elsewhere, {}, None),
]


@pytest.mark.oracle("libreoffice")
@pytest.mark.parametrize("engine", ["compiled", "formualizer", "formulas", "libreoffice", "auto"])
@pytest.mark.parametrize(
    ("build", "options", "expected"), [pytest.param(*w, id=w[0].__name__) for w in WORKBOOKS]
)
def test_a_workbook_is_answered_as_excel_does_or_refused(build, options, expected, engine):
    (outcome,) = recalculate([made(build, **options)], engine)
    if outcome.data is None:
        assert outcome.unsupported
    else:
        assert expected is not None
        assert answer(outcome.data) == expected


@pytest.mark.oracle("libreoffice")
@pytest.mark.parametrize("engine", ["compiled", "formualizer", "formulas", "libreoffice", "auto"])
def test_circles_that_excel_calculates_in_turns_are_refused(engine):
    def build(workbook, sheet):
        sheet.write_formula("H1", "=H2+1")
        sheet.write_formula("H2", "=H1*0.5")

    part, turns = "xl/workbook.xml", b'<calcPr iterate="1" iterateCount="100" iterateDelta="0.001"'
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made(build))) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            held = old.read(name)
            new.writestr(name, held.replace(b"<calcPr", turns) if name == part else held)
    (outcome,) = recalculate([file.getvalue()], engine)
    assert outcome.data is None


def test_the_rules_of_lotus_are_refused():
    def build(workbook, sheet):
        sheet.write_formula("H1", '=IFERROR("a"+1,7)')

    part, rules = "xl/worksheets/sheet1.xml", b'<sheetPr transitionEvaluation="1"/><dimension'
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made(build))) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            held = old.read(name)
            new.writestr(name, held.replace(b"<dimension", rules) if name == part else held)
    plain, by_rules = recalculate([made(build), file.getvalue()], "compiled")
    assert answer(plain.data) == 7
    assert "Lotus" in by_rules.refused_by["compiled"][0].en


def test_names_that_double_and_long_formulas_are_refused():
    def doubled(workbook, sheet):
        workbook.define_name("twice.0", "=1")
        for number in range(1, 61):
            workbook.define_name(f"twice.{number}", "=" + f"+twice.{number - 1}" * 2)
        sheet.write_formula("H1", "=twice.60")

    def long(workbook, sheet):
        sheet.write_formula("H1", "=" + "(" * 9000 + "1" + ")" * 9000)

    for build, engine, reason in ((doubled, "compiled", "too long"), (long, "auto", "too long")):
        (outcome,) = recalculate([made(build)], engine)
        assert [reason in outcome.refused_by["compiled"][0].en, outcome.engine] == [True, None]


def test_a_name_of_one_sheet_goes_before_that_of_the_workbook():
    (outcome,) = recalculate([made(names_of_sheets)], "compiled")
    assert (answer(outcome.data), answer(outcome.data, 1)) == (20, 30)


@pytest.mark.oracle("libreoffice")
def test_the_cells_that_an_array_formula_spills_to_are_written_too():
    (outcome,) = recalculate([made(array)], "libreoffice")
    assert [answer(outcome.data, 0, row) for row in (1, 2, 3)] == [2, 4, 6]
