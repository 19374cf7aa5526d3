"""A file is written whole or not at all."""

import errno
import os
import re
import stat

import pytest

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml import files
from xlperf.ooxml.files import make_folder, write_file


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


@pytest.mark.parametrize("lock", ["~$表.xlsx", ".~lock.表.xlsx#"])
def test_a_workbook_open_elsewhere_is_left_alone(tmp_path, lock):
    path = tmp_path / "表.xlsx"
    path.write_bytes(b"old")
    (tmp_path / lock).touch()
    with pytest.raises(WorkbookError, match="正在 Excel 或 WPS 中打开") as caught:
        write_file(path, b"new")
    assert lock in caught.value.text()
    assert path.read_bytes() == b"old"
    (tmp_path / lock).unlink()
    write_file(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_file_that_windows_holds_open_is_told_and_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"old")

    def held(*_):
        raise PermissionError(errno.EACCES, "The process cannot access the file")

    monkeypatch.setattr(files.os, "replace", held)
    with pytest.raises(WorkbookError, match="正被其他程序（如 Excel、WPS）打开"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.xlsx"]


def test_the_file_and_then_its_folder_are_flushed(tmp_path, monkeypatch):
    if not os.path.exists("/proc/self/fd"):
        pytest.skip("the system does not tell what a handle is of")
    flushed = []
    told = lambda handle: flushed.append(os.readlink(f"/proc/self/fd/{handle}"))  # noqa: E731
    monkeypatch.setattr(files.os, "fsync", told)
    write_file(tmp_path / "a.xlsx", b"new")
    first, second = flushed
    assert first.startswith(str(tmp_path / ".xlperf-"))
    assert second == str(tmp_path)


def test_a_link_stays_a_link(tmp_path):
    path, link = tmp_path / "a.xlsx", tmp_path / "link.xlsx"
    path.write_bytes(b"old")
    link.symlink_to(path)
    write_file(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


def test_what_a_killed_run_left_goes_with_the_next_run(tmp_path):
    (tmp_path / ".xlperf-abc.tmp").write_bytes(b"half")
    others = [tmp_path / ".xlperf-abc", tmp_path / "xlperf-abc.tmp", tmp_path / "a.tmp"]
    for other in others:
        other.touch()
    (tmp_path / ".xlperf-folder.tmp").mkdir()
    write_file(tmp_path / "a.xlsx", b"new")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"a.xlsx", ".xlperf-folder.tmp", *(other.name for other in others)}


def test_what_another_run_is_writing_is_left_to_it(tmp_path):
    handle, name = files._temporary(tmp_path)
    with os.fdopen(handle, "wb"):
        write_file(tmp_path / "a.xlsx", b"new")
        assert os.path.exists(name)


def test_without_locks_only_old_relics_go(tmp_path, monkeypatch):
    monkeypatch.setattr(files.sys, "platform", "win32")
    old, new = tmp_path / ".xlperf-old.tmp", tmp_path / ".xlperf-new.tmp"
    for relic in (old, new):
        relic.touch()
    os.utime(old, (0, 0))
    path = tmp_path / "a.xlsx"
    write_file(path, b"1")
    write_file(path, b"2")
    assert path.read_bytes() == b"2"
    assert {p.name for p in tmp_path.iterdir()} == {"a.xlsx", new.name}


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_on_the_way_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, step, fail)
    with pytest.raises(WorkbookError, match="磁盘空间不足"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.xlsx"]


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(WorkbookError) as caught:
        write_file(tmp_path / "none" / "a.xlsx", b"")
    assert "none" in caught.value.text()


@pytest.mark.parametrize("number", sorted(errno.errorcode), ids=errno.errorcode.get)
def test_why_a_folder_cannot_be_made_is_told_in_both_languages(tmp_path, monkeypatch, number):
    def refuse(*_args, **_options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(WorkbookError) as caught:
        make_folder(tmp_path / "a" / "b")
    (problem,) = caught.value.diagnostics
    assert problem.code == "W103"
    assert not re.search("[A-Za-z]{3}", problem.message.zh)
    assert problem.message.en.removeprefix("cannot be written: ")


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"old")

    do = getattr(files.os, step)

    def interrupt(*args):
        if step == "open":  # it is made before Python looks for a Ctrl-C
            os.close(do(*args))
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, step, interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.xlsx"]


def test_a_read_only_file_is_left_alone(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(WorkbookError, match="只读"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
