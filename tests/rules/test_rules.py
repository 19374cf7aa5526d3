"""Every rule, held to its own documentation: examples, fixes, catalogue."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from xlperf.forms import Entry, Indicator, Project, read_entry
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


def mend(forms: AllForms, findings: list[Finding]) -> AllForms:
    """The forms with every replacement written into its field."""
    mended = []
    for form in forms:
        project = form.project
        for finding in findings:
            if finding.key == project.key and finding.replacement is not None:
                project = written(project, finding.row, finding.field, finding.replacement)
        mended.append(replace(form, project=project))
    return tuple(mended)


def written(project: Project, row: int | None, label: str, text: str) -> Project:
    entry = read_entry(label if row is None else f"指标.{label}", text)
    assert isinstance(entry, Entry), text
    if row is None:
        return replace(project, entries={**project.entries, label: entry})
    rows = list(project.indicators)
    rows[row] = Indicator({**rows[row].entries, label: entry}, rows[row].cells)
    return replace(project, indicators=tuple(rows))


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
