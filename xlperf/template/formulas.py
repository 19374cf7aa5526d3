"""The formulas of a template that depend on its fields, in the order in which they are computed."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from xlperf.expr import (
    Cell,
    ExcelError,
    Expr,
    Range,
    Ref,
    Unsupported,
    Value,
    evaluate,
    levels,
    parse_formula,
    references_in,
)
from xlperf.ooxml.address import (
    MAX_COLUMN,
    MAX_ROW,
    Area,
    cell_name,
    parse_area,
    split_sheet,
)
from xlperf.ooxml.references import references
from xlperf.ooxml.sheet import Sheet, split_formula
from xlperf.ooxml.values import cached_value
from xlperf.ooxml.workbook import Workbook

Key = tuple[int, int, int]
"""A cell of the workbook: sheet index (0-based), row, column (1-based)."""

_Rows = tuple[tuple[Key, ...], ...]
_Reader = Callable[[Mapping[Key, Value]], Any]
_LARGEST_AREA = 100_000
_MOST_CELLS = 1_000_000  # that all formulas together read; what is beyond is left to Excel
# Formulas whose value no reference in their text foretells: volatile ones, names and tables.
_UNFORESEEABLE = re.compile(
    r"\b(?:NOW|TODAY|RAND\w*|OFFSET|INDIRECT|CELL|INFO)\s*\(|[\[#@]", re.IGNORECASE
)


class FormulaGraph:
    """Which formulas a fill has to compute anew.

    `live` holds every formula cell that depends on an input, precedents first, and circular ones in
    the end. `complete` is False where one of them is beyond what can be computed here: it then
    carries no cached value.
    """

    def __init__(self, workbook: Workbook, sheets: Sequence[Sheet], inputs: set[Key]) -> None:
        self._names = {sheet.name.casefold(): sheet.index for sheet in workbook.sheets}
        self._defined = {(name.sheet, name.name.casefold()): name.text for name in workbook.names}
        self._sheets = sheets
        # What each formula reads, by name or by identity of the node: hashing one takes long.
        self._reads: dict[Key, dict[int | str, _Rows]] = {}
        self._readers: dict[Key, dict[int | str, _Reader]] = {}
        self._opaque: set[Key] = set()
        self._room = _MOST_CELLS
        trees: dict[Key, Expr | None] = {}
        formulas = {
            (index, *position): cell.formula
            for index, sheet in enumerate(sheets)
            for position, cell in sheet.cells.items()
            if cell.formula is not None
        }
        self._watched = {*formulas, *inputs}
        for key, text in formulas.items():
            trees[key] = self._compile(key, text)
        self._order = self._sorted(formulas, inputs)
        self._trees = self._computable(trees)
        self.live: Mapping[Key, str] = {key: formulas[key] for key in self._order}
        self.complete = all(tree is not None for tree in self._trees.values())
        self._static = self._constants()

    def reads(self, key: Key) -> bool:
        """Whether the value of this cell matters to a live formula that can be computed."""
        return key in self._static

    def evaluate(self, inputs: Mapping[Key, Value]) -> "Evaluation":
        """Start from the values of the inputs; blank where an input is not given."""
        return Evaluation(self, {**self._static, **inputs})

    def _compile(self, key: Key, text: str) -> Expr | None:
        """The tree of a formula, its references resolved on the way; None if unsupported."""
        tree = parse_formula(text)
        if isinstance(tree, Unsupported):
            self._reads[key] = {}
            self._scan(key, text)
            return None
        reads: dict[int | str, _Rows] = {}
        readers = self._readers[key] = {}
        supported = True
        for node in references_in(tree):
            cells = self._cells(node, key[0])
            if cells is None:
                supported = False
                self._opaque.add(key)
            else:
                name = node.name if isinstance(node, Ref) else id(node)
                reads[name] = cells
                readers[name] = _reader(cells, area=isinstance(node, Range))
        self._reads[key] = reads
        return tree if supported else None

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
        self._reads[key] = {"": (tuple(cells),)}

    def _cells(self, node: Cell | Range | Ref, sheet: int) -> _Rows | None:
        """The cells that a reference stands for, row by row; None when it cannot be resolved."""
        match node:
            case Ref(name):
                text = self._defined.get((sheet, name.casefold())) or self._defined.get(
                    (None, name.casefold()), ""
                )
                named, reference = split_sheet(text)
                try:
                    area = parse_area(reference)
                except ValueError:
                    return None
                home = self._names.get(named.casefold())
                if (area.top, area.left) != (area.bottom, area.right):
                    return None
                first, last = (area.top, area.left), (area.bottom, area.right)
            case Cell():
                home = self._home(node, sheet)
                first = last = (node.row, node.column)
            case Range(start, end):
                home = self._home(start, sheet)
                first, last = (start.row, start.column), (end.row, end.column)
        size = (last[0] - first[0] + 1) * (last[1] - first[1] + 1)
        if home is None or size > min(_LARGEST_AREA, self._room):
            return None
        self._room -= size
        return tuple(
            tuple((home, row, column) for column in range(first[1], last[1] + 1))
            for row in range(first[0], last[0] + 1)
        )

    def _home(self, cell: Cell, sheet: int) -> int | None:
        return sheet if cell.sheet is None else self._names.get(cell.sheet.casefold())

    def _precedents(self, key: Key) -> Iterator[Key]:
        for rows in self._reads[key].values():
            for row in rows:
                yield from row

    def _sorted(self, formulas: Mapping[Key, str], inputs: set[Key]) -> list[Key]:
        """Formulas that depend on an input, each after those it reads; circular ones last."""
        before = {
            key: {cell for cell in self._precedents(key) if cell in self._watched}
            for key in formulas
        }
        level = levels({key: cells & formulas.keys() for key, cells in before.items()})
        live = set(inputs)
        order = []
        for key in sorted(level, key=level.__getitem__):
            if key in inputs or key in self._opaque or not live.isdisjoint(before[key]):
                live.add(key)
                order.append(key)
        # None of these can be computed here, so that it does not matter what they depend on.
        return order + [key for key in formulas if key not in level]

    def _computable(self, trees: Mapping[Key, Expr | None]) -> dict[Key, Expr | None]:
        """Trees of the live formulas; None for those that need a value that is not known."""
        known: dict[Key, Expr | None] = {}
        live = set(self._order)
        for key in self._order:
            ready = all(
                known.get(precedent) is not None
                for precedent in self._precedents(key)
                if precedent in live
            )
            known[key] = trees[key] if ready else None
        return known

    def _constants(self) -> dict[Key, Value]:
        """Values of the cells that are read for what is computed and that no fill changes."""
        values: dict[Key, Value] = {}
        for key in (key for key in self._order if self._trees[key] is not None):
            for sheet, row, column in self._precedents(key):
                cell = self._sheets[sheet].cell((row, column))
                value: Value = cell.value if cell else None
                if cell and cell.error:
                    value = ExcelError(str(value))
                values[sheet, row, column] = value
        return values


class Evaluation:
    """One computation of the live formulas, precedents first."""

    def __init__(self, graph: FormulaGraph, values: dict[Key, Value]) -> None:
        self._graph = graph
        self._values = values
        self._readers: Mapping[int | str, _Reader] = {}

    def __iter__(self) -> Iterator[tuple[Key, Value]]:
        """Each live formula with its value, None where it is not known here.

        `replace` may give the cell another value before the next one is computed.
        """
        for key in self._graph._order:
            tree = self._graph._trees[key]
            value: Value = None
            if tree is not None:
                self._readers = self._graph._readers[key]
                value = evaluate(tree, self)
            self._values[key] = value
            yield key, value

    def replace(self, key: Key, value: Value) -> None:
        self._values[key] = value

    def __getitem__(self, node: Any) -> Any:
        return self._readers[node if type(node) is str else id(node)](self._values)


def _reader(rows: _Rows, *, area: bool) -> _Reader:
    """What takes a cell's value, or the rows of an area, from the values of all cells."""
    get = itemgetter(*(key for row in rows for key in row))
    if not area:
        return get
    if len(rows) == len(rows[0]) == 1:
        return lambda values: ((get(values),),)
    return lambda values: tuple(zip(*[iter(get(values))] * len(rows[0]), strict=True))


class FormulaCell(NamedTuple):
    """A formula cell as it stands in its sheet, open to other cached values."""

    reference: str
    start: bytes
    formula: bytes

    @classmethod
    def of(cls, cell: bytes, key: Key) -> "FormulaCell":
        return cls(cell_name(*key[1:]), *split_formula(cell))

    def showing(self, value: Value) -> bytes:
        """The cell with this value; None leaves it none."""
        shown, error = cached(value)
        kind, element = cached_value(self.reference, shown, error=error)
        return b"%b%b>%b%b</c>" % (self.start, kind.encode(), self.formula, element.encode())


def cached(value: Value) -> tuple[float | str | bool | None, bool]:
    """A computed value as the cell writers take it: what is shown, and whether it is an error."""
    return (value.code, True) if isinstance(value, ExcelError) else (value, False)
