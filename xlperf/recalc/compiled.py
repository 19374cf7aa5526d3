"""The engine of our own: formulas compiled once, computed for all workbooks that share them."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from xlperf.diagnostic import Message
from xlperf.expr import Cell, Range, Value, doubts, evaluate
from xlperf.recalc import preflight
from xlperf.recalc.book import Book, Key
from xlperf.recalc.engine import Reason, Values
from xlperf.recalc.graph import Plan, Rows, Step, plan

_FEW = 8
"""Up to so many cells of a step are computed one by one: numpy would take longer."""

_MOST_PLANS = 64
_Held = dict[Key, list[Value]]


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
            known = _unsupported(book) or plan(book)
            self._plans[book.signature] = known
        return known


def _unsupported(book: Book) -> list[Reason]:
    found = list(preflight.nobody_can(book))
    if book.workbook.date1904 and book.formulas:
        found.append(Reason(Message("1904 日期系统", "the 1904 date system")))
    return found


def _answers(found: Plan, books: Sequence[Book]) -> list[Values | Reason]:
    with doubts() as doubtful:
        held = _inputs(found, books)
        for step in found.steps:
            _compute(step, held, len(books))
    if not doubtful:
        keys = [key for step in found.steps for key in step.keys]
        columns = [held[key] for key in keys]
        return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)] or [
            {} for _ in books
        ]
    if len(books) == 1:
        shown = "、".join(dict.fromkeys(doubtful[:3]))
        return [
            Reason(
                Message(
                    f"结果取决于 Excel 的语言设置：{shown}",
                    f"what depends on the language of Excel: {shown}",
                )
            )
        ]
    return [answer for book in books for answer in _answers(found, [book])]


def _inputs(found: Plan, books: Sequence[Book]) -> _Held:
    held: _Held = {}
    for sheet, (keys, addresses) in found.inputs.items():
        rows = [book.values(sheet, addresses) for book in books]
        held |= zip(keys, map(list, zip(*rows, strict=True)), strict=True)
    return held


def _compute(step: Step, held: _Held, count: int) -> None:
    """Put the values of a step's cells into `held`."""
    total = count * len(step.keys)
    if total <= _FEW:
        for place, key in enumerate(step.keys):
            held[key] = [evaluate(step.tree, _Row(step, held, place, n)) for n in range(count)]
        return
    env = _Env({id(node): _column(node, areas, step, held, count) for node, areas in step.reads})
    result = evaluate(step.tree, env)
    values = result.tolist() if hasattr(result, "tolist") else [result] * total
    for place, key in enumerate(step.keys):
        held[key] = values[place * count : (place + 1) * count]


class _Env:
    def __init__(self, values: Mapping[int, Any]) -> None:
        self._values = values

    def __getitem__(self, node: Any) -> Any:
        return self._values[id(node)]


class _Row(_Env):
    """What one cell of a step reads in one of the workbooks."""

    def __init__(self, step: Step, held: _Held, place: int, number: int) -> None:
        values: dict[int, Any] = {}
        for node, areas in step.reads:
            rows = areas[place if len(areas) > 1 else 0]
            if isinstance(node, Range):
                values[id(node)] = tuple(tuple([held[key][number] for key in row]) for row in rows)
            else:
                values[id(node)] = held[rows[0][0]][number]
        super().__init__(values)


def _column(node: Cell | Range, areas: Sequence[Rows], step: Step, held: _Held, count: int) -> Any:
    """What a node stands for in each cell of the step and each workbook, cell by cell."""
    if len(areas) == 1:
        times = len(step.keys)

        def column(places: Sequence[Key]) -> Any:
            values = held[places[0]]
            return values[0] if count == 1 else values * times
    else:

        def column(places: Sequence[Key]) -> Any:
            return list(chain.from_iterable(map(held.__getitem__, places)))

    if isinstance(node, Cell):
        return column([rows[0][0] for rows in areas])
    height, width = len(areas[0]), len(areas[0][0])
    return tuple(
        tuple(column([rows[y][x] for rows in areas]) for x in range(width)) for y in range(height)
    )
