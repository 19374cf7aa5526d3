"""The example forms as the reviewer sees them."""

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from xlperf.forms import INDICATOR_PREFIX, Entry, Indicator, Project, canonical, read_entry
from xlperf.rules import AllForms, FormCase

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
