"""Notes on cells: the comments part with the texts, and the VML drawing with a box for each.

Both belong to one sheet. What is there already stays: notes are added behind, and a cell that has
one gets the new text below the old. VML is edited as bytes, because Office writes it with markup
that an XML parser refuses. All that is added to it is ASCII.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lxml import etree

from xlperf.ooxml.address import MAX_COLUMN, MAX_ROW, Area, cell_name
from xlperf.ooxml.package import damaged
from xlperf.ooxml.package_edit import PackageEdit
from xlperf.ooxml.sheet import Position, Sheet
from xlperf.ooxml.styles import Styles, wrapped_height
from xlperf.ooxml.values import escape
from xlperf.ooxml.workbook import MAIN, NS, serialize

_AUTHOR = "xlperf"
_FONT_SIZE = 9.0
_WIDTH, _HIGHEST = 250, 600  # pixels of a box
_MARGIN = 12
_PIXELS_PER_POINT = 96 / 72
_BESIDE, _ABOVE = 15, 8  # pixels between the cell and its box

_COMMENTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml"
_VML = "application/vnd.openxmlformats-officedocument.vmlDrawing"


@dataclass(frozen=True, slots=True)
class Note:
    """A text for the cell at the upper left of `area`, which is one cell or a merged area."""

    area: Area
    text: str

    @property
    def origin(self) -> Position:
        return self.area.top, self.area.left


def add_notes(
    edit: PackageEdit,
    part: str,
    drawing: str | None,
    notes: Collection[Note],
    grid: "Grid",
) -> str | None:
    """Put notes on cells of the sheet `part`, whose boxes are in the VML part `drawing`, if any.

    Where there was no drawing, gives the id of the relationship to the new one, which the sheet's
    `legacyDrawing` has to name.
    """
    grown = _add_texts(edit, part, notes)
    old = _EMPTY_VML if drawing is None else edit.read(drawing)
    there = {_place(shape[0]) for shape in _NOTE.finditer(old)}
    boxes = [grid.box(note) for note in notes if note.origin not in there]
    new = _with_boxes(_lengthened(old, grown, grid), boxes, _free_block(edit))
    if drawing is not None:
        edit.write(drawing, new)
        return None
    return edit.relate(part, "vmlDrawing", edit.add("xl/drawings/vmlDrawing{}.vml", new, _VML))


# ------------------------------------------------------------------------------------- texts


def _add_texts(edit: PackageEdit, part: str, notes: Collection[Note]) -> dict[Position, str]:
    """Write the texts; of the cells that had a note already, what was added to it."""
    comments = edit.related(part, "comments")
    if comments is None:
        root = etree.fromstring(
            f'<comments xmlns="{MAIN}"><authors/><commentList/></comments>'.encode()
        )
    else:
        root = edit.tree(comments)
    authors, items = root.find(NS + "authors"), root.find(NS + "commentList")
    if authors is None or items is None:
        raise damaged(comments or part)
    there = {item.get("ref"): item.find(NS + "text") for item in items}
    author = _author(authors)
    grown = {}
    for note in notes:
        name = cell_name(*note.origin)
        old = there.get(name)
        if old is not None:
            _append(old, note.text)
            grown[note.origin] = note.text
        else:
            run = etree.tostring(_run(note.text)).decode()
            items.append(
                etree.fromstring(
                    f'<comment xmlns="{MAIN}" ref="{name}" authorId="{author}">'
                    f"<text>{run}</text></comment>"
                )
            )
    if comments is None:
        name = edit.add("xl/comments{}.xml", serialize(root), _COMMENTS)
        edit.relate(part, "comments", name)
    return grown


def _author(authors: etree._Element) -> int:
    names = [author.text for author in authors]
    if _AUTHOR not in names:
        etree.SubElement(authors, NS + "author").text = _AUTHOR
        return len(names)
    return names.index(_AUTHOR)


def _run(text: str) -> etree._Element:
    return etree.fromstring(
        f'<r xmlns="{MAIN}"><rPr><sz val="{_FONT_SIZE:g}"/><color indexed="81"/>'
        '<rFont val="宋体"/><family val="3"/><charset val="134"/></rPr>'
        f'<t xml:space="preserve">{escape(text)}</t></r>'
    )


def _append(old: etree._Element, text: str) -> None:
    """Add a run of text behind those of a note, before the phonetic guides."""
    plain = old.find(NS + "t")
    if plain is not None:
        run = etree.Element(NS + "r")
        old.replace(plain, run)
        run.append(plain)
    runs = old.findall(NS + "r")
    place = old.index(runs[-1]) + 1 if runs else 0
    old.insert(place, _run("\n\n" + text if runs else text))


# ------------------------------------------------------------------------------------- boxes


@dataclass(frozen=True, slots=True)
class _Box:
    """Where the box of a note stands: column, offset, row, offset of its two corners, from 0."""

    row: int
    column: int
    anchor: tuple[int, ...]


class Grid:
    """Columns and rows of a sheet in pixels, to say where a box of some size ends."""

    def __init__(self, sheet: Sheet, styles: Styles) -> None:
        self._sheet = sheet
        self._styles = styles

    def box(self, note: Note) -> _Box:
        area = note.area
        left, top = min(area.right, MAX_COLUMN - 2), max(area.top - 2, 0)
        right = self.across(left, _BESIDE, _WIDTH)
        bottom = self.down(top, _ABOVE, self.height(note.text))
        anchor = (left, _BESIDE, top, _ABOVE, *right, *bottom)
        return _Box(area.top - 1, area.left - 1, anchor)

    def height(self, text: str) -> int:
        """Pixels that a text takes in a box."""
        points = wrapped_height(text, (_WIDTH - _MARGIN) / _PIXELS_PER_POINT, _FONT_SIZE)
        return min(round(points * _PIXELS_PER_POINT) + _MARGIN, _HIGHEST)

    def across(self, column: int, offset: int, pixels: int) -> tuple[int, int]:
        """The column, and the offset in it, that lie so many pixels to the right."""
        left = offset + pixels
        while column < MAX_COLUMN - 1 and left > (here := self._width(column + 1)):
            left, column = left - here, column + 1
        return column, left

    def down(self, row: int, offset: int, pixels: int) -> tuple[int, int]:
        """The row, and the offset in it, that lie so many pixels further down."""
        left = offset + pixels
        while row < MAX_ROW - 1 and left > (here := self._height(row + 1)):
            left, row = left - here, row + 1
        return row, left

    def _width(self, column: int) -> int:
        return max(self._styles.column_pixels(self._sheet.width(column, column)), 1)

    def _height(self, row: int) -> int:
        return max(round(self._sheet.height(row) * _PIXELS_PER_POINT), 1)


_BLOCK = 1024  # numbers of shapes come in blocks, and each drawing has blocks of its own
_IDMAP = re.compile(rb"(<(?:\w+:)?idmap\b[^>]*\bdata=[\"'])([\d,\s]*)")
_SHAPE_ID = re.compile(rb"_x0000_s(\d+)")
_ROOT = re.compile(rb"<xml\b[^>]*")
_NAMESPACES = {
    b"v": b"urn:schemas-microsoft-com:vml",
    b"o": b"urn:schemas-microsoft-com:office:office",
    b"x": b"urn:schemas-microsoft-com:office:excel",
}
_EMPTY_VML = (
    b'<xml><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data=""/></o:shapelayout></xml>'
)
_SHAPE_TYPE_ID = b"_x0000_t202"
_SHAPE_TYPE = (
    b'<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    b'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/>'
    b'<v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;visibility:hidden" '
    'fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/>'
    '<v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
    "<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill>"
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_NOTE = re.compile(rb"<(\w+:|)ClientData\b[^>]*[\"']Note[\"'].*?</\1ClientData>", re.DOTALL)
_PLACE = re.compile(rb"<(?:\w+:)?(Row|Column)>\s*(\d+)")
_ANCHOR_VALUES = 8
_ANCHOR = re.compile(rb"(<(?:\w+:)?Anchor>)([-\d,\s]*)")


def _free_block(edit: PackageEdit) -> int:
    """The first block of numbers that no drawing of the workbook uses."""
    taken = {0}
    for part in edit:
        if part.endswith(".vml"):
            vml = edit.read(part)
            taken |= {int(number) // _BLOCK for number in _SHAPE_ID.findall(vml)}
            taken.update(_own_blocks(vml))
    return max(taken) + 1


def _own_blocks(vml: bytes) -> list[int]:
    found = _IDMAP.search(vml)
    return [int(number) for number in re.findall(rb"\d+", found[2])] if found else []


def _with_boxes(vml: bytes, boxes: Collection[_Box], free_block: int) -> bytes:
    """The drawing with a shape for each box, behind those that it has."""
    end = vml.rfind(b"</xml")
    root = _ROOT.search(vml)
    if root is None or end < 0:
        raise damaged("vmlDrawing")
    blocks = _own_blocks(vml)
    numbers = _numbers(vml, blocks, free_block, len(boxes))
    shapes = b"" if _SHAPE_TYPE_ID in vml else _SHAPE_TYPE
    for number, box in zip(numbers, boxes, strict=True):
        anchor = ", ".join(map(str, box.anchor))
        shape = _SHAPE.format(id=number, anchor=anchor, row=box.row, column=box.column)
        shapes += shape.encode()
    vml = vml[:end] + shapes + vml[end:]
    names = b",".join(b"%d" % block for block in blocks)
    vml = _IDMAP.sub(lambda match: match[1] + names, vml, count=1)
    missing = b"".join(
        b' xmlns:%b="%b"' % (prefix, address)
        for prefix, address in _NAMESPACES.items()
        if b"xmlns:%b=" % prefix not in root[0]
    )
    return vml[: root.end()] + missing + vml[root.end() :]


def _numbers(vml: bytes, blocks: list[int], free_block: int, count: int) -> list[int]:
    """Numbers for new shapes, from the drawing's last block and then from free ones."""
    block = blocks[-1] if blocks else 0
    used = [int(number) for number in _SHAPE_ID.findall(vml)]
    last = max((n for n in used if n // _BLOCK == block), default=block * _BLOCK)
    numbers: list[int] = []
    while len(numbers) < count:
        if not blocks or (last + 1) // _BLOCK > block:
            block, free_block = free_block, free_block + 1
            blocks.append(block)
            last = block * _BLOCK
        last += 1
        numbers.append(last)
    return numbers


def _place(shape: bytes) -> Position | None:
    """The cell whose note this is."""
    found = {name: int(number) + 1 for name, number in _PLACE.findall(shape)}
    return (found[b"Row"], found[b"Column"]) if len(found) == 2 else None


def _lengthened(vml: bytes, grown: Mapping[Position, str], grid: Grid) -> bytes:
    """The drawing with room for the texts that were added to notes."""

    def longer(shape: re.Match[bytes]) -> bytes:
        place = _place(shape[0])
        if place is None or place not in grown:
            return shape[0]
        return _ANCHOR.sub(lambda anchor: _longer(anchor, grid, grown[place]), shape[0])

    return _NOTE.sub(longer, vml)


def _longer(anchor: re.Match[bytes], grid: Grid, text: str) -> bytes:
    values = [int(value) for value in re.findall(rb"-?\d+", anchor[2])]
    if len(values) != _ANCHOR_VALUES:
        return anchor[0]
    values[6:] = grid.down(values[6], values[7], grid.height(text))
    return anchor[1] + ", ".join(map(str, values)).encode()
