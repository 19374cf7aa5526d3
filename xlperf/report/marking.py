"""Marked copies of the reviewed workbooks, on disk."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from xlperf.diagnostic import Diagnostic, Lang, Message, Place, WorkbookError
from xlperf.ooxml.files import make_folder, read_file, write_file
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.report.workbook import marked_workbook
from xlperf.review import Review, find_sources
from xlperf.rules import Finding


def write_marked(
    review: Review,
    paths: Sequence[str | Path],
    out: Path,
    lang: Lang = "zh",
    limits: Limits = DEFAULT,
) -> list[Path]:
    """Write a marked copy of every workbook with findings into the folder `out`.

    `paths` are those that were reviewed; the copies keep the folders below what these share. Where
    `out` ends as the one workbook with findings does, and is no folder, it is that copy itself.
    Data tables have no marked copy. Raises WorkbookError, before anything is written, where a copy
    would take the place of a reviewed file or of another copy; and when a copy cannot be written.
    """
    found: dict[Path, list[Finding]] = {}
    for finding in review.findings:
        file = Path(finding.diagnostic.place.file)
        if file.is_file():
            found.setdefault(file, []).append(finding)
    endings = {file.suffix.lower() for file in found}
    single = len(found) == 1 and out.suffix.lower() in endings and not out.is_dir()
    root = _shared_folder(paths)
    targets = [out if single else out / _below(root, file) for file in found]
    _refuse_overwriting(targets, find_sources(paths))
    for target, (file, findings) in zip(targets, found.items(), strict=True):
        make_folder(target.parent)
        write_file(target, marked_workbook(read_file(file, limits), findings, lang, limits))
    return targets


def _shared_folder(paths: Iterable[str | Path]) -> str:
    """The innermost folder that all paths are in; "" where they are on several drives."""
    folders = [p if p.is_dir() else p.parent for p in map(Path, paths)]
    try:
        return os.path.commonpath([os.path.realpath(folder) for folder in folders])
    except ValueError:
        return ""


def _below(root: str, file: Path) -> Path:
    real = Path(os.path.realpath(file))
    return real.relative_to(root if real.is_relative_to(root) and root else real.anchor)


def _refuse_overwriting(targets: Iterable[Path], reviewed: Iterable[Path]) -> None:
    taken = {os.path.normcase(os.path.realpath(path)) for path in reviewed}
    wrong = []
    for target in targets:
        place = os.path.normcase(os.path.realpath(target))
        if place in taken:
            wrong.append(_taken(target))
        taken.add(place)
    if wrong:
        raise WorkbookError(wrong)


def _taken(target: Path) -> Diagnostic:
    return Diagnostic(
        "W210",
        Message(
            "批注副本会覆盖被审核的文件或另一份副本，未写出任何副本",
            "the marked copy would replace a reviewed file or another copy; none was written",
        ),
        place=Place(file=str(target)),
        fix=Message("请用 -o 指定另一个文件夹", "name another folder with -o"),
    )
