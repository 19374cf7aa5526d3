"""The package formulas: slow and trusted with little, arithmetic on plain numbers.

It gives #REF! for names of one sheet and fails on VALUE("99.2%"), and an IFERROR would hide both;
so only what it is known to do well is left to it.
"""

import contextlib
import io
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from xlperf.diagnostic import Message
from xlperf.expr import ExcelError, Unsupported, parse_formula
from xlperf.expr.steps import Key
from xlperf.ooxml.references import references
from xlperf.recalc import preflight
from xlperf.recalc.book import Book
from xlperf.recalc.engine import Reason, Values
from xlperf.recalc.known import FORMULAS

_BEYOND = re.compile(r"[\"&^#{]|[<>=]|\b(?:TRUE|FALSE)\b|^\s*[^()]*:[^()]*$", re.IGNORECASE)


class Formulas:
    """Builds a model of every workbook and calculates it."""

    name = "formulas"

    def refuses(self, book: Book) -> Sequence[Reason]:
        return list(_refusals(book))

    def recalculate(self, books: Sequence[Book]) -> Sequence[Values | Reason]:
        return [_values(book) for book in books]


def _refusals(book: Book) -> Iterator[Reason]:
    yield from preflight.beyond_1900(book)
    for key, formula in book.formulas.items():
        if formula.kind:
            yield Reason(Message("数组公式", "array formulas"), key)
        elif found := preflight.structured(formula.text) or preflight.unknown(
            formula.text, FORMULAS
        ):
            yield Reason(found, key)
        elif preflight.words(formula.text):
            yield Reason(Message("名称", "defined names"), key)
        elif isinstance(tree := parse_formula(formula.text), Unsupported):
            yield Reason(tree.reason, key)  # such as a range where one value is wanted
        elif _BEYOND.search(formula.text) or not _are_plain(book, key, formula.text):
            yield Reason(Message("数值四则运算以外的公式", "more than sums of plain numbers"), key)


def _are_plain(book: Book, key: Key, formula: str) -> bool:
    """Whether all that a formula reads are numbers or other formulas."""
    for reference in references(formula):
        home = book.homes.get(reference.sheets[0].casefold(), -1) if reference.sheets else key[0]
        first, last = reference.first, reference.last or reference.first
        if home < 0 or not (first.row and first.column and last.row):
            return False
        for row in range(first.row, last.row + 1):
            for column in range(first.column_number, last.column_number + 1):
                cell = (home, row, column)
                if cell not in book.formulas and type(book.value(cell)) is not float:
                    return False
    return True


def _values(book: Book) -> Values | Reason:
    import formulas

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "book.xlsx")
        path.write_bytes(book.data)
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # it draws progress bars
                solution = formulas.ExcelModel().loads(str(path)).finish().calculate()
        except Exception as error:  # what it raises is not documented
            return Reason(Message(f"formulas：{error}", f"formulas: {error}"))
    found: dict[Key, Any] = {}
    for key in book.formulas:
        sheet, cell = book.place(key)
        answer = solution.get(f"'[book.xlsx]{sheet.upper()}'!{cell}")
        if answer is None:
            return Reason(Message("formulas 没有给出值", "what formulas gave no value for"), key)
        value = answer.value[0, 0]
        shown = str(value)
        if shown.startswith("#"):
            found[key] = ExcelError(shown)
        elif isinstance(value, (int, float)) or hasattr(value, "dtype"):
            found[key] = float(value)
        else:
            return Reason(Message(f"formulas 的值 {shown}", f"a value of formulas, {shown}"), key)
    return found
