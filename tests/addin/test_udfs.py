"""Worksheet functions through xlwings' UDF server, as a cell of Excel calls them.

Only the modules of Windows are stand-ins; arguments and answers pass xlwings' own conversion.
"""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.addin.windows import ComTime, com_range, udf_server
from xlperf.expr import ExcelError
from xlperf.scoring.functions import WORKSHEET_FUNCTIONS

LEFT_OUT = -2147352572
DIV0, NA = -2146826281, -2146826246
DEADLINE = "2025年12月底前完成"

# The cells as Excel hands them over, and as the registry takes them.
CALLS = [
    ("XP_SCORE", ["≥95%", 0.9, 10.0, LEFT_OUT], ["≥95%", 0.9, 10.0]),
    ("XP_SCORE", ["≤350元", "385元", 7.5, "linear"], ["≤350元", "385元", 7.5, "linear"]),
    ("XP_SCORE", ["≥27台", Decimal("26.5"), Decimal(10), LEFT_OUT], ["≥27台", 26.5, 10.0]),
    ("XP_SCORE", [None, 1.0, 10.0, LEFT_OUT], ["", 1.0, 10.0]),
    ("XP_SCORE", ["≥95%", NA, 10.0, LEFT_OUT], ["≥95%", ExcelError("#N/A"), 10.0]),
    ("XP_SCORE", ["≥95%", 1.0, -1.0, LEFT_OUT], ["≥95%", 1.0, -1.0]),
    ("XP_SCORE", ["≥95%", 1.0, 10.0, "自定义"], ["≥95%", 1.0, 10.0, "自定义"]),
    ("XP_SCORE", [DEADLINE, ComTime(2025, 11, 30), 5.0, LEFT_OUT], [DEADLINE, 45991.0, 5.0]),
    ("XP_SCORE", [DEADLINE, ComTime(2026, 1, 2, 18), 5.0, LEFT_OUT], [DEADLINE, 46024.75, 5.0]),
    ("XP_RATE", [98.74, 100.0], [98.74, 100.0]),
    ("XP_RATE", [1.0, 0.0], [1.0, 0.0]),
    ("XP_RATE", [DIV0, 1.0], [ExcelError("#DIV/0!"), 1.0]),
    ("XP_GRADE", [89.995, LEFT_OUT], [89.995]),
    ("XP_GRADE", [ComTime(1899, 12, 30, 12), LEFT_OUT], [0.5]),
    ("XP_CHECK", ["27台套"], ["27台套"]),
    ("XP_CHECK", ["≥ 95 %（含）"], ["≥ 95 %（含）"]),
    ("XP_TARGET", ["2025年12月31日前", "日期"], ["2025年12月31日前", "日期"]),
    ("XP_TARGET", ["≥160万条", "不存在"], ["≥160万条", "不存在"]),
    ("XP_NORMALIZE", ["＝100.00(%)"], ["＝100.00(%)"]),
    ("XP_NORMALIZE", [True], [True]),
]  # fmt: skip

cells = st.sampled_from(
    [
        (None, None),
        ("", None),
        (NA, ExcelError("#N/A")),
        (DIV0, ExcelError("#DIV/0!")),
        (ComTime(2025, 6, 1), 45809.0),
        ("每月至少一次", "每月至少一次"),
        ("≥95%", "≥95%"),
        (True, True),
    ]
) | st.floats(-1e6, 1e6).map(lambda number: (number, number))


@pytest.fixture(scope="module")
def served():
    """`served(name, arguments)` is what the cell gets."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        server, _ = udf_server(monkeypatch)
        excel = server.XLPython()

        def call(name, arguments):
            return excel.CallUDF("xlperf.addin.udfs", name, arguments, None, None)

        yield call


def given_back(value):
    return str(value) if isinstance(value, ExcelError) else value


@pytest.mark.parametrize(("name", "cells", "values"), CALLS)
def test_a_cell_gets_what_the_registry_gives(served, name, cells, values):
    assert served(name, cells) == given_back(WORKSHEET_FUNCTIONS[name](*values))


@pytest.mark.parametrize(("name", "cells", "values"), CALLS)
def test_a_cell_that_refers_to_cells_gets_the_same(served, name, cells, values):
    ranges = [cell if cell == LEFT_OUT else com_range(cell) for cell in cells]
    assert served(name, ranges) == given_back(WORKSHEET_FUNCTIONS[name](*values))


@pytest.mark.parametrize("by", [tuple, com_range])
@pytest.mark.parametrize(("name", "cells", "values"), CALLS)
def test_a_column_beside_single_cells_gets_a_column(served, name, cells, values, by):
    first = ((cells[0],), ("≥1",), (cells[0],))
    column = WORKSHEET_FUNCTIONS[name]([values[0], "≥1", values[0]], *values[1:])
    assert served(name, [by(first), *cells[1:]]) == [[given_back(cell)] for cell in column]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(cells, cells, cells), min_size=2, max_size=6))
def test_any_columns_get_what_the_registry_gives(served, rows):
    areas = [tuple((row[i][0],) for row in rows) for i in range(3)]
    values = [[row[i][1] for row in rows] for i in range(3)]
    expected = WORKSHEET_FUNCTIONS["XP_SCORE"](*values)
    assert served("XP_SCORE", [*areas, LEFT_OUT]) == [[given_back(cell)] for cell in expected]


def test_a_row_comes_back_as_a_row(served):
    row = served("XP_RATE", [((1.0, 2.0, 3.0),), 4.0])
    assert row == [0.25, 0.5, 0.75]


def test_columns_of_different_lengths_end_in_errors(served):
    assert served("XP_RATE", [((1.0,), (2.0,)), ((4.0,), (4.0,), (4.0,))]) == [
        [0.25],
        [0.5],
        ["#N/A"],
    ]


def test_the_wizard_is_told_what_the_registry_says():
    with pytest.MonkeyPatch.context() as monkeypatch:
        _, udfs = udf_server(monkeypatch)
        for name, function in WORKSHEET_FUNCTIONS.items():
            told = getattr(udfs, name).__xlfunc__
            assert told["name"] == name
            assert told["ret"]["doc"] == function.help.zh
            assert [a["name"] for a in told["args"]] == [a.name for a in function.arguments]
            assert [a["doc"] for a in told["args"]] == [a.help.zh for a in function.arguments]
            optional = [a.optional for a in function.arguments]
            assert ["optional" in a for a in told["args"]] == optional
