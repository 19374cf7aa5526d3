"""Two tables become records: projects with their indicators, or what is wrong with the tables.

Faults are collected, each with file, row and column, so that a person mends them all at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from xlperf.diagnostic import Diagnostic, Message, Severity, TableError
from xlperf.forms import (
    INDICATOR_PREFIX,
    KEY,
    Entry,
    Indicator,
    Kind,
    Project,
    canonical,
    kind_of,
    nearest_label,
    read_entry,
)
from xlperf.ooxml.address import cell_name
from xlperf.tables.table import Table


@dataclass(frozen=True, slots=True)
class Records:
    """The projects of two tables, and the faults of single cells by project key."""

    projects: tuple[Project, ...]
    faults: dict[str, list[Diagnostic]] = field(default_factory=dict)
    notes: tuple[Diagnostic, ...] = ()


def build_records(
    projects: Table,
    indicators: Table,
    required: Iterable[str] = (),
    known: Iterable[str] | None = None,
) -> Records:
    """Projects with their indicators, in the order of the tables.

    `required` are canonical labels that must have a column; `known` those that a template has: any
    other column is noted, since its content is not written anywhere. Raises TableError with every
    fault of the tables as such: a missing or doubled column, a key that is missing, doubled or
    refers to no project. Faults of single cells are kept by project.
    """
    required = set(required)
    columns = _columns(projects, "", required)
    table = _columns(indicators, INDICATOR_PREFIX, required)
    wrong = [*columns.wrong, *table.wrong]
    if wrong:
        raise TableError(wrong)
    faults: dict[str, list[Diagnostic]] = {}
    rows_of: dict[str, list[Indicator]] = {}
    keyed: dict[str, tuple[int, dict[str, Entry]]] = {}
    for number, entries, broken in _records(projects, columns, ""):
        key = entries[KEY].text.strip()
        if not key:
            wrong.append(_no_key(projects, number))
        elif key in keyed:
            wrong.append(_double_key(projects, number, key, keyed[key][0]))
        else:
            keyed[key] = number, {**entries, KEY: Entry(key)}
            rows_of[key] = []
            if broken:
                faults[key] = broken
    for number, entries, broken in _records(indicators, table, INDICATOR_PREFIX):
        key = entries.pop(KEY).text.strip()
        if key not in keyed:
            wrong.append(_orphan(indicators, number, key))
            continue
        cells = _addresses(table, INDICATOR_PREFIX, number)
        rows_of[key].append(Indicator(entries, cells, indicators.sheet))
        if broken:
            faults.setdefault(key, []).extend(broken)
    if wrong:
        raise TableError(wrong)
    made = tuple(
        Project(entries, tuple(rows_of[key]), _addresses(columns, "", number), projects.sheet)
        for key, (number, entries) in keyed.items()
    )
    notes: tuple[Diagnostic, ...] = ()
    if known is not None:
        known = set(known)
        notes = (*_unused(projects, columns, known), *_unused(indicators, table, known))
    return Records(made, faults, notes)


def _addresses(columns: "_Columns", prefix: str, row: int) -> dict[str, str]:
    """Where the entries of a row stand, as a spreadsheet names its cells."""
    return {
        key.removeprefix(prefix): cell_name(row, column)
        for column, key in enumerate(columns.keys, start=1)
    }


@dataclass(frozen=True, slots=True)
class _Columns:
    """Canonical label of each column, and what is wrong with the headings."""

    keys: tuple[str, ...]
    wrong: tuple[Diagnostic, ...]


def _columns(table: Table, prefix: str, required: set[str]) -> _Columns:
    keys: list[str] = []
    wrong: list[Diagnostic] = []
    for heading in table.headings:
        plain = heading.strip().removeprefix("xp.")
        key = canonical(plain)
        if prefix and key != KEY:
            key = canonical(prefix + plain.removeprefix(prefix))
        if key in keys and key:
            wrong.append(_double_column(table, heading, table.headings[keys.index(key)]))
        keys.append(key)
    for label in sorted(
        {KEY} | {r for r in required if r.startswith(INDICATOR_PREFIX) == bool(prefix)}
    ):
        if label not in keys:
            wrong.append(_missing_column(table, label.removeprefix(prefix)))
    return _Columns(tuple(keys), tuple(wrong))


def _records(
    table: Table, columns: _Columns, prefix: str
) -> Iterator[tuple[int, dict[str, Entry], list[Diagnostic]]]:
    """Row number, entries by label (without `prefix`) and faults of every row that is not blank."""
    kinds = [kind_of(key) for key in columns.keys]
    for number, row in enumerate(table.rows, start=2):
        if not any(row):
            continue
        entries: dict[str, Entry] = {}
        faults = []
        cells = zip(columns.keys, table.headings, kinds, row, strict=True)
        for key, heading, kind, entry in cells:
            read: Entry | Diagnostic
            if kind is Kind.TEXT:
                read = Entry(entry.text)
            elif entry.number is not None or not entry:
                read = entry
            else:
                read = read_entry(key, entry.text)
            if isinstance(read, Diagnostic):
                faults.append(replace(read, place=table.place(number, heading)))
            else:
                entries[key.removeprefix(prefix)] = read
        yield number, entries, faults


def _double_column(table: Table, heading: str, other: str) -> Diagnostic:
    return Diagnostic(
        "D104",
        Message(f"与“{other}”列表示同一项内容", f"means the same as column “{other}”"),
        place=table.place(1, heading),
        fix=Message("请删除其中一列", "delete one of them"),
    )


def _missing_column(table: Table, label: str) -> Diagnostic:
    return Diagnostic(
        "D105",
        Message(
            f"{table.name}表缺少“{label}”列", f"the table {table.name} has no column “{label}”"
        ),
        place=table.place(1, label),
        fix=Message("请补上该列，表头写在第 1 行", "add the column; headings stand in row 1"),
    )


def _no_key(table: Table, row: int) -> Diagnostic:
    return Diagnostic(
        "D106",
        Message("项目编号为空", "the project key is blank"),
        place=table.place(row, KEY),
        fix=Message("请填写编号", "fill in the key"),
    )


def _double_key(table: Table, row: int, key: str, first: int) -> Diagnostic:
    return Diagnostic(
        "D107",
        Message(f"编号“{key}”与第 {first} 行重复", f"key “{key}” is also that of row {first}"),
        place=table.place(row, KEY),
        fix=Message("每个项目的编号应唯一", "give every project a key of its own"),
    )


def _orphan(table: Table, row: int, key: str) -> Diagnostic:
    return Diagnostic(
        "D108",
        Message(f"编号“{key}”在项目表中不存在", f"no project has the key “{key}”"),
        place=table.place(row, KEY),
        fix=Message("请改正编号，或在项目表中补上该项目", "correct the key or add the project"),
    )


def _unused(table: Table, columns: _Columns, known: set[str]) -> list[Diagnostic]:
    """Columns whose content the template has no place for."""
    notes = []
    for key, heading in zip(columns.keys, table.headings, strict=True):
        if key == KEY or key in known or not heading.strip():
            continue
        near = nearest_label(key)
        hint = near.removeprefix(INDICATOR_PREFIX) if near in known and near else None
        fix = Message(f"是否应为“{hint}”？", f"did you mean “{hint}”?") if hint else None
        notes.append(
            Diagnostic(
                "D111",
                Message(
                    "模板中没有这一项，内容不会写入", "the template has no such field; not written"
                ),
                place=table.place(1, heading),
                severity=Severity.WARNING,
                fix=fix,
            )
        )
    return notes
