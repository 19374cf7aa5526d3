"""A1 references in the text of formulas: found, copied, changed.

Formula text is scanned, not parsed: whoever moves cells changes the references in it and leaves
every other character as the author wrote it.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache

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
        return self.at(self.row)

    @property
    def column_number(self) -> int:
        return column_number(self.column.lstrip("$"))

    def at(self, row: int | None) -> str:
        """The text of this end in another row."""
        return f"{self.column}{'$' if self.fixed else ''}{'' if row is None else row}"

    def copied(self, rows: int, columns: int) -> str | None:
        """Its text when the formula is copied so many cells on; None beyond the sheet."""
        row, column = self.row, self.column
        if row is not None and not self.fixed:
            row += rows
            if not 1 <= row <= MAX_ROW:
                return None
        if columns and column and not column.startswith("$"):
            number = self.column_number + columns
            if not 1 <= number <= MAX_COLUMN:
                return None
            return replace(self, column=column_name(number)).at(row)
        return self.at(row)


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
        return self.joint.join(corner.text for corner in self.corners)

    @property
    def corners(self) -> tuple[Corner, ...]:
        return (self.first, self.last) if self.last else (self.first,)


# A word is a name, a function, a number, a sheet: whatever no operator or bracket interrupts.
_WORD_CHARACTER = r"""[^\x00-\x20!"#%&'()*+,\-/:;<=>@\[\]^`{|}~]"""
_WORD = f"{_WORD_CHARACTER}+"
_CELL = r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}"
_COLUMN = r"\$?[A-Za-z]{1,3}"
_ROW = r"\$?[0-9]{1,7}"
ERROR = (
    r"\#(?:(?:BLOCKED|BUSY|CALC|CONNECT|EXTERNAL|FIELD|NULL|NUM|PYTHON|REF|SPILL|UNKNOWN|VALUE)!"
    r"|DIV/0!|GETTING_DATA|N/A|NAME\?)"
)
"""An error value in a formula. Any other # is an operator, or begins the place a link leads to."""
_END = rf"(?!{_WORD_CHARACTER}|[(\[!])"
_TOKEN = re.compile(
    rf"""
      "(?:[^"]|"")*"
    | (?P<prefix>
        (?: '(?:[^']|'')*+'
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
    | {ERROR}
    | (?: '(?:[^']|'')*+' | \[[^\[\]]*\] )? {_WORD}? !
    | '(?:[^']|'')*+'
    | \[ (?: '. | [^\[\]'] | \[ (?: '. | [^\[\]'] )*+ \] )*+ \]?
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


def rewrite(formula: str, change: Callable[[Reference], str]) -> str:
    """The formula with other text in the place of each of its references."""
    pieces: list[str] = []
    done = 0
    for reference in references(formula):
        pieces += (formula[done : reference.start], change(reference))
        done = reference.end
    return "".join(pieces) + formula[done:]


LOST = "#REF!"


def moved(formula: str, rows: int, columns: int, still: Collection[int] = ()) -> str:
    """The formula as it reads in a cell so many rows further down and columns to the right.

    A reference that would leave the sheet becomes #REF!. The corners numbered `still` keep their
    rows.
    """
    position = 0

    def copy(reference: Reference) -> str:
        nonlocal position
        ends = []
        for corner in reference.corners:
            ends.append(corner.copied(0 if position in still else rows, columns))
            position += 1
        texts = [end for end in ends if end]
        return reference.joint.join(texts) if len(texts) == len(ends) else LOST

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


def corners(formula: str) -> list[Corner]:
    """Every end of every reference of a formula, in order."""
    return [corner for reference in references(formula) for corner in reference.corners]


def alike(formula: str, other: str) -> bool:
    """Whether two formulas differ in the rows of their references only."""

    def without_rows(reference: Reference) -> str:
        return reference.joint.join(corner.at(None) for corner in reference.corners)

    return rewrite(formula, without_rows) == rewrite(other, without_rows)
