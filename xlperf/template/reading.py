"""From a workbook back to records: what a person sees in the fields that the names point to.

What the names leave out is told: a column that lost its name, rows that were inserted beside the
table. A form must not look better for what was not read.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from xlperf.diagnostic import Diagnostic, InputError, Message, Place, Severity
from xlperf.forms import (
    BLANK,
    INDICATOR_PREFIX,
    Entry,
    Indicator,
    Kind,
    Project,
    canonical,
    number_entry,
    read_entry,
)
from xlperf.ooxml.address import cell_name
from xlperf.ooxml.built_in_formats import BUILT_IN
from xlperf.ooxml.files import find_workbooks, no_workbooks, read_file
from xlperf.ooxml.known_rows import read_known_sheet
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.sheet import Position, Sheet, read_strings
from xlperf.ooxml.styles import Styles
from xlperf.ooxml.workbook import Workbook
from xlperf.template.fields import PREFIX, Field, Form, open_forms

_HUNDRED = Decimal(100)
_ALL_DIGITS = 1e15  # beyond it Excel itself has lost some
_NO_NUMBER = re.compile(r"[-–—―─/\\]+|无|.*不(适用|涉及).*")
"""What forms print in a number field that does not apply."""

_TELLING = ("三级指标", "指标值")
"""The columns in which every indicator has something."""

_TABLE_LABELS = {"一级指标", "二级指标", "三级指标", "指标值", "实际完成值", "分值", "得分"}
_TITLES = ("项目名称", "部门名称", "单位名称")
_HEADING_REACH = 50
_NO_INDICATOR = re.compile(
    r".{0,4}(合计|总计|小计|共计|总分)(分值|得分|分)?|得分|自评.{0,2}|.*[:：].*|备注|填[表报]人|联系(人|电话)",
    re.DOTALL,
)
"""How a row below the table begins that is no indicator."""


def read_forms(
    data: bytes, limits: Limits = DEFAULT
) -> tuple[list[tuple[Form, Project]], list[Diagnostic]]:
    """Every form of a workbook with its record, in the order of the sheets, and what is wrong.

    Text fields give the displayed text with the number kept beside it; a number field that holds
    text is a problem and keeps the text. Rows of the table that are wholly blank are left out.
    Raises WorkbookError when the workbook cannot be read.
    """
    package = Package.open(data, limits)
    workbook, forms, problems = open_forms(package)
    if not forms:
        return [], problems
    reader = _Reader(package, workbook, problems)
    return [(form, reader.project(form)) for form in forms], problems


def read_files(
    paths: Iterable[str | Path], limits: Limits = DEFAULT
) -> Iterator[tuple[Path, list[tuple[Form, Project]], list[Diagnostic]]]:
    """What `read_forms` gives of every workbook in files and folders, with the file.

    A workbook that cannot be read or holds no form, and a path without any, is told as a problem;
    the others are read all the same.
    """
    paths = list(paths)
    files = find_workbooks(paths)
    for path in paths if not files else ():
        yield Path(path), [], [no_workbooks(path)]
    for file in files:
        try:
            forms, problems = read_forms(read_file(file, limits), limits)
        except InputError as error:
            forms, problems = [], list(error.diagnostics)
        if not (forms or problems):
            problems = [no_form(file)]
        yield file, forms, [problem.at(file=str(file)) for problem in problems]


def no_form(file: Path) -> Diagnostic:
    """What to say of a workbook in which `read_forms` finds none."""
    return Diagnostic(
        "W106",
        Message(
            "不是绩效表：工作簿中没有 xp. 名称",
            "no performance form: the workbook carries no xp. names",
        ),
        place=Place(file=str(file)),
        fix=Message(
            "请使用由模板生成的工作簿，或先为该表定义 xp. 名称",
            "use a workbook made from a template, or define xp. names for this form",
        ),
    )


class _Reader:
    """Reads the forms of one workbook; adds to `problems` what stands where it should not."""

    def __init__(self, package: Package, workbook: Workbook, problems: list[Diagnostic]) -> None:
        self._package = package
        self._strings = read_strings(package, workbook.shared_strings)
        self._styles = Styles.open(package, workbook.styles)
        self._date1904 = workbook.date1904
        self._problems = problems

    def project(self, form: Form) -> Project:
        part = form.sheet.part
        xml, limits = self._package.read(part), self._package.limits
        sheet = read_known_sheet(xml, part, self._strings, limits)
        self._problems += _missing_names(form)
        wrong: dict[Position, Diagnostic] = {}
        entries = {label: Entry(value) for label, value in form.constants.items()}
        cells = {}
        for field in form.scalars:
            position = (field.area.top, field.area.left)
            entries[field.key] = self._entry(field, field.key, sheet, position, wrong)
            cells[field.key] = cell_name(*position)
        indicators = tuple(self._indicators(form, sheet, wrong))
        self._problems += (
            problem.at(sheet=form.sheet.name, cell=cell_name(*position))
            for position, problem in sorted(wrong.items())
        )
        self._problems += _rows_outside(form, sheet)
        return Project(entries, indicators, cells, form.sheet.name)

    def _indicators(
        self, form: Form, sheet: Sheet, wrong: dict[Position, Diagnostic]
    ) -> list[Indicator]:
        if not form.columns:
            return []
        origin = _merged_origins(sheet, form, form.first, form.last)
        indicators = []
        for row in range(form.first, form.last + 1):
            entries, cells, filled = {}, {}, False
            for field in form.columns:
                position = (row, field.area.left)
                start = origin.get(position, position)
                label = INDICATOR_PREFIX + field.key
                entries[field.key] = self._entry(field, label, sheet, start, wrong)
                cells[field.key] = cell_name(*start)
                filled = filled or (start[0] == row and bool(entries[field.key]))
            if filled:
                indicators.append(Indicator(entries, cells))
        return indicators

    def _entry(
        self,
        field: Field,
        label: str,
        sheet: Sheet,
        position: Position,
        wrong: dict[Position, Diagnostic],
    ) -> Entry:
        cell = sheet.cell(position)
        if cell is None or cell.value is None:
            return BLANK
        value = cell.value
        if isinstance(value, bool):
            value = "TRUE" if value else "FALSE"
        if isinstance(value, str):
            if field.kind not in (Kind.NUMBER, Kind.PERCENT):
                return Entry(value)
            typed = read_entry(label, value)
            if isinstance(typed, Entry):
                return typed
            if not _NO_NUMBER.fullmatch(unicodedata.normalize("NFKC", value).strip()):
                wrong[position] = typed
            return Entry(value)
        number = Decimal(f"{value:.15g}")
        if field.kind is Kind.NUMBER:
            return number_entry(number)
        if field.kind is Kind.PERCENT:
            return Entry(number_entry(number * _HUNDRED).text + "%", number)
        code = self._styles[cell.style].number_format
        if code == BUILT_IN[0] and value.is_integer() and abs(value) < _ALL_DIGITS:
            return number_entry(number)  # a narrow cell shows 5.2E+11, the person typed all digits
        # Most forms hold text and plain numbers, which no format has a say in.
        from xlperf.ooxml.date_format import DATE_SYSTEM_OFFSET
        from xlperf.ooxml.number_format import display, is_date_format

        shown = display(value, code, date1904=self._date1904)
        if self._date1904 and (field.kind is Kind.DATE or is_date_format(code)):
            number += DATE_SYSTEM_OFFSET
        return Entry(shown, number)


def _merged_origins(sheet: Sheet, form: Form, first: int, last: int) -> Mapping[Position, Position]:
    """For cells of the table's columns inside a merged area: the cell that holds its content."""
    lefts = {field.area.left for field in form.columns}
    origins = {}
    for area in sheet.merges:
        if area.bottom < first or area.top > last:
            continue
        for column in [left for left in lefts if area.left <= left <= area.right]:
            for row in range(max(area.top, first), min(area.bottom, last) + 1):
                origins[row, column] = (area.top, area.left)
    return origins


def _missing_names(form: Form) -> Iterator[Diagnostic]:
    """The names that a form with an indicator table cannot do without."""
    if not any(field.key in _TABLE_LABELS for field in form.columns):
        return
    missing = [INDICATOR_PREFIX + key for key in _TELLING if form.column(key) is None]
    if not any(map(form.scalar, _TITLES)):
        missing.insert(0, _TITLES[0])
    for label in missing:
        yield Diagnostic(
            "N112",
            Message(
                f"没有可用的名称 {PREFIX}{label}，这一项未读取，也未审核",
                f"no usable name {PREFIX}{label}: it was neither read nor reviewed",
            ),
            place=Place(sheet=form.sheet.name),
            severity=Severity.WARNING,
            fix=Message("请在名称管理器中为这一项定义名称", "define the name in the Name Manager"),
        )


def _rows_outside(form: Form, sheet: Sheet) -> Iterator[Diagnostic]:
    """Rows with indicators between the heading and the table, and right below the table."""
    columns = [field for field in form.columns if field.key in _TELLING]
    above = range(_heading(form, sheet) + 1, form.first)
    below = range(form.last + 1, form.last + 1 + _HEADING_REACH)
    named = {row for field in form.scalars for row in range(field.area.top, field.area.bottom + 1)}
    for rows in (above[::-1], below):
        found: list[Position] = []
        for row in rows if columns else ():
            cells = [(row, f.area.left) for f in columns if _text(sheet, (row, f.area.left))]
            if not cells or row in named or _begins_otherwise(form, sheet, row):
                break
            found += cells
        if found:
            yield _outside(form, sorted(found))


def _heading(form: Form, sheet: Sheet) -> int:
    """The row of the column headings; the one above the table where there is none to be found."""
    top = max(form.first - _HEADING_REACH, 1)
    origin = _merged_origins(sheet, form, top, form.first - 1)
    for row in range(form.first - 1, top - 1, -1):
        for field in form.columns:
            position = (row, field.area.left)
            if _is_heading(field, _text(sheet, origin.get(position, position))):
                return row
    return form.first - 1


def _is_heading(field: Field, text: str) -> bool:
    return canonical(INDICATOR_PREFIX + text) == INDICATOR_PREFIX + field.key


def _begins_otherwise(form: Form, sheet: Sheet, row: int) -> bool:
    """Whether a row is a total, a note, a signature or a heading."""
    texts = [_text(sheet, place) for place in sorted(sheet.cells) if place[0] == row]
    first = next(filter(None, texts), "")
    headed = any(_is_heading(f, _text(sheet, (row, f.area.left))) for f in form.columns)
    return headed or _NO_INDICATOR.fullmatch(first) is not None


def _text(sheet: Sheet, position: Position) -> str:
    cell = sheet.cell(position)
    return "" if cell is None or cell.value is None else str(cell.value).strip()


def _outside(form: Form, cells: list[Position]) -> Diagnostic:
    names = [cell_name(*cell) for cell in cells]
    return Diagnostic(
        "N113",
        Message(
            f"{'、'.join(names)} 紧邻指标表却不在 {PREFIX}{INDICATOR_PREFIX} 名称的范围内，"
            "未读取，也未审核",
            f"{', '.join(names)} adjoin the indicator table but lie outside its "
            f"{PREFIX}{INDICATOR_PREFIX} names: neither read nor reviewed",
        ),
        place=Place(sheet=form.sheet.name, cell=names[0]),
        severity=Severity.WARNING,
        fix=Message(
            "请扩大这些名称的引用范围；以后请在表格首行与末行之间插入行",
            "extend these names to the rows; insert rows between the first and the last one",
        ),
    )
