"""The package: what is not touched stays the same bytes, and bad files are told, not raised raw."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.package import Package, PackageWriter


def archive(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as target:
        for name, data in parts.items():
            target.writestr(name, data)
    return file.getvalue()


def entries(data: bytes) -> dict[str, tuple[bytes, bytes]]:
    """Name → (compressed bytes as they lie in the file, content), as zipfile finds them."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        assert source.testzip() is None
        for info in source.infolist():
            start = info.header_offset + 30 + len(info.filename.encode())
            raw = data[start : start + info.compress_size]
            found[info.filename] = raw, source.read(info)
    return found


names = st.text("abcdefgh/工作表", min_size=1, max_size=12).map(
    lambda s: "p" + s.strip("/") + ".xml"
)
packages = st.dictionaries(names, st.binary(max_size=400), min_size=2, max_size=6)


@given(
    packages, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]), st.binary(max_size=99)
)
def test_untouched_parts_keep_their_compressed_bytes(parts, method, new):
    data = archive(parts, method)
    first, *rest = parts
    changed = Package.open(data).replace({first: new}).to_bytes()
    before, after = entries(data), entries(changed)
    assert after[first][1] == new
    for name in rest:
        assert after[name] == before[name]


@given(packages, st.binary(max_size=99))
def test_a_writer_writes_what_replace_writes(parts, new):
    package = Package.open(archive(parts))
    first = next(iter(package))
    written = PackageWriter(package, [first]).write({first: new})
    assert {n: c for n, (_, c) in entries(written).items()} == {**parts, first: new}


def test_parts_written_with_data_descriptors_are_copied():
    file = io.BytesIO()

    class Unseekable(io.RawIOBase):
        """A stream, as a web server writes to: sizes then follow the data."""

        def writable(self):
            return True

        def write(self, data):
            return file.write(data)

    with zipfile.ZipFile(Unseekable(), "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a.xml", b"<a/>" * 100)
        target.writestr("b.xml", b"<b/>")
    copied = Package.open(file.getvalue()).replace({"b.xml": b"<c/>"}).to_bytes()
    assert {n: c for n, (_, c) in entries(copied).items()} == {
        "a.xml": b"<a/>" * 100,
        "b.xml": b"<c/>",
    }


def test_a_removed_part_is_gone():
    package = Package.open(archive({"a": b"1", "b": b"2"})).replace({"a": None})
    assert list(package) == ["b"]
    assert "a" not in package
    with pytest.raises(WorkbookError):
        package.read("a")


@pytest.mark.parametrize("data", [b"", b"PK", b"<html>", b"PK\3\4" + bytes(100)])
def test_what_is_no_zip_is_refused_with_advice(data):
    with pytest.raises(WorkbookError) as caught:
        Package.open(data)
    assert "另存" in caught.value.text()


def test_damage_inside_a_part_names_the_part():
    data = bytearray(archive({"xl/a.xml": bytes(range(256)) * 9}))
    data[60:70] = b"0123456789"
    with pytest.raises(WorkbookError) as caught:
        Package.open(bytes(data)).read("xl/a.xml")
    assert "xl/a.xml" in caught.value.text()


@pytest.mark.parametrize(
    "xml", [b"<a", b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', b"<!DOCTYPE a []><a/>"]
)
def test_malformed_xml_and_doctypes_are_refused(xml):
    with pytest.raises(WorkbookError):
        Package.open(archive({"a.xml": xml})).xml("a.xml")


def test_relationships_are_resolved_to_part_names():
    file = io.BytesIO()
    openpyxl.Workbook().save(file)
    package = Package.open(file.getvalue())
    assert {r.target for r in package.relationships().values()} >= {"xl/workbook.xml"}
    targets = {r.target for r in package.relationships("xl/workbook.xml").values()}
    assert "xl/worksheets/sheet1.xml" in targets
    assert package.relationships("xl/styles.xml") == {}
