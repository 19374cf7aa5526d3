"""Changing a package: new parts with their content types, and the relationships between parts.

Only what is changed is written anew; the package that comes out shares the rest with the old one.
"""

import posixpath
from collections.abc import Iterator

from lxml import etree

from xlperf.ooxml.package import CONTENT_TYPES, Package, parse_xml, relationships_part
from xlperf.ooxml.workbook import RELATIONSHIPS, serialize

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"


class PackageEdit:
    """A package while several of its parts change."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._trees: dict[str, etree._Element] = {}
        self._parts: dict[str, bytes | None] = {}

    def __contains__(self, part: str) -> bool:
        return part in self._package or part in self._parts or part in self._trees

    def __iter__(self) -> Iterator[str]:
        return iter({*self._package, *self._parts})

    def read(self, part: str) -> bytes:
        data = self._parts.get(part)
        return self._package.read(part) if data is None else data

    def tree(self, part: str) -> etree._Element:
        """Root element of a part that is about to change; what is done to it is kept."""
        if part not in self._trees:
            self._trees[part] = parse_xml(self.read(part), part)
        return self._trees[part]

    def write(self, part: str, data: bytes) -> None:
        self._parts[part] = data

    def add(self, pattern: str, data: bytes, content_type: str) -> str:
        """Add a part under the first free number; its name. `pattern` is `xl/comments{}.xml`."""
        number = 1
        while (part := pattern.format(number)) in self:
            number += 1
        self.write(part, data)
        override = etree.SubElement(self.tree(CONTENT_TYPES), f"{{{_TYPES}}}Override")
        override.set("PartName", "/" + part)
        override.set("ContentType", content_type)
        return part

    def related(self, part: str, kind: str) -> str | None:
        """The part that `part` refers to by a relationship of this kind, or None."""
        links = self._package.relationships(part).values()
        targets = (link.target for link in links if link.type.endswith("/" + kind))
        return next((target for target in targets if target in self), None)

    def relate(self, part: str, kind: str, target: str) -> str:
        """Add a relationship; its id."""
        name = relationships_part(part)
        if name not in self:
            self._trees[name] = etree.fromstring(f'<Relationships xmlns="{_LINKS}"/>')
        root = self.tree(name)
        taken = {link.get("Id") for link in root}
        number = len(taken) + 1
        while (key := f"rId{number}") in taken:
            number += 1
        link = etree.SubElement(root, f"{{{_LINKS}}}Relationship")
        link.set("Id", key)
        link.set("Type", f"{RELATIONSHIPS}/{kind}")
        link.set("Target", posixpath.relpath(target, posixpath.dirname(part)))
        return key

    def package(self) -> Package:
        trees = {part: serialize(root) for part, root in self._trees.items()}
        return self._package.replace({**self._parts, **trees})
