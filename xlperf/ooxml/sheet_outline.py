"""A worksheet part without its values: all that is the same in the forms that many hands filled.

A part is split at its values; what stands between them, its outline, is looked into once for all
the parts that share it. A part that is written in an unusual way (comments, prefixes, cells without
address) is brought into the usual form first.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import NamedTuple

from lxml import etree

from xlperf.ooxml.address import Area, cell_name, parse_area, parse_cell
from xlperf.ooxml.package import damaged, parse_xml
from xlperf.ooxml.preflight import Limits, check_markup
from xlperf.ooxml.references import moved
from xlperf.ooxml.sheet import Position, normalized
from xlperf.ooxml.workbook import NS, serialize

_SLOT = re.compile(rb"(<[vt][ >][^<]*+)")
MARK = b"\1"
"""Stands for a slot in an outline; no XML can hold it."""

_HIDDEN = re.compile(
    rb"<row\b[^>]*\s(?:hidden\s*=\s*[\"'](?:1|true)|ht\s*=\s*[\"']0*(?:\.0*)?[\"'])[^>]*>"
)
_ALL_HIDDEN = re.compile(rb"<sheetFormatPr\b[^>]*\szeroHeight\s*=\s*[\"'](?:1|true)")
_ROW_NUMBER = re.compile(rb"\sr\s*=\s*[\"']([0-9]+)[\"']")
_FILTERED = re.compile(rb"<filterColumn\b|<sheetPr\b[^>]*\sfilterMode\s*=\s*[\"'](?:1|true)")
_LAYOUT = re.compile(
    r"\$?[a-z]{1,3}:\$?[a-z]|\d:\$?\d|1048576|xfd|subtotal|aggregate|indirect|offset"
)
_LOTUS = re.compile(rb"<sheetPr\b[^>]*\stransitionEvaluation\s*=\s*[\"'](?:1|true)")
_ENCODING = re.compile(rb"\s*<\?xml[^>]*encoding=[\"'](?!utf-8|UTF-8)")
_NEAR_THE_TOP = 4096
_ODD_CELL = re.compile(rb"<c[>/\t\r\n]")
_PREFIXED = re.compile(rb"<[\w.-]+:worksheet\b")
CELL = re.compile(
    rb'<c r="([A-Z]++[0-9]++)"([^>]*+)(?<!/)>([^<]*+(?:<(?!/c>)[^<]*+)*+)</c>', re.DOTALL
)
"""A cell that holds something: its address, the rest of its tag, what is in it."""

_FORMULA = re.compile(rb"\s*<f((?:\s[^>]*)?)(?:/>|>([^<]*)</f>)")
_SLOT_AFTER = re.compile(rb"\s*<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*\x01</v>")
TYPE = re.compile(rb'\st="(\w+)"')
"""The attribute `t` in the tag of a cell."""

_DYNAMIC = b' cm="'
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_REFERENCE = re.compile("&(?:#(?:x([0-9A-Fa-f]+)|([0-9]+))|(amp|lt|gt|quot|apos));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_OUTLINES_SIZE = 1 << 23
"""Bytes of outlines that are kept in memory."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula without its "=": a shared one as it reads in this cell.

    `kind` is "" for a formula of one cell, "array" for one that fills its `area`, else the type
    that the file names ("dataTable"). A `dynamic` one fills as many cells as it gives values.
    """

    text: str
    kind: str = ""
    area: Area | None = None
    dynamic: bool = False


def reads_layout(formulas: str) -> bool:
    """Whether formulas, in folded case, may read whole columns or rows, or only those that show."""
    return bool(_LAYOUT.search(formulas))


def text_of(source: bytes) -> str:
    """The text that stands so in XML."""
    text = source.decode()
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    if found[3]:
        return _ENTITIES[found[3]]
    return chr(int(found[1], 16) if found[1] else int(found[2]))


class Signature:
    """The formulas of a sheet and their cells, to be compared; told from others quickly."""

    __slots__ = ("_content", "_hash")

    def __init__(self, content: tuple[tuple[bytes, bytes], ...]) -> None:
        self._content, self._hash = content, hash(content)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signature) and self._content == other._content


class TypedSlot(NamedTuple):
    """The type of a cell and the slot with its value; 0 where that is no plain `<v>` or `<t>`."""

    kind: str
    slot: int


class TypedSlots(NamedTuple):
    """Where the values of several cells are.

    `numbers` has the places among `all` of those that are numbers, `slots` the slots of these, and
    `others` the places of the rest.
    """

    all: list[TypedSlot]
    numbers: list[int]
    slots: list[int]
    others: list[int]


class Outline:
    """A sheet without its values: all that is the same in the forms that many hands filled.

    Slots are counted as `split` gives the pieces: 1, 3, 5 and so on. Its properties are told of in
    `FormulaSheet`.
    """

    def __init__(self, skeleton: bytes, part: str, limits: Limits) -> None:
        self._part, self._limits = part, limits
        self.hidden_rows = _hidden_rows(skeleton)
        self.is_filtered = bool(_FILTERED.search(skeleton))
        self.as_lotus = bool(_LOTUS.search(skeleton, 0, _NEAR_THE_TOP))
        self._all: list[tuple[bytes, bytes, bytes]] = CELL.findall(skeleton)
        self._formulas = [cell for cell in self._all if cell[2].lstrip().startswith(b"<f")]
        self._slots: dict[tuple[bytes, ...], TypedSlots] = {}
        self._keys: dict[int, list[tuple[int, int, int]]] = {}

    def holds(self, slots: int) -> bool:
        """Whether all the values of the sheet are in cells that are understood here."""
        found = sum([content.count(MARK) for _, _, content in self._all])
        return found == slots and not any(b"='" in tag for tag in {tag for _, tag, _ in self._all})

    @cached_property
    def signature(self) -> Signature:
        found = [
            (name + _DYNAMIC * (_DYNAMIC in tag), _FORMULA.match(content), content)
            for name, tag, content in self._formulas
        ]
        return Signature(tuple([(name, m[0] if m else content) for name, m, content in found]))

    @cached_property
    def formulas(self) -> Mapping[Position, Formula]:
        shared: dict[str, tuple[str, Position]] = {}
        formulas: dict[Position, Formula] = {}
        size = 0
        try:
            for name, tag, content in self._formulas:
                position = parse_cell(name.decode())
                match = _FORMULA.match(content)
                if not match:
                    raise ValueError(content)
                settings = dict(_ATTRIBUTE.findall(match[1].decode()))
                text = text_of(match[2] or b"")
                kind = settings.get("t", "normal")
                if kind == "shared":
                    key = settings["si"]
                    if text:
                        shared[key] = text, position
                    else:
                        text, (row, column) = shared[key]
                        text = moved(text, position[0] - row, position[1] - column)
                size += len(text)
                if size > self._limits.part:
                    raise ValueError("formulas")
                area = parse_area(settings["ref"]) if kind == "array" else None
                kind = "" if kind in ("normal", "shared") else kind
                formulas[position] = Formula(text, kind, area, _DYNAMIC in tag)
        except (ValueError, LookupError) as error:
            raise damaged(self._part) from error
        return formulas

    @cached_property
    def text(self) -> str:
        return "\n".join([text_of(content) for _, _, content in self._formulas]).casefold()

    @cached_property
    def reads_layout(self) -> bool:
        return reads_layout(self.text)

    @cached_property
    def extent(self) -> Position:
        places = [parse_cell(name.decode()) for name in self.cells]
        return max((row for row, _ in places), default=1), max((c for _, c in places), default=1)

    @cached_property
    def has_arrays(self) -> bool:
        return any(b't="array"' in content for _, _, content in self._formulas)

    @cached_property
    def formula_names(self) -> tuple[bytes, ...]:
        return tuple([name for name, _, _ in self._formulas])

    @cached_property
    def formula_places(self) -> tuple[list[int], dict[int, bytes]]:
        """The slot of each formula cell, -1 for none, and by place the attributes `t` there are."""
        slots, kinds = [], {}
        for place, (name, tag, content) in enumerate(self._formulas):
            slots.append(self.cells[name][2] if _SLOT_AFTER.match(content) else -1)
            if typed := TYPE.search(tag):
                kinds[place] = typed[0]
        return slots, kinds

    @cached_property
    def cells(self) -> dict[bytes, tuple[bytes, bytes, int]]:
        """Of every cell that holds something: its tag, what is in it, and its first slot."""
        counts = accumulate([content.count(MARK) for _, _, content in self._all], initial=0)
        return {
            name: (tag, content, 2 * before + 1)
            for (name, tag, content), before in zip(self._all, counts, strict=False)
        }

    def keys(self, sheet: int) -> list[tuple[int, int, int]]:
        if sheet not in self._keys:
            self._keys[sheet] = [(sheet, *parse_cell(name.decode())) for name in self.formula_names]
        return self._keys[sheet]

    def slots_of(self, names: tuple[bytes, ...]) -> TypedSlots:
        """Where the values of these cells are."""
        if names not in self._slots:
            found = [self.slot_of(name) for name in names]
            numbers = {n: slot for n, (kind, slot) in enumerate(found) if kind == "n" and slot}
            others = [n for n in range(len(names)) if n not in numbers]
            self._slots[names] = TypedSlots(found, list(numbers), list(numbers.values()), others)
        return self._slots[names]

    def slot_of(self, name: bytes) -> TypedSlot:
        if name not in self.cells:
            return TypedSlot("n", 0)
        tag, content, first = self.cells[name]
        kind = kind_of(tag)
        if kind == "inlineStr":
            return TypedSlot(kind, first if content.strip() == b"<is>\1</t></is>" else 0)
        at = content.find(MARK + b"</v>")
        return TypedSlot(kind, first + 2 * content.count(MARK, 0, at) if at >= 0 else 0)


def _hidden_rows(skeleton: bytes) -> frozenset[int] | None:
    numbers = [_ROW_NUMBER.search(row) for row in _HIDDEN.findall(skeleton)]
    if not all(numbers) or _ALL_HIDDEN.search(skeleton):
        return None
    return frozenset([int(number[1]) for number in numbers if number])


@lru_cache(maxsize=1024)
def kind_of(tag: bytes) -> str:
    """The type in the tag of a cell, as `FormulaSheet.kind` gives it."""
    found = TYPE.search(tag)
    return found[1].decode() if found else "n"


_outlines: dict[tuple[bytes, str, Limits], Outline | None] = {}


def split(xml: bytes, part: str, limits: Limits) -> tuple[bytes, list[bytes], Outline]:
    """The part in the usual form, its pieces (text and slots in turn), and its outline.

    Raises WorkbookError when the part is damaged or beyond the limits.
    """
    pieces = _SLOT.split(xml)
    outline = _outline(xml, pieces, part, limits)
    if outline is None:
        xml = _usual(xml, part, limits)
        pieces = _SLOT.split(xml)
        outline = _outline(xml, pieces, part, limits)
        if outline is None:
            raise damaged(part)
    return xml, pieces, outline


def _outline(xml: bytes, pieces: Sequence[bytes], part: str, limits: Limits) -> Outline | None:
    """The outline of a part; None where the part is not in the usual form."""
    skeleton = MARK.join(pieces[::2])
    key = skeleton, part, limits
    if key not in _outlines:
        check_markup(xml, part, limits)
        if sum(len(skeleton) for skeleton, _, _ in _outlines) > _OUTLINES_SIZE:
            _outlines.clear()
        outline = None if _is_unusual(skeleton) else Outline(skeleton, part, limits)
        _outlines[key] = outline if outline and outline.holds(len(pieces) // 2) else None
    return _outlines[key]


def _is_unusual(xml: bytes) -> bool:
    head = xml[:2048]
    return bool(
        # Counting is ten times as fast as one pattern for all of it.
        xml.count(b"<c ") != xml.count(b'<c r="')
        or _ODD_CELL.search(xml)
        or b"<!" in xml
        or head.startswith((b"\xff\xfe", b"\xfe\xff"))
        or _ENCODING.match(head)
        or _PREFIXED.search(head)
    )


def _usual(xml: bytes, part: str, limits: Limits) -> bytes:
    """The part in UTF-8, without comments, its own namespace the default one, cells addressed."""
    root = parse_xml(xml, part, limits)
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    if root.prefix:
        root = parse_xml(normalized(serialize(root), part), part, limits)
    try:
        row_number = 0
        for row in root.iterfind(f"{NS}sheetData/{NS}row"):
            row_number = int(row.get("r") or row_number + 1)
            column = 0
            for cell in row.iterfind(f"{NS}c"):
                reference = cell.get("r")
                column = parse_cell(reference)[1] if reference else column + 1
                others = [(key, value) for key, value in cell.attrib.items() if key != "r"]
                cell.attrib.clear()
                cell.set("r", cell_name(row_number, column))
                for key, value in others:
                    cell.set(str(key), str(value))
    except ValueError as error:
        raise damaged(part) from error
    return serialize(root)
