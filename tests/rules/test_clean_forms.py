"""Forms of other cities that nobody would send back: no rule may raise a false alarm on them."""

import re
from functools import cache
from pathlib import Path

import pytest

from xlperf.rules import RULES, AllForms, Finding, read_example, run

CASES = Path(__file__).parent / "cases" / "clean_values.txt"
ON_WORDS = [RULES[code] for code in sorted(RULES) if code[0] in "CDSQTO"]
PROJECTS = re.findall(r"(?m)^项目名称=(\S+)", CASES.read_text("utf-8"))


@cache
def forms() -> AllForms:
    return read_example(re.sub(r"(?m)^#.*\n", "", CASES.read_text("utf-8")))


@cache
def findings() -> list[Finding]:
    return run(forms(), ON_WORDS)


def test_there_are_enough_values_to_tell() -> None:
    assert sum(len(form.indicators) for form in forms()) >= 250
    assert {form.name for form in forms()} == set(PROJECTS)


@pytest.mark.parametrize("project", PROJECTS)
def test_a_clean_form_stays_clean(project: str) -> None:
    said = [
        f"{finding.code} {finding.indicator}：{finding.diagnostic.message.zh}"
        for finding in findings()
        if finding.project == project
    ]
    assert not said
