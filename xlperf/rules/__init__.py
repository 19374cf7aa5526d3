"""The reviewer's rules: what a finance bureau would send back, each with its reason.

    forms = [FormCase(project, document="2025", file="01.xlsx"), ...]
    for finding in run(forms, choose(select=["A"])):
        print(finding.diagnostic.text())

A rule is one object in the module of its topic (`rule` shows one whole): sums and scores in
`arithmetic`, cost against budget in `money`, reasons in `explanation`, dates in `deadlines`, the
payment plan in `spending_plan`, what values say in `values` and how they are spelled in `spelling`,
the direction of comparators in `direction`, the set of indicators in `structure`, prose targets in
`qualitative`, names and text in `wording`. Thresholds are `Settings`.
"""

from typing import TYPE_CHECKING

from xlperf.lazy import lazy_front
from xlperf.rules import (  # noqa: F401 - importing a module registers its rules
    arithmetic,
    deadlines,
    direction,
    explanation,
    money,
    qualitative,
    spelling,
    spending_plan,
    structure,
    values,
    wording,
)
from xlperf.rules.context import AllForms, FormCase, IndicatorCase
from xlperf.rules.rule import RULES, Fault, Fix, Rule, Scope, Stage
from xlperf.rules.runner import Finding, choose, run
from xlperf.rules.settings import Settings

if TYPE_CHECKING:
    from xlperf.rules.examples import read_example

__all__ = [
    "RULES",
    "AllForms",
    "Fault",
    "Finding",
    "Fix",
    "FormCase",
    "IndicatorCase",
    "Rule",
    "Scope",
    "Settings",
    "Stage",
    "choose",
    "read_example",
    "run",
]

__getattr__ = lazy_front(__name__, examples="read_example")
