"""What every rule finds on the example forms, line by line, as a person has read and approved it.

A changed finding shows as a changed line. After reading them, write the snapshots anew with

    XLPERF_WRITE_SNAPSHOTS=1 pytest tests/rules/test_snapshots.py
"""

import os
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from tests.rules.conftest import load_examples
from xlperf.rules import RULES, Finding, run

SNAPSHOTS = Path(__file__).parent / "snapshots"


@cache
def lines() -> dict[str, list[str]]:
    found = defaultdict(list)
    for finding in run(load_examples()):
        found[finding.code].append(line(finding))
    return found


def line(finding: Finding) -> str:
    """One finding, as a person reads it; after the arrow stands the fix, where there is one."""
    parts = [
        finding.document,
        f"{finding.key} {finding.project}",
        finding.indicator,
        f"{finding.field} = {finding.value}",
        finding.diagnostic.message.zh,
    ]
    if finding.replacement is not None:
        parts[-1] += f" → {finding.replacement}"
    return " | ".join(" ".join(part.split()) for part in parts)


@pytest.mark.parametrize("code", sorted(RULES))
def test_findings_are_those_that_were_read(code: str) -> None:
    path = SNAPSHOTS / f"{code}.txt"
    text = "".join(f"{line}\n" for line in lines()[code])
    if os.environ.get("XLPERF_WRITE_SNAPSHOTS"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_every_snapshot_has_a_rule() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == set(RULES)
