"""LibreOffice judges the worksheet functions: random calls over cells of every kind.

Where it and Excel differ, Excel is followed: the differences known from Excel's documentation stand
in `ELSEWHERE`. What Excel itself is not sure to answer so is a doubt here, and not compared.
"""

import math
import random
import re
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xlsxwriter

from tests.oracles.libreoffice import LibreOffice
from xlperf.expr import (
    FUNCTIONS,
    Call,
    Cell,
    Const,
    ExcelError,
    Expr,
    Range,
    Unsupported,
    doubts,
    evaluate,
    parse_formula,
    to_excel,
)
from xlperf.recalc.known import FORMUALIZER
from xlperf.recalc.preflight import unknown

TEMPLATES = [
    line
    for line in (Path(__file__).parent / "cases/calls.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
EACH = 12
COLUMNS = {
    "A": [12.5, -7.25, 3.0, None, 0.1, 45292.0, 1e7, 2.0],
    "B": ["abc", "12", "绩效目标", " x  y ", "甲", " ", "a*c", "Abc"],
    "C": [1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0],
    "D": ["a", "b", "b", "c", "d", "甲", "乙", "丙"],
    "E": [5.5, -2.0, 7.125, 0.0, 2.0, 100.0, -2.0, 9.75],
    "F": ["k", ">2", "a", "<>3", None, "乙", 5.0, "K"],
    "G": ["n", "a", "ab", "b", "甲", "a", None, "a"],
    "H": ["k", 1.0, 2.0, 3.0, 4.5, 5.0, 6.0, None],
}
NUMBERS = ["A1", "A2", "A3", "A4", "A5", "C3", "E3", "E4", "0", "1", "0.5", "-0.5", "2.5", "A1/3"]
POOLS: dict[str, list[str]] = {
    "truth": ["A1>3", 'B1="ABC"', "A4=0", "TRUE", "FALSE", "1", "0", "E3<E1", "NOT(A1)", "1/0"],
    "any": ["A1", "A4", "B1", "B2", "B6", "1/0", "NA()", "E4", '"x"', "B5", "SQRT(-1)"],
    "t": ['"abc"', '"绩效目标"', '"a-b-c"', '""', "B1", "B3", "B4", "B6", "B8", "A1", "D6", "A4"],
    "s": ['"a"', '"b"', '"效"', '"-"', '"c"', '"B"', "D2", '"bc"'],
    "area": ["A1:A8", "C1:C8", "E1:E8", "B1:C4", "A1:E8", "E2:E3", "C2:C6", "B1:B3"],
    "line": ["C1:C8", "E1:E8", "D1:D8", "A1:A8"],
    "crit": ['">2"', '"<=5"', '"<>2"', "2", '"b"', '"甲"', '"<>"', "A3", '"=2"', '">=-2"', '"<>b"'],
    "v": ["1", "4", "34", "0", "99", '"b"', '"B"', '"甲"', '"c"', '"zz"', "2.5", "A3", "5"],
    "pair": ["C1:C8,E1:E8", "E1:E8,C1:C8", "A1:A8,C1:C8"],
    "code": ['"0"', '"0.00"', '"#,##0.00"', '"0%"', '"0.0%"', '"00000"', '"0.0##"', '"#,##0"',
             '"0元"', '"0.00;(0.00)"', '"0.00E+00"'],
    "dcode": ['"yyyy-mm-dd"', '"yyyy年m月d日"', '"yyyy/m/d"', '"hh:mm:ss"', '"m/d"', '"yyyy"'],
    "bit": ["0", "1"],
    "few": ["1", "2", "3", "4"],
    "more": ["5", "6", "7", "8"],
    "weekend": ["1", "2", "7", "11", "17", '"0000011"', '"1000001"'],
}  # fmt: skip
# Where Excel gives an error, LibreOffice rounds between unlike signs, ranks what is not there, has
# an angle for the origin and knows no #NUM! in ERROR.TYPE.
ELSEWHERE = re.compile(r"MROUND\((?:-|A2)|RANK\((?:99|2\.5|0)|ATAN2\(E4,E4|ERROR\.TYPE\(SQRT")
# Array constants, which formualizer 0.13 does not spread: as an engine it refuses them.
OTHERWISE = re.compile("{")


def drawn(pool: str, rng: random.Random) -> str:
    match pool:
        case "n" if rng.random() < 0.5:
            return f"{rng.uniform(-200, 200):.{rng.randrange(5)}f}"
        case "n":
            return rng.choice(NUMBERS)
        case "whole":
            return str(rng.randint(-20, 20))
        case "small":
            return str(rng.randint(-1, 6))
        case "step":
            return rng.choice(["1", "2", "5", "0.5", "10", "0.25", "3"])
        case "share":
            return f"{rng.uniform(0.001, 0.999):.4f}"
        case "day":
            return rng.choice(["A6", str(rng.randint(36526, 60000)), "DATE(2024,2,29)"])
        case "moment":
            return f"{rng.randint(36526, 60000)}+{rng.randint(0, 86399)}/86400"
    return rng.choice(POOLS[pool])


def calls() -> list[str]:
    rng = random.Random(20250101)
    names = "|".join([*POOLS, "n", "whole", "small", "step", "share", "day", "moment"])
    return [
        re.sub(rf"{{({names})}}", lambda found: drawn(found[1], rng), template)
        for template in TEMPLATES
        for _ in range(EACH)
    ]


class Sheet:
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Cell):
            return COLUMNS["ABCDEFGH"[key.column - 1]][key.row - 1]
        assert isinstance(key, Range)
        columns = [COLUMNS[c] for c in "ABCDEFGH"[key.first.column - 1 : key.last.column]]
        return tuple(zip(*(c[key.first.row - 1 : key.last.row] for c in columns), strict=True))


def tree_of(formula: str) -> Expr:
    tree = parse_formula(formula)
    assert not isinstance(tree, Unsupported), formula
    return tree


def agree(here: Any, there: Any) -> bool:
    if isinstance(here, ExcelError):  # of a kind that LibreOffice tells by its own lights
        return isinstance(there, str) and bool(re.match(r"#|Err:", there))
    if type(here) is float and type(there) is float:
        return math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(here, bool) and type(there) is float:
        return here == (there != 0)  # a truth that IF passes on is a number there
    return bool(here == there)


@pytest.mark.oracle("libreoffice")
def test_libreoffice_answers_the_same(tmp_path: Path, libreoffice: LibreOffice) -> None:
    formulas = list(dict.fromkeys(calls()))
    trees = [tree_of(formula) for formula in formulas]
    path = tmp_path / "calls.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("表")
        for letter, values in COLUMNS.items():
            for row, value in enumerate(values, 1):
                if isinstance(value, str):
                    sheet.write_string(f"{letter}{row}", value)
                elif value is not None:
                    sheet.write_number(f"{letter}{row}", value)
        for row, tree in enumerate(trees):
            sheet.write_formula(row, 9, "=" + to_excel(tree, {}))
    shown = libreoffice.recalculate([path])[path]["表"]
    differences, compared = [], 0
    for row, (formula, tree) in enumerate(zip(formulas, trees, strict=True), 1):
        with doubts() as doubtful:
            here = evaluate(tree, Sheet())
        if doubtful or ELSEWHERE.search(formula):
            continue
        compared += 1
        if not agree(here, there := shown[f"J{row}"]):
            differences.append((formula, here, there))
    assert differences == []
    assert compared > 0.9 * len(formulas)


def test_formualizer_answers_the_same() -> None:
    formualizer = pytest.importorskip("formualizer")
    held = formualizer.Workbook()
    held.set_temporal_egress("serial")
    sheet = held.sheet("表")
    for column, values in enumerate(COLUMNS.values(), 1):
        for row, value in enumerate(values, 1):
            if value is not None:
                sheet.set_value(row, column, value)
    formulas = [
        formula
        for formula in dict.fromkeys(calls())
        if not (unknown(formula, FORMUALIZER) or OTHERWISE.search(formula))
    ]
    for row, formula in enumerate(formulas, 1):
        sheet.set_formula(row, 10, "=" + formula)
    held.evaluate_all()
    differences = []
    for row, formula in enumerate(formulas, 1):
        with doubts() as doubtful:
            here = evaluate(tree_of(formula), Sheet())
        there = held.get_value("表", row, 10)
        there = f"#{there['kind']}" if isinstance(there, dict) else there
        if not doubtful and not agree(here, there):
            differences.append((formula, here, there))
    assert differences == []
    assert len(formulas) > 600


def test_a_column_of_calls_is_its_cells() -> None:
    columns = Repeated()
    for formula in dict.fromkeys(calls()):
        tree = tree_of(formula)
        one = evaluate(tree, Sheet())
        found = evaluate(tree, columns)
        if hasattr(found, "tolist"):
            assert [(type(v), v) for v in found.tolist()] == [(type(one), one)] * 2, formula


class Repeated(Sheet):
    """The cells, each as a column of two equal rows."""

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        if isinstance(found, tuple):
            return tuple(tuple(twice(value) for value in row) for row in found)
        return twice(found)


def twice(value: Any) -> Any:
    column = np.empty(2, object)
    column[:] = [value] * 2
    return column


def test_every_function_is_documented() -> None:
    guide = (Path(__file__).parents[2] / "docs/recalc.md").read_text("utf-8")
    named = set(re.findall(r"[A-Z][A-Z0-9.]*", guide))
    systems = re.compile(r"(BIN|OCT|DEC|HEX)2(BIN|OCT|DEC|HEX)")
    own = {n for n, f in FUNCTIONS.items() if not f.added and not n.endswith("…")}
    assert sorted(n for n in own if n not in named and not systems.fullmatch(n)) == []


ODD_VALUES: list[Any] = [
    0.0, 1.0, -1.0, 0.5, 2.0, 5.0, 60.0, 1e-300, 1e15, 1e300, -1e300, 2958465.0, 2958466.0, 45000.7,
    None, True, False, "", "a", "*", "~", "1", "1E9", "2024-02-30", "TRUE", ">", "𬭎字", "0.00",
    "md", ExcelError("#N/A"), ExcelError("#DIV/0!"), ExcelError("#SPILL!"), 5e-324, 1.7e308,
    -1.7e308,
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(n for n, f in FUNCTIONS.items() if not f.placed))
def test_no_argument_makes_a_function_raise(name: str) -> None:
    function, rng = FUNCTIONS[name], random.Random(name)
    most = min(function.most, 6)
    for _ in range(250):
        count = rng.randint(min(function.least, most), most)
        kinds = [function.kind(place) for place in range(count)]
        args = tuple(
            Const(tuple(tuple(rng.choices(ODD_VALUES, k=2)) for _ in range(3)))
            if kind != "v" and rng.random() < 0.7
            else Const(rng.choice(ODD_VALUES))
            for kind in kinds
        )
        found = evaluate(Call(name, args), {})
        for answer in chain.from_iterable(found) if isinstance(found, tuple) else [found]:
            blank = answer is None and isinstance(found, tuple)
            assert blank or isinstance(answer, (float, str, bool, ExcelError)), (name, args)
            assert not isinstance(answer, float) or math.isfinite(answer), (name, args)
