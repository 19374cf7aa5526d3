"""The main job on the real documents: 57 forms out, judged by outsiders."""

import csv
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from xlperf.bulk import Options, fill_records, load_example, read_workbooks, write_tables
from xlperf.resources import example_folders, examples_root, shipped_templates

ROOT = examples_root()
FOLDERS = [folder.relative_to(ROOT).as_posix() for folder in example_folders()]
# Forms whose printed total is not the sum of their rows: (sum of the rows, printed total).
DO_NOT_ADD_UP = {"03": ("95.66", "97.66"), "06": ("90", "100")}


def fill_all(out: Path, options: Options) -> list[Path]:
    written = []
    for name in FOLDERS:
        template, records = load_example(ROOT / name)
        outcomes = fill_records(template, records, out / name, options)
        written += [outcome.path for outcome in outcomes]
    return written


@pytest.fixture(scope="session")
def given(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("given")
    fill_all(out, Options(scores="given"))
    return out


@pytest.fixture(scope="session")
def computed(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("computed")
    fill_all(out, Options())
    return out


def forms(out: Path) -> list[Path]:
    return sorted(out.rglob("*.xlsx"))


def test_57_projects_and_one_department_are_written(given, computed):
    for out in (given, computed):
        assert len(forms(out)) == 57 + 1
        assert len(list(out.glob("*/*.xlsx"))) == 57


@pytest.mark.parametrize("name", FOLDERS)
def test_reading_gives_back_exactly_the_tables_that_went_in(given, tmp_path, name):
    paths = sorted((given / name).glob("*.xlsx"))
    reading = read_workbooks(paths)
    assert not reading.problems
    write_tables(reading.projects, reading.indicators, tmp_path)
    for table in ("projects.csv", "indicators.csv"):
        with (ROOT / name / table).open(encoding="utf-8", newline="") as file:
            expected = list(csv.reader(file))
        with (tmp_path / table).open(encoding="utf-8", newline="") as file:
            assert list(csv.reader(file)) == expected


def test_the_printed_totals_of_2023_come_out_of_the_rows():
    """Where they do not, the form is named here with what its rows add up to."""
    with (ROOT / "qiannan-2023/projects.csv").open(encoding="utf-8", newline="") as file:
        projects = {row["编号"]: row for row in csv.DictReader(file)}
    template, records = load_example(ROOT / "qiannan-2023")
    found = {}
    for project in records.projects:
        unprinted = {k: e for k, e in project.entries.items() if k not in ("总分", "自评结论")}
        filled = template.render(type(project)(unprinted, project.indicators))
        printed = projects[project.key]["总分"]
        total = filled.entries["总分"].number
        if total != Decimal(printed):
            found[project.key] = (str(total), printed)
        else:
            assert filled.entries["自评结论"].text == projects[project.key]["自评结论"]
    assert found == DO_NOT_ADD_UP


@pytest.mark.oracle("openxml")
def test_the_validator_finds_no_error(given, computed, openxml):
    paths = [*shipped_templates(), *forms(given), *forms(computed)]
    assert {path: errors for path, errors in openxml(paths).items() if errors} == {}


@pytest.mark.oracle("libreoffice")
@pytest.mark.parametrize("source", ["given", "computed"])
def test_libreoffice_computes_the_values_that_are_cached(source, libreoffice, request):
    paths = forms(request.getfixturevalue(source))
    differing, compared = [], 0
    for path, sheets in libreoffice.recalculate(paths).items():
        cached = openpyxl.load_workbook(path, data_only=True)
        for sheet, cells in sheets.items():
            for cell, value in cells.items():
                held = cached[sheet][cell].value
                held = "" if held is None else held
                if isinstance(value, float) and isinstance(held, (int, float)):
                    same = abs(value - held) <= 1e-9 * max(1, abs(value))
                else:
                    same = value == held
                compared += 1
                if not same:
                    differing.append((path.name, cell, held, value))
    assert differing == []
    assert compared > 57


def test_a_second_reader_sees_the_same_values(computed):
    compared = 0
    for path in forms(computed):
        book = openpyxl.load_workbook(path, data_only=True)
        for name in book.sheetnames:
            rows = (
                CalamineWorkbook.from_path(path)
                .get_sheet_by_name(name)
                .to_python(skip_empty_area=False)
            )
            for row, cells in enumerate(rows, start=1):
                for column, value in enumerate(cells, start=1):
                    held = book[name].cell(row, column).value
                    if isinstance(held, (str, int, float)) and held != "":
                        assert value == held
                        compared += 1
    assert compared > 4000
