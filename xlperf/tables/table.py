"""One data table as read from CSV or .xlsx: displayed text with the number beside it."""

import codecs
import csv
import datetime
import io
import numbers
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlperf.diagnostic import Diagnostic, Message, Place, TableError
from xlperf.forms import BLANK, Entry, date_entry, number_entry
from xlperf.ooxml.date_format import DATE_SYSTEM_OFFSET
from xlperf.ooxml.files import read_file
from xlperf.ooxml.number_format import display, is_date_format
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import DEFAULT, Limits, check_table_size
from xlperf.ooxml.sheet import Cell, read_sheet, read_strings
from xlperf.ooxml.styles import Styles
from xlperf.ooxml.workbook import Workbook

PROJECTS, INDICATORS = "项目", "指标"
FILES = {PROJECTS: "projects.csv", INDICATORS: "indicators.csv"}
_CELL = re.compile(r'("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|\r|\n|$)')
_QUOTED = re.compile(r'[,"\r\n]')


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows as read; `rows[i]` stands in row `i + 2` of the file.

    `sheet` is the sheet of a workbook, or the name of a CSV file.
    """

    name: str
    file: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Entry, ...], ...]
    sheet: str = ""

    def place(self, row: int | None = None, column: str = "") -> Place:
        sheet = "" if self.file.endswith(self.sheet) else self.sheet
        return Place(file=self.file, sheet=sheet, row=row, column=column)


def read_folder(source: Path, limits: Limits = DEFAULT) -> tuple[Table, Table]:
    """The project and indicator tables of a folder of CSV files, or of an .xlsx workbook.

    Raises TableError when a table is missing or cannot be read, WorkbookError for a bad workbook.
    """
    if source.is_dir():
        return read_csv(source / FILES[PROJECTS], PROJECTS), read_csv(
            source / FILES[INDICATORS], INDICATORS
        )
    if source.suffix.lower() in (".xlsx", ".xlsm"):
        return _read_workbook(source, limits)
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


def read_csv(path: Path, name: str) -> Table:
    """The table `name` (项目 or 指标) from a CSV file. Raises TableError when it cannot be read."""
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
    try:
        text, _ = _decoded(data, path)
        rows = list(csv.reader(io.StringIO(text, newline=""))) or [[]]
    except csv.Error as error:
        raise TableError(_no_csv(path, str(error))) from error
    headings = tuple(rows[0])
    table = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > len(headings) and any(cell.strip() for cell in row[len(headings) :]):
            raise TableError(_long_row(path, number, len(headings), len(row)))
        padded = [*row[: len(headings)], *[""] * (len(headings) - len(row))]
        table.append(tuple(Entry(cell) if cell else BLANK for cell in padded))
    return Table(name, str(path), headings, tuple(table), path.name)


def replace_cells(data: bytes, changes: Mapping[tuple[int, int], str], path: Path) -> bytes:
    """A CSV file with other text in some cells (row and column from 1); the rest stays as it is."""
    text, encoding = _decoded(data, path)
    pieces: list[str] = []
    done = 0
    for position, start, end in _cells(text):
        if position in changes:
            new = changes[position]
            quoted = '"' + new.replace('"', '""') + '"' if _QUOTED.search(new) else new
            pieces += (text[done:start], quoted)
            done = end
    return ("".join(pieces) + text[done:]).encode(encoding)


def _cells(text: str) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Row and column of each cell of a CSV text, and where it starts and ends."""
    row = column = 1
    for match in _CELL.finditer(text):
        yield (row, column), match.start(1), match.end(1)
        column += 1
        if match[2] != ",":
            row, column = row + 1, 1
        if match.end() == len(text):
            return


def _decoded(data: bytes, path: Path) -> tuple[str, str]:
    """The text of a file, and its encoding: UTF-8, or GB 18030 as Chinese Excel saves a CSV."""
    encodings = ("utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding), encoding
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


def _read_workbook(path: Path, limits: Limits) -> tuple[Table, Table]:
    package = Package.open(read_file(path, limits), limits)
    workbook = Workbook.open(package)
    strings = read_strings(package, workbook.shared_strings)
    styles = Styles.open(package, workbook.styles)
    tables = []
    for name in (PROJECTS, INDICATORS):
        part = next((s.part for s in workbook.sheets if s.name.strip() == name), None)
        if part is None:
            raise TableError(_no_sheet(path, name, [s.name for s in workbook.sheets]))
        sheet = read_sheet(package.read(part), part, strings, limits)
        # By row and column, for a stray cell at the end of the sheet must not fill all before it.
        grid: dict[int, dict[int, Entry]] = {1: {}}
        for (row, column), cell in sheet.cells.items():
            code = styles[cell.style].number_format
            if entry := _shown(cell, code, date1904=workbook.date1904):
                grid.setdefault(row, {})[column] = entry
        columns = range(1, max(grid[1], default=0) + 1)
        check_table_size(len(columns) * len(grid), part, limits)
        blank = (BLANK,) * len(columns)
        rows = tuple(
            tuple(grid[row].get(column, BLANK) for column in columns) if row in grid else blank
            for row in range(1, max(grid) + 1)
        )
        headings = tuple(entry.text for entry in rows[0])
        tables.append(Table(name, str(path), headings, rows[1:], name))
    return tables[0], tables[1]


def _shown(cell: Cell, code: str, *, date1904: bool) -> Entry:
    value = cell.value
    if not isinstance(value, float):
        return entry_of(value)
    number = Decimal(f"{value:.15g}")
    shown = display(value, code, date1904=date1904)
    return Entry(
        shown, number + DATE_SYSTEM_OFFSET if date1904 and is_date_format(code) else number
    )


def entry_of(value: Any) -> Entry:
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


def _no_csv(path: Path, reason: str) -> Diagnostic:
    return Diagnostic(
        "D114",
        Message(f"不是有效的 CSV 文件（{reason}）", f"not a valid CSV file ({reason})"),
        place=Place(file=str(path)),
        fix=Message("请用 Excel 另存为“CSV UTF-8”", "save it from Excel as “CSV UTF-8”"),
    )
