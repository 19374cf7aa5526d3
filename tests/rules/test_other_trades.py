"""Forms of other trades, in order and faulty: what is said of each, and what is not."""

import re
from pathlib import Path

import pytest

from xlperf.diagnostic import Severity
from xlperf.rules import RULES, choose, read_example, run

CASES = Path(__file__).parent / "cases"
ERRORS = choose(severity=Severity.ERROR)


def read(name: str) -> str:
    return re.sub(r"(?m)^#.*\n", "", (CASES / name).read_text("utf-8"))


CLEAN = read("clean_forms.txt").strip().split("\n--\n")
FAULTY = [tuple(case.split("\n", 1)) for case in read("faulty_forms.txt").strip().split("\n\n")]
ROWS = read("sound_rows.txt").split("\n")[1:-1]
OF_THE_WHOLE = {"A03"}
"""A single row is no whole form: its weights do not add to 100."""


@pytest.mark.parametrize("row", ROWS)
def test_no_error_on_a_sound_row(row: str) -> None:
    said = {finding.code for finding in run(read_example(row), ERRORS)}
    assert not said - OF_THE_WHOLE


@pytest.mark.parametrize("form", CLEAN, ids=lambda text: text.split()[0].partition("=")[2])
def test_no_error_on_a_form_in_order(form: str) -> None:
    said = [
        f"{f.code} {f.indicator}: {f.diagnostic.message.zh}"
        for f in run(read_example(form), ERRORS)
    ]
    assert not said


def test_there_are_enough_rows_to_tell() -> None:
    assert sum(len(read_example(form)[0].indicators) for form in CLEAN) >= 60


@pytest.mark.parametrize(("code", "form"), FAULTY)
def test_a_fault_is_found(code: str, form: str) -> None:
    assert code in {finding.code for finding in run(read_example(form))}


def test_every_rule_has_a_fault_of_its_own() -> None:
    assert {code for code, _ in FAULTY} == RULES.keys()
