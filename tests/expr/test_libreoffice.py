"""LibreOffice judges: a random formula gives the same there and here.

Left out is where LibreOffice itself departs from Excel: booleans count as numbers there, text in a
call of SUM is refused, 0^0 is 1, and very long numbers are printed otherwise.
"""

import math
from pathlib import Path
from typing import Any

import xlsxwriter
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.oracles.libreoffice import LibreOffice
from xlperf.expr import Binary, Call, Const, ExcelError, Expr, Ref, Unary, evaluate, to_excel

COUNT = 600
# LibreOffice's own names for an argument that makes no sense.
ERRORS = {"Err:502": "#VALUE!", "Err:504": "#VALUE!"}
CELLS = {
    "分值": ("A1", 12.5),
    "实际": ("A2", 138.387),
    "文本": ("A3", "1,234.56"),
    "单位": ("A4", "198.38万条"),
    "空": ("A5", None),
    "负": ("A6", -7.25),
}

_numbers = st.one_of(
    st.integers(-99, 99).map(float), st.decimals(-999, 999, places=3).map(float)
).map(Const)
_texts = st.sampled_from(["", "abc", "12", "99.2%", " 7 ", "1,234.5", "13个", 'a"b']).map(Const)
_refs = st.sampled_from(list(CELLS)).map(Ref)


def _numeric(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    binary = st.sampled_from(["+", "-", "*", "/"])
    places = st.integers(-2, 6).map(float).map(Const)
    return st.one_of(
        st.builds(Binary, binary, inner, inner),  # type: ignore[arg-type]
        st.builds(Unary, st.sampled_from(["-", "%"]), inner),  # type: ignore[arg-type]
        *[
            st.builds(Call, st.just(name), st.tuples(*args))
            for name, args in {
                "ROUND": [inner, places],
                "ROUNDUP": [inner, places],
                "ROUNDDOWN": [inner, places],
                "INT": [inner],
                "ABS": [inner],
                "MIN": [_numbers, st.builds(Unary, st.just("%"), inner)],  # type: ignore[arg-type]
                "MAX": [_refs, _numbers],
                "SUM": [_refs, _refs, _numbers],
                "AVERAGE": [_refs, _numbers],
                "VALUE": [_texts | _refs],
                "N": [_refs],
                "LEN": [_textual],
                "IF": [_condition(inner), inner, inner],
                "IFERROR": [inner, inner],
            }.items()
        ],
    )


def _condition(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    compare = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    plain = st.builds(Binary, compare, inner, inner)  # type: ignore[arg-type]
    empty = st.builds(Binary, st.just("="), _refs, st.just(Const("")))  # type: ignore[arg-type]
    one = st.one_of(plain, empty)
    several = st.builds(Call, st.sampled_from(["AND", "OR"]), st.tuples(one, one))
    return st.one_of(one, several, st.builds(Call, st.just("NOT"), st.tuples(one)))


_count = st.integers(0, 9).map(float).map(Const)
_textual: st.SearchStrategy[Expr] = st.one_of(
    st.builds(Call, st.just("SUBSTITUTE"), st.tuples(_refs, _texts, _texts)),
    st.builds(Call, st.just("LEFT"), st.tuples(_refs, _count)),
    st.builds(Call, st.just("RIGHT"), st.tuples(_texts, _count)),
    st.builds(Call, st.just("MID"), st.tuples(_refs, _count, _count)),
    st.builds(Call, st.just("TRIM"), st.tuples(_texts)),
    st.builds(Binary, st.just("&"), _refs, _texts),  # type: ignore[arg-type]
)
_formulas = st.one_of(st.recursive(_numbers | _texts | _refs, _numeric, max_leaves=10), _textual)


def _random_formulas() -> list[Expr]:
    """So many formulas, the same in every run."""
    found: dict[str, Expr] = {}

    @seed(20250101)
    @settings(
        max_examples=COUNT,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(_formulas)
    def collect(expr: Expr) -> None:
        found.setdefault(to_excel(expr, {}), expr)

    collect()
    return list(found.values())


def _agree(here: Any, there: Any) -> bool:
    if isinstance(here, ExcelError):
        return bool(ERRORS.get(there, there) == here.code)
    if type(here) is float and type(there) is float:
        return math.isclose(here, there, rel_tol=1e-12, abs_tol=1e-12)
    return bool(here == there)


def test_libreoffice_gives_the_same(tmp_path: Path, libreoffice: LibreOffice) -> None:
    formulas = _random_formulas()
    assert len(formulas) > COUNT / 2
    refs = {name: address for name, (address, _) in CELLS.items()}
    path = tmp_path / "formulas.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("公式")
        for address, value in CELLS.values():
            if value is not None:
                sheet.write(address, value)
        for row, expr in enumerate(formulas):
            sheet.write_formula(row, 2, "=" + to_excel(expr, refs))
    shown = libreoffice.recalculate([path])[path]["公式"]
    env = {name: value for name, (_, value) in CELLS.items()}
    differences = [
        (to_excel(expr, refs), here, there)
        for row, expr in enumerate(formulas)
        if not _agree(here := evaluate(expr, env), there := shown[f"C{row + 1}"])
    ]
    assert differences == []
