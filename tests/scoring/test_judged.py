"""Others judge: the formula in a score cell shows the score, whatever staff type beside it.

LibreOffice is one judge, formualizer the other.

Scores have decimals here: LibreOffice rounds to whole numbers without regard to the 15 digits that
Excel goes by, so a half may go down there.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.oracles.libreoffice import LibreOffice
from tests.scoring.rows import AMOUNTS, comparators, row, spelled
from tests.scoring.test_policy import DEFAULT
from tests.scoring.test_score import CASES, policies
from xlperf.expr import evaluate, to_excel
from xlperf.forms import Entry, Indicator
from xlperf.scoring import WORKSHEET_FUNCTIONS, Policy, score

COUNT = 400


Judge = Callable[[Path], Mapping[str, Any]]
"""Gives the values of the formula cells of the sheet 自评表 by their addresses."""


_LIBREOFFICE = pytest.param("libreoffice", marks=pytest.mark.oracle("libreoffice"))


@pytest.fixture(params=[_LIBREOFFICE, "formualizer"])
def judge(request: pytest.FixtureRequest) -> Judge:
    if request.param == "formualizer":
        return _by_formualizer
    libreoffice: LibreOffice = request.getfixturevalue("libreoffice")
    return lambda path: libreoffice.recalculate([path])[path]["自评表"]


def _by_formualizer(path: Path) -> Mapping[str, Any]:
    formualizer = pytest.importorskip("formualizer")
    held = formualizer.load_workbook_bytes(path.read_bytes())
    held.evaluate_all()
    cells = openpyxl.load_workbook(path)["自评表"]["C"]
    return {c.coordinate: held.get_value("自评表", c.row, 3) for c in cells if c.value}


def _random_rows() -> list[tuple[Indicator, Policy]]:
    """So many rows, the same in every run."""
    found: list[tuple[Indicator, Policy]] = []
    weights = st.decimals(0, 100, places=1)

    @seed(20250101)
    @settings(max_examples=COUNT, database=None, suppress_health_check=list(HealthCheck))
    @given(comparators, AMOUNTS, AMOUNTS, weights, policies.filter(_has_decimals), st.data())
    def collect(
        op: str,
        target: Decimal,
        actual: Decimal,
        weight: Decimal,
        policy: Policy,
        data: st.DataObject,
    ) -> None:
        unit, others = data.draw(spelled)
        typed = data.draw(others).format(actual)
        found.append((row(f"{op}{target}{unit}", typed, weight), policy))

    collect()
    return found


def _has_decimals(policy: Policy) -> bool:
    return policy.places > 0


def _shown(
    rows: list[tuple[Indicator, Policy]], cells: list[Any], folder: Path, judge: Judge
) -> list[tuple[Indicator, Any]]:
    """What the judge shows in the score cells, where `cells` stand in the column of actuals."""
    path = folder / "scores.xlsx"
    written = []
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("自评表")
        for number, ((indicator, policy), cell) in enumerate(zip(rows, cells, strict=True), 1):
            formula = score(indicator, policy).formula
            if formula is None:
                continue
            if indicator.weight is not None:
                sheet.write_number(f"A{number}", float(indicator.weight))
            if isinstance(cell, str) and cell:
                sheet.write_string(f"B{number}", cell)
            elif cell != "":
                sheet.write_number(f"B{number}", cell)
            refs = {"分值": f"A{number}", "实际完成值": f"B{number}"}
            sheet.write_formula(f"C{number}", "=" + to_excel(formula, refs))
            written.append((number, indicator))
    values = judge(path)
    return [(indicator, values[f"C{number}"]) for number, indicator in written]


def _typed(rows: list[tuple[Indicator, Policy]]) -> list[str]:
    return [indicator.actual for indicator, _ in rows]


def _agree(wanted: Decimal | None, there: Any) -> bool:
    if wanted is None:
        return bool(there == "")
    return isinstance(there, float) and Decimal(repr(there)) == wanted


def test_random_rows_show_their_score(tmp_path: Path, judge: Judge) -> None:
    rows = _random_rows()
    shown = _shown(rows, _typed(rows), tmp_path, judge)
    assert len(shown) > COUNT / 2
    policy_of = {id(indicator): policy for indicator, policy in rows}
    differences = [
        (indicator.target, indicator.actual, indicator.weight, wanted, there)
        for indicator, there in shown
        if not _agree((wanted := score(indicator, policy_of[id(indicator)]).value), there)
    ]
    assert differences == []


def test_the_cases_show_their_score(tmp_path: Path, judge: Judge) -> None:
    rows = [(row(target, actual, 12), DEFAULT) for target, actual, _, _ in CASES]
    for indicator, there in _shown(rows, _typed(rows), tmp_path, judge):
        wanted = score(indicator, DEFAULT).value
        assert there == ("" if wanted is None else float(wanted)), (indicator.target, there)


@pytest.mark.parametrize(
    ("target", "typed_later", "points"),
    [
        ("≥98%", 0.97, 11.88),
        ("≥98%", 97, 11.88),
        ("≥98%", "97", 11.88),
        ("≥98%", "97%", 11.88),
        ("≥98%", "0.97", ""),
        ("≥98%", 1.05, 12.0),
        ("≤5%", "3", 12.0),
        ("≤5%", 3, ""),
        ("≤5%", 0.03, 12.0),
        ("≤5%", 30, 2.0),
        ("≤0.5%", "0.4", 12.0),
        ("≥150万条", 138.38, 11.07),
        ("≤28万元", "0.00317亿元", 10.6),
        ("=13个", " 12 个 ", 11.08),
        ("≥98%", "已完成", ""),
    ],
)
def test_what_is_typed_later_is_scored(
    target: str, typed_later: Any, points: Any, tmp_path: Path, judge: Judge
) -> None:
    _check_typed_later(target, typed_later, points, tmp_path, judge)


@pytest.mark.parametrize("judge", [_LIBREOFFICE], indirect=True)  # formualizer reads no commas
def test_commas_typed_later_are_read(tmp_path: Path, judge: Judge) -> None:
    _check_typed_later("≥150万条", "1,383,800条", 11.07, tmp_path, judge)


def _check_typed_later(
    target: str, typed_later: Any, points: Any, tmp_path: Path, judge: Judge
) -> None:
    rows = [(row(target, "", 12), DEFAULT)]
    ((_, there),) = _shown(rows, [typed_later], tmp_path, judge)
    assert there == points
    # A call of the worksheet function, the vector, and the scorer say the same.
    assert WORKSHEET_FUNCTIONS["XP_SCORE"](target, typed_later, 12) == points
    formula = score(rows[0][0], DEFAULT).formula
    assert formula is not None
    cells = {"分值": np.array([12.0, 12.0]), "实际完成值": [typed_later] * 2}
    assert evaluate(formula, cells).tolist() == [points] * 2
    number = Decimal(str(typed_later)) if isinstance(typed_later, (int, float)) else None
    entries = {**rows[0][0].entries, "实际完成值": Entry(str(typed_later), number)}
    scored = score(Indicator(entries), DEFAULT).value
    if scored is not None or points == "":
        assert scored == (None if points == "" else Decimal(str(points)))
