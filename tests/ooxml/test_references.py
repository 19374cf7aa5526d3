"""References in formula text: found, copied, and moved by rows that come in or go."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.address import MAX_ROW
from xlperf.ooxml.references import Reference, areas, moved, references, rewrite
from xlperf.ooxml.row_shift import Home, RowShift

CASES = Path(__file__).parent / "cases"
SHEETS = ("first", "S", "a 'b", "Z")
BELOW = Home("sheet.xml", "S", "B30")


def _cases(name: str, block: int = 0) -> list[list[str]]:
    text = re.split(r"^= .*\n", (CASES / name).read_text("utf-8"), flags=re.MULTILINE)[block]
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("# ")]
    return [[part.strip() for part in line.split("→")] for line in lines]


def _described(reference: Reference) -> str:
    text = reference.text
    if reference.sheets:
        text += " on " + ":".join(reference.sheets)
    if reference.book:
        text += " in " + reference.book
    return text if reference.argument_of is None else f"{text}@{reference.argument_of}"


@pytest.mark.parametrize(("formula", "expected"), _cases("references.txt"))
def test_finds_references(formula: str, expected: str) -> None:
    assert "; ".join(map(_described, references(formula))) == expected
    for found in references(formula):
        assert formula[found.start : found.end] == found.text


@pytest.mark.parametrize(("formula", "grown", "shrunk"), _cases("row_shift.txt"))
def test_moves_references(formula: str, grown: str, shrunk: str) -> None:
    for count, expected in ((13, grown), (5, shrunk)):
        assert _shifted(formula, RowShift("S", SHEETS, 15, 24, count)) == expected


@pytest.mark.parametrize(("formula", "grown"), _cases("row_shift.txt", 1))
def test_opens_a_table_of_one_row(formula: str, grown: str) -> None:
    assert _shifted(formula, RowShift("S", SHEETS, 15, 15, 4)) == grown


def _shifted(formula: str, shift: RowShift) -> str:
    try:
        return shift.formula(formula, BELOW)
    except WorkbookError as error:
        (diagnostic,) = error.diagnostics
        return {"W202": "lost", "W203": "unclear"}[diagnostic.code]


def test_a_lost_reference_is_named_with_its_part_and_cell() -> None:
    with pytest.raises(WorkbookError) as error:
        RowShift("S", SHEETS, 15, 24, 5).formula("A1+$A$20", BELOW)
    assert error.value.text("en").startswith("S!B30: the reference $A$20 points to rows")
    assert "sheet.xml" in error.value.text("en")


@pytest.mark.parametrize(
    ("text", "grown"),
    [
        ("S!$A$15", "S!$A$15:$A$18"),
        ("S!$A$15:$C$15,S!$E$15", "S!$A$15:$C$18,S!$E$15:$E$18"),
        ("S!$A$16", "S!$A$19"),
        ("S!$A$15*2", "S!$A$15*2"),
        ("S!A15", "S!A15:A18"),
        ("S!A16", "S!A16"),
        ("Z!$A$15", "Z!$A$15"),
    ],
)
def test_a_name_over_the_only_row_becomes_the_whole_table(text: str, grown: str) -> None:
    home = Home("workbook.xml", cell="name", floats=True, covers=True)
    assert RowShift("S", SHEETS, 15, 15, 4).formula(text, home) == grown


def test_a_name_without_a_sheet_cannot_follow() -> None:
    shift, home = RowShift("S", SHEETS, 15, 24, 13), Home("workbook.xml", cell="name")
    assert shift.formula("$A$3", home) == "$A$3"
    with pytest.raises(WorkbookError, match="name"):
        shift.formula("$A$30", home)


@pytest.mark.parametrize(
    ("row", "formula", "beside", "grown", "shrunk"),
    [
        # A number that counts on from the row above.
        (24, "A23+1", (23, "A22+1"), "A26+1", "A18+1"),
        (23, "A22+1", (24, "A23+1"), "A22+1", None),
        (18, "A19-B18", (19, "A20-B19"), "A19-B18", "A19-B18"),
        # Its neighbour says otherwise: the references are to these very cells.
        (24, "A23+1", (23, "A23+1"), "A23+1", "lost"),
        (24, "A23+1", (23, "A22-1"), "A23+1", "lost"),
        (24, "A23+1", (), "A23+1", "lost"),
        # Cells above and below the table are these very cells.
        (24, "A14+1", (23, "A13+1"), "A14+1", "A14+1"),
        (15, "A40+1", (16, "A41+1"), "A43+1", "A35+1"),
        # A row of another sheet for each row of this one.
        (24, "Z!A24+Z!A$24", (23, "Z!A23+Z!A$24"), "Z!A27+Z!A$24", "Z!A19+Z!A$24"),
        # Windows, running sums, and the table without a $.
        (24, "SUM(A22:A24)", (23, "SUM(A21:A23)"), "SUM(A25:A27)", "SUM(A17:A19)"),
        (24, "SUM(A$15:A24)", (23, "SUM(A$15:A23)"), "SUM(A$15:A27)", "SUM(A$15:A19)"),
        (15, "A15/SUM(A15:A24)", (16, "A16/SUM(A16:A25)"), "A15/SUM(A15:A27)", "A15/SUM(A15:A19)"),
    ],
)  # fmt: skip
def test_a_formula_that_was_filled_down_stays_itself(
    row: int, formula: str, beside: tuple[int, str], grown: str, shrunk: str | None
) -> None:
    neighbours = [(beside[1], beside[0])] if beside else []
    for count, expected in ((13, grown), (5, shrunk)):
        if expected is None:  # the row itself is removed
            continue
        shift, home = RowShift("S", SHEETS, 15, 24, count), Home("p", "S", f"B{row}", row)
        try:
            assert shift.formula(formula, home, neighbours) == expected
        except WorkbookError:
            assert expected == "lost"


@pytest.mark.parametrize(
    ("formula", "rows", "columns", "expected"),
    [
        ("A1+$B2+C$3+$D$4", 2, 1, "B3+$B4+D$3+$D$4"),
        ("SUM(A1:$B$2,C:C,$3:4,'a b'!E5)", 1, 1, "SUM(B2:$B$2,D:D,$3:5,'a b'!F6)"),
        ('A5&"A5"', -4, 0, 'A1&"A5"'),
        ("A5+S!A4", -4, 0, "A1+S!#REF!"),
        ("XFD1+A1048576", 0, 1, "#REF!+B1048576"),
        ("Table1[A1]+LOG10(A1)", 9, 0, "Table1[A1]+LOG10(A10)"),
    ],
)
def test_copies_a_formula(formula: str, rows: int, columns: int, expected: str) -> None:
    assert moved(formula, rows, columns) == expected


def test_reads_lists_of_areas() -> None:
    assert [area.text for area in areas("B15 $C$1:C9 5:5")] == ["B15", "C1:C9", "A5:XFD5"]
    assert areas("E:E")[0][:3] == (1, 5, MAX_ROW)
    assert areas("") == []


# --- Properties ------------------------------------------------------------------------------

_columns = st.sampled_from(["A", "$B", "XFD", "aa", "$ZZ"])
_rows = st.tuples(st.sampled_from(["", "$"]), st.integers(1, 60))
_prefixes = st.sampled_from(["", "", "", "S!", "'S'!", "'a ''b'!", "Z!", "[1]S!", "'[2]a b'!"])


@st.composite
def _reference_texts(draw: st.DrawFn) -> str:
    prefix, (mark, row), (end_mark, end) = draw(_prefixes), draw(_rows), draw(_rows)
    first, last = draw(_columns), draw(_columns)
    return prefix + draw(
        st.sampled_from(
            [
                f"{first}{mark}{row}",
                f"{first}{mark}{row}:{last}{end_mark}{end}",
                f"{mark}{row}:{end_mark}{end}",
                f"{first}:{last}",
            ]
        )
    )


_plain = st.sampled_from(
    [
        *('"A20"', '"""B15"', "5", "1.5E+3", "TRUE", "{1,2;3,4}", "#REF!", "#N/A", "LOG10(7)"),
        *("xp.指标.得分", "A15B", "R1C1", "Q1销售", "T[A15]", "T[[#This Row],[A15]]"),
    ]
)
_formulas = st.recursive(
    _reference_texts() | _plain,
    lambda inner: st.one_of(
        st.builds("{}{}{}".format, inner, st.sampled_from("+-*/^&=<>, "), inner).map(
            lambda text: f"({text})"
        ),
        st.builds(
            "{}({})".format,
            st.sampled_from(["SUM", "LOG10", "_xlfn.XLOOKUP", "ATAN2", "if"]),
            st.lists(inner, max_size=3).map(",".join),
        ),
    ),
    max_leaves=8,
)


@given(_formulas)
def test_nothing_but_references_changes(formula: str) -> None:
    assert rewrite(formula, lambda reference: reference.text) == formula
    pieces, at = [], 0
    for found in references(formula):
        pieces.append(formula[at : found.start])
        at = found.end
    pieces.append(formula[at:])
    here = RowShift("S", SHEETS, 15, 24, 33).formula(formula, BELOW)
    for piece in pieces:
        start = here.find(piece)
        assert start >= 0
        here = here[start + len(piece) :]


@given(_formulas, st.integers(2, 40), st.integers(1, 30), st.integers(1, 300))
def test_rows_that_come_and_go_again_leave_no_trace(
    formula: str, first: int, height: int, added: int
) -> None:
    last = first + height
    grown = RowShift("S", SHEETS, first, last, height + 1 + added)
    shrunk = RowShift("S", SHEETS, first, last + added, height + 1)
    assert shrunk.formula(grown.formula(formula, BELOW), BELOW) == formula


@given(_formulas, st.integers(0, 50), st.integers(0, 50))
def test_copies_add_up(formula: str, one: int, other: int) -> None:
    assert moved(moved(formula, one, 0), other, 0) == moved(formula, one + other, 0)


@given(st.text(alphabet="A1$:!'\"[]#(),.B2 \\表", max_size=30))
def test_any_text_is_taken_for_what_it_is(text: str) -> None:
    assert rewrite(text, lambda reference: reference.text) == text
    assert "".join(text[found.start : found.end] for found in references(text)) == "".join(
        found.text for found in references(text)
    )
