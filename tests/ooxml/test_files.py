"""A file is written whole or not at all."""

import os
import stat

import pytest

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml import files
from xlperf.ooxml.files import write_file


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "表.xlsx"
    write_file(path, b"old")
    write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["表.xlsx"]


def test_permissions_are_those_of_the_old_file_or_of_a_new_one(tmp_path):
    path, plain = tmp_path / "a.xlsx", tmp_path / "plain"
    plain.touch()
    write_file(path, b"1")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    path.chmod(0o640)
    write_file(path, b"2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_workbook_open_in_excel_is_left_alone(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"old")
    (tmp_path / "~$a.xlsx").touch()
    with pytest.raises(WorkbookError, match="正在 Excel 中打开"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_on_the_way_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, step, fail)
    with pytest.raises(WorkbookError, match="No space left"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.xlsx"]


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(WorkbookError) as caught:
        write_file(tmp_path / "none" / "a.xlsx", b"")
    assert "none" in caught.value.text()
