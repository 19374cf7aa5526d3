"""Formula text becomes a tree and comes back as the same formula, or is refused with a reason."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.expr.strategies import expressions
from xlperf.expr import (
    Binary,
    Cell,
    Const,
    Expr,
    Range,
    Ref,
    Unary,
    Unsupported,
    parse_formula,
    to_excel,
)

FOLDER = Path(__file__).parent / "cases"


def cases(name: str) -> list[list[str]]:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return [line.split(" → ") for line in lines if line and not line.startswith("# ")]


@pytest.mark.parametrize(("source", "printed"), cases("formulas.txt"))
def test_is_printed_with_only_the_parentheses_it_needs(source: str, printed: str) -> None:
    tree = parse_formula(source)
    assert not isinstance(tree, Unsupported), tree
    assert to_excel(tree, {}) == printed
    assert parse_formula(printed) == tree


@pytest.mark.parametrize(("source", "part", "why"), cases("unsupported.txt"))
def test_what_is_not_supported_is_named(source: str, part: str, why: str) -> None:
    answer = parse_formula(source)
    assert isinstance(answer, Unsupported)
    assert source[answer.span.start : answer.span.end] == part
    assert why in answer.reason.en
    assert answer.reason.zh.isascii() is False


@given(expressions())
def test_printing_and_parsing_give_the_same_tree(expr: Expr) -> None:
    assert parse_formula(to_excel(expr, {})) == expr


@given(st.text("AB1:$!'\"#%^&*()+-=<>,.@{}[]自评 SUMIFE0\\?", max_size=30))
@example("(" * 5000)
@example("-" * 5000 + "1")
@example("1" + "+1" * 4000)
@example("IF(" * 500)
@example("1" + "%" * 5000)
def test_any_text_is_read_or_refused(source: str) -> None:
    answer = parse_formula(source)
    if isinstance(answer, Unsupported):
        assert 0 <= answer.span.start <= answer.span.end <= len(source)
    else:
        assert parse_formula(to_excel(answer, {})) == answer


def test_variables_are_printed_as_their_cells() -> None:
    half = Binary("*", Ref("分值"), Const(0.5))
    assert to_excel(half, {"分值": "H12"}) == "H12*0.5"


def test_the_nodes_of_cells_and_names() -> None:
    assert parse_formula("'自评 表'!$C4") == Cell(4, 3, "自评 表", column_fixed=True)
    total = parse_formula("SUM(表!B2:$A$1)")
    assert total.args == (  # type: ignore[union-attr]
        Range(Cell(1, 1, "表", True, True), Cell(2, 2)),
    )
    assert parse_formula("-5%") == Unary("%", Const(-5.0))
