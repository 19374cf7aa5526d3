"""Several processes: a killed one costs its workbook only, and none outlives the program.

A named pipe stands for a workbook that keeps a process busy: who reads it waits, and can be found.
"""

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter

from xlperf.recalc import Book, files, libreoffice
from xlperf.recalc.compiled import Compiled

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")

_PATIENCE = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Workbooks, and in their midst one that nobody can read to its end."""
    for number in range(6):
        with xlsxwriter.Workbook(tmp_path / f"{number}.xlsx") as workbook:
            sheet = workbook.add_worksheet()
            sheet.write("A1", number)
            sheet.write_formula("A2", "=A1+1")
    os.mkfifo(tmp_path / "busy.xlsx")
    # Whoever reads from it can open it at once, and waits for what is never written.
    pipe = os.open(tmp_path / "busy.xlsx", os.O_RDWR)
    yield tmp_path
    os.close(pipe)


@pytest.fixture
def program(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    paths = [folder / f"{name}.xlsx" for name in (0, 1, "busy", 2, 3, 4, 5)]
    command = [sys.executable, "-m", "xlperf", "recalc"]
    command += [*map(str, paths), "-o", str(folder / "out")]
    command += ["--jobs", "2", "--report", "json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        yield process
        process.kill()


def reader_of(fifo: Path) -> int | None:
    """The process that has the pipe open, None where there is none yet."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        process = int(link.parts[2])
        with contextlib.suppress(OSError):
            if process != os.getpid() and os.readlink(link) == str(fifo):
                return process
    return None


def wait_for(what):
    give_up = time.monotonic() + _PATIENCE
    while time.monotonic() < give_up:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("waited in vain")


def test_a_killed_process_costs_its_workbook_only(folder, program):
    killed = set()

    def finished() -> bool:
        if (reader := reader_of(folder / "busy.xlsx")) and reader not in killed:
            killed.add(reader)
            os.kill(reader, signal.SIGKILL)
        return program.poll() is not None

    wait_for(finished)
    assert killed
    assert program.returncode == 1
    outcomes = json.loads(program.stdout.read())["workbooks"]
    assert [Path(outcome["file"]).stem for outcome in outcomes] == [*"01", "busy", *"2345"]
    lost = outcomes.pop(2)
    assert lost["engine"] is None
    assert "意外终止" in lost["unsupported"][0]["reason"]
    assert {outcome["engine"] for outcome in outcomes} == {"compiled"}
    assert sorted(path.stem for path in (folder / "out").iterdir()) == [*"012345"]


def test_no_process_outlives_the_program(folder, program):
    worker = wait_for(lambda: reader_of(folder / "busy.xlsx"))
    family = [
        int(status.parent.name)
        for status in Path("/proc").glob("[0-9]*/status")
        if f"PPid:\t{program.pid}\n" in status.read_text()
    ]
    assert worker in family
    program.kill()
    try:
        wait_for(lambda: not any(Path(f"/proc/{process}").exists() for process in family))
    finally:
        for process in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def test_an_interruption_ends_busy_and_idle_processes_quietly(folder, program):
    wait_for(lambda: reader_of(folder / "busy.xlsx"))
    wait_for((folder / "out" / "5.xlsx").exists)  # the other one waits for work
    os.killpg(program.pid, signal.SIGINT)
    wait_for(lambda: program.poll() is not None)
    assert program.returncode == 130
    assert "Traceback" not in program.stderr.read()
    assert not [path for path in (folder / "out").iterdir() if path.suffix != ".xlsx"]


def test_a_workbook_that_is_done_with_is_not_held_in_memory(folder):
    gc.disable()  # which would come late where large workbooks are few objects
    try:
        compiled = Compiled()
        compiled.recalculate([Book((folder / "0.xlsx").read_bytes())])
        book = Book((folder / "1.xlsx").read_bytes())
        compiled.recalculate([book])
        assert len(list(book.cached())) == 1
        kept = weakref.ref(book)
        del book
        assert kept() is None
    finally:
        gc.enable()


def test_large_workbooks_are_held_one_after_another(folder, monkeypatch):
    monkeypatch.setattr(files, "_HELD", 1)
    paths = sorted(folder.glob("[0-9].xlsx"))
    outcomes = list(files.recalculate_files([(path, None) for path in paths]))
    assert [outcome.file for outcome in outcomes] == paths
    assert {outcome.engine for outcome in outcomes} == {"compiled"}


def test_no_module_beside_the_forms_is_run(tmp_path, monkeypatch):
    (tmp_path / "uno.py").write_text("open('run', 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    libreoffice._python_with_uno.cache_clear()
    libreoffice._python_with_uno()
    assert [path.name for path in tmp_path.iterdir()] == ["uno.py"]
