"""The package: what is not touched stays the same bytes, and bad files are told, not raised raw."""

import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.package import CONTENT_TYPES, Package, PackageWriter, relationships_part

TYPES = {CONTENT_TYPES: b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/x"/>'}


def archive(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as target:
        for name, data in {**TYPES, **parts}.items():
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
    lambda s: "p" + "/".join(filter(None, s.split("/"))) + ".xml"
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
    first = next(iter(parts))
    written = PackageWriter(package, [first]).write({first: new})
    assert {n: c for n, (_, c) in entries(written).items()} == {**TYPES, **parts, first: new}


def test_parts_written_with_data_descriptors_are_copied():
    file = io.BytesIO()

    class Unseekable(io.RawIOBase):
        """A stream, as a web server writes to: sizes then follow the data."""

        def writable(self):
            return True

        def write(self, data):
            return file.write(data)

    with zipfile.ZipFile(Unseekable(), "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(CONTENT_TYPES, TYPES[CONTENT_TYPES])
        target.writestr("a.xml", b"<a/>" * 100)
        target.writestr("b.xml", b"<b/>")
    copied = Package.open(file.getvalue()).replace({"b.xml": b"<c/>"}).to_bytes()
    assert {n: c for n, (_, c) in entries(copied).items()} == {
        **TYPES,
        "a.xml": b"<a/>" * 100,
        "b.xml": b"<c/>",
    }


def test_a_removed_part_is_gone():
    package = Package.open(archive({"a": b"1", "b": b"2"})).replace({"a": None})
    assert list(package) == [CONTENT_TYPES, "b"]
    assert "a" not in package
    with pytest.raises(WorkbookError):
        package.read("a")


def test_damage_inside_a_part_names_the_part():
    data = bytearray(archive({"xl/a.xml": bytes(range(256)) * 9}))
    start = data.index(b"xl/a.xml") + 20
    data[start : start + 10] = b"0123456789"
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


def test_part_names_are_the_same_in_any_case():
    package = Package.open(
        archive(
            {
                "_rels/.rels": b'<Relationships xmlns="x"><Relationship Id="r" Type="t" '
                b'Target="XL/Workbook.xml"/></Relationships>',
                "xl/workbook.xml": b"<w/>",
            }
        )
    )
    assert package.relationships()["r"].target == "xl/workbook.xml"


def test_a_part_goes_with_its_content_type_and_the_relationships_to_it():
    file = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append([1])
    book.save(file)
    package = Package.open(file.getvalue())
    theme = "xl/theme/theme1.xml"
    assert theme in package
    smaller = package.without([theme, "xl/unheard-of.xml"])
    assert theme not in smaller
    assert theme.encode() not in smaller.read(CONTENT_TYPES)
    kept = {r.type.rsplit("/", 1)[-1] for r in smaller.relationships("xl/workbook.xml").values()}
    assert kept == {"worksheet", "styles"}
    links = relationships_part("xl/workbook.xml")
    for name in set(smaller) - {CONTENT_TYPES, links}:
        assert smaller.read(name) == package.read(name)
    assert openpyxl.load_workbook(io.BytesIO(smaller.to_bytes())).active["A1"].value == 1
    assert package.without(["xl/unheard-of.xml"]) is package
