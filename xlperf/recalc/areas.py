"""The cells that references stand for: of this workbook's sheets, and of other workbooks."""

from functools import cached_property

from xlperf.diagnostic import Message
from xlperf.expr import Cell, Expr, Range, Ref, references_in
from xlperf.expr.steps import Reads, Rows, rows_of
from xlperf.recalc import preflight
from xlperf.recalc.book import Book
from xlperf.recalc.places import LAST_COLUMN, LAST_ROW
from xlperf.recalc.refusal import RefusalError

MOST_CELLS = 2_000_000
TOO_LARGE = Message("引用的区域过大", "ranges that are too large")
_NO_SHEET = Message("引用的工作表不存在", "a sheet that is not there")


class Areas:
    """Where the sheets of a workbook are, and which of their cells a reference names."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.sheets = {sheet.name.casefold(): sheet.index for sheet in book.workbook.sheets}
        self.labels = [sheet.name for sheet in book.workbook.sheets]
        self.worksheets = {index for index, sheet in enumerate(book.sheets) if sheet}
        self._areas: dict[tuple[int, ...], Rows] = {}

    def home(self, cell: Cell, sheet: int) -> int:
        """The sheet of a reference that stands on this one. Raises RefusalError."""
        home = sheet if cell.sheet is None else self.sheets.get(cell.sheet.casefold())
        if home is None and cell.sheet and "[" in cell.sheet:
            return self._external(cell.sheet)
        if home is None or home not in self.worksheets:
            raise RefusalError(_NO_SHEET)
        return home

    def _external(self, label: str) -> int:
        for index, sheet in enumerate(self._book.externals, len(self._book.sheets)):
            if sheet.label == label.casefold():
                return index
        zh, en = (
            "引用其他工作簿，且文件未保存其数值",
            "references to other workbooks without their values",
        )
        raise RefusalError(Message(zh, en))

    def reads(self, tree: Expr, sheet: int) -> Reads:
        """What a tree without names reads, node by node."""
        nodes = (node for node in references_in(tree) if not isinstance(node, Ref))
        return [(node, self.cells(node, sheet)) for node in nodes]

    def cells(self, node: Cell | Range, sheet: int) -> Rows:
        """The cells that a reference stands for, row by row.

        The same object for all who read the same area. Raises RefusalError.
        """
        first, last = (node, node) if isinstance(node, Cell) else (node.first, node.last)
        home = self.home(first, sheet)
        bottom, right = last.row, last.column
        if bottom == LAST_ROW or right == LAST_COLUMN:  # the same end for all: they stand together
            bottom, right = min(bottom, self._used[0]), min(right, self._used[1])
            bottom, right = max(bottom, first.row), max(right, first.column)
        if (bottom - first.row + 1) * (right - first.column + 1) > MOST_CELLS:
            raise RefusalError(TOO_LARGE)
        area = home, first.row, first.column, bottom, right
        if area not in self._areas:
            self._areas[area] = rows_of(*area)
            if home >= len(self._book.sheets):
                self._check_external(home, self._areas[area])
        return self._areas[area]

    def _check_external(self, home: int, rows: Rows) -> None:
        """Of a range the cells that are not remembered are blank; where none is, that is unsure."""
        values = self._book.externals[home - len(self._book.sheets)].values
        if not any(key[1:] in values for row in rows for key in row):
            self._external("")

    @cached_property
    def _used(self) -> tuple[int, int]:
        """The last row and column that hold anything on any sheet."""
        extents = [sheet.extent for sheet in self._book.sheets if sheet]
        extents += [position for sheet in self._book.externals for position in sheet.values]
        return max(row for row, _ in extents), max(column for _, column in extents)

    def left_out(self, area: Range, shown: bool, sheet: int) -> tuple[set[int], set[int]] | None:
        """What `Place.left_out` gives for a range as a formula of this sheet spells it."""
        home = self.home(area.first, sheet)
        found = self._book.sheets[home] if home < len(self._book.sheets) else None
        if found is None or found.hidden_rows is None:
            return None
        rows = range(area.first.row, area.last.row + 1)
        columns = range(area.first.column, area.last.column + 1)
        hidden = {row for row in found.hidden_rows if row in rows}
        tables = (table for table in self._book.tables.values() if table.sheet == home)
        if hidden and (found.is_filtered or any(table.is_filtered for table in tables)):
            return None
        nested = {
            row
            for (index, row, column), formula in self._book.formulas.items()
            if index == home
            and row in rows
            and column in columns
            and preflight.functions(formula.text) & {"SUBTOTAL", "AGGREGATE"}
        }
        return nested, hidden if shown else set()
