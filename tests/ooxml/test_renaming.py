"""A sheet under another name: whatever names it follows, and nothing else changes."""

import pytest

from tests.ooxml.hard_workbook import hard_workbook
from tests.ooxml.named_workbook import lines, under_the_name
from tests.ooxml.office_parts import PART, SHEET
from tests.ooxml.small_workbook import SHEET_PART, small_workbook
from xlperf.ooxml.package import Package
from xlperf.ooxml.renaming import Renaming, rename_sheet, spans, words
from xlperf.ooxml.workbook import Workbook

NAME = "项目 'a' b"


def test_a_workbook_reads_as_if_written_under_that_name() -> None:
    with under_the_name(NAME):
        expected = Package.open(hard_workbook(10))
    renamed = rename_sheet(Package.open(hard_workbook(10)), PART, NAME)
    assert list(renamed) == list(expected)
    # What stands in a text or in another workbook is not this sheet.
    for part in set(expected) - {"docProps/app.xml", "xl/externalLinks/externalLink1.xml"}:
        old = lines(expected, part)
        for form in ("[1]{}'!G25", "\"'{}'!B20\""):
            new, before = (form.format(name.replace("'", "''")) for name in (NAME, SHEET))
            old = old.replace(new, before)
        assert lines(renamed, part) == old, part


def test_parts_that_do_not_name_the_sheet_stay_the_same_bytes() -> None:
    package = small_workbook("<sheetData/>", other="<sheetData/>")
    renamed = rename_sheet(package, SHEET_PART, "甲")
    assert [sheet.name for sheet in Workbook.open(renamed).sheets] == ["甲", "O"]
    changed = [part for part in package if package.read(part) != renamed.read(part)]
    assert changed == ["xl/workbook.xml"]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("S!A1+s!A1+'S'!A1", "'a''b'!A1+'a''b'!A1+'a''b'!A1"),
        ("SUM(S:O!A1,'O:S'!B2)", "SUM('a''b:O'!A1,'O:a''b'!B2)"),
        ("A1:S!B2", "A1:'a''b'!B2"),
        ("[1]S!A1+'[1]S'!A1+'C:\\[x.xlsx]S'!A1", "[1]S!A1+'[1]S'!A1+'C:\\[x.xlsx]S'!A1"),
        ("[0]!S+S", "[0]!S+S"),
        ("SS!A1+'S S'!A1+S.S!A1+Sé!A1", "SS!A1+'S S'!A1+S.S!A1+Sé!A1"),
        ('"S!A1"&"""S!A1"', '"S!A1"&"""S!A1"'),
        ("明细[S!A1]+T[[#All],[S!]]", "新表[S!A1]+T[[#All],[S!]]"),
        ("明细[[#Totals],[明细]]+明细单!A1+明细(1)", "新表[[#Totals],[明细]]+明细单!A1+新表(1)"),
        ("#REF!+S!#REF!", "#REF!+'a''b'!#REF!"),
        ("", ""),
    ],
)
def test_names_in_formulas_follow(formula: str, expected: str) -> None:
    assert Renaming("S", "a'b", {"明细": "新表"}).formula(formula) == expected


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("[0]!范围+[0]!别的", "'a''b'!范围+[0]!别的"),
        ("[0]!明细[列]+范围", "[0]!新表[列]+范围"),
        ('INDIRECT("明细[列]")&"明细[列]"', 'INDIRECT("新表[列]")&"新表[列]"'),
        ('ROWS(INDIRECT("明细"))+INDIRECT("明细单")', 'ROWS(INDIRECT("新表"))+INDIRECT("明细单")'),
        ('HYPERLINK("#明细","明细")', 'HYPERLINK("#新表","新表")'),
        ('"明细[列]"', '"明细[列]"'),
        ("#S!A1", "#'a''b'!A1"),
    ],
)
def test_names_and_tables_that_become_those_of_the_sheet_follow(
    formula: str, expected: str
) -> None:
    renaming = Renaming("S", "a'b", {"明细": "新表"}, local={"范围"})
    assert renaming.formula(formula) == expected


def test_the_pivot_table_of_a_chart_follows() -> None:
    chart = (
        '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        "<c:pivotSource><c:name>[f.xlsx]{}!p</c:name></c:pivotSource></c:chartSpace>"
    )
    for sheet, expected in (("S", "a b"), ("O", "O")):
        parts = {"xl/charts/chart1.xml": (SHEET_PART, "chart", chart.format(sheet))}
        renamed = rename_sheet(small_workbook("<sheetData/>", parts=parts), SHEET_PART, "a b")
        name = renamed.xml("xl/charts/chart1.xml").findtext(".//{*}name")
        assert name == f"[f.xlsx]{expected}!p"


def test_sheets_and_names_are_found_in_formulas() -> None:
    formula = "SUM(Sheet1:'x'!A1,'a b:c d'!B2)+甲*明细[乙]+\"丙\"&O!丁&[1]S:T!A1+[0]!戊"
    assert list(spans(formula)) == [("a b", "c d")]
    assert {"甲", "明细", "丁", "sum", "戊"} <= words(formula)
    assert not {"乙", "丙"} & words(formula)
