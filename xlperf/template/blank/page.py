"""One sheet of a blank form as boxes with neighbours, and what was found on it so far."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xlperf.diagnostic import Message
from xlperf.forms import canonical
from xlperf.ooxml.address import Area
from xlperf.ooxml.sheet import Cell, Position, Sheet
from xlperf.ooxml.styles import CellFormat, Styles
from xlperf.template.blank.printed import NO_LABEL, Label, is_dash, is_hint, read_label

_LITERAL = re.compile(r'"((?:[^"]|"")*)"')
_LARGEST_MERGE = 100_000
_PLAIN = CellFormat()


@dataclass(frozen=True, slots=True)
class Box:
    """One cell, or one merged area, of a form.

    A box that is neither `merged` nor `styled` is only known to be empty.
    """

    area: Area
    text: str = ""
    formula: bool = False
    number: bool = False
    merged: bool = False
    styled: bool = False
    look: CellFormat = _PLAIN
    label: Label = NO_LABEL

    @property
    def drawn(self) -> bool:
        return self.merged or self.styled

    @property
    def open(self) -> bool:
        """Whether it takes content: blank, a hint or a zero to be written over, or computed."""
        if self.formula or not self.text:
            return not self.label.roles
        return self.text == "0" if self.number else self.hint

    @property
    def hint(self) -> bool:
        return not self.number and not self.label.roles and is_hint(self.text)

    @property
    def crossed(self) -> bool:
        """Whether it prints a dash: nothing belongs there."""
        return is_dash(self.text)

    @property
    def rows(self) -> tuple[int, int]:
        return self.area.top, self.area.bottom

    @property
    def height(self) -> int:
        return self.area.bottom - self.area.top + 1

    @property
    def width(self) -> int:
        return self.area.right - self.area.left + 1

    def aligned(self, other: "Box") -> bool:
        """Whether it has the same columns as the other."""
        return self.area.left == other.area.left and self.area.right == other.area.right

    def holds(self) -> Message:
        """The doubt about a cell that is not blank."""
        words = " ".join(self.text.split())[:20]
        return Message(f"单元格中已印有“{words}”", f"the cell prints “{words}” already")


@dataclass(frozen=True, slots=True)
class Found:
    """A label and the place that belongs to it; None where no cell was found.

    `label` is without `xp.`, `printed` the words that speak for it, `doubt` what speaks against it.
    `vague`: the words are no known label, or the cells look like those of a list.
    """

    label: str
    area: Area | None
    printed: str
    doubt: Message | None = None
    vague: bool = False

    @property
    def key(self) -> str:
        return canonical(self.label)

    @property
    def corner(self) -> Position | None:
        return (self.area.top, self.area.left) if self.area else None


class Page:
    """The boxes of one sheet, who their neighbours are, and which of them are taken."""

    def __init__(
        self, sheet: Sheet, styles: Styles, table_rows: tuple[int, int] | None = None
    ) -> None:
        """`table_rows` are those that the columns of the table must have, where it has some."""
        self._boxes = dict(_boxes(sheet, styles))
        unique = {id(box): box for box in self._boxes.values() if box.text or box.drawn}
        self.boxes = sorted(unique.values(), key=lambda box: (box.area.top, box.area.left))
        self.texts = [box for box in self.boxes if box.text]
        self._rows: dict[int, list[Box]] = {}
        for box in self.boxes:
            for row in range(box.area.top, box.area.bottom + 1):
                self._rows.setdefault(row, []).append(box)
        self.bottom = max((box.area.bottom for box in self.boxes), default=0)
        # Without a blank cell that has a look of its own, any empty cell may be one of the form.
        self.bare = not any(box.styled and not box.text for box in self.boxes)
        self._edge = _edge(self.boxes)
        self.table_rows = table_rows
        self.found: list[Found] = []
        self._taken: set[Area] = set()

    def at(self, row: int, column: int) -> Box:
        return self._boxes.get((row, column)) or Box(Area(row, column, row, column))

    def right(self, box: Box) -> Box:
        """The neighbour on the right, at its top row."""
        return self.at(box.area.top, box.area.right + 1)

    def left(self, box: Box) -> Box | None:
        return self.at(box.area.top, box.area.left - 1) if box.area.left > 1 else None

    def below(self, box: Box) -> Box:
        return self.at(box.area.bottom + 1, box.area.left)

    def above(self, box: Box) -> Box | None:
        return self.at(box.area.top - 1, box.area.left) if box.area.top > 1 else None

    def ending_at(self, row: int) -> list[Box]:
        """The boxes with text whose last row this is, from left to right."""
        ending = [box for box in self.in_rows(row, row) if box.text and box.area.bottom == row]
        return sorted(ending, key=lambda box: box.area.left)

    def in_rows(self, first: int, last: int) -> list[Box]:
        found = {box.area: box for row in range(first, last + 1) for box in self._rows.get(row, ())}
        return list(found.values())

    def free(self, box: Box) -> bool:
        """Whether nothing has been found for it yet."""
        return box.area not in self._taken

    def take(self, boxes: Iterable[Box]) -> None:
        self._taken.update(box.area for box in boxes)

    def usable(self, box: Box) -> bool:
        """Whether it is a cell of the form that takes content."""
        return box.open and (box.drawn or self.bare) and self.within(box)

    def within(self, box: Box) -> bool:
        """Whether it stands no further right than the form does."""
        return box.area.right <= self._edge

    def accepts(self, box: Box) -> bool:
        """Whether it takes content and nothing has been found for it yet."""
        return self.free(box) and self.usable(box)

    def add(
        self,
        label: str,
        place: Box | None,
        printed: str,
        doubt: Message | None = None,
        *,
        vague: bool = False,
    ) -> None:
        """Keep a find; its place is taken from now on."""
        if place:
            self.take([place])
        self.found.append(Found(label, place.area if place else None, printed, doubt, vague))

    def top(self) -> int:
        """The first row with a find; what stands above is the title."""
        return min((f.area.top for f in self.found if f.area), default=0)


def _edge(boxes: Sequence[Box]) -> int:
    """The last column of a form. Blank cells may go on beside it, for nobody sees where they end.

    A title across the form shows its width; without one, a last label has its cell to the right.
    """
    seen = [box for box in boxes if box.text or box.merged]
    title = next((box for box in seen if box.text), None)
    widest = max((box.area.right for box in seen), default=0)
    return widest if title and title.merged else widest + 1


def _boxes(sheet: Sheet, styles: Styles) -> Iterator[tuple[Position, Box]]:
    covered = set()
    for area in sheet.merges:
        rows, columns = range(area.top, area.bottom + 1), range(area.left, area.right + 1)
        if len(rows) * len(columns) <= _LARGEST_MERGE:
            box = _box(area, sheet.cell((area.top, area.left)), styles, merged=True)
            for position in ((row, column) for row in rows for column in columns):
                covered.add(position)
                yield position, box
    for (row, column), cell in sheet.cells.items():
        if (row, column) not in covered:
            area = Area(row, column, row, column)
            yield (row, column), _box(area, cell, styles, merged=False)


def _box(area: Area, cell: Cell | None, styles: Styles, *, merged: bool) -> Box:
    if cell is None:
        return Box(area, merged=merged)
    number = isinstance(cell.value, (bool, float))
    text = f"{cell.value:g}" if isinstance(cell.value, float) else str(cell.value or "")
    if cell.formula and not text:
        text = _heading_of(cell.formula)
    return Box(
        area,
        text if text.strip() else "",
        cell.formula is not None,
        number,
        merged,
        cell.style != 0,
        styles[cell.style],
        NO_LABEL if number else read_label(text),
    )


def _heading_of(formula: str) -> str:
    """The label that a formula writes whose value is not in the file: "项目总目标"&CHAR(10)&…"""
    words = (match[1] for match in _LITERAL.finditer(formula))
    return next((text for text in words if read_label(text).roles), "")
