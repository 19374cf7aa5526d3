"""What is written into cells, read back by two other programs and by the schema's own validator."""

import datetime
import io
import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import python_calamine
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.libreoffice import LibreOffice
from tests.oracles.openxml import Error
from xlperf.ooxml.number_format import display
from xlperf.ooxml.package import Package
from xlperf.ooxml.values import (
    CellValueError,
    CellWriter,
    date_serial,
    escape,
    sheet_name_problem,
    unescape,
)

_SHEET = "xl/worksheets/sheet1.xml"
_NAMESPACE = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _workbook(cells: Sequence[bytes]) -> bytes:
    """A workbook with these cells below each other in column A; style 1 shows dates."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        look = book.add_format({"num_format": "yyyy-mm-dd"})
        book.add_worksheet("S").write_blank(0, 0, None, look)
    rows = (b'<row r="%d">%s</row>' % (i, cell) for i, cell in enumerate(cells, 1))
    xml = b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>'
    package = Package.open(buffer.getvalue())
    return package.replace({_SHEET: xml % (_NAMESPACE, b"".join(rows))}).to_bytes()


def _texts(texts: Sequence[str]) -> bytes:
    return _workbook([CellWriter(f"A{i}", 0).text(text) for i, text in enumerate(texts, 1)])


def _openpyxl(data: bytes, *, formulas: bool = False) -> list[object]:
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=not formulas)
    return [row[0].value for row in book["S"].iter_rows(max_col=1)]


def _calamine(data: bytes) -> list[object]:
    book = python_calamine.load_workbook(io.BytesIO(data))
    return [row[0] for row in book.get_sheet_by_index(0).to_python(skip_empty_area=False)]


_ANY = st.text(st.characters(exclude_categories=()), min_size=1)
_TRICKY = st.lists(
    st.sampled_from(
        [
            "_", "x", "x0041", "_x0041_", "_x005F", "005F", "\x00", "\x1f", "\r", "\n", "\t", " ",
            "\ud83d", "\udc00", "\ufffe", "&", "<", ">", "]]>", "\"'", "=", "中", "😀", "\u3000",
        ]
    ),
    min_size=1,
).map("".join)  # fmt: skip


@given(_ANY | _TRICKY)
def test_every_text_survives_escaping(text: str) -> None:
    written = escape(text)
    plain = written.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert unescape(plain) == text.replace("\r\n", "\n")
    assert plain.encode()
    assert not {"<", "\x00", "\r", "\ufffe"} & set(written)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a\x01b", "a_x0001_b"),
        ("_x0041_", "_x005F_x0041_"),
        ("_x0041", "_x0041"),
        ("_X0041_", "_X0041_"),
        ("_x0041\x01", "_x005F_x0041_x0001_"),
        ("_x0041_x0042_", "_x005F_x0041_x005F_x0042_"),
        ("a\r\nb\rc", "a\nb_x000D_c"),
        ("\ud800", "_xD800_"),
        ("\uffff", "_xFFFF_"),
        ("A & B <C>", "A &amp; B &lt;C&gt;"),
        ("😀\x7f\u2028", "😀\x7f\u2028"),
    ],
)
def test_escapes_as_excel_does(text: str, written: str) -> None:
    assert escape(text) == written


@given(st.lists(_ANY | _TRICKY, min_size=1, max_size=20))
def test_openpyxl_reads_the_text_back(texts: list[str]) -> None:
    expected = [text.replace("\r\n", "\n") for text in texts]
    # openpyxl leaves `_xHHHH_` in inline strings as it is.
    assert [unescape(str(value)) for value in _openpyxl(_texts(texts))] == expected


@given(st.lists(_TRICKY, min_size=1, max_size=20))
def test_calamine_reads_the_text_back(texts: list[str]) -> None:
    # calamine cannot hold what UTF-8 cannot.
    texts = [text.translate(dict.fromkeys([0xD83D, 0xDC00, 0xFFFE])) or "-" for text in texts]
    assert _calamine(_texts(texts)) == [text.replace("\r\n", "\n") for text in texts]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "00123", "1E5", "TRUE", "#N/A"])
def test_text_stays_text(text: str) -> None:
    data = _texts([text])
    assert _openpyxl(data, formulas=True) == [text]
    assert openpyxl.load_workbook(io.BytesIO(data))["S"]["A1"].data_type != "f"


def test_no_text_is_a_blank_cell() -> None:
    assert CellWriter("B2", 3).text("") == CellWriter("B2", 3).blank == b'<c r="B2" s="3"/>'


def test_spaces_and_lines_are_kept() -> None:
    texts = [" a", "a ", "a\nb", "\n", "\ta", "a  b"]
    assert _openpyxl(_texts(texts)) == texts
    assert b"preserve" not in CellWriter("A1", 0).text("a b")


@pytest.mark.parametrize("character", ["中", "😀", "\x01"])
def test_text_is_never_cut(character: str) -> None:
    units = 2 if character == "😀" else 1
    longest = character * (32767 // units)
    assert len(unescape(_openpyxl(_texts([longest]))[0])) == len(longest)  # type: ignore[arg-type]
    with pytest.raises(CellValueError, match="C7") as caught:
        CellWriter("C7", 0).text(longest + character)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "F111"
    assert diagnostic.place.cell == "C7"
    assert "32767" in diagnostic.text("zh")


@given(st.floats(-9.9e307, 9.9e307).filter(lambda x: not 0 < abs(x) < 1e-307))
def test_floats_come_back_exactly(number: float) -> None:
    assert float(_calamine(_workbook([CellWriter("A1", 0).number(number)]))[0]) == number  # type: ignore[arg-type]


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.integers(-290, 290))
def test_decimals_come_back_exactly(digits: int, exponent: int) -> None:
    number = Decimal(digits).scaleb(exponent)
    cell = CellWriter("A1", 0).number(number)
    assert Decimal(cell.decode().split("<v>")[1].split("</v>")[0]) == number
    assert Decimal(f"{float(_calamine(_workbook([cell]))[0]):.15g}") == number  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (Decimal("1980298.62"), "1980298.62"),
        (Decimal("58.500"), "58.5"),
        (Decimal("1600000"), "1600000"),
        (Decimal("1E+6"), "1000000"),
        (Decimal("100.00"), "100"),
        (Decimal("-0.00"), "0"),
        (Decimal("1.5E+30"), "1.5E+30"),
        (Decimal("123456789012345000000000"), "1.23456789012345E+23"),
        (Decimal("1E-25"), "1E-25"),
        (95.123456, "95.123456"),
        (5.0, "5"),
        (-0.0, "0"),
        (1e22, "1E+22"),
        (0.1 + 0.2, "0.30000000000000004"),
        (42, "42"),
    ],
)
def test_numbers_are_written_with_the_digits_they_have(
    number: Decimal | float, written: str
) -> None:
    assert CellWriter("A1", 2).number(number) == f'<c r="A1" s="2"><v>{written}</v></c>'.encode()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (math.nan, "F112"),
        (-math.inf, "F112"),
        (1.1e308, "F112"),
        (5e-324, "F112"),
        (Decimal("NaN"), "F112"),
        (Decimal("sNaN"), "F112"),
        (Decimal("-Infinity"), "F112"),
        (Decimal("1E+308"), "F112"),
        (Decimal("1E-400"), "F112"),
        (Decimal("1234567890.123456"), "F113"),
        (Decimal("1234567890123456"), "F113"),
        (1234567890123456, "F113"),
    ],
)
def test_numbers_that_would_lose_something_are_refused(number: Decimal | float, code: str) -> None:
    with pytest.raises(CellValueError) as caught:
        CellWriter("D4", 0).number(number)
    assert [(d.code, d.place.cell) for d in caught.value.diagnostics] == [(code, "D4")]


_DAYS = [
    datetime.date(1900, 1, 1),
    datetime.date(1900, 2, 28),
    datetime.date(1900, 3, 1),
    datetime.date(2024, 2, 5),
    datetime.date(9999, 12, 31),
]


@pytest.mark.parametrize("day", _DAYS)
def test_dates_come_back(day: datetime.date) -> None:
    serial = date_serial(day)
    assert display(serial, "yyyy-mm-dd", date1904=False) == day.isoformat()
    if serial > 60:  # openpyxl moves the first two months of 1900 and takes day 0 for an hour
        midnight = datetime.datetime.combine(day, datetime.time())
        assert _openpyxl(_workbook([CellWriter("A1", 1).number(serial)])) == [midnight]


def test_days_before_the_calendar_have_no_number() -> None:
    with pytest.raises(ValueError, match="1899-12-31"):
        date_serial(datetime.date(1899, 12, 31))


_FORMULAS: list[tuple[str, Decimal | float | str | bool | None, bool, object]] = [
    ("1+1", Decimal(2), False, 2),
    ("A1/3", 0.1, False, 0.1),
    ('IF(A1<2,"<&>"," x")', " x", False, " x"),
    ('""', "", False, None),
    ("A1>1", True, False, True),
    ("1/0", "#DIV/0!", True, "#DIV/0!"),
    ("A1", None, False, None),
]


def test_formulas_carry_their_values() -> None:
    cells = [
        CellWriter(f"A{i}", 0).formula(text, cached, error=error)
        for i, (text, cached, error, _) in enumerate(_FORMULAS, 1)
    ]
    data = _workbook(cells)
    assert _openpyxl(data, formulas=True) == [f"={text}" for text, *_ in _FORMULAS]
    assert _openpyxl(data) == [value for *_, value in _FORMULAS]
    assert b"<v>" not in cells[-1]


def test_a_formula_that_is_too_long_is_refused() -> None:
    with pytest.raises(CellValueError, match="8193"):
        CellWriter("A1", 0).formula("1+" * 4096 + "1", None)
    with pytest.raises(CellValueError, match="32768"):
        CellWriter("A1", 0).formula("A1", "x" * 32768)


def test_every_kind_of_cell_is_valid(
    openxml: Callable[[Iterable[Path]], dict[Path, list[Error]]], tmp_path: Path
) -> None:
    kinds: list[Callable[[str], bytes]] = [
        lambda ref: CellWriter(ref, 0).blank,
        lambda ref: CellWriter(ref, 0).text(" 甲\n_x0041_\x01&<>\ud800 "),
        lambda ref: CellWriter(ref, 0).number(Decimal("1.5E-30")),
        *(
            lambda ref, t=text, c=cached, e=error: CellWriter(ref, 0).formula(t, c, error=e)
            for text, cached, error, _ in _FORMULAS
        ),
    ]
    path = tmp_path / "kinds.xlsx"
    path.write_bytes(_workbook([cell(f"A{i}") for i, cell in enumerate(kinds, 1)]))
    assert openxml([path])[path] == []


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("", "空"),
        ("一" * 32, "32"),
        ("😀" * 16, "32"),
        ("a/b", "“/”"),
        ("a\\b", "“\\”"),
        ("a:b", "“:”"),
        ("[a", "“[”"),
        ("a]", "“]”"),
        ("a*", "“*”"),
        ("a?", "“?”"),
        ("a\nb", "U+000A"),
        ("a\x00", "U+0000"),
        ("'a", "单引号"),
        ("a'", "单引号"),
        ("History", "保留"),
        ("HISTORY", "保留"),
    ],
)
def test_sheet_names_that_excel_refuses(name: str, flaw: str) -> None:
    problem = sheet_name_problem(name)
    assert problem is not None
    assert flaw in problem.text("zh")
    assert problem.text("en").isprintable()


@pytest.mark.parametrize(
    "name", ["一" * 31, "01_公租房维修", "a'b", " ", "History1", "（一）", "a／b", "1", "A1"]
)
def test_sheet_names_that_excel_takes(name: str) -> None:
    assert sheet_name_problem(name) is None


def test_libreoffice_reads_the_cached_text(libreoffice: LibreOffice, tmp_path: Path) -> None:
    """Text and numbers that formulas refer to arrive as they were written."""
    texts = ["=1+1", " a ", "a\nb", "_x0041_", "007"]
    cells = [CellWriter(f"A{i}", 0).text(text) for i, text in enumerate(texts, 1)]
    cells = [
        cell + CellWriter(f"B{i}", 0).formula(f'A{i}&""', None) for i, cell in enumerate(cells, 1)
    ]
    path = tmp_path / "texts.xlsx"
    path.write_bytes(_workbook(cells))
    values = libreoffice.recalculate([path])[path]["S"]
    assert [values[f"B{i}"] for i in range(1, len(texts) + 1)] == texts
