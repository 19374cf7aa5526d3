"""The formulas of a workbook as steps: alike formulas of one depth are one step.

Two formulas are alike when they read the same in R1C1 notation, as in a column that was filled
down. A step is evaluated once, for all its cells and for all the workbooks at hand.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from xlperf.diagnostic import Message
from xlperf.expr import (
    FUNCTIONS,
    Binary,
    Call,
    Cell,
    Expr,
    Range,
    Ref,
    Unary,
    Unsupported,
    levels,
    parse_formula,
    references_in,
)
from xlperf.ooxml.address import cell_name
from xlperf.recalc.book import Book, Key
from xlperf.recalc.engine import Reason

_Rows = tuple[tuple[Key, ...], ...]
_Reads = Sequence[tuple[Cell | Range, _Rows]]
_MOST_CELLS = 2_000_000
_DEPTH = 64
_TOO_LARGE = Message("引用的区域过大", "ranges that are too large")


Places = tuple[tuple[int, ...], ...]
"""The cells of an area, row by row, by their numbers in the plan."""


@dataclass(frozen=True)
class Step:
    """One formula for several cells; `reads` has, by node, what each of the cells reads there.

    Where all the cells read the same, the one entry stands for all.
    """

    tree: Expr
    cells: tuple[int, ...]
    reads: tuple[tuple[Cell | Range, tuple[Places, ...]], ...]

    @cached_property
    def lines(self) -> Mapping[int, Any]:
        """By identity of the node, what each cell of the step reads in each place of an area.

        An array of numbers of cells, of shape (places of the area, cells of the step).
        """
        import numpy as np

        found = {}
        for node, areas in self.reads:
            lines = np.array([[cell for row in rows for cell in row] for rows in areas]).T
            found[id(node)] = np.broadcast_to(lines, (len(lines), len(self.cells)))
        return found

    @property
    def weight(self) -> int:
        """How many values its cells read in one workbook."""
        areas = (areas[0] for _, areas in self.reads)
        return len(self.cells) * sum(len(rows) * len(rows[0]) for rows in areas)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in the order in which they are computed, and the cells that they start from.

    Cells are numbered: first those that are given, then those of `formulas`. The given ones go by
    sheet, with their numbers, and their addresses as the file has them. `weight` is that of the
    heaviest step, `longest` the number of cells of the longest.
    """

    steps: tuple[Step, ...]
    formulas: tuple[Key, ...]
    inputs: Mapping[int, tuple[range, tuple[bytes, ...]]]
    weight: int
    longest: int

    @property
    def size(self) -> int:
        return self.first + len(self.formulas)

    @property
    def first(self) -> int:
        """The number of the first of the formula cells."""
        return sum(len(numbers) for numbers, _ in self.inputs.values())


def plan(book: Book) -> Plan | list[Reason]:
    """How the formulas of a workbook are computed, or all that stands in the way."""
    names = _Names(book)
    trees: dict[Key, Expr] = {}
    reads: dict[Key, _Reads] = {}
    reasons: list[Reason] = []
    size = 0
    for key, formula in book.formulas.items():
        if formula.kind:
            reasons.append(Reason(Message("数组公式", "array formulas"), key))
            continue
        try:
            trees[key] = tree = names.resolved(_parsed(formula.text), key[0])
            reads[key] = found = names.reads(tree, key[0])
        except _RefusalError as refusal:
            reasons.append(Reason(refusal.message, key))
            continue
        size += sum(len(rows) * len(rows[0]) for _, rows in found)
        if size > _MOST_CELLS:
            reasons.append(Reason(_TOO_LARGE, key))
            break
    if reasons:
        return reasons
    depth = levels(
        {
            key: {cell for _, rows in found for row in rows for cell in row if cell in trees}
            for key, found in reads.items()
        }
    )
    if circular := [key for key in trees if key not in depth]:
        return [Reason(Message("循环引用", "circular references"), key) for key in circular]
    return _steps(trees, reads, depth)


class _RefusalError(Exception):
    def __init__(self, message: Message) -> None:
        self.message = message


def _parsed(text: str) -> Expr:
    tree = parse_formula(text)
    if isinstance(tree, Unsupported):
        raise _RefusalError(tree.reason)
    return tree


class _Names:
    """What the sheets and the defined names of a workbook stand for."""

    def __init__(self, book: Book) -> None:
        self._sheets = {sheet.name.casefold(): sheet.index for sheet in book.workbook.sheets}
        self._worksheets = {index for index, sheet in enumerate(book.sheets) if sheet}
        self._labels = [sheet.name for sheet in book.workbook.sheets]
        self._defined = {
            (name.sheet, name.name.casefold()): name.text for name in book.workbook.names
        }

    def resolved(self, tree: Expr, sheet: int, area: bool = False, depth: int = 0) -> Expr:
        """The tree with what its names stand for in their place; a range only where `area`."""
        match tree:
            case Ref(name):
                return self._meaning(name, sheet, area, depth)
            case Unary(op, operand):
                return Unary(op, self.resolved(operand, sheet, False, depth))
            case Binary(op, left, right):
                parts = [self.resolved(part, sheet, False, depth) for part in (left, right)]
                return Binary(op, *parts)
            case Call(function, args):
                takes = FUNCTIONS[function].ranges
                inner = [self.resolved(arg, sheet, takes, depth) for arg in args]
                return Call(function, tuple(inner))
        return tree

    def _meaning(self, name: str, sheet: int, area: bool, depth: int) -> Expr:
        folded = name.casefold()
        text = self._defined.get((sheet, folded), self._defined.get((None, folded)))
        if text is None or depth > _DEPTH:
            raise _RefusalError(
                Message(f"名称“{name}”没有定义", f"the name “{name}” is not defined")
            )
        # A range may stand where a function takes one; alone it is no formula, hence the SUM.
        tree = parse_formula(f"SUM({text})")
        if isinstance(tree, Unsupported) or not isinstance(tree, Call) or len(tree.args) != 1:
            raise _RefusalError(
                Message(f"名称“{name}”的定义", f"what the name “{name}” stands for")
            )
        (meaning,) = tree.args
        if isinstance(meaning, Range) and not area:
            raise _RefusalError(Message("隐式交集", "implicit intersection"))
        if any(
            not (cell.row_fixed and cell.column_fixed and node_sheet is not None)
            for node in references_in(meaning)
            if not isinstance(node, Ref)
            for cell, node_sheet in _corners(node)
        ):
            raise _RefusalError(
                Message(f"名称“{name}”的相对引用", f"relative references in the name “{name}”")
            )
        return self.resolved(meaning, sheet, area, depth + 1)

    def reads(self, tree: Expr, sheet: int) -> _Reads:
        """What a tree without names reads, node by node."""
        nodes = (node for node in references_in(tree) if not isinstance(node, Ref))
        return [(node, self.cells(node, sheet)) for node in nodes]

    def cells(self, node: Cell | Range, sheet: int) -> _Rows:
        """The cells that a reference stands for, row by row."""
        first, last = (node, node) if isinstance(node, Cell) else (node.first, node.last)
        home = sheet if first.sheet is None else self._sheets.get(first.sheet.casefold())
        if home is None or home not in self._worksheets:
            raise _RefusalError(Message("引用的工作表不存在", "a sheet that is not there"))
        if (last.row - first.row + 1) * (last.column - first.column + 1) > _MOST_CELLS:
            raise _RefusalError(_TOO_LARGE)
        columns = range(first.column, last.column + 1)
        return tuple(
            tuple((home, row, column) for column in columns)
            for row in range(first.row, last.row + 1)
        )


def _corners(node: Cell | Range) -> Iterator[tuple[Cell, str | None]]:
    if isinstance(node, Cell):
        yield node, node.sheet
    else:
        yield node.first, node.first.sheet
        yield node.last, node.first.sheet


def _steps(
    trees: Mapping[Key, Expr], reads: Mapping[Key, _Reads], depth: Mapping[Key, int]
) -> Plan:
    alike: dict[tuple[object, ...], list[Key]] = {}
    for key, tree in trees.items():
        shape = (depth[key], key[0], _shape(tree, key))
        alike.setdefault(shape, []).append(key)
    read = {cell for found in reads.values() for _, rows in found for row in rows for cell in row}
    given = sorted(read - trees.keys())
    number = {key: place for place, key in enumerate((*given, *trees))}
    inputs = {}
    for sheet, cells in groupby(given, key=lambda key: key[0]):
        here = list(cells)
        first = number[here[0]]
        names = tuple([cell_name(*key[1:]).encode() for key in here])
        inputs[sheet] = range(first, first + len(here)), names
    steps = []
    for keys in sorted(alike.values(), key=lambda keys: depth[keys[0]]):
        nodes = [node for node, _ in reads[keys[0]]]
        areas = zip(*([rows for _, rows in reads[key]] for key in keys), strict=True)
        found = []
        for node, each in zip(nodes, areas, strict=True):
            same = all(rows == each[0] for rows in each[1:])
            places = [
                tuple([tuple([number[key] for key in row]) for row in rows])
                for rows in (each[:1] if same else each)
            ]
            found.append((node, tuple(places)))
        steps.append(Step(trees[keys[0]], tuple([number[key] for key in keys]), tuple(found)))
    weight = max((step.weight for step in steps), default=0)
    longest = max((len(step.cells) for step in steps), default=0)
    return Plan(tuple(steps), tuple(trees), inputs, weight, longest)


def _shape(node: Expr, key: Key) -> object:
    """The tree with its relative references as distances from the cell."""
    match node:
        case Cell(row, column, sheet, row_fixed, column_fixed):
            row_at = row if row_fixed else row - key[1]
            column_at = column if column_fixed else column - key[2]
            return row_at, column_at, sheet and sheet.casefold(), row_fixed, column_fixed
        case Range(first, last):
            return _shape(first, key), _shape(last, key)
        case Unary(op, operand):
            return op, _shape(operand, key)
        case Binary(op, left, right):
            return op, _shape(left, key), _shape(right, key)
        case Call(function, args):
            return function, *(_shape(arg, key) for arg in args)
    return node
