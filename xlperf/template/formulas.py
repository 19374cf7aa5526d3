"""The formulas of a template that depend on its fields, in the order in which they are computed."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from xlperf.expr import (
    Binary,
    Call,
    Cell,
    ExcelError,
    Expr,
    Range,
    Ref,
    Unary,
    Unsupported,
    Value,
    levels,
    parse_formula,
    references_in,
)
from xlperf.expr.steps import Held, Key, Reads, Rows, compute, in_steps, rows_of
from xlperf.ooxml.address import MAX_COLUMN, MAX_ROW, Area, cell_name, parse_area, split_sheet
from xlperf.ooxml.references import references
from xlperf.ooxml.sheet import Sheet, split_formula
from xlperf.ooxml.values import CellWriter, cached_value, number_text
from xlperf.ooxml.workbook import Workbook

_LARGEST_AREA = 100_000
_MOST_CELLS = 1_000_000  # that all formulas together read; what is beyond is left to Excel
# Formulas whose value no reference in their text foretells: volatile ones, names and tables.
_UNFORESEEABLE = re.compile(
    r"\b(?:NOW|TODAY|RAND\w*|OFFSET|INDIRECT|CELL|INFO)\s*\(|[\[#@]", re.IGNORECASE
)

Settle = Callable[[Key, Sequence[Value]], list[Value]]
"""Says what a cell holds in each workbook, given what its formula came to."""


class FormulaGraph:
    """Which formulas a fill has to compute anew.

    `live` holds every formula cell that depends on an input, precedents first, and circular ones in
    the end. `computed` are those of them that can be computed here, and `complete` is False where
    others are not: these then carry no cached value.
    """

    def __init__(
        self,
        workbook: Workbook,
        sheets: Sequence[Sheet],
        inputs: set[Key],
        emptied: Collection[Key] = (),
    ) -> None:
        """An input that is not given has what its sheet holds; one of `emptied` is blank then."""
        self._names = {sheet.name.casefold(): sheet.index for sheet in workbook.sheets}
        self._defined = {(name.sheet, name.name.casefold()): name.text for name in workbook.names}
        self._sheets = sheets
        self._reads: dict[Key, Reads] = {}
        self._mentioned: dict[Key, Sequence[Key]] = {}  # what an unsupported formula reads
        self._areas: dict[tuple[int, ...], Rows] = {}
        self._opaque: set[Key] = set()
        self._room = _MOST_CELLS
        formulas = {
            (index, *position): cell.formula
            for index, sheet in enumerate(sheets)
            for position, cell in sheet.cells.items()
            if cell.formula is not None
        }
        self._watched = {*formulas, *inputs}
        trees = {key: self._compile(key, text) for key, text in formulas.items()}
        level = self._levels(formulas)
        order = self._live(formulas, inputs, level)
        computable = self._computable(order, trees)
        reads = {key: self._reads[key] for key in computable}
        self._plan = in_steps(computable, reads, level.__getitem__)
        self.live: Mapping[Key, str] = {key: formulas[key] for key in order}
        self.computed: Sequence[Key] = self._plan.formulas
        self.complete = len(computable) == len(order)
        self._static = self._constants(set(emptied))

    def reads(self, key: Key) -> bool:
        """Whether the value of this cell matters to a formula that is computed."""
        return key in self._static

    def after(self, cells: set[Key]) -> set[Key]:
        """Those of `computed` that depend on these cells."""
        reached = set(cells)
        for key in self.computed if cells else ():
            if not reached.isdisjoint(self._precedents(key)):
                reached.add(key)
        return reached - cells

    def evaluate(
        self, inputs: Sequence[Mapping[Key, Value]], settle: Settle, settled: Collection[Key] = ()
    ) -> Iterator[Sequence[Value]]:
        """The values of `computed`, for each of several workbooks.

        `settle` is asked for those in `settled`, before anything that reads them is computed.
        """
        plan = self._plan
        held = Held(plan, len(inputs))
        lines = [list(map({**self._static, **own}.__getitem__, plan.given)) for own in inputs]
        held.give(range(len(plan.given)), lines)
        for step in plan.steps:
            compute(step, held)
            for cell in step.cells:
                key = plan.formulas[cell - len(plan.given)]
                if key in settled:
                    held.put_values(cell, settle(key, held.values(cell)))
        return held.answers()

    def values(self) -> dict[Key, Value]:
        """The values of `live` as the sheets stand; None for what cannot be computed here."""
        (values,) = self.evaluate([{}], lambda key, values: list(values))
        return {**dict.fromkeys(self.live), **dict(zip(self.computed, values, strict=True))}

    def _compile(self, key: Key, text: str) -> Expr | None:
        """The tree of a formula, its references resolved on the way; None if unsupported."""
        tree = parse_formula(text)
        if isinstance(tree, Unsupported):
            self._reads[key] = ()
            self._scan(key, text)
            return None
        tree = self._without_names(tree, key[0])
        reads: list[tuple[Cell | Range, Rows]] = []
        for node in references_in(tree):
            rows = None if isinstance(node, Ref) else self._cells(node, key[0])
            if rows is None or isinstance(node, Ref):
                self._opaque.add(key)
            else:
                reads.append((node, rows))
        self._reads[key] = reads
        return None if key in self._opaque else tree

    def _without_names(self, tree: Expr, sheet: int) -> Expr:
        """The tree with cells in the place of names, but for names that stand for none."""
        match tree:
            case Ref(name):
                return self._cell(name, sheet) or tree
            case Unary(op, operand):
                return Unary(op, self._without_names(operand, sheet))
            case Binary(op, left, right):
                parts = [self._without_names(part, sheet) for part in (left, right)]
                return Binary(op, *parts)
            case Call(name, args):
                return Call(name, tuple([self._without_names(arg, sheet) for arg in args]))
        return tree

    def _cell(self, name: str, sheet: int) -> Cell | None:
        folded = name.casefold()
        text = self._defined.get((sheet, folded)) or self._defined.get((None, folded), "")
        home, reference = split_sheet(text)
        try:
            area = parse_area(reference)
        except ValueError:
            return None
        if area.size > 1 or home.casefold() not in self._names:
            return None
        return Cell(area.top, area.left, home, row_fixed=True, column_fixed=True)

    def _scan(self, key: Key, text: str) -> None:
        """What an unsupported formula reads, as far as its text tells; else it counts as live."""
        folded = text.casefold()
        if _UNFORESEEABLE.search(text) or any(name in folded for _, name in self._defined):
            self._opaque.add(key)
            return
        cells: list[Key] = []
        for reference in references(text):
            home = self._names.get((reference.sheets or ("",))[0].casefold(), key[0])
            first, last = reference.first, reference.last or reference.first
            area = Area(
                first.row or 1,
                first.column_number or 1,
                last.row or MAX_ROW,
                last.column_number or MAX_COLUMN,
            )
            self._room -= min(area.size, len(self._watched))
            if self._room < 0:
                self._opaque.add(key)
                return
            if area.size < len(self._watched):
                places = ((home, *position) for position in area.cells())
                cells += (key for key in places if key in self._watched)
            else:
                cells += (k for k in self._watched if k[0] == home and area.holds(*k[1:]))
        self._mentioned[key] = cells

    def _cells(self, node: Cell | Range, sheet: int) -> Rows | None:
        """The cells that a reference stands for, row by row; None when it cannot be resolved."""
        first, last = (node, node) if isinstance(node, Cell) else (node.first, node.last)
        home = sheet if first.sheet is None else self._names.get(first.sheet.casefold())
        size = (last.row - first.row + 1) * (last.column - first.column + 1)
        if home is None or size > min(_LARGEST_AREA, self._room):
            return None
        self._room -= size
        area = home, first.row, first.column, last.row, last.column
        if area not in self._areas:
            self._areas[area] = rows_of(*area)
        return self._areas[area]

    def _precedents(self, key: Key) -> Iterator[Key]:
        for _, rows in self._reads[key]:
            for row in rows:
                yield from row
        yield from self._mentioned.get(key, ())

    def _levels(self, formulas: Collection[Key]) -> dict[Key, int]:
        """How many formulas stand one upon another below each; circular ones are left out."""
        return levels(
            {key: {cell for cell in self._precedents(key) if cell in formulas} for key in formulas}
        )

    def _live(
        self, formulas: Collection[Key], inputs: set[Key], level: Mapping[Key, int]
    ) -> list[Key]:
        """Formulas that depend on an input, each after those it reads; circular ones last."""
        live = set(inputs)
        order = []
        for key in sorted(level, key=level.__getitem__):
            opaque = key in inputs or key in self._opaque
            if opaque or any(cell in live for cell in self._precedents(key)):
                live.add(key)
                order.append(key)
        # None of these can be computed here, so that it does not matter what they depend on.
        return order + [key for key in formulas if key not in level]

    def _computable(self, order: list[Key], trees: Mapping[Key, Expr | None]) -> dict[Key, Expr]:
        """Trees of the live formulas but those that need a value that is not known."""
        known: dict[Key, Expr] = {}
        live = set(order)
        for key in order:
            tree = trees[key]
            if tree is not None and all(
                cell in known for cell in self._precedents(key) if cell in live
            ):
                known[key] = tree
        return known

    def _constants(self, emptied: set[Key]) -> dict[Key, Value]:
        """Values of the cells that what is computed starts from."""
        values: dict[Key, Value] = {}
        for key in self._plan.given:
            cell = None if key in emptied else self._sheets[key[0]].cell(key[1:])
            value: Value = cell.value if cell else None
            values[key] = ExcelError(str(value)) if cell and cell.error else value
        return values


class FormulaCell(NamedTuple):
    """A formula cell as it stands in its sheet, open to other cached values."""

    reference: str
    start: bytes
    formula: bytes

    @classmethod
    def of(cls, cell: bytes, key: Key) -> "FormulaCell":
        reference = cell_name(*key[1:])
        return cls(reference, *split_formula(cell or CellWriter(reference, 0).blank))

    def showing(self, value: Value) -> bytes:
        """The cell with this value; None leaves it none."""
        if type(value) is float:
            number = number_text(self.reference, value).encode()
            return b"%b>%b<v>%b</v></c>" % (self.start, self.formula, number)
        shown, error = cached(value)
        kind, element = cached_value(self.reference, shown, error=error)
        return b"%b%b>%b%b</c>" % (self.start, kind.encode(), self.formula, element.encode())


def cached(value: Value) -> tuple[float | str | bool | None, bool]:
    """A computed value as the cell writers take it: what is shown, and whether it is an error."""
    return (value.code, True) if isinstance(value, ExcelError) else (value, False)
