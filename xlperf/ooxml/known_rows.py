"""Worksheet parts read by rows that were seen before.

Forms that come back were made from few templates: row by row they differ in what their cells say,
not in which cells there are. So a part is split at its texts, and what is left of a row without
its number and height, its outline, goes through lxml once and is remembered with the places of its
texts. Whatever is not plain here, or not right, is left to `read_sheet`, which also tells what is
wrong.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import count, repeat
from typing import NamedTuple

from lxml import etree

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.address import MAX_ROW, cell_name, parse_cell
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
_CLOSED_ROW = re.compile("(<row [^<>]*)/>")
_DIMENSION = re.compile('<dimension ref="[A-Z0-9:]*"/>')
_ROW = re.compile(
    r"""\s*<row r="([1-9][0-9]{0,6})"(?:([^<>']*?) ht="([0-9.]+)"([^<>']*)|([^<>']*))>"""
)
_NUMBER = "\1"
"""Stands for the number of the row in its outline; no XML can hold it."""

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

    column: int
    style: int
    kind: str
    value: int
    text: int
    formula: str | None
    shared: str | None


class _Row(NamedTuple):
    """What an outline holds: every cell as if it were blank, those that are not, and its texts."""

    columns: tuple[int, ...]
    cells: tuple[Cell, ...]
    filled: tuple[_Filled, ...]
    texts: int


class _Source(NamedTuple):
    """One row of a part: its number, its height in points, its outline, and how it stands there."""

    number: int
    height: float | None
    outline: str
    xml: str


def read_known_sheet(
    xml: bytes, part: str, strings: Sequence[str], limits: Limits = DEFAULT
) -> Sheet:
    """As `read_sheet`, in half the time where its rows are like others read before."""
    if len(xml) <= min(_LARGEST, limits.marks):  # no part has more marks than bytes
        try:
            return _read(xml.decode(), part, strings, limits)
        except (ValueError, LookupError, WorkbookError):
            pass  # unusual or damaged, which the other way of reading can tell
    return read_sheet(xml, part, strings, limits)


def _read(xml: str, part: str, strings: Sequence[str], limits: Limits) -> Sheet:
    pieces = _TEXT.split(xml)
    texts = pieces[2::3]
    joined = "\n".join(texts)
    if _ILL.search(joined):
        raise ValueError("characters that XML has not, or reads as others")
    if "&" in joined:
        texts = list(map(_plain, texts))
    del pieces[2::3]
    outline = _CLOSED_ROW.sub(r"\1></row>", "".join(pieces))
    if _NUMBER in outline:
        raise ValueError("a character that XML has not")
    head, mark, rest = outline.partition("<row ")
    head = _DIMENSION.sub('<dimension ref=""/>', head, count=1)  # every length has its own
    *outlines, tail = (mark + rest).split("</row>")
    # A sheet is right where its frame is and each of its rows is in this frame.
    frame = _frame(head, tail, part, limits)
    cells: dict[Position, Cell] = {}
    heights: dict[int, float] = {}
    formulas = Formulas(limits)
    at = 0
    sources = [_source(outline) for outline in outlines]
    for source, row in zip(sources, _rows(head, sources, part, limits), strict=True):
        number = source.number
        if source.height is not None:
            heights[number] = source.height
        cells.update(zip(zip(repeat(number), row.columns), row.cells, strict=True))
        for column, style, kind, value, text, formula, key in row.filled:
            position = number, column
            if text >= 0:
                formula = texts[at + text]
            if formula is not None:
                formula = formulas.read(formula, key, position)
            cells[position] = Cell(
                cell_value(kind, texts[at + value], strings) if value >= 0 else None,
                style,
                formula,
                kind == "e",
            )
        at += row.texts
    if at != len(texts):
        raise ValueError("texts outside the rows")
    return replace(frame, cells=cells, heights=heights)


def _source(xml: str) -> _Source:
    found = _ROW.match(xml)
    if not found:
        raise ValueError("no plain row")
    cells = xml[found.end() :]
    digits, before, height, after, settings = found.groups()
    if height:
        settings = f'{before} ht=""{after}'
    if settings.count(" ht=") != bool(height):
        raise ValueError("no plain height")
    # Each cell has the number in its address. Where something else ends in it too, it stays.
    marked = cells.replace(digits + '"', _NUMBER + '"')
    if marked.count(_NUMBER) != marked.count("<c "):
        marked = f"{digits} {cells}"
    return _Source(int(digits), length(height) if height else None, settings + ">" + marked, xml)


@lru_cache(maxsize=64)
def _frame(head: str, tail: str, part: str, limits: Limits) -> Sheet:
    """What a sheet holds beside its rows. Raises ValueError where that is not plain."""
    declared = _DECLARED.match(head)
    if not declared or _NO_ELEMENT.search(head + tail, declared.end()):
        raise ValueError("no plain UTF-8, or more than elements")
    return read_sheet((head + tail).encode(), part, (), limits)


_known: dict[str, dict[str, _Row]] = {}
"""What is remembered: rows by the head of their sheet, which says what prefixes mean."""


def _rows(head: str, sources: Sequence[_Source], part: str, limits: Limits) -> list[_Row]:
    known = _known.get(head, {})
    new = {s.outline: s for s in sources if s.outline not in known}
    if new:
        learnt = dict(zip(new, _learnt(head, list(new.values()), part, limits), strict=True))
        if sum(len(o) for of_head in _known.values() for o in of_head) > _KEPT:
            _known.clear()
        known = _known[head] = {**known, **learnt}
    return [known[source.outline] for source in sources]


def _learnt(head: str, sources: Sequence[_Source], part: str, limits: Limits) -> Iterator[_Row]:
    """What these rows hold. Raises ValueError or WorkbookError where one of them is not plain.

    That all of them are rows of the sheet, none within another, says that each of them is
    well-formed by itself.
    """
    body = "".join([_numbered(source.xml) + "</row>" for source in sources])
    if _NO_ELEMENT.search(body):
        raise ValueError("more than elements")
    root = parse_xml(f"{head}{body}{_CLOSED}".encode(), part, limits)
    elements = root.findall(f"{NS}sheetData/{NS}row")
    for source, element in zip(sources, elements, strict=True):
        yield _row(element, source)


def _numbered(outline: str) -> str:
    """The outline with the numbers of its texts in their places."""
    numbers = count()
    return _TEXT.sub(lambda tag: f"{tag[1]}{next(numbers)}", outline)


def _row(element: etree._Element, source: _Source) -> _Row:
    columns: list[int] = []
    cells: list[Cell] = []
    filled: list[_Filled] = []
    numbers = count()
    for c in element.iterchildren(_CELL):
        row, column = parse_cell(c.attrib["r"])
        if row != source.number or row > MAX_ROW or c.attrib["r"] != cell_name(row, column):
            raise ValueError("another row")
        style = int(c.get("s", 0))
        columns.append(column)
        cells.append(blank(style))
        if len(c):
            filled.append(_filled(c, column, style, numbers))
    texts = len(_TEXT.findall(source.xml))
    if next(numbers) != texts:
        raise ValueError("texts outside the cells")
    return _Row(tuple(columns), tuple(cells), tuple(filled), texts)


def _filled(c: etree._Element, column: int, style: int, numbers: Iterator[int]) -> _Filled:
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
    return _Filled(column, style, kind, value, text, formula, key)


def _place(element: etree._Element, numbers: Iterator[int]) -> int:
    number = next(numbers)
    if element.text != str(number):
        raise ValueError("no plain text")
    return number


def _plain(text: str) -> str:
    """A text as XML reads it. Raises ValueError where an entity is not one of the five."""
    if text.count("&") != len(_ENTITY.findall(text)):
        raise ValueError(text)
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text)
