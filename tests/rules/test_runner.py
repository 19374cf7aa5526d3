"""Choosing and running rules: order, stages, places, and independence of the order of forms."""

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.conftest import load_examples
from xlperf.diagnostic import InputError, Place, Severity
from xlperf.forms import Entry, Indicator, Project, number_entry
from xlperf.rules import RULES, FormCase, Stage, choose, read_example, run


def test_all_rules_are_chosen_in_the_order_of_their_codes() -> None:
    codes = [rule.code for rule in choose()]
    assert codes == sorted(RULES)


def test_rules_are_chosen_by_the_beginning_of_their_code() -> None:
    assert {rule.code[0] for rule in choose(select=["A", "B01"])} == {"A", "B"}
    assert "A08" not in {rule.code for rule in choose(select=["A"], ignore=["A08"])}
    assert {rule.severity for rule in choose(severity=Severity.ERROR)} == {Severity.ERROR}


def test_a_stage_leaves_out_the_other() -> None:
    stages = {rule.stage for rule in choose(stage=Stage.GOAL)}
    assert stages == {Stage.GOAL, Stage.BOTH}


def test_an_unknown_code_says_which_there_are() -> None:
    with pytest.raises(InputError, match="A08"):
        choose(select=["A8"])


def test_a_finding_says_where_it_stands() -> None:
    scored = {"三级指标": Entry("台数"), "分值": number_entry(Decimal(10))}
    row = Indicator({**scored, "得分": number_entry(Decimal(11))}, {"得分": "G15"})
    project = Project({"编号": Entry("07"), "项目名称": Entry("搬家")}, (row,), {}, "自评表")
    (finding,) = run([FormCase(project, "2024", "07.xlsx")], [RULES["A08"]])
    assert finding.diagnostic.place == Place("07.xlsx", "自评表", "G15")
    assert (finding.document, finding.key, finding.project) == ("2024", "07", "搬家")
    assert (finding.indicator, finding.row) == ("台数", 0)
    assert (finding.field, finding.value, finding.replacement) == ("得分", "11", None)
    assert finding.diagnostic.text() == "07.xlsx，自评表!G15：得分 11 超过分值 10"


def test_rules_of_the_self_evaluation_do_not_run_on_targets() -> None:
    (form,) = read_example("产出指标/数量指标 台数 ≥27台 分值=10")
    assert not form.self_evaluation
    (scored,) = read_example("产出指标/数量指标 台数 ≥27台 → 27台 分值=10")
    assert scored.self_evaluation


@settings(max_examples=10)
@given(st.randoms(use_true_random=False))
def test_findings_do_not_depend_on_the_order_of_the_forms(order: random.Random) -> None:
    forms = list(load_examples())
    expected = [(f.document, f.key, f.row, f.code, f.diagnostic) for f in run(forms)]
    order.shuffle(forms)
    assert [(f.document, f.key, f.row, f.code, f.diagnostic) for f in run(forms)] == expected
