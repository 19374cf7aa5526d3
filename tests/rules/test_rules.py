"""Every rule, held to its own documentation: examples, fixes, catalogue."""

import csv
from pathlib import Path

import pytest

from tests.rules.conftest import mend
from xlperf.forms import Project
from xlperf.rules import RULES, AllForms, Finding, Fix, Rule, Stage, read_example, run

BAD = [(code, text) for code, rule in sorted(RULES.items()) for text in rule.bad]
GOOD = [(code, text) for code, rule in sorted(RULES.items()) for text in rule.good]


def found(code: str, forms: AllForms) -> list[Finding]:
    return run(forms, [RULES[code]])


@pytest.mark.parametrize(("code", "text"), BAD)
def test_a_bad_example_is_found(code: str, text: str) -> None:
    findings = found(code, read_example(text))
    assert findings
    for finding in findings:
        assert "{" not in finding.diagnostic.message.zh + finding.diagnostic.message.en
        if finding.span:
            assert 0 <= finding.span.start < finding.span.end <= len(finding.value)


@pytest.mark.parametrize(("code", "text"), GOOD)
def test_a_good_example_is_not(code: str, text: str) -> None:
    assert not found(code, read_example(text))


@pytest.mark.parametrize("rule", [rule for _, rule in sorted(RULES.items())], ids=lambda r: r.code)
def test_a_rule_is_whole(rule: Rule) -> None:
    assert rule.bad
    assert rule.good
    assert rule.explanation


@pytest.mark.parametrize(("code", "text"), BAD)
def test_after_a_fix_the_rule_is_silent(code: str, text: str) -> None:
    forms = read_example(text)
    findings = found(code, forms)
    mended = mend(forms, findings)
    left = found(code, mended)
    places = [(finding.key, finding.row, finding.field) for finding in left]
    for finding in findings:
        if finding.replacement is not None:
            assert (finding.key, finding.row, finding.field) not in places
    assert projects(mend(mended, left)) == projects(mended)


def projects(forms: AllForms) -> list[Project]:
    return [form.project for form in forms]


def test_the_catalogue_is_kept(shared: Path) -> None:
    path = shared / "data/rule_catalogue.csv"
    if not path.is_file():
        pytest.skip("the catalogue of rules is not beside this project")
    with path.open(encoding="utf-8-sig", newline="") as file:
        catalogue = {line["code"]: line for line in csv.DictReader(file)}
    for code, rule in RULES.items():
        line = catalogue[code]
        assert (rule.severity, rule.stage, rule.fix) == (
            line["severity"], Stage(line["stage"]), Fix(line["auto_fix"]),
        ), code  # fmt: skip
        assert (rule.message.zh, rule.message.en) == (line["message_zh"], line["message_en"]), code
