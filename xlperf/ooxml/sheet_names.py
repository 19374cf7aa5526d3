"""Names for new sheets: such as Excel takes, and each of them once."""

import re
import unicodedata
from collections.abc import Iterable

from xlperf.ooxml.values import MAX_SHEET_NAME, sheet_name_problem

# What Excel forbids, full-width forms among it, which it takes or refuses by the system's language;
# what XML cannot hold; and what would be read as an escape for that.
_FORBIDDEN = re.compile(
    r"[\[\]:*?/\\：＊？／＼［］￥\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)"
)
_APOSTROPHES = "'’＇"


class SheetNames:
    """Sheet names of one workbook, those that are `taken` and those that are given out."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(map(_same, taken))
        self._next: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return _same(name) in self._taken

    def add(self, name: str) -> None:
        """Take a name that is known to be free and valid."""
        self._taken.add(_same(name))

    def free(self, title: str) -> str:
        """A valid name that is, or begins like, the title; it is taken from now on."""
        name = _valid(title)
        number = self._next.get(_same(name), 2)
        found = name
        while found in self:
            tail = f" ({number})"
            found = _cut(name, MAX_SHEET_NAME - len(tail)) + tail
            number += 1
        self._next[_same(name)] = number
        self.add(found)
        return found


def _same(name: str) -> str:
    """Equal for names that Excel does not tell apart: by case, or by the width of letters."""
    return "".join(
        unicodedata.normalize("NFKC", c) if unicodedata.east_asian_width(c) in "FH" else c
        for c in name
    ).casefold()


def _valid(title: str) -> str:
    plain = _FORBIDDEN.sub(lambda m: "-" if m[0] == "_" else "_", " ".join(title.split()))
    name = _cut(plain, MAX_SHEET_NAME)
    return name if sheet_name_problem(name) is None else _cut(f"_{name}", MAX_SHEET_NAME)


def _cut(name: str, length: int) -> str:
    """The beginning of a name, in at most so many UTF-16 units, without marks at its ends."""
    name = name.strip(" " + _APOSTROPHES)
    units = 0
    for place, character in enumerate(name):
        units += 1 + (character > "\uffff")
        if units > length:
            return name[:place].rstrip(" " + _APOSTROPHES)
    return name
