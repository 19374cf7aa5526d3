"""Formulas give what Excel shows, for a row and for a column alike."""

import math
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.expr.strategies import NAMES, expressions, values
from xlperf.expr import Area, Call, Cell, Const, ExcelError, Expr, Range, Ref, evaluate
from xlperf.expr import parse_formula as parse
from xlperf.expr.values import general, rounded, text_number

CASES = [
    line.rsplit(" → ", 1)
    for line in (Path(__file__).parent / "cases/values.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("# ")
]
COLUMN_A = [None, 1.0, 3.0, "4", True, "", ExcelError("#DIV/0!")]


class Sheet:
    """The cells that the cases read."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Cell):
            return COLUMN_A[key.row - 1]
        return tuple((value,) for value in COLUMN_A[key.first.row - 1 : key.last.row])


class Columns(Sheet):
    """The same cells, each as a column of three equal rows."""

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if isinstance(found, tuple):
            return tuple((column(cell),) for (cell,) in found)
        return column(found)


def column(value: Any) -> Any:
    whole = np.empty(3, object)
    whole[:] = [value] * 3
    return whole


def tree(formula: str) -> Expr:
    parsed = parse(formula)
    assert not hasattr(parsed, "reason"), parsed
    return parsed  # type: ignore[return-value]


def same(one: Any, other: Any) -> bool:
    if type(one) is float and type(other) is float:
        return math.isclose(one, other, rel_tol=1e-14)
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize(("formula", "shown"), CASES, ids=[case[0] for case in CASES])
def test_gives_what_excel_shows(formula: str, shown: str) -> None:
    wanted = evaluate(tree(shown), {})
    assert same(evaluate(tree(formula), Sheet()), wanted)
    by_column = evaluate(tree(formula), Columns())
    if isinstance(by_column, np.ndarray):
        assert [same(element, wanted) for element in by_column.tolist()] == [True] * 3


@given(expressions(), st.lists(st.tuples(*[values()] * len(NAMES)), min_size=1, max_size=5))
def test_a_column_is_its_rows(expr: Expr, rows: list[tuple[Any, ...]]) -> None:
    columns = dict(zip(NAMES, zip(*rows, strict=True), strict=True))
    whole = evaluate(expr, {name: list(column) for name, column in columns.items()})
    one_by_one = [evaluate(expr, dict(zip(NAMES, row, strict=True))) for row in rows]
    if not isinstance(whole, np.ndarray):
        whole = np.array([whole] * len(rows), object)
    assert [(type(v), v) for v in whole.tolist()] == [(type(v), v) for v in one_by_one]


@given(
    expressions(),
    st.lists(
        st.tuples(*[st.floats(-1e6, 1e6, allow_subnormal=False)] * len(NAMES)),
        min_size=1,
        max_size=5,
    ),
)
def test_a_column_of_numbers_is_its_rows(expr: Expr, rows: list[tuple[float, ...]]) -> None:
    test_a_column_is_its_rows.hypothesis.inner_test(expr, rows)  # type: ignore[attr-defined]


def test_columns_may_be_any_sequence() -> None:
    doubled = tree("a*2")
    for source in ([1, Decimal(2)], np.array([1, 2]), np.array([1.0, 2.0], np.float32)):
        assert evaluate(doubled, {"a": source}).tolist() == [2.0, 4.0]
    assert evaluate(tree('a&""'), {"a": [1, True]}).tolist() == ["1", "TRUE"]
    assert evaluate(tree('a&"x"'), {"a": np.array(["b", "c"])}).tolist() == ["bx", "cx"]
    with pytest.raises(ValueError, match="dimension"):
        evaluate(doubled, {"a": np.ones((2, 2))})
    with pytest.raises(ValueError, match="rows"):
        evaluate(tree("a&b"), {"a": np.array(["b", "c"]), "b": np.array(["b"])})


def test_an_area_may_hold_columns() -> None:
    area = ((np.array([1.0, 2.0]), 3.0), (None, np.array(["x", 5.0], object)))
    cells = Range(Cell(1, 1), Cell(2, 2))
    assert evaluate(Call("SUM", (cells,)), {cells: area}).tolist() == [4.0, 10.0]
    assert evaluate(Call("COUNTA", (cells,)), {cells: area}).tolist() == [3.0, 3.0]


def test_a_formula_reads_what_python_programs_hold() -> None:
    env = {"a": Decimal("2.5"), "b": 2, "c": np.float64(0.5), "d": np.str_("x"), "e": np.True_}
    assert evaluate(tree("a*b*c"), env) == 2.5
    assert evaluate(tree('d&""'), env) == "x"
    assert evaluate(tree("IF(e=TRUE,b,0)"), env) == 2.0
    area: Area = ((1, Decimal(2)),)  # type: ignore[assignment]
    assert evaluate(tree("SUM(a)"), {"a": area}) == 3.0


def test_an_unknown_name_is_the_programs_fault() -> None:
    with pytest.raises(KeyError):
        evaluate(Ref("b"), {"a": 1})


def test_a_single_cell_counts_as_a_cell() -> None:
    assert evaluate(tree("SUM(a,1)"), {"a": "3"}) == 1.0
    assert evaluate(tree('SUM("3",1)'), {}) == 4.0


def test_the_same_tree_is_computed_anew() -> None:
    expr = tree("a+1")
    assert [evaluate(expr, {"a": value}) for value in (1.0, 2.0)] == [2.0, 3.0]


def test_constants_of_different_kinds_differ() -> None:
    assert Const(1.0) != Const(True)
    assert Const(1) == Const(1.0)  # type: ignore[arg-type]
    assert len({Const(1.0), Const(True), Const("1"), Const(None)}) == 4


@given(st.decimals(-(10**6), 10**6, places=4), st.integers(-3, 4))
def test_rounding_agrees_with_decimal_arithmetic(value: Decimal, places: int) -> None:
    unit = Decimal(1).scaleb(-places)
    wanted = value.quantize(unit, "ROUND_HALF_UP")
    assert rounded(float(value), places) == float(wanted)


@given(st.floats(-1e15, 1e15))
def test_a_number_survives_as_text_with_15_digits(value: float) -> None:
    assert text_number(general(value)) == float(f"{value:.15g}")


def test_importing_does_not_bring_numpy() -> None:
    code = "import sys, xlperf.expr; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_range_function_takes_what_if_chooses_from_columns() -> None:
    chosen = tree("MAX(5,IF(a>10,a,a*2))")
    assert evaluate(chosen, {"a": np.array([20.0, 0.5])}).tolist() == [20.0, 5.0]
