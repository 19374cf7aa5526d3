"""The engine of our own: formulas compiled once, computed for all workbooks that share them."""

from collections.abc import Iterator, Mapping, Sequence

from xlperf.diagnostic import Message
from xlperf.expr import Value, doubts
from xlperf.expr.steps import Held, Key, compute
from xlperf.recalc import preflight
from xlperf.recalc.book import Book, FormulaValues
from xlperf.recalc.engine import Reason, Values
from xlperf.recalc.graph import BookPlan, plan

_MOST_PLANS = 64
_MOST_VALUES = 1 << 20
"""So many values a step may read; of large workbooks few are computed at a time."""


class Compiled:
    """Evaluates the trees of `xlperf.expr`, as columns where there are many cells."""

    name = "compiled"

    def __init__(self) -> None:
        self._plans: dict[object, BookPlan | list[Reason]] = {}
        self._hangs_on: dict[object, tuple[Key, ...]] = {}
        """Of a signature: the cells that tell which plan it is."""

    def refuses(self, book: Book) -> Sequence[Reason]:
        found = self._plan(book)
        return found if isinstance(found, list) else ()

    def recalculate(self, books: Sequence[Book]) -> Sequence[Values | Reason]:
        alike: dict[int, tuple[BookPlan, list[int]]] = {}
        for index, book in enumerate(books):
            found = self._plan(book)
            assert isinstance(found, BookPlan)
            alike.setdefault(id(found), (found, []))[1].append(index)
        answers: list[Values | Reason] = [{}] * len(books)
        for found, places in alike.values():
            group = [books[place] for place in places]
            for place, answer in zip(places, _answers(found, group), strict=True):
                answers[place] = answer
        return answers

    def _plan(self, book: Book) -> BookPlan | list[Reason]:
        known = self._plans.get(self._kind(book))
        if known is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
                self._hangs_on.clear()
            hangs_on: Mapping[Key, Value] = {}
            known = list(_refusals(book))
            if not known:
                known, hangs_on = plan(book)
            self._hangs_on[book.signature] = tuple(hangs_on)
            self._plans[self._kind(book)] = known
        return known

    def _kind(self, book: Book) -> object:
        """What is the same for workbooks of one plan."""
        cells = self._hangs_on.get(book.signature, ())
        held = [(cell, type(value), value) for cell in cells for value in [book.value(cell)]]
        return book.signature, tuple(held)


def _refusals(book: Book) -> Iterator[Reason]:
    yield from preflight.nobody_can(book, remembered=True)
    yield from preflight.days_of_1904(book)


def _answers(found: BookPlan, books: Sequence[Book]) -> list[Values | Reason]:
    together = max(1, _MOST_VALUES // max(found.plan.weight, 1))
    if len(books) > together:
        parts = [books[place : place + together] for place in range(0, len(books), together)]
        return [answer for part in parts for answer in _answers(found, part)]
    with doubts(days=books[0].date1904) as doubtful:
        held = Held(found.plan, len(books))
        for sheet, cells, names in found.given:
            held.give(cells, [book.values(sheet, names) for book in books])
        for step in found.plan.steps:
            compute(step, held)
    if not doubtful:
        keys, sheets = found.plan.formulas, found.formulas
        return [FormulaValues(keys, sheets, values) for values in held.answers()]
    if len(books) == 1:
        shown = "、".join(dict.fromkeys(doubtful[:3]))
        zh, en = f"Excel 中结果可能不同：{shown}", f"what Excel may answer otherwise: {shown}"
        return [Reason(Message(zh, en))]
    return [answer for book in books for answer in _answers(found, [book])]
