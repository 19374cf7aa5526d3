"""Many workbooks back into two tables: the inverse of filling."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from xlperf.bulk.frames import table_frames
from xlperf.diagnostic import Diagnostic, InputError, Message, Place
from xlperf.forms import KEY, Entry, Project
from xlperf.ooxml.files import read_file
from xlperf.ooxml.preflight import DEFAULT, FOREIGN_SUFFIXES, SUFFIXES, Limits
from xlperf.template import Form, read_forms

if TYPE_CHECKING:
    import pandas as pd

_SUFFIXES = SUFFIXES | FOREIGN_SUFFIXES
_CONSTANTS = (KEY, "模板", "金额单位")


@dataclass(frozen=True, slots=True)
class Reading:
    """The two tables of the workbooks that could be read, and what was wrong with the others."""

    projects: "pd.DataFrame"
    indicators: "pd.DataFrame"
    files: tuple[Path, ...]
    problems: tuple[Diagnostic, ...]


def find_workbooks(paths: Iterable[str | Path]) -> list[Path]:
    """The workbooks among files and, recursively, in folders; lock files of Excel are left out.

    Workbooks in other formats are among them, to be told of.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [
            file
            for file in inside
            if file == path
            or (
                file.suffix.lower() in _SUFFIXES
                and not file.name.startswith(("~$", "."))
                and file.is_file()
            )
        ]
    return list(dict.fromkeys(found))


def read_workbooks(paths: Iterable[str | Path], limits: Limits = DEFAULT) -> Reading:
    """Read every form in the workbooks. A workbook that cannot be read is reported, not raised."""
    files, problems = [], []
    projects: list[dict[str, Entry]] = []
    indicators: list[dict[str, Entry]] = []
    for file in find_workbooks(paths):
        try:
            forms = read_forms(read_file(file, limits), limits)
        except InputError as error:
            problems += [d.at(file=str(file)) for d in error.diagnostics]
            continue
        if not forms:
            problems.append(_no_form(file))
        else:
            files.append(file)
        for form, project in forms:
            key = project.key or _key_of(file, len(forms), form)
            projects.append(_project_row(form, project, key))
            indicators += _indicator_rows(form, project, key)
    return Reading(*table_frames(projects, indicators), tuple(files), tuple(problems))


def _project_row(form: Form, project: Project, key: str) -> dict[str, Entry]:
    row = {KEY: Entry(key)}
    constants = [label for label in _CONSTANTS if label in form.constants]
    for label in dict.fromkeys((*constants, *form.constants)):
        if label != KEY:
            row[label] = project.entry(label)
    for field in form.scalars:
        row[field.label] = project.entry(field.key)
    return row


def _indicator_rows(form: Form, project: Project, key: str) -> Sequence[dict[str, Entry]]:
    return [
        {KEY: Entry(key)} | {f.label: indicator.entry(f.key) for f in form.columns}
        for indicator in project.indicators
    ]


def _key_of(file: Path, forms: int, form: Form) -> str:
    """The key of a form that carries none: the file name up to `_`, or the sheet's name."""
    return file.stem.partition("_")[0] if forms == 1 else form.sheet.name


def _no_form(file: Path) -> Diagnostic:
    return Diagnostic(
        "W106",
        Message("工作簿中没有 xp. 名称，未读取", "the workbook carries no xp. names; not read"),
        place=Place(file=str(file)),
        fix=Message("请使用由模板生成的工作簿", "use a workbook that was made from a template"),
    )
