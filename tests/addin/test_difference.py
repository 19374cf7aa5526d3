"""What is typed stays what it is, rectangles hold what they must, pages show what is written."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.addin.workbooks import FORMS, SCORED
from xlperf.addin.actions import (
    AddSheet,
    InsertRows,
    Merge,
    Plan,
    RemoveRows,
    RenameSheet,
    SetCells,
    SetColour,
    SetName,
    SetNote,
    plan_as_json,
    plan_of_json,
)
from xlperf.addin.commands import BUTTONS
from xlperf.addin.difference import addresses, difference, rectangles, typed, typed_text
from xlperf.addin.page import html_page
from xlperf.ooxml.address import Area
from xlperf.ooxml.sheet import Cell

DOCS = Path(__file__).parents[2] / "docs"

TYPED = {
    "plain text": (Cell("通过测评"), "", "通过测评"),
    "a percentage as text": (Cell("95%"), "", "'95%"),
    "a date as text": (Cell("2025年12月31日"), "", "'2025年12月31日"),
    "digits that would be lost": (Cell("520000199001011234"), "", "'520000199001011234"),
    "full-width digits": (Cell("１２"), "", "'１２"),
    "no formula": (Cell("=1+1"), "", "'=1+1"),
    "a comparator": (Cell("＝通过"), "", "'＝通过"),
    "a truth in words": (Cell("True"), "", "'True"),
    "text in a text cell": (Cell("95%"), "@", "95%"),
    "an apostrophe": (Cell("'单引号"), "@", "''单引号"),
    "a number": (Cell(0.95), "", 0.95),
    "a truth": (Cell(True), "", True),
    "an error": (Cell("#N/A", error=True), "", "#N/A"),
    "a formula": (Cell(3.0, formula="SUM(A1:A2)"), "", "=SUM(A1:A2)"),
    "empty text": (Cell(""), "", None),
    "a blank": (Cell(None), "", None),
    "nothing": (None, "", None),
}


@pytest.mark.parametrize(("cell", "number_format", "expected"), TYPED.values(), ids=TYPED)
def test_what_is_typed_stays_what_it_is(cell, number_format, expected):
    assert typed(cell, number_format) == expected


@given(st.text(min_size=1))
def test_text_is_typed_as_text(text):
    found = typed_text(text)
    assert found in (text, "'" + text)
    if found == text:
        assert text[0] not in "=+-@'"
        assert not re.search(r"\d", text)


positions = st.tuples(st.integers(1, 8), st.integers(1, 8))


@given(st.sets(positions), st.sets(positions))
def test_rectangles_hold_all_cells_and_no_harmful_one(cells, harmful):
    found = list(rectangles(cells, lambda at: at in cells or at not in harmful))
    covered = [at for area in found for at in area.cells()]
    assert len(covered) == len(set(covered))
    assert cells <= set(covered)
    assert not (set(covered) - cells) & harmful


@given(st.integers(1, 30), st.integers(1, 30))
def test_a_full_rectangle_is_one(rows, columns):
    area = Area(2, 3, 1 + rows, 2 + columns)
    cells = set(area.cells())
    assert list(rectangles(cells, cells.__contains__)) == [area]


def test_addresses_are_as_short_as_excel_wants_them():
    cells = [f"B{row}" for row in range(1, 500)]
    joined = list(addresses(cells))
    assert ",".join(joined).split(",") == cells
    assert max(map(len, joined)) <= 255


def test_a_plan_survives_its_file():
    plan = Plan(
        (
            RenameSheet("一", "二"),
            InsertRows("二", 3, 2),
            RemoveRows("二", 9, 1),
            AddSheet("三", (1.5,)),
        ),
        (
            SetCells("二", 1, 2, ((1.5, "'x", None), (True, "=A1", "文"))),
            Merge("二", "A1:B2", across=True),
            SetName("xp.年度", None, "二"),
            SetColour("二", "A1,B2", None),
        ),
        (SetNote("二", "A1", "批注"),),
    )
    assert plan_of_json(plan_as_json(plan)) == plan
    assert plan.inverse.inverse == plan


@pytest.mark.parametrize("form", FORMS)
def test_a_workbook_does_not_differ_from_itself(form, filled):
    data = filled[form][0].read_bytes()
    assert not difference(data, data)


def test_a_plan_back_is_the_plan_the_other_way(filled):
    one, other = (filled[SCORED][n].read_bytes() for n in (0, 1))
    assert difference(one, other).inverse == difference(other, one)


# ---------------------------------------------------------------------------------- the page


@pytest.mark.parametrize("name", ["staff.md", "staff.en.md"])
def test_the_page_for_staff_tells_of_every_button(name):
    page = (DOCS / name).read_text("utf-8")
    rows = re.findall(r"(?m)^\| \*\*(.+?)\*\* (?:\(.*?\) )?\|", page)
    assert rows == [button.label for button in BUTTONS]


@pytest.mark.parametrize(("name", "pictures"), [("staff.md", 4), ("staff.en.md", 2)])
def test_the_page_becomes_html_with_nothing_left_of_the_markdown(name, pictures):
    page = html_page((DOCS / name).read_text("utf-8"), DOCS, "zh")
    body = page.partition("<body>")[2]
    assert not re.search(r"\*\*|`|!\[|\]\(|^\||^#|^- ", body, re.MULTILINE)
    assert body.count("<img") == pictures
    assert body.count("<td>") > 20
    assert DOCS.resolve().as_uri() in page


def test_html_is_escaped():
    assert "<b>x &lt;y&gt; &amp; z</b>" in html_page("# t\n\n**x <y> & z**", DOCS, "zh")
