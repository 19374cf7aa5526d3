"""A1 references in the text of formulas, and what becomes of them when rows come in or go.

Formula text is scanned, not parsed: whoever moves cells changes the references in it and leaves
every other character as the author wrote it.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain

from xlperf.diagnostic import Diagnostic, Message, Place, WorkbookError
from xlperf.ooxml.address import MAX_COLUMN, MAX_ROW, Area, column_name, column_number


@dataclass(frozen=True, slots=True)
class Corner:
    """One end of a reference as it is written.

    `column` keeps its $ and is "" in a reference to whole rows; `row` is None in whole columns.
    """

    column: str
    row: int | None
    fixed: bool
    """The row has a $: it stays when the formula is copied."""

    @property
    def text(self) -> str:
        row = "" if self.row is None else str(self.row)
        return f"{self.column}{'$' if self.fixed else ''}{row}"

    @property
    def column_number(self) -> int:
        return column_number(self.column.lstrip("$"))

    def copied(self, rows: int, columns: int) -> "Corner | None":
        """The same end when its formula is copied so many cells on; None beyond the sheet."""
        row, column = self.row, self.column
        if row is not None and not self.fixed:
            row += rows
        if columns and column and not column.startswith("$"):
            number = self.column_number + columns
            if not 1 <= number <= MAX_COLUMN:
                return None
            column = column_name(number)
        if row is not None and not 1 <= row <= MAX_ROW:
            return None
        return Corner(column, row, self.fixed)


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference in a formula: `first`, or `first` to `last`, on the sheets of its prefix.

    `start` and `end` are the place of the address, without its sheet, in the formula. `sheets` is
    empty where no sheet is named and holds the first and the last one of a reference across sheets.
    `argument_of` is the function whose whole argument the reference is, "" where it stands on its
    own outside of any function, None where it is a part of an expression.
    """

    start: int
    end: int
    book: str
    sheets: tuple[str, ...]
    first: Corner
    last: Corner | None
    joint: str = ":"
    argument_of: str | None = None

    @property
    def text(self) -> str:
        return self.first.text + (self.joint + self.last.text if self.last else "")

    @property
    def corners(self) -> tuple[Corner, ...]:
        return (self.first, self.last) if self.last else (self.first,)


# A word is a name, a function, a number, a sheet: whatever no operator or bracket interrupts.
_WORD_CHARACTER = r"""[^\x00-\x20!"#%&'()*+,\-/:;<=>@\[\]^`{|}~]"""
_WORD = f"{_WORD_CHARACTER}+"
_CELL = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}"
_COLUMN = r"\$?[A-Za-z]{1,3}"
_ROW = r"\$?[0-9]{1,7}"
_END = rf"(?!{_WORD_CHARACTER}|[(\[!])"
_TOKEN = re.compile(
    rf"""
      "(?:[^"]|"")*"
    | (?P<prefix>
        (?: '(?:[^']|'')*'
          | (?:\[[^\[\]]*\])? (?!{_CELL}:) {_WORD} (?: : {_WORD} )?
          | \[[^\[\]]*\]
          | \#REF
        )? ! )?
      (?P<address>
          (?P<first>{_CELL}) (?P<joint>\s*:\s*(?:(?P=prefix))?) (?P<last>{_CELL})
        | (?P<first_column>{_COLUMN}) (?P<column_joint>\s*:\s*(?:(?P=prefix))?)
          (?P<last_column>{_COLUMN})
        | (?P<first_row>{_ROW}) (?P<row_joint>\s*:\s*(?:(?P=prefix))?) (?P<last_row>{_ROW})
        | (?P<cell>{_CELL})
      ) {_END}
    | \#[A-Za-z][A-Za-z0-9/_]*[!?]?
    | (?: '(?:[^']|'')*' | \[[^\[\]]*\] )? {_WORD}? !
    | \[ (?: '. | [^\[\]'] | \[ (?: '. | [^\[\]'] )* \] )* \]
    | (?P<function>{_WORD})? (?P<open>\()
    | {_WORD}
    | (?P<close>\)) | (?P<comma>,) | (?P<space>\s+)
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_ARGUMENT_END = re.compile(r"\s*(?:[,)]|$)")
_CORNER = re.compile(r"(\$?[A-Za-z]*)(\$?)([0-9]*)")
_PREFIX = re.compile(r"(?:.*\[([^\[\]]*)\])?(.*)", re.DOTALL)


@lru_cache(maxsize=4096)
def references(formula: str) -> tuple[Reference, ...]:
    """Every A1 reference of a formula, or of the text of a defined name, in order."""
    found: list[Reference] = []
    calls: list[str | None] = []
    fresh = True
    for token in _TOKEN.finditer(formula):
        if token["space"]:
            continue
        if token["address"] and (reference := _reference(token)):
            if fresh and _ARGUMENT_END.match(formula, token.end()):
                reference = replace(reference, argument_of=calls[-1] if calls else "")
            found.append(reference)
        elif token["open"]:
            calls.append(token["function"].upper() if token["function"] else None)
        elif token["close"] and calls:
            calls.pop()
        fresh = bool(token["open"] or token["comma"])
    return tuple(found)


def _reference(token: re.Match[str]) -> Reference | None:
    for first, joint, last in _ENDS:
        if token[first]:
            corners = [_corner(token[first]), _corner(token[last]) if last else None]
            if any(corner and not _exists(corner) for corner in corners):
                return None
            book, sheets = _sheets(token["prefix"] or "")
            return Reference(
                token.start("address"),
                token.end("address"),
                book,
                sheets,
                corners[0],  # type: ignore[arg-type]
                corners[1],
                token[joint] if joint else ":",
            )
    return None


_ENDS = (
    ("first", "joint", "last"),
    ("first_column", "column_joint", "last_column"),
    ("first_row", "row_joint", "last_row"),
    ("cell", "", ""),
)


def _corner(text: str) -> Corner:
    match = _CORNER.fullmatch(text)
    assert match
    column, mark, row = match.groups()
    if column == "$":  # of whole rows: the sign belongs to the row
        column, mark = "", "$"
    return Corner(column, int(row) if row else None, bool(mark))


def _exists(corner: Corner) -> bool:
    return corner.column_number <= MAX_COLUMN and (corner.row is None or 1 <= corner.row <= MAX_ROW)


def _sheets(prefix: str) -> tuple[str, tuple[str, ...]]:
    """Book and sheets of a prefix such as `'[1]a b'!`, `first:last!` or `!`."""
    text = prefix.removesuffix("!")
    if text.startswith("'"):
        text = text[1:-1].replace("''", "'")
    match = _PREFIX.fullmatch(text)
    assert match
    return match[1] or "", tuple(match[2].split(":")) if match[2] else ()


def rewrite(formula: str, change: Callable[[Reference], Reference | None]) -> str:
    """The formula with each of its references changed; None makes #REF! of one."""
    pieces: list[str] = []
    done = 0
    for reference in references(formula):
        changed = change(reference)
        pieces += (formula[done : reference.start], changed.text if changed else LOST)
        done = reference.end
    return "".join(pieces) + formula[done:]


LOST = "#REF!"


def moved(formula: str, rows: int, columns: int, still: Collection[int] = ()) -> str:
    """The formula as it reads in a cell so many rows further down and columns to the right.

    A reference that would leave the sheet becomes #REF!. The corners numbered `still` keep their
    rows.
    """
    position = 0

    def copy(reference: Reference) -> Reference | None:
        nonlocal position
        ends = []
        for corner in reference.corners:
            end = corner.copied(0 if position in still else rows, columns)
            position += 1
            if not end:
                return None
            ends.append(end)
        return replace(reference, first=ends[0], last=ends[1] if reference.last else None)

    return rewrite(formula, copy)


def areas(text: str) -> list[Area]:
    """The areas of a list such as `B15 C1:C9 E:E`, as validations and formats are given for."""
    found = []
    for reference in references(text):
        first, last = reference.first, reference.last or reference.first
        rows = sorted((first.row or 1, last.row or MAX_ROW))
        columns = sorted((first.column_number or 1, last.column_number or MAX_COLUMN))
        found.append(Area(rows[0], columns[0], rows[1], columns[1]))
    return found


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

    @property
    def place(self) -> Place:
        return Place(sheet=self.sheet, cell=self.cell)


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
        if not self.concerns(text, home):
            return text
        following = self._following(text, home, neighbours, filled)
        position = 0

        def change(reference: Reference) -> Reference:
            nonlocal position
            numbers = range(position, position + len(reference.corners))
            position = numbers.stop
            if not self._points_here(reference, home):
                return reference
            changed = self._changed(reference, home, [n in following for n in numbers])
            unclear = len(reference.sheets) > 1 or not (reference.sheets or home.sheet)
            if unclear and changed != reference:
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
            if _alike(text, other):
                pairs = enumerate(zip(_corners(text), _corners(other), strict=True))
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
        """The corners, numbered as they stand, that keep their distance from the formula's row."""
        if home.row is None or not self.first <= home.row <= self.last:
            return ()
        rows = {
            number: corner.row
            for number, corner in enumerate(_corners(text))
            if corner.row is not None
            and not corner.fixed
            and self.first <= corner.row <= self.last
            and self.row(corner.row) != corner.row + self._step(home)
        }
        if filled or not rows:
            return rows
        for other, at in neighbours:
            if _alike(text, other):
                corners = _corners(other)
                return {n for n, row in rows.items() if corners[n].row == row + at - home.row}
        return ()

    def _changed(self, reference: Reference, home: Home, follows: list[bool]) -> Reference:
        corners = reference.corners
        rows = [corner.row for corner in corners if corner.row is not None]
        if not rows:
            return reference
        if self._opens(reference, home):
            end = replace(reference.first, row=rows[0] + self.added)
            return replace(reference, last=end, joint=":")
        lower = max(reversed(corners), key=lambda corner: corner.row or 0)
        new: tuple[int | None, ...]
        if reference.last is None:
            new = (self.row(rows[0]),)
        elif span := self.span(min(rows), max(rows), covers=not self._of_own_row(lower, home)):
            new = span if rows[0] <= rows[1] else span[::-1]
        else:
            new = (None, None)
        placed = [self._placed(*which, home) for which in zip(corners, new, follows, strict=True)]
        if None in placed or max(filter(None, placed)) > MAX_ROW:
            raise lost(home, reference.text)
        ends = [replace(corner, row=row) for corner, row in zip(corners, placed, strict=True)]
        return replace(reference, first=ends[0], last=ends[1] if reference.last else None)

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


def _corners(formula: str) -> list[Corner]:
    return list(chain.from_iterable(reference.corners for reference in references(formula)))


def _alike(formula: str, other: str) -> bool:
    """Whether two formulas differ in the rows of their references only."""

    def without_rows(reference: Reference) -> Reference:
        first = replace(reference.first, row=None)
        last = replace(reference.last, row=None) if reference.last else None
        return replace(reference, first=first, last=last)

    return rewrite(formula, without_rows) == rewrite(other, without_rows)


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
            place=home.place,
            fix=Message(
                "请在模板中预留足够的行，或修改上述内容",
                "give the template rows enough, or change what is named here",
            ),
        )
    )
