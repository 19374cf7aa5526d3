"""Worksheet parts read by rows that were seen before.

Forms that come back were made from few templates: row by row they differ in what their cells say,
not in which cells there are. So a part is split at its texts, and what is left of a row, its
outline, goes through lxml once and is remembered with the places of its texts. Whatever is not
plain here, or not right, is left to `read_sheet`, which also tells what is wrong.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count, islice
from typing import NamedTuple

from lxml import etree

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.address import MAX_ROW, parse_cell
from xlperf.ooxml.package import parse_xml
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.sheet import (
    Cell,
    Formulas,
    Position,
    Sheet,
    blank,
    cell_value,
    length,
    read_sheet,
)
from xlperf.ooxml.workbook import NS

_TEXT = re.compile(r'(<[vtf](?: xml:space="preserve")?>)([^<]*+)')
_DECLARED = re.compile(
    r"<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?:UTF|utf)-8[\"'])?"
    r"(?: standalone=[\"'](?:yes|no)[\"'])?\s*\?>"
)
_UNNUMBERED = re.compile('<row(?![A-Za-z]| r="[1-9])')
_NO_ELEMENT = re.compile("<[!?]")
_ILL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\ufffe\\uffff]|]]>")
_ENTITY = re.compile("&(amp|lt|gt|quot|apos);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_CELL, _SPACE = NS + "c", "{http://www.w3.org/XML/1998/namespace}space"
_CLOSED = "</sheetData></worksheet>"
_LARGEST = 1 << 18
_KEPT = 1 << 21
"""Characters of outlines that are kept in memory."""


class _Filled(NamedTuple):
    """A cell that is not blank: which texts of its row are its value and its formula, from 0.

    -1 is none. A formula that has settings is no text that varies: it is in `formula`, and in
    `shared` the key by which cells share it.
    """

    position: Position
    style: int
    kind: str
    value: int
    text: int
    formula: str | None
    shared: str | None


class _Row(NamedTuple):
    """What an outline holds: every cell as if it were blank, those that are not, and its texts."""

    cells: Mapping[Position, Cell]
    filled: tuple[_Filled, ...]
    heights: Mapping[int, float]
    texts: int


def read_known_sheet(
    xml: bytes, part: str, strings: Sequence[str], limits: Limits = DEFAULT
) -> Sheet:
    """As `read_sheet`, in a quarter of the time where its rows are like others read before."""
    if len(xml) <= min(_LARGEST, limits.marks):  # no part has more marks than bytes
        try:
            return _read(xml.decode(), part, strings, limits)
        except (ValueError, LookupError, WorkbookError):
            pass  # unusual or damaged, which the other way of reading can tell
    return read_sheet(xml, part, strings, limits)


def _read(xml: str, part: str, strings: Sequence[str], limits: Limits) -> Sheet:
    pieces = _TEXT.split(xml)
    texts = pieces[2::3]
    if _ILL.search("\n".join(texts)):
        raise ValueError("characters that XML has not, or reads as others")
    del pieces[2::3]
    outline = "".join(pieces)
    head, mark, rest = outline.partition("<row ")
    *outlines, tail = (mark + rest).split("</row>")
    # A sheet is right where its frame is and each of its rows is in this frame.
    frame = _frame(head, tail, part, limits)
    cells, heights = dict(frame.cells), dict(frame.heights)
    formulas = Formulas(limits)
    at = 0
    for row in _rows(head, outlines, part, limits):
        cells.update(row.cells)
        heights.update(row.heights)
        for position, style, kind, value, text, formula, key in row.filled:
            if text >= 0:
                formula = _plain(texts[at + text])
            if formula is not None:
                formula = formulas.read(formula, key, position)
            cells[position] = Cell(
                cell_value(kind, _plain(texts[at + value]), strings) if value >= 0 else None,
                style,
                formula,
                kind == "e",
            )
        at += row.texts
    if at != len(texts):
        raise ValueError("texts outside the rows")
    return Sheet(
        cells, frame.merges, frame.widths, heights, frame.default_width, frame.default_height
    )


@lru_cache(maxsize=64)
def _frame(head: str, tail: str, part: str, limits: Limits) -> Sheet:
    """What a sheet holds beside its rows. Raises ValueError where that is not plain."""
    declared = _DECLARED.match(head)
    if not declared or _NO_ELEMENT.search(head + tail, declared.end()):
        raise ValueError("no plain UTF-8, or more than elements")
    if _UNNUMBERED.search(tail):
        raise ValueError("a row whose number hangs on the one before")
    return read_sheet((head + tail).encode(), part, (), limits)


_known: dict[str, dict[str, _Row]] = {}
"""What is remembered: rows by the head of their sheet, which says what prefixes mean."""


def _rows(head: str, outlines: Sequence[str], part: str, limits: Limits) -> list[_Row]:
    known = _known.get(head, {})
    rows = {outline: known.get(outline) for outline in outlines}
    if new := [outline for outline, row in rows.items() if row is None]:
        learnt = dict(zip(new, _learnt(head, new, part, limits), strict=True))
        rows |= learnt
        if sum(len(o) for of_head in _known.values() for o in of_head) > _KEPT:
            _known.clear()
        _known[head] = {**_known.get(head, {}), **learnt}
    return [row for outline in outlines if (row := rows[outline])]


def _learnt(head: str, outlines: Sequence[str], part: str, limits: Limits) -> Iterator[_Row]:
    """What these rows hold. Raises ValueError or WorkbookError where one of them is not plain.

    That all of them are rows of the sheet, none within another, and begin as rows do, says that
    each of them is well-formed by itself.
    """
    body = "".join([_numbered(outline) + "</row>" for outline in outlines])
    root = parse_xml(f"{head}{body}{_CLOSED}".encode(), part, limits)
    if _NO_ELEMENT.search(body):
        raise ValueError("more than elements")
    elements = root.findall(f"{NS}sheetData/{NS}row")
    counts = [outline.count("<row ") for outline in outlines]
    if len(elements) != sum(counts) or not all(o.lstrip().startswith("<row ") for o in outlines):
        raise ValueError("rows")
    left = iter(elements)
    for outline, number in zip(outlines, counts, strict=True):
        yield _row(list(islice(left, number)), len(_TEXT.findall(outline)))


def _numbered(outline: str) -> str:
    """The outline with the numbers of its texts in their places."""
    numbers = count()
    return _TEXT.sub(lambda tag: f"{tag[1]}{next(numbers)}", outline)


def _row(elements: Sequence[etree._Element], texts: int) -> _Row:
    cells: dict[Position, Cell] = {}
    filled: list[_Filled] = []
    heights: dict[int, float] = {}
    numbers = count()
    for row in elements:
        number = int(row.attrib["r"])
        if not 1 <= number <= MAX_ROW:
            raise ValueError(number)
        if height := row.get("ht"):
            heights[number] = length(height)
        for c in row.iterchildren(_CELL):
            position = number, parse_cell(c.attrib["r"])[1]
            style = int(c.get("s", 0))
            cells[position] = blank(style)
            if len(c):
                filled.append(_filled(c, position, style, numbers))
    if next(numbers) != texts:
        raise ValueError("texts outside the cells")
    return _Row(cells, tuple(filled), heights, texts)


def _filled(c: etree._Element, position: Position, style: int, numbers: Iterator[int]) -> _Filled:
    """A cell by its element, whose texts are the next `numbers`."""
    value = text = -1
    formula = key = None
    kind = c.get("t", "n")
    tags = [child.tag for child in c]
    if len(set(tags)) < len(tags) or {NS + "v", NS + "is"} <= set(tags):
        raise ValueError("several values")
    for child in c:
        if child.tag == NS + "f" and set(child.attrib) - {_SPACE}:
            formula = child.text or ""
            key = child.get("si", "") if child.get("t") == "shared" else None
        elif child.tag == NS + "f":
            text = _place(child, numbers)
        elif child.tag == NS + "v":
            value = _place(child, numbers)
        elif child.tag == NS + "is":
            (run,) = child
            if run.tag != NS + "t" or kind != "inlineStr":
                raise ValueError("runs of text")
            kind = "str"
            value = _place(run, numbers)
    return _Filled(position, style, kind, value, text, formula, key)


def _place(element: etree._Element, numbers: Iterator[int]) -> int:
    number = next(numbers)
    if element.text != str(number):
        raise ValueError("no plain text")
    return number


def _plain(text: str) -> str:
    """A text as XML reads it. Raises ValueError where an entity is not one of the five."""
    if "&" not in text:
        return text
    if text.count("&") != len(_ENTITY.findall(text)):
        raise ValueError(text)
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text)
