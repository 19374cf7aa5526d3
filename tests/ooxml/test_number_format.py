"""What cells show, judged by LibreOffice and, where it differs, by what is known of Excel."""

import math
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.libreoffice import LibreOffice
from xlperf.ooxml.built_in_formats import BUILT_IN
from xlperf.ooxml.number_format import display, is_date_format

CASES = Path(__file__).parent / "cases" / "number_formats.txt"


class Case(NamedTuple):
    code: str
    value: float | str
    shown: str
    only_excel: str


def _cases() -> list[Case]:
    cases = []
    for line in CASES.read_text("utf-8").splitlines():
        if not line or line.startswith("//"):
            continue
        code, value, shown, only_excel = [*line.split(" | "), ""][:4]
        quoted = value.startswith('"')
        shown = shown.replace("(nothing)", "")
        cases.append(Case(code, value[1:-1] if quoted else float(value), shown, only_excel))
    return cases


@pytest.mark.parametrize("case", _cases(), ids=lambda c: f"{c.code} {c.value}")
def test_shows_what_excel_shows(case: Case) -> None:
    assert display(case.value, case.code).strip(" ") == case.shown


def test_libreoffice_shows_the_same(libreoffice: LibreOffice, tmp_path: Path) -> None:
    cases = [case for case in _cases() if not case.only_excel]
    path = tmp_path / "shown.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("S")
        for row, case in enumerate(cases):
            sheet.write(row, 0, case.value)
            code = case.code.replace('"', '""')
            sheet.write_formula(row, 1, f'=TEXT(A{row + 1},"{code}")')
    shown = libreoffice.recalculate([path])[path]["S"]
    differing = {
        (case.code, case.value): (case.shown, theirs)
        for row, case in enumerate(cases, 1)
        if str(theirs := shown[f"B{row}"]).strip(" ") != case.shown
    }
    assert len(cases) > 200
    assert differing == {}


@pytest.mark.parametrize(
    ("number", "value", "shown"),
    [
        (0, 12.5, "12.5"),
        (7, -1234.5, "¥-1,234.50"),
        (14, 46022, "2025/12/31"),
        (22, 46022.5, "2025/12/31 12:00"),
        (27, 46022, "2025年12月"),
        (30, 46022, "12-31-25"),
        (31, 46022, "2025年12月31日"),
        (33, 0.5, "12时00分00秒"),
        (34, 0.75, "下午6时00分"),
        (39, -1.5, "-1.50"),
        (41, -1234.5, "-1,235"),
        (42, 0, "¥-"),
        (43, 0, "-"),
        (44, 1234.5, "¥1,234.50"),
        (49, 5, "5"),
        (57, 46022, "2025年12月"),
        (58, 46022, "12月31日"),
    ],
)
def test_built_in_formats_are_those_of_chinese_excel(number: int, value: float, shown: str) -> None:
    assert display(value, BUILT_IN[number]) == shown


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (0, "yyyy/m/d", "1904/1/1"),
        (44560, "yyyy-mm-dd", "2025-12-31"),
        (44560, "aaaa", "星期三"),
        (-1, "yyyy/m/d", "-1904/1/2"),
        (-0.5, "[h]:mm", "-12:00"),
        (2957003, "yyyy/m/d", "9999/12/31"),
        (2957004, "yyyy/m/d", "########"),
    ],
)
def test_dates_of_the_1904_system(value: float, code: str, shown: str) -> None:
    assert display(value, code, date1904=True) == shown


@pytest.mark.parametrize("code", ["General", "0.00", "@", "yyyy/m/d"])
def test_truth_values_ignore_the_format(code: str) -> None:
    assert [display(True, code), display(False, code)] == ["TRUE", "FALSE"]


def test_a_decimal_is_shown_like_the_float() -> None:
    assert display(Decimal("1980298.625"), "#,##0.00") == "1,980,298.63"
    assert display(Decimal("1.00"), "General") == "1"
    assert display(Decimal("12345678901234567890"), "0") == "12345678901234600000"


@pytest.mark.parametrize("code", ["General", "0.00", "# ?/?", "0E+0", "yyyy/m/d", "0%" * 120])
def test_what_excel_cannot_hold_is_shown_as_it_is(code: str) -> None:
    assert display(math.nan, code) == "nan"
    for text in ("Infinity", "-1E+999999", "1E-999999", "sNaN"):
        assert display(Decimal(text), code) == text


def test_a_code_that_excel_would_refuse_means_general() -> None:
    assert display(1.5, "0." + "0" * 999) == "1.5"
    assert display(1.5, "[<nan]0") == "2"


@pytest.mark.parametrize(
    "code",
    [
        "yyyy/m/d", "m/d", "D", "h:mm", "mm:ss.0", "[h]:mm", "[s]", "AM/PM", "aaaa", "e",
        'yyyy"年"m"月"d"日";@', "[$-804]yyyy", "[$-F800]dddd, mmmm dd, yyyy", "B1yyyy",
        '[DBNum1][$-804]h"时"mm"分";@', "[=0]?;[hh]:mm", '上午/下午h"时"',
        BUILT_IN[14], BUILT_IN[58],
    ],
)  # fmt: skip
def test_date_formats(code: str) -> None:
    assert is_date_format(code)


@pytest.mark.parametrize(
    "code",
    [
        "General", "GENERAL", "[Blue]General", "0", "0.00E+00", "# ?/?", "@", '"年"0', "[Red]0",
        '"yyyy"', r"\d0", "_d0", "*s0", "[$USD] 0", "[$¥-804]#,##0.00", "[DBNum1][$-804]General",
        "[Yellow]@", '0"days"', "", BUILT_IN[43],
    ],
)  # fmt: skip
def test_other_formats(code: str) -> None:
    assert not is_date_format(code)


_PIECES = st.sampled_from(
    [
        "0", "#", "?", ".", ",", "%", "E+", "E-", "00", "0.00", "yyyy", "m", "mm", "mmm", "d",
        "dddd", "h", "s", "ss", ".0", "[h]", "[m]", "AM/PM", "/", "?/?", "/8", "@", ";", "_ ", "* ",
        "General", "[DBNum1]", "[DBNum2]", "[DBNum3]", "[$¥-804]", "[$-804]", "[<5]", "[>=2]",
        "aaaa", "\\", '"', "[", "e", "g", "元", '"年"',
    ]
)  # fmt: skip
_CODES = st.lists(_PIECES, max_size=12).map("".join) | st.text(max_size=12)
_NUMBERS = st.floats() | st.decimals() | st.floats(-3, 60000) | st.integers()


@given(_NUMBERS | st.text(max_size=5) | st.booleans(), _CODES, st.booleans())
def test_never_raises(value: float | str, code: str, date1904: bool) -> None:
    assert isinstance(display(value, code, date1904=date1904), str)


@given(st.integers(-(10**12), 10**12), st.integers(0, 4))
def test_fixed_decimals_agree_with_decimal_arithmetic(units: int, places: int) -> None:
    number = Decimal(units).scaleb(-places)
    code = "#,##0" + "." * bool(places) + "0" * places
    assert display(float(number), code) == f"{number:,.{places}f}"


@given(st.floats(1e-4, 99999999999, exclude_max=True))
def test_general_is_as_near_as_eleven_characters_can_be(value: float) -> None:
    shown = display(value, "General")
    if "E" not in shown:
        whole = len(str(int(value)))
        assert len(shown) <= 11
        assert abs(Decimal(shown) - Decimal(f"{value:.15g}")) <= Decimal(5).scaleb(
            -1 - max(0, min(9, 10 - whole))
        )
