"""What an indicator's name adds to its value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.indicator.cases import cases, reading
from tests.indicator.strategies import texts
from xlperf.indicator import canonical, parse, parse_with_name


@pytest.mark.parametrize(("named", "expected"), cases("names"))
def test_the_name_supplies_what_the_value_lacks(named, expected):
    name, value = named.split(" | ")
    assert reading(parse_with_name(value, name)) == expected


@given(texts(), texts() | st.text())
def test_a_name_never_changes_what_the_value_says(value, name):
    plain, named = parse(value), parse_with_name(value, name)
    assert named.source == value
    assert named.spans == plain.spans
    if not named.named:
        assert named == plain


def test_it_is_told_what_came_from_the_name():
    assert parse_with_name("80", "覆盖率(≥**%)").named == ("unit", "comparator")
    assert parse_with_name("≥80%", "覆盖率(≥**%)").named == ()
    assert canonical(parse_with_name("80", "覆盖率(≥**%)")) == "≥80%"


@pytest.mark.parametrize("name", ["（" * 100_000, "(≥" * 100_000, "*" * 100_000, "\ud800"])
def test_a_strange_name_adds_nothing(name):
    assert parse_with_name("80", name) == parse("80")
