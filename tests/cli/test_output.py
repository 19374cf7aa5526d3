"""`-o` with a wrong ending: told before any work, with the right one, in both languages."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from xlperf.cli import cli
from xlperf.resources import examples_root, template_path

FORM = "guizhou_self_evaluation"

WRONG = [
    ("summary forms -o x.txt", ".xlsx", "x.xlsx"),
    ("summary forms -o 汇总2025.3", ".xlsx", "汇总2025.3.xlsx"),
    ("summary forms -o forms", ".xlsx", "forms"),
    ("addin build -o x.txt", ".xlam", "x.xlam"),
    ("addin build -o x", ".xlam", "x.xlam"),
    ("addin bundle -o x.zip", "x.zip", ""),
    ("demo -o x.xlsx", "x.xlsx", ""),
    (f"fill {FORM} data -o x.xlsx", "x.xlsx", "--layout sheets"),
    (f"fill {FORM} data -o x.csv", "x.csv", "--layout sheets"),
    (f"fill {FORM} data -o x.xls --layout sheets", ".xlsx", "x.xlsx"),
    ("read forms -o x.csv", ".xlsx", "x.xlsx"),
    ("read forms -o x.xlsm", ".xlsx", "x.xlsx"),
    ("recalc forms -o x.xlsx", "x.xlsx", "2"),
    ("recalc forms/a.xlsx -o x.xlsm", ".xlsx", "x.xlsx"),
    ("recalc forms/a.xlsx -o x.txt", ".xlsx", "x.xlsx"),
    ("check forms -o x.html", "x.txt", "--format html"),
    ("check forms -o x.xlsx", "x.txt", "--format xlsx"),
    ("check forms --format html -o x.xlsx", ".html", "x.html"),
    ("check forms --format json -o x", ".json", "x.json"),
    ("check forms --format csv -o x.txt", ".csv", "x.csv"),
    ("check forms --format sarif -o x.txt", ".sarif", "x.sarif"),
    ("check forms --format xlsx -o x.xlsx", "x.xlsx", "2"),
    ("check forms/a.xlsx --format xlsx -o x.xlsm", ".xlsx", "x.xlsx"),
    ("check forms/a.xlsx --format xlsx -o x.pdf", ".xlsx", "x.xlsx"),
    ("template bind blank.xlsx -o x.txt", ".xlsx", "x.xlsx"),
]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Forms, tables and a blank form; the commands run here."""
    (tmp_path / "forms").mkdir()
    for name in ("forms/a.xlsx", "forms/b.xlsx", "blank.xlsx"):
        shutil.copy(template_path(FORM), tmp_path / name)
    shutil.copytree(examples_root() / "qiannan-2023", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def state(folder: Path) -> dict[str, bytes]:
    return {str(f): f.read_bytes() if f.is_file() else b"" for f in sorted(folder.rglob("*"))}


@pytest.mark.parametrize(("line", "right", "also"), WRONG, ids=[line for line, _, _ in WRONG])
def test_a_wrong_ending_is_told_with_the_right_one_before_any_work(line, right, also, folder):
    before = state(folder)
    said = CliRunner().invoke(cli, line.split())
    assert said.exit_code == 2, said.output
    english = CliRunner().invoke(cli, ["--lang", "en", *line.split()])
    assert english.exit_code == 2
    for words in (right, also):
        assert words in said.stderr
        assert words in english.stderr
    last = english.stderr.strip().splitlines()[-1].replace("汇总2025.3", "")
    assert last.isascii()
    assert not said.stdout
    assert state(folder) == before


RIGHT = [
    ("summary forms -o new/汇总.XLSX", "new/汇总.XLSX"),
    (f"fill {FORM} data -o 2025.自评", "2025.自评"),
    (f"fill {FORM} data -o all.xlsx --layout sheets", "all.xlsx"),
    ("read forms -o tables.2025", "tables.2025"),
    ("recalc forms/a.xlsx -o b.xlsx", "b.xlsx"),
    ("recalc forms -o calculated", "calculated"),
    ("check forms -o 审核.md", "审核.md"),
    ("check forms -o 审核", "审核"),
    ("check forms --format sarif -o a.sarif.json", "a.sarif.json"),
    ("check forms --format html -o a.htm", "a.htm"),
]


@pytest.mark.parametrize(("line", "written"), RIGHT, ids=[line for line, _ in RIGHT])
def test_a_right_name_is_taken_as_it_is(line, written, folder):
    said = CliRunner().invoke(cli, line.split())
    assert said.exit_code in (0, 1), said.output
    assert (folder / written).exists()


def test_a_folder_that_is_called_like_a_file_is_a_folder(folder):
    (folder / "out.xlsx").mkdir()
    said = CliRunner().invoke(cli, ["fill", FORM, "data", "-o", "out.xlsx"])
    assert said.exit_code == 0, said.output
    assert len(list((folder / "out.xlsx").iterdir())) == 8
    said = CliRunner().invoke(cli, ["recalc", "forms/a.xlsx", "-o", "out.xlsx"])
    assert (folder / "out.xlsx" / "a.xlsx").is_file(), said.output
