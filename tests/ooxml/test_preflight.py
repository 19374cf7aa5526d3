"""Every kind of file is called by its name, and no workbook takes more than the limits allow."""

import codecs
import io
import re
import tracemalloc
import zipfile
from dataclasses import fields
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from tests.ooxml.small_workbook import small_workbook
from tests.template.forms import small_form
from xlperf import review
from xlperf.diagnostic import WorkbookError
from xlperf.ooxml import preflight
from xlperf.ooxml.files import read_file
from xlperf.ooxml.package import CONTENT_TYPES, Package, parse_xml
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.sheet import read_sheet
from xlperf.ooxml.workbook import Workbook
from xlperf.template import Template, read_forms

FOREIGN = Path(__file__).with_name("foreign")
DOCUMENTED = (Path(__file__).parents[2] / "docs/limits.md").read_text("utf-8")


def refusal(data: bytes, limits: Limits = DEFAULT) -> str:
    """The code with which a file is refused: before it is parsed, and by all who read workbooks."""
    with pytest.raises(WorkbookError) as caught:
        Workbook.open(Package.open(data, limits))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.fix
    assert diagnostic.fix.zh
    assert not re.search("[一-鿿]", diagnostic.text("en"))
    with pytest.raises(WorkbookError, match=re.escape(diagnostic.message.zh)):
        Template(data, limits=limits)
    with pytest.raises(WorkbookError, match=re.escape(diagnostic.message.zh)):
        read_forms(data, limits)
    return diagnostic.code


def archive(*parts: tuple[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in parts:
            target.writestr(name, text)
    return file.getvalue()


def office(main: str, *others: str) -> bytes:
    """An office document whose main part is of this type."""
    kinds = (main, *others)
    types = "".join(f'<Override PartName="/p{n}" ContentType="{k}"/>' for n, k in enumerate(kinds))
    return archive((CONTENT_TYPES, f"<Types>{types}</Types>"), ("p0", "x"))


def compound(*streams: str) -> bytes:
    """The beginning of a compound file with a directory of these streams."""
    names = ("Root Entry", *streams)
    entries = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in names)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + entries


_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_SPREADSHEET_2003 = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
)
_LOCK = b"\x06Office" + b" " * 48 + b"\x06\0" + "Office".encode("utf-16-le")

KINDS = {
    # Written by LibreOffice:
    "encrypted": ((FOREIGN / "encrypted.xlsx").read_bytes(), "W112"),
    "old": ((FOREIGN / "old.xls").read_bytes(), "W113"),
    "open document": ((FOREIGN / "open_document.ods").read_bytes(), "W117"),
    "web page": ((FOREIGN / "web_page.xls").read_bytes(), "W114"),
    # What other programs write, as far as the kind shows:
    "nothing": (b"", "W110"),
    "zeros": (bytes(70_000), "W110"),
    "white space": (b" \r\n\r\n", "W110"),
    "lock": (_LOCK.ljust(165, b" \0"[:1]), "W111"),
    "encrypted by Excel": (compound("EncryptionInfo", "EncryptedPackage"), "W112"),
    "Excel 97": (compound("Workbook", "\x05SummaryInformation"), "W113"),
    "Excel 95": (compound("Book"), "W113"),
    "Excel 4": (b"\x09\x04\x06\0\0\0\x10\0\0\0", "W113"),
    "web page of a system": ("\ufeff<html xmlns:x='urn:x'><table><tr>".encode(), "W114"),
    "table of a system": (b"\n  <TABLE border=1><tr><td>1</td></tr>", "W114"),
    "web page in GBK": ("<meta charset=gbk><title>绩效自评表</title>".encode("gbk"), "W114"),
    "web page in UTF-16": (codecs.BOM_UTF16_LE + "<html>绩效".encode("utf-16-le"), "W114"),
    "web archive": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", "W114"),
    "CSV": ("编号,项目名称\n01,公租房维修\n".encode(), "W115"),
    "CSV of Chinese Excel": ("编号,项目名称\n01,公租房维修\n".encode("gb18030") * 999, "W115"),
    "CSV of long lines": (("名" * 5000 + ",").encode(), "W115"),
    "Unicode text": (codecs.BOM_UTF16_LE + "编号\t项目".encode("utf-16-le"), "W115"),
    "less than": (b"<5%\n", "W115"),
    "XML 2003": (_SPREADSHEET_2003.encode(), "W116"),
    "flat open document": (
        b'<?xml version="1.0"?><office:document '
        b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>',
        "W117",
    ),
    "open document of text": (
        archive(("mimetype", "application/vnd.oasis.opendocument.text")),
        "W119",
    ),
    "binary": (
        office("application/vnd.ms-excel.sheet.binary.macroEnabled.main"),
        "W118",
    ),
    "Word": (office(_WORD, "application/vnd.ms-office.vbaProject"), "W119"),
    "Word 97": (compound("WordDocument", "1Table"), "W119"),
    "PowerPoint": (
        office(
            "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
        ),
        "W119",
    ),
    "PowerPoint 97": (compound("PowerPoint Document"), "W119"),
    "add-in": (office("application/vnd.ms-excel.addin.macroEnabled.main+xml"), "W119"),
    "rich text": (b"{\\rtf1\\ansi}", "W119"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "W120"),
    "OFD": (archive(("OFD.xml", "<ofd:OFD/>")), "W120"),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0", "W121"),
    "JPEG": (b"\xff\xd8\xff\xe0\0\x10JFIF", "W121"),
    "WebP": (b"RIFF\x10\0\0\0WEBPVP8 ", "W121"),
    "zip": (archive(("表/自评表.xlsx", "x")), "W122"),
    "empty zip": (archive(), "W122"),
    "RAR": (b"Rar!\x1a\x07\x01\0", "W122"),
    "gzip": (b"\x1f\x8b\x08\0", "W122"),
    "cut off": (small_form()[:-1000], "W123"),
    "cut in half": (small_form()[:2000], "W123"),
    "XML": (b'<?xml version="1.0"?><root/>', "W124"),
    "strict": (
        small_workbook("<sheetData/>")
        .replace(
            {
                "xl/workbook.xml": b'<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"/>'
            }
        )
        .to_bytes(),
        "W125",
    ),
    "something": (bytes(range(256)) * 9, "W101"),
    "compound file of something": (compound("Contents"), "W101"),
    "package of something": (office("application/xml"), "W101"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_called_by_its_name(kind: str) -> None:
    data, code = KINDS[kind]
    assert refusal(data) == code
    assert f"| {code} |" in DOCUMENTED


def test_every_kind_has_a_message_of_its_own() -> None:
    kinds = [value for value in vars(preflight).values() if isinstance(value, preflight.Kind)]
    assert len({kind.what.zh for kind in kinds}) == len({kind.code for kind in kinds}) == len(kinds)
    assert {kind.code for kind in kinds} == {code for _, code in KINDS.values()}


@pytest.mark.parametrize("suffix", ["sheet", "template"])
@pytest.mark.parametrize("macros", [False, True])
def test_workbooks_and_templates_are_taken(suffix: str, macros: bool) -> None:
    main = _SHEET.replace("sheet.main", f"{suffix}.main")
    if macros:
        main = f"application/vnd.ms-excel.{suffix}.macroEnabled.main+xml"
    assert Package.open(office(main, _WORD.replace(".main+xml", "")))


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PK\3\4", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
)
def test_anything_at_all_is_refused_with_one_message(data: bytes, start: bytes) -> None:
    with pytest.raises(WorkbookError) as caught:
        Package.open(start + data)
    assert len(caught.value.diagnostics) == 1


@pytest.mark.parametrize("name", ["~$表.xlsx", ".~lock.表.xlsx#"])
def test_a_lock_file_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(small_form())
    with pytest.raises(WorkbookError) as caught:
        read_file(path)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.place.file) == ("W111", str(path))


def test_each_bad_file_of_a_folder_is_one_finding_and_the_others_are_read(tmp_path: Path) -> None:
    for number, (data, _) in enumerate(KINDS.values()):
        (tmp_path / f"{number:02}.xlsx").write_bytes(data)
    for name in ("old.xls", "open_document.ods"):
        (tmp_path / name).write_bytes((FOREIGN / name).read_bytes())
    (tmp_path / "good.xlsx").write_bytes(small_form())
    found = review.check([tmp_path])
    assert found.forms == 1
    problems = [d for d in found.problems if not d.place.file.endswith("good.xlsx")]
    assert [d.code for d in problems] == [*(code for _, code in KINDS.values()), "W113", "W117"]
    assert len({d.place.file for d in problems}) == len(KINDS) + 2


# --------------------------------------------------------------------------------- limits


def test_a_file_that_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with path.open("wb") as file:
        file.truncate(DEFAULT.file + 1)
    tracemalloc.start()
    try:
        with pytest.raises(WorkbookError, match="100 MiB"):
            read_file(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20
    assert refusal(bytes(100), Limits(file=99)) == "W130"


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        "<!DOCTYPE a []><a/>",
        '<!DOCTYPE a SYSTEM "http://localhost/a.dtd"><a/>',
        '<!--x--><!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname">%p;]><a/>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_document_types_and_entities_are_refused(xml: str, encoding: str) -> None:
    with pytest.raises(WorkbookError) as caught:
        parse_xml(xml.encode(encoding), "a.xml")
    assert [d.code for d in caught.value.diagnostics] == ["W137"]


def test_entities_do_not_multiply() -> None:
    """Ten times ten laughs, eight times over, in every part that may be read."""
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(8))
    dtd = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>'.encode()
    package = Package.open(small_form())
    for name in package:
        xml = re.sub(rb"(<\?xml.*?\?>\s*)?", lambda m: m[0] + dtd, package.read(name), count=1)
        data = package.replace({name: xml}).to_bytes()
        tracemalloc.start()
        try:
            with pytest.raises(WorkbookError, match="DTD"):
                _use_all(data)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 5 << 20


def _use_all(data: bytes) -> None:
    package = Package.open(data)
    for name in package:
        package.xml(name)


def test_elements_and_attributes_are_counted_before_they_take_memory() -> None:
    xml = b"<a>" + b"<b c=''/>" * 100 + b"</a>"
    assert len(parse_xml(xml, "a.xml", Limits(marks=202))) == 100
    with pytest.raises(WorkbookError, match="marks"):
        parse_xml(xml, "a.xml", Limits(marks=201))


def test_deep_nesting_is_damage() -> None:
    with pytest.raises(WorkbookError):
        parse_xml(b"<a>" * 100_000 + b"</a>" * 100_000, "a.xml")


def _merged(areas: str) -> bytes:
    return small_workbook(f"<sheetData/><mergeCells>{areas}</mergeCells>").read(
        "xl/worksheets/sheet1.xml"
    )


@pytest.mark.parametrize(
    ("areas", "message"),
    [
        ('<mergeCell ref="A1:B2"/>' * 1_000_000, "1,000,000"),
        ('<mergeCell ref="A1:XFD1048576"/>', "17,179,869,184"),
        ('<mergeCell ref="A1:A2"/><mergeCell ref="XFD1048576:B1"/>', "17,178,820,608"),
        ('<mergeCell ref="C1:D1048576"/>', "2,097,152"),
    ],
)
def test_merged_areas_of_absurd_number_or_size_are_refused(areas: str, message: str) -> None:
    with pytest.raises(WorkbookError, match=message) as caught:
        read_sheet(_merged(areas), "xl/worksheets/sheet1.xml", ())
    assert [d.code for d in caught.value.diagnostics] == ["W139"]


def _named(*names: tuple[str, str]) -> bytes:
    definitions = "".join(f'<definedName name="{n}">{ref}</definedName>' for n, ref in names)
    return small_workbook("<sheetData/>", names=definitions).to_bytes()


@pytest.mark.parametrize(
    ("area", "message"),
    [("$B$5:$B$1048575", "1,048,571"), ("$B$5:$B$5005", "5,001"), ("$B$5:$XFD$24", "327,660")],
)
def test_a_table_of_absurd_size_is_refused(area: str, message: str) -> None:
    data = _named(("xp.项目名称", "S!$A$1"), ("xp.指标.三级指标", f"S!{area}"))
    for use in (Template, read_forms):
        with pytest.raises(WorkbookError, match=message) as caught:
            use(data)
        assert [d.code for d in caught.value.diagnostics] == ["W139"]


def test_a_single_name_over_an_absurd_area_is_a_problem_of_the_template() -> None:
    template = Template(_named(("xp.项目名称", "S!$A$1"), ("xp.年度", "S!$A$2:$XFD$9999")))
    assert [(p.code, p.place.cell) for p in template.problems] == [("N109", "xp.年度")]
    assert [field.label for field in template.form.scalars] == ["项目名称"]


def test_limits_go_along_into_every_reader(tmp_path: Path) -> None:
    """What a strict setting refuses, a generous one takes: with the same files."""
    form = small_form(30)
    assert Template(form, limits=Limits(rows=30)).form.last == 36
    for use in (Template, read_forms):
        with pytest.raises(WorkbookError, match="rows"):
            use(form, limits=Limits(rows=29))
    assert refusal(form, Limits(parts=3)) == "W134"
    path = tmp_path / "form.xlsx"
    path.write_bytes(form)
    (tmp_path / "xlperf.toml").write_text("[limits]\nrows = 29\n")
    settings = review.settings_for(path, {})
    assert [d.code for d in review.check([path], settings).problems] == ["W139"]
    assert review.check([path]).forms == 1


@pytest.mark.parametrize(
    "line", ["rows = 0", "file = -1", 'parts = "3"', "parts = 65536", "part = 1.5", "huge = 3"]
)
def test_a_limit_that_is_none_is_told(tmp_path: Path, line: str) -> None:
    path = tmp_path / "xlperf.toml"
    path.write_text(f"[limits]\n{line}\n")
    with pytest.raises(Exception, match=r"xlperf\.toml.*limits"):
        review.load_settings(path)


def test_every_limit_is_documented_with_its_default() -> None:
    for field in fields(Limits):
        line = next(line for line in DOCUMENTED.splitlines() if f"| `{field.name}` |" in line)
        assert re.search(rf"\| {field.default}\b", line), line


def test_every_code_is_documented() -> None:
    folder = Path(preflight.__file__).parent
    source = "".join((folder / name).read_text("utf-8") for name in ("preflight.py", "trust.py"))
    codes = set(re.findall(r'"(W1\d\d)"', source))
    assert codes
    assert {code for code in codes if code not in DOCUMENTED} == set()


def test_an_ordinary_workbook_is_far_from_every_limit() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        blank = book.add_format({"border": 1})
        for row in range(20_000):
            for column in range(10):
                sheet.write_blank(row, column, None, blank)
    package = Package.open(file.getvalue())
    assert len(read_sheet(package.read("xl/worksheets/sheet1.xml"), "sheet1", ()).cells) == 200_000
