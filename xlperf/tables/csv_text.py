"""CSV text as cells with their places, so that reading and mending see the same cells.

A quotation mark opens a cell only at its beginning and closes it only at its end. Anything else is
refused: after a missing quotation mark every reader guesses, and rows vanish.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from xlperf.diagnostic import Diagnostic, Message, Place, TableError

_CELL = re.compile(r'(?:"((?:[^"]|"")*+)"|((?!")[^,\r\n]*))(,|\r\n|\r|\n|\Z)')
_QUOTED = re.compile(r'[,"\r\n]')


class _Piece(NamedTuple):
    """One cell: its row and column, both from 1, its text, and where it stands in the file."""

    row: int
    column: int
    text: str
    start: int
    end: int


def csv_rows(data: bytes, path: Path) -> list[list[str]]:
    """The rows of a CSV file. Raises TableError, with the row named, where quoting is wrong."""
    rows: list[list[str]] = []
    for piece in _pieces(_decoded(data, path)[0], path):
        if piece.column == 1:
            rows.append([])
        rows[-1].append(piece.text)
    return rows


def csv_bytes(rows: Iterable[Iterable[str]]) -> bytes:
    """The file of these rows; half a character, which no file can hold, becomes `?`."""
    lines = (",".join(map(_quoted, row)) + "\n" for row in rows)
    return "".join(lines).encode("utf-8", "replace")


def replace_cells(data: bytes, changes: Mapping[tuple[int, int], str], path: Path) -> bytes:
    """A CSV file with other text in some cells (row and column from 1); the rest stays as it is."""
    text, encoding = _decoded(data, path)
    parts: list[str] = []
    done = 0
    for piece in _pieces(text, path):
        new = changes.get((piece.row, piece.column))
        if new is not None:
            parts += (text[done : piece.start], _quoted(new))
            done = piece.end
    return ("".join(parts) + text[done:]).encode(encoding)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _pieces(text: str, path: Path) -> Iterator[_Piece]:
    row = column = 1
    at = 0
    while at < len(text) or column > 1:
        match = _CELL.match(text, at)
        if match is None:
            raise TableError(_ill_quoted(path, row))
        quoted, plain, separator = match.groups()
        shown = plain if quoted is None else quoted.replace('""', '"')
        at = match.end()
        yield _Piece(row, column, shown, match.start(), at - len(separator))
        row, column = (row, column + 1) if separator == "," else (row + 1, 1)


def _decoded(data: bytes, path: Path) -> tuple[str, str]:
    """The text of a file, and its encoding: UTF-8, or GB 18030 as Chinese Excel saves a CSV."""
    encodings = ("utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise TableError(
        Diagnostic(
            "D103",
            Message("文字编码无法识别", "the text encoding is not known"),
            place=Place(file=str(path)),
            fix=Message("请另存为“CSV UTF-8”", "save it as “CSV UTF-8”"),
        )
    )


def _ill_quoted(path: Path, row: int) -> Diagnostic:
    return Diagnostic(
        "D114",
        Message(
            "英文双引号不配对，或引号外还有文字",
            "a double quotation mark has no partner, or text stands beside quoted text",
        ),
        place=Place(file=str(path), row=row),
        fix=Message(
            "含逗号的内容应整格用英文双引号括起来，内容里的双引号写两遍；"
            "也可用 Excel 另存为“CSV UTF-8”",
            "quote the whole cell and double the quotation marks in it, or save it from Excel as "
            "“CSV UTF-8”",
        ),
    )
