"""Where pictures, shapes, controls and comment boxes hang, and how they follow the rows.

An object that moves and sizes with cells is pulled along at both ends. One that only moves keeps
its height, one that does neither keeps its place, so those need to know how high the rows are.

VML is edited as text: Office writes it with markup that an XML parser refuses.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import NamedTuple
from xml.sax.saxutils import escape

from lxml import etree

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.address import MAX_ROW, cell_name
from xlperf.ooxml.row_shift import Home, RowShift, refusal
from xlperf.ooxml.workbook import NS

_EMU_PER_POINT = 12_700
_PIXELS_PER_POINT = 96 / 72
_DEFAULT_HEIGHT = 15.0


class Point(NamedTuple):
    """An edge of an object: its row, counted from 0, and how far below the row's top it is."""

    row: int
    offset: int


@dataclass(frozen=True, slots=True)
class RowHeights:
    """Heights of the rows of a sheet, in points; `own` are those that differ from `default`."""

    default: float
    own: dict[int, float]

    @classmethod
    def read(cls, sheet: etree._Element) -> "RowHeights":
        layout = sheet.find(NS + "sheetFormatPr")
        default = layout.get("defaultRowHeight") if layout is not None else None
        own = {}
        for row in sheet.iterfind(f"{NS}sheetData/{NS}row"):
            if row.get("hidden") in ("1", "true"):
                own[int(row.get("r", "0"))] = 0.0
            elif height := row.get("ht"):
                own[int(row.get("r", "0"))] = float(height)
        return cls(float(default or _DEFAULT_HEIGHT), own)

    def shifted(self, shift: RowShift) -> "RowHeights":
        own = {new: h for row, h in self.own.items() if (new := shift.row(row)) is not None}
        if height := self.own.get(shift.source):
            own |= dict.fromkeys(range(shift.at, shift.at + shift.added), height)
        return RowHeights(self.default, own)

    def down_to(self, point: Point, scale: float) -> float:
        """Distance from the top of the sheet; `scale` is how many units of offset make a point."""
        above = [height for row, height in self.own.items() if row <= point.row]
        plain = (point.row - len(above)) * self.default
        return sum(above) + plain + point.offset / scale

    def point(self, distance: float, scale: float) -> Point:
        row = 0
        while row < MAX_ROW - 1 and distance >= (height := self.own.get(row + 1, self.default)):
            distance -= height
            row += 1
        return Point(row, round(distance * scale))


class Anchors:
    """Moves the objects that hang on the sheet that changes."""

    def __init__(self, sheet: etree._Element, shift: RowShift) -> None:
        """`sheet` is the worksheet as it was before the edit."""
        self._shift = shift
        self._before = RowHeights.read(sheet)
        self._after = self._before.shifted(shift)

    def move(self, top: Point, bottom: Point, how: "Behaviour") -> tuple[Point, Point] | None:
        """Where both edges go; None when the object stands in removed rows only."""
        removed, before, after, scale = self._shift.removed, self._before, self._after, how.scale
        last_row = bottom.row + (1 if bottom.offset else 0)
        if not how.moves:
            if last_row < (removed.start if removed else self._shift.at):
                return top, bottom
            return (
                after.point(before.down_to(top, scale), scale),
                after.point(before.down_to(bottom, scale), scale),
            )
        if top.row + 1 in removed and last_row in removed:
            return None
        new_top, new_bottom = self._pulled(top), self._pulled(bottom)
        if not how.sizes and new_bottom.row - new_top.row != bottom.row - top.row:
            height = before.down_to(bottom, scale) - before.down_to(top, scale)
            new_bottom = after.point(after.down_to(new_top, scale) + height, scale)
        return new_top, new_bottom

    def _pulled(self, edge: Point) -> Point:
        row = self._shift.row(edge.row + 1)
        if row is None:
            return Point(self._shift.removed.start - 1, 0)
        return Point(row - 1, edge.offset)

    def shift_xml(self, root: etree._Element, home: Home) -> None:
        """Move the anchors of a drawing, or of the controls and embedded objects of a sheet."""
        for anchor in root.iter("{*}twoCellAnchor", "{*}oneCellAnchor", NS + "anchor"):
            upper, lower = anchor.find("{*}from"), anchor.find("{*}to")
            if upper is None:
                continue
            how = _behaviour(anchor)
            top = _read_point(upper)
            if lower is not None:
                bottom = _read_point(lower)
            else:
                extent = anchor.find("{*}ext")
                height = int(extent.get("cy", "0")) if extent is not None else 0
                end = self._before.down_to(top, how.scale) + height / how.scale
                bottom = self._before.point(end, how.scale)
            new = self.move(top, bottom, how)
            if new is None:
                raise _in_the_way(home, top, int(upper.findtext("{*}col", "0")))
            _write_point(upper, new[0])
            if lower is not None:
                _write_point(lower, new[1])

    def shift_vml(self, text: str, home: Home) -> str:
        """Move the anchors of a VML drawing; comment boxes go where, and when, their cell goes."""

        def kept(shape: re.Match[str]) -> str:
            cell = _VML_ROW.search(shape[0])
            gone = cell and self._shift.row(int(cell[2]) + 1) is None
            return "" if gone else shape[0]

        def moved(data: re.Match[str]) -> str:
            if cell := _VML_ROW.search(data[0]):
                down = (self._shift.row(int(cell[2]) + 1) or 0) - int(cell[2]) - 1
                text = _VML_ROW.sub(lambda m: f"{m[1]}{int(m[2]) + down}", data[0])
                return _VML_ANCHOR.sub(lambda m: _moved_box(m, down), text)
            how = Behaviour(
                not _VML_STAYS["Move"].search(data[0]),
                not _VML_STAYS["Size"].search(data[0]),
                _PIXELS_PER_POINT,
            )
            return _VML_ANCHOR.sub(lambda m: self._moved_control(m, how, home), data[0])

        return _VML_DATA.sub(moved, _VML_SHAPE.sub(kept, text))

    def _moved_control(self, anchor: re.Match[str], how: "Behaviour", home: Home) -> str:
        values = [int(value) for value in anchor[2].split(",")]
        top, bottom = Point(values[2], values[3]), Point(values[6], values[7])
        new = self.move(top, bottom, how)
        if new is None:
            raise _in_the_way(home, top, values[0])
        values[2:4], values[6:8] = new
        return anchor[1] + ", ".join(map(str, values))


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What an object does when cells move: "move and size", "move", or neither of them.

    `scale` is how many units of its anchors make a point.
    """

    moves: bool
    sizes: bool
    scale: float


def _behaviour(anchor: etree._Element) -> Behaviour:
    if anchor.tag == NS + "anchor":
        moves, sizes = (
            anchor.get(attribute) in ("1", "true")
            for attribute in ("moveWithCells", "sizeWithCells")
        )
    else:
        edit = anchor.get("editAs", "twoCell")
        moves, sizes = edit != "absolute", edit == "twoCell"
    return Behaviour(moves, sizes, _EMU_PER_POINT)


def _read_point(end: etree._Element) -> Point:
    return Point(int(end.findtext("{*}row", "0")), int(end.findtext("{*}rowOff", "0")))


def _write_point(end: etree._Element, point: Point) -> None:
    for name, value in zip(("row", "rowOff"), point, strict=True):
        element = end.find("{*}" + name)
        if element is not None:
            element.text = str(value)


def _in_the_way(home: Home, top: Point, column: int) -> WorkbookError:
    cell = cell_name(top.row + 1, column + 1)
    return refusal(
        "W203",
        home,
        f"位于 {cell} 的图片、图形或控件在要删除的行内",
        f"the picture, shape or control at {cell} stands in rows that would be removed",
    )


_VML_SHAPE = re.compile(r"<(\w+:|)shape\s.*?</\1shape>\s*", re.DOTALL)
_VML_DATA = re.compile(r"<(\w+:|)ClientData\b.*?</\1ClientData>", re.DOTALL)
_VML_ROW = re.compile(r"(<(?:\w+:)?Row>\s*)(\d+)")
_VML_ANCHOR = re.compile(r"(<(?:\w+:)?Anchor>\s*)([-\d,\s]*[\d])")
# The presence of these says that the object does not follow, unless the text denies it.
_VML_STAYS = {
    verb: re.compile(rf"<(?:\w+:)?{verb}WithCells\b(?!>\s*[Ff])") for verb in ("Move", "Size")
}
_VML_FORMULA = re.compile(r"(<(?:\w+:)?Fmla(?:Link|Range|Pict|Txbx|Group)>)([^<]+)", re.DOTALL)


def change_vml_formulas(text: str, change: Callable[[str], str]) -> str:
    """A VML drawing with the cells that its controls are linked to changed."""

    def changed(match: re.Match[str]) -> str:
        old = unescape(match[2])
        new = change(old)
        return match[0] if new == old else match[1] + escape(new)

    return _VML_FORMULA.sub(changed, text)


def _moved_box(anchor: re.Match[str], down: int) -> str:
    values = [int(value) for value in anchor[2].split(",")]
    for edge in (2, 6):
        values[edge] = max(values[edge] + down, 0)
    return anchor[1] + ", ".join(map(str, values))
