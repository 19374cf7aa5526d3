"""One data table: headings over rows of cells, each of them an entry or why there is none."""

import datetime
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from xlperf.diagnostic import Diagnostic, Message, Place, TableError
from xlperf.forms import BLANK, KEY, Entry, canonical, date_entry, number_entry
from xlperf.tables.csv_text import csv_rows

PROJECTS, INDICATORS = "项目", "指标"
FILES = {PROJECTS: "projects.csv", INDICATORS: "indicators.csv"}
_OTHER_SEPARATORS = {
    ";": Message("分号", "semicolons"),
    "；": Message("全角分号", "full-width semicolons"),
    "，": Message("全角逗号", "full-width commas"),
    "\t": Message("制表符", "tabs"),
    "|": Message("竖线", "bars"),
}
_TITLE_ROWS = 4
"""Rows above the headings that people put there: a title, a unit, a blank one."""

TableCell = Entry | Diagnostic
"""What a cell holds, or what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows as read; `rows[i]` stands in row `i + 2` of the file.

    `sheet` is the sheet of a workbook, or the name of a CSV file.
    """

    name: str
    file: str
    headings: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    sheet: str = ""

    def place(self, row: int | None = None, column: str = "") -> Place:
        sheet = "" if self.file.endswith(self.sheet) else self.sheet
        return Place(file=self.file, sheet=sheet, row=row, column=column)


def make_table(name: str, file: str, sheet: str, rows: Sequence[Sequence[TableCell]]) -> Table:
    """A table of equally long rows, the first of which holds the headings.

    Raises TableError when there is nothing in it, or the headings stand elsewhere.
    """
    blank = Table(name, file, (), (), sheet)
    if not any(map(holds_something, rows)):
        raise TableError(_empty(blank))
    if wrong := [cell for cell in rows[0] if isinstance(cell, Diagnostic)]:
        raise TableError(replace(found, place=blank.place(1)) for found in wrong)
    headings = tuple(cell.text for cell in rows[0] if isinstance(cell, Entry))
    if KEY not in map(_label, headings):
        for number, row in enumerate(rows[1 : _TITLE_ROWS + 1], start=2):
            if any(isinstance(cell, Entry) and _label(cell.text) == KEY for cell in row):
                raise TableError(_late_headings(blank, number))
        for separator, called in _OTHER_SEPARATORS.items():
            if any(KEY in map(_label, heading.split(separator)) for heading in headings):
                raise TableError(_other_separator(blank, called))
    return replace(blank, headings=headings, rows=tuple(map(tuple, rows[1:])))


def holds_something(row: Sequence[TableCell]) -> bool:
    """Whether any cell of the row shows more than blanks, or has something wrong with it."""
    return any(isinstance(cell, Diagnostic) or cell.text.strip() for cell in row)


def _label(heading: str) -> str:
    return canonical(heading.strip().removeprefix("xp."))


def read_csv(path: Path, name: str) -> Table:
    """The table `name` (项目 or 指标) from a CSV file. Raises TableError when it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableError(_no_file(path, name)) from error
    rows = csv_rows(data, path)
    for row in rows[1:]:
        while row and not row[-1].strip():
            row.pop()
    width = max(map(len, rows), default=0)
    cells = [
        [Entry(cell) if cell else BLANK for cell in row] + [BLANK] * (width - len(row))
        for row in rows
    ]
    table = make_table(name, str(path), path.name, cells)
    for number, row in enumerate(rows[1:], start=2):
        if len(row) > len(rows[0]):
            raise TableError(_long_row(path, number, len(rows[0]), len(row)))
    return table


def entry_of(value: Any) -> TableCell:
    """What a value of a DataFrame or workbook cell shows, and its number."""
    match value:
        case None:
            return BLANK
        case str():
            return Entry(value) if value else BLANK
        case bool():
            return Entry("TRUE" if value else "FALSE")
        case float() if math.isnan(value):
            return BLANK
        case datetime.date():
            return BLANK if value != value else date_entry(value)  # NaT differs from itself
        case numbers.Real() | Decimal():
            try:
                number = Decimal(value if isinstance(value, int) else str(value))
            except InvalidOperation:
                return _no_value(value)
            return number_entry(number) if math.isfinite(float(number)) else _no_number(value)
    return _no_value(value)


def _no_value(value: Any) -> Diagnostic:
    kind = type(value).__name__
    return Diagnostic(
        "D122",
        Message(
            f"数据类型 {kind} 不能写入单元格", f"a cell cannot hold a value of the type {kind}"
        ),
        fix=Message("请先转换为文本、数字或日期", "make it text, a number or a date"),
    )


def _no_number(value: Any) -> Diagnostic:
    return Diagnostic(
        "D122",
        Message("数字过大，不能写入单元格", "the number is too large for a cell"),
        fix=Message("请改正该数字", "correct the number"),
    )


def _no_file(path: Path, name: str) -> Diagnostic:
    return Diagnostic(
        "D102",
        Message(f"找不到{name}表", f"the table of {path.stem} cannot be read"),
        place=Place(file=str(path)),
        fix=Message(
            "数据文件夹应含 projects.csv 和 indicators.csv",
            "a data folder holds projects.csv and indicators.csv",
        ),
    )


def _long_row(path: Path, row: int, wanted: int, found: int) -> Diagnostic:
    return Diagnostic(
        "D109",
        Message(f"有 {found} 格，表头只有 {wanted} 列", f"{found} cells under {wanted} headings"),
        place=Place(file=str(path), row=row),
        fix=Message("含逗号的内容请用英文双引号括起来", "put text with commas in double quotes"),
    )


def _empty(table: Table) -> Diagnostic:
    return Diagnostic(
        "D118",
        Message(f"{table.name}表是空的", f"the table {table.name} is empty"),
        place=table.place(),
        fix=Message(
            "请在第 1 行填写表头，从第 2 行起填写数据",
            "write headings into row 1 and data from row 2 on",
        ),
    )


def _late_headings(table: Table, row: int) -> Diagnostic:
    return Diagnostic(
        "D119",
        Message(
            f"表头在第 {row} 行，应在第 1 行", f"the headings stand in row {row} instead of row 1"
        ),
        place=table.place(row, KEY),
        fix=Message("请删除表头上方的标题行和空行", "delete the rows above the headings"),
    )


def _other_separator(table: Table, called: Message) -> Diagnostic:
    return Diagnostic(
        "D120",
        Message(
            f"各列之间用的是{called.zh}，应为英文逗号",
            f"the columns are separated by {called.en} instead of commas",
        ),
        place=table.place(1),
        fix=Message("请用 Excel 另存为“CSV UTF-8”", "save it from Excel as “CSV UTF-8”"),
    )
