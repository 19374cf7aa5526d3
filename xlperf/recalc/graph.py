"""The formulas of a workbook as a plan, with all that its names and references stand for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from xlperf.diagnostic import Message
from xlperf.expr import Expr, Value, levels
from xlperf.expr.steps import Key, Plan, Reads, Rows, in_steps, precedents
from xlperf.ooxml.address import cell_name
from xlperf.recalc.areas import MOST_CELLS, TOO_LARGE
from xlperf.recalc.book import Book
from xlperf.recalc.engine import Reason
from xlperf.recalc.meaning import Meanings
from xlperf.recalc.refusal import RefusalError


@dataclass(frozen=True, slots=True)
class BookPlan:
    """How the formulas of a workbook are computed.

    `given` has the cells that are given in the plan, sheet by sheet: their places among all, and
    their addresses as the file has them. `formulas` has, by sheet, which formulas are its own.
    """

    plan: Plan
    given: tuple[tuple[int, range, tuple[bytes, ...]], ...]
    formulas: Mapping[int, slice]


def plan(book: Book) -> tuple[BookPlan | list[Reason], Mapping[Key, Value]]:
    """How the formulas of a workbook are computed, or all that stands in the way.

    And the given cells that this hangs on, with what they hold: where they tell what OFFSET and
    its like refer to.
    """
    meanings = Meanings(book)
    return _plan(book, meanings), meanings.known.hangs_on


def _plan(book: Book, meanings: Meanings) -> BookPlan | list[Reason]:
    trees: dict[Key, Expr] = {}
    reads: dict[Key, Reads] = {}
    reasons: list[Reason] = []
    areas: dict[int, Rows] = {}
    size = 0
    for key, formula in book.formulas.items():
        try:
            for cell, (tree, read) in meanings.filled(formula, key).items():
                trees[cell], reads[cell] = tree, read
                for _, rows in read:
                    if id(rows) not in areas:
                        areas[id(rows)] = rows
                        size += len(rows) * len(rows[0])
        except RefusalError as refusal:
            reasons.append(Reason(refusal.message, key))
            continue
        if size > MOST_CELLS:
            reasons.append(Reason(TOO_LARGE, key))
            break
    if reasons:
        return reasons
    depth = levels(precedents(trees, reads))
    if circular := [key for key in trees if key not in depth]:
        return [Reason(Message("循环引用", "circular references"), key, True) for key in circular]
    whole = in_steps(trees, reads, depth.__getitem__)
    given = [
        (sheet, range(start, start + len(keys)), tuple([cell_name(*k[1:]).encode() for k in keys]))
        for sheet, start, keys in _by_sheet(whole.given)
    ]
    formulas = {s: slice(start, start + len(k)) for s, start, k in _by_sheet(whole.formulas)}
    return BookPlan(whole, tuple(given), formulas)


def _by_sheet(keys: tuple[Key, ...]) -> Iterator[tuple[int, int, Sequence[Key]]]:
    """Sheet, place of its first cell among all, and its cells."""
    start = 0
    for sheet, group in groupby(keys, key=itemgetter(0)):
        own = list(group)
        yield sheet, start, own
        start += len(own)
