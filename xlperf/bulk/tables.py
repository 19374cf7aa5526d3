"""Data tables: projects and their indicators, from CSV, .xlsx or DataFrames, and back.

A table is read as displayed text with the number beside it, whatever it came from. Faults are
collected, each with file, row and column, so that a person mends them all at once.
"""

import csv
import datetime
import io
import numbers
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlperf.diagnostic import Diagnostic, Message, Place, Severity, TableError
from xlperf.forms import (
    BLANK,
    INDICATOR_PREFIX,
    Entry,
    Indicator,
    Kind,
    Project,
    canonical,
    date_entry,
    kind_of,
    number_entry,
    read_entry,
)
from xlperf.ooxml.durable import write_file
from xlperf.ooxml.number_format import display
from xlperf.ooxml.package import Package
from xlperf.ooxml.sheet import read_sheet, read_strings
from xlperf.ooxml.styles import Styles
from xlperf.ooxml.workbook import Workbook
from xlperf.template import nearest_label, read_file

if TYPE_CHECKING:
    import pandas as pd

KEY = "编号"
PROJECTS, INDICATORS = "项目", "指标"
_FILES = {PROJECTS: "projects.csv", INDICATORS: "indicators.csv"}


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows as read; `rows[i]` stands in row `i + 2` of the file."""

    name: str
    file: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    sheet: str = ""

    def place(self, row: int | None = None, column: str = "") -> Place:
        return Place(file=self.file, sheet=self.sheet, row=row, column=column)


@dataclass(frozen=True, slots=True)
class Records:
    """The projects of two tables, and the faults of single cells by project key."""

    projects: tuple[Project, ...]
    faults: dict[str, list[Diagnostic]] = field(default_factory=dict)
    notes: tuple[Diagnostic, ...] = ()


def read_folder(source: Path) -> tuple[Table, Table]:
    """The project and indicator tables of a folder of CSV files, or of an .xlsx workbook.

    Raises TableError when a table is missing or cannot be read, WorkbookError for a bad workbook.
    """
    if source.is_dir():
        return _read_csv(source, PROJECTS), _read_csv(source, INDICATORS)
    if source.suffix.lower() in (".xlsx", ".xlsm"):
        return _read_workbook(source)
    raise TableError(
        Diagnostic(
            "D101",
            Message(
                "数据不是文件夹，也不是 .xlsx 工作簿", "the data is neither a folder nor an .xlsx"
            ),
            place=Place(file=str(source)),
            fix=Message(
                "请给出含 projects.csv 和 indicators.csv 的文件夹，或含“项目”“指标”两张表的 .xlsx",
                "give a folder with projects.csv and indicators.csv, or an .xlsx with the sheets "
                "项目 and 指标",
            ),
        )
    )


def read_table(source: "str | Path | pd.DataFrame", name: str) -> Table:
    """One table, from a CSV file or a DataFrame."""
    if isinstance(source, (str, Path)):
        return _parse_csv(Path(source), name)
    rows = tuple(tuple(map(_entry_of, row)) for row in source.itertuples(index=False, name=None))
    return Table(name, name, tuple(map(str, source.columns)), rows)


def build_records(
    projects: Table, indicators: Table, required: Iterable[str], known: Iterable[str]
) -> Records:
    """Projects with their indicators, in the order of the tables.

    `required` are canonical labels that must have a column; `known` those that the template has:
    any other column is noted, since its content is not written anywhere. Raises TableError with
    every fault of the tables as such: a missing or doubled column, a key that is missing, doubled
    or refers to no project. Faults of single cells are kept by project.
    """
    required, known = set(required), set(known)
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
        rows_of[key].append(Indicator(entries))
        if broken:
            faults.setdefault(key, []).extend(broken)
    if wrong:
        raise TableError(wrong)
    made = tuple(Project(e, tuple(rows_of[key])) for key, (_, e) in keyed.items())
    notes = (*_unused(projects, columns, known), *_unused(indicators, table, known))
    return Records(made, faults, notes)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Canonical label of each column, the kinds beside, and what is wrong with the headings."""

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
            if kind is Kind.TEXT or entry.number is not None or not entry:
                read: Entry | Diagnostic = entry if kind is not Kind.TEXT else Entry(entry.text)
            else:
                read = read_entry(key, entry.text)
            if isinstance(read, Diagnostic):
                place = table.place(number, heading)
                faults.append(
                    Diagnostic(read.code, read.message, read.span, place, read.severity, read.fix)
                )
            else:
                entries[key.removeprefix(prefix)] = read
        yield number, entries, faults


def _read_csv(folder: Path, name: str) -> Table:
    return _parse_csv(folder / _FILES[name], name)


def _parse_csv(path: Path, name: str) -> Table:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableError(
            Diagnostic(
                "D102",
                Message(f"找不到{name}表", f"the table of {path.stem} cannot be read"),
                place=Place(file=str(path)),
                fix=Message(
                    "数据文件夹应含 projects.csv 和 indicators.csv",
                    "a data folder holds projects.csv and indicators.csv",
                ),
            )
        ) from error
    rows = list(csv.reader(io.StringIO(_decoded(data, path), newline="")))
    rows = rows or [[]]
    headings = tuple(rows[0])
    table = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > len(headings) and any(cell.strip() for cell in row[len(headings) :]):
            raise TableError(_long_row(path, number, len(headings), len(row)))
        padded = [*row[: len(headings)], *[""] * (len(headings) - len(row))]
        table.append(tuple(Entry(cell) if cell else BLANK for cell in padded))
    return Table(name, str(path), headings, tuple(table))


def _decoded(data: bytes, path: Path) -> str:
    """UTF-8, or GB 18030 as Chinese Excel saves a CSV."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError(
        Diagnostic(
            "D103",
            Message("文字编码无法识别", "the text encoding is not known"),
            place=Place(file=str(path)),
            fix=Message("请另存为“CSV UTF-8”", "save it as “CSV UTF-8”"),
        )
    )


def _read_workbook(path: Path) -> tuple[Table, Table]:
    package = Package.open(read_file(path))
    workbook = Workbook.open(package)
    strings = read_strings(package, workbook.shared_strings)
    styles = Styles.open(package, workbook.styles)
    tables = []
    for name in (PROJECTS, INDICATORS):
        part = next((s.part for s in workbook.sheets if s.name.strip() == name), None)
        if part is None:
            raise TableError(_no_sheet(path, name, [s.name for s in workbook.sheets]))
        sheet = read_sheet(package.read(part), part, strings)
        last_row = max((row for row, _ in sheet.cells), default=1)
        last_column = max((column for _, column in sheet.cells), default=0)
        grid = []
        for row in range(1, last_row + 1):
            line = []
            for column in range(1, last_column + 1):
                cell = sheet.cell((row, column))
                value = cell.value if cell else None
                if cell and isinstance(value, float):
                    code = styles[cell.style].number_format
                    shown = display(value, code, date1904=workbook.date1904)
                    line.append(Entry(shown, Decimal(f"{value:.15g}")))
                else:
                    line.append(_entry_of(value))
            grid.append(tuple(line))
        headings = tuple(entry.text for entry in grid[0])
        while headings and not headings[-1]:
            headings = headings[:-1]
        rows = tuple(row[: len(headings)] for row in grid[1:])
        tables.append(Table(name, str(path), headings, rows, name))
    return tables[0], tables[1]


def _entry_of(value: Any) -> Entry:
    """What a value of a DataFrame or workbook cell shows, and its number."""
    if value is None or value != value:  # NaN and NaT differ from themselves
        return BLANK
    if isinstance(value, str):
        return Entry(value) if value else BLANK
    if isinstance(value, bool):
        return Entry("TRUE" if value else "FALSE")
    if isinstance(value, datetime.date):
        return date_entry(value)
    if isinstance(value, (numbers.Number, Decimal)):
        return number_entry(Decimal(str(value)))
    return Entry(str(value))


def table_frames(
    projects: Sequence[dict[str, Entry]], indicators: Sequence[dict[str, Entry]]
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """DataFrames of the rows: text as str, blank is ""; number columns as numbers, blank is NaN."""
    return _frame(projects, ""), _frame(indicators, INDICATOR_PREFIX)


def _frame(rows: Sequence[dict[str, Entry]], prefix: str) -> "pd.DataFrame":
    import pandas as pd

    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    frame = pd.DataFrame(index=range(len(rows)))
    for heading in headings:
        entries = [row.get(heading, BLANK) for row in rows]
        kind = kind_of(canonical(heading if heading == KEY else prefix + heading))
        numeric = kind is Kind.NUMBER and all(e.number is not None or not e for e in entries)
        if numeric and any(entries):
            values = [None if e.number is None else float(e.number) for e in entries]
            whole = all(v is not None and v.is_integer() for v in values)
            frame[heading] = pd.Series(values, dtype="int64" if whole else "float64")
        else:
            frame[heading] = pd.Series([e.text for e in entries], dtype=object)
    return frame


def write_tables(projects: "pd.DataFrame", indicators: "pd.DataFrame", out: Path) -> list[Path]:
    """Write both tables: as CSV into a folder, or as one workbook when `out` ends in .xlsx."""
    tables = ((projects, PROJECTS), (indicators, INDICATORS))
    if out.suffix.lower() == ".xlsx":
        out.parent.mkdir(parents=True, exist_ok=True)
        write_file(out, _workbook_bytes(tables))
        return [out]
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for frame, name in tables:
        path = out / _FILES[name]
        text = io.StringIO(newline="")
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(frame.columns)
        for row in frame.itertuples(index=False, name=None):
            lines.writerow([_entry_of(value).text for value in row])
        write_file(path, text.getvalue().encode())
        written.append(path)
    return written


def _workbook_bytes(tables: "Iterable[tuple[pd.DataFrame, str]]") -> bytes:
    import openpyxl

    book = openpyxl.Workbook(write_only=False)
    book.remove(book.active)
    for frame, name in tables:
        sheet = book.create_sheet(name)
        rows = [tuple(frame.columns), *frame.itertuples(index=False, name=None)]
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                if value != "" and value == value:
                    cell = sheet.cell(number, column, value)
                    # openpyxl takes text that begins with = for a formula.
                    cell.data_type = "s" if isinstance(value, str) else cell.data_type
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


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


def _long_row(path: Path, row: int, wanted: int, found: int) -> Diagnostic:
    return Diagnostic(
        "D109",
        Message(f"有 {found} 格，表头只有 {wanted} 列", f"{found} cells under {wanted} headings"),
        place=Place(file=str(path), row=row),
        fix=Message("含逗号的内容请用英文双引号括起来", "put text with commas in double quotes"),
    )


def _no_sheet(path: Path, name: str, found: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        "D110",
        Message(
            f"工作簿中没有名为“{name}”的工作表（现有：{'、'.join(found)}）",
            f"the workbook has no sheet named {name} (it has: {', '.join(found)})",
        ),
        place=Place(file=str(path)),
        fix=Message(
            "请将工作表命名为“项目”和“指标”",
            "name the sheets 项目 (projects) and 指标 (indicators)",
        ),
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
