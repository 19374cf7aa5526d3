"""Formula cells are found, and given values, however a worksheet part is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlperf.diagnostic import WorkbookError
from xlperf.expr import ExcelError
from xlperf.ooxml.formula_cells import FormulaSheet
from xlperf.ooxml.sheet_outline import Formula

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
USUAL = (
    f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1"><v>2</v></c>'
    '<c r="B1" s="3" t="str"><f>A1&amp;"&lt;"</f><v>old</v></c>'
    '<c r="C1"><f t="shared" si="0" ref="C1:C2">A1*2</f><v>4</v></c></row>'
    '<row r="2"><c r="A2" s="1"/><c r="C2"><f t="shared" si="0"/></c>'
    '<c r="D2" t="inlineStr"><is><t>文</t></is></c></row></sheetData></worksheet>'
)
UNUSUAL = {
    "comments": USUAL.replace("<row r=", "<!-- <c r='Z9'/> --><row r=", 1),
    "no addresses": USUAL.replace(' r="A1"', "").replace(' r="B1"', "").replace(' r="1"', ""),
    "order of attributes": USUAL.replace('<c r="B1" s="3"', '<c s="3" r="B1"'),
    "a prefix": USUAL.replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x="),
    "UTF-16": '<?xml version="1.0" encoding="UTF-16"?>' + USUAL,
}


def sheet(text: str) -> FormulaSheet:
    encoding = "utf-16" if "UTF-16" in text else "utf-8"
    return read(text.encode(encoding))


def read(xml: bytes) -> FormulaSheet:
    return FormulaSheet(xml, "sheet1.xml", tuple, ExcelError)


@pytest.mark.parametrize("text", [USUAL, *UNUSUAL.values()], ids=["usual", *UNUSUAL])
def test_every_way_of_writing_reads_the_same(text):
    found = sheet(text)
    assert found.formulas == {
        (1, 2): Formula('A1&"<"'),
        (1, 3): Formula("A1*2"),
        (2, 3): Formula("A2*2"),
    }
    assert found.keys(0) == [(0, 1, 2), (0, 1, 3), (0, 2, 3)]
    assert found.formula_values() == ["old", 4.0, None]
    assert found.value((1, 1)) == 2.0
    assert found.value((2, 1)) is None
    assert found.value((2, 4)) == "文"
    again = read(found.with_values([ExcelError("#N/A"), 4.0, 7.0], {}))
    assert again.formulas == found.formulas
    assert again.formula_values() == [ExcelError("#N/A"), 4.0, 7.0]
    assert again.value((1, 1)) == 2.0
    assert again.value((2, 4)) == "文"


def test_only_the_value_and_its_type_change():
    changed = sheet(USUAL).with_values([5.0, 4.0, 7.0], {}).decode()
    first = USUAL.replace(
        '<c r="B1" s="3" t="str"><f>A1&amp;"&lt;"</f><v>old</v></c>',
        '<c r="B1" s="3"><f>A1&amp;"&lt;"</f><v>5</v></c>',
    )
    assert changed == first.replace(
        '<c r="C2"><f t="shared" si="0"/></c>', '<c r="C2"><f t="shared" si="0"/><v>7</v></c>'
    )


def test_a_value_that_stands_already_leaves_the_bytes_alone():
    found = sheet(USUAL.replace('<c r="C2"><f t="shared" si="0"/></c>', ""))
    assert found.with_values(["old", 4.0], {}) is found.xml


@pytest.mark.parametrize(
    ("old", "new"), [('si="0"/>', 'si="9"/>'), ("<v>2</v>", "<v>two</v>"), ('"C2"', '"ZZZ2"')]
)
def test_damage_is_told(old, new):
    def look() -> object:
        broken = sheet(USUAL.replace(old, new))
        return broken.formulas, broken.value((1, 1))

    with pytest.raises(WorkbookError):
        look()


CELLS = st.lists(
    st.sampled_from(
        [
            '<c r="{}"><v>12.5</v></c>',
            '<c r="{}"><v >5</v></c>',
            '<c r="{}"><v xml:space="preserve"> 6 </v></c>',
            '<c r="{}"><v></v></c>',
            '<c r="{}"><v>1e3</v></c>',
            '<c r="{}"><v> 7</v></c>',
            '<c r="{}"><v/></c>',
            '<c r="{}" s="1"/>',
            '<c r="{}" t="b"><v>1</v></c>',
            '<c r="{}" t="e"><v>#N/A</v></c>',
            '<c r="{}" t="str"><v>8</v></c>',
            '<c r="{}" t="inlineStr"><is><t>9</t></is></c>',
        ]
    ),
    min_size=1,
    max_size=12,
)


@given(CELLS)
def test_many_cells_at_once_read_as_each_alone(cells):
    names = [f"{letter}1" for letter in "ABCDEFGHIJKL"[: len(cells)]]
    row = "".join(cell.format(name) for cell, name in zip(cells, names, strict=True))
    found = sheet(
        f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">{row}</row></sheetData></worksheet>'
    )
    together = found.values(tuple(name.encode() for name in names))
    assert together == [found.value((1, column)) for column in range(1, len(cells) + 1)]
