"""The example forms as the reviewer sees them."""

import csv
from collections import defaultdict
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from xlperf.forms import INDICATOR_PREFIX, Entry, Indicator, Project, canonical, read_entry
from xlperf.rules import RULES, AllForms, Finding, FormCase, read_example, run

EXAMPLES = Path(__file__).parents[2] / "examples"


@cache
def load_examples() -> AllForms:
    """All forms of `examples/`, document by document."""
    return tuple(
        FormCase(project, table.parent.relative_to(EXAMPLES).as_posix(), f"{project.key}.xlsx")
        for table in sorted(EXAMPLES.rglob("projects.csv"))
        for project in _projects(table.parent)
    )


def _projects(folder: Path) -> list[Project]:
    indicators = defaultdict(list)
    for row in _rows(folder / "indicators.csv", INDICATOR_PREFIX):
        indicators[row.pop("编号").text].append(Indicator(row))
    return [
        Project(row, tuple(indicators[row["编号"].text]))
        for row in _rows(folder / "projects.csv", "")
    ]


def _rows(path: Path, prefix: str) -> list[dict[str, Entry]]:
    """The rows of a table by canonical label, the prefix left out again."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {
                canonical(prefix + heading).removeprefix(prefix): _entry(prefix + heading, text)
                for heading, text in row.items()
            }
            for row in csv.DictReader(file)
        ]


def _entry(heading: str, text: str) -> Entry:
    entry = read_entry(canonical(heading), text)
    assert isinstance(entry, Entry), (heading, text)
    return entry


@pytest.fixture(scope="session")
def examples() -> AllForms:
    return load_examples()


def changed(form: FormCase, label: str, text: str) -> FormCase:
    """The form with another text in one of its own fields."""
    entry = _entry(label, text)
    return replace(
        form, project=replace(form.project, entries={**form.project.entries, label: entry})
    )


def messages(code: str, text: str, **policy: object) -> list[str]:
    """What one rule says about an example in the notation of the docstrings."""
    forms = read_example(text)
    held = [replace(form, policy=replace(form.policy, **policy)) for form in forms]
    return [finding.diagnostic.message.zh for finding in run(held, [RULES[code]])]


def mend(forms: AllForms, findings: list[Finding]) -> AllForms:
    """The forms with every replacement written into its field."""
    mended = []
    for form in forms:
        project = form.project
        place = (form.document, form.project.key)
        for finding in findings:
            if (finding.document, finding.key) == place and finding.replacement is not None:
                project = _written(project, finding.row, finding.field, finding.replacement)
        mended.append(replace(form, project=project))
    return tuple(mended)


def _written(project: Project, row: int | None, label: str, text: str) -> Project:
    entry = read_entry(label if row is None else f"指标.{label}", text)
    assert isinstance(entry, Entry), text
    if row is None:
        return replace(project, entries={**project.entries, label: entry})
    rows = list(project.indicators)
    rows[row] = Indicator({**rows[row].entries, label: entry}, rows[row].cells)
    return replace(project, indicators=tuple(rows))
