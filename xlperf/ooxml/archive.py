"""Zip files as workbooks use them: the directory read with suspicion, entries written as they were.

The standard library's module reads whatever a header claims and cannot copy an entry without
decompressing it. Here nothing is believed that memory depends on, and copying is what keeps a fill
lossless and fast.
"""

import struct
from collections.abc import Iterator
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from xlperf.diagnostic import Diagnostic, Message, WorkbookError
from xlperf.ooxml import preflight
from xlperf.ooxml.preflight import Limits

try:  # zlib's interface at a third of its time, but not built for every machine
    from isal import isal_zlib as zlib
except ImportError:
    import zlib  # type: ignore[no-redef]

_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_LENGTHS = struct.Struct("<4s22x2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_CENTRAL_LENGTHS = struct.Struct("<28x3H")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _UTF8_NAME = 0x1, 0x800
_IN_EXTRA_16, _IN_EXTRA_32 = 0xFFFF, 0xFFFFFFFF
_LONGEST_COMMENT = 0xFFFF
_LONGEST_KEPT = 512
_NEW_YEAR_1980 = 0x21
_LEVEL = 1  # of zlib's, three times as fast as the usual 6, and a seventh larger on a sheet


class Entry(NamedTuple):
    """One file of an archive: its compressed bytes and what the headers say of them."""

    raw: bytes
    method: int
    crc: int
    size: int
    flags: int = 0
    time: int = 0
    date: int = _NEW_YEAR_1980
    external: int = 0

    def content(self, name: str) -> bytes:
        """The decompressed bytes, of which there are never more than the header says."""
        data = self.raw
        if self.method == _DEFLATED:
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                data = inflate.decompress(self.raw, self.size + 1)
            except zlib.error as error:  # type: ignore[misc]  # in isal's stubs an instance
                raise damaged(name) from error
            if not inflate.eof:
                raise damaged(name)
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


def deflated(data: bytes) -> Entry:
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return Entry(deflate.compress(data) + deflate.flush(), _DEFLATED, zlib.crc32(data), len(data))


def stored(data: bytes) -> Entry:
    """An entry that is not deflated: its bytes are the same whatever deflates on this machine."""
    return Entry(data, _STORED, zlib.crc32(data), len(data))


class Around:
    """A part that varies in one place only: what is before and after it is deflated once.

    Deflated runs may follow each other where each ends at a byte and looks back to none before it.
    """

    def __init__(self, before: bytes, after: bytes) -> None:
        self._before, self._crc, self._size = _run(before), zlib.crc32(before), len(before)
        self._after, self._last = after, deflated(after).raw

    def entry(self, middle: bytes) -> Entry:
        raw = self._before + _run(middle) + self._last
        crc = zlib.crc32(self._after, zlib.crc32(middle, self._crc))
        return Entry(raw, _DEFLATED, crc, self._size + len(middle) + len(self._after))


def _run(data: bytes) -> bytes:
    """Deflated bytes that others may follow."""
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush(zlib.Z_FULL_FLUSH)


def end_record(count: int, size: int, offset: int) -> bytes:
    """What ends an archive: how many entries its directory has, how long it is, where it begins."""
    return _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)


def read_entries(data: bytes, limits: Limits) -> dict[str, Entry]:
    """The files of an archive by name, in order; nothing is decompressed.

    Raises WorkbookError where the archive is damaged, encrypted or beyond the limits, and where its
    names are ambiguous or its files share bytes.
    """
    try:
        headers = list(_directory(data, limits))
        preflight.check_names([header.name for header in headers])
        preflight.check_part_sizes([(h.name, h.size, h.packed) for h in headers], limits)
        return {header.name: header.entry(data) for header in _apart(headers)}
    except (struct.error, UnicodeDecodeError) as error:
        raise preflight.CUT_OFF.error() from error


class _Header(NamedTuple):
    name: str
    encoded: bytes
    flags: int
    method: int
    time: int
    date: int
    crc: int
    packed: int
    size: int
    external: int
    offset: int

    def entry(self, data: bytes) -> Entry:
        signature, name_length, extra_length = _LOCAL_LENGTHS.unpack_from(data, self.offset)
        start = self.offset + _LOCAL.size
        stop = start + name_length
        if signature != b"PK\3\4" or data[start:stop] != self.encoded:
            raise preflight.CUT_OFF.error()
        start = stop + extra_length
        raw = data[start : start + self.packed]
        if len(raw) != self.packed or (self.method == _STORED and self.packed != self.size):
            raise preflight.CUT_OFF.error()
        return Entry(
            raw, self.method, self.crc, self.size, self.flags & _UTF8_NAME,
            self.time, self.date, self.external,
        )  # fmt: skip


def _directory(data: bytes, limits: Limits) -> Iterator[_Header]:
    """The directory's headers, without those of folders."""
    at, stop, moved, count = _place(data)
    found = 0
    while at < stop:
        found += 1
        preflight.check_part_count(found, limits)
        end = at + _CENTRAL.size + sum(_CENTRAL_LENGTHS.unpack_from(data, at))
        record = data[at:end]
        header = _header(record) if len(record) <= _LONGEST_KEPT else _header.__wrapped__(record)
        if not header.name.endswith("/"):
            yield header._replace(offset=header.offset + moved) if moved else header
        at = end
    if at != stop or found & 0xFFFF != count & 0xFFFF:
        raise preflight.CUT_OFF.error()


# Workbooks made from one template have most of their records alike.
@lru_cache(maxsize=4096)
def _header(record: bytes) -> _Header:
    """What one record of a directory says."""
    (
        signature, _, _, flags, method, time, date, crc, packed, size,
        name_length, extra_length, _, _, _, external, offset,
    ) = _CENTRAL.unpack_from(record)  # fmt: skip
    after_name = _CENTRAL.size + name_length
    encoded = record[_CENTRAL.size : after_name]
    if signature != b"PK\1\2" or len(encoded) != name_length:
        raise preflight.CUT_OFF.error()
    if _IN_EXTRA_32 in (size, packed, offset):
        extra = record[after_name : after_name + extra_length]
        size, packed, offset = _widened(extra, size, packed, offset)
    if flags & _ENCRYPTED:
        raise preflight.ENCRYPTED.error()
    if method not in (_STORED, _DEFLATED):
        raise preflight.UNKNOWN.error()
    name = encoded.decode("utf-8" if flags & _UTF8_NAME else "cp437")
    name = name.removeprefix("/")  # with which XlsxWriter begins one; Excel does not mind
    if not name.endswith("/"):
        preflight.check_name(name)
    return _Header(name, encoded, flags, method, time, date, crc, packed, size, external, offset)


def _place(data: bytes) -> tuple[int, int, int, int]:
    """Where the directory begins and ends, by how much all offsets are off, and its entries."""
    end = data.rfind(b"PK\5\6", max(len(data) - _LONGEST_COMMENT - _END.size, 0))
    if end < 0:
        raise preflight.CUT_OFF.error()
    _, _, _, _, count, size, offset, _ = _END.unpack_from(data, end)
    stop = end
    if count == _IN_EXTRA_16 or _IN_EXTRA_32 in (size, offset):
        locator = end - _LOCATOR_64.size
        if locator >= 0 and data.startswith(b"PK\6\7", locator):
            stop = data.rfind(b"PK\6\6", 0, locator)
            if stop < 0:
                raise preflight.CUT_OFF.error()
            *_, count, size, offset = _END_64.unpack_from(data, stop)
    start = stop - size
    if start < 0 or offset > start:
        raise preflight.CUT_OFF.error()
    return start, stop, start - offset, count


def _widened(extra: bytes, *values: int) -> Iterator[int]:
    """The values, each that is too large for its place in the header from the extra field."""
    at, wide = 0, b""
    while at + 4 <= len(extra):
        key, length = struct.unpack_from("<2H", extra, at)
        if key == 1:
            wide = extra[at + 4 : at + 4 + length]
            break
        at += 4 + length
    for value in values:
        if value == _IN_EXTRA_32:
            (value,) = struct.unpack_from("<Q", wide)
            wide = wide[8:]
        yield value


def _apart(headers: list[_Header]) -> list[_Header]:
    """The headers, once it is sure that no two of them claim the same bytes."""
    free = 0
    for header in sorted(headers, key=attrgetter("offset")):
        if header.offset < free:
            raise preflight.CUT_OFF.error()
        free = header.offset + _LOCAL.size + len(header.encoded) + header.packed
    return headers


def damaged(part: str) -> WorkbookError:
    name = preflight.shown(part)
    return WorkbookError(
        Diagnostic(
            "W102",
            Message(
                f"工作簿已损坏（{name} 无法读取）",
                f"the workbook is damaged ({name} cannot be read)",
            ),
            fix=Message(
                "请用 Excel 或 WPS 打开并修复后另存", "open it in Excel or WPS, repair and save it"
            ),
        )
    )
