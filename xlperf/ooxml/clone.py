"""Many sheets out of one: clones with all that hangs on the sheet, in one workbook.

`stand_ins` makes the sheet ready. Here each clone gets what has to be its own: names of parts,
numbers of tables and shapes, identities, and sheet-scoped copies of the names that refer to it.
"""

import posixpath
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import count
from weakref import WeakKeyDictionary
from xml.sax.saxutils import escape

from lxml import etree

from xlperf.diagnostic import Diagnostic, Message, WorkbookError
from xlperf.ooxml.package import CONTENT_TYPES, Package, relationships_part
from xlperf.ooxml.renaming import address, without_titles
from xlperf.ooxml.stand_ins import (
    CHARTED,
    SHAPE_BLOCK,
    NameText,
    Stand,
    StandIns,
    Table,
    defined_names,
)
from xlperf.ooxml.workbook import (
    NS,
    RELATIONSHIPS,
    Workbook,
    serialize,
    without_calculation_chain,
)

_TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"
_LINK = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_CACHE = NS + "pivotCache"
_LINK_ID = f"{{{RELATIONSHIPS}}}id"
_CODE_NAME = re.compile(rb"(<(?:\w+:)?sheetPr\b[^>]*?)\scodeName=(?:\"[^\"]*\"|'[^']*')")
_SELECTED = re.compile(rb"(<(?:\w+:)?sheetView\b[^>]*?)\stabSelected=(?:\"[^\"]*\"|'[^']*')")
_SHAPES = re.compile(rb"_x0000_s([0-9]+)|<(?:\w+:)?idmap\b[^>]*?\bdata=[\"']([0-9,\s]+)")


@dataclass(frozen=True, slots=True)
class _Source:
    """What a clone is made from, with some number of table rows: parts, relationships, names."""

    parts: Mapping[str, bytes]
    links: Mapping[str, bytes]
    names: tuple[NameText, ...]


@dataclass(frozen=True, slots=True)
class _Clone:
    """A finished clone: its part and its names, and those of its caches, as the workbook lists."""

    name: str
    part: str
    names: tuple[NameText, ...]
    caches: Mapping[str, str]


class SheetCloner:
    """Clones one sheet of a workbook; `prepared` is the workbook to fill and to give other rows."""

    def __init__(self, package: Package, part: str, own_names: Collection[str] = ()) -> None:
        """`own_names` are names of the workbook that each clone has for itself in any case.

        Raises WorkbookError where a clone would lose something, or a reference its target.
        """
        self._package = without_calculation_chain(package)
        self._stand_ins = StandIns(self._package, part, own_names)
        self._marks = re.compile(b"%b(?:([a-z])([0-9]+))?" % self._stand_ins.mark.encode())
        self._names = defined_names(package, self._stand_ins.workbook.part)
        self._sources: WeakKeyDictionary[Package, _Source] = WeakKeyDictionary()
        self._clones: list[_Clone] = []
        self._parts: dict[str, bytes] = {}
        self._numbers = _Numbers(package, self._names, self._stand_ins.workbook)

    @property
    def prepared(self) -> Package:
        return self._stand_ins.package

    def add(
        self, source: Package, name: str, sheet: bytes, constants: Mapping[str, str] | None = None
    ) -> None:
        """One more clone, behind those there are.

        `source` is `prepared`, or what became of it when it was given other rows; `sheet` is the
        sheet's part in it, filled. `constants` are names of this clone, with their formulas.
        """
        made = self._sources.get(source) or self._read(source)
        self._sources[source] = made
        stand_ins, place = self._stand_ins, len(self._clones)
        values = _Values(stand_ins, name, self._numbers, place)
        own = values.parts[stand_ins.sheet.part]
        for part, data in made.parts.items():
            self._parts[values.parts[part]] = self._filled_in(data, values, _IN_XML)
        for part, links in made.links.items():
            new = relationships_part(values.parts[part])
            self._parts[new] = self._filled_in(links, values, _IN_LINKS)
        data = self._filled_in(sheet, values, _IN_XML)
        self._parts[own] = _CODE_NAME.sub(rb"\1", data, count=1) if place else data
        names = {
            n.key: replace(n, text=self._filled_in(n.text.encode(), values, _AS_IT_IS).decode())
            for n in made.names
        }
        for key, text in (constants or {}).items():
            names[key.casefold()] = NameText({"name": key}, text)
        cached = (values.parts[part] for part in stand_ins.caches)
        caches = dict(zip(cached, values.cache_ids, strict=True))
        self._clones.append(_Clone(name, own, tuple(names.values()), caches))

    def package(self, others: Mapping[str, bytes]) -> Package:
        """The workbook with the clones in the place of the sheet; `others` are more parts of it.

        Raises WorkbookError when there are more parts than a workbook may have.
        """
        workbook, group = self._stand_ins.workbook, self._stand_ins.group
        limit = self._package.limits.parts
        if len({*self._package, *self._parts}) > limit:
            raise WorkbookError(_too_many(len(self._clones), limit))
        parts: dict[str, bytes | None] = {**others}
        for sheet in workbook.sheets:
            data = others.get(sheet.part) or self._package.read(sheet.part)
            if sheet.part not in group and _SELECTED.search(data):
                parts[sheet.part] = _SELECTED.sub(rb"\1", data)
        parts |= self._parts
        parts[CONTENT_TYPES] = self._content_types()
        links = relationships_part(workbook.part)
        keys, parts[links] = self._links(links)
        parts[workbook.part] = self._workbook_part(keys)
        return without_titles(self._package.replace(parts))

    def original(self, diagnostic: Diagnostic, name: str = "") -> Diagnostic:
        """The diagnostic with the name of the sheet, or of a clone, in the stand-in's place."""
        mark, shown = self._stand_ins.mark, name or self._stand_ins.sheet.name

        def told(text: str) -> str:
            return text.replace(mark, shown)

        message = Message(told(diagnostic.message.zh), told(diagnostic.message.en))
        return replace(diagnostic, message=message).at(sheet=told(diagnostic.place.sheet))

    # ------------------------------------------------------------------------- making one clone

    def _read(self, source: Package) -> _Source:
        stand_ins = self._stand_ins
        sheet = stand_ins.sheet
        links = {
            part: self._links_of_clone(source, part)
            for part in stand_ins.group
            if relationships_part(part) in source
        }
        names = defined_names(source, stand_ins.workbook.part)
        scoped = [name for name in names if name.scope == sheet.index]
        moving = stand_ins.moving - {name.key for name in scoped}
        moved = [
            name
            for name in names
            if name.scope is None and name.key in moving and not name.key.startswith(CHARTED)
        ]
        parts = {part: source.read(part) for part in stand_ins.group if part != sheet.part}
        return _Source(parts, links, (*scoped, *moved))

    def _links_of_clone(self, source: Package, part: str) -> bytes:
        """The relationships of a part, with stand-ins for parts that each clone has for itself."""
        root = source.xml(relationships_part(part))
        places = {name: number for number, name in enumerate(self._stand_ins.group)}
        targets = source.relationships(part)
        for link in root.iter(_LINK):
            found = targets[link.get("Id", "")]
            if not found.external and found.target in places:
                folder = link.get("Target", "").rpartition("/")[0]
                stand_in = self._stand_ins.of(Stand.PART, places[found.target])
                link.set("Target", f"{folder}/{stand_in}" if folder else stand_in)
        return serialize(root)

    def _filled_in(self, data: bytes, values: "_Values", encode: "_Encoding") -> bytes:
        """Bytes of a part with the clone's own in the place of the stand-ins."""

        def value(match: re.Match[bytes]) -> bytes:
            if match[1]:
                return encode.plain(values.of(match[1].decode(), int(match[2]))).encode()
            before = match.string[match.start() - 1 : match.start()]
            name = values.name.replace("'", "''") if before == b"'" else values.name
            return encode.name(name).encode()

        return self._marks.sub(value, data)

    # --------------------------------------------------------------------- parts of the workbook

    def _content_types(self) -> bytes:
        root = self._package.xml(CONTENT_TYPES)
        types = {}
        for element in root.iterfind(f"{_TYPES}Override"):
            part = element.get("PartName", "").lstrip("/").casefold()
            types[part] = element.get("ContentType", "")
        for part, origin in self._numbers.origins.items():
            if origin.casefold() in types:
                element = etree.SubElement(root, f"{_TYPES}Override")
                element.set("PartName", "/" + part)
                element.set("ContentType", types[origin.casefold()])
        return serialize(root)

    def _links(self, part: str) -> tuple[dict[str, str], bytes]:
        """The ids of the clones' parts in the relationships of the workbook, and these."""
        owner = self._stand_ins.workbook.part
        root = self._package.xml(part)
        found = self._package.relationships(owner)
        keys = {link.target: key for key, link in found.items()}
        types = {link.target: link.type for link in found.values()}
        number = len(found)
        listed = (part for clone in self._clones for part in (clone.part, *clone.caches))
        for new in (part for part in listed if part not in keys):
            while (key := f"rId{number}") in found:
                number += 1
            number += 1
            keys[new] = key
            link = etree.SubElement(root, _LINK)
            link.set("Id", key)
            link.set("Type", types[self._numbers.origins[new]])
            link.set("Target", posixpath.relpath(new, posixpath.dirname(owner)))
        return keys, serialize(root)

    def _workbook_part(self, keys: Mapping[str, str]) -> bytes:
        root = self._package.xml(self._stand_ins.workbook.part)
        self._list_sheets(root, keys)
        self._list_names(root)
        for view in root.iter(NS + "workbookView"):
            view.attrib.pop("activeTab", "")
            view.attrib.pop("firstSheet", "")
        caches = root.find(NS + "pivotCaches")
        for part, cache in ((p, c) for clone in self._clones[1:] for p, c in clone.caches.items()):
            assert caches is not None
            element = etree.SubElement(caches, NS + "pivotCache")
            element.set("cacheId", cache)
            element.set(_LINK_ID, keys[part])
        return serialize(root)

    def _list_sheets(self, root: etree._Element, keys: Mapping[str, str]) -> None:
        sheets = root.find(NS + "sheets")
        assert sheets is not None
        listed = list(sheets)
        home = self._stand_ins.sheet.index
        number = max(int(sheet.get("sheetId", "0")) for sheet in listed)
        elements = []
        for place, clone in enumerate(self._clones):
            element = deepcopy(listed[home])
            element.set("name", clone.name)
            element.set(_LINK_ID, keys[clone.part])
            if place:
                element.set("sheetId", str(number + place))
            elements.append(element)
        sheets[home : home + 1] = elements

    def _list_names(self, root: etree._Element) -> None:
        """Names of the workbook and of other sheets as they were, and those of every clone."""
        home, moving = self._stand_ins.sheet.index, self._stand_ins.moving
        names = []
        for name in self._names:
            if name.scope is None and name.key not in moving:
                names.append(name)
            elif name.scope is not None and name.scope != home:
                shift = len(self._clones) - 1 if name.scope > home else 0
                names.append(name.scoped(name.scope + shift))
        for place, clone in enumerate(self._clones):
            names += (name.scoped(home + place) for name in clone.names)
        names.sort(key=_order)
        container = root.find(NS + "definedNames")
        assert container is not None
        container[:] = []
        for name in names:
            element = etree.SubElement(container, NS + "definedName")
            for key, value in name.attributes.items():
                element.set(key, value)
            element.text = name.text


def _order(name: NameText) -> tuple[str, int]:
    """Excel's order: by name, built-in ones without their prefix, then by sheet."""
    return name.key.removeprefix("_xlnm."), -1 if name.scope is None else name.scope


class _Numbers:
    """Hands out numbers and names that the workbook does not have yet.

    `origins` has for every part of a clone, but the first, the part that it was made from.
    """

    def __init__(self, package: Package, names: Iterable[NameText], workbook: Workbook) -> None:
        self.origins: dict[str, str] = {}
        self._taken = {part.casefold() for part in package}
        self._next: dict[str, int] = {}
        tables = [
            package.xml(link.target)
            for sheet in workbook.sheets
            for link in package.relationships(sheet.part).values()
            if link.type.endswith("/table") and link.target in package
        ]
        self._names = {name.key for name in names}
        self._names |= {table.get("displayName", "").casefold() for table in tables}
        self._table_ids = count(max((int(table.get("id", "0")) for table in tables), default=0) + 1)
        self._blocks = count(max(_used_blocks(package), default=0) + 1)
        caches = [int(c.get("cacheId", "0")) for c in package.xml(workbook.part).iter(_CACHE)]
        self._cache_ids = count(max(caches, default=0) + 1)

    def part(self, origin: str) -> str:
        stem, extension = posixpath.splitext(origin)
        stem = stem.rstrip("0123456789")
        number = self._next.get(stem + extension, 1)
        while (name := f"{stem}{number}{extension}").casefold() in self._taken:
            number += 1
        self._next[stem + extension] = number + 1
        self._taken.add(name.casefold())
        self.origins[name] = origin
        return name

    def table(self, origin: Table) -> Table:
        number = self._next.get(origin.name, 2)
        while (name := f"{origin.name}_{number}").casefold() in self._names:
            number += 1
        self._next[origin.name] = number + 1
        self._names.add(name.casefold())
        return Table(str(next(self._table_ids)), name, name)

    def block(self) -> int:
        return next(self._blocks)

    def cache_id(self) -> str:
        return str(next(self._cache_ids))


def _used_blocks(package: Package) -> Iterator[int]:
    for part in package:
        if part.endswith(".vml"):
            for shape, blocks in _SHAPES.findall(package.read(part)):
                if shape:
                    yield int(shape) // SHAPE_BLOCK
                yield from (int(block) for block in blocks.split(b",") if block.strip())


class _Values:
    """What stands in one clone for the stand-ins; in the first, what was there before."""

    def __init__(self, stand_ins: StandIns, name: str, numbers: _Numbers, place: int) -> None:
        self.name = name
        self._place = place
        group = stand_ins.group
        self.parts = {part: numbers.part(part) if place else part for part in group}
        self._part_names = list(self.parts.values())
        self.cache_ids = [
            numbers.cache_id() if place else cache for cache in stand_ins.caches.values()
        ]
        self._tables = [numbers.table(t) if place else t for t in stand_ins.tables]
        self._guids = [guid.decode() for guid in stand_ins.guids]
        self._numbers = numbers
        self._blocks: dict[int, int] = {}

    def of(self, kind: str, number: int) -> str:
        match kind:
            case Stand.TABLE:
                return self._tables[number].name
            case Stand.LABEL:
                return self._tables[number].label
            case Stand.TABLE_ID:
                return self._tables[number].id
            case Stand.SHAPE:
                block, offset = divmod(number, SHAPE_BLOCK)
                return str(self._block(block) * SHAPE_BLOCK + offset)
            case Stand.BLOCK:
                return str(self._block(number))
            case Stand.GUID:
                return self._guid(self._guids[number])
            case Stand.PART:
                return posixpath.basename(self._part_names[number])
            case Stand.CACHE_ID:
                return self.cache_ids[number]
            case Stand.IN_TEXT:
                return self.name.replace("'", "''").replace('"', '""')
        raise ValueError(kind)

    def _block(self, number: int) -> int:
        if not self._place:
            return number
        if number not in self._blocks:
            self._blocks[number] = self._numbers.block()
        return self._blocks[number]

    def _guid(self, guid: str) -> str:
        if not self._place:
            return guid
        return f"{{{uuid.uuid5(uuid.UUID(guid), str(self._place))}}}".upper()


@dataclass(frozen=True, slots=True)
class _Encoding:
    """How a text is written into the bytes of a part: any text, and the name of the sheet."""

    plain: Callable[[str], str]
    name: Callable[[str], str]


def _markup(text: str) -> str:
    return escape(text, {'"': "&quot;"})


_IN_XML = _Encoding(_markup, _markup)
_IN_LINKS = _Encoding(_markup, lambda name: _markup(address(name)))
_AS_IT_IS = _Encoding(str, str)


def _too_many(clones: int, limit: int) -> Diagnostic:
    return Diagnostic(
        "W207",
        Message(
            f"{clones} 张工作表共需要的部件超过上限 {limit} 个",
            f"{clones} sheets need more than the {limit} parts that a workbook may have",
        ),
        fix=Message(
            "请把项目分成几批，或每个项目单独生成一个工作簿",
            "divide the projects, or write one workbook for each",
        ),
    )
