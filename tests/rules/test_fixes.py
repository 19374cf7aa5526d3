"""Fixes of all rules together: they come to rest, and what they mended is no longer found."""

from collections.abc import Collection

import pytest

from tests.rules.conftest import load_examples, mend
from xlperf.rules import AllForms, Finding, Fix, run

PASSES = 6


def mendable(forms: AllForms, kinds: Collection[Fix]) -> list[Finding]:
    """The first finding with a fix for every field."""
    chosen: dict[tuple[str, str, int | None, str], Finding] = {}
    for finding in run(forms):
        if finding.rule.fix in kinds and finding.replacement is not None:
            place = (finding.document, finding.key, finding.row, finding.field)
            chosen.setdefault(place, finding)
    return list(chosen.values())


@pytest.mark.parametrize("kinds", [{Fix.SAFE}, {Fix.SAFE, Fix.SUGGEST}], ids=["safe", "suggested"])
def test_fixes_come_to_rest(kinds: set[Fix]) -> None:
    forms = load_examples()
    for _ in range(PASSES):
        forms = mend(forms, mendable(forms, kinds))
    assert not mendable(forms, kinds)


def test_safe_fixes_bring_no_new_fault() -> None:
    before = {(f.document, f.key, f.row, f.code) for f in run(load_examples())}
    forms = load_examples()
    for _ in range(PASSES):
        forms = mend(forms, mendable(forms, {Fix.SAFE}))
    after = {(f.document, f.key, f.row, f.code) for f in run(forms)}
    assert after <= before
