"""Files recalculated: many together, in several processes, and each is written whole or not at all.

A workbook may take a process down with it (by the memory it needs, say). It is found, told of, and
all others are done; and where the program itself is killed, its processes end as well.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from xlperf.diagnostic import Diagnostic, InputError, Message, Place, WorkbookError
from xlperf.ooxml.files import read_file, write_files
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.processes import end_with_parent, interruptible
from xlperf.recalc.run import EngineName, Recalculated, recalculate_each

_Files = Sequence[tuple[Path, Path | None]]
_Outcomes = list[Recalculated]
_Work = Callable[[_Files], _Outcomes]

_TOGETHER = 256
"""Workbooks that are held in memory at once."""

_HELD = 64 << 20
"""Bytes of their files beyond which there are no more of them."""


def recalculate_files(
    files: _Files, engine: EngineName = "auto", limits: Limits = DEFAULT, jobs: int = 1
) -> Iterable[Recalculated]:
    """Recalculate each file into the path beside it, which may be the same; None writes nothing.

    A file that cannot be used is an outcome with a problem, and the others are done all the same.
    """
    size = max(1, min(_TOGETHER, -(-len(files) // jobs)))
    chunks = list(_chunks(files, size))
    if jobs == 1:
        for chunk in chunks:
            yield from _recalculated(chunk, engine, limits)
        return
    work = partial(interruptible, _recalculated, engine=engine, limits=limits)
    with ProcessPoolExecutor(jobs, initializer=end_with_parent) as pool:
        answers = [(chunk, _submitted(pool, work, chunk)) for chunk in chunks]
        try:
            for chunk, answer in answers:
                try:
                    yield from answer.result()
                except BrokenExecutor:
                    yield from _apart(work, chunk)
        finally:  # when interrupted: nothing more is begun
            for _, answer in answers:
                answer.cancel()


def _chunks(files: _Files, most: int) -> Iterator[_Files]:
    """The files in groups of at most so many, fewer where they are large."""
    chunk: list[tuple[Path, Path | None]] = []
    held = 0
    for file in files:
        chunk.append(file)
        with suppress(OSError):  # what cannot be read is told of when its turn comes
            held += file[0].stat().st_size
        if len(chunk) == most or held > _HELD:
            yield chunk
            chunk, held = [], 0
    if chunk:
        yield chunk


def _submitted(pool: ProcessPoolExecutor, work: _Work, files: _Files) -> Future[_Outcomes]:
    try:
        return pool.submit(work, files)
    except BrokenExecutor as error:
        failed: Future[_Outcomes] = Future()
        failed.set_exception(error)
        return failed


def _apart(work: _Work, files: _Files) -> _Outcomes:
    """Files one of which may end any process: halved, until it is found."""
    try:
        with ProcessPoolExecutor(1, initializer=end_with_parent) as pool:
            return pool.submit(work, files).result()
    except BrokenExecutor:
        if len(files) == 1:
            return [_unusable(files[0][0], WorkbookError(_dead_process(files[0][0])))]
        half = len(files) // 2
        return [*_apart(work, files[:half]), *_apart(work, files[half:])]


def _recalculated(files: _Files, engine: EngineName, limits: Limits) -> _Outcomes:
    sources = [partial(read_file, path, limits) for path, _ in files]
    outcomes: _Outcomes = []

    def recalculated() -> Iterator[tuple[Path, bytes] | None]:
        answers = recalculate_each(sources, engine, limits)
        for (path, out), answer in zip(files, answers, strict=True):
            if isinstance(answer, InputError):
                outcomes.append(_unusable(path, answer))
                yield None
                continue
            # What is told of a workbook must not hold it in memory.
            outcomes.append(replace(answer, file=path, data=None, changed=tuple(answer.changed)))
            yield (out, answer.data) if out and answer.data is not None else None

    for place, error in enumerate(write_files(recalculated())):
        if error:
            outcomes[place] = _unusable(files[place][0], error)
    return outcomes


def _unusable(path: Path, problem: InputError) -> Recalculated:
    named = WorkbookError(d.at(file=d.place.file or str(path)) for d in problem.diagnostics)
    return Recalculated(None, {}, 0, (), (), 0.0, file=path, problem=named)


def _dead_process(path: Path) -> Diagnostic:
    return Diagnostic(
        "W209",
        Message(
            "处理该文件的进程意外终止（可能是内存不足）",
            "the process that worked on it ended unexpectedly (perhaps out of memory)",
        ),
        place=Place(file=str(path)),
        fix=Message("请减少 --jobs 的进程数后重试", "try again with fewer --jobs"),
    )


def targets(
    paths: Sequence[Path], out: Path | None, *, in_place: bool = False
) -> list[tuple[Path, Path | None]]:
    """Where each workbook is written: into `out`, in its own place, or, None, nowhere.

    `out` is the file for one workbook where it ends like one, else a folder that keeps the folders
    below those that all the workbooks share.
    """
    if out is None:
        return [(path, path if in_place else None) for path in paths]
    if len(paths) == 1 and out.suffix.lower() == paths[0].suffix.lower() and not out.is_dir():
        return [(paths[0], out)]
    full = [path.resolve() for path in paths]
    root = os.path.commonpath([path.parent for path in full]) if full else ""
    return [(path, out / place.relative_to(root)) for path, place in zip(paths, full, strict=True)]
