"""Many workbooks back into two tables: the inverse of filling."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xlperf.bulk.frames import table_frames
from xlperf.diagnostic import Diagnostic, Message, Place, Severity
from xlperf.forms import KEY, Entry, Project, canonical
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.template import Form, read_files

if TYPE_CHECKING:
    import pandas as pd

_CONSTANTS = (KEY, "模板", "金额单位")


@dataclass(frozen=True, slots=True)
class Reading:
    """The two tables of the workbooks that could be read, and what was wrong."""

    projects: "pd.DataFrame"
    indicators: "pd.DataFrame"
    files: tuple[Path, ...]
    problems: tuple[Diagnostic, ...]


def read_workbooks(paths: Iterable[str | Path], limits: Limits = DEFAULT) -> Reading:
    """Read every form in the workbooks. A workbook that cannot be read is reported, not raised.

    Forms with the same key get keys of their own, and that is reported too.
    """
    problems: list[Diagnostic] = []
    read: list[_Read] = []
    for file, forms, found in read_files(paths, limits):
        problems += found
        for form, project in forms:
            key = project.key or _key_of(file, len(forms), form)
            read.append(_Read(file, form, project, key))
    problems += _mixed_templates(read)
    read, doubled = _with_unique_keys(read)
    problems += doubled
    headings: dict[str, str] = {}
    projects = [_project_row(one, headings) for one in read]
    columns: dict[str, str] = {}
    indicators = [row for one in read for row in _indicator_rows(one, columns)]
    used = tuple(dict.fromkeys(one.file for one in read))
    return Reading(*table_frames(projects, indicators), used, tuple(problems))


class _Read(NamedTuple):
    """A form as it was read, and the key that it goes by."""

    file: Path
    form: Form
    project: Project
    key: str


def _with_unique_keys(read: Sequence[_Read]) -> tuple[list[_Read], list[Diagnostic]]:
    """Every form under a key of its own, and what to say of those that had to be changed."""
    first: dict[str, _Read] = {}
    taken = {one.key for one in read}
    unique, doubled = [], []
    for one in read:
        if one.key in first:
            key = next(k for n in count(2) if (k := f"{one.key}-{n}") not in taken)
            taken.add(key)
            doubled.append(_doubled_key(one, first[one.key], key))
            unique.append(one._replace(key=key))
        else:
            first[one.key] = one
            unique.append(one)
    return unique, doubled


def _project_row(one: _Read, headings: dict[str, str]) -> dict[str, Entry]:
    """The entries by heading; `headings` has the first spelling met of each label."""
    form, project = one.form, one.project
    row = {KEY: Entry(one.key)}
    constants = [label for label in _CONSTANTS if label in form.constants]
    for label in dict.fromkeys((*constants, *form.constants)):
        if label != KEY:
            row[headings.setdefault(canonical(label), label)] = project.entry(label)
    for field in form.scalars:
        row[headings.setdefault(field.key, field.label)] = project.entry(field.key)
    return row


def _indicator_rows(one: _Read, headings: dict[str, str]) -> list[dict[str, Entry]]:
    columns = [(f.key, headings.setdefault(f.key, f.label)) for f in one.form.columns]
    return [
        {KEY: Entry(one.key)} | {heading: indicator.entry(key) for key, heading in columns}
        for indicator in one.project.indicators
    ]


def _key_of(file: Path, forms: int, form: Form) -> str:
    """The key of a form that carries none: the file name up to `_`, or the sheet's name."""
    return file.stem.partition("_")[0] if forms == 1 else form.sheet.name


def _doubled_key(one: _Read, first: _Read, key: str) -> Diagnostic:
    other = f"{first.file} {first.form.sheet.name}"
    return Diagnostic(
        "W108",
        Message(
            f"编号“{one.key}”与 {other} 重复，读取后改为“{key}”",
            f"the key “{one.key}” is also that of {other}; it is read as “{key}”",
        ),
        place=Place(file=str(one.file), sheet=one.form.sheet.name),
        severity=Severity.WARNING,
        fix=Message(
            "请核对各项目的编号，或分文件夹读取", "check the keys, or read the folders one by one"
        ),
    )


def _mixed_templates(read: Sequence[_Read]) -> Iterator[Diagnostic]:
    first: dict[str, Path] = {}
    for one in read:
        if name := one.form.constants.get("模板"):
            first.setdefault(name, one.file)
    if len(first) > 1:
        chinese = "、".join(f"{name}（{file}）" for name, file in first.items())
        english = ", ".join(f"{name} ({file})" for name, file in first.items())
        yield Diagnostic(
            "W109",
            Message(
                f"同时读取了 {len(first)} 种模板的表：{chinese}",
                f"forms of {len(first)} templates are read into one table: {english}",
            ),
            severity=Severity.WARNING,
            fix=Message("请按模板分别读取", "read the forms of each template by themselves"),
        )
