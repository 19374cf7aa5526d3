"""Rows that were seen before: whatever comes, `read_sheet` would have said the same."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ooxml.hard_workbook import hard_workbook
from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.known_rows import read_known_sheet
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.sheet import read_sheet, read_strings
from xlperf.ooxml.workbook import Workbook
from xlperf.resources import shipped_templates

STRINGS = ("项目", "a\nb", "=1")
SHEET = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:x="urn:x">\
<sheetFormatPr defaultRowHeight="13.5"/><cols><col min="1" max="2" width="9"/></cols><sheetData>\
<row r="1" ht="36" x:y="1"><c r="A1" s="1" t="s"><v>0</v></c><c r="B1" s="2"/></row>\
<row r="2"><c r="A2" t="inlineStr"><is><t xml:space="preserve"> 甲 &amp; 乙</t></is></c>\
<c r="B2"><v>1.5</v></c><c r="C2"><f>B2*2</f><v>3</v></c><c r="D2" t="b"><v>1</v></c></row>\
<row r="3"><c r="A3"><f t="shared" si="0" ref="A3:A4">B2+1</f><v>2.5</v></c>\
<c r="B3" t="e"><v>#DIV/0!</v></c><c r="C3" t="str"><f>"x"</f><v>x_x0041_</v></c></row>\
<row r="4"><c r="A4"><f t="shared" si="0"/><v>1</v></c></row><row r="5" ht="20"/>\
</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells></worksheet>"""

# What stands in the sheet, and what another workbook has there.
CHANGES = {
    "another number": ("1.5", "2.25"),
    "no value": ("<v>1.5</v>", ""),
    "an empty value": ("<v>1.5</v>", "<v></v>"),
    "a closed value": ("<v>1.5</v>", "<v/>"),
    "no number": ("1.5", "eins"),
    "an endless number": ("1.5", "1e999"),
    "another string": ("<v>0</v>", "<v>2</v>"),
    "no such string": ("<v>0</v>", "<v>3</v>"),
    "a string below the first": ("<v>0</v>", "<v>-1</v>"),
    "another text": ("甲", "丙_x000A_"),
    "five entities": ("甲", "&lt;&gt;&quot;&apos;&amp;amp;"),
    "a character by its number": ("甲", "&#30002;"),
    "no such entity": ("甲", "&nbsp;"),
    "a bare ampersand": ("&amp;", "&"),
    "a character that XML has not": ("甲", "\x08"),
    "no character": ("甲", "\ufffe"),
    "a carriage return": ("甲", "甲\r\n乙"),
    "the end of a section in a text": ("甲", "]]>"),
    "a section": ("甲", "<![CDATA[</t>]]>"),
    "a comment in a text": ("甲", "甲<!-- <v>7</v> -->"),
    "a comment around a row": ('<row r="2">', '<!-- <row r="9"> --><row r="2">'),
    "an instruction": ("</row>", "</row><?x <v>1</v>?>"),
    "a document type": ("<worksheet", '<!DOCTYPE x [<!ENTITY a "b">]><worksheet'),
    "another encoding": ('"UTF-8"', '"gb18030"'),
    "no encoding": (' encoding="UTF-8" standalone="yes"', ""),
    "no declaration": ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n', ""),
    "text in runs": (
        '<t xml:space="preserve"> 甲 &amp; 乙</t>',
        "<r><t>甲</t></r><r><rPr><b/></rPr><t>乙</t></r>",
    ),
    "a text with another attribute": (' xml:space="preserve"', ' x:z="<"'),
    "a text of an unknown kind": ('t="inlineStr"', 't="s"'),
    "two values": ("<v>1.5</v>", "<v>1.5</v><v>2</v>"),
    "a text beside the value": ("<v>1.5</v>", "<is><t>1</t></is><v>1.5</v>"),
    "a text before a number": ("</is></c>", "</is><v>1</v></c>"),
    "an element in a value": ("<v>1.5</v>", "<v>1.5<x:b/></v>"),
    "a value outside the cells": ("</row>", "<v>7</v></row>"),
    "a value outside the rows": ("</mergeCells>", "</mergeCells><v>7</v>"),
    "a value that is not closed": ("<v>1.5</v>", "<v>1.5</t>"),
    "a cell without address": ('<c r="B2">', "<c>"),
    "a row without number": ('<row r="2">', "<row>"),
    "a closed row without number": ('<row r="5" ht="20"/>', '<row ht="20"/>'),
    "a closed row of no number": ('<row r="5" ht="20"/>', '<row r="" ht="20"/>'),
    "a row beyond the sheet": ('<row r="2">', '<row r="1048577">'),
    "no address": ('r="B2"', 'r="2B"'),
    "a style that is none": ('s="2"', 's="two"'),
    "a row within a row": ("</row>", '<row r="8"></row></row>'),
    "rows that cross": ("</row>", '<row r="8"><c r="A8"></row></c></row>'),
    "a row of another vocabulary": ('<row r="2">', '<row xmlns="urn:x" r="2">'),
    "a prefix that is not declared": (' xmlns:x="urn:x"', ""),
    "another vocabulary": ("2006/main", "2007/main"),
    "two lists of rows": ("</row>", "</row></sheetData><sheetData>"),
    "a row that is cut off": ('<row r="5" ht="20"/>', '<row r="5" ht="20"'),
    "closed rows between": ('<row r="3">', '<row r="7" ht="9"/><row r="3">'),
    "no rows": (SHEET[SHEET.index("<row") : SHEET.index("</sheetData>")], ""),
    "no shared formula": (' ref="A3:A4">B2+1</f>', "/>"),
    "another shared formula": ("B2+1", "$B2+C2"),
    "settings of a formula": ("<f>B2*2", '<f ca="1">B2*2'),
    "another formula": ("B2*2", "IF(B2&gt;1,2,3)"),
    "a formula that is too long": ("B2*2", "1+" * 20_000 + "1"),
    "other merged areas": ('ref="A1:B1"', 'ref="B3:C9"'),
    "no area": ('ref="A1:B1"', 'ref="A1-B1"'),
    "a height that is none": ('ht="36"', 'ht="tall"'),
    "another namespace prefix": ("xmlns=", "xmlns:m="),
}


def outcome(read, xml: bytes, limits: Limits = DEFAULT) -> object:
    """The sheet with its cells in order, or the codes of what is wrong."""
    try:
        sheet = read(xml, "xl/worksheets/sheet1.xml", STRINGS, limits)
    except WorkbookError as error:
        return [diagnostic.code for diagnostic in error.diagnostics]
    return sheet, list(sheet.cells)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_sheet_that_departs_from_one_seen_before_is_read_as_ever(change: tuple[str, str]) -> None:
    changed = SHEET.replace(*change, 1)
    assert changed != SHEET
    for xml in (SHEET, changed, SHEET, changed):
        data = xml.encode()
        assert outcome(read_known_sheet, data) == outcome(read_sheet, data)


@pytest.mark.parametrize("code", ["utf-8-sig", "utf-16", "gb18030"])
def test_other_encodings_are_read_as_ever(code: str) -> None:
    data = SHEET.replace("UTF-8", code.removesuffix("-sig")).encode(code)
    assert outcome(read_known_sheet, data) == outcome(read_sheet, data)


def test_limits_hold_for_what_was_seen_before() -> None:
    data = SHEET.encode()
    outcome(read_known_sheet, data)
    marks = data.count(b"<") + data.count(b"=")
    assert outcome(read_known_sheet, data, Limits(marks=marks - 1)) == ["W138"]
    merged = SHEET.replace("</mergeCell", '<mergeCell ref="A3:A4"/></mergeCell').encode()
    assert outcome(read_known_sheet, merged, Limits(merges=1)) == ["W139"]


TOKENS = st.sampled_from(
    [
        "<v>",
        "</v>",
        "</row>",
        '<row r="9">',
        '<c r="Z9"/>',
        "&",
        "<",
        ">",
        '"',
        "1",
        "<!---->",
        "\x01",
    ]
)


@given(st.integers(0, len(SHEET)), st.integers(0, 12), TOKENS, st.integers(0, 2))
def test_whatever_is_cut_out_or_put_in(at: int, cut: int, token: str, times: int) -> None:
    outcome(read_known_sheet, SHEET.encode())
    data = (SHEET[:at] + token * times + SHEET[at + cut :]).encode()
    assert outcome(read_known_sheet, data) == outcome(read_sheet, data)


def sheets(data: bytes) -> Iterator[tuple[bytes, str, tuple[str, ...]]]:
    package = Package.open(data)
    workbook = Workbook.open(package)
    strings = read_strings(package, workbook.shared_strings)
    for sheet in workbook.sheets:
        yield package.read(sheet.part), sheet.part, strings


FORMS = {path.stem: path.read_bytes for path in shipped_templates()}


@pytest.mark.parametrize("name", [*FORMS, "hard"])
def test_every_sheet_of_the_forms_is_read_alike(name: str) -> None:
    data = FORMS[name]() if name in FORMS else hard_workbook(10)
    for xml, part, strings in sheets(data):
        expected = read_sheet(xml, part, strings)
        for _ in range(2):
            sheet = read_known_sheet(xml, part, strings)
            assert sheet == expected
            assert list(sheet.cells) == list(expected.cells)
