"""Workbooks in, recalculated workbooks out: the engine is chosen, its values are written back."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, overload

from xlperf.diagnostic import InputError, Message
from xlperf.expr import Value
from xlperf.expr.steps import Key
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.trust import signed
from xlperf.recalc.book import Book
from xlperf.recalc.compiled import Compiled
from xlperf.recalc.engine import Engine, Reason
from xlperf.recalc.formualizer import Formualizer
from xlperf.recalc.formulas import Formulas
from xlperf.recalc.libreoffice import LibreOffice

ENGINES: Mapping[str, type[Engine]] = {
    "compiled": Compiled,
    "formualizer": Formualizer,
    "formulas": Formulas,
    "libreoffice": LibreOffice,
}
"""The engines by name, in the order in which `auto` asks them."""

EngineName = Literal["auto", "compiled", "formualizer", "formulas", "libreoffice"]

_CLOSE = 1e-12


@dataclass(frozen=True, slots=True)
class Change:
    """A cell whose value is another one than before."""

    sheet: str
    cell: str
    old: Value
    new: Value


class Changes(Sequence[Change]):
    """The cells of a workbook whose value is another one than before, in the order of the file.

    They are looked for when first asked for: to tell of a cell takes longer than to calculate it.
    """

    def __init__(self, book: Book, values: Mapping[Key, Value]) -> None:
        self._book, self._values = book, values

    @cached_property
    def _found(self) -> tuple[Change, ...]:
        place, new = self._book.place, self._values
        return tuple(
            Change(*place(key), old, new[key])
            for key, old in self._book.cached()
            if not _same(old, new[key])
        )

    @overload
    def __getitem__(self, index: int) -> Change: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Change]: ...
    def __getitem__(self, index: int | slice) -> Change | Sequence[Change]:
        return self._found[index]

    def __len__(self) -> int:
        return len(self._found)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A cell that could not be calculated; sheet and cell are "" for the workbook as a whole."""

    sheet: str
    cell: str
    formula: str
    reason: Message


@dataclass(frozen=True, slots=True)
class Recalculated:
    """What became of one workbook; `data` is None where no engine could calculate it."""

    engine: str | None
    refused_by: Mapping[str, tuple[Message, ...]]
    recalculated: int
    changed: Sequence[Change]
    unsupported: tuple[Unsupported, ...]
    seconds: float
    data: bytes | None = None
    file: Path | None = None
    problem: InputError | None = None


@dataclass(slots=True)
class _Job:
    """One workbook on its way from engine to engine."""

    book: Book
    refused: dict[str, tuple[Reason, ...]] = field(default_factory=dict)
    engine: str | None = None
    values: Mapping[Key, Value] | None = None
    seconds: float = 0.0
    problem: InputError | None = None

    @property
    def waits(self) -> bool:
        """Whether an engine that has not been asked may still calculate it."""
        hopeless = any(reason.final for reasons in self.refused.values() for reason in reasons)
        return not (self.engine or self.problem or hopeless)


@cache
def _engine(name: str) -> Engine:
    return ENGINES[name]()


def recalculate(
    workbooks: Sequence[bytes], engine: EngineName = "auto", limits: Limits = DEFAULT
) -> list[Recalculated]:
    """Calculate workbooks anew, each with the first engine that supports the whole of it.

    Raises WorkbookError when one of them is no workbook, damaged, signed, or beyond the limits.
    """
    jobs = [_opened(data, limits) for data in workbooks]
    _calculate(jobs, engine)
    return [_outcome(job) for job in jobs]


def recalculate_each(
    sources: Sequence[Callable[[], bytes]], engine: EngineName, limits: Limits
) -> Iterator[Recalculated | InputError]:
    """The outcome for the workbook that each source gives, or why there is none."""
    opened: list[_Job | InputError] = []
    for source in sources:
        try:
            opened.append(_opened(source(), limits))
        except InputError as error:
            opened.append(error)
    _calculate([job for job in opened if isinstance(job, _Job)], engine)
    for job in opened:
        try:
            yield _outcome(job) if isinstance(job, _Job) else job
        except InputError as error:
            yield error


def _opened(data: bytes, limits: Limits) -> _Job:
    start = time.perf_counter()
    book = Book(data, limits)
    if book.signed:
        raise signed()
    return _Job(book, seconds=time.perf_counter() - start)


def _calculate(jobs: Sequence[_Job], engine: EngineName) -> None:
    for name in ENGINES if engine == "auto" else [engine]:
        _try(_engine(name), [job for job in jobs if job.waits])


def _try(engine: Engine, jobs: Sequence[_Job]) -> None:
    """Give the engine those of the workbooks that it does not refuse."""
    taken = []
    for job in jobs:
        start = time.perf_counter()
        try:
            reasons = tuple(engine.refuses(job.book))
        except InputError as error:
            job.problem = error
            continue
        if reasons:
            job.refused[engine.name] = reasons
        else:
            taken.append(job)
        job.seconds += time.perf_counter() - start
    if taken:
        _run(engine, taken)


def _run(engine: Engine, jobs: Sequence[_Job]) -> None:
    start = time.perf_counter()
    try:
        answers = engine.recalculate([job.book for job in jobs])
    except InputError as error:
        if len(jobs) == 1:
            jobs[0].problem = error
        else:  # one of them is damaged: the others are done without it
            for job in jobs:
                _run(engine, [job])
        return
    each = (time.perf_counter() - start) / len(jobs)
    for job, answer in zip(jobs, answers, strict=True):
        job.seconds += each
        if isinstance(answer, Reason):
            job.refused[engine.name] = (answer,)
        else:
            job.engine, job.values = engine.name, answer


def _outcome(job: _Job) -> Recalculated:
    if job.problem:
        raise job.problem
    start = time.perf_counter()
    book = job.book
    refused = {
        name: tuple(dict.fromkeys(reason.message for reason in reasons))
        for name, reasons in job.refused.items()
    }
    data = None
    changed: Sequence[Change] = ()
    unsupported: tuple[Unsupported, ...] = ()
    if job.values is None:
        unsupported = _unsupported(job)
    else:
        changed = Changes(book, job.values)
        data = book.with_values(job.values)
    seconds = job.seconds + time.perf_counter() - start
    done = len(job.values or ())
    return Recalculated(job.engine, refused, done, changed, unsupported, seconds, data)


def _unsupported(job: _Job) -> tuple[Unsupported, ...]:
    """The cells that kept the last engine that was asked, the most capable one, from its work."""
    last = list(job.refused.values())[-1] if job.refused else ()
    found: dict[object, Unsupported] = {}
    for reason in last:
        if reason.key is None:
            found[reason] = Unsupported("", "", "", reason.message)
        elif reason.key not in found:  # a cell is told of once
            formula = job.book.formulas.get(reason.key)
            text = "=" + formula.text if formula else ""
            place = job.book.place(reason.key)
            found[reason.key] = Unsupported(*place, text, reason.message)
    return tuple(found.values())


def _same(old: Value, new: Value) -> bool:
    if type(old) is float and type(new) is float:
        return old == new or abs(old - new) <= _CLOSE * abs(new)
    return type(old) is type(new) and old == new
