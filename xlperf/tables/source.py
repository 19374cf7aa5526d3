"""Where the two tables come from: a folder of CSV files, or a workbook with a sheet for each."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from xlperf.diagnostic import Diagnostic, Message, Place, TableError, WorkbookError
from xlperf.forms import BLANK, Entry, number_entry
from xlperf.ooxml.built_in_formats import BUILT_IN
from xlperf.ooxml.date_format import DATE_SYSTEM_OFFSET
from xlperf.ooxml.files import read_file
from xlperf.ooxml.number_format import display, is_date_format
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import DEFAULT, Limits, check_table_size
from xlperf.ooxml.sheet import Cell, Sheet, read_sheet, read_strings
from xlperf.ooxml.styles import Styles
from xlperf.ooxml.workbook import Workbook
from xlperf.tables.table import (
    FILES,
    INDICATORS,
    PROJECTS,
    Table,
    TableCell,
    entry_of,
    make_table,
    read_csv,
)

_FIRST_UNSURE = 1e15
"""From here on Excel has lost digits of what was typed."""

_Grid = dict[int, dict[int, TableCell]]


def read_folder(source: Path, limits: Limits = DEFAULT) -> tuple[Table, Table]:
    """The project and indicator tables of a folder of CSV files, or of an .xlsx workbook.

    Raises TableError when a table is missing or cannot be read, WorkbookError for a bad workbook.
    """
    if not source.exists():
        raise TableError(_no_path(source))
    if source.is_dir():
        return read_csv(source / FILES[PROJECTS], PROJECTS), read_csv(
            source / FILES[INDICATORS], INDICATORS
        )
    data = read_file(source, limits)
    try:
        return _read_workbook(data, source, limits)
    except WorkbookError as error:
        raise WorkbookError(d.at(file=str(source)) for d in error.diagnostics) from error


def holds_tables(data: bytes, limits: Limits = DEFAULT) -> bool:
    """Whether a workbook has a sheet that is called as one of the tables."""
    names = {sheet.name.strip() for sheet in Workbook.open(Package.open(data, limits)).sheets}
    return not names.isdisjoint(FILES)


def _read_workbook(data: bytes, path: Path, limits: Limits) -> tuple[Table, Table]:
    package = Package.open(data, limits)
    workbook = Workbook.open(package)
    strings = read_strings(package, workbook.shared_strings)
    styles = Styles.open(package, workbook.styles)
    tables = []
    parts = {sheet.name.strip(): sheet.part for sheet in reversed(workbook.sheets)}
    for name in (PROJECTS, INDICATORS):
        if name not in parts:
            raise TableError(_no_sheet(path, name, [s.name for s in workbook.sheets]))
    for name in (PROJECTS, INDICATORS):
        part = parts[name]
        sheet = read_sheet(package.read(part), part, strings, limits)
        # By row and column, for a stray cell at the end of the sheet must not fill all before it.
        grid: _Grid = {1: {}}
        for (row, column), cell in sheet.cells.items():
            code = styles[cell.style].number_format
            if shown := _shown(cell, code, date1904=workbook.date1904):
                grid.setdefault(row, {})[column] = shown
        _spread_merges(grid, sheet, part, limits)
        width = max(max(cells, default=0) for cells in grid.values())
        check_table_size(width * len(grid), part, limits)
        blank = (BLANK,) * width
        rows = [
            [grid[row].get(column, BLANK) for column in range(1, width + 1)]
            if row in grid
            else blank
            for row in range(1, max(grid) + 1)
        ]
        tables.append(make_table(name, str(path), name, rows))
    return tables[0], tables[1]


def _spread_merges(grid: _Grid, sheet: Sheet, part: str, limits: Limits) -> None:
    """Let what cells merged downwards show stand in each of their rows that holds something."""
    areas = [area for area in sheet.merges if 1 < area.top < area.bottom]
    check_table_size(sum(area.bottom - area.top for area in areas), part, limits)
    for area in areas:
        if shown := grid.get(area.top, {}).get(area.left):
            for row in range(area.top + 1, area.bottom + 1):
                if row in grid:
                    grid[row][area.left] = shown


def _shown(cell: Cell, code: str, *, date1904: bool) -> TableCell:
    value = cell.value
    if cell.error:
        return _error_value(str(value))
    if value is None and cell.formula is not None:
        return _not_computed()
    if not isinstance(value, float):
        return entry_of(value)
    if abs(value) >= _FIRST_UNSURE:
        return _too_long()
    number = Decimal(f"{value:.15g}")
    if code == BUILT_IN[0] and value.is_integer():
        return number_entry(number)  # a narrow cell shows 5.2E+11, the person typed all digits
    shown = display(value, code, date1904=date1904)
    return Entry(
        shown, number + DATE_SYSTEM_OFFSET if date1904 and is_date_format(code) else number
    )


def _error_value(shown: str) -> Diagnostic:
    return Diagnostic(
        "D123",
        Message(f"单元格是错误值 {shown}", f"the cell holds the error {shown}"),
        fix=Message("请改正该单元格的公式或内容", "correct the formula or content of the cell"),
    )


def _not_computed() -> Diagnostic:
    return Diagnostic(
        "D124",
        Message("公式没有保存计算结果", "the value of the formula was not saved"),
        fix=Message("请用 Excel 打开并保存一次", "open it in Excel and save it"),
    )


def _too_long() -> Diagnostic:
    return Diagnostic(
        "D125",
        Message(
            "数字超过 15 位，Excel 只保留前 15 位，末尾数字可能已丢失",
            "the number has more than 15 digits, of which Excel keeps 15",
        ),
        fix=Message(
            "请将该单元格设为文本格式后重新填写", "set the cell to text format and type it again"
        ),
    )


def _no_path(source: Path) -> Diagnostic:
    return Diagnostic(
        "D101",
        Message("路径不存在", "no such file or folder"),
        place=Place(file=str(source)),
        fix=Message(
            "请给出含 projects.csv 和 indicators.csv 的文件夹，或含“项目”“指标”两张表的 .xlsx",
            "give a folder with projects.csv and indicators.csv, or an .xlsx with the sheets "
            "项目 and 指标",
        ),
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
