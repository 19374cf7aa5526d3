"""What becomes of rows, ranges and formulas when a table on a sheet gets more or fewer rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from xlperf.diagnostic import Diagnostic, Message, Place, WorkbookError
from xlperf.ooxml.address import MAX_ROW
from xlperf.ooxml.references import Corner, Reference, alike, corners, references, rewrite

Neighbours = Sequence[tuple[str, int]]
"""Formulas of the same column in the rows beside, each with its row."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a formula stands.

    References without a sheet mean `sheet`, relative rows count from `row` (None: take them as
    fixed). Defined names are not of any cell, so relative rows in them `float` and are left alone.
    Where the text `covers` cells, as a name or the data of a chart does, it goes on covering a
    table that had a single row.
    """

    part: str
    sheet: str = ""
    cell: str = ""
    row: int | None = None
    floats: bool = False
    covers: bool = False


# Functions of a column of values: SUM(G15) below a table of one row means the whole column.
_AGGREGATES = {
    "AVERAGE", "COUNT", "COUNTA", "COUNTBLANK", "MAX", "MEDIAN", "MIN", "PRODUCT", "SUBTOTAL",
    "SUM", "SUMPRODUCT", "SUMSQ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowShift:
    """What becomes of addresses when the table rows `first`..`last` of `sheet` become `count` rows.

    Rows come in, or go, just before the last row; after the first one where no other stays. Then
    Excel's rules hold for everything outside the table, with two additions that make the sheet read
    as if the rows had been there from the start. A table of one row has no inside, so ranges that
    end at its row take in the new rows. And a formula that was filled down the table (its
    neighbour is the same formula, one row on) stays that formula in every row.
    """

    sheet: str
    sheets: tuple[str, ...]
    """All sheets of the workbook in order, for references across sheets."""
    first: int
    last: int
    count: int

    @property
    def added(self) -> int:
        """How many rows come in; negative when rows go."""
        return self.count - (self.last - self.first + 1)

    @property
    def at(self) -> int:
        """The row before which new rows come in."""
        return max(self.last, self.first + 1)

    @property
    def source(self) -> int:
        """The row of which the new rows are copies."""
        return self.at - 1

    @property
    def removed(self) -> range:
        end = self.last if self.count > 1 else self.last + 1
        return range(end + min(self.added, 0), end)

    @property
    def single(self) -> bool:
        return self.first == self.last

    @property
    def _edge(self) -> int:
        """The first row whose references may change."""
        if self.added > 0:
            return self.source if self.single else self.at
        return self.removed.start

    def row(self, row: int) -> int | None:
        """Where a row goes; None when it is removed."""
        if self.added > 0:
            return row + self.added if row >= self.at else row
        if row in self.removed:
            return None
        return row + self.added if row >= self.removed.stop else row

    def span(
        self, top: int, bottom: int, *, carried: bool = False, covers: bool = True
    ) -> tuple[int, int] | None:
        """Where the rows `top`..`bottom` go; None when nothing of them stays.

        What is `carried` by cells (formats, validations) is carried by the new rows as well. What
        `covers` a table of one row grows with it.
        """
        if (top, bottom) == (1, MAX_ROW):
            return top, bottom
        if self.added > 0:
            inside = self.source if carried or (self.single and covers) else self.at
            new_top = top + self.added if top >= self.at else top
            new_bottom = bottom + self.added if bottom >= inside else bottom
            return (new_top, min(new_bottom, MAX_ROW)) if new_top <= MAX_ROW else None
        start = self.removed.start
        new_top = self.row(top) or start
        new_bottom = self.row(bottom) or start - 1
        return (new_top, new_bottom) if new_top <= new_bottom else None

    def formula(
        self, text: str, home: Home, neighbours: Neighbours = (), *, filled: bool = False
    ) -> str:
        """The formula after the edit. Raises WorkbookError where a reference would be lost.

        `neighbours` are the formulas above and below it in the table, with their rows; a formula is
        `filled` when it is known to stand for every row of a range, as in conditional formats.
        """
        following = self._following(text, home, neighbours, filled)
        if not following and not self.concerns(text, home):
            return text
        position = 0

        def change(reference: Reference) -> str:
            nonlocal position
            numbers = range(position, position + len(reference.corners))
            position = numbers.stop
            follows = [number in following for number in numbers]
            if not self._points_here(reference, home):
                return self._pulled(reference, home, follows)
            changed = self._changed(reference, home, follows)
            unclear = len(reference.sheets) > 1 or not (reference.sheets or home.sheet)
            if unclear and changed != reference.text:
                raise refusal(
                    "W203",
                    home,
                    f"引用“{reference.text}”跨多个工作表或未指明工作表，无法随行增减而调整",
                    f"{reference.text} spans several sheets or names none, so it cannot follow",
                )
            return changed

        return rewrite(text, change)

    def unmoved(self, text: str, neighbours: Neighbours) -> Collection[int]:
        """The corners, numbered as they stand, that its neighbour in the table shares, $ or not."""
        for other, _ in neighbours:
            if alike(text, other):
                pairs = enumerate(zip(corners(text), corners(other), strict=True))
                return {number for number, (one, two) in pairs if one.row == two.row}
        return ()

    def concerns(self, text: str, home: Home) -> bool:
        """Whether the formula refers to the sheet that changes."""
        return any(self._points_here(reference, home) for reference in references(text))

    def _points_here(self, reference: Reference, home: Home) -> bool:
        if reference.book not in ("", "0"):
            return False
        changing = self.sheet.casefold()
        match reference.sheets:
            case (first, last):
                names = [name.casefold() for name in self.sheets]
                if first.casefold() not in names or last.casefold() not in names:
                    return False
                ends = sorted((names.index(first.casefold()), names.index(last.casefold())))
                return ends[0] <= names.index(changing) <= ends[1]
            case (name,):
                return name.casefold() == changing
            case _:
                return home.sheet.casefold() in (changing, "")

    def _following(
        self, text: str, home: Home, neighbours: Neighbours, filled: bool
    ) -> Collection[int]:
        """The corners, numbered as they stand, that keep their distance from the formula's row.

        These are the relative ones within the table and on other sheets, if the formula is one that
        was filled down. Only those are told that would not keep it anyway. A range as high as the
        table means the table, though the author forgot its $.
        """
        if home.row is None or not self.first <= home.row <= self.last:
            return ()
        step = self._step(home)
        rows: dict[int, int] = {}
        number = 0
        for reference in references(text):
            here = self._points_here(reference, home)
            ends = [corner.row for corner in reference.corners if corner.row is not None]
            whole = bool(ends) and here and max(ends) - min(ends) >= max(self.last - self.first, 1)
            for corner in reference.corners:
                if not whole and corner.row is not None and not corner.fixed:
                    inside = here and self.first <= corner.row <= self.last
                    goes = self.row(corner.row) if here else corner.row
                    if (inside or not here) and goes != corner.row + step:
                        rows[number] = corner.row
                number += 1
        if filled or not rows:
            return rows
        for other, at in neighbours:
            if alike(text, other):
                others = corners(other)
                return {n for n, row in rows.items() if others[n].row == row + at - home.row}
        return ()

    def _pulled(self, reference: Reference, home: Home, follows: list[bool]) -> str:
        """A reference to another sheet, in a formula that goes down its own sheet row by row."""
        step = self._step(home)
        ends = [
            corner.copied(step if following else 0, 0)
            for corner, following in zip(reference.corners, follows, strict=True)
        ]
        texts = [end for end in ends if end]
        if len(texts) < len(ends):
            raise lost(home, reference.text)
        return reference.joint.join(texts)

    def _changed(self, reference: Reference, home: Home, follows: list[bool]) -> str:
        ends = reference.corners
        rows = [end.row for end in ends if end.row is not None]
        if not rows or (max(rows) < self._edge and not any(follows)):
            return reference.text
        if self._opens(reference, home):
            return f"{reference.text}:{reference.first.at(rows[0] + self.added)}"
        lower = max(reversed(ends), key=lambda end: end.row or 0)
        new: tuple[int | None, ...]
        if reference.last is None:
            new = (self.row(rows[0]),)
        elif span := self.span(min(rows), max(rows), covers=not self._of_own_row(lower, home)):
            new = span if rows[0] <= rows[1] else span[::-1]
        else:
            new = (None, None)
        placed = [self._placed(*which, home) for which in zip(ends, new, follows, strict=True)]
        if None in placed or max(filter(None, placed)) > MAX_ROW:
            raise lost(home, reference.text)
        texts = (end.at(row) for end, row in zip(ends, placed, strict=True))
        return reference.joint.join(texts)

    def _opens(self, reference: Reference, home: Home) -> bool:
        """Whether the single cell means the column of a table that had this row only."""
        return (
            self.single
            and reference.last is None
            and reference.first.row == self.first
            and not self._of_own_row(reference.first, home)
            and (
                reference.argument_of in _AGGREGATES
                or (home.covers and reference.argument_of == "")
            )
        )

    def _of_own_row(self, corner: Corner, home: Home) -> bool:
        """Whether a formula in the only row of a table means its own row by this end."""
        return home.row == self.first and not corner.fixed

    def _placed(self, corner: Corner, row: int | None, follows: bool, home: Home) -> int | None:
        if corner.fixed or corner.row is None:
            return row
        if home.floats:
            return corner.row
        return corner.row + self._step(home) if follows else row

    def _step(self, home: Home) -> int:
        """How far the formula itself moves."""
        return (self.row(home.row) or home.row) - home.row if home.row else 0


def lost(home: Home, reference: str) -> WorkbookError:
    return refusal(
        "W202",
        home,
        f"引用“{reference}”指向要删除或会移出工作表的行",
        f"the reference {reference} points to rows that would be removed or leave the sheet",
    )


def refusal(code: str, home: Home, zh: str, en: str) -> WorkbookError:
    """The error that says why a sheet cannot be given more or fewer rows."""
    return WorkbookError(
        Diagnostic(
            code,
            Message(f"{zh}（{home.part}）", f"{en} ({home.part})"),
            place=Place(sheet=home.sheet, cell=home.cell),
            fix=Message(
                "请在模板中预留足够的行，或修改上述内容",
                "give the template rows enough, or change what is named here",
            ),
        )
    )
