"""Cell addresses: `B5` and `$B$5:$C$9`, as numbers and as text."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

MAX_ROW, MAX_COLUMN = 1_048_576, 16_384
_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,6})")


class Area(NamedTuple):
    """A rectangle of cells; rows and columns are 1-based and inclusive."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def text(self) -> str:
        first = cell_name(self.top, self.left)
        if (self.top, self.left) == (self.bottom, self.right):
            return first
        return f"{first}:{cell_name(self.bottom, self.right)}"

    @property
    def size(self) -> int:
        """How many cells it has."""
        return (self.bottom - self.top + 1) * (self.right - self.left + 1)

    def cells(self) -> Iterator[tuple[int, int]]:
        """Row and column of every cell, row by row."""
        for row in range(self.top, self.bottom + 1):
            for column in range(self.left, self.right + 1):
                yield row, column

    def holds(self, row: int, column: int) -> bool:
        return self.top <= row <= self.bottom and self.left <= column <= self.right


@lru_cache(maxsize=1024)
def column_name(column: int) -> str:
    """The letters of a column. Raises ValueError for one before the first."""
    if column < 1:
        raise ValueError(column)
    name = ""
    while column:
        column, digit = divmod(column - 1, 26)
        name = chr(65 + digit) + name
    return name


@lru_cache(maxsize=1024)
def column_number(name: str) -> int:
    number = 0
    for letter in name.upper():
        number = number * 26 + ord(letter) - 64
    return number


def cell_name(row: int, column: int) -> str:
    return f"{column_name(column)}{row}"


@lru_cache(maxsize=65536)
def parse_cell(text: str) -> tuple[int, int]:
    """Row and column of `B5` or `$B$5`. Raises ValueError when it is no address in a sheet."""
    if match := _CELL.fullmatch(text):
        row, column = int(match[2]), column_number(match[1])
        if row <= MAX_ROW and column <= MAX_COLUMN:
            return row, column
    raise ValueError(f"not a cell address: {text!r}")


@lru_cache(maxsize=65536)
def parse_area(text: str) -> Area:
    """The rectangle of `B5` or `B5:C9`. Raises ValueError when it is none."""
    first, _, last = text.partition(":")
    top, left = parse_cell(first)
    bottom, right = parse_cell(last) if last else (top, left)
    return Area(min(top, bottom), min(left, right), max(top, bottom), max(left, right))


def split_sheet(text: str) -> tuple[str, str]:
    """Sheet name and the rest of `'2024 年'!$A$1`; the sheet is "" where none is named."""
    sheet, mark, rest = text.rpartition("!")
    if not mark:
        return "", text
    if len(sheet) >= 2 and sheet[0] == sheet[-1] == "'":
        sheet = sheet[1:-1].replace("''", "'")
    return sheet, rest
