"""One compiled form of a fixed number of table rows: its slots, and the formulas behind them."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from xml.sax.saxutils import escape

from xlperf.diagnostic import Place
from xlperf.expr.steps import Key
from xlperf.forms import Kind
from xlperf.ooxml.address import Area, cell_name
from xlperf.ooxml.number_format import is_date_format
from xlperf.ooxml.package import Around, Package, PackageWriter
from xlperf.ooxml.sheet import Position, SheetWriter, read_sheet, read_strings, with_spills
from xlperf.ooxml.styles import Styles
from xlperf.ooxml.values import CellWriter
from xlperf.ooxml.workbook import Workbook, recalculated_on_load
from xlperf.template.fields import KEY_NAME, Field, Form, find_forms
from xlperf.template.formulas import FormulaCell, FormulaGraph

_LEVELS = ("一级指标", "二级指标")
# Share of a cell's width that is left after margins and with a wider font in place of the real one.
_SURE = 0.75


@dataclass(frozen=True, slots=True)
class Slot:
    """One cell that a field fills.

    `area` is the cell, or the merged area that it opens. `width` is what a line of its text may
    take, in points, where text wraps; without end where it does not. Text of up to `short`
    characters surely needs one line. `cell` writes the cell element, `piece` is its place among the
    pieces of the sheet. `read` is whether a formula reads the cell.
    """

    kind: Kind
    label: str
    key: Key
    area: Area
    cell: CellWriter
    width: float
    size: float
    short: float
    formula: bool
    number_format: str
    place: Place
    piece: int
    read: bool


class Layout:
    """A form ready to be filled, with exactly as many indicators as its table has rows.

    `writers` has one entry for each sheet that a fill changes: part name and writer. `computed` has
    each formula whose value is computed: its cell of the workbook, its place among the pieces of
    its sheet, and its element. The cells of the table are blank but for formulas, and those without
    a value carry none, until a fill writes them anew. `computed_scalars` has the single fields with
    a formula, and which of `computed` it is. `levels` has the slots of each column in which equal
    neighbours are merged.
    """

    def __init__(self, package: Package, scope: int | None) -> None:
        self.package = package
        workbook = Workbook.open(package)
        forms, _ = find_forms(workbook, package.limits)
        self.form: Form = next(form for form in forms if form.scope == scope)
        self.home = self.form.sheet.index
        self.date1904 = workbook.date1904
        strings = read_strings(package, workbook.shared_strings)
        self._styles = Styles.open(package, workbook.styles)
        sheets = [
            read_sheet(package.read(s.part), s.part, strings, package.limits)
            for s in workbook.sheets
        ]
        self.sheet = sheets[self.home]
        self._merged = {(a.top, a.left): a for a in self.sheet.merges}
        columns = self.form.columns
        rows = range(self.form.first, self.form.last + 1) if columns else range(0)
        levels = [f.key for f in columns if f.key in _LEVELS]

        table = {(self.home, row, f.area.left) for row in rows for f in columns}
        inputs = table | {(self.home, f.area.top, f.area.left) for f in self.form.scalars}
        beside = {(self.home, *p) for p in self.sheet.cells if p[0] in rows}
        whole = [
            with_spills(sheet, package.read(s.part), s.part, package.limits)
            for sheet, s in zip(sheets, workbook.sheets, strict=True)
        ]
        self.formulas = FormulaGraph(workbook, whole, inputs | beside, emptied=table)
        merges = self._static_merges(levels) if levels else None
        self.writers = self._sheet_writers(workbook, inputs, merges)
        self.computed = self._without_values()
        self.scalars = {f.key: self._slot(f, f.area.top) for f in self.form.scalars}
        places = {key: place for place, key in enumerate(self.formulas.computed)}
        self.computed_scalars = {
            key: places.get(slot.key) for key, slot in self.scalars.items() if slot.formula
        }
        self.rows = [{f.key: self._slot(f, row) for f in columns} for row in rows]
        for slot in (slot for row in self.rows for slot in row.values() if not slot.formula):
            self.writers[self.home][1].put(slot.key[1:], slot.cell.blank)
        self.levels = {key: [row[key] for row in self.rows] for key in _LEVELS if key in levels}
        self._workbook_part = workbook.part
        pieces = _workbook_pieces(package.read(workbook.part), self.formulas.complete)
        self._workbook, self._keyed = Around(*pieces), bool(pieces[1])

    def _sheet_writers(
        self, workbook: Workbook, inputs: set[Key], merges: list[Area] | None
    ) -> dict[int, tuple[str, SheetWriter]]:
        """A writer for each sheet with inputs or live formulas; `merges` stay in the form's own."""
        areas = [self._area(*key[1:]) for key in inputs]
        heights = {row for area in areas for row in range(area.top, area.bottom + 1)}
        writers = {}
        for index, cells in _by_sheet(inputs | self.formulas.live.keys()).items():
            part = workbook.sheets[index].part
            own = (heights, merges) if index == self.home else ((), None)
            writers[index] = part, SheetWriter(self.package.read(part), part, cells, *own)
        return writers

    def _without_values(self) -> list[tuple[Key, int, FormulaCell]]:
        """Take the values out of all formulas that depend on a field; those that get a new one."""
        elements: dict[Key, FormulaCell] = {}
        for key in self.formulas.live:
            writer = self.writers[key[0]][1]
            elements[key] = FormulaCell.of(writer.original(key[1:]), key)
            writer.put(key[1:], elements[key].showing(None))
        return [
            (key, self.writers[key[0]][1].place(key[1:]), elements[key])
            for key in self.formulas.computed
        ]

    @cached_property
    def _writer(self) -> PackageWriter:
        changing = {part for part, _ in self.writers.values()} | {self._workbook_part}
        return PackageWriter(self.package, changing)

    def write(self, parts: Mapping[str, bytes], key: str) -> bytes:
        """The workbook with these parts, for the project of this key."""
        literal = escape('"' + key.replace('"', '""') + '"').encode() if self._keyed else b""
        workbook = self._workbook.entry(literal)
        return self._writer.write({**parts, self._workbook_part: workbook})

    def _area(self, row: int, column: int) -> Area:
        """The cell, or the merged area that it opens."""
        return self._merged.get((row, column), Area(row, column, row, column))

    def _slot(self, field: Field, row: int) -> Slot:
        column = field.area.left
        key = (self.home, row, column)
        cell = self.sheet.cell((row, column))
        area = self._area(row, column)
        style = cell.style if cell else 0
        look = self._styles[style]
        width = self._styles.column_points(self.sheet.width(area.left, area.right))
        writer = CellWriter(cell_name(row, column), style)
        return Slot(
            _shown_kind(field.kind, look.number_format),
            field.label,
            key,
            area,
            writer,
            width if look.wrap else math.inf,
            look.font_size,
            width * _SURE / look.font_size if look.wrap else math.inf,
            cell is not None and cell.formula is not None,
            look.number_format,
            Place(sheet=self.form.sheet.name, cell=writer.reference),
            self.writers[self.home][1].place((row, column)),
            self.formulas.reads(key),
        )

    def _static_merges(self, levels: Collection[str]) -> list[Area]:
        """Merged areas other than those of the columns which each fill merges anew."""
        columns = {f.area.left for f in self.form.columns if f.key in levels}
        rows = range(self.form.first, self.form.last + 1)
        return [a for a in self.sheet.merges if not (a.left in columns and a.top in rows)]


def _shown_kind(kind: Kind, number_format: str) -> Kind:
    """Text where the cell would show a date or a percentage as a bare number."""
    shown = {Kind.DATE: is_date_format(number_format), Kind.PERCENT: "%" in number_format}
    return kind if shown.get(kind, True) else Kind.TEXT


def _by_sheet(keys: Iterable[Key]) -> dict[int, set[Position]]:
    sheets: dict[int, set[Position]] = {}
    for sheet, row, column in keys:
        sheets.setdefault(sheet, set()).add((row, column))
    return sheets


def _workbook_pieces(xml: bytes, complete: bool) -> tuple[bytes, bytes]:
    """The workbook part before and after the value of `xp.编号`; all of it before, without one.

    Where a formula could not be computed here, Excel is told to compute all when it opens the file.
    """
    if not complete:
        xml = recalculated_on_load(xml)
    if match := KEY_NAME.search(xml):
        return xml[: match.end(1)], xml[match.start(2) :]
    return xml, b""
