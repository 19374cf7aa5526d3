"""Looks of cells as openpyxl reads them too, and room for text as LibreOffice measures it."""

import io
import math
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from xlperf.ooxml.package import Package
from xlperf.ooxml.styles import CellFormat, Styles, wrapped_height
from xlperf.ooxml.workbook import Workbook

CASES = Path(__file__).parent / "cases" / "row_heights.txt"
_NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'

_LOOKS: list[dict[str, Any]] = [
    {},
    {"font_name": "宋体", "font_size": 10.5, "bold": True},
    {"text_wrap": True, "align": "center", "valign": "vcenter"},
    {"align": "left", "indent": 2, "valign": "top"},
    {"shrink": True, "locked": False},
    {"num_format": '"（"0"年度）"', "align": "distributed"},
    {"num_format": 4},
    {"num_format": 14, "locked": True},
    {"num_format": 31},
    {"num_format": "_ * #,##0.00_ ;_ * -#,##0.00_ "},
]


def _styles(data: bytes) -> Styles:
    package = Package.open(data)
    return Styles.open(package, Workbook.open(package).styles)


def _from_xml(content: str) -> Styles:
    part = f"<styleSheet {_NAMESPACE}>{content}</styleSheet>".encode()
    return Styles.open(Package({}).replace({"xl/styles.xml": part}), "xl/styles.xml")


def test_formats_are_those_that_openpyxl_reads() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet("S")
        for row, look in enumerate(_LOOKS):
            sheet.write(row, 0, 1, book.add_format(look))
    styles = _styles(buffer.getvalue())
    for row, (cell,) in enumerate(openpyxl.load_workbook(buffer)["S"]["A1:A10"]):
        found = styles[cell.style_id]
        assert found.font_size == cell.font.sz
        assert found.wrap == bool(cell.alignment.wrap_text)
        assert found.locked == cell.protection.locked
        if cell.number_format != "mm-dd-yy" and "num_format" in _LOOKS[row]:
            assert found.number_format in (cell.number_format, 'yyyy"年"m"月"d"日"')


def test_built_in_number_formats_are_chinese() -> None:
    xfs = "".join(f'<xf numFmtId="{number}"/>' for number in (14, 31, 43, 57, 163))
    styles = _from_xml(f"<cellXfs>{xfs}</cellXfs>")
    assert [styles[i].number_format for i in range(5)] == [
        "yyyy/m/d",
        'yyyy"年"m"月"d"日"',
        '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ',
        'yyyy"年"m"月"',
        "General",
    ]


def test_a_written_code_goes_before_a_built_in_one() -> None:
    styles = _from_xml(
        '<numFmts><numFmt numFmtId="43" formatCode="0.0"/></numFmts>'
        '<cellXfs><xf numFmtId="43"/></cellXfs>'
    )
    assert styles[0].number_format == "0.0"


def test_what_is_missing_or_broken_gives_defaults() -> None:
    nothing = Styles.open(Package({}), None)
    assert nothing[0] == nothing[99] == nothing[-1] == CellFormat()
    assert nothing.max_digit_width == 7
    assert Styles.open(Package({}), "xl/gone.xml")[0] == CellFormat()
    broken = _from_xml(
        '<fonts><font><sz val="x"/><b val="0"/></font></fonts>'
        '<cellXfs><xf numFmtId="?" fontId="7"/><xf fontId="0"><protection/></xf></cellXfs>'
    )
    assert broken[0] == broken[1] == broken[2] == CellFormat()


def test_columns_are_counted_in_the_font_of_normal() -> None:
    styles = _from_xml(
        '<fonts><font><sz val="20"/><name val="黑体"/></font>'
        '<font><sz val="11"/><name val="宋体"/></font></fonts>'
        '<cellStyleXfs><xf fontId="0"/><xf fontId="1"/></cellStyleXfs>'
        '<cellStyles><cellStyle name="a" xfId="0"/>'
        '<cellStyle name="常规" xfId="1" builtinId="0"/></cellStyles>'
    )
    assert styles.max_digit_width == 8  # of 黑体 20 it would be 14


@pytest.mark.parametrize(
    ("font", "size", "digit"),
    [
        ("Calibri", 11, 7),
        ("Arial", 10, 7),
        ("宋体", 9, 6),
        ("宋体", 10, 7),
        ("宋体", 11, 8),
        ("宋体", 12, 8),
    ],
)
def test_width_of_a_digit_as_excel_has_it(font: str, size: float, digit: int) -> None:
    fonts = f'<fonts><font><sz val="{size}"/><name val="{font}"/></font></fonts>'
    assert _from_xml(fonts).max_digit_width == digit


@pytest.mark.parametrize(
    ("width", "pixels"), [(9.140625, 64), (10.7109375, 75), (0, 0), (255, 1785)]
)
def test_pixels_of_a_column(width: float, pixels: int) -> None:
    styles = Styles.open(Package({}), None)
    assert styles.column_pixels(width) == pixels
    assert styles.column_points(width) == pixels * 0.75


def _measured() -> list[tuple[str, float, float, float]]:
    lines = CASES.read_text("utf-8").splitlines()
    fields = (line.split(" | ", 3) for line in lines if line and not line.startswith("//"))
    return [(t.replace("⏎", "\n"), float(w), float(s), float(h)) for w, s, h, t in fields]


@pytest.mark.parametrize(("text", "width", "size", "needed"), _measured())
def test_rows_are_high_enough(text: str, width: float, size: float, needed: float) -> None:
    height = wrapped_height(text, width, size)
    line = 1.45 * size
    assert height >= needed
    assert height <= needed + line * 1.3 + needed * 0.25


def test_rows_are_not_much_higher_than_needed() -> None:
    spare = [
        (wrapped_height(text, width, size) - needed) / size / 1.45
        for text, width, size, needed in _measured()
    ]
    assert sum(spare) / len(spare) < 0.6


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", 1),
        ("十个全角字符正好一行", 1),
        ("十一个全角字符要占两行", 2),
        ("一\n二\n\n四", 4),
        ("十个全角字符逗号后面，", 2),
        ("逗号不能在行首要占两行，因此第一行少一个字", 3),
        ("十个全角字符加空格行 ", 1),
        ("一二三四五六七八九 internationalization", 3),
        ("Word by word it is broken", 2),
    ],
)
def test_lines_break_where_they_may(text: str, lines: int) -> None:
    size = 10.0
    ten = 4 + 10 * size * 1.055 + 0.1
    single = wrapped_height("一", ten, size)
    height = wrapped_height(text, ten, size)
    assert round((height - single) / (1.45 * size)) + 1 == lines


@given(st.text(max_size=80), st.floats(5, 600), st.floats(6, 30))
def test_more_text_is_never_lower_and_every_height_prints(
    text: str, width: float, size: float
) -> None:
    height = wrapped_height(text, width, size)
    assert height >= wrapped_height("", width, size) > size
    assert math.isclose(height / 0.75, round(height / 0.75))
    assert wrapped_height(f"{text}\n{text}", width, size) > height
    assert height <= (len(text) + 1) * (2 * size + 2)
