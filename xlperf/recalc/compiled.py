"""The engine of our own: formulas compiled once, computed for all workbooks that share them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from xlperf.diagnostic import Message
from xlperf.expr import Cell, Range, Value, doubts, evaluate
from xlperf.recalc import preflight
from xlperf.recalc.book import Book
from xlperf.recalc.engine import Reason, Values
from xlperf.recalc.graph import Places, Plan, Step, plan

_FEW = 8
"""Up to so many cells of a step are computed one by one: numpy would take longer."""

_MOST_PLANS = 64
_MOST_VALUES = 1 << 20
"""So many values a step may read; of large workbooks few are computed at a time."""


class Compiled:
    """Evaluates the trees of `xlperf.expr`, as columns where there are many cells."""

    name = "compiled"

    def __init__(self) -> None:
        self._plans: dict[object, Plan | list[Reason]] = {}

    def refuses(self, book: Book) -> Sequence[Reason]:
        found = self._plan(book)
        return found if isinstance(found, list) else ()

    def recalculate(self, books: Sequence[Book]) -> Sequence[Values | Reason]:
        alike: dict[object, list[int]] = {}
        for index, book in enumerate(books):
            alike.setdefault(book.signature, []).append(index)
        answers: list[Values | Reason] = [{}] * len(books)
        for places in alike.values():
            found = self._plan(books[places[0]])
            assert isinstance(found, Plan)
            group = [books[place] for place in places]
            for place, answer in zip(places, _answers(found, group), strict=True):
                answers[place] = answer
        return answers

    def _plan(self, book: Book) -> Plan | list[Reason]:
        known = self._plans.get(book.signature)
        if known is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            known = list(preflight.beyond_1900(book)) or plan(book)
            self._plans[book.signature] = known
        return known


def _answers(found: Plan, books: Sequence[Book]) -> list[Values | Reason]:
    together = max(1, _MOST_VALUES // max(found.weight, 1))
    if len(books) > together:
        parts = [books[place : place + together] for place in range(0, len(books), together)]
        return [answer for part in parts for answer in _answers(found, part)]
    with doubts() as doubtful:
        held = _Held(found, books)
        for step in found.steps:
            _compute(step, held)
    if not doubtful:
        return [dict(zip(found.formulas, values, strict=True)) for values in held.answers()]
    if len(books) == 1:
        shown = "、".join(dict.fromkeys(doubtful[:3]))
        zh, en = f"Excel 中结果可能不同：{shown}", f"what Excel may answer otherwise: {shown}"
        return [Reason(Message(zh, en))]
    return [answer for book in books for answer in _answers(found, [book])]


class _Held:
    """The value of each cell of a plan in each of the workbooks.

    Where a step is computed as columns, numbers lie in one array, from which it is picked at once
    what a column of cells reads; whatever else there is lies in lists.
    """

    def __init__(self, found: Plan, books: Sequence[Book]) -> None:
        self.count = len(books)
        self._first = found.first
        self._lists: list[Sequence[Value] | None] = [None] * found.size
        self._numbers: Any = None
        if found.longest * self.count > _FEW:
            import numpy as np

            # Of shape (cells, workbooks); a NaN where a cell holds something else, or nothing yet.
            self._numbers = np.full((found.size, self.count), math.nan)
        for sheet, (cells, names) in found.inputs.items():
            lines = [book.values(sheet, names) for book in books]
            if self._numbers is None:
                self._lists[cells.start : cells.stop] = zip(*lines, strict=True)
                continue
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
        """A column for each line of numbers of cells: what they hold, cell by cell."""
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
        self._lists[cell] = values
        if self._numbers is not None:
            self._numbers[cell] = _numbers_of(values)

    def answers(self) -> Iterator[Sequence[Value]]:
        """The values of the formula cells, workbook by workbook."""
        lists = self._lists[self._first :]
        if self._numbers is None:
            return zip(*lists, strict=True) if lists else iter([()] * self.count)
        answers: list[list[Value]] = self._numbers[self._first :].T.tolist()
        for place, values in enumerate(lists):
            if values is not None:
                for answer, value in zip(answers, values, strict=True):
                    answer[place] = value
        return iter(answers)


def _numbers_of(values: Sequence[Value]) -> Sequence[Value]:
    """The values with a NaN in the place of what is no number."""
    if set(map(type, values)) == {float}:
        return values
    return [value if type(value) is float else math.nan for value in values]


def _compute(step: Step, held: _Held) -> None:
    """Put the values of a step's cells into `held`."""
    total = held.count * len(step.cells)
    if total <= _FEW:
        for place, cell in enumerate(step.cells):
            rows = (_row(step, held, place, number) for number in range(held.count))
            held.put_values(cell, [evaluate(step.tree, row) for row in rows])
        return
    from xlperf.expr import columns

    env = _Env({id(node): _column(node, areas, step, held) for node, areas in step.reads})
    held.put(step.cells, columns.computed(step.tree, env, total))


class _Env:
    """What the nodes of a tree stand for, by identity: to hash a node takes long."""

    def __init__(self, values: Mapping[int, Any]) -> None:
        self._values = values

    def __getitem__(self, node: Any) -> Any:
        return self._values[id(node)]


def _row(step: Step, held: _Held, place: int, number: int) -> _Env:
    """What one cell of a step reads in one of the workbooks."""
    values: dict[int, Any] = {}
    for node, areas in step.reads:
        rows = areas[place if len(areas) > 1 else 0]
        if isinstance(node, Range):
            values[id(node)] = tuple(
                [tuple([held.values(cell)[number] for cell in row]) for row in rows]
            )
        else:
            values[id(node)] = held.values(rows[0][0])[number]
    return _Env(values)


def _column(node: Cell | Range, areas: Sequence[Places], step: Step, held: _Held) -> Any:
    """What a node stands for in each cell of the step and each workbook, cell by cell."""
    if len(areas) > 1 or held.count > 1:
        columns = held.columns(step.lines[id(node)])
    else:  # one value for all
        columns = held.only(step.lines[id(node)][:, 0])
    if isinstance(node, Cell):
        return columns[0]
    width = len(areas[0][0])
    return tuple([tuple(columns[place : place + width]) for place in range(0, len(columns), width)])
