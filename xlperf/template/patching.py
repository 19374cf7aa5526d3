"""Changing single cells of a workbook in place: everything else stays, formulas follow."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from xlperf.expr import Value
from xlperf.expr.steps import Key
from xlperf.ooxml.address import cell_name
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.sheet import (
    Cell,
    Position,
    Sheet,
    SheetWriter,
    read_sheet,
    read_strings,
    with_spills,
)
from xlperf.ooxml.styles import Styles
from xlperf.ooxml.trust import has_signature, signed
from xlperf.ooxml.values import CellWriter
from xlperf.ooxml.workbook import Workbook, recalculated_on_load, without_calculation_chain
from xlperf.template.formulas import FormulaCell, FormulaGraph

Placed = tuple[str, Position]
"""A cell by its sheet's name and its position."""

_SHARED = re.compile(rb"<f\b(?=[^>]*\bt=[\"']shared[\"'])[^>]*\bsi=[\"'](\d+)[\"']")


@dataclass(frozen=True, slots=True)
class Formula:
    """What a cell is to hold: a formula, without its `=`."""

    text: str


Content = str | Decimal | Formula


def replace_texts(
    data: bytes, texts: Mapping[str, Mapping[Position, str]], limits: Limits = DEFAULT
) -> tuple[bytes, set[Placed]]:
    """The workbook with other text in cells of its sheets, and the cells that were changed.

    A cell that holds a formula is left alone; one that holds a number takes a number where the text
    is one. A signed workbook is refused. Styles stay. Formulas that depend on a changed cell get
    their new value, or none where it cannot be computed here.
    """
    patching = Patching(data, limits)
    contents: dict[Placed, Content] = {}
    for sheet, changes in texts.items():
        for position, text in changes.items():
            if not patching.knows(sheet):
                continue
            cell = patching.cell(sheet, position)
            if cell is None or cell.formula is None:
                contents[sheet, position] = _like(cell, text)
    return patching.write(contents)[0], set(contents)


class Patching:
    """A workbook that is read once, so that cells of it can be written anew."""

    def __init__(self, data: bytes, limits: Limits = DEFAULT) -> None:
        """Raises WorkbookError when `data` is no workbook, or is signed."""
        self._data = data
        self._package = Package.open(data, limits)
        if has_signature(self._package):
            raise signed()
        self._limits = limits
        self._workbook = Workbook.open(self._package)
        self._index = {sheet.name: sheet.index for sheet in self._workbook.sheets}
        self._strings = read_strings(self._package, self._workbook.shared_strings)
        self._styles = Styles.open(self._package, self._workbook.styles)
        self._sheets = [
            read_sheet(self._package.read(s.part), s.part, self._strings, limits)
            for s in self._workbook.sheets
        ]

    def knows(self, sheet: str) -> bool:
        return sheet in self._index

    def cell(self, sheet: str, position: Position) -> Cell | None:
        return self._sheets[self._index[sheet]].cell(position)

    def number_format(self, sheet: str, position: Position) -> str:
        cell = self.cell(sheet, position)
        return self._styles[cell.style if cell else 0].number_format

    @property
    def lacks_values(self) -> bool:
        """Whether a formula carries no value, as when a program wrote it that does not compute."""
        return bool(_without_value(self._sheets))

    def write(self, contents: Mapping[Placed, Content]) -> tuple[bytes, dict[Placed, Value]]:
        """The workbook with these contents, and the values of all formulas that follow from them.

        Formulas that depend on a changed cell, and those that carry no value yet, get their value,
        or none where it cannot be computed here.
        """
        changes = {(self._index[sheet], *at): content for (sheet, at), content in contents.items()}
        changed = {key: self._element(key, content) for key, content in changes.items()}
        changed |= self._unshared(changes)
        package, workbook = self._package, self._workbook
        if any(self._held(key) and not isinstance(c, Formula) for key, c in changes.items()):
            package = without_calculation_chain(package)
        package = package.replace(self._written(package, changed))
        sheets = list(self._sheets)
        for index in {key[0] for key in changed}:
            part = workbook.sheets[index].part
            sheets[index] = read_sheet(package.read(part), part, self._strings, self._limits)
        whole = [
            with_spills(sheet, package.read(s.part), s.part, self._limits)
            for sheet, s in zip(sheets, workbook.sheets, strict=True)
        ]
        graph = FormulaGraph(workbook, whole, {*changes, *_without_value(sheets)})
        writers = {
            index: self._writer(package, index, {key[1:] for key in graph.live if key[0] == index})
            for index in {key[0] for key in graph.live}
        }
        computed: dict[int, dict[Position, bytes]] = {index: {} for index in writers}
        values: dict[Placed, Value] = {}
        for key, value in graph.values().items():
            original = writers[key[0]].original(key[1:])
            computed[key[0]][key[1:]] = FormulaCell.of(original, key).showing(value)
            values[workbook.sheets[key[0]].name, key[1:]] = value
        parts = {workbook.sheets[i].part: w.write(computed[i]) for i, w in writers.items()}
        if not graph.complete:
            parts[workbook.part] = recalculated_on_load(package.read(workbook.part))
        return self._bytes(package.replace(parts)), values

    def _bytes(self, package: Package) -> bytes:
        """The workbook as a file; the very one that was read where no part has changed."""
        before = self._package
        parts = [self._workbook.part, *(sheet.part for sheet in self._workbook.sheets)]
        same = set(package) == set(before)
        if same and all(package.read(part) == before.read(part) for part in parts):
            return self._data
        return package.to_bytes()

    def _held(self, key: Key) -> bool:
        """Whether the cell held a formula."""
        cell = self._sheets[key[0]].cell(key[1:])
        return cell is not None and cell.formula is not None

    def _element(self, key: Key, content: Content) -> bytes:
        cell = self._sheets[key[0]].cell(key[1:])
        writer = CellWriter(cell_name(*key[1:]), cell.style if cell else 0)
        match content:
            case Formula(text):
                return writer.formula(text, None)
            case Decimal():
                return writer.number(content)
        return writer.text(content)

    def _unshared(self, changes: Mapping[Key, Content]) -> dict[Key, bytes]:
        """The cells that share a formula, each with its own: the one to share may be changed."""
        own: dict[Key, bytes] = {}
        for index in {key[0] for key in changes if self._held(key)}:
            if not _SHARED.search(self._package.read(self._workbook.sheets[index].part)):
                continue
            cells = self._sheets[index].cells
            held = {at for at, cell in cells.items() if cell.formula is not None}
            writer = self._writer(self._package, index, held)
            groups = {at: found[1] for at in held if (found := _SHARED.search(writer.original(at)))}
            touched = {group for at, group in groups.items() if (index, *at) in changes}
            for at in [at for at, group in groups.items() if group in touched]:
                if (index, *at) in changes:
                    continue
                cell = cells[at]
                own[(index, *at)] = CellWriter(cell_name(*at), cell.style).formula(
                    cell.formula or "", cell.value, error=cell.error
                )
        return own

    def _writer(self, package: Package, index: int, cells: set[Position]) -> SheetWriter:
        part = self._workbook.sheets[index].part
        return SheetWriter(package.read(part), part, cells, ())

    def _written(self, package: Package, cells: Mapping[Key, bytes]) -> dict[str, bytes]:
        """The sheets with these cells."""
        parts = {}
        for index in {key[0] for key in cells}:
            own = {key[1:]: cell for key, cell in cells.items() if key[0] == index}
            writer = self._writer(package, index, set(own))
            parts[self._workbook.sheets[index].part] = writer.write(own)
        return parts


def _without_value(sheets: Sequence[Sheet]) -> set[Key]:
    """The formula cells that carry no value."""
    return {
        (index, *at)
        for index, sheet in enumerate(sheets)
        for at, cell in sheet.cells.items()
        if cell.formula is not None and cell.value is None
    }


def _like(cell: Cell | None, text: str) -> str | Decimal:
    if cell is not None and isinstance(cell.value, float):
        try:
            number = Decimal(text)
        except InvalidOperation:
            return text
        return number if number.is_finite() else text
    return text
