"""The package: parts in, parts out, and what was not touched stays the very same bytes."""

import posixpath
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from xlperf.ooxml import preflight
from xlperf.ooxml.archive import Around, Entry, damaged, deflated, end_record, read_entries
from xlperf.ooxml.preflight import DEFAULT, Limits

__all__ = [
    "CONTENT_TYPES",
    "Around",
    "Package",
    "PackageWriter",
    "Relationship",
    "damaged",
    "parse_xml",
    "relationships_part",
]

CONTENT_TYPES = "[Content_Types].xml"
_OVERRIDE, _LINK = "{*}Override", "{*}Relationship"


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship of a part; `target` is a part name, or the address itself when external."""

    id: str
    type: str
    target: str
    external: bool


class Package:
    """The parts of a workbook file by name, in order. Immutable; changed copies share the rest."""

    def __init__(self, entries: dict[str, Entry], limits: Limits = DEFAULT) -> None:
        self._entries = entries
        self.limits = limits

    @classmethod
    def open(cls, data: bytes, limits: Limits = DEFAULT) -> "Package":
        """Read the directory of a zip file; parts are decompressed when asked for.

        Raises WorkbookError when `data` is another kind of file, damaged, or beyond the limits.
        """
        preflight.check_file_size(len(data), limits)
        if kind := preflight.recognise(data):
            raise kind.error()
        package = cls(read_entries(data, limits), limits)
        types, mimetype = (
            package.read(name) if name in package else None for name in (CONTENT_TYPES, "mimetype")
        )
        if kind := preflight.recognise_parts(package, types, mimetype or b""):
            raise kind.error()
        return package

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def read(self, name: str) -> bytes:
        """Content of a part. Raises WorkbookError when the part is missing or damaged."""
        if name not in self._entries:
            raise damaged(name)
        return self._entries[name].content(name)

    def packed(self, name: str) -> bytes:
        """A part as it is compressed in the file, b"" where it is missing: quick to compare."""
        return self._entries[name].raw if name in self._entries else b""

    def xml(self, name: str) -> etree._Element:
        """Root element of an XML part; entities are never resolved."""
        return parse_xml(self.read(name), name, self.limits)

    def replace(self, parts: Mapping[str, bytes | None]) -> "Package":
        """A copy with these parts changed or added; None removes a part."""
        entries = dict(self._entries)
        for name, data in parts.items():
            if data is None:
                entries.pop(name, None)
            else:
                entries[name] = deflated(data)
        return Package(entries, self.limits)

    def without(self, parts: Collection[str]) -> "Package":
        """A copy without these parts, their content types, and the relationships to them."""
        gone = {name for name in parts if name in self}
        if not gone:
            return self
        changed: dict[str, bytes | None] = dict.fromkeys(gone)
        changed |= dict.fromkeys(r for name in gone if (r := relationships_part(name)) in self)
        root = self.xml(CONTENT_TYPES)
        types = [e for e in root.iterfind(_OVERRIDE) if e.get("PartName", "").lstrip("/") in gone]
        if types:
            changed[CONTENT_TYPES] = _without(root, types)
        for name in self:
            if name.endswith(".rels") and name not in changed:
                links = self.relationships(_owner(name)).items()
                if lost := {key for key, link in links if link.target in gone}:
                    root = self.xml(name)
                    found = [e for e in root.iterfind(_LINK) if e.get("Id") in lost]
                    changed[name] = _without(root, found)
        return self.replace(changed)

    def relationships(self, part: str = "") -> dict[str, Relationship]:
        """Relationships of a part by id; of the package itself for ""."""
        name = relationships_part(part)
        if name not in self:
            return {}
        folder = posixpath.dirname(part)
        found = {}
        for element in self.xml(name).iterchildren(_LINK):
            target, external = element.get("Target", ""), element.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                target = target if target in self else self._folded.get(target.casefold(), target)
            key = element.get("Id", "")
            found[key] = Relationship(key, element.get("Type", ""), target, external)
        return found

    @cached_property
    def _folded(self) -> dict[str, str]:
        """Part names are the same whatever their case, and some programs rely on it."""
        return {name.casefold(): name for name in self}

    def to_bytes(self) -> bytes:
        return PackageWriter(self, ()).write({})


class PackageWriter:
    """Writes many packages that differ only in the `changing` parts.

    All other parts are laid out once, as one run of bytes that every package begins with.
    """

    def __init__(self, package: Package, changing: Collection[str]) -> None:
        body, directory = bytearray(), bytearray()
        kept = [name for name in package if name not in changing]
        for name in kept:
            entry = package._entries[name]
            local, central = entry.headers(name, len(body))
            body += local
            body += entry.raw
            directory += central
        self._count = len(kept)
        self._body, self._directory = bytes(body), bytes(directory)

    def write(self, parts: Mapping[str, bytes | Entry]) -> bytes:
        """The whole file, with this content in the changing parts, deflated here or before."""
        pieces, directory, offset = [self._body], [self._directory], len(self._body)
        for name, data in parts.items():
            entry = data if isinstance(data, Entry) else deflated(data)
            local, central = entry.headers(name, offset)
            pieces += (local, entry.raw)
            directory.append(central)
            offset += len(local) + len(entry.raw)
        size = sum(map(len, directory))
        end = end_record(self._count + len(parts), size, offset)
        return b"".join((*pieces, *directory, end))


def relationships_part(part: str) -> str:
    folder, base = posixpath.split(part)
    return posixpath.join(folder, "_rels", base + ".rels")


def _owner(relationships: str) -> str:
    """The part whose relationships stand in this part; "" for those of the package."""
    folder, base = posixpath.split(relationships)
    return posixpath.join(posixpath.dirname(folder), base.removesuffix(".rels"))


def parse_xml(data: bytes, name: str, limits: Limits = DEFAULT) -> etree._Element:
    """Root element of `data`; no entities, DTD or network, and without comments.

    Raises WorkbookError when malformed.
    """
    preflight.check_markup(data, name, limits)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        remove_blank_text=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if error.lineno == 0:  # a fault in the text has its line: here there was no room to read on
            raise MemoryError from error
        raise damaged(name) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise damaged(name)
    return root


def _without(root: etree._Element, elements: Collection[etree._Element]) -> bytes:
    for element in elements:
        root.remove(element)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
