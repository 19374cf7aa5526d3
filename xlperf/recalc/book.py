"""A workbook as the engines see it: formulas and values by cell, read only as far as needed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from xlperf.expr import ExcelError, Value
from xlperf.ooxml.address import Area, cell_name, parse_area
from xlperf.ooxml.formula_cells import Formula, FormulaSheet
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.sheet import read_strings
from xlperf.ooxml.trust import has_signature
from xlperf.ooxml.values import cached_value
from xlperf.ooxml.workbook import Workbook, calculation_settings, recalculated_on_load

Key = tuple[int, int, int]
"""A cell of the workbook: sheet index (0-based), row, column (1-based)."""

_SMALLEST = 2.2251e-308


class Book:
    """One workbook file, open for recalculation."""

    def __init__(self, data: bytes, limits: Limits = DEFAULT) -> None:
        """Raises WorkbookError when `data` is no workbook, damaged, or beyond the limits."""
        self.data = data
        self.limits = limits
        self.package = Package.open(data, limits)
        self._frame = _frame(self.package)
        self.workbook = self._frame.workbook
        self.signed = self._frame.signed

    @cached_property
    def sheets(self) -> tuple[FormulaSheet | None, ...]:
        """Worksheets; None in the place of a chart sheet or a macro sheet."""
        return tuple(
            FormulaSheet(xml, sheet.part, self._shared_strings, self.limits)
            if b"worksheet" in (xml := self.package.read(sheet.part))[:4096]
            else None
            for sheet in self.workbook.sheets
        )

    @cached_property
    def _strings(self) -> Sequence[str]:
        return read_strings(self.package, self.workbook.shared_strings)

    def _shared_strings(self) -> Sequence[str]:
        return self._strings

    @cached_property
    def signature(self) -> object:
        """Equal for workbooks that differ only in the values of their cells."""
        return self._frame, tuple(sheet.signature if sheet else () for sheet in self.sheets)

    @cached_property
    def formulas(self) -> Mapping[Key, Formula]:
        return {
            (index, *position): formula
            for index, sheet in enumerate(self.sheets)
            if sheet
            for position, formula in sheet.formulas.items()
        }

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """How the workbook is calculated: the attributes of its calcPr element."""
        return calculation_settings(self.package.read(self.workbook.part))

    @cached_property
    def homes(self) -> Mapping[str, int]:
        """Sheet indexes by their folded names."""
        return {sheet.name.casefold(): sheet.index for sheet in self.workbook.sheets}

    @cached_property
    def tables(self) -> Sequence[str]:
        """The names of the tables on its sheets, as structured references call them."""
        parts = {
            link.target
            for sheet in self.workbook.sheets
            for link in self.package.relationships(sheet.part).values()
            if link.type.endswith("/table")
        }
        return [self.package.xml(part).get("displayName") or "" for part in sorted(parts)]

    def value(self, key: Key) -> Value:
        """What the file holds in a cell; for a formula, the value that is cached."""
        sheet = self.sheets[key[0]]
        return None if sheet is None else _value(*sheet.value(key[1:]))

    def values(self, sheet: int, names: Sequence[bytes]) -> list[Value]:
        """What the file holds in the cells of these addresses."""
        found = self.sheets[sheet]
        return [_value(*held) for held in found.values(names)] if found else [None] * len(names)

    def given(self) -> Iterable[Key]:
        """The cells that hold a value and no formula."""
        for index, sheet in enumerate(self.sheets):
            if sheet:
                for position in sheet.positions:
                    if position not in sheet.formulas:
                        yield index, *position

    def kind(self, key: Key) -> str:
        """The type that the file gives a cell, as `FormulaSheet.kind` tells it."""
        sheet = self.sheets[key[0]]
        return sheet.kind(key[1:]) if sheet else "n"

    def cached(self) -> Iterable[tuple[Key, str, Value]]:
        """Every cell that a recalculation changes, its address, and the value that it held."""
        for index, sheet in enumerate(self.sheets):
            if sheet:
                for cell, position, value, error in sheet.cached():
                    yield (index, *position), cell, _value(value, error)
                for key in self.spills(index) if sheet.has_arrays else ():
                    yield key, cell_name(*key[1:]), self.value(key)

    def spills(self, only: int | None = None) -> Iterable[Key]:
        """Cells without a formula of their own that an array formula fills, of one sheet or all."""
        formulas = self.formulas
        for (sheet, _, _), formula in formulas.items():
            if formula.area and only in (None, sheet):
                for key in cells_of(sheet, formula.area):
                    if key not in formulas:
                        yield key

    def with_values(self, values: Mapping[Key, Value]) -> bytes:
        """The file with these values in its cells, and Excel told to calculate when it opens it."""
        by_sheet: dict[int, dict[tuple[int, int], tuple[str, str]]] = {}
        for (index, row, column), value in values.items():
            by_sheet.setdefault(index, {})[row, column] = _written(row, column, value)
        changed: dict[str, bytes | None] = {}
        if self._frame.recalculated is not None:
            changed[self.workbook.part] = self._frame.recalculated
        for index, cells in by_sheet.items():
            if sheet := self.sheets[index]:
                xml = sheet.with_values(cells)
                if xml is not sheet.xml:
                    changed[sheet.part] = xml
        return self.package.replace(changed).to_bytes() if changed else self.data

    def place(self, key: Key) -> tuple[str, str]:
        """Sheet and address of a cell, as a person reads them."""
        return self.workbook.sheets[key[0]].name, cell_name(*key[1:])


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What workbooks of one template share; to read it takes longer than to calculate.

    `recalculated` is the workbook part that tells Excel to calculate, None where it does already.
    """

    workbook: Workbook
    signed: bool
    recalculated: bytes | None


_frames: dict[tuple[object, ...], _Frame] = {}
_MOST_FRAMES = 64
_FRAME_PARTS = ("_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels")


def _frame(package: Package) -> _Frame:
    parts = [package.packed(name) for name in _FRAME_PARTS]
    key = (*package, *parts)
    known = _frames.get(key)
    if known is None or not all(parts):
        if len(_frames) >= _MOST_FRAMES:
            _frames.clear()
        workbook = Workbook.open(package)
        xml = package.read(workbook.part)
        new = recalculated_on_load(xml)
        signed = has_signature(package)
        known = _frames[key] = _Frame(workbook, signed, None if new == xml else new)
    return known


def cells_of(sheet: int, area: Area) -> list[Key]:
    return [
        (sheet, row, column)
        for row in range(area.top, area.bottom + 1)
        for column in range(area.left, area.right + 1)
    ]


def area_of(text: str) -> Area | None:
    """The area of an address, or None when it is none."""
    try:
        return parse_area(text)
    except ValueError:
        return None


def _value(value: float | str | bool | None, error: bool) -> Value:
    return ExcelError(str(value)) if error else value


def _written(row: int, column: int, value: Value) -> tuple[str, str]:
    if type(value) is float:
        # Excel knows no smaller numbers than these, and takes them for 0.
        value = 0.0 if abs(value) < _SMALLEST else value
        return "", f"<v>{value!r}</v>".replace(".0<", "<").replace("e", "E")
    error = isinstance(value, ExcelError)
    shown = str(value) if error else value
    return cached_value(cell_name(row, column), shown, error=error)  # type: ignore[arg-type]
