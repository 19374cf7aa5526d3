"""The canonical spelling: the same meaning, always the same text."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.indicator.cases import cases
from tests.indicator.strategies import texts
from xlperf.indicator import (
    Deadline,
    Frequency,
    Interval,
    Qualitative,
    Quantity,
    Threshold,
    canonical,
    parse,
)
from xlperf.indicator.spelling import number_text

UNITS = ["", "%", "‰", "元", "条", "次", "工作日", "百分点", "个月", "平方米", "人次", "个管理部"]
SCALES = [Decimal(1), Decimal(10**4), Decimal(10**8)]


def quantities(per: str = "") -> st.SearchStrategy[Quantity]:
    numbers = st.decimals(0, 10**12, places=6)
    return st.builds(
        Quantity, numbers, st.sampled_from(SCALES), st.sampled_from(UNITS), st.just(per)
    )


@pytest.mark.parametrize(("value", "expected"), cases("canonical"))
def test_value_is_spelled_in_the_house_style(value, expected):
    assert canonical(parse(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("=100.00(%)", "＝100%"), ("＝12个", "＝12个"), ("每月＝1次", "每月＝1次"), ("≥95%", "≥95%")],
)
def test_the_equals_sign_is_a_matter_of_style(value, expected):
    assert canonical(parse(value), equals="＝") == expected


@given(texts(), st.sampled_from(["=", "＝"]))
def test_spelling_keeps_the_meaning_and_is_final(text, equals):
    parsed = parse(text)
    spelled = canonical(parsed, equals=equals)
    assert parse(spelled).target == parsed.target
    assert canonical(parse(spelled), equals=equals) == spelled


@given(st.sampled_from(["≥", "≤", ">", "<", "=", None]), quantities())
def test_any_threshold_can_be_spelled_and_read(op, quantity):
    target = Threshold(op, quantity)
    assert parse(canonical(target)).target == target


@given(st.sampled_from(["≥", "≤", None]), st.integers(1, 400), st.sampled_from("年月周日"))
def test_any_frequency_can_be_spelled_and_read(op, times, period):
    target = Frequency(op, Quantity(Decimal(times), unit="次"), period)
    assert parse(canonical(target)).target == target


@given(st.dates(), st.dates())
def test_any_deadline_can_be_spelled_and_read(one, other):
    first, last = sorted((one, other))
    for target in (Deadline(last), Deadline(last, first)):
        if first.year >= 1900 and last.year < 2200:
            assert parse(canonical(target)).target == target


@given(quantities(), st.decimals(0, 1000, places=3), st.booleans(), st.booleans())
def test_any_interval_can_be_spelled_and_read(low, width, low_open, high_open):
    high = Quantity(low.number + width, low.scale, low.unit)
    target = Interval(low, high, "", low_open, high_open)
    assert parse(canonical(target)).target == target


@given(st.text(max_size=300))
def test_prose_loses_only_the_white_space_around_it(text):
    parsed = parse(text)
    if isinstance(parsed.target, Qualitative):
        assert canonical(parsed) == text.strip()


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_numbers_are_exact_and_bare(number):
    text = number_text(number)
    assert Decimal(text) == number
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", text)
