"""How Python is started from Excel: by the command line that the built add-in makes.

Excel's current folder may be one that somebody sent, with a module under a well-known name in it.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import xlwings

from tests.addin.profile import windows_profile
from xlperf.addin.build import mac_script, modules, xlwings_folder
from xlperf.addin.desktop import versions_of
from xlperf.addin.install import install, settings_of

ENVIRONMENT = {"SystemRoot": "C:\\Windows"}
COMMAND = "from xlperf.addin import buttons; buttons.check()"
"""What a button runs; without an Excel it says so in the log."""

_TOKEN = re.compile(r'"((?:[^"]|"")*)"|Chr\(34\)|Environ\("(\w+)"\)|(\w+)|\s*&\s*')


def vba_text(expression: str, known: Mapping[str, str]) -> str:
    """The text that an expression of VBA comes to: literals and variables joined by `&`."""
    text, at = "", 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        assert match, expression[at:]
        at = match.end()
        if match[0] == "Chr(34)":
            text += '"'
        elif match[2]:
            text += ENVIRONMENT[match[2]]
        elif match[3]:
            text += known[match[3]]
        elif match[1] is not None:
            text += match[1].replace('""', '"')
    return text


def assigned(source: str, name: str, beginning: str) -> str:
    """The expression that a line gives to a variable."""
    (line,) = [
        line.strip().removeprefix(f"{name} = ")
        for line in source.splitlines()
        if line.strip().startswith(f"{name} = {beginning}")
    ]
    return line


def udf_server(source: str, python: str, path: str) -> str:
    """What XLPyCommand comes to, without the shell that is put around it."""
    known = {
        "PYTHON_WIN": python,
        "ConsoleSwitch": "",
        "LicenseKeyEnvString": "",
        "PYTHONPATH": path,
    }
    (shell,) = [
        line.split(" = ", 1)[1]
        for line in source.splitlines()
        if "cmd.exe " in line and "Chr(34) & PYTHON_WIN" in line
    ]
    shell, tail = (vba_text(one, known) for one in (shell, assigned(source, "tail", '" -B')))
    program, rest = shell.split(" /K ", 1)
    assert program.strip().endswith("cmd.exe")
    return (rest + tail)[1:]  # the first quote is closed at the very end


def run_python(source: str, python: str, path: str) -> str:
    known = {
        "CondaCmd": "",
        "PythonInterpreter": f'"{python}"',
        "PYTHONPATH": path,
        "PythonCommand": COMMAND,
    }
    return vba_text(assigned(source, "RunCommand", "CondaCmd"), known)


def mac(source: str, python: str, path: str) -> str:
    """The shell command of the AppleScript, which has literals of its own."""
    (start,) = re.findall(r"set ShellCommand to (.*?)\n\ttry", source, re.DOTALL)
    known = {
        "PythonInterpreter": python,
        "PYTHONPATH": path,
        "PythonCommand": COMMAND,
        "WorkbookName": "表.xlsx",
        "ApplicationFullName": "Excel",
        "LOG_FILE": "/dev/stderr",
    }
    tokens = re.findall(r'"((?:[^"\\]|\\.)*)"|(\w+)', start)
    text = "".join(known[name] if name else re.sub(r"\\(.)", r"\1", t) for t, name in tokens)
    return text.rstrip(" &")


STARTS = {
    "functions and buttons": (udf_server, "xlwings.bas"),
    "buttons without the server": (run_python, "xlwings.bas"),
    "buttons on a Mac": (mac, f"xlwings-{xlwings.__version__}.applescript"),
}


@pytest.fixture
def hostile(tmp_path) -> Path:
    """A folder with a form and, beside it, modules that leave a trace when they are imported."""
    folder = tmp_path / "收到的表"
    folder.mkdir()
    for name in ("json", "xlwings", "xlperf", "click", "lxml", "typing", "pathlib", "contextlib"):
        trace = f"open({str(tmp_path / 'trace')!r}, 'a').write('{name} ')\n"
        (folder / f"{name}.py").write_text(trace, "utf-8")
    return folder


def run_in(folder: Path, command: str, state: Path) -> str:
    """The names of the hostile modules that were imported."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(
        shlex.split(command.partition(" > /dev/null")[0]),
        cwd=folder,
        env={**environment, "XLPERF_STATE": str(state)},
        capture_output=True,
        check=False,
        timeout=120,
    )
    trace = folder.parent / "trace"
    return trace.read_text() if trace.exists() else ""


@pytest.mark.parametrize(("start", "file"), STARTS.values(), ids=STARTS)
def test_python_imports_nothing_from_the_folder_that_excel_is_in(start, file, hostile, tmp_path):
    source = modules()["xlwings"] if file.endswith(".bas") else mac_script().decode()
    # What RunPython hands over: whether to search the workbook's folder, the two workbooks, three
    # clouds, and the folders of the settings, of which there are none.
    path = "False;/表.xlsx;/表.xlsx;;;;"
    command = start(source, sys.executable, path)
    assert run_in(hostile, command, tmp_path / "state") == ""
    log = tmp_path / "state" / "xlperf.log"
    if COMMAND in command:
        assert "check" in log.read_text("utf-8")  # it did run
    theirs = (xlwings_folder() / file).read_text("utf-8")
    assert run_in(hostile, start(theirs, sys.executable, path), tmp_path / "state")


def test_the_settings_name_no_folder_to_search(tmp_path):
    desktop = windows_profile(tmp_path)
    install(desktop, b"the add-in")
    assert "PYTHONPATH" not in settings_of(desktop)


def test_the_command_line_asks_a_python_nothing_from_the_current_folder(hostile, monkeypatch):
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    versions_of(Path(sys.executable))
    assert not (hostile.parent / "trace").exists()
