"""Spelling fixes: they change how a value looks, never what it means."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rules.conftest import mend
from xlperf.indicator import Qualitative, parse
from xlperf.rules import RULES, AllForms, Settings, read_example, run

SAFE = [RULES[code] for code in ("C03", "C04", "C05", "C11")]

symbols = st.sampled_from(
    [
        "",
        "≥",
        "≤",
        ">",
        "<",
        "=",
        "＝",
        "＞",
        "＜",
        "≧",
        "≦",
        ">=",
        "<=",
        "=>",
        "═",
        "不低于",
        "至少",
    ]
)
numbers = st.one_of(
    st.integers(0, 10**7).map(str),
    st.integers(0, 999).map(lambda n: f"{n}.00"),
    st.decimals(0, 10**6, places=3).map(str),
)
units = st.sampled_from(
    [
        *(
            "%",
            "％",
            "(%)",
            " (%)",
            " 百分比",
            "千分之",
            "‰",
            "个",
            "（个）",
            "(次)",
            "人次",
            "万元",
        ),
        *(
            "(万元)",
            "元/人·天",
            "㎡",
            "平米",
            "m2",
            "平方米",
            "工作日",
            "个工作日",
            "km",
            "台（套）",
        ),
        *("", " 台", "天", "小时", "(分钟)", "版"),
    ]
)
marks = st.sampled_from(["", "", "。", "；", "、", "，", ";", "。 "])
values = st.one_of(
    st.builds("{}{}{}{}".format, symbols, numbers, units, marks),
    st.builds("{}{}-{}{}{}".format, symbols, numbers, numbers, units, marks),
    st.builds("{}{}且{}{}{}".format, symbols, numbers, symbols, numbers, units),
)


def form(value: str) -> AllForms:
    return read_example(f'产出指标/数量指标 巡检 "{value}"')


def text_of(forms: AllForms) -> str:
    return forms[0].indicators[0].target_text


def settled(forms: AllForms) -> AllForms:
    """One fix at a time, as long as a rule has one: fixes of one cell exclude each other."""
    for _ in range(8):
        fixes = [finding for finding in run(forms, SAFE) if finding.replacement is not None]
        if not fixes:
            return forms
        forms = mend(forms, fixes[:1])
    raise AssertionError(f"the fixes do not come to rest: {text_of(forms)}")


@given(values)
def test_a_fix_keeps_the_meaning_and_comes_to_rest(value: str) -> None:
    before = parse(value).target
    forms = form(value)
    after = parse(text_of(settled(forms))).target
    if isinstance(before, Qualitative):
        assert isinstance(after, Qualitative)
        assert before.text.rstrip("。；、，; ") == after.text
    else:
        assert after == before


@given(values)
def test_after_its_fix_a_rule_is_silent(value: str) -> None:
    for rule in SAFE:
        forms = form(value)
        found = run(forms, [rule])
        if found:
            mended = mend(forms, found)
            assert text_of(mended) != value
            assert not run(mended, [rule])


@pytest.mark.parametrize(
    ("value", "fixed"),
    [
        ("=100.00(%)", "=100%"),
        ("＝100％", "=100%"),
        (">=68.00 (次)", "≥68次"),
        ("0.05 千分之。", "0.05‰"),
        ("<=350元/（人·天）；", "≤350元/（人·天）"),
        ("80.00％-90.00％", "80%-90%"),
        ("＞=5台", "≥5台"),
        ("不低于95%", "不低于95%"),
        ("≥99.20%", "≥99.20%"),
        ("有效提升。", "有效提升"),
        ("每月≥１次", "每月≥１次"),
    ],
)
def test_a_value_in_house_spelling(value: str, fixed: str) -> None:
    assert text_of(settled(form(value))) == fixed


def test_the_house_may_prefer_the_wide_equals_sign() -> None:
    forms = tuple(replace(one, settings=Settings.of({"equals": "＝"})) for one in form("=100%"))
    (finding,) = run(forms, [RULES["C03"]])
    assert finding.replacement == "＝100%"
    assert not run(mend(forms, [finding]), [RULES["C03"]])


def test_deadlines_of_other_documents_do_not_count() -> None:
    one, other = read_example(
        "产出指标/时效指标 完成时间 2025年底前完成\n--\n产出指标/时效指标 完成时间 2025年12月31日前"
    )
    assert run((one, other), [RULES["C10"]])
    assert not run((one, replace(other, document="another")), [RULES["C10"]])


def test_the_spelling_that_most_forms_have_is_suggested() -> None:
    rows = ["2025年6月30日前", "2025年6月底前", "2025年6月底前完成", "2025年6月底前"]
    forms = read_example("\n--\n".join(f"产出指标/时效指标 完成时间 {row}" for row in rows))
    found = run(forms, [RULES["C10"]])
    assert [finding.value for finding in found] == [rows[0], rows[2]]
    assert {finding.replacement for finding in found} == {"2025年6月底前"}
    assert not run(mend(forms, found), [RULES["C10"]])
