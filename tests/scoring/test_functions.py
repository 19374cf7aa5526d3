"""The worksheet functions: what they answer, in which shape, and that formulas know them."""

import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scoring.rows import AMOUNTS, comparators, row, spelled
from xlperf.diagnostic import InputError
from xlperf.expr import Call, ExcelError, Unsupported, evaluate, parse_formula, to_excel
from xlperf.forms import Entry, Indicator
from xlperf.indicator import canonical, parse
from xlperf.scoring import WORKSHEET_FUNCTIONS, Policy, score
from xlperf.scoring.calls import grade_call, rate_call, score_call
from xlperf.scoring.score import as_points
from xlperf.scoring.totals import rate_expr

GUIDE = Path(__file__).parents[2] / "docs/functions.md"
SCORE, RATE, GRADE, CHECK, TARGET, NORMALIZE = (
    WORKSHEET_FUNCTIONS[f"XP_{name}"]
    for name in ("SCORE", "RATE", "GRADE", "CHECK", "TARGET", "NORMALIZE")
)
VALUE, NA, DIV0, NUM = map(ExcelError, ("#VALUE!", "#N/A", "#DIV/0!", "#NUM!"))

CASES = [
    ("XP_SCORE", ("≥150万条", "138.38万条", 12), 11.07),
    ("XP_SCORE", ("≥150万条", 138.38, 12), 11.07),
    ("XP_SCORE", ("≥98%", 0.97, 12), 11.88),
    ("XP_SCORE", ("≥98%", "97%", "12"), 11.88),
    ("XP_SCORE", ("≥98%", 97, 12), 11.88),  # 97 as a ratio is 9700 %, which nobody means
    ("XP_SCORE", ("≥98%", "97", 12), 11.88),
    ("XP_SCORE", ("≥98%", 1.05, 12), 12.0),
    ("XP_SCORE", ("≤5%", 3, 12), ""),  # 300 %, or 3 %?
    ("XP_SCORE", ("≤5%", "3", 12), 12.0),
    ("XP_SCORE", ("≤5%", 0.04, 12), 12.0),
    ("XP_SCORE", ("≥98%", "0.97", 12), ""),
    ("XP_SCORE", ("2025年底前", 46006, 5), 5.0),
    ("XP_SCORE", ("每季度1次", "每年4次", 5), 5.0),
    ("XP_SCORE", ("≥3次", "三次", 5), 5.0),
    ("XP_SCORE", ("≤4次", "5次", 12), 9.6),
    ("XP_SCORE", ("≤4次", "5次", 12, "linear"), 9.0),
    ("XP_SCORE", ("≤4次", "5次", 12, "zero"), 0.0),
    ("XP_SCORE", ("≤4次", "5次", 12, ""), 9.6),
    ("XP_SCORE", ("≤4次", "5次", 12, "没有"), NA),
    ("XP_SCORE", ("≤4次", "5次", 12, 3), NA),
    ("XP_SCORE", ("≤4次", "5次", "十二"), VALUE),
    ("XP_SCORE", ("≤4次", "5次", True), VALUE),
    ("XP_SCORE", ("≤4次", "5次", -1), NUM),
    ("XP_SCORE", ("有效保障", "有效保障", 12), ""),
    ("XP_SCORE", ("≤4次", "不适用", 12), ""),
    ("XP_SCORE", (None, "5次", 12), ""),
    ("XP_SCORE", ("≤4次", " ", 12), ""),
    ("XP_SCORE", ("≤4次", "5次", None), ""),
    ("XP_SCORE", ("≤4次", DIV0, 12), DIV0),
    ("XP_RATE", (1980298.62, 2005500), 1980298.62 / 2005500),
    ("XP_RATE", (0, 100), 0.0),
    ("XP_RATE", (5, 0), DIV0),
    ("XP_RATE", (None, 100), ""),
    ("XP_RATE", (5, ""), ""),
    ("XP_RATE", ("五", 100), VALUE),
    ("XP_RATE", (-5, 100), NUM),
    ("XP_GRADE", (89.99,), "良"),
    ("XP_GRADE", (90,), "优"),
    ("XP_GRADE", ("90", "one_decimal"), "优秀"),
    ("XP_GRADE", (None,), ""),
    ("XP_GRADE", ("优",), VALUE),
    ("XP_CHECK", ("≥95%",), ""),
    ("XP_CHECK", (None,), ""),
    ("XP_CHECK", ("2025年2月30日前",), "日期不存在：2025年2月30日前。请核对年、月、日"),
    ("XP_TARGET", ("≥150万条", "数值"), 150.0),
    ("XP_TARGET", ("≥150万条", "scale"), 10000.0),
    ("XP_TARGET", ("≥150万条", "单位"), "条"),
    ("XP_TARGET", ("≥150万条", "比较符号"), "≥"),
    ("XP_TARGET", ("80%-90%", "下限"), 80.0),
    ("XP_TARGET", ("80%-90%", "数值"), ""),
    ("XP_TARGET", ("每月至少一次", "每"), "月"),
    ("XP_TARGET", ("2025年12月31日前", "日期"), 46022.0),
    ("XP_TARGET", ("1900年1月1日前", "日期"), 1.0),
    ("XP_TARGET", ("1899年1月1日前", "日期"), ""),
    ("XP_TARGET", ("有效保障", "类型"), "定性"),
    ("XP_TARGET", ("≤350元/天", "每"), "天"),
    ("XP_TARGET", ("", "每"), ""),
    ("XP_TARGET", ("≥95%", "颜色"), VALUE),
    ("XP_NORMALIZE", ("=100.00(%)",), "=100%"),
    ("XP_NORMALIZE", (None,), ""),
]


@pytest.mark.parametrize(("name", "args", "answer"), CASES)
def test_the_cases(name: str, args: tuple[object, ...], answer: object) -> None:
    assert WORKSHEET_FUNCTIONS[name](*args) == answer


def test_columns_and_areas_come_back_in_their_shape() -> None:
    assert SCORE(["≥4", "≥4"], ["3", "2"], [10, 20]) == [7.5, 10.0]
    assert SCORE("≥4", ["3", "2", None], 10) == [7.5, 5.0, ""]
    assert SCORE(["≥4"], ["3"], [10]) == [7.5]
    assert SCORE([["≥4"], ["≥4"]], [["3"], ["2"]], 10) == [[7.5], [5.0]]
    assert GRADE([[95, 85], [65, 5]]) == [["优", "良"], ["中", "差"]]
    assert GRADE(np.array([95.0, 5.0])) == ["优", "差"]
    assert RATE([5, 5, 5], [10, 0]) == [0.5, DIV0, NA]
    assert NORMALIZE([]) == []


def test_a_wrong_number_of_arguments_is_the_programmers_fault() -> None:
    with pytest.raises(TypeError):
        SCORE("≥4", "3")
    with pytest.raises(TypeError):
        GRADE(1, "default", 2)


@pytest.mark.parametrize("function", WORKSHEET_FUNCTIONS.values(), ids=WORKSHEET_FUNCTIONS)
def test_every_function_has_chinese_help_and_documentation(function) -> None:
    chinese = re.compile("[一-鿿]")
    for said in (function.help, *(argument.help for argument in function.arguments)):
        assert chinese.search(said.zh)
        assert said.en.isascii() or "≥" in said.en
    named = ", ".join(f"[{a.name}]" if a.optional else a.name for a in function.arguments)
    assert f"`{function.name}({named})`" in GUIDE.read_text("utf-8")


# ------------------------------------------------------------------------------- in formulas


@pytest.mark.parametrize(
    "before",
    [
        "",
        "_xll.",
        "_XLL.",
        "[0]!",
        "[1]!",
        "'xlperf.xlam'!",
        "xlperf.xlam!",
        "'C:\\插件\\xlperf.xlam'!",
    ],
)
def test_a_formula_knows_them_however_they_are_spelled(before: str) -> None:
    tree = parse_formula(f"=ROUND({before}XP_SCORE(E15,F15,G15),1)+1")
    assert not isinstance(tree, Unsupported)
    assert to_excel(tree, {}) == "ROUND(XP_SCORE(E15,F15,G15),1)+1"
    calls = parse_formula(f'{before}xp_score("≥4","3",10)')
    assert isinstance(calls, Call)
    assert evaluate(calls, {}) == 7.5


@pytest.mark.parametrize(
    "text",
    ["[0]!SUM(A1)", "_xll.SUM(A1)", "'other.xlam'!XP_SCORE(A1,B1,C1)", "[0]!A1",
     "Sheet1!XP_RATE(1,2)", "XP_SCORE(A1)", "XP_GRADE(A1:A3)", "[0]!XP_SCORE", "XP_OTHER(A1)"],
)  # fmt: skip
def test_what_is_not_theirs_stays_unknown(text: str) -> None:
    assert isinstance(parse_formula(text), Unsupported)


def test_a_column_of_calls() -> None:
    tree = parse_formula("XP_SCORE(target,actual,weight)")
    assert not isinstance(tree, Unsupported)
    cells = {"target": "≥4", "actual": ["3", "x", None], "weight": np.array([10.0, 10.0, 10.0])}
    assert evaluate(tree, cells).tolist() == [7.5, "", ""]


# ------------------------------------------------------------------- native and call agree

weights = st.decimals(0, 100, places=1)
POLICIES = [Policy.load(name) for name in ("default", "linear", "zero", "one_decimal")]


@given(comparators, AMOUNTS, AMOUNTS, weights, st.sampled_from(POLICIES), st.data())
def test_native_formula_and_call_are_one_number(
    op: str, target: Decimal, actual: Decimal, weight: Decimal, policy: Policy, data: st.DataObject
) -> None:
    unit, others = data.draw(spelled)
    typed = data.draw(others).format(actual)
    indicator = row(f"{op}{target}{unit}", typed, weight)
    result = score(indicator, policy)
    cells = {"指标值": f"{op}{target}{unit}", "实际完成值": typed, "分值": float(weight)}
    call = score_call(result, cells, policy)
    assert call is not None
    if result.formula is not None:
        assert evaluate(call, cells) == evaluate(result.formula, cells)


@given(comparators, AMOUNTS, st.decimals(0, 3, places=6), weights)
def test_they_agree_on_cells_that_hold_a_number(
    op: str, target: Decimal, actual: Decimal, weight: Decimal
) -> None:
    for unit, shown in (("%", f"{actual * 100}%"), ("台", f"{actual}")):
        entries = row(f"{op}{target}{unit}", "", weight).entries
        indicator = Indicator({**entries, "实际完成值": Entry(shown, actual)})
        result = score(indicator, Policy.default())
        if unit == "%" and op in "≤<" and actual > 1:
            assert result.formula is None  # a formula cannot see that 3 is shown as 300 %
            continue
        assert result.formula is not None
        cells = {
            "指标值": f"{op}{target}{unit}",
            "实际完成值": float(actual),
            "分值": float(weight),
        }
        shown_there = evaluate(result.formula, cells)
        assert as_points(shown_there) == result.value
        assert SCORE(*cells.values()) == shown_there


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=9))
def test_any_text_has_an_answer(target: str, actual: str, weight: str) -> None:
    for function in WORKSHEET_FUNCTIONS.values():
        args = (target, actual, weight)[: len(function.arguments)]
        assert isinstance(function(*args), (float, str, ExcelError))
    assert NORMALIZE(target) == canonical(parse(target))


@given(st.decimals(0, 10**9, places=2), st.decimals("0.01", 10**9, places=2))
def test_the_rate_by_call_is_the_native_one(executed: Decimal, budget: Decimal) -> None:
    cells = {"全年执行数": executed, "全年预算数": budget}
    for points in (True, False):
        native, call = rate_expr(percent_points=points), rate_call(percent_points=points)
        assert evaluate(call, cells) == pytest.approx(evaluate(native, cells), abs=1e-9)
    assert evaluate(rate_call(percent_points=True), {**cells, "全年预算数": 0}) == ""


def test_a_policy_is_named_in_the_call_where_it_has_a_name() -> None:
    assert to_excel(grade_call(Policy.default()), {"总分": "H20"}) == "XP_GRADE(H20)"
    assert to_excel(grade_call(Policy.load("zero")), {"总分": "H20"}) == 'XP_GRADE(H20,"zero")'


def test_a_policy_of_ones_own_cannot_be_called(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[rounding]\nplaces = 0\n", "utf-8")
    with pytest.raises(InputError, match="XP_SCORE"):
        grade_call(Policy.load(tmp_path / "own.toml"))


targets = st.builds(
    "{}{}{}".format,
    st.sampled_from(["≥", "≤", ">", "<", "=", "", "不低于"]),
    st.sampled_from(["0", "3", "95", "99.5", "160", "1000000", "0.05", "-5", "12.345678"]),
    st.sampled_from(["", "%", "%", "%", "‰", "个", "万条", "万元", "元/天", "（含）"]),
) | st.sampled_from(
    ["80%-90%", "10~20天", "27人*12月", "每月至少一次", "有效保障", "", "#", "≥三成"]
)
ratios = st.integers(0, 130).map(lambda n: n / 100)
plain = st.floats(0, 1e12) | st.integers(0, 5000).map(lambda n: n / 100) | ratios | ratios
points = st.integers(1, 2000).map(lambda n: n / 100)


@settings(max_examples=300)
@given(
    targets,
    st.lists(st.tuples(plain | st.just(-3.0), points), min_size=2, max_size=5),
    st.sampled_from([(), ("linear",), ("zero",), ("没有",)]),
)
def test_rows_that_are_scored_together_get_what_each_gets_alone(target, rows, policy):
    actuals, weights = zip(*rows, strict=True)
    together = SCORE([target] * len(rows), list(actuals), list(weights), *policy)
    assert together == [SCORE(target, *row, *policy) for row in rows]
