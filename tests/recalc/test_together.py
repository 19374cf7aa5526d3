"""Many workbooks at once, and each by itself: the answers are the same."""

import io
import random
import re
import zipfile

import pytest
import xlsxwriter

from xlperf.diagnostic import WorkbookError
from xlperf.recalc import Book, recalculate

SHEET = "xl/worksheets/sheet1.xml"
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
    outcomes = recalculate([shows, hides], "compiled")
    assert [[*values(outcome.data).values()] for outcome in outcomes] == [[7.0], [5.0]]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("SUM(A$1:A{0})", lambda row: row * (row + 1) / 2),
        ("SUM(A{0}:A$20)", lambda row: 210 - row * (row - 1) / 2),
        ("SUM($A{0}:A$1048576)", lambda row: 210 - row * (row - 1) / 2),
        ("ROWS(A$1:A{0})*COUNT(A$1:A{0})", lambda row: row * row),
        ("INDEX(A$1:A{0},{0})", lambda row: row),
    ],
)
@pytest.mark.parametrize("count", [1, 3])
def test_areas_that_grow_as_a_formula_is_filled_down(formula, expected, count) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for row in range(1, 21):
            sheet.write(row - 1, 0, row)
            sheet.write_formula(row - 1, 1, "=" + formula.format(row))
    for outcome in recalculate([file.getvalue()] * count, "compiled"):
        assert list(values(outcome.data).values()) == [expected(row) for row in range(1, 21)]


def named(formula: str, amounts: list[float], *names: tuple[str, str]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_column("A1", amounts)
        sheet.write_formula("C1", formula)
        for name, text in names:
            book.define_name(name, text)
    return file.getvalue()


def with_sheet(data: bytes, pattern: bytes, new: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as changed:
        for part in old.namelist():
            held = old.read(part)
            changed.writestr(part, re.sub(pattern, new, held, count=1) if part == SHEET else held)
    return file.getvalue()


SHADOWED = ("shown", '="a"'), ("Sheet1!shown", "=other")
SUBTOTAL = named("=SUBTOTAL(109,A1:A3)", [1, 2, 4])
ONE, TWO = (b"<sheetFormatPr ", b'<row r="2"')
PAIRS = {
    "a number": (named("=k+1", [1], ("k", "=5")), named("=k+1", [1], ("k", "=7")), 6, 8),
    "a text of a name that a sheet has of its own": (
        named("=shown&1", [1], ("other", '="p"'), *SHADOWED),
        named("=shown&1", [1], ("other", '="q"'), *SHADOWED),
        "p1",
        "q1",
    ),
    "how far a column goes that a sheet's own name says": (
        named("=SUM(k)", [1], ("k", '="a"'), ("Sheet1!k", "=Sheet1!$A:$A")),
        named("=SUM(k)", [1, 2, 3], ("k", '="a"'), ("Sheet1!k", "=Sheet1!$A:$A")),
        1,
        6,
    ),
    "a truth": (named("=A1=TRUE", [1]), named("=A1=1", [1]), False, True),
    "rows hidden": (SUBTOTAL, with_sheet(SUBTOTAL, TWO, TWO + b" hidden='1'"), 7, 5),
    "rows without height": (SUBTOTAL, with_sheet(SUBTOTAL, TWO, TWO + b' ht="0"'), 7, 5),
    "all rows": (SUBTOTAL, with_sheet(SUBTOTAL, ONE, ONE + b'zeroHeight="1" '), 7, None),
}


@pytest.mark.parametrize("which", PAIRS)
def test_what_tells_workbooks_apart(which: str) -> None:
    *books, first, second = PAIRS[which]
    for order in (1, -1):
        outcomes = recalculate(books[::order], "compiled")
        found = [o.data and values(o.data)[0, 1, 3] for o in outcomes]
        assert found == [first, second][::order]


def test_a_doubt_is_told_of_in_every_workbook() -> None:
    book = named('=COUNTIF(A1:A3,"1/2")', [1, 2, 3])
    for _ in range(2):
        (outcome,) = recalculate([book], "compiled")
        assert outcome.engine is None


@pytest.mark.parametrize("number", [b"nan", b"inf", b"1e999", b"1_0"])
@pytest.mark.parametrize("formula", ["=A1+1", "=SUM(A1:A20)"])
def test_a_number_that_is_none(formula: str, number: bytes) -> None:
    data = with_sheet(named(formula, [5.0] * 20), b"<v>5</v>", b"<v>" + number + b"</v>")
    with pytest.raises(WorkbookError):
        recalculate([data], "compiled")
