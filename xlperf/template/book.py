"""A workbook with a sheet for every project: clones of a template's form behind an index.

The form is compiled once for each number of indicators, as for single workbooks. Each project then
costs one fill and a replacement in bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from xlperf.diagnostic import Diagnostic, InputError, WorkbookError
from xlperf.forms import BLANK, KEY, Entry, Project
from xlperf.ooxml.clone import SheetCloner
from xlperf.ooxml.index_sheet import Index, Line, Result, add_index
from xlperf.ooxml.sheet_names import SheetNames
from xlperf.ooxml.workbook import Workbook, recalculated_on_load, string_text
from xlperf.template.fields import PREFIX
from xlperf.template.filling import Formulas, fill_parts
from xlperf.template.layout import Layout
from xlperf.template.template import Template

_INDEX = "目录"
_TITLES = ("项目名称", "部门名称")
_RESULTS = ("总分", "自评结论")


@dataclass(frozen=True, slots=True)
class FilledSheet:
    """What the single fields of a new sheet hold, and what was noticed."""

    entries: Mapping[str, Entry]
    diagnostics: tuple[Diagnostic, ...]


class Book:
    """One workbook made from a template; the sheets of the projects come in the order of `add`."""

    def __init__(self, template: Template) -> None:
        """Raises WorkbookError where the form cannot be cloned without loss."""
        key = PREFIX + KEY
        self._key = key
        try:
            self._cloner = SheetCloner(template.package, template.form.sheet.part, {key})
        except WorkbookError as error:
            raise WorkbookError([d.at(file=template.file) for d in error.diagnostics]) from error
        prepared = self._cloner.prepared.to_bytes()
        self._template = Template(prepared, template.file, limits=template.limits)
        self._form = template.form
        self._results = [key for key in _RESULTS if template.form.scalar(key)]
        self._others: dict[str, bytes] = {}
        self._lines: list[Line] = []
        self._complete = True

    def add(self, project: Project, sheet: str, formulas: Formulas | None = None) -> FilledSheet:
        """Add the sheet of a project. Raises WorkbookError, and adds none, where it cannot be."""
        try:
            layout = self._template.layout(max(len(project.indicators), 1))
            filled = fill_parts(layout, project, formulas or {})
        except InputError as error:
            told = (self._cloner.original(d, sheet) for d in error.diagnostics)
            raise WorkbookError(
                [d if d.place.sheet else d.at(sheet=sheet) for d in told]
            ) from error
        parts = dict(filled.parts)
        home = layout.form.sheet.part
        data = parts.pop(home, None) or layout.package.read(home)
        self._cloner.add(layout.package, sheet, data, {self._key: string_text(project.key)})
        if not self._lines:
            self._others = parts
        self._complete = self._complete and layout.formulas.complete
        title = next((text for label in _TITLES if (text := project.entry(label).text)), "")
        results = tuple(_result(layout, filled.entries, key) for key in self._results)
        self._lines.append(Line(sheet, project.key, title, results))
        return FilledSheet(
            filled.entries, tuple(self._cloner.original(d, sheet) for d in filled.diagnostics)
        )

    def to_bytes(self) -> bytes:
        """The finished workbook. Raises WorkbookError when it would be too large."""
        package = self._cloner.package(self._others)
        workbook = Workbook.open(package)
        name = SheetNames(sheet.name for sheet in workbook.sheets).free(_INDEX)
        title = next((t for t in _TITLES if self._form.scalar(t)), _TITLES[0])
        headings = (KEY, title, *self._results)
        index = Index(name, self._form.sheet.name + _INDEX, headings, tuple(self._lines))
        package = add_index(package, index)
        if not self._complete:
            book = recalculated_on_load(package.read(workbook.part))
            package = package.replace({workbook.part: book})
        return package.to_bytes()


def _result(layout: Layout, entries: Mapping[str, Entry], key: str) -> Result:
    entry, slot = entries.get(key, BLANK), layout.scalars[key]
    unknown = slot.formula and not entry and not layout.formulas.complete
    value = entry.text if entry.number is None else entry.number
    return Result(slot.cell.reference, None if unknown else value)
