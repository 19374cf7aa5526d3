"""Random formulas and values, for property tests."""

from hypothesis import strategies as st

from xlperf.expr import Binary, Call, Const, ExcelError, Expr, Ref, Unary

NAMES = ("分值", "实际完成值", "xp.总分")

numbers = st.one_of(
    st.integers(-1000, 1000).map(float),
    st.floats(-1e6, 1e6, allow_subnormal=False),
    st.decimals(-1000, 1000, places=3).map(float),
)
texts = st.sampled_from(["", "abc", "12", "99.2%", " 7 ", "1,234.5", "13个", "真", "TRUE", 'a"b'])
errors = st.sampled_from(["#DIV/0!", "#VALUE!", "#NUM!", "#N/A"]).map(ExcelError)

_FUNCTIONS = {
    "IF": 3, "IFERROR": 2, "AND": 2, "OR": 2, "NOT": 1, "SUM": 3, "MIN": 2, "MAX": 2, "COUNT": 2,
    "AVERAGE": 2, "ROUND": 2, "ROUNDDOWN": 2, "INT": 1, "ABS": 1, "VALUE": 1, "N": 1, "ISNUMBER": 1,
    "ISTEXT": 1, "SUBSTITUTE": 3, "LEFT": 2, "LEN": 1, "TRIM": 1, "CONCATENATE": 2,
}  # fmt: skip


def values() -> st.SearchStrategy[object]:
    return st.one_of(numbers, texts, st.booleans(), st.none(), errors)


def expressions(names: tuple[str, ...] = NAMES) -> st.SearchStrategy[Expr]:
    """Trees as `parse_formula` makes them: a negative number is one constant."""
    leaves = st.one_of(
        st.sampled_from(names).map(Ref),
        st.one_of(numbers, texts, st.booleans(), errors).map(Const),
    )
    return st.recursive(leaves, _wider, max_leaves=12)


def _wider(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    operators = ["+", "-", "*", "/", "^", "&", "=", "<>", "<", "<=", ">", ">="]
    return st.one_of(
        st.builds(Binary, st.sampled_from(operators), inner, inner),  # type: ignore[arg-type]
        st.builds(Unary, st.sampled_from(["-", "+", "%"]), inner).filter(_is_normal),  # type: ignore[arg-type]
        *[
            st.builds(Call, st.just(name), st.tuples(*[inner] * count))
            for name, count in _FUNCTIONS.items()
        ],
    )


def _is_normal(expr: Expr) -> bool:
    """Not a minus before a number, which is that negative number."""
    match expr:
        case Unary("-", Const(float())):
            return False
    return True
