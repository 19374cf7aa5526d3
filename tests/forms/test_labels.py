"""What a data table's text makes in a field, and what is said of text that fits none."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlperf.diagnostic import Diagnostic
from xlperf.forms import Entry, Kind, date_entry, kind_of, number_entry, read_entry
from xlperf.ooxml.values import date_serial

AMOUNT, SHARE, DAY = "资金.财政拨款.金额", "支出计划.3月底", "填报日期"


@pytest.mark.parametrize(
    ("label", "text", "number"),
    [
        (AMOUNT, "1600000", "1600000"),
        (AMOUNT, "1,600,000.00", "1600000.00"),
        (AMOUNT, "１６０", "160"),
        (AMOUNT, " -3.5 ", "-3.5"),
        (AMOUNT, ".5", "0.5"),
        (SHARE, "50%", "0.5"),
        (SHARE, "12.5％", "0.125"),
        (DAY, "2024/02/05", "45327"),
        (DAY, "2024-2-5", "45327"),
        (DAY, "2024年2月5日", "45327"),
        ("年度", "2025", "2025"),
        ("指标.得分", "9.9", "9.9"),
    ],
)
def test_numbers_percentages_and_dates(label, text, number):
    entry = read_entry(label, text)
    assert isinstance(entry, Entry)
    assert entry.number == Decimal(number)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (AMOUNT, "约3万"),
        (AMOUNT, "1,60"),
        (AMOUNT, "1e5"),
        (AMOUNT, "NaN"),
        (AMOUNT, "５０%"),
        (SHARE, "50"),
        (SHARE, "一半%"),
        (DAY, "2024年2月30日"),
        (DAY, "2024.2"),
        (DAY, "45327"),
        ("年度", "2025年"),
    ],
)
def test_anything_else_is_a_diagnostic_that_names_field_and_text(label, text):
    found = read_entry(label, text)
    assert isinstance(found, Diagnostic)
    assert label in found.text()
    assert text in found.text()
    assert found.fix


@given(st.text())
def test_text_fields_keep_any_text(text):
    assert read_entry("项目名称", text) == Entry(text)


@given(st.sampled_from([AMOUNT, SHARE, DAY]), st.text())
def test_no_text_raises(label, text):
    assert isinstance(read_entry(label, text), (Entry, Diagnostic))


@given(st.decimals(-(10**12), 10**12, places=4))
def test_numbers_are_printed_without_exponent_and_padding(number):
    text = number_entry(number).text
    assert Decimal(text) == number
    assert "E" not in text
    assert not (("." in text) and text.endswith("0"))
    assert read_entry(AMOUNT, text) == Entry(text, Decimal(text))


@given(st.dates(datetime.date(1900, 1, 1)))
def test_dates_have_the_serial_number_of_excel(day):
    entry = date_entry(day)
    assert entry.number == date_serial(day)
    assert read_entry(DAY, entry.text) == entry


def test_kinds_follow_the_label():
    assert kind_of("资金.甲.乙") is Kind.NUMBER
    assert kind_of("支出计划.3月底") is Kind.PERCENT
    assert kind_of("计划开始日期") is Kind.DATE
    assert kind_of("随便什么") is Kind.TEXT
