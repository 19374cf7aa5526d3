"""Formulas of many cells and many workbooks, computed in steps.

Two formulas are alike when they read the same in R1C1 notation, as in a column that was filled
down, and their areas are of the same size, as those of a running total (`SUM(A$1:A9)`) are not.
Alike formulas of one depth, none of which reads another, are one step. It is evaluated once, for
all its cells and for all the workbooks at hand.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from xlperf.expr.evaluate import evaluate
from xlperf.expr.tree import Binary, Call, Cell, Expr, Range, Unary
from xlperf.expr.values import Value

Key = tuple[int, int, int]
"""A cell of the workbook: sheet index (0-based), row, column (1-based)."""

Rows = tuple[tuple[Key, ...], ...]
"""The cells of an area, row by row."""

Numbered = tuple[tuple[int, ...], ...]
"""The cells of an area, row by row, by their numbers in a plan."""

Reads = Sequence[tuple[Cell | Range, Rows]]
"""What a formula reads, node by node. An area that several formulas read is best one object."""

_LARGE = 64
"""From so many cells on, `precedents` gives an area a place of its own."""

_FEW = 12
"""Up to so many cells of a step are computed one by one: numpy would take longer."""


def rows_of(sheet: int, top: int, left: int, bottom: int, right: int) -> Rows:
    """The cells of an area."""
    columns = range(left, right + 1)
    return tuple(
        tuple((sheet, row, column) for column in columns) for row in range(top, bottom + 1)
    )


@dataclass(frozen=True)
class Step:
    """One formula for several cells.

    `reads` has, node by node, the area that each of the cells reads there, or a single one where
    all of them read the same.
    """

    tree: Expr
    cells: tuple[int, ...]
    reads: tuple[tuple[Cell | Range, tuple[Numbered, ...]], ...]

    @cached_property
    def lines(self) -> Mapping[int, Any]:
        """By the identity of a node, which cells the cells of the step read there.

        An array of their numbers, of shape (places of the area, cells of the step).
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

    Cells are numbered: first those that are `given`, in order, then those of `formulas`. `weight`
    is that of the heaviest step, `longest` the number of cells of the longest.
    """

    steps: tuple[Step, ...]
    given: tuple[Key, ...]
    formulas: tuple[Key, ...]
    weight: int
    longest: int

    @property
    def size(self) -> int:
        return len(self.given) + len(self.formulas)


def precedents(
    trees: Mapping[Key, Expr], reads: Mapping[Key, Reads]
) -> dict[Key | int, set[Key | int]]:
    """The formulas that each formula reads.

    A large area that several formulas read stands between them and its cells, by its identity:
    its cells are walked through once.
    """
    before: dict[Key | int, set[Key | int]] = {}
    for key, found in reads.items():
        before[key] = own = set[Key | int]()
        for _, rows in found:
            if len(rows) * len(rows[0]) < _LARGE:
                own.update(cell for row in rows for cell in row if cell in trees)
                continue
            own.add(id(rows))
            if id(rows) not in before:
                before[id(rows)] = {cell for row in rows for cell in row if cell in trees}
    return before


def in_steps(
    trees: Mapping[Key, Expr], reads: Mapping[Key, Reads], depth: Callable[[Key], int]
) -> Plan:
    """The plan of these formulas; `depth` is how many stand one upon another below a cell's."""
    areas = {id(rows): rows for nodes in reads.values() for _, rows in nodes}
    cells = {cell for rows in areas.values() for row in rows for cell in row}
    given = sorted(cells - trees.keys())
    number = {key: place for place, key in enumerate((*given, *trees))}
    numbered = {
        identity: tuple([tuple([number[key] for key in row]) for row in rows])
        for identity, rows in areas.items()
    }
    found = []
    for model, keys in _alike(trees, reads, depth):
        nodes = []
        for (node, _), *read in zip(reads[model], *(reads[key] for key in keys), strict=True):
            first = read[0][1]
            if all(rows is first or rows == first for _, rows in read):
                del read[1:]
            nodes.append((node, tuple([numbered[id(rows)] for _, rows in read])))
        found.append(Step(trees[model], tuple([number[key] for key in keys]), tuple(nodes)))
    weight = max((step.weight for step in found), default=0)
    longest = max((len(step.cells) for step in found), default=0)
    return Plan(tuple(found), tuple(given), tuple(trees), weight, longest)


def _alike(
    trees: Mapping[Key, Expr], reads: Mapping[Key, Reads], depth: Callable[[Key], int]
) -> list[tuple[Key, list[Key]]]:
    """The cells of each step, lowest first, and before them the one whose tree stands for theirs.

    That one may be of another depth: `evaluate` compiles a tree once, so alike cells share it.
    """
    models: dict[tuple[object, ...], Key] = {}
    alike: dict[tuple[int, Key], list[Key]] = {}
    for key, tree in trees.items():
        sizes = tuple([(len(rows), len(rows[0])) for _, rows in reads[key]])
        model = models.setdefault((key[0], sizes, _shape(tree, key)), key)
        alike.setdefault((depth(key), model), []).append(key)
    by_depth = sorted(alike.items(), key=lambda item: item[0][0])
    return [(model, keys) for (_, model), keys in by_depth]


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


class Held:
    """The value of each cell of a plan in each of the workbooks.

    Where steps are computed as columns, all numbers lie in one array, from which the columns that a
    step reads are taken at once. Other values lie in lists, one for each cell.
    """

    def __init__(self, plan: Plan, count: int) -> None:
        """For `count` workbooks; `give` has to be called for all cells that are given."""
        self.count = count
        self._first = len(plan.given)
        self._lists: list[Sequence[Value] | None] = [None] * plan.size
        self._numbers: Any = None
        if plan.longest * count > _FEW:
            import numpy as np

            # Of shape (cells, workbooks); a NaN where a cell holds something else, or nothing yet.
            self._numbers = np.full((plan.size, count), math.nan)

    def give(self, cells: range, lines: Sequence[Sequence[Value]]) -> None:
        """Keep what these cells hold, workbook by workbook."""
        if self._numbers is None:
            self._lists[cells.start : cells.stop] = zip(*lines, strict=True)
            return
        import numpy as np

        block = np.array([_numbers_of(line) for line in lines]).T
        self._numbers[cells.start : cells.stop] = block
        for place in np.flatnonzero(np.isnan(block).any(axis=1)).tolist():
            self._lists[cells[place]] = [line[place] for line in lines]

    def values(self, cell: int) -> Sequence[Value]:
        """What a cell holds in each workbook."""
        values = self._lists[cell]
        if values is None:
            values = self._lists[cell] = self._numbers[cell].tolist()
        return values

    def columns(self, cells: Any) -> list[Any]:
        """What the cells of each line of cell numbers hold, as a column: cell by cell."""
        import numpy as np

        from xlperf.expr.columns import packed

        numbers = self._numbers[cells].reshape(len(cells), -1)
        found: list[Any] = list(numbers)
        for place in np.flatnonzero(np.isnan(numbers).any(axis=1)):
            values = chain.from_iterable(map(self.values, cells[place].tolist()))
            found[place] = packed(list(values))
        return found

    def only(self, cells: Any) -> list[Value]:
        """What these cells hold in the only workbook."""
        numbers: list[float] = self._numbers[cells, 0].tolist()
        return [
            self.values(cell)[0] if math.isnan(number) else number
            for cell, number in zip(cells.tolist(), numbers, strict=True)
        ]

    def put(self, cells: Sequence[int], result: Any) -> None:
        """Keep what a step gave, a column of all its cells."""
        if result.dtype == float:
            self._numbers[list(cells)] = result.reshape(len(cells), self.count)
            return
        values = result.tolist()
        for place, cell in enumerate(cells):
            self._lists[cell] = values[place * self.count : (place + 1) * self.count]

    def put_values(self, cell: int, values: list[Value]) -> None:
        """Let the cell hold these from now on."""
        self._lists[cell] = values
        if self._numbers is not None:
            self._numbers[cell] = _numbers_of(values)

    def answers(self) -> Iterator[Sequence[Value]]:
        """The values of the formula cells, workbook by workbook."""
        if self._numbers is None:
            lists = self._lists[self._first :]
            return zip(*lists, strict=True) if lists else iter([()] * self.count)
        import numpy as np

        numbers = self._numbers[self._first :]
        answers: list[list[Value]] = numbers.T.tolist()
        for place in np.flatnonzero(np.isnan(numbers).any(axis=1)).tolist():
            for answer, value in zip(answers, self.values(self._first + place), strict=True):
                answer[place] = value
        return iter(answers)


def _numbers_of(values: Sequence[Value]) -> Sequence[Value]:
    """The values with a NaN in the place of what is no number."""
    if set(map(type, values)) == {float}:
        return values
    return [value if type(value) is float else math.nan for value in values]


def compute(step: Step, held: Held) -> None:
    """Put the values of a step's cells into `held`."""
    total = held.count * len(step.cells)
    if total <= _FEW:
        for place, cell in enumerate(step.cells):
            rows = (_row(step, held, place, workbook) for workbook in range(held.count))
            held.put_values(cell, [evaluate(step.tree, row) for row in rows])
        return
    from xlperf.expr import columns

    env = _Env({id(node): _column(node, areas, step, held) for node, areas in step.reads})
    held.put(step.cells, columns.computed(step.tree, env, total))


class _Env:
    """What the nodes of a tree stand for, found by their identity: to hash a node takes long."""

    def __init__(self, values: Mapping[int, Any]) -> None:
        self._values = values

    def __getitem__(self, node: Any) -> Any:
        return self._values[id(node)]


def _row(step: Step, held: Held, place: int, workbook: int) -> _Env:
    """What the cell in this place of a step reads in one of the workbooks."""
    values: dict[int, Any] = {}
    for node, areas in step.reads:
        rows = areas[place if len(areas) > 1 else 0]
        if isinstance(node, Range):
            values[id(node)] = tuple(
                [tuple([held.values(cell)[workbook] for cell in row]) for row in rows]
            )
        else:
            values[id(node)] = held.values(rows[0][0])[workbook]
    return _Env(values)


def _column(node: Cell | Range, areas: Sequence[Numbered], step: Step, held: Held) -> Any:
    """What a node stands for in each cell of the step and each workbook, cell by cell."""
    if len(areas) > 1 or held.count > 1:
        columns = held.columns(step.lines[id(node)])
    else:  # one value for all
        columns = held.only(step.lines[id(node)][:, 0])
    if isinstance(node, Cell):
        return columns[0]
    width = len(areas[0][0])
    return tuple([tuple(columns[place : place + width]) for place in range(0, len(columns), width)])
