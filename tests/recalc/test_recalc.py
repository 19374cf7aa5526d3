"""Recalculation end to end: values come right, nothing else changes, the rest is told."""

import json
import random
import re
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from xlperf.bulk import Options, fill_records, load_example
from xlperf.cli import cli
from xlperf.ooxml.address import cell_name
from xlperf.recalc import recalculate
from xlperf.resources import example_folders, examples_root

MOST_REFUSED = 20
RANDOM_FORMS_OF_EACH = 25  # of the eight self-evaluations


@pytest.fixture(scope="module")
def forms(tmp_path_factory) -> list[Path]:
    out = tmp_path_factory.mktemp("forms")
    for folder in example_folders():
        template, records = load_example(folder)
        target = out / folder.relative_to(examples_root())
        fill_records(template, records, target, Options())
    return sorted(out.rglob("*.xlsx"))


def book(path: Path, cells: dict[str, object], **names: str) -> bytes:
    """A workbook with one sheet; texts that begin with = are formulas, cached as 0."""
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("表")
        for address, value in cells.items():
            sheet.write(address, value)
        for name, text in names.items():
            workbook.define_name(name, text)
    return path.read_bytes()


def parts(data: bytes, path: Path) -> dict[str, bytes]:
    path.write_bytes(data)
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.mark.oracle("libreoffice")
def test_libreoffice_agrees_on_every_formula_of_every_form(forms, libreoffice, tmp_path):
    rng = random.Random(5)
    random_forms = []
    for place, path in enumerate(forms):
        if "qiannan-2023" in str(path):
            for number in range(RANDOM_FORMS_OF_EACH):
                out = tmp_path / f"{place}_{number}.xlsx"
                out.write_bytes(scrambled(path.read_bytes(), rng, tmp_path / "scrambled.xlsx"))
                random_forms.append(out)
    paths = [*forms, *random_forms]
    large = tmp_path / "large.xlsx"
    large.write_bytes(summary(tmp_path / "summary.xlsx", rng))
    paths.append(large)
    books = [path.read_bytes() for path in paths]
    outcomes = recalculate(books, "compiled")
    assert [outcome.refused_by for outcome in outcomes] == [{}] * len(paths)
    others = recalculate(books, "formualizer")
    assert [other.refused_by for other in others[: len(forms)]] == [{}] * len(forms)
    assert others[-1].engine == "formualizer"
    assert sum(other.engine is not None for other in others) >= len(others) - MOST_REFUSED
    for ours, other in zip(outcomes, others, strict=True):
        if other.engine:
            mine, theirs = ({(c.sheet, c.cell): c.new for c in o.changed} for o in (ours, other))
            assert mine.keys() == theirs.keys()
            assert all(same(str_of(mine[cell]), str_of(theirs[cell])) for cell in mine)
    done = []
    for place, outcome in enumerate(outcomes):
        path = tmp_path / f"done{place}.xlsx"
        path.write_bytes(outcome.data)
        done.append(path)
    assert len(random_forms) == 200
    differing, compared = [], 0
    for path, sheets in libreoffice.recalculate(done).items():
        for sheet, cells in sheets.items():
            held = (held_values if done.index(path) < len(forms) else written_values)(path, sheet)
            for cell, value in cells.items():
                compared += 1
                if not same(held[cell], value):
                    differing.append((path.name, cell, held[cell], value))
    assert differing == []
    assert compared > 7_000


@pytest.mark.parametrize("engine", ["compiled", "formualizer"])
@pytest.mark.parametrize("spelled", ["", "_xll.", "[0]!", "'xlperf.xlam'!", "_xlfn."])
def test_forms_filled_with_calls_come_to_what_native_formulas_do(engine, spelled, tmp_path):
    template, records = load_example(examples_root() / "qiannan-2023")
    for style in ("native", "udf"):
        fill_records(template, records, tmp_path / style, Options(formulas=style))
    names = sorted(path.name for path in (tmp_path / "native").glob("*.xlsx"))
    native, calls = (
        [
            without_values((tmp_path / style / name).read_bytes(), spelled, tmp_path)
            for name in names
        ]
        for style in ("native", "udf")
    )
    called = 0
    for name, one, other in zip(
        names, recalculate(native, engine), recalculate(calls, engine), strict=True
    ):
        assert (one.engine, other.engine) == (engine, engine), other.refused_by
        by_native, by_call = ({(c.sheet, c.cell): c.new for c in o.changed} for o in (one, other))
        shown = held_values(tmp_path / "udf" / name, one.changed[0].sheet)
        for place, value in by_call.items():
            # Where only a call can tell, the native form holds the value alone.
            assert same(str_of(by_native.get(place, value)), str_of(value)), (name, place)
            assert same(shown[place[1]], str_of(value)), (name, place)
        called += parts(calls[names.index(name)], tmp_path / "x.zip")[
            "xl/worksheets/sheet1.xml"
        ].count(b"XP_SCORE(")
    assert called > 40


def without_values(data: bytes, spelled: str, folder: Path) -> bytes:
    """The form with 0 in every formula cell, and its calls spelled so."""
    everything = parts(data, folder / "whole.zip")
    with zipfile.ZipFile(folder / "bare.zip", "w") as package:
        for name, part in everything.items():
            if "worksheets/sheet" in name:
                part = re.sub(rb' t="str"(?=[^>]*><f)', b"", part)
                part = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1<v>-1</v>", part)
                part = re.sub(rb"(?=XP_[A-Z]+\()", spelled.encode(), part)
            package.writestr(name, part)
    return (folder / "bare.zip").read_bytes()


def test_a_column_in_a_call_is_refused_by_name(tmp_path):
    data = book(tmp_path / "a.xlsx", {"A1": 2, "B1": "=XP_GRADE(A1:A3)"})
    for engine in ("compiled", "formualizer"):
        (outcome,) = recalculate([data], engine)
        assert "区域" in outcome.unsupported[0].reason.zh
    with xlsxwriter.Workbook(tmp_path / "b.xlsx") as workbook:
        sheet = workbook.add_worksheet("表")
        sheet.write_array_formula("B1:B3", "{=XP_GRADE(A1:A3)}")
    for outcome in (
        recalculate([(tmp_path / "b.xlsx").read_bytes()], e)[0] for e in ("compiled", "formualizer")
    ):
        assert "数组" in outcome.unsupported[0].reason.zh


def str_of(value: object) -> object:
    return value.code if hasattr(value, "code") else value


def summary(path: Path, rng: random.Random) -> bytes:
    """5,000 formulas, ten to a row, and the total of each column."""
    cells: dict[str, object] = {}
    for row in range(2, 502):
        cells |= {f"{column}{row}": round(rng.uniform(0, 99), rng.randrange(5)) for column in "ABC"}
        cells |= {
            f"D{row}": f"=SUM(A{row}:C{row})",
            f"E{row}": f"=ROUND(D{row}/3,2)",
            f"F{row}": f"=IF(C{row}=0,0,ROUND(A{row}/C{row}*100,2))",
            f"G{row}": f"=D{row}/SUM(D$2:D$501)",
            f"H{row}": f'=IF(E{row}>=90,"优",IF(E{row}>=80,"良",IF(E{row}>=60,"中","差")))',
            f"I{row}": f"=MAX(A{row}:C{row})-MIN(A{row}:C{row})",
            f"J{row}": f"=N(J{row - 1})+A{row}",
            f"K{row}": f"=AND(A{row}>B{row},B{row}>C{row})",
            f"L{row}": f"=INT(A{row}*7)",
            f"M{row}": f'=IFERROR(A{row}/(B{row}-B{row}),"-")',
        }
    return book(path, cells)


def scrambled(data: bytes, rng: random.Random, path: Path) -> bytes:
    """The form with other numbers wherever a number stands."""

    def other(found: re.Match[bytes]) -> bytes:
        return found[1] + f"{rng.uniform(0, 120):.{rng.randrange(7)}f}</v>".encode()

    everything = parts(data, path)
    with zipfile.ZipFile(path, "w") as package:
        for name, part in everything.items():
            if "worksheets/sheet" in name:
                part = re.sub(rb'(<c r="\w+" s="\d+"><v>)[0-9.]+</v>', other, part)
            package.writestr(name, part)
    return path.read_bytes()


def held_values(path: Path, sheet: str) -> dict[str, object]:
    import openpyxl

    cells = openpyxl.load_workbook(path, data_only=True)[sheet]
    return {cell.coordinate: cell.value for row in cells.iter_rows() for cell in row}


def written_values(path: Path, sheet: str) -> dict[str, object]:
    """As `held_values`, by a reader that is much faster."""
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet)
    return {
        cell_name(row, column): value
        for row, values in enumerate(rows.to_python(skip_empty_area=False), start=1)
        for column, value in enumerate(values, start=1)
    }


def same(held: object, value: object) -> bool:
    held = "" if held is None else held
    if isinstance(held, (int, float)) and isinstance(value, (int, float)):
        return abs(held - value) <= 1e-9 * max(1, abs(value))
    return held == value


def test_only_values_change(tmp_path):
    data = book(tmp_path / "a.xlsx", {"A1": 2, "A2": 3, "A3": "=A1+A2", "B3": '=A3&"元"'})
    (outcome,) = recalculate([data])
    before, after = parts(data, tmp_path / "b.zip"), parts(outcome.data, tmp_path / "c.zip")
    changed = [name for name in before if before[name] != after[name]]
    assert changed == ["xl/worksheets/sheet1.xml"]
    (sheet,) = changed
    assert after[sheet] == before[sheet].replace(
        b"<f>A1+A2</f><v>0</v>", b"<f>A1+A2</f><v>5</v>"
    ).replace(b'<c r="B3"><f>', b'<c r="B3" t="str"><f>').replace(
        '元"</f><v>0</v>'.encode(), '元"</f><v>5元</v>'.encode()
    )
    assert [(c.cell, c.old, c.new) for c in outcome.changed] == [("A3", 0, 5), ("B3", 0, "5元")]


def test_a_running_total_and_many_workbooks_at_once(tmp_path):
    books = []
    for number in range(20):
        cells = {f"A{row}": row * number for row in range(1, 31)}
        cells |= {f"B{row}": f"=A{row}+B{row - 1}" for row in range(2, 31)}
        cells["C1"] = "=SUM(A1:A30)/B30"
        books.append(book(tmp_path / "a.xlsx", cells))
    for number, outcome in enumerate(recalculate(books, "compiled")):
        new = {change.cell: change.new for change in outcome.changed}
        total = sum(row * number for row in range(2, 31))
        assert new.get("B30", 0) == total
        assert new["C1"] == ((total + number) / total if number else "#DIV/0!") or (
            number == 0 and new["C1"].code == "#DIV/0!"
        )


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("=NOW()", "NOW"),
        ("=NOSUCH(A1)", "NOSUCH"),
        ("=nosuchname+1", "nosuchname"),
        ("='[1]Sheet'!A1", "工作簿"),
        ("=B1+1", "循环"),
    ],
)
def test_what_cannot_be_calculated_is_named(formula, reason, tmp_path):
    data = book(tmp_path / "a.xlsx", {"A1": 1, "B1": formula})
    (outcome,) = recalculate([data], "compiled")
    assert outcome.data is None
    assert outcome.engine is None
    (cell,) = outcome.unsupported
    assert (cell.sheet, cell.cell, cell.formula) == ("表", "B1", formula)
    assert reason in cell.reason.zh


@pytest.mark.parametrize("text", ["1/2/2024", "12:30", "3 May", "1,23", "2024年3月1日"])
def test_text_that_only_some_languages_read_as_a_number_is_refused(text, tmp_path):
    data = book(tmp_path / "a.xlsx", {"A1": text, "B1": "=IFERROR(VALUE(A1),0)"})
    (outcome,) = recalculate([data], "compiled")
    assert outcome.engine is None
    assert text in outcome.refused_by["compiled"][0].zh


def test_the_command_reports_json_and_exits_1_for_what_was_refused(tmp_path):
    book(tmp_path / "good.xlsx", {"A1": 2, "A2": "=A1*2"})
    book(tmp_path / "bad.xlsx", {"A1": 2, "A2": "=A1*RAND()"})
    (tmp_path / "torn.xlsx").write_bytes((tmp_path / "good.xlsx").read_bytes()[:900])
    args = ["recalc", str(tmp_path), "-o", str(tmp_path / "out"), "--report", "json"]
    result = CliRunner().invoke(cli, args)
    assert result.exit_code == 1, result.output
    bad, good, torn = json.loads(result.stdout)["workbooks"]
    assert torn["engine"] is None
    assert "已损坏" in torn["unsupported"][0]["reason"]
    assert "torn.xlsx" in result.stderr
    assert good["engine"] == "compiled"
    assert good["recalculated"] == 1
    assert good["changed"] == [{"sheet": "表", "cell": "A2", "old": 0, "new": 4}]
    assert bad["engine"] is None
    assert [cell["cell"] for cell in bad["unsupported"]] == ["A2"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.xlsx"]


def test_in_place_and_two_processes(tmp_path):
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"{number}.xlsx")
        book(paths[-1], {"A1": number, "A2": "=A1+1"})
    args = ["recalc", str(tmp_path), "--in-place", "--jobs", "2", "--explain-engine"]
    result = CliRunner().invoke(cli, args)
    assert result.exit_code == 0, result.output
    assert [held_values(path, "表")["A2"] for path in paths] == [1, 2, 3, 4]


@pytest.mark.parametrize("typed", ["1,383,800条", "１３８条", "(138)条"])
def test_a_number_in_a_text_is_read_as_excel_does_or_refused(typed, tmp_path):
    formula = '=IFERROR(VALUE(SUBSTITUTE(A1,"条","")),"")'
    data = book(tmp_path / "a.xlsx", {"A1": typed, "B1": formula})
    (outcome,) = recalculate([data], "formualizer")
    assert outcome.engine is None
    (outcome,) = recalculate([data], "compiled")
    assert isinstance(outcome.changed[0].new, float)
