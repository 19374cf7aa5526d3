"""Marked copies on disk: where they go, and what they never replace."""

import shutil
from pathlib import Path

import pytest

import xlperf
from xlperf.diagnostic import InputError
from xlperf.ooxml.preflight import Limits
from xlperf.report import write_marked
from xlperf.resources import examples_root
from xlperf.review import check

COPIES = {"2023/表/a.xlsx", "2024/表/a.xlsx"}


@pytest.fixture(scope="module")
def form(tmp_path_factory) -> Path:
    """One workbook with findings."""
    out = tmp_path_factory.mktemp("form")
    source = examples_root() / "qiannan-2023"
    xlperf.fill("guizhou_self_evaluation", source, out=out, scores="given")
    return min(path for path in out.iterdir() if check([path]).findings)


@pytest.fixture
def folder(form, tmp_path) -> Path:
    for copy in COPIES:
        target = tmp_path / "sp" / copy
        target.parent.mkdir(parents=True)
        shutil.copy(form, target)
    return tmp_path / "sp"


@pytest.mark.parametrize(
    ("given", "copies"),
    [
        (["."], COPIES),
        (["2023", "2024"], COPIES),
        (sorted(COPIES), COPIES),
        (["2023", "2023/表/a.xlsx"], {"表/a.xlsx"}),
        (["2023/表/a.xlsx"], {"a.xlsx"}),
    ],
)
def test_copies_keep_the_folders_below_what_was_given(folder, tmp_path, given, copies):
    paths, out = [folder / path for path in given], tmp_path / "out"
    written = write_marked(check(paths), paths, out)
    assert {path.relative_to(out).as_posix() for path in written} == copies
    assert all(path.is_file() for path in written)


@pytest.mark.parametrize("out", [".", "2023/..", "2023/表/a.xlsx"])
def test_nothing_is_written_over_what_was_reviewed(folder, out):
    paths = [folder if out != "2023/表/a.xlsx" else folder / "2023"]
    before = {path: path.read_bytes() for path in folder.rglob("*.xlsx")}
    with pytest.raises(InputError, match="未写出任何副本"):
        write_marked(check(paths), paths, folder / out)
    assert {path: path.read_bytes() for path in folder.rglob("*.xlsx")} == before


def test_one_copy_may_be_named(folder, tmp_path):
    paths, out = [folder / "2023"], tmp_path / "批注.xlsx"
    assert write_marked(check(paths), paths, out) == [out]


def test_a_marked_copy_keeps_to_the_limits_of_the_review(folder, tmp_path):
    paths = [folder / "2023"]
    with pytest.raises(InputError):
        write_marked(check(paths), paths, tmp_path, limits=Limits(file=100))
