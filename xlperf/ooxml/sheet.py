"""One worksheet part: read as cells, or split into literal bytes and slots that are written anew.

Reading goes through lxml. Splitting needs to know where in the bytes every row and cell stands,
which expat tells; what is not a slot is then written back as the very bytes that were there.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple
from xml.parsers import expat

from lxml import etree

from xlperf.ooxml.address import MAX_COLUMN, MAX_ROW, Area, cell_name, parse_area, parse_cell
from xlperf.ooxml.package import Package, damaged, parse_xml
from xlperf.ooxml.preflight import DEFAULT, Limits, check_arrays, check_merges
from xlperf.ooxml.values import unescape
from xlperf.ooxml.workbook import NS, serialize

Position = tuple[int, int]
"""Row and column, both 1-based."""

CellValue = float | str | bool | None

# Elements that come before mergeCells in a worksheet (ECMA-376 part 1, 18.3.1.99).
_BEFORE_MERGES = {
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr",
    "sheetProtection", "protectedRanges", "scenarios", "autoFilter", "sortState",
    "dataConsolidate", "customSheetViews",
}  # fmt: skip
_CELL, _VALUE, _INLINE, _TEXT = NS + "c", NS + "v", NS + "is", NS + "t"
_TAG = re.compile(rb"<[^\"'>]*(?:\"[^\"]*\"[^\"'>]*|'[^']*'[^\"'>]*)*>")
_PREFIX = re.compile(rb"<([A-Za-z_][\w.-]*):worksheet[\s>]")
_HEIGHT = re.compile(rb"\s(?:ht|customHeight)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_TYPE = re.compile(rb"\st\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_FORMULA = re.compile(
    rb"<f(?:\s[^>]*)?(?:/>|>(?:[^<]++|<!\[CDATA\[.*?\]\]>|<!--.*?-->)*+</f>)", re.DOTALL
)
_FILLING = re.compile(rb"<f\s[^>]*\bt\s*=\s*[\"'](?:array|dataTable)[\"']")
_ENCODING = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding=[\"']([^\"']*)")
_DEFAULT_WIDTH, _DEFAULT_HEIGHT = 8.43, 15.0
_LONGEST = 409.5
# Excel takes 8192 characters, in its own spelling: a file may need more for the same formula.
_LONGEST_FORMULA = 32768
# Formulas that cells share are copied, so a small file can ask for endless text.
_COPIED_SHARE = 8


class Cell(NamedTuple):
    """What one cell holds: a number, text, a truth value, or an error such as `#DIV/0!`."""

    value: CellValue
    style: int = 0
    formula: str | None = None
    error: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """The content of a worksheet part that templates need."""

    cells: Mapping[Position, Cell]
    merges: tuple[Area, ...]
    widths: Mapping[int, float]
    heights: Mapping[int, float]
    default_width: float
    default_height: float

    def cell(self, position: Position) -> Cell | None:
        return self.cells.get(position)

    def width(self, first: int, last: int) -> float:
        """Width of the columns `first` to `last` together, in characters."""
        return sum(self.widths.get(c, self.default_width) for c in range(first, last + 1))

    def height(self, row: int) -> float:
        """Height of a row in points."""
        return self.heights.get(row, self.default_height)


@lru_cache(maxsize=1024)
def blank(style: int) -> Cell:
    return Cell(None, style)


def read_sheet(xml: bytes, part: str, strings: Sequence[str], limits: Limits = DEFAULT) -> Sheet:
    """Cells, merged areas and sizes of a worksheet part.

    `strings` are the workbook's shared strings. Raises WorkbookError when the part is damaged or
    beyond the limits.
    """
    root = parse_xml(xml, part, limits)
    cells: dict[Position, Cell] = {}
    heights: dict[int, float] = {}
    formulas = Formulas(limits)
    try:
        row_number = 0
        for row in root.iterfind(f"{NS}sheetData/{NS}row"):
            row_number = int(row.get("r") or row_number + 1)
            if not 1 <= row_number <= MAX_ROW:
                raise ValueError(row_number)
            if height := row.get("ht"):
                heights[row_number] = length(height)
            column = 0
            for c in row.iterchildren(_CELL):
                reference = c.get("r")
                column = parse_cell(reference)[1] if reference else column + 1
                if column > MAX_COLUMN:
                    raise ValueError(column)
                value: CellValue = None
                formula: str | None = None
                style = int(c.get("s", 0))
                if not len(c):  # most cells of a form only carry its lines
                    cells[row_number, column] = blank(style)
                    continue
                kind = c.get("t", "n")
                for child in c:
                    tag = child.tag
                    if tag == _VALUE:
                        value = cell_value(kind, child.text or "", strings)
                    elif tag == NS + "f":
                        key = child.get("si", "") if child.get("t") == "shared" else None
                        formula = formulas.read(child.text or "", key, (row_number, column))
                    elif tag == _INLINE:
                        value = string_item(child)
                cells[row_number, column] = Cell(value, style, formula, kind == "e")
        merges = tuple(
            parse_area(m.get("ref", "")) for m in root.iterfind(f"{NS}mergeCells/{NS}mergeCell")
        )
        check_merges(len(merges), max((area.size for area in merges), default=0), part, limits)
        widths: dict[int, float] = {}
        done = 0
        for col in root.iterfind(f"{NS}cols/{NS}col"):
            if width := col.get("width"):
                # They stand in order; what repeats earlier columns is not gone through again.
                first = max(int(col.get("min", 1)), done + 1)
                done = max(done, min(int(col.get("max", 1)), 1024))
                widths |= dict.fromkeys(range(first, done + 1), length(width))
        settings = root.find(f"{NS}sheetFormatPr")
        default_width, default_height = _DEFAULT_WIDTH, _DEFAULT_HEIGHT
        if settings is not None:
            default_width = length(settings.get("defaultColWidth") or default_width)
            default_height = length(settings.get("defaultRowHeight") or default_height)
    except (ValueError, LookupError) as error:
        raise damaged(part) from error
    return Sheet(cells, merges, widths, heights, default_width, default_height)


def with_spills(sheet: Sheet, xml: bytes, part: str, limits: Limits = DEFAULT) -> Sheet:
    """The sheet with a formula in every cell that the formula of another one fills.

    These are the cells of array formulas and of what-if tables. The formula is one that cannot be
    computed here, and tells on what the cell depends. Raises WorkbookError when there are more such
    cells than a form may have.
    """
    xml = normalized(xml, part)
    if not _FILLING.search(xml):
        return sheet
    formulas: dict[Area, tuple[str, bool]] = {}
    for element in parse_xml(xml, part, limits).iterfind(f"{NS}sheetData/{NS}row/{_CELL}/{NS}f"):
        if element.get("t") not in ("array", "dataTable"):
            continue
        area = parse_area(element.get("ref", ""))
        if element.get("t") == "array":
            formulas[area] = f"_xlfn.ANCHORARRAY({cell_name(area.top, area.left)})", True
        else:
            row, column = max(area.top - 1, 1), max(area.left - 1, 1)
            read = [Area(row, column, row, area.right).text]
            read.append(Area(row, column, area.bottom, column).text)
            read += filter(None, (element.get("r1"), element.get("r2")))
            formulas[area] = f"TABLE({','.join(read)})", False
    check_arrays(sum(area.size for area in formulas), part, limits)
    cells = dict(sheet.cells)
    for area, (formula, of_first) in formulas.items():
        for place in area.cells():
            if not (of_first and place == (area.top, area.left)):
                cells[place] = cells.get(place, blank(0))._replace(formula=formula)
    return replace(sheet, cells=cells)


def cell_value(kind: str, text: str, strings: Sequence[str]) -> CellValue:
    """What a cell of this type holds whose value is this text.

    Raises ValueError or LookupError where it cannot be that.
    """
    if kind == "s":
        return strings[_index(text)]
    if kind == "b":
        return text.strip() in ("1", "true")
    if kind in ("str", "e", "d"):
        return unescape(text)
    return _finite(text) if text else None


def _finite(text: str | float) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def length(text: str | float) -> float:
    """A width or height; Excel allows none above 409.5."""
    return min(max(_finite(text), 0.0), _LONGEST)


def _index(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def string_item(item: etree._Element) -> str:
    """Text of a shared or inline string: its runs joined, without phonetic guides."""
    if len(item) == 1 and item[0].tag == _TEXT:
        return unescape(item[0].text or "")
    return unescape("".join(t.text or "" for t in item.iterfind(_TEXT))) or unescape(
        "".join(t.text or "" for t in item.iterfind(f"{NS}r/{_TEXT}"))
    )


def read_strings(package: Package, part: str | None) -> tuple[str, ...]:
    """The shared strings of a workbook, in order."""
    if part is None or part not in package:
        return ()
    return _strings(package.read(part), part)


# Workbooks made from one template share the part to the byte.
@lru_cache(maxsize=8)
def _strings(data: bytes, part: str) -> tuple[str, ...]:
    return tuple(string_item(item) for item in parse_xml(data, part).iterfind(f"{NS}si"))


class Formulas:
    """The formulas of one sheet as they read in their cells."""

    def __init__(self, limits: Limits) -> None:
        self._shared: dict[str, tuple[str, Position]] = {}
        self._room = limits.part // _COPIED_SHARE

    def read(self, text: str, key: str | None, position: Position) -> str:
        """The formula of a cell; one without text is that of the first cell with its `key`.

        Raises ValueError where it is too long, or what was copied is, KeyError for another key.
        """
        if key is not None and text:
            self._shared[key] = text, position
        elif key is not None:
            master, (row, column) = self._shared[key]
            text = _copied(master, position[0] - row, position[1] - column)
            self._room -= len(text)
        if len(text) > _LONGEST_FORMULA or self._room < 0:
            raise ValueError("formulas")
        return text


# Workbooks made from one template have them alike.
@lru_cache(maxsize=1024)
def _copied(formula: str, rows: int, columns: int) -> str:
    from xlperf.ooxml.references import moved  # few sheets share formulas

    return moved(formula, rows, columns)


@lru_cache(maxsize=4096)
def split_formula(cell: bytes) -> tuple[bytes, bytes]:
    """A cell as its open tag, without type and bracket, and its formula element.

    Between the two goes what `values.cached_value` gives for another value. A cell that the formula
    of another one fills has none of its own.
    """
    tag = _TAG.match(cell)
    if not tag:
        raise ValueError("not a cell")
    formula = _FORMULA.search(cell)
    start = _TYPE.sub(b"", tag[0]).removesuffix(b">").removesuffix(b"/")
    return start, formula[0] if formula else b""


class SheetWriter:
    """Writes a worksheet part whose `cells`, rows in `heights` and merged areas vary.

    Everything else is the bytes of `xml`. Cells and rows that the sheet does not hold yet are put
    in their place.
    """

    def __init__(
        self,
        xml: bytes,
        part: str,
        cells: Collection[Position],
        heights: Collection[int],
        merges: Collection[Area] | None = None,
    ) -> None:
        """`merges` are the areas that stay merged when others are given; None leaves all as is."""
        xml = normalized(xml, part)
        scan = _Scan(xml, part)
        self._pieces: list[bytes] = []
        self._cells: dict[Position, int] = {}
        self._heights: dict[int, tuple[int, bytes]] = {}
        self._merges: int | None = None
        self._kept_merges = _merge_items(merges or ()), len(merges or ())
        wanted: dict[int, set[int]] = {row: set() for row in heights}
        for row, column in cells:
            wanted.setdefault(row, set()).add(column)

        at = 0
        for row in sorted({*scan.rows, *wanted}):
            if row not in wanted:
                continue
            found = scan.rows.get(row)
            start = found.start if found else scan.row_place(row)
            self._pieces.append(xml[at:start])
            at = self._add_row(xml, row, wanted[row], found, slot=row in heights) or start
        if merges is not None:
            start, end = scan.merges or (scan.merges_place, scan.merges_place)
            self._pieces.append(xml[at:start])
            self._merges = len(self._pieces)
            self._pieces.append(b"")
            at = end
        self._pieces.append(xml[at:])

    def _add_row(
        self, xml: bytes, row: int, columns: set[int], found: "_Row | None", *, slot: bool
    ) -> int | None:
        """Add the pieces of one row; the place in `xml` where the row ends, None for a new row."""
        tag = xml[found.start : found.content] if found else b'<row r="%d">' % row
        tag = tag.removesuffix(b">").removesuffix(b"/")
        if slot:
            self._heights[row] = len(self._pieces), _HEIGHT.sub(b"", tag)
        self._pieces.append(tag + b">")
        old = found.cells if found else {}
        for column in sorted({*old, *columns}):
            if column in columns:
                self._cells[row, column] = len(self._pieces)
            start, end = old.get(column, (0, 0))
            self._pieces.append(xml[start:end])
        self._pieces.append(b"</row>")
        return found.end if found else None

    def place(self, position: Position) -> int:
        """Where the element of a cell stands among the `pieces`."""
        return self._cells[position]

    def pieces(self) -> list[bytes]:
        """The sheet in pieces, cells as they were; some to be written anew, all for `join`."""
        return self._pieces.copy()

    def put(self, position: Position, cell: bytes) -> None:
        """Let this be what the cell is from now on, where it is not written anew."""
        self._pieces[self._cells[position]] = cell

    def original(self, position: Position) -> bytes:
        """The cell element as it stands in the sheet; empty where there is none."""
        return self._pieces[self._cells[position]]

    def write(
        self,
        cells: Mapping[Position, bytes],
        heights: Mapping[int, float] | None = None,
        merges: Collection[Area] = (),
    ) -> bytes:
        """The part with these cell elements, row heights in points, and further merged areas."""
        pieces = self.pieces()
        for position, data in cells.items():
            pieces[self._cells[position]] = data
        return self.join(pieces, heights, merges)

    def join(
        self,
        pieces: list[bytes],
        heights: Mapping[int, float] | None = None,
        merges: Collection[Area] = (),
    ) -> bytes:
        """As `write`, from `pieces` in which cells were replaced in their places."""
        for row, height in (heights or {}).items():
            place, tag = self._heights[row]
            pieces[place] = tag + b' ht="%g" customHeight="1">' % height
        if self._merges is not None:
            kept, count = self._kept_merges
            if count := count + len(merges):
                items = kept + _merge_items(merges)
                pieces[self._merges] = b'<mergeCells count="%d">%b</mergeCells>' % (count, items)
        return b"".join(pieces)


def _merge_items(areas: Collection[Area]) -> bytes:
    return "".join(f'<mergeCell ref="{area.text}"/>' for area in areas).encode()


@dataclass(slots=True)
class _Row:
    """Where a row stands: its tag at `start`, its content, the byte after its end tag."""

    start: int
    content: int
    end: int
    cells: dict[int, tuple[int, int]]


class _Scan:
    """Byte offsets of the rows, the cells and the merged areas of a worksheet part."""

    def __init__(self, xml: bytes, part: str) -> None:
        self.rows: dict[int, _Row] = {}
        self.merges: tuple[int, int] | None = None
        self.merges_place = 0
        self._xml = xml
        self._path: list[str] = []
        self._empty_ends: list[int | None] = []
        self._start = 0
        self._row = self._column = 0
        self._data_end = 0
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        self._parser = parser
        try:
            parser.Parse(xml, True)
        except (expat.ExpatError, ValueError) as error:
            raise damaged(part) from error
        if not self._data_end:
            raise damaged(part)

    def row_place(self, row: int) -> int:
        """Where a row that does not exist yet goes."""
        after = [r.start for number, r in self.rows.items() if number > row]
        return min(after, default=self._data_end)

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        at, path = self._parser.CurrentByteIndex, self._path
        end = self._tag_end(at)
        # Of an empty element expat does not tell where it ends.
        self._empty_ends.append(end if self._xml[end - 2 : end] == b"/>" else None)
        if len(path) == 1 and not self.merges_place and tag not in _BEFORE_MERGES:
            self.merges_place = at
        if path[1:] == ["sheetData"] and tag == "row":
            number = int(attributes.get("r") or self._row + 1)
            if number <= self._row:
                raise ValueError(number)  # rows and cells stand in order, each of them once
            self._row, self._column = number, 0
            self.rows[self._row] = _Row(at, end, end, {})
        elif path[1:] == ["sheetData", "row"] and tag == "c":
            reference = attributes.get("r")
            column = parse_cell(reference)[1] if reference else self._column + 1
            if column <= self._column:
                raise ValueError(reference)
            self._column, self._start = column, at
        elif len(path) == 1 and tag == "mergeCells":
            self._start = at
        path.append(tag)

    def _close(self, tag: str) -> None:
        at = self._parser.CurrentByteIndex
        end = self._empty_ends.pop() or self._tag_end(at)
        path = self._path
        path.pop()
        if path[1:] == ["sheetData", "row"] and tag == "c":
            self.rows[self._row].cells[self._column] = self._start, end
        elif path[1:] == ["sheetData"] and tag == "row":
            self.rows[self._row].end = end
        elif len(path) == 1 and tag == "sheetData":
            self._data_end = at
        elif len(path) == 1 and tag == "mergeCells":
            self.merges = self._start, end
        elif not path and not self.merges_place:
            self.merges_place = at

    def _tag_end(self, at: int) -> int:
        match = _TAG.match(self._xml, at)
        return match.end() if match else at


def normalized(xml: bytes, part: str) -> bytes:
    """The part in UTF-8, its own namespace the default one, its row list open to new rows."""
    declared = _ENCODING.match(xml)
    if b"\0" in xml[:4] or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii")):
        xml = serialize(parse_xml(xml, part))
    if match := _PREFIX.search(xml):
        xml = re.sub(rb"(</?)%s:" % match[1], rb"\1", xml)
        xml = xml.replace(b"xmlns:%s=" % match[1], b"xmlns=", 1)
    return re.sub(rb"<sheetData\s*/>", b"<sheetData></sheetData>", xml, count=1)
