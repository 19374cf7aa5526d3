"""Numbers, units, and exact scaling to base units."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlperf.indicator import Quantity, Threshold, base, parse
from xlperf.indicator.quantities import read_number, read_unit
from xlperf.indicator.words import KNOWN_UNITS, SCALES, SPELLINGS, UNITS


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("9.92万元", ("99200", "元")),
        ("1.5亿元", ("150000000", "元")),
        ("95%", ("95", "%")),
        ("0.05‰", ("0.005", "%")),
        ("0.9比例", ("90", "%")),
        ("三成", ("30", "%")),
        ("3个百分点", ("3", "百分点")),
        ("1.5小时", ("5400", "秒")),
        ("3天", ("259200", "秒")),
        ("3个工作日", ("3", "工作日")),
        ("2年", ("24", "月")),
        ("1.5公里", ("1500", "米")),
        ("2平方公里", ("2000000", "平方米")),
        ("30亩", ("30", "亩")),
        ("50名", ("50", "人")),
        ("50人次", ("50", "人次")),
        ("150万条", ("1500000", "条")),
        ("45元/次", ("45", "元/次")),
        ("300元/人·日", ("300", "元/人·天")),
        ("90", ("90", "")),
        ("3/万人", ("3", "/万人")),
    ],
)
def test_base_unit(value, expected):
    target = parse(value).target
    assert isinstance(target, Threshold)
    magnitude, unit = base(target.quantity)
    assert (magnitude, unit) == (Decimal(expected[0]), expected[1])


@given(
    st.decimals(-(10**60), 10**60, places=40),
    st.sampled_from(sorted(SCALES.values())),
    st.sampled_from(sorted(UNITS)),
)
def test_scaling_is_exact(number, scale, unit):
    magnitude, name = base(Quantity(number, scale, unit))
    expected, factor = UNITS[unit]
    assert name == expected
    assert Fraction(magnitude) == Fraction(number) * Fraction(scale) * Fraction(factor)


@pytest.mark.parametrize("unit", sorted(UNITS))
def test_a_base_unit_is_its_own_base(unit):
    name, _ = UNITS[unit]
    assert UNITS[name] == (name, 1)


def test_spellings_lead_to_units_that_are_known():
    assert set(SPELLINGS.values()) <= KNOWN_UNITS | {"‱", "℃"}
    assert not set(SPELLINGS) & set(SPELLINGS.values())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("一", 1),
        ("十", 10),
        ("十五", 15),
        ("二十", 20),
        ("一百零五", 105),
        ("一百二十", 120),
        ("三千零二十", 3020),
        ("一万二千", 12000),
        ("一亿三千万", 130000000),
        ("两", 2),
        ("三点五", Decimal("3.5")),
        ("二〇二五", 2025),
        ("半", Decimal("0.5")),
        ("1,234.50", Decimal("1234.50")),
        ("-3", -3),
    ],
)
def test_numbers(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["一二十", "点五", "三点", "三点十", "半百"])
def test_what_only_looks_like_a_number_is_none(text):
    assert read_number(text) is None


@given(st.integers(1, 99999999))
def test_spelled_numbers_are_read(number):
    assert read_number(spelled(number)) == number


def spelled(number: int) -> str:
    """The number in Chinese numerals: 120 is 一百二十."""
    if number >= 10000:
        low = number % 10000
        gap = "零" if 0 < low < 1000 else ""
        return spelled(number // 10000) + "万" + (gap + spelled(low) if low else "")
    digits = [int(digit) for digit in str(number)]
    text = ""
    for place, digit in zip("千百十 "[-len(digits) :], digits, strict=True):
        text += "零一二三四五六七八九"[digit] + (place.strip() if digit else "")
    while "零零" in text:
        text = text.replace("零零", "零")
    return text.rstrip("零")


@pytest.mark.parametrize(
    ("text", "spelled", "unit"),
    [
        ("条", False, "条"),
        ("㎡", False, "平方米"),
        ("个管理部", False, "个管理部"),
        ("盏灯", False, "盏灯"),
        ("标段", False, "标段"),
        ("Mbps", False, "Mbps"),
        ("人·月", False, "人·月"),
        ("次", True, "次"),
        ("支队伍", True, "支队伍"),
        ("家企业降低缴存比例", False, None),
        ("名干部参加培训", False, None),
        ("个的", False, None),
        ("A级", False, None),
        ("级", True, None),
        ("般", True, None),
        ("户一策", True, None),
        ("个维护", True, None),
    ],
)
def test_units_are_open_but_prose_is_none(text, spelled, unit):
    assert read_unit(text, spelled) == unit
