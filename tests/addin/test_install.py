"""Installing and removing the add-in, in a made-up profile of Windows and of a Mac."""

import dataclasses
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.addin.profile import mac_profile, windows_profile
from xlperf.addin import install as installing
from xlperf.addin.build import build, modules
from xlperf.addin.desktop import Desktop
from xlperf.addin.install import install, settings_of, uninstall
from xlperf.cli import cli
from xlperf.diagnostic import WorkbookError

ADDIN = b"the add-in"


@pytest.fixture(params=["win32", "darwin"])
def desktop(request, tmp_path):
    return windows_profile(tmp_path) if request.param == "win32" else mac_profile(tmp_path)


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_uninstalling_leaves_what_was_there_before(desktop, tmp_path):
    before = files(tmp_path)
    installed = install(desktop, ADDIN)
    assert desktop.addin.read_bytes() == ADDIN
    assert len(files(tmp_path)) == len(before) + len(installed.done) + 1  # the manifest
    assert not installed.left
    removed = uninstall(desktop)
    assert files(tmp_path) == before
    assert len(removed.done) == len(installed.done)
    assert not desktop.manifest.parent.exists()


def test_every_written_and_removed_file_is_told(desktop):
    told = "\n".join(line.zh for line in install(desktop, ADDIN).done)
    assert str(desktop.addin) in told
    assert str(desktop.settings) in told
    told = "\n".join(line.en for line in uninstall(desktop).done)
    assert str(desktop.addin) in told
    assert str(desktop.settings) in told


def test_excel_finds_the_add_in_in_its_start_folder(tmp_path):
    assert windows_profile(tmp_path).addin.relative_to(tmp_path).as_posix() == (
        "AppData/Roaming/Microsoft/Excel/XLSTART/xlperf.xlam"
    )


def test_the_settings_lie_where_the_vba_module_looks(tmp_path):
    source = modules()["xlwings"]
    assert 'Environ("USERPROFILE") & "\\." & PROJECT_NAME & "\\" & PROJECT_NAME & ".conf"' in source
    assert 'PROJECT_NAME As String = "xlperf"' in source
    desktop = windows_profile(tmp_path)
    assert desktop.settings == tmp_path / ".xlperf/xlperf.conf"


def test_the_settings_name_this_python_without_a_window(tmp_path):
    desktop = windows_profile(tmp_path)
    install(desktop, ADDIN)
    told = settings_of(desktop)
    assert told["INTERPRETER_WIN"] == "%LOCALAPPDATA%\\Programs\\Python\\pythonw.exe"
    assert desktop.meant(told["INTERPRETER_WIN"]) == desktop.python.with_name("pythonw.exe")
    assert told["USE UDF SERVER"] == "True"
    assert told["UDF MODULES"] == "xlperf.addin.udfs"
    assert told["ADD_WORKBOOK_TO_PYTHONPATH"] == "False"


def test_the_settings_of_a_chinese_user_are_ascii(tmp_path):
    desktop = windows_profile(tmp_path / "张三")
    install(desktop, ADDIN)
    assert desktop.settings.read_bytes().isascii()


def test_a_path_outside_the_profile_is_in_the_code_page_of_the_system(tmp_path):
    desktop = windows_profile(tmp_path / "profile", python=tmp_path / "绩效" / "python.exe")
    install(desktop, ADDIN)
    assert str(tmp_path / "绩效") in desktop.settings.read_text("gbk")
    python = desktop.meant(settings_of(desktop)["INTERPRETER_WIN"])
    assert python == desktop.python.with_name("pythonw.exe")


def test_a_path_that_the_code_page_does_not_have_is_refused(tmp_path):
    desktop = windows_profile(tmp_path / "profile", python=tmp_path / "𠮷" / "python.exe")
    with pytest.raises(WorkbookError, match="Python"):
        install(desktop, ADDIN)
    assert not desktop.addin.exists()


def test_a_new_version_replaces_the_old(desktop):
    install(desktop, b"old")
    assert not install(desktop, b"new").left
    assert desktop.addin.read_bytes() == b"new"
    uninstall(desktop)
    assert not desktop.addin.exists()


def test_what_somebody_changed_is_left_and_told(desktop):
    install(desktop, ADDIN)
    desktop.settings.write_bytes(b"mine")
    again = install(desktop, ADDIN)
    assert [d.place.file for d in again.left] == [str(desktop.settings)]
    removed = uninstall(desktop)
    assert [(d.code, d.place.file) for d in removed.left] == [("A103", str(desktop.settings))]
    assert desktop.settings.read_bytes() == b"mine"
    assert not desktop.addin.exists()


def test_an_add_in_of_the_same_name_from_elsewhere_is_left(desktop):
    desktop.addin.parent.mkdir(parents=True)
    desktop.addin.write_bytes(b"another")
    assert [d.place.file for d in install(desktop, ADDIN).left] == [str(desktop.addin)]
    uninstall(desktop)
    assert desktop.addin.read_bytes() == b"another"


def test_other_settings_in_the_folder_stay(tmp_path):
    desktop = windows_profile(tmp_path)
    install(desktop, ADDIN)
    (desktop.settings.parent / "mine.toml").write_text("x")
    uninstall(desktop)
    assert [path.name for path in desktop.settings.parent.iterdir()] == ["mine.toml"]


def test_an_open_excel_is_told_and_keeps_its_add_in(desktop):
    install(desktop, b"old")
    (desktop.addin.parent / "~$xlperf.xlam").write_bytes(b"")
    with pytest.raises(WorkbookError, match="打开"):
        install(desktop, b"new")
    assert desktop.addin.read_bytes() == b"old"


@pytest.mark.parametrize("before", [None, b"old"])
@pytest.mark.parametrize("call", range(8))
def test_what_an_interruption_leaves_can_be_removed(tmp_path, monkeypatch, before, call):
    desktop = windows_profile(tmp_path)
    untouched = files(tmp_path)
    if before:
        install(desktop, before)
    written = 0

    def interrupted(path, data):
        nonlocal written
        if written == call:
            raise KeyboardInterrupt
        written += 1
        os.makedirs(path.parent, exist_ok=True)
        path.write_bytes(data)

    monkeypatch.setattr(installing, "write_file", interrupted)
    try:
        install(desktop, ADDIN)
    except KeyboardInterrupt:
        assert call < 5
    else:
        assert call >= 5
    assert not uninstall(desktop).left
    assert files(tmp_path) == untouched


DAMAGED = ["", "{", "[]", '{"files": 1}', '{"files": {"x": 1}}', '{"files": ["x"]}', "\0", "folder"]


@pytest.mark.parametrize("text", DAMAGED)
@pytest.mark.parametrize("installed", [True, False])
def test_a_manifest_that_is_none_is_told_and_nothing_is_touched(
    desktop, text, installed, monkeypatch, tmp_path
):
    if installed:
        install(desktop, ADDIN)
        desktop.manifest.unlink()
    if text == "folder":
        desktop.manifest.mkdir(parents=True)
    else:
        desktop.manifest.parent.mkdir(parents=True, exist_ok=True)
        desktop.manifest.write_text(text)
    before = files(tmp_path)
    monkeypatch.setattr(Desktop, "here", lambda: desktop)
    for command in ("uninstall", "install", "doctor"):
        for lang, sure in (("zh", "安装记录不可用"), ("en", "of no use")):
            told = CliRunner().invoke(cli, ["--lang", lang, "addin", command])
            assert told.exit_code == 2, told.output
            assert "A111" in told.stderr
            assert sure in told.stderr
            assert str(desktop.manifest) in told.stderr
            assert "xlperf addin install" in told.stderr
            assert (str(desktop.addin) in told.stderr) == installed
            assert (str(desktop.settings) in told.stderr) == installed
    assert files(tmp_path) == before


def test_what_the_message_says_to_do_helps(desktop, tmp_path):
    before = files(tmp_path)
    install(desktop, ADDIN)
    desktop.manifest.write_text("{")
    with pytest.raises(WorkbookError) as raised:
        uninstall(desktop)
    told = raised.value.diagnostics[0].message.zh
    for path in {tmp_path / name for name in files(tmp_path)} - {
        tmp_path / name for name in before
    }:
        assert path == desktop.manifest or str(path) in told
        path.unlink()
    assert not install(desktop, ADDIN).left
    assert not uninstall(desktop).left
    assert files(tmp_path) == before


def test_a_manifest_of_another_profile_removes_nothing_of_it(tmp_path):
    """As when a folder was copied from one user to another: the paths are those of the first."""
    first, second = windows_profile(tmp_path / "甲"), windows_profile(tmp_path / "乙")
    install(first, ADDIN)
    second.manifest.parent.mkdir(parents=True)
    second.manifest.write_bytes(first.manifest.read_bytes())
    before = files(tmp_path / "甲")
    told = uninstall(second)
    assert [(d.code, d.place.file) for d in told.left] == [
        ("A110", str(first.settings)),
        ("A110", str(first.addin)),
    ]
    assert files(tmp_path / "甲") == before
    assert not second.manifest.exists()


def test_an_add_in_without_a_record_is_told_and_left(desktop, monkeypatch):
    desktop.addin.parent.mkdir(parents=True)
    desktop.addin.write_bytes(b"another")
    monkeypatch.setattr(Desktop, "here", lambda: desktop)
    told = CliRunner().invoke(cli, ["addin", "uninstall"])
    assert (told.exit_code, desktop.addin.read_bytes()) == (1, b"another")
    assert "没有安装记录" in told.stdout
    assert f"A103 {desktop.addin}" in told.stderr
    desktop.addin.unlink()
    told = CliRunner().invoke(cli, ["--lang", "en", "addin", "uninstall"])
    assert (told.exit_code, told.stderr) == (0, "")
    assert "nothing was installed" in told.stdout


def test_an_empty_record_goes(desktop):
    desktop.manifest.parent.mkdir(parents=True)
    desktop.manifest.write_text('{"files": {}}')
    assert uninstall(desktop).done[0].en.startswith("nothing was installed")
    assert not desktop.manifest.parent.exists()


@pytest.mark.parametrize("command", ["install", "uninstall", "doctor"])
def test_a_computer_without_excel_is_told(command):
    result = CliRunner().invoke(cli, ["addin", command])
    assert result.exit_code == 2
    assert "A102" in result.stderr
    assert "Windows" in result.stderr


def test_the_commands_tell_what_they_did(tmp_path, monkeypatch):
    desktop = windows_profile(tmp_path)
    monkeypatch.setattr(Desktop, "here", lambda: desktop)
    file = tmp_path / "given.xlam"
    file.write_bytes(build())
    installed = CliRunner().invoke(cli, ["addin", "install", "--addin", str(file)])
    assert installed.exit_code == 0
    assert f"已写入 {desktop.addin}" in installed.stdout
    desktop.settings.write_bytes(b"mine")
    examined = CliRunner().invoke(cli, ["--lang", "en", "addin", "doctor"])
    assert examined.exit_code == 1
    assert "A204" in examined.stderr
    removed = CliRunner().invoke(cli, ["addin", "uninstall"])
    assert removed.exit_code == 1
    assert f"已删除 {desktop.addin}" in removed.stdout
    assert "A103" in removed.stderr
    assert CliRunner().invoke(cli, ["addin", "doctor"]).stderr.startswith("错误 A201")


def test_a_file_that_is_no_add_in_is_not_installed(tmp_path, monkeypatch):
    desktop = windows_profile(tmp_path)
    monkeypatch.setattr(Desktop, "here", lambda: desktop)
    file = tmp_path / "given.xlam"
    file.write_bytes(b"MZ")
    refused = CliRunner().invoke(cli, ["addin", "install", "--addin", str(file)])
    assert (refused.exit_code, "A108" in refused.stderr) == (2, True)
    assert not desktop.addin.exists()


@pytest.mark.parametrize("command", ["install", "uninstall", "doctor"])
def test_a_user_without_folders_is_told(command, tmp_path, monkeypatch):
    full = windows_profile(tmp_path)
    monkeypatch.setattr(Desktop, "here", lambda: dataclasses.replace(full, environment={}))
    result = CliRunner().invoke(cli, ["addin", command])
    assert (result.exit_code, "USERPROFILE" in result.stderr) == (2, True)


def test_a_folder_in_the_place_of_a_file_is_left_and_told(desktop):
    desktop.addin.mkdir(parents=True)
    assert [d.place.file for d in install(desktop, ADDIN).left] == [str(desktop.addin)]
    assert not uninstall(desktop).left
    assert desktop.addin.is_dir()


def test_the_command_builds_the_add_in(tmp_path):
    out = tmp_path / "新建" / "xlperf.xlam"
    result = CliRunner().invoke(cli, ["addin", "build", "-o", str(out)])
    assert result.exit_code == 0
    assert str(out) in result.stdout
    assert out.read_bytes() == build()
