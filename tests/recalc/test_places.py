"""What formulas say about places: ROW, SUBTOTAL, whole columns; exact, or refused by name."""

import io

import pytest
import xlsxwriter

from xlperf.recalc import Book, recalculate

CELLS = {
    "A1": "部门",
    "A2": "甲",
    "A3": "乙",
    "A5": "甲",
    "B1": "金额",
    "B2": 10,
    "B3": 20.5,
    "B5": 7,
}
SUBTOTALS = {"B4": "=SUBTOTAL(9,B2:B3)", "B6": "=SUBTOTAL(109,B5:B5)"}


def book(
    cells: dict[str, object],
    hidden_row: int | None = None,
    filtered: bool = False,
    **names: str,
) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as workbook:
        sheet = workbook.add_worksheet("表")
        for address, value in (CELLS | cells).items():
            sheet.write(address, value)
        if hidden_row is not None:
            sheet.set_row(hidden_row - 1, None, None, {"hidden": True})
        if filtered:
            sheet.autofilter("A1:B3")
            sheet.filter_column(0, "x == 甲")
        for name, text in names.items():
            workbook.define_name(name, text)
    return file.getvalue()


def answer(data: bytes) -> object:
    (outcome,) = recalculate([data], "compiled")
    if outcome.data is None:
        return outcome.refused_by["compiled"][0].en
    value = Book(outcome.data).value((0, 9, 4))
    return getattr(value, "code", value)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("ROW()*100+COLUMN()", 904),
        ("ROW(B7)", 7),
        ("COLUMN(别表!F1)", 6),
        ("ROW(A1:A3)", "ROW of a range"),
        ("ROWS(A:C)+COLUMNS(2:3)", 1_048_576 + 16_384),
        ("SUM(B:B)", 37.5),
        ("SUM($B:B,5:5)", 44.5),
        ("SUMIF(A:A,\"甲\",B:B)", 17),
        ("COUNTIF(A:A,\"甲\")", 2),
        ("COUNTIF(A:A,A3)", 1),
        ("COUNTIF(A:A,\"<>甲\")", "COUNTIF ∅"),
        ("COUNTIFS(A:A,\"甲\",B:B,\">8\")", 1),
        ("COUNTBLANK(A:A)", "COUNTBLANK of whole rows or columns"),
        ("VLOOKUP(\"乙\",A:B,2,FALSE)", 20.5),
        ("INDEX(B:B,MATCH(\"乙\",A:A,0))", 20.5),
        ("INDEX(B:B,ROW()+99)", "INDEX ∅"),
        ("INDEX(B2:B1048576,ROW()+99)", "INDEX ∅"),
        ("COUNTIF(B2:B1048576,\"\")", "COUNTIF ∅"),
        ("COUNTBLANK(B2:B1048576)", "COUNTBLANK of whole rows or columns"),
        ("SUM(B2:B1048576)", 37.5),
        ("SUBTOTAL(201,B2:B5)", "SUBTOTAL of this kind"),
        ("SUBTOTAL(-91,B2:B5)", "SUBTOTAL of this kind"),
        ("SUMPRODUCT((A:A=\"甲\")*1)", "arrays of whole rows or columns"),
        ("SUMPRODUCT((A2:A5=\"甲\")*B2:B5)", 17),
        ("COUNTA(A:A)", 4),
        ("SUM(金额)", 37.5),
        ("SUMPRODUCT((部门=\"甲\")*金额)", 17),
        ("金额+1", "#VALUE!"),
        ("SUMPRODUCT(IF(部门=\"甲\",1,0))", "one value is needed here"),
    ],
)  # fmt: skip
def test_places(formula: str, expected: object) -> None:
    found = answer(
        book({"D9": "=" + formula}, 部门="=表!$A$2:$A$5", 金额="=表!$B$2:$B$5")
        if "别表" not in formula
        else with_other(formula)
    )
    assert found == expected or (isinstance(expected, str) and expected in str(found))


def with_other(formula: str) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as workbook:
        workbook.add_worksheet("表").write("D9", "=" + formula)
        workbook.add_worksheet("别表")
    return file.getvalue()


def test_a_subtotal_leaves_out_subtotals() -> None:
    assert answer(book({**SUBTOTALS, "D9": "=SUBTOTAL(9,B2:B6)"})) == 37.5
    assert answer(book({**SUBTOTALS, "D9": "=SUBTOTAL(1,B2:B6)"})) == 12.5
    assert answer(book({**SUBTOTALS, "D9": "=SUM(B2:B6)"})) == 75


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("SUBTOTAL(9,B2:B3)", 30.5),
        ("SUBTOTAL(109,B2:B3)", 10),
        ("SUBTOTAL(109,A2:B3)", 10),
        ("SUBTOTAL(103,A1:B5)", 6),
        ("SUBTOTAL(109,B:B)", 17),
        ("SUBTOTAL(109,B5:B6)", 7),
    ],
)
def test_a_subtotal_leaves_out_hidden_rows_where_it_should(formula: str, expected: float) -> None:
    assert answer(book({"D9": "=" + formula}, hidden_row=3)) == expected


def test_a_subtotal_over_filtered_rows_is_refused() -> None:
    for formula, expected in (("SUBTOTAL(9,B2:B3)", "filter"), ("SUBTOTAL(9,B5:B6)", "7.0")):
        assert expected in str(answer(book({"D9": "=" + formula}, hidden_row=3, filtered=True)))
