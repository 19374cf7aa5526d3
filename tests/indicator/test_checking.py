"""What a value itself shows to be wrong."""

import pytest
from hypothesis import given

from tests.indicator.cases import HERE
from tests.indicator.strategies import texts
from xlperf.indicator import check, parse


def faults() -> list[tuple[str, str]]:
    lines = (HERE / "faults.txt").read_text("utf-8").splitlines()
    pairs = [line.split(" →") for line in lines if line and not line.startswith("#")]
    return [(value, expected.strip()) for value, expected in pairs]


@pytest.mark.parametrize(("value", "expected"), faults())
def test_faults_and_their_places(value, expected):
    found = check(parse(value))
    shown = [f"{fault.code} {value[fault.span.start : fault.span.end]}" for fault in found]
    assert shown == ([expected] if expected else [])
    for fault in found:
        assert fault.fix
        assert fault.message.zh != fault.message.en


@given(texts())
def test_checking_never_raises_and_points_into_the_text(text):
    for fault in check(parse(text)):
        assert fault.span is not None
        assert 0 <= fault.span.start < fault.span.end <= len(text)
