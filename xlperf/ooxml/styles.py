"""How cells look, and how much room text takes in that look.

Row heights have to be written into the file, because merged cells do not fit themselves in Excel.
No font is at hand when a form is filled, so text is measured by rules that hold for 宋体 as well as
for the taller and wider Noto fonts that stand in for it: enough for these, little to spare in 宋体.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from lxml import etree

from xlperf.ooxml.built_in_formats import BUILT_IN
from xlperf.ooxml.package import Package, parse_xml
from xlperf.ooxml.workbook import NS

MAX_ROW_HEIGHT = 409.5
"""Points; Excel shows no row higher than this."""

_PIXEL = 0.75  # points, at the 96 dots per inch that column widths are defined by
_GENERAL, _DEFAULT_FONT, _DEFAULT_SIZE = "General", "Calibri", 11.0
_LARGEST_SIZE = 409.0
_DIGITS = 11  # more than any index has


@dataclass(frozen=True, slots=True)
class CellFormat:
    """The look of a cell, as far as filling, reading and sizing need it; sizes in points."""

    number_format: str = _GENERAL
    font_size: float = _DEFAULT_SIZE
    wrap: bool = False
    locked: bool = True


@dataclass(frozen=True, slots=True)
class _Font:
    name: str = _DEFAULT_FONT
    size: float = _DEFAULT_SIZE


class Styles:
    """Cell formats by the style index of a cell; an unknown index gives the default."""

    def __init__(self, root: etree._Element | None) -> None:
        found = root if root is not None else etree.Element(NS + "styleSheet")
        self._fonts = [_font(e) for e in found.iterfind(f"{NS}fonts/{NS}font")]
        self._codes: Mapping[int, str] = BUILT_IN | {
            _integer(e.get("numFmtId"), -1): e.get("formatCode", _GENERAL)
            for e in found.iterfind(f"{NS}numFmts/{NS}numFmt")
        }
        self._formats = found.findall(f"{NS}cellXfs/{NS}xf")
        self._cache: dict[int, CellFormat] = {}
        self.max_digit_width = _digit_pixels(self._normal_font(found))

    @classmethod
    def open(cls, package: Package, part: str | None) -> "Styles":
        """The styles part of a workbook; defaults throughout when there is none."""
        if part is None or part not in package:
            return cls(None)
        return _styles(package.read(part), part)

    def __getitem__(self, index: int) -> CellFormat:
        if index not in self._cache:
            known = 0 <= index < len(self._formats)
            self._cache[index] = self._read(self._formats[index]) if known else CellFormat()
        return self._cache[index]

    def column_pixels(self, width: float) -> int:
        """Pixels of columns whose `width` attributes come to this (ECMA-376 part 1, 18.3.1.13)."""
        digit = self.max_digit_width
        return int((256 * width + 128 // digit) / 256 * digit)

    def column_points(self, width: float) -> float:
        return self.column_pixels(width) * _PIXEL

    def _read(self, element: etree._Element) -> CellFormat:
        font = self._font(_integer(element.get("fontId"), 0))
        alignment = element.find(NS + "alignment")
        placing = alignment if alignment is not None else etree.Element("none")
        protection = element.find(NS + "protection")
        return CellFormat(
            self._codes.get(_integer(element.get("numFmtId"), 0), _GENERAL),
            font.size,
            _truth(placing.get("wrapText", "0")),
            protection is None or _truth(protection.get("locked", "1")),
        )

    def _font(self, index: int) -> _Font:
        return self._fonts[index] if 0 <= index < len(self._fonts) else _Font()

    def _normal_font(self, root: etree._Element) -> _Font:
        """The font of the style Normal, which column widths are counted in."""
        styles = root.findall(f"{NS}cellStyleXfs/{NS}xf")
        for style in root.iterfind(f"{NS}cellStyles/{NS}cellStyle"):
            index = _integer(style.get("xfId"), -1)
            if style.get("builtinId") == "0" and 0 <= index < len(styles):
                return self._font(_integer(styles[index].get("fontId"), 0))
        return self._font(0)


# Workbooks made from one template share the part to the byte.
@lru_cache(maxsize=8)
def _styles(data: bytes, part: str) -> Styles:
    return Styles(parse_xml(data, part))


def _font(element: etree._Element) -> _Font:
    values = {child.tag: child.get("val") for child in element}
    try:
        size = float(values.get(NS + "sz") or "")
    except ValueError:
        size = _DEFAULT_SIZE
    if not 1 <= size <= _LARGEST_SIZE:
        size = _DEFAULT_SIZE
    return _Font(values.get(NS + "name") or _DEFAULT_FONT, size)


def _integer(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < _DIGITS else otherwise


def _truth(text: str) -> bool:
    return text in ("1", "true", "on")


# Width of a digit over font size, for fonts in which it is not the half.
_DIGIT = {"calibri": 0.507, "arial": 0.556, "等线": 0.537, "dengxian": 0.537, "微软雅黑": 0.539}


def _digit_pixels(font: _Font) -> int:
    height = round(font.size / _PIXEL)
    ratio = _DIGIT.get(font.name.casefold())
    return max(1, int(height * ratio + 0.01) if ratio else math.ceil(height / 2))


# ------------------------------------------------------------------------------- room for text

# Measured in LibreOffice on a screen with Noto CJK fonts, which need more than Excel with its own:
_SIDES = 4.0  # points left and right of the text (Excel 3.75, LibreOffice 3)
_AROUND = 2.0  # points above and below it
_EM = 1.055  # advance of a full-width character over font size, once in pixels (Excel 1.023)
_LINE = 1.45  # distance of lines over font size (宋体 1.2, 微软雅黑 1.36)
_NARROW = 9.0  # a line of fewer characters has no slack


class _Widths(dict[str, float]):
    """Width over font size by character; what is not listed is full-width."""

    def __missing__(self, character: str) -> float:
        return 1.0


_ASCII = map(chr, range(0x20, 0x7F))
_WIDTHS = _Widths(
    dict.fromkeys(_ASCII, 0.6)
    | dict.fromkeys("ABCDEFGHIKLNOPQRSTUVXYZ&", 0.75)
    | dict.fromkeys("MWmw@%", 1.0)
    | dict.fromkeys(" !\"'(),-./:;I[\\]`fijlrt{|}", 0.4)
    | dict.fromkeys(map(chr, [*range(0xC0, 0xD7), *range(0xD8, 0xF7), *range(0xF8, 0x250)]), 0.75)
    | {"\r": 0.0}
)

# Characters that no line begins with, and those that no line ends with.
_CLOSING = re.escape("!%),./:;?]}°·’”‰′″℃、。〃々〉》」』】〕〗！％），．：；？］｝～")
_OPENING = re.escape("([{£¥‘“〈《「『【〔〖（［｛￥＄")
_WORD = r"!-~\u00a1-\u024f\u0370-\u052f\u2010-\u2017\u2026\u2190-\u27bf"
_PLAIN = rf"[^{_OPENING}{_CLOSING}{_WORD}\s]"


@cache
def _chunk() -> re.Pattern[str]:
    """What stays together at the end of a line; compiled by what fills, not by what reads."""
    return re.compile(
        rf"(?P<run>{_PLAIN}+(?![{_CLOSING}]))"
        rf"|(?P<space>\s+)"
        rf"|[{_OPENING}]*(?:{_PLAIN}|[{_WORD}]+)[{_CLOSING}]*"
        rf"|[{_OPENING}{_CLOSING}]+"
    )


@lru_cache(maxsize=8192)
def wrapped_height(text: str, width: float, font_size: float) -> float:
    """Height in points of a row whose (merged) cell of `width` points shows all of `text`.

    Enough in Excel, WPS and LibreOffice, with 宋体 or its substitutes; a multiple of Excel's 0.75
    points. May exceed MAX_ROW_HEIGHT.
    """
    room = max((width - _SIDES) / (font_size * _EM), 1.0)
    lines = sum(_lines(paragraph, room) for paragraph in text.split("\n"))
    return math.ceil((lines * _LINE * font_size + _AROUND) / _PIXEL) * _PIXEL


def _lines(text: str, room: float) -> int:
    """Lines that a paragraph takes, where a line has room for so many full-width characters."""
    if len(text) <= room:
        return 1
    lines, used, long_word = 1, 0.0, False
    for match in _chunk().finditer(text):
        chunk = match[0]
        if match.lastgroup == "run":
            rest = len(chunk) - int(room - used)
            if rest > 0:
                lines += -(-rest // int(room))
                used = (rest - 1) % int(room) + 1
            else:
                used += len(chunk)
            continue
        width = sum(map(_WIDTHS.__getitem__, chunk))
        long_word = long_word or width < len(chunk) - 2
        if used + width <= room:
            used += width
        elif match.lastgroup == "space":
            used = room  # blanks at the end of a line hang over its edge
        elif width <= room:
            lines, used = lines + 1, width
        else:
            # Too long for any line: broken between characters, beginning a line of its own.
            full, used = divmod(width, max(room - 1.0, 1.0))
            lines += int(full) + 1
    # In a narrow column a long word that falls otherwise than reckoned costs a line.
    return lines + (long_word and lines > 3 and room < _NARROW)
