"""Target against actual: one unit, exact, or a reason why not."""

from decimal import Decimal

import pytest
from hypothesis import given

from tests.indicator.cases import cases
from tests.indicator.strategies import texts
from xlperf.diagnostic import Diagnostic
from xlperf.indicator import measure, parse


@pytest.mark.parametrize(("values", "expected"), cases("measures"))
def test_target_and_actual_in_one_unit(values, expected):
    target, actual = values.split(" | ")
    found = measure(parse(target).target, parse(actual).target)
    if isinstance(found, Diagnostic):
        assert found.code == expected
        assert found.fix
    else:
        assert list(found) == [Decimal(number) for number in expected.split()]


@given(texts(), texts())
def test_measuring_never_raises(one, other):
    found = measure(parse(one).target, parse(other).target)
    assert isinstance(found, (tuple, Diagnostic))


@given(texts())
def test_a_value_measures_as_itself(text):
    target = parse(text).target
    found = measure(target, target)
    assert isinstance(found, Diagnostic) or found[0] == found[1]


def test_the_reason_names_both_values_and_their_units():
    found = measure(parse("27人*12月").target, parse("173.93万元").target)
    assert isinstance(found, Diagnostic)
    for part in ("324人·月", "173.93万元", "人·月", "元"):
        assert part in found.text("zh")
        assert part in found.text("en")
