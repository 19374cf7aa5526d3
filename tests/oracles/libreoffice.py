"""LibreOffice Calc: a second opinion on every formula, on every printed page and on moved rows.

One LibreOffice without a window stays warm for many workbooks. Its Python bridge belongs to the
system's own Python, so `uno_driver.py` runs under that one and answers a line of JSON for each line
it is asked. Both live in a process group and a folder of their own and leave nothing behind.

It opens much that Excel would call damaged; whether a workbook is sound is for `openxml` to say.
"""

import contextlib
import functools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from tests.oracles import poppler

Value = float | str | bool
"""What a formula gives: a number, a text ("" when blank), a truth, or an error as "#DIV/0!".

An error that Excel does not have keeps LibreOffice's name, as "Err:502".
"""

_DRIVER = Path(__file__).with_name("uno_driver.py")
_ENVIRONMENT = {
    # Without UTF-8 it cannot open files whose names are Chinese.
    "LC_ALL": "C.UTF-8",
    "SAL_USE_VCLPLUGIN": "svp",
    "FONTCONFIG_FILE": str(Path(__file__).with_name("fonts.conf")),
}
_SECONDS_TO_START = 120
_SECONDS_TO_ANSWER = 90


class OracleError(Exception):
    """LibreOffice could not do what it was asked, for instance open a broken workbook."""


@functools.cache
def _python_with_uno() -> str | None:
    for python in ("/usr/bin/python3", sys.executable):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([python, "-c", "import uno"], check=True, capture_output=True)
            return python
    return None


def absence() -> str | None:
    if not shutil.which("soffice"):
        return "LibreOffice Calc is not installed"
    if not _python_with_uno():
        return "python3-uno, LibreOffice's bridge to Python, is not installed"
    return None


class LibreOffice:
    """One warm LibreOffice: starts when it is first asked, ends with `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def recalculate(self, paths: Iterable[Path]) -> dict[Path, dict[str, dict[str, Value]]]:
        """Path → sheet → address → value of every formula cell, calculated anew, not as cached."""
        return {path: self._ask("recalculate", path) for path in paths}

    def to_pdf(self, path: Path) -> bytes:
        """The workbook as it prints, calculated anew."""
        with tempfile.TemporaryDirectory() as folder:
            pdf = Path(folder, "print.pdf")
            self._ask("print_pdf", path, out=str(pdf))
            return pdf.read_bytes()

    def render(self, path: Path, *, dpi: int = 80) -> list[bytes]:
        """The printed pages as PNG pictures."""
        return poppler.page_images(self.to_pdf(path), dpi=dpi)

    def insert_rows(self, path: Path, sheet: str, row: int, count: int, out: Path) -> None:
        """Saves `path` to `out` with `count` new rows above `row` (1-based) of `sheet`."""
        self._ask("insert_rows", path, sheet=sheet, row=row, count=count, out=str(out.resolve()))

    def load_save(self, path: Path, out: Path) -> None:
        """Saves `path` to `out` as LibreOffice writes it."""
        self._ask("load_save", path, out=str(out.resolve()))

    def run_macros(self, path: Path, macros: Iterable[str]) -> dict[str, str]:
        """Address → what the cells of the first sheet show after the macros ("Module.Sub") ran."""
        shown: dict[str, str] = self._ask("run_macros", path, macros=list(macros))
        return shown

    def close(self) -> None:
        if self._process:
            # The end of its input tells the driver to end LibreOffice in an orderly way.
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._process.communicate(timeout=10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _ask(self, action: str, path: Path, **details: object) -> Any:
        request = json.dumps({"action": action, "path": str(path.resolve()), **details})
        try:
            answer = self._exchange(self._process or self._start(), request, _SECONDS_TO_ANSWER)
        except OracleError:
            # A hung or dead LibreOffice is replaced once; a refusal is an answer and stands.
            self.close()
            answer = self._exchange(self._start(), request, _SECONDS_TO_ANSWER)
        if "refused" in answer:
            raise OracleError(f"{path.name}: {answer['refused']}")
        return answer["done"]

    def _start(self) -> subprocess.Popen[str]:
        self._folder = Path(tempfile.mkdtemp(prefix="xlperf-oracle-"))
        with (self._folder / "stderr.txt").open("wb") as stderr:
            self._process = subprocess.Popen(
                [_python_with_uno() or sys.executable, _DRIVER, self._folder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                encoding="utf-8",
                env=os.environ | _ENVIRONMENT,
                start_new_session=True,
            )
        self._exchange(self._process, "", _SECONDS_TO_START)
        return self._process

    def _exchange(self, process: subprocess.Popen[str], line: str, seconds: float) -> Any:
        assert process.stdin
        assert process.stdout
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(line + "\n")
            process.stdin.flush()
        # There is one line of answer to a line of request, so nothing waits in Python's own buffer.
        ready, _, _ = select.select([process.stdout], [], [], seconds)
        if ready and (answer := process.stdout.readline()):
            return json.loads(answer)
        assert self._folder
        why = "died" if ready else f"gave no answer in {seconds} s"
        log = (self._folder / "stderr.txt").read_text("utf-8", "replace")[-2000:]
        raise OracleError(f"LibreOffice {why}: {log}")
