"""The zip package: parts in, parts out, and what was not touched stays the very same bytes.

`zipfile` reads the directory; writing is our own, because the standard library cannot copy an entry
without decompressing it, and copying is what keeps a fill lossless and fast.
"""

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from xlperf.diagnostic import Diagnostic, Message, WorkbookError

CONTENT_TYPES = "[Content_Types].xml"
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_DEFLATED = 8
_UTF8_NAME = 0x800
_NEW_YEAR_1980 = 0x21
_LEVEL = 3  # twice as fast as the usual 6, and 6 % larger on a sheet


@dataclass(frozen=True, slots=True)
class _Stored:
    """One zip entry ready to be written: compressed bytes and what the headers say of them."""

    raw: bytes
    method: int
    crc: int
    size: int
    flags: int = 0
    time: int = 0
    date: int = _NEW_YEAR_1980
    external: int = 0

    def content(self, name: str) -> bytes:
        try:
            data = self.raw if self.method == 0 else zlib.decompress(self.raw, -zlib.MAX_WBITS)
        except zlib.error as error:
            raise damaged(name) from error
        if len(data) != self.size or zlib.crc32(data) != self.crc:
            raise damaged(name)
        return data

    def headers(self, name: str, offset: int) -> tuple[bytes, bytes]:
        """Local and central header of the entry when it is written at `offset`."""
        encoded = name.encode()
        flags = self.flags | (0 if name.isascii() else _UTF8_NAME)
        sizes = (self.crc, len(self.raw), self.size)
        local = _LOCAL.pack(
            b"PK\3\4", 20, flags, self.method, self.time, self.date, *sizes, len(encoded), 0
        )
        central = _CENTRAL.pack(
            b"PK\1\2", 20, 20, flags, self.method, self.time, self.date, *sizes,
            len(encoded), 0, 0, 0, 0, self.external, offset,
        )  # fmt: skip
        return local + encoded, central + encoded


def _deflated(data: bytes) -> _Stored:
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return _Stored(deflate.compress(data) + deflate.flush(), _DEFLATED, zlib.crc32(data), len(data))


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship of a part; `target` is a part name, or the address itself when external."""

    id: str
    type: str
    target: str
    external: bool


class Package:
    """The parts of a workbook file by name, in order. Immutable; changed copies share the rest."""

    def __init__(self, entries: dict[str, _Stored]) -> None:
        self._entries = entries

    @classmethod
    def open(cls, data: bytes) -> "Package":
        """Read the directory of a zip file; parts are decompressed when asked for.

        Raises WorkbookError when `data` is no zip, encrypted, or damaged.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entries = {
                    info.filename: _stored(data, info)
                    for info in archive.infolist()
                    if not info.is_dir()
                }
        except (zipfile.BadZipFile, struct.error, OverflowError, NotImplementedError) as error:
            raise WorkbookError(
                Diagnostic(
                    "W101",
                    Message("不是有效的 Excel 工作簿", "not a valid Excel workbook"),
                    fix=Message(
                        "请用 Excel 或 WPS 打开后另存为 .xlsx",
                        "open it in Excel or WPS and save it as .xlsx",
                    ),
                )
            ) from error
        return cls(entries)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def read(self, name: str) -> bytes:
        """Content of a part. Raises WorkbookError when the part is missing or damaged."""
        if name not in self._entries:
            raise damaged(name)
        return self._entries[name].content(name)

    def xml(self, name: str) -> etree._Element:
        """Root element of an XML part; entities are never resolved."""
        return parse_xml(self.read(name), name)

    def replace(self, parts: Mapping[str, bytes | None]) -> "Package":
        """A copy with these parts changed or added; None removes a part."""
        entries = dict(self._entries)
        for name, data in parts.items():
            if data is None:
                entries.pop(name, None)
            else:
                entries[name] = _deflated(data)
        return Package(entries)

    def relationships(self, part: str = "") -> dict[str, Relationship]:
        """Relationships of a part by id; of the package itself for ""."""
        name = relationships_part(part)
        if name not in self:
            return {}
        folder = posixpath.dirname(part)
        found = {}
        for element in self.xml(name):
            target, external = element.get("Target", ""), element.get("TargetMode") == "External"
            if not external:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            key = element.get("Id", "")
            found[key] = Relationship(key, element.get("Type", ""), target, external)
        return found

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
            stored = package._entries[name]
            local, central = stored.headers(name, len(body))
            body += local
            body += stored.raw
            directory += central
        self._count = len(kept)
        self._body, self._directory = bytes(body), bytes(directory)

    def write(self, parts: Mapping[str, bytes]) -> bytes:
        """The whole file, with this content in the changing parts."""
        pieces, directory, offset = [self._body], [self._directory], len(self._body)
        for name, data in parts.items():
            stored = _deflated(data)
            local, central = stored.headers(name, offset)
            pieces += (local, stored.raw)
            directory.append(central)
            offset += len(local) + len(stored.raw)
        count, size = self._count + len(parts), sum(map(len, directory))
        end = _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)
        return b"".join((*pieces, *directory, end))


def relationships_part(part: str) -> str:
    folder, base = posixpath.split(part)
    return posixpath.join(folder, "_rels", base + ".rels")


def parse_xml(data: bytes, name: str) -> etree._Element:
    """Root element of `data`; no entities, DTD or network. Raises WorkbookError when malformed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise damaged(name) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise damaged(name)
    return root


def damaged(part: str) -> WorkbookError:
    return WorkbookError(
        Diagnostic(
            "W102",
            Message(
                f"工作簿已损坏（{part} 无法读取）",
                f"the workbook is damaged ({part} cannot be read)",
            ),
            fix=Message(
                "请用 Excel 或 WPS 打开并修复后另存", "open it in Excel or WPS, repair and save it"
            ),
        )
    )


def _stored(data: bytes, info: zipfile.ZipInfo) -> _Stored:
    if info.flag_bits & 0x1 or info.compress_type not in (0, _DEFLATED):
        raise zipfile.BadZipFile(f"{info.filename} is encrypted or compressed in an unknown way")
    name_length, extra_length = struct.unpack_from("<2H", data, info.header_offset + 26)
    start = info.header_offset + 30 + name_length + extra_length
    raw = data[start : start + info.compress_size]
    if len(raw) != info.compress_size:
        raise zipfile.BadZipFile(f"{info.filename} is cut off")
    year, month, day, hour, minute, second = info.date_time
    return _Stored(
        raw,
        info.compress_type,
        info.CRC,
        info.file_size,
        info.flag_bits & _UTF8_NAME,
        hour << 11 | minute << 5 | second // 2,
        max(year - 1980, 0) << 9 | month << 5 | day,
        info.external_attr,
    )
