"""A workbook as the engines see it: formulas and values by cell, read only as far as needed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial

from xlperf.expr import ExcelError, Value
from xlperf.expr.steps import Key
from xlperf.ooxml.address import Area, cell_name, parse_area, parse_cell
from xlperf.ooxml.formula_cells import FormulaSheet
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.sheet import read_strings
from xlperf.ooxml.sheet_outline import Formula, reads_layout
from xlperf.ooxml.trust import has_signature
from xlperf.ooxml.workbook import Workbook, calculation_settings, recalculated_on_load
from xlperf.recalc.externals import ExternalSheet, external_names, external_sheets
from xlperf.recalc.tables import Table, tables_of


class FormulaValues(Mapping[Key, Value]):
    """The values of all formula cells of a workbook, in the order of `Book.formulas`.

    To look up thousands of cells takes as long as to calculate them; `of_sheet` gives them at once.
    """

    def __init__(
        self, keys: Sequence[Key], sheets: Mapping[int, slice], values: Sequence[Value]
    ) -> None:
        """`sheets` has, by the index of a sheet, which of the keys are its own."""
        self._keys, self._sheets, self._values = keys, sheets, values

    @cached_property
    def _by_key(self) -> Mapping[Key, Value]:
        return dict(zip(self._keys, self._values, strict=True))

    def __getitem__(self, key: Key) -> Value:
        return self._by_key[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def of_sheet(self, index: int) -> Sequence[Value]:
        return self._values[self._sheets.get(index, slice(0))]


class Book:
    """One workbook file, open for recalculation."""

    def __init__(self, data: bytes, limits: Limits = DEFAULT) -> None:
        """Raises WorkbookError when `data` is no workbook, damaged, or beyond the limits."""
        self.data = data
        self.limits = limits
        self.package = Package.open(data, limits)
        self._frame, self._constants = _frame(self.package)
        self.signed = self._frame.signed

    @cached_property
    def workbook(self) -> Workbook:
        same = self._constants == self._frame.constants
        return self._frame.workbook if same else Workbook.open(self.package)

    @property
    def date1904(self) -> bool:
        """Whether its days are counted from 1904."""
        return self._frame.workbook.date1904

    @cached_property
    def sheets(self) -> tuple[FormulaSheet | None, ...]:
        """Worksheets; None in the place of a chart sheet or a macro sheet."""
        # A sheet that refers to the book would keep a book that is done with in memory.
        strings = cache(partial(read_strings, self.package, self._frame.workbook.shared_strings))
        return tuple(
            FormulaSheet(xml, sheet.part, strings, ExcelError, self.limits)
            if b"worksheet" in (xml := self.package.read(sheet.part))[:4096]
            else None
            for sheet in self._frame.workbook.sheets
        )

    @cached_property
    def signature(self) -> object:
        """Equal for workbooks whose formulas are the same, and mean the same.

        Their cells may hold other values, and their constants other texts where no formula and no
        other name mentions them: in forms, these tell the project.
        """
        mentioned = [self._frame.definitions, *(sheet.text for sheet in self.sheets if sheet)]
        used = [
            constant
            for constant in self._constants
            if any(constant[0] in text for text in mentioned)
        ]
        sheets = [sheet for sheet in self.sheets if sheet]
        layout: list[object] = []
        if any(s.reads_layout for s in sheets) or reads_layout(self._frame.definitions):
            layout = [(s.extent, s.hidden_rows, s.is_filtered) for s in sheets]
        formulas = [sheet and (sheet.signature, sheet.as_lotus) for sheet in self.sheets]
        parts = self._frame.referred
        referred = [self.package.packed(part) for part in parts] if parts else ()
        return self._frame, tuple(formulas), tuple(used), tuple(layout), tuple(referred)

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
    def tables(self) -> Mapping[str, Table]:
        """The tables on its sheets, by the folded names that structured references call them."""
        tables = tables_of(self.package, self.workbook.sheets)
        return {table.name.casefold(): table for table in tables}

    @cached_property
    def externals(self) -> Sequence[ExternalSheet]:
        """Sheets of other workbooks; in cells, they are counted on from those of this one."""
        return tuple(external_sheets(self.package, self._frame.workbook.part))

    @cached_property
    def external_names(self) -> Mapping[str, str]:
        """The names of other workbooks that stand for cells, as formulas call them, folded."""
        return dict(external_names(self.package, self._frame.workbook.part))

    def value(self, key: Key) -> Value:
        """What the file holds in a cell; for a formula, the value that is cached."""
        if key[0] >= len(self.sheets):
            return self.externals[key[0] - len(self.sheets)].values.get(key[1:])
        sheet = self.sheets[key[0]]
        return None if sheet is None else sheet.value(key[1:])

    def values(self, sheet: int, names: tuple[bytes, ...]) -> list[Value]:
        """What the file holds in the cells of these addresses."""
        if sheet >= len(self.sheets):
            return [self.value((sheet, *parse_cell(name.decode()))) for name in names]
        found = self.sheets[sheet]
        return found.values(names) if found else [None] * len(names)

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

    def cached(self) -> Iterable[tuple[Key, Value]]:
        """Every cell that a recalculation changes, and the value that it held."""
        for index, sheet in enumerate(self.sheets):
            if sheet:
                yield from zip(sheet.keys(index), sheet.formula_values(), strict=True)
                for key in self.spills(index) if sheet.has_arrays else ():
                    yield key, self.value(key)

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
        changed: dict[str, bytes | None] = {}
        if not self._frame.on_load:
            part = self._frame.workbook.part
            changed[part] = recalculated_on_load(self.package.read(part))
        for index, sheet in enumerate(self.sheets):
            if sheet:
                keys = self.spills(index) if sheet.has_arrays else ()
                spilt = {key[1:]: values[key] for key in keys if key in values}
                cells = sheet.keys(index)
                own = values.of_sheet(index) if isinstance(values, FormulaValues) else ()
                if len(own) != len(cells):  # another engine's values, or a cell that is there twice
                    own = [*map(values.__getitem__, cells)]
                xml = sheet.with_values(own, spilt)
                if xml is not sheet.xml:
                    changed[sheet.part] = xml
        return self.package.replace(changed).to_bytes() if changed else self.data

    def place(self, key: Key) -> tuple[str, str]:
        """Sheet and address of a cell, as a person reads them."""
        return self._frame.workbook.sheets[key[0]].name, cell_name(*key[1:])


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What workbooks of one template share; to read it takes longer than to calculate.

    `constants` are those of the workbook that it was read from: folded names and their texts.
    `definitions` is what all other names say. `on_load` tells whether Excel is told already to
    calculate when it opens the file. `referred` are parts beside the sheets that formulas may refer
    to: tables, and what is remembered of other workbooks.
    """

    workbook: Workbook
    signed: bool
    on_load: bool
    constants: tuple[tuple[str, bytes], ...]
    definitions: str
    referred: tuple[str, ...]


_frames: dict[tuple[object, ...], _Frame] = {}
_MOST_FRAMES = 64
_FRAME_PARTS = ("_rels/.rels", "xl/_rels/workbook.xml.rels")
_WORKBOOK_PART = "xl/workbook.xml"
_TEXT = re.compile(r'"(?:[^"]|"")*+"')
_CONSTANT = re.compile(rb'<definedName name="([^"&]*+)"([^>]*+)>("(?:[^"<]|"")*+")</definedName>')


def _frame(package: Package) -> tuple[_Frame, tuple[tuple[str, bytes], ...]]:
    """The frame of a workbook, and its own constants."""
    xml = package.read(_WORKBOOK_PART) if _WORKBOOK_PART in package else b""
    pieces = _CONSTANT.split(xml)
    constants = tuple(
        [
            (name.decode().casefold(), text)
            for name, text in zip(pieces[1::4], pieces[3::4], strict=True)
        ]
    )
    del pieces[3::4]
    parts = [package.packed(name) for name in _FRAME_PARTS]
    key = (*package, *parts, *pieces)
    known = _frames.get(key)
    if known is None or not (all(parts) and xml):
        if len(_frames) >= _MOST_FRAMES:
            _frames.clear()
        known = _new_frame(package, constants)
        if known.workbook.part == _WORKBOOK_PART:  # else it is not what the key tells of
            _frames[key] = known
    return known, constants


def _new_frame(package: Package, constants: tuple[tuple[str, bytes], ...]) -> _Frame:
    workbook = Workbook.open(package)
    xml = package.read(workbook.part)
    # Told apart by what they say: a sheet may have a name of its own that is no constant.
    others = [name.text for name in workbook.names if not _TEXT.fullmatch(name.text)]
    definitions = "\n".join(others).casefold()
    on_load = recalculated_on_load(xml) == xml
    referred = tuple([part for part in package if "/externalLinks/" in part])
    if any("/tables/" in part for part in package):
        on_tables = ("/tables/", "/worksheets/_rels/")
        referred += tuple([part for part in package if any(map(part.__contains__, on_tables))])
    signed = has_signature(package)
    return _Frame(workbook, signed, on_load, constants, definitions, referred)


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
