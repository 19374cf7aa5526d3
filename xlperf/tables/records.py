"""Two tables become records: projects with their indicators, or what is wrong with the tables.

Faults are collected, each with file, row and column, so that a person mends them all at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from xlperf.diagnostic import Diagnostic, Message, Place, Severity, TableError
from xlperf.forms import (
    BLANK,
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
from xlperf.ooxml.address import cell_name, column_name, parse_cell
from xlperf.tables.table import Table, holds_something

_LONGEST_KEY = 255
"""Characters of a text in a formula, which is what a workbook's name holds."""


@dataclass(frozen=True, slots=True)
class Records:
    """The projects of two tables, and the faults of single cells by project key.

    `source` is where the table of projects stands.
    """

    projects: tuple[Project, ...]
    faults: dict[str, list[Diagnostic]] = field(default_factory=dict)
    notes: tuple[Diagnostic, ...] = ()
    source: Place = field(default_factory=Place)

    @property
    def all_faults(self) -> tuple[Diagnostic, ...]:
        """The faults of all projects; what several have in common is there once."""
        return tuple(dict.fromkeys(fault for found in self.faults.values() for fault in found))

    def place(self, project: Project, label: str) -> Place:
        """Where an entry of a project stands in the table of projects."""
        row, _ = parse_cell(project.cells[label])
        return replace(self.source, row=row, column=label)


def build_records(
    projects: Table,
    indicators: Table,
    required: Iterable[str] = (),
    known: Iterable[str] | None = None,
) -> Records:
    """Projects with their indicators, in the order of the tables.

    `required` are canonical labels that must have a column; `known` those that a template has: any
    other column is noted, since its content is not written anywhere. Raises TableError with every
    fault of the tables as such: a missing or doubled column, no project at all, a key that is
    missing, doubled or refers to no project. Faults of single cells are kept by project.
    """
    required = set(required)
    known = None if known is None else {*known, KEY}
    columns = _columns(projects, "", required)
    table = _columns(indicators, INDICATOR_PREFIX, required)
    wrong = [*columns.wrong, *table.wrong]
    if wrong:
        raise TableError(wrong)
    keyed, wrong = _by_key(projects, columns, known)
    if not (keyed or wrong):
        wrong.append(_no_data(projects))
    faults = {key: row.faults for key, row in keyed.items() if row.faults}
    rows_of: dict[str, list[Indicator]] = {key: [] for key in keyed}
    orphans: dict[str, int] = {}
    for row in _rows(indicators, table, INDICATOR_PREFIX, known):
        if bad := _bad_key(indicators, row):
            wrong.append(bad)
        elif row.key not in keyed:
            orphans.setdefault(row.key, row.number)
        else:
            cells = _addresses(table, INDICATOR_PREFIX, row.number)
            rows_of[row.key].append(Indicator(row.entries, cells, indicators.sheet))
            if row.faults:
                faults.setdefault(row.key, []).extend(row.faults)
    wrong += (_orphan(indicators, number, key) for key, number in orphans.items())
    if wrong:
        raise TableError(wrong)
    made = tuple(
        Project(
            {**row.entries, KEY: Entry(key)},
            tuple(rows_of[key]),
            _addresses(columns, "", row.number),
            projects.sheet,
        )
        for key, row in keyed.items()
    )
    notes: tuple[Diagnostic, ...] = ()
    if known is not None:
        notes = (*_unused(projects, columns, known), *_unused(indicators, table, known))
    return Records(made, faults, notes, projects.place())


def _by_key(
    projects: Table, columns: "_Columns", known: set[str] | None
) -> tuple[dict[str, "_Row"], list[Diagnostic]]:
    """The rows of the projects, and what is wrong with the keys of others."""
    keyed: dict[str, _Row] = {}
    wrong: list[Diagnostic] = []
    for row in _rows(projects, columns, "", known):
        if bad := _bad_key(projects, row):
            wrong.append(bad)
        elif row.key in keyed:
            wrong.append(_double_key(projects, row.number, row.key, keyed[row.key].number))
        else:
            keyed[row.key] = row
    return keyed, wrong


def _addresses(columns: "_Columns", prefix: str, row: int) -> dict[str, str]:
    """Where the entries of a row stand, as a spreadsheet names its cells."""
    return {
        key.removeprefix(prefix): cell_name(row, column)
        for column, key in enumerate(columns.keys, start=1)
        if key
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


@dataclass(frozen=True, slots=True)
class _Row:
    """A row that is not blank: its key, its other entries by label, and the faults of its cells."""

    number: int
    key: str
    entries: dict[str, Entry]
    faults: list[Diagnostic]
    key_fault: Diagnostic | None


def _rows(table: Table, columns: _Columns, prefix: str, known: set[str] | None) -> Iterator[_Row]:
    """The rows of a table, by its columns with headings; those not in `known` have no faults."""
    headed = [
        (index, label, table.headings[index], kind_of(label), known is None or label in known)
        for index, label in enumerate(columns.keys)
        if label
    ]
    for number, cells in enumerate(table.rows, start=2):
        if not holds_something(
            [cells[i] for i, *_, used in headed if used or isinstance(cells[i], Entry)]
        ):
            continue
        entries: dict[str, Entry] = {}
        faults: list[Diagnostic] = []
        key_fault = None
        for index, label, heading, kind, used in headed:
            read = cell = cells[index]
            if isinstance(cell, Entry):
                if kind is Kind.TEXT:
                    read = Entry(cell.text)
                elif cell and cell.number is None:
                    read = read_entry(label, cell.text)
            if isinstance(read, Entry):
                entries[label.removeprefix(prefix)] = read
            elif label == KEY:
                key_fault = replace(read, place=table.place(number, heading))
            elif used:
                faults.append(replace(read, place=table.place(number, heading)))
        key = entries.pop(KEY, BLANK).text.strip()
        yield _Row(number, key, entries, faults, key_fault)


def _bad_key(table: Table, row: _Row) -> Diagnostic | None:
    if row.key_fault:
        return row.key_fault
    if not row.key:
        return _no_key(table, row.number)
    return _long_key(table, row) if len(row.key) > _LONGEST_KEY else None


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
        fix=Message(
            "请在每一行填写所属项目的编号", "fill in the key of the project that the row belongs to"
        ),
    )


def _long_key(table: Table, row: _Row) -> Diagnostic:
    return Diagnostic(
        "D121",
        Message(
            f"编号有 {len(row.key)} 个字符，超过上限 {_LONGEST_KEY} 个",
            f"the key has {len(row.key)} characters, more than {_LONGEST_KEY}",
        ),
        place=table.place(row.number, KEY),
        fix=Message("请改用较短的编号", "choose a shorter key"),
    )


def _no_data(table: Table) -> Diagnostic:
    return Diagnostic(
        "D126",
        Message(f"{table.name}表没有数据", f"the table {table.name} has no data"),
        place=table.place(),
        fix=Message("请从第 2 行起填写，每个项目一行", "write one project a row from row 2 on"),
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
    """Columns with content that the template has no place for."""
    notes = []
    for index, (key, heading) in enumerate(zip(columns.keys, table.headings, strict=True)):
        if key in known:
            continue
        if key:
            near = nearest_label(key)
            hint = near.removeprefix(INDICATOR_PREFIX) if near in known and near else None
            message = Message(
                "模板中没有这一项，内容不会写入", "the template has no such field; not written"
            )
            fix = Message(f"是否应为“{hint}”？", f"did you mean “{hint}”?") if hint else None
        elif any(map(holds_something, (row[index : index + 1] for row in table.rows))):
            heading = column_name(index + 1)
            message = Message(
                "这一列没有表头，内容不会写入", "the column has no heading; not written"
            )
            fix = Message("请在第 1 行补上表头", "write a heading into row 1")
        else:
            continue
        place = table.place(1, heading)
        notes.append(Diagnostic("D111", message, place=place, severity=Severity.WARNING, fix=fix))
    return notes
