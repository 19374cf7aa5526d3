"""The documented language is the one that runs."""

import re

import pytest

from tests.indicator.reference import PAGE, rendered, sections
from xlperf import indicator
from xlperf.indicator.grammar import WORDS, pattern, rules


def test_the_page_is_what_the_code_says():
    page = PAGE.read_text("utf-8")
    assert rendered(page) == page, "run python -m tests.indicator.reference"


@pytest.mark.parametrize("name", sorted(sections()))
def test_every_section_is_there(name):
    with pytest.raises(AssertionError):
        rendered(PAGE.read_text("utf-8").replace(f"<!-- {name} -->", ""))


def test_every_name_of_the_grammar_is_defined_and_used():
    defined = {*rules(), *WORDS}
    used = {token for tokens in rules().values() for token in tokens if re.match("[a-z]", token)}
    assert used <= defined
    assert not set(rules()) & set(WORDS)
    readers = defined - used
    for name in readers:
        assert pattern(name).fullmatch("没有这样的值。") is None


def test_the_front_door_is_complete():
    assert indicator.__all__ == sorted(indicator.__all__, key=lambda name: (name.islower(), name))
    for name in indicator.__all__:
        assert hasattr(indicator, name)
