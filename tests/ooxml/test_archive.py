"""Zip files: everything that other writers make is read, and no header is believed."""

import io
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.archive import Around, Entry, end_record, read_entries
from xlperf.ooxml.preflight import DEFAULT, Limits

MEBIBYTE = 1 << 20


def archive(parts: dict[str, bytes], **options: object) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, **options) as target:
        for name, data in parts.items():
            target.writestr(name, data)
    return file.getvalue()


def built(entries: list[tuple[str, Entry]]) -> bytes:
    """An archive of entries whose headers may say anything."""
    body, directory = b"", b""
    for name, entry in entries:
        local, central = entry.headers(name, len(body))
        body += local + entry.raw
        directory += central
    return body + directory + end_record(len(entries), len(directory), len(body))


def zeros(blocks: int) -> bytes:
    """Deflated zeros, as many MiB as `blocks`, without deflating them all."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = deflate.compress(bytes(MEBIBYTE)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return block * blocks + deflate.flush()


def _read_all(data: bytes, limits: Limits) -> None:
    for name, entry in read_entries(data, limits).items():
        entry.content(name)


def refusal(data: bytes, limits: Limits = DEFAULT) -> str:
    """The code of the one diagnostic with which the archive, or one of its files, is refused."""
    with pytest.raises(WorkbookError) as caught:
        _read_all(data, limits)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.fix
    assert caught.value.text("en").isascii()
    return diagnostic.code


# ------------------------------------------------------------------ what other programs write


def _with_comment() -> bytes:
    file = io.BytesIO(archive({"a": b"1" * 99}))
    with zipfile.ZipFile(file, "a") as target:
        target.comment = b"made by hand" * 9
    return file.getvalue()


def _large() -> bytes:
    """All sizes in the extra fields, as some writers do it always."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target,
        target.open("a", "w", force_zip64=True) as part,
    ):
        part.write(b"1" * 99)
    return file.getvalue()


def _wide_directory() -> bytes:
    """The 64-bit end record, before an ordinary one that says nothing."""
    data = archive({"a": b"1" * 99})
    end = data.rindex(b"PK\5\6")
    count, size, offset = struct.unpack_from("<2xH2L", data, end + 8)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    plain = end_record(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    return data[:end] + wide + locator + plain


@pytest.mark.parametrize(
    "make",
    [
        lambda: archive({"a": b"1" * 99}),
        lambda: b"HTTP/1.1 200 OK\r\n\r\n" + archive({"a": b"1" * 99}),
        lambda: archive({"a": b"1" * 99}) + b"\r\n",
        lambda: archive({"xl/": b"", "a": b"1" * 99}),
        _with_comment,
        _large,
        _wide_directory,
    ],
)
def test_every_way_to_write_an_archive_is_read(make: Callable[[], bytes]) -> None:
    data = make()
    assert zipfile.ZipFile(io.BytesIO(data)).read("a") == b"1" * 99
    (item,) = read_entries(data, DEFAULT).items()
    assert item[0] == "a"
    assert item[1].content("a") == b"1" * 99


def test_an_empty_archive_is_read() -> None:
    assert read_entries(archive({}), DEFAULT) == {}


# ------------------------------------------------------------------------ headers that lie


def _bomb(size: int, blocks: int = 4096) -> bytes:
    return built([("a", Entry(zeros(blocks), 8, 0, size))])


@pytest.mark.parametrize(
    ("size", "code"),
    [
        (1000, "W102"),
        (0, "W102"),
        (MEBIBYTE, "W102"),
        (4095 * MEBIBYTE, "W131"),
    ],
)
def test_four_gigabytes_in_a_small_file_take_no_memory(size: int, code: str) -> None:
    """The bomb is real: 4 GiB of zeros, whatever its header says."""
    data = _bomb(size)
    assert len(data) < 6 * MEBIBYTE
    tracemalloc.start()
    try:
        assert refusal(data) == code
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(data)


def test_what_is_unpacked_never_exceeds_the_limit() -> None:
    limits = Limits(part=2 * MEBIBYTE, ratio=2000)
    data = _bomb(2 * MEBIBYTE)
    tracemalloc.start()
    try:
        assert refusal(data, limits) == "W102"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * len(data) + 2 * limits.part


def test_parts_that_are_small_each_and_large_together_are_refused() -> None:
    half = Entry(zeros(1), 8, 0, MEBIBYTE)
    data = built([(f"a{number}", half) for number in range(600)])
    assert refusal(data) == "W132"


def test_files_that_share_their_bytes_are_refused() -> None:
    """Zip bombs without layers: many directory entries for one run of compressed bytes."""
    entry = Entry(zeros(1), 8, zlib.crc32(bytes(MEBIBYTE)), MEBIBYTE)
    local, central = entry.headers("a", 0)
    body = local + entry.raw
    directory = central * 2
    twice = body + directory + end_record(2, len(directory), len(body))
    assert refusal(twice) == "W135"
    inner, _ = entry.headers("b", 0)
    nested = Entry(inner + entry.raw, 0, 0, len(inner) + len(entry.raw))
    outer, first = nested.headers("a", 0)
    _, second = entry.headers("b", len(outer))
    directory = first + second
    data = outer + nested.raw + directory + end_record(2, len(directory), len(outer + nested.raw))
    assert refusal(data) == "W123"


@pytest.mark.parametrize("size", [98, 100])
def test_a_wrong_size_is_damage(size: int) -> None:
    packed = zlib.compress(b"1" * 99)[2:-4]
    assert refusal(built([("a", Entry(packed, 8, zlib.crc32(b"1" * 99), size))])) == "W102"


def test_a_wrong_checksum_is_damage() -> None:
    assert refusal(built([("a", Entry(b"12", 0, 0, 2))])) == "W102"


def test_a_stored_file_is_as_long_as_it_says() -> None:
    assert refusal(built([("a", Entry(b"12", 0, zlib.crc32(b"12"), 3))])) == "W123"


def test_a_name_that_differs_from_its_local_header_is_refused() -> None:
    data = archive({"abc": b"1"})
    assert refusal(data.replace(b"abc", b"abd", 1)) == "W123"


def test_an_encrypted_archive_and_an_unknown_compression_are_told_apart() -> None:
    assert refusal(built([("a", Entry(b"12", 0, 0, 2, flags=1))])) == "W112"
    assert refusal(built([("a", Entry(b"12", 14, 0, 2))])) == "W101"


@pytest.mark.parametrize("cut", [1, 10, 21, 22, 40, 100, 150])
def test_an_archive_that_is_cut_off_is_told(cut: int) -> None:
    data = archive({"a": bytes(range(100)), "b": b"2"})
    assert refusal(data[:-cut]) == "W123"
    assert refusal(data[cut:]) == "W123"


@pytest.mark.parametrize(
    ("field", "value"),
    [(4, 1), (10, 7), (10, 0xFFFF), (12, 1), (12, 0xFFFFFFF0), (16, 0x00FFFFFF), (16, 0xFFFFFFFF)],
)
def test_an_end_record_that_lies_is_damage(field: int, value: int) -> None:
    """Count, size and place of the directory; the number of the disk does not matter."""
    data = bytearray(archive({"a": b"1", "b": b"2"}))
    kind = "<H" if field < 12 else "<L"
    struct.pack_into(kind, data, data.rindex(b"PK\5\6") + field, value)
    if field == 4:
        assert len(read_entries(bytes(data), DEFAULT)) == 2
    else:
        assert refusal(bytes(data)) == "W123"


# --------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(parts=2), "W134"),
        (Limits(part=99), "W131"),
        (Limits(total=299), "W132"),
    ],
)
def test_limits_are_kept_to_the_unit(limits: Limits, code: str) -> None:
    data = archive({"a": b"1" * 100, "b": b"1" * 100, "c": b"1" * 100})
    assert refusal(data, limits) == code
    assert read_entries(data, Limits(parts=3, part=100, total=300))


def test_the_ratio_counts_for_large_parts_that_are_parsed() -> None:
    blank = bytes(2 * MEBIBYTE)
    assert refusal(archive({"xl/worksheets/sheet1.xml": blank})) == "W133"
    assert read_entries(archive({"xl/media/image1.bmp": blank}), DEFAULT)
    assert read_entries(archive({"a.xml": blank[:MEBIBYTE]}), DEFAULT)


@pytest.mark.parametrize(
    "name",
    ["//xl/a.xml", "xl/../a.xml", "../a.xml", "..", "xl/./a.xml", "xl//a.xml", "xl\\a.xml",
     "C:/a.xml", "c:a", "xl/a\nb.xml", "xl/%2e%2e%2fa.xml", "xl/a%5Cb", "\\\\host\\a"],
)  # fmt: skip
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    assert refusal(built([("xl/good.xml", Entry(b"", 0, 0, 0)), (name, Entry(b"", 0, 0, 0))])) == (
        "W136"
    )


@pytest.mark.parametrize(
    "name", ["xl/..a.xml", "a..", ".hidden", "xl/工作表.xml", "a%20b.xml", "…"]
)
def test_names_that_only_look_odd_are_taken(name: str) -> None:
    assert list(read_entries(built([(name, Entry(b"", 0, 0, 0))]), DEFAULT)) == [name]


@pytest.mark.parametrize("other", ["xl/a.xml", "xl/A.xml", "XL/a.XML"])
def test_a_name_that_is_there_twice_is_refused(other: str) -> None:
    assert refusal(built([("xl/a.xml", Entry(b"", 0, 0, 0)), (other, Entry(b"", 0, 0, 0))])) == (
        "W135"
    )


@given(st.binary(max_size=3000), st.binary(max_size=3000), st.lists(st.binary(max_size=50)))
def test_a_part_that_varies_in_one_place_is_the_whole_part(before, after, middles):
    part = Around(before, after)
    for middle in middles:
        entry = part.entry(middle)
        assert entry.content("part") == before + middle + after
        assert zlib.decompress(entry.raw, -zlib.MAX_WBITS) == before + middle + after


def test_where_isal_is_not_built_the_standard_library_stands_in():
    program = (
        "import sys; sys.modules['isal'] = None\n"
        "from xlperf.ooxml.archive import deflated, zlib\n"
        "text = b'cell' * 999\n"
        "assert deflated(text).content('a') == text\n"
        "print(zlib.__name__)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("zlib\n", "")
