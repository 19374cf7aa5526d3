"""From a workbook back to records: what a person sees in the fields that the names point to."""

from collections.abc import Mapping
from decimal import Decimal

from xlperf.forms import BLANK, Entry, Indicator, Kind, Project, number_entry, read_entry
from xlperf.ooxml.address import cell_name
from xlperf.ooxml.date_format import DATE_SYSTEM_OFFSET
from xlperf.ooxml.number_format import display, is_date_format
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.sheet import Cell, Position, Sheet, read_sheet, read_strings
from xlperf.ooxml.styles import Styles
from xlperf.ooxml.workbook import Workbook
from xlperf.template.fields import Field, Form, find_forms

_HUNDRED = Decimal(100)


def read_forms(data: bytes, limits: Limits = DEFAULT) -> list[tuple[Form, Project]]:
    """Every form of a workbook with its record, in the order of the sheets.

    Text fields give the displayed text with the number kept beside it. Rows of the table that are
    wholly blank are left out. Raises WorkbookError when the workbook cannot be read.
    """
    package = Package.open(data, limits)
    workbook = Workbook.open(package)
    forms, _ = find_forms(workbook, limits)
    if not forms:
        return []
    reader = _Reader(package, workbook)
    return [(form, reader.project(form)) for form in forms]


class _Reader:
    def __init__(self, package: Package, workbook: Workbook) -> None:
        self._package = package
        self._strings = read_strings(package, workbook.shared_strings)
        self._styles = Styles.open(package, workbook.styles)
        self._date1904 = workbook.date1904

    def project(self, form: Form) -> Project:
        part = form.sheet.part
        sheet = read_sheet(self._package.read(part), part, self._strings, self._package.limits)
        entries = {label: Entry(value) for label, value in form.constants.items()}
        cells = {}
        for field in form.scalars:
            position = (field.area.top, field.area.left)
            entries[field.key] = self._entry(field, sheet.cell(position))
            cells[field.key] = cell_name(*position)
        return Project(entries, tuple(self._indicators(form, sheet)), cells, form.sheet.name)

    def _indicators(self, form: Form, sheet: Sheet) -> list[Indicator]:
        if not form.columns:
            return []
        origin = _merged_origins(sheet, form)
        indicators = []
        for row in range(form.first, form.last + 1):
            entries, cells, filled = {}, {}, False
            for field in form.columns:
                position = (row, field.area.left)
                start = origin.get(position, position)
                entries[field.key] = self._entry(field, sheet.cell(start))
                cells[field.key] = cell_name(*start)
                filled = filled or (start[0] == row and bool(entries[field.key]))
            if filled:
                indicators.append(Indicator(entries, cells))
        return indicators

    def _entry(self, field: Field, cell: Cell | None) -> Entry:
        if cell is None or cell.value is None:
            return BLANK
        value = cell.value
        if isinstance(value, str):
            if field.kind in (Kind.NUMBER, Kind.PERCENT):
                typed = read_entry(field.key, value)
                return typed if isinstance(typed, Entry) else Entry(value)
            return Entry(value)
        if isinstance(value, bool):
            return Entry("TRUE" if value else "FALSE")
        number = Decimal(f"{value:.15g}")
        if field.kind is Kind.NUMBER:
            return number_entry(number)
        if field.kind is Kind.PERCENT:
            return Entry(number_entry(number * _HUNDRED).text + "%", number)
        code = self._styles[cell.style].number_format
        shown = display(value, code, date1904=self._date1904)
        if self._date1904 and (field.kind is Kind.DATE or is_date_format(code)):
            number += DATE_SYSTEM_OFFSET
        return Entry(shown, number)


def _merged_origins(sheet: Sheet, form: Form) -> Mapping[Position, Position]:
    """For cells of the table inside a merged area: the cell that holds the area's content."""
    lefts = {field.area.left for field in form.columns}
    origins = {}
    for area in sheet.merges:
        if area.bottom < form.first or area.top > form.last:
            continue
        for column in [left for left in lefts if area.left <= left <= area.right]:
            for row in range(max(area.top, form.first), min(area.bottom, form.last) + 1):
                origins[row, column] = (area.top, area.left)
    return origins
