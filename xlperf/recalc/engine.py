"""What an engine is: one method that calculates, and one that says beforehand whether it can."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from xlperf.diagnostic import Message
from xlperf.expr import Value
from xlperf.expr.steps import Key
from xlperf.recalc.book import Book

Values = Mapping[Key, Value]
"""The value of every formula cell, and of every cell that the result of one spills to."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an engine will not take a workbook; `key` is the cell at fault, if it is one cell.

    `final` where no other engine need be asked either: some take long to find out.
    """

    message: Message
    key: Key | None = None
    final: bool = False


class Engine(Protocol):
    """Calculates workbooks that it supports.

    Several at once, because some engines share work among workbooks of the same formulas. The
    answer is a Reason for a workbook that turned out to be beyond the engine only on the way.
    """

    name: str

    def refuses(self, book: Book) -> Sequence[Reason]:
        """Why this engine will not calculate the workbook; nothing when it will."""

    def recalculate(self, books: Sequence[Book]) -> Sequence[Values | Reason]:
        """The values of each workbook; called only for those that it does not refuse."""
