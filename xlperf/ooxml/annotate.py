"""Marking cells of a workbook: a fill, a note, and a new sheet that lists what was found.

A marked cell keeps its borders, font, number format, alignment and protection; what it holds is not
touched, and neither is any part of the workbook that a mark does not concern. Protected sheets can
be marked: protection binds the person who types, not the file.
"""

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from lxml import etree

from xlperf.ooxml.address import Area, cell_name, column_name, parse_cell
from xlperf.ooxml.notes import Grid, Note, add_notes
from xlperf.ooxml.package import Package, damaged
from xlperf.ooxml.package_edit import PackageEdit
from xlperf.ooxml.renaming import quoted
from xlperf.ooxml.sheet import Position, Sheet, SheetWriter, read_sheet, read_strings
from xlperf.ooxml.styles import MAX_ROW_HEIGHT, Styles, wrapped_height
from xlperf.ooxml.values import MAX_SHEET_NAME, MAX_TEXT, CellWriter
from xlperf.ooxml.workbook import MAIN, NS, RELATIONSHIPS, Workbook


@dataclass(frozen=True, slots=True)
class Mark:
    """One cell to mark: its fill, as RRGGBB, and what its note says."""

    sheet: str
    cell: str
    colour: str
    note: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the listing: its texts, the fill of the first, and the cell it leads to."""

    texts: tuple[str, ...]
    colour: str
    target: tuple[str, str] | None
    """Sheet and cell, or None where the line leads nowhere."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The sheet to add: a title, headings with the widths of their columns, and the lines.

    `link` is the column, from 0, whose text leads to the line's target.
    """

    name: str
    title: str
    headings: tuple[tuple[str, float], ...]
    link: int
    lines: tuple[Line, ...]


def annotate(package: Package, marks: Sequence[Mark], listing: Listing) -> Package:
    """The workbook with the marks and, behind its sheets, the listing.

    Where several marks fall upon one cell, or one merged area, the first gives the colour and the
    notes stand below each other. Raises WorkbookError when the workbook cannot be read.
    """
    workbook = Workbook.open(package)
    try:
        marker = _Marker(package, workbook)
        for place in workbook.sheets:
            if here := [mark for mark in marks if mark.sheet == place.name]:
                marker.mark(place.part, here)
        _add_listing(marker.edit, workbook, listing, marker.palette, marker.styles)
    except ValueError as error:  # a number that is none, in any part
        raise damaged(workbook.part) from error
    return marker.edit.package()


# ------------------------------------------------------------------------------ marked sheets


class _Marker:
    """Marks the sheets of one workbook."""

    def __init__(self, package: Package, workbook: Workbook) -> None:
        self._package = package
        self._strings = read_strings(package, workbook.shared_strings)
        self.edit = PackageEdit(package)
        self.styles = Styles.open(package, workbook.styles)
        part = workbook.styles or _add_styles(self.edit, workbook.part)
        self.palette = _Palette(self.edit.tree(part))

    def mark(self, part: str, marks: Sequence[Mark]) -> None:
        xml, root = self._package.read(part), self._package.xml(part)
        sheet = read_sheet(xml, part, self._strings)
        areas = gathered(sheet, marks)
        looks = _Looks(root, sheet)
        writer = SheetWriter(xml, part, [(area.top, area.left) for area, _, _ in areas], ())
        cells, notes = {}, []
        for area, colour, text in areas:
            place = area.top, area.left
            style = self.palette.filled(looks.style(place), colour)
            cells[place] = _restyled(writer.original(place), place, style)
            notes.append(Note(area, text))
        drawing = _legacy_drawing(self._package, part, root)
        key = add_notes(self.edit, part, drawing, notes, Grid(sheet, self.styles))
        new = writer.write(cells)
        self.edit.write(part, _with_legacy_drawing(new, key) if key else new)


def gathered(sheet: Sheet, marks: Sequence[Mark]) -> list[tuple[Area, str, str]]:
    """Cells and merged areas to mark, in order: each with its fill and the text of its note."""
    areas: dict[Area, list[Mark]] = {}
    for mark in marks:
        areas.setdefault(_area(sheet, *parse_cell(mark.cell)), []).append(mark)
    return [
        (area, found[0].colour, "\n\n".join(mark.note for mark in found)[:MAX_TEXT])
        for area, found in sorted(areas.items(), key=lambda pair: pair[0])
    ]


def _area(sheet: Sheet, row: int, column: int) -> Area:
    """The merged area that holds the cell, or the cell alone."""
    merged = (area for area in sheet.merges if area.holds(row, column))
    return next(merged, Area(row, column, row, column))


class _Looks:
    """The style of any cell of a sheet: its own, else that of its row, else of its column."""

    def __init__(self, root: etree._Element, sheet: Sheet) -> None:
        self._sheet = sheet
        self._rows = {
            int(row.get("r", "0")): int(row.get("s", "0"))
            for row in root.iterfind(f"{NS}sheetData/{NS}row")
            if row.get("customFormat") in ("1", "true")
        }
        self._columns = [
            (int(col.get("min", "0")), int(col.get("max", "0")), int(col.get("style", "0")))
            for col in root.iterfind(f"{NS}cols/{NS}col")
        ]

    def style(self, position: Position) -> int:
        if cell := self._sheet.cell(position):
            return cell.style
        row, column = position
        if row in self._rows:
            return self._rows[row]
        return next((s for first, last, s in self._columns if first <= column <= last), 0)


_CELL_TAG = re.compile(rb"<c\b[^>]*>")
_STYLE = re.compile(rb"\ss=(?:\"[^\"]*\"|'[^']*')")


def _restyled(cell: bytes, position: Position, style: int) -> bytes:
    tag = _CELL_TAG.match(cell)
    if not tag:
        return CellWriter(cell_name(*position), style).blank
    return b'<c s="%d"' % style + _STYLE.sub(b"", tag[0])[2:] + cell[tag.end() :]


def _legacy_drawing(package: Package, part: str, root: etree._Element) -> str | None:
    """The VML part with the sheet's boxes and controls; the header's pictures have another."""
    element = root.find(NS + "legacyDrawing")
    if element is None:
        return None
    link = package.relationships(part).get(element.get(f"{{{RELATIONSHIPS}}}id", ""))
    if link is None:
        raise damaged(part)
    return link.target


# Elements that come after legacyDrawing in a worksheet (ECMA-376 part 1, 18.3.1.99); controls and
# embedded objects may be wrapped in AlternateContent.
_AFTER_DRAWING = {
    "legacyDrawingHF", "drawingHF", "picture", "oleObjects", "controls", "webPublishItems",
    "tableParts", "extLst", "AlternateContent",
}  # fmt: skip


def _with_legacy_drawing(xml: bytes, key: str) -> bytes:
    """The sheet with a reference to its drawing, put in at its place."""
    place, depth, below_data = 0, 0, False
    parser = expat.ParserCreate()

    def start(tag: str, _: object) -> None:
        nonlocal place, depth, below_data
        name = tag.rpartition(":")[2]
        if depth == 1 and below_data and not place and name in _AFTER_DRAWING:
            place = parser.CurrentByteIndex
        below_data = below_data or (depth == 1 and name == "sheetData")
        depth += 1

    def end(_: str) -> None:
        nonlocal place, depth
        depth -= 1
        if not depth and not place:
            place = parser.CurrentByteIndex

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(xml, True)
    element = f'<legacyDrawing xmlns:r="{RELATIONSHIPS}" r:id="{key}"/>'.encode()
    return xml[:place] + element + xml[place:]


# ------------------------------------------------------------------------------------- styles

_STYLES = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_SECTIONS = (
    "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs",
    "tableStyles", "colors", "extLst",
)  # fmt: skip
_BARE_STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="宋体"/></font>'
    '</fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill>'
    '<patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/>'
    '<top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="1"><xf xfId="0"/></cellXfs></styleSheet>'
)


def _add_styles(edit: PackageEdit, workbook: str) -> str:
    usual = "xl/styles.xml"
    name = "xl/styles{}.xml" if usual in edit else usual
    part = edit.add(name, _BARE_STYLES.encode(), _STYLES)
    edit.relate(workbook, "styles", part)
    return part


class _Palette:
    """The styles part while formats are added behind those that it has."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._fills: dict[str, int] = {}
        self._filled: dict[tuple[int, str], int] = {}

    def filled(self, style: int, colour: str) -> int:
        """The format that is `style` with this fill."""
        if (style, colour) not in self._filled:
            formats = self._section("cellXfs")
            base = formats[style] if style < len(formats) else formats[0]
            format_ = deepcopy(base)
            format_.set("fillId", str(self._fill(colour)))
            format_.set("applyFill", "1")
            self._filled[style, colour] = _append(formats, format_)
        return self._filled[style, colour]

    def text(self, font: str, *, framed: bool = False, colour: str = "") -> int:
        """A new format for text. `font` holds the font's elements, without its name."""
        name = '<name val="宋体"/><family val="3"/><charset val="134"/>'
        font_id = _append(self._section("fonts"), _element(f"<font>{font}{name}</font>"))
        format_ = _element(
            f'<xf numFmtId="0" fontId="{font_id}" fillId="{self._fill(colour) if colour else 0}" '
            f'borderId="{self._frame if framed else 0}" xfId="0" applyFont="1" applyFill="1" '
            f'applyBorder="1" applyAlignment="1"><alignment vertical="center" '
            f'wrapText="{framed:d}"/></xf>'
        )
        return _append(self._section("cellXfs"), format_)

    @cached_property
    def _frame(self) -> int:
        line = 'style="thin"><color rgb="FFBFBFBF"/>'
        sides = "".join(f"<{side} {line}</{side}>" for side in ("left", "right", "top", "bottom"))
        return _append(self._section("borders"), _element(f"<border>{sides}<diagonal/></border>"))

    def _fill(self, colour: str) -> int:
        if colour not in self._fills:
            fill = _element(
                f'<fill><patternFill patternType="solid"><fgColor rgb="FF{colour}"/>'
                '<bgColor indexed="64"/></patternFill></fill>'
            )
            self._fills[colour] = _append(self._section("fills"), fill)
        return self._fills[colour]

    def _section(self, name: str) -> etree._Element:
        found = self._root.find(NS + name)
        if found is None:
            found = deepcopy(etree.fromstring(_BARE_STYLES).find(NS + name))
            assert found is not None
            before = {NS + other for other in _SECTIONS[: _SECTIONS.index(name)]}
            self._root.insert(sum(child.tag in before for child in self._root), found)
        return found


def _element(xml: str) -> etree._Element:
    """An element of the main namespace."""
    return etree.fromstring(f'<a xmlns="{MAIN}">{xml}</a>')[0]


def _append(section: etree._Element, element: etree._Element) -> int:
    """Add to a section of the styles part; the new element's index."""
    section.append(element)
    section.set("count", str(len(section)))
    return len(section) - 1


# ------------------------------------------------------------------------------------ listing

_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_HEADING_COLOUR, _TAB_COLOUR, _LINK_COLOUR = "E7E6E6", "C00000", "0563C1"
_HEADING_ROW = 2
_TITLE_HEIGHT, _HEADING_HEIGHT, _AIR = 30.0, 21.0, 3.0
_FONT_SIZE = 11.0
# Elements that come before definedNames in a workbook part (ECMA-376 part 1, 18.2.27).
_BEFORE_NAMES = {
    NS + tag
    for tag in (
        "fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets",
        "functionGroups", "externalReferences",
    )
}  # fmt: skip


def _add_listing(
    edit: PackageEdit, workbook: Workbook, listing: Listing, palette: _Palette, styles: Styles
) -> None:
    name = free_name(listing.name, [sheet.name for sheet in workbook.sheets])
    part = edit.add("xl/worksheets/sheet{}.xml", _listing_xml(listing, palette, styles), _SHEET)
    root = edit.tree(workbook.part)
    sheets = root.find(NS + "sheets")
    assert sheets is not None
    sheet = etree.SubElement(sheets, NS + "sheet")
    sheet.set("name", name)
    sheet.set("sheetId", str(max((int(s.get("sheetId", "0")) for s in sheets), default=0) + 1))
    sheet.set(f"{{{RELATIONSHIPS}}}id", edit.relate(workbook.part, "worksheet", part))
    names = root.find(NS + "definedNames")
    if names is None:
        names = etree.Element(NS + "definedNames")
        root.insert(sum(child.tag in _BEFORE_NAMES for child in root), names)
    for special, range_ in (
        ("_xlnm.Print_Titles", f"${_HEADING_ROW}:${_HEADING_ROW}"),
        ("_xlnm._FilterDatabase", _table(listing, "$")),
    ):
        element = etree.SubElement(names, NS + "definedName")
        element.set("name", special)
        element.set("localSheetId", str(len(workbook.sheets)))
        if special.endswith("Database"):
            element.set("hidden", "1")
        element.text = f"{quoted(name)}!{range_}"


def _listing_xml(listing: Listing, palette: _Palette, styles: Styles) -> bytes:
    title = palette.text('<b/><sz val="14"/>')
    heading = palette.text('<b/><sz val="11"/>', framed=True, colour=_HEADING_COLOUR)
    plain = palette.text('<sz val="11"/>', framed=True)
    link = palette.text(f'<u/><sz val="11"/><color rgb="FF{_LINK_COLOUR}"/>', framed=True)
    headings = [
        CellWriter(name, heading).text(text)
        for name, text in _named(_HEADING_ROW, [text for text, _ in listing.headings])
    ]
    rows = [
        _row(1, _TITLE_HEIGHT, [CellWriter("A1", title).text(listing.title)]),
        _row(_HEADING_ROW, _HEADING_HEIGHT, headings),
    ]
    widths = [styles.column_points(width) for _, width in listing.headings]
    links = []
    for row, line in enumerate(listing.lines, start=_HEADING_ROW + 1):
        looks = [plain] * len(line.texts)
        looks[0] = palette.filled(plain, line.colour)
        if line.target:
            looks[listing.link] = link
            links.append(_hyperlink(cell_name(row, listing.link + 1), *line.target))
        named = zip(looks, _named(row, line.texts), strict=True)
        cells = [CellWriter(name, look).text(text) for look, (name, text) in named]
        rows.append(_row(row, _height(line.texts, widths), cells))
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width:g}" customWidth="1"/>'
        for number, (_, width) in enumerate(listing.headings, start=1)
    )
    below = cell_name(_HEADING_ROW + 1, 1)
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}">'
        f'<sheetPr><tabColor rgb="FF{_TAB_COLOUR}"/><pageSetUpPr fitToPage="1"/></sheetPr>'
        '<sheetViews><sheetView showGridLines="0" workbookViewId="0">'
        f'<pane ySplit="{_HEADING_ROW}" topLeftCell="{below}" activePane="bottomLeft" '
        f'state="frozen"/><selection pane="bottomLeft" activeCell="{below}" sqref="{below}"/>'
        '</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        f"<cols>{columns}</cols><sheetData>{b''.join(rows).decode()}</sheetData>"
        f'<autoFilter ref="{_table(listing, "")}"/>'
        + (f"<hyperlinks>{''.join(links)}</hyperlinks>" if links else "")
        + '<pageMargins left="0.4" right="0.4" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
        "<headerFooter><oddFooter>&amp;C&amp;P / &amp;N</oddFooter></headerFooter></worksheet>"
    ).encode()


def _row(number: int, height: float, cells: Sequence[bytes]) -> bytes:
    tag = b'<row r="%d" ht="%g" customHeight="1">' % (number, height)
    return tag + b"".join(cells) + b"</row>"


def _height(texts: Sequence[str], widths: Sequence[float]) -> float:
    needed = (wrapped_height(t, w, _FONT_SIZE) for t, w in zip(texts, widths, strict=True))
    return min(max(needed) + _AIR, MAX_ROW_HEIGHT)


def _named(row: int, texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(cell_name(row, column), text) for column, text in enumerate(texts, start=1)]


def _hyperlink(reference: str, sheet: str, cell: str) -> str:
    return f'<hyperlink ref="{reference}" location={quoteattr(location(sheet, cell))}/>'


def location(sheet: str, cell: str) -> str:
    """A place of the workbook as a link names it."""
    return f"{quoted(sheet)}!{cell}"


def _table(listing: Listing, mark: str) -> str:
    """The area of headings and lines, as `A2:G9` or, with `$`, as `$A$2:$G$9`."""
    last, bottom = column_name(len(listing.headings)), _HEADING_ROW + len(listing.lines)
    return f"{mark}A{mark}{_HEADING_ROW}:{mark}{last}{mark}{bottom}"


def free_name(name: str, taken: Sequence[str]) -> str:
    """The name, numbered where a sheet has it already; Excel does not tell a from A."""
    used = {other.casefold() for other in taken}
    for number in count(2):
        if name.casefold() not in used:
            break
        tail = f" ({number})"
        name = name.removesuffix(f" ({number - 1})")[: MAX_SHEET_NAME - len(tail)] + tail
    return name
