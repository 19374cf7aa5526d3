"""Many workbooks at once, and each by itself: the answers are the same."""

import io
import random

import pytest
import xlsxwriter

from xlperf.recalc import Book, recalculate

HELD = [None, 0, 1, 2.5, -3, 99.995, 1e10, "", "abc", "ABC", "12", "99.2%", "1,234", " 7 ", True]
FORMULAS = [
    "=A{0}+B{0}*2",
    '=IF(OR(A{0}="",B{0}=""),"",IFERROR(ROUND(A{0}/B{0}*100,2),"-"))',
    "=IF(ISNUMBER(A{0}),A{0}*100,VALUE(SUBSTITUTE(A{0},B{0},0)))",
    '=IF(A{0}>=90,"优",IF(A{0}>=80,"良",IF(A{0}>=60,"中",C{0})))',
    "=SUM(A{0}:C{0})-SUM(A{0},B{0})",
    "=MAX(A{0}:C{0},MIN(A{0},B{0}))",
    "=AND(A{0}=B{0},B{0}<>C{0})",
    "=OR(A{0}>1,B{0}>1)",
    "=A{0}/SUM(A$1:A$12)",
    '=A{0}&"/"&B{0}',
    "=COUNT(A$1:C$12)+N(J{0})",
    "=IF(A{0},IF(B{0},1,2))",
]


def workbook(rng: random.Random, rows: int, held: list[object]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for row in range(rows):
            for column in range(3):
                value = rng.choice(held)
                if isinstance(value, str):
                    sheet.write_string(row, column, value)
                elif value is not None:
                    sheet.write(row, column, value)
            for column, formula in enumerate(FORMULAS, 3):
                sheet.write_formula(row, column, formula.format(row + 1))
    return file.getvalue()


@pytest.mark.parametrize("rows", [1, 2, 12, 40])
@pytest.mark.parametrize("held", [HELD, [1, 2.5, -3, 70, 85.5], [0, 1, 95, None]])
def test_together_and_alone(rows: int, held: list[object]) -> None:
    rng = random.Random(f"{rows}{held}")
    books = [workbook(rng, rows, held) for _ in range(12)]
    together = recalculate(books, "compiled")
    for data, outcome in zip(books, together, strict=True):
        (alone,) = recalculate([data], "compiled")
        assert outcome.engine == alone.engine == "compiled", outcome.refused_by
        assert values(outcome.data) == values(alone.data)


def values(data: bytes | None) -> dict[object, object]:
    assert data is not None
    book = Book(data)
    return {key: book.value(key) for key in book.formulas}


def listed(amounts: list[float], formula: str, hidden: int | None = None) -> bytes:
    """A formula above amounts in a column; one row of them may be hidden."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_formula("A1", formula)
        sheet.write_column("B1", amounts)
        if hidden is not None:
            sheet.set_row(hidden, options={"hidden": True})
    return file.getvalue()


@pytest.mark.parametrize("formula", ["=SUM(B:B)", "=SUM($B$1:$B$1048576)", "=SUM(B1:B1048576)"])
def test_a_longer_sheet_is_read_to_its_end(formula: str) -> None:
    lengths = [1, 3, 40, 2, 41]
    outcomes = recalculate([listed([1.0] * n, formula) for n in lengths], "compiled")
    found = [values(outcome.data) for outcome in outcomes]
    assert [list(held.values()) for held in found] == [[float(n)] for n in lengths]


def test_a_sheet_that_hides_rows_is_not_taken_for_one_that_shows_them() -> None:
    shows, hides = (listed([1, 2, 4], "=SUBTOTAL(109,B1:B3)", hidden) for hidden in (None, 1))
    assert [o.engine for o in recalculate([shows, hides], "compiled")] == ["compiled", None]
