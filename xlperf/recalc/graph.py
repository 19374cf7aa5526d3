"""The formulas of a workbook as a plan, with all that its names and references stand for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter

from xlperf.diagnostic import Message
from xlperf.expr import (
    FUNCTIONS,
    Binary,
    Call,
    Cell,
    Const,
    Expr,
    Range,
    Ref,
    Unary,
    Unsupported,
    levels,
    parse_formula,
    references_in,
)
from xlperf.expr.arrays import is_array
from xlperf.expr.steps import Key, Plan, Reads, Rows, in_steps, precedents, rows_of
from xlperf.ooxml.address import cell_name
from xlperf.recalc import preflight
from xlperf.recalc.book import Book
from xlperf.recalc.engine import Reason
from xlperf.recalc.known import plainly
from xlperf.recalc.places import LAST_COLUMN, LAST_ROW, Place, RefusalError, settled

_MOST_CELLS = 2_000_000
_TALLEST = 250
_FROM_NAMES, _FROM_NAMES_EACH = 1 << 20, 256
"""Characters that names may bring into all formulas together, and more for each formula.

Without a limit, sixty names each of which has the one before twice would never end.
"""

_TOO_LARGE = Message("引用的区域过大", "ranges that are too large")


@dataclass(frozen=True, slots=True)
class BookPlan:
    """How the formulas of a workbook are computed.

    `given` has the cells that are given in the plan, sheet by sheet: their places among all, and
    their addresses as the file has them. `formulas` has, by sheet, which formulas are its own.
    """

    plan: Plan
    given: tuple[tuple[int, range, tuple[bytes, ...]], ...]
    formulas: Mapping[int, slice]


def plan(book: Book) -> BookPlan | list[Reason]:
    """How the formulas of a workbook are computed, or all that stands in the way."""
    names = _Names(book)
    trees: dict[Key, Expr] = {}
    reads: dict[Key, Reads] = {}
    reasons: list[Reason] = []
    areas: dict[int, Rows] = {}
    size = 0
    for key, formula in book.formulas.items():
        if formula.kind:
            reasons.append(Reason(Message("数组公式", "array formulas"), key))
            continue
        try:
            trees[key] = tree = names.tree(formula.text, key)
            reads[key] = found = names.reads(tree, key[0])
        except RefusalError as refusal:
            reasons.append(Reason(refusal.message, key))
            continue
        for _, rows in found:
            if id(rows) not in areas:
                areas[id(rows)] = rows
                size += len(rows) * len(rows[0])
        if size > _MOST_CELLS:
            reasons.append(Reason(_TOO_LARGE, key))
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


def _parsed(text: str) -> Expr:
    tree = parse_formula(plainly(text), placed=True)
    if isinstance(tree, Unsupported):
        raise RefusalError(tree.reason)
    return tree


class _Names:
    """What the sheets and the defined names of a workbook stand for."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._sheets = {sheet.name.casefold(): sheet.index for sheet in book.workbook.sheets}
        self._worksheets = {index for index, sheet in enumerate(book.sheets) if sheet}
        self._labels = [sheet.name for sheet in book.workbook.sheets]
        self._defined = {
            (name.sheet, name.name.casefold()): name.text for name in book.workbook.names
        }
        self._areas: dict[tuple[int, ...], Rows] = {}
        self._meanings: dict[tuple[str, int, str], tuple[Expr, int]] = {}
        self._left = _FROM_NAMES + _FROM_NAMES_EACH * len(book.formulas)

    def tree(self, text: str, key: Key) -> Expr:
        """What a formula says in this cell, with what its names stand for in their place."""
        place = Place(key[1], key[2], lambda area: self._subtotals(area, key[0]))
        return self._resolved(_parsed(text), key[0], place)

    def _resolved(
        self, tree: Expr, sheet: int, place: Place, kind: str = "v", level: int = 0
    ) -> Expr:
        """A name may stand for a range where `kind` says so: `r` by itself, `a` anywhere."""
        level += 1
        if level > _TALLEST or self._left < 0:
            raise RefusalError(Message("名称展开后过长的公式", "what names make too long"))
        match tree:
            case Ref(name):
                if (name, sheet, kind) not in self._meanings:
                    self._meanings[name, sheet, kind] = self._meaning(name, sheet, kind)
                meaning, size = self._meanings[name, sheet, kind]
                self._left -= size
                return self._resolved(meaning, sheet, place, kind, level)
            case Unary(op, operand):
                inner = "a" if kind == "a" else "v"
                return Unary(op, self._resolved(operand, sheet, place, inner, level))
            case Binary(op, left, right):
                inner = "a" if kind == "a" else "v"
                parts = [self._resolved(p, sheet, place, inner, level) for p in (left, right)]
                return Binary(op, *parts)
            case Call(name, args):
                function = FUNCTIONS[name]
                kinds = [function.kind(at) for at in range(len(args))]
                if kind == "a" and function.spread:
                    kinds = ["a" if each == "v" else each for each in kinds]
                found = tuple(
                    self._resolved(arg, sheet, place, each, level)
                    for arg, each in zip(args, kinds, strict=True)
                )
                return settled(Call(name, found), place)
        return tree

    def _meaning(self, name: str, sheet: int, kind: str) -> tuple[Expr, int]:
        """What a name says, and the length of its text."""
        folded = name.casefold()
        text = self._defined.get((sheet, folded), self._defined.get((None, folded)))
        if text is None:
            raise RefusalError(
                Message(f"名称“{name}”没有定义", f"the name “{name}” is not defined")
            )
        # A range may stand where a function takes one; alone it is no formula, hence the SUM.
        tree = parse_formula(f"SUM({text})")
        if isinstance(tree, Unsupported) or not isinstance(tree, Call) or len(tree.args) != 1:
            raise RefusalError(Message(f"名称“{name}”的定义", f"what the name “{name}” stands for"))
        (meaning,) = tree.args
        if is_array(meaning) and not (
            kind == "a" or (kind == "r" and isinstance(meaning, (Range, Const)))
        ):
            raise RefusalError(Message("隐式交集", "implicit intersection"))
        if any(
            not (cell.row_fixed and cell.column_fixed and node_sheet is not None)
            for node in references_in(meaning)
            if not isinstance(node, Ref)
            for cell, node_sheet in _corners(node)
        ):
            raise RefusalError(
                Message(f"名称“{name}”的相对引用", f"relative references in the name “{name}”")
            )
        return meaning, len(text)

    def _home(self, cell: Cell, sheet: int) -> int:
        home = sheet if cell.sheet is None else self._sheets.get(cell.sheet.casefold())
        if home is None or home not in self._worksheets:
            raise RefusalError(Message("引用的工作表不存在", "a sheet that is not there"))
        return home

    def reads(self, tree: Expr, sheet: int) -> Reads:
        """What a tree without names reads, node by node."""
        nodes = (node for node in references_in(tree) if not isinstance(node, Ref))
        return [(node, self.cells(node, sheet)) for node in nodes]

    def cells(self, node: Cell | Range, sheet: int) -> Rows:
        """The cells that a reference stands for, row by row.

        The same object for all who read the same area.
        """
        first, last = (node, node) if isinstance(node, Cell) else (node.first, node.last)
        home = self._home(first, sheet)
        bottom, right = last.row, last.column
        if bottom == LAST_ROW or right == LAST_COLUMN:  # the same end for all: they stand together
            bottom, right = min(bottom, self._used[0]), min(right, self._used[1])
            bottom, right = max(bottom, first.row), max(right, first.column)
        if (bottom - first.row + 1) * (right - first.column + 1) > _MOST_CELLS:
            raise RefusalError(_TOO_LARGE)
        area = home, first.row, first.column, bottom, right
        if area not in self._areas:
            self._areas[area] = rows_of(*area)
        return self._areas[area]

    @cached_property
    def _used(self) -> tuple[int, int]:
        """The last row and column that hold anything on any sheet."""
        extents = [sheet.extent for sheet in self._book.sheets if sheet]
        return max(row for row, _ in extents), max(column for _, column in extents)

    def _subtotals(self, area: Range, sheet: int) -> set[int] | None:
        """The rows of a range that hold subtotals themselves; None where some are hidden."""
        home = self._home(area.first, sheet)
        found = self._book.sheets[home]
        if found is None or found.hides_rows:
            return None
        return {
            row
            for (index, row, column), formula in self._book.formulas.items()
            if index == home
            and area.first.row <= row <= area.last.row
            and area.first.column <= column <= area.last.column
            and preflight.functions(formula.text) & {"SUBTOTAL", "AGGREGATE"}
        }


def _corners(node: Cell | Range) -> Iterator[tuple[Cell, str | None]]:
    if isinstance(node, Cell):
        yield node, node.sheet
    else:
        yield node.first, node.first.sheet
        yield node.last, node.first.sheet
