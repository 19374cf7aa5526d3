"""The engine of last resort: a LibreOffice without a window that stays warm for many workbooks.

It reads a copy and tells values; the file that it would write itself is never used. Its bridge to
Python belongs to the system's own Python, so a driver runs there and answers a line for a line.
"""

import atexit
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
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xlperf.diagnostic import Message
from xlperf.expr import ExcelError, Value
from xlperf.expr.steps import Key
from xlperf.ooxml.workbook import file_suffix
from xlperf.recalc import libreoffice_limits as limits
from xlperf.recalc import preflight
from xlperf.recalc.book import Book
from xlperf.recalc.engine import Reason, Values
from xlperf.recalc.known import DYNAMIC, SPREADSHEET

_DRIVER = Path(__file__).with_name("libreoffice_driver.py")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"}
_SECONDS_TO_START = 120
_SECONDS_TO_ANSWER = 120


class LibreOffice:
    """LibreOffice Calc through UNO, always calculating anew."""

    name = "libreoffice"

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._folder: Path | None = None
        atexit.register(self.close)

    def refuses(self, book: Book) -> Sequence[Reason]:
        return list(_refusals(book))

    def recalculate(self, books: Sequence[Book]) -> Sequence[Values | Reason]:
        return [self._values(book) for book in books]

    def _values(self, book: Book) -> Values | Reason:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "book" + file_suffix(book.package))
            path.write_bytes(book.data)
            try:
                answer = self._ask(path)
            except _SilentError:
                self.close()
                return Reason(Message("LibreOffice 没有应答", "LibreOffice, which gave no answer"))
        if "refused" in answer:
            return Reason(Message("LibreOffice 无法打开", "what LibreOffice cannot open"))
        found = dict(_cells(answer["done"]))
        wanted = [*book.formulas, *book.spills()]
        for key in wanted:
            if isinstance(found.get(key, 0), ExcelError) and not _is_excel(found[key]):
                return Reason(
                    Message(
                        f"LibreOffice 特有的错误 {found[key]}",
                        f"an error that only LibreOffice has, {found[key]}",
                    ),
                    key,
                )
        if lost := [key for key in wanted if key not in found]:
            return Reason(
                Message("LibreOffice 没有给出值", "what LibreOffice gave no value for"), lost[0]
            )
        values = {key: _as_truth(book, key, found[key]) for key in wanted}
        return limits.afterwards(book, values) or values

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

    def _ask(self, path: Path) -> Mapping[str, Any]:
        process = self._process or self._start()
        assert process.stdin
        try:
            process.stdin.write(json.dumps(str(path)) + "\n")
            process.stdin.flush()
        except OSError as error:
            raise _SilentError from error
        return _answer(process, _SECONDS_TO_ANSWER)

    def _start(self) -> subprocess.Popen[str]:
        self._folder = Path(tempfile.mkdtemp(prefix="xlperf-libreoffice-"))
        self._process = subprocess.Popen(
            [_python_with_uno() or sys.executable, str(_DRIVER), str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, **_ENVIRONMENT},
            start_new_session=True,
        )
        _answer(self._process, _SECONDS_TO_START)
        return self._process


class _SilentError(Exception):
    """LibreOffice died or hangs."""


def _answer(process: subprocess.Popen[str], seconds: float) -> Mapping[str, Any]:
    assert process.stdout
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise _SilentError
    answer: Mapping[str, Any] = json.loads(line)
    return answer


@functools.cache
def _python_with_uno() -> str | None:
    for python in ("/usr/bin/python3", sys.executable):
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run([python, "-c", "import uno"], check=True, capture_output=True)
            return python
    return None


def _refusals(book: Book) -> Iterator[Reason]:
    if not shutil.which("soffice") or not _python_with_uno():
        yield Reason(
            Message("LibreOffice（含 python3-uno）未安装", "LibreOffice with its Python, missing")
        )
        return
    yield from preflight.nobody_can(book)
    for key, formula in book.formulas.items():
        if found := preflight.unknown(formula.text, SPREADSHEET):
            yield Reason(found, key)
        elif preflight.functions(formula.text) & DYNAMIC:
            yield Reason(Message("动态数组", "dynamic arrays"), key)
    yield from preflight.lost_names(book)
    yield from limits.beforehand(book)


def _cells(areas: Sequence[Sequence[Any]]) -> Iterator[tuple[Key, Value]]:
    for sheet, top, left, lines in areas:
        for y, line in enumerate(lines):
            for x, value in enumerate(line):
                yield (sheet, top + y + 1, left + x + 1), _value(value)


def _value(value: Any) -> Value:
    if isinstance(value, dict):
        return ExcelError(value["error"])
    if isinstance(value, (bool, str)):
        return value
    return float(value)


def _as_truth(book: Book, key: Key, value: Value) -> Value:
    """The value as a truth where a number format has hidden that it is one."""
    formula = book.formulas.get(key)
    if value in (0.0, 1.0) and formula:
        if limits.is_truth(formula.text):
            return bool(value)
        if limits.is_sum(limits.outermost_of(formula.text)):  # --(A1=B1) keeps its looks there
            return float(value)
    return value


def _is_excel(value: Value) -> bool:
    return str(value).startswith("#")
