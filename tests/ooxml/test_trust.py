"""What reaches beyond a workbook is told; a signature is neither broken nor kept by accident."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from tests.ooxml.hard_workbook import hard_workbook
from tests.ooxml.small_workbook import small_workbook
from tests.template.forms import SHEET, record, small_form
from xlperf.cli import cli
from xlperf.diagnostic import Severity, WorkbookError
from xlperf.ooxml.package import CONTENT_TYPES, Package, relationships_part
from xlperf.ooxml.trust import has_signature, notices, strip_signature
from xlperf.ooxml.workbook import as_workbook, file_suffix, without_calculation_chain
from xlperf.report.workbook import marked_workbook
from xlperf.template import Template, replace_texts, template_report

LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
ORIGIN = f"{LINKS}/digital-signature/origin"


def with_links(package: Package, part: str, *links: str) -> Package:
    """The package with more relationships of a part."""
    name = relationships_part(part)
    empty = f'<Relationships xmlns="{LINKS}"></Relationships>'.encode()
    old = package.read(name) if name in package else empty
    new = old.replace(b"</Relationships>", "".join(links).encode() + b"</Relationships>")
    return package.replace({name: new})


def link(key: str, kind: str, target: str, *, external: bool = False) -> str:
    kind = kind if "/" in kind else f"http://example.org/relationships/{kind}"
    mode = ' TargetMode="External"' if external else ""
    return f'<Relationship Id="{key}" Type="{kind}" Target="{target}"{mode}/>'


def signed_form() -> bytes:
    """A template with a signature as Office lays it out; what it signs does not matter here."""
    package = Package.open(small_form())
    types = package.read(CONTENT_TYPES).replace(
        b"</Types>",
        b'<Override PartName="/_xmlsignatures/sig1.xml" ContentType="application/vnd.openxml'
        b'formats-package.digital-signature-xmlsignature+xml"/><Default Extension="sigs" '
        b'ContentType="application/vnd.openxmlformats-package.digital-signature-origin"/></Types>',
    )
    package = package.replace(
        {
            CONTENT_TYPES: types,
            "_xmlsignatures/origin.sigs": b"",
            "_xmlsignatures/sig1.xml": b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>',
        }
    )
    package = with_links(
        package, "_xmlsignatures/origin.sigs", link("rId1", "digital-signature", "sig1.xml")
    )
    return with_links(package, "", link("rIdS", ORIGIN, "_xmlsignatures/origin.sigs")).to_bytes()


# --------------------------------------------------------------------------- notices


def test_a_plain_form_has_nothing_to_tell() -> None:
    assert notices(Package.open(small_form())) == []


def test_links_dde_and_connections_are_warnings_that_name_their_target() -> None:
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    parts = {
        "xl/externalLinks/externalLink1.xml": (
            "xl/workbook.xml",
            "externalLink",
            "<externalLink/>",
        ),
        "xl/elsewhere.xml": (
            "xl/workbook.xml",
            "externalLink",
            f'<externalLink {main}><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>',
        ),
        "xl/ole.xml": (
            "xl/workbook.xml",
            "externalLink",
            f'<externalLink {main}><oleLink progId="Word.Document.12"/></externalLink>',
        ),
        "xl/connections.xml": (
            "xl/workbook.xml",
            "connections",
            f'<connections {main}><connection id="1" name="预算库"/></connections>',
        ),
    }
    package = with_links(
        with_links(
            small_workbook("<sheetData/>", parts=parts),
            "xl/externalLinks/externalLink1.xml",
            link("rId1", "externalLinkPath", "file:///D:/去年.xlsx", external=True),
        ),
        "xl/worksheets/sheet1.xml",
        link("rId1", "hyperlink", "http://example.org", external=True),
        link("rId2", "image", "http://example.org/track.png", external=True),
        link("rId3", "oleObject", "file:///D:/a.docx", external=True),
        link("rId4", "newKind", "http://example.org/x", external=True),
    )
    found = notices(package)
    assert {d.severity for d in found} == {Severity.WARNING}
    told = {(d.code, d.message.zh.rpartition("（")[2].rstrip("）")) for d in found}
    assert told == {
        ("W142", "file:///D:/去年.xlsx"),
        ("W142", "http://example.org/track.png"),
        ("W142", "file:///D:/a.docx"),
        ("W142", "http://example.org/x"),
        ("W143", "cmd|/c calc"),
        ("W143", "Word.Document.12"),
        ("W144", "预算库"),
    }


def test_template_check_and_fill_tell_of_links(tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"
    package = with_links(
        Package.open(small_form()),
        "xl/worksheets/sheet1.xml",
        link("rId9", "image", "http://example.org/seal.png", external=True),
    )
    path.write_bytes(package.to_bytes())
    assert "W142" in {p.code for p in template_report(Template.open(path)).problems}
    told = CliRunner().invoke(cli, ["template", "check", str(path)])
    assert "seal.png" in told.stderr
    assert told.exit_code == 0
    assert "seal.png" in filled(tmp_path, path).stderr


# ------------------------------------------------------------------------- signatures


def filled(folder: Path, template: Path, *options: str):
    """The command line's answer to filling one project into `folder/out`."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    headings = "编号,项目名称", "编号,一级指标,二级指标,三级指标,分值"
    for name, rows in zip(("projects", "indicators"), headings, strict=True):
        line = "01,某项目" if name == "projects" else "01,产出指标,数量指标,台数,10"
        (data / f"{name}.csv").write_text(f"{rows}\n{line}\n", "utf-8")
    command = ["fill", str(template), str(data), "-o", str(folder / "out"), *options]
    return CliRunner().invoke(cli, command)


def test_a_signed_template_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"
    path.write_bytes(signed_form())
    with pytest.raises(WorkbookError) as caught:
        Template.open(path)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.place.file) == ("W140", str(path))
    assert "--strip-signature" in diagnostic.text("zh")
    told = filled(tmp_path, path)
    assert told.exit_code == 2
    assert "W140" in told.stderr
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_signature_is_stripped_on_request_and_told(tmp_path: Path, jobs: str) -> None:
    path = tmp_path / "form.xlsx"
    path.write_bytes(signed_form())
    told = filled(tmp_path, path, "--strip-signature", "--jobs", jobs)
    assert "W141" in told.stderr
    assert told.exit_code == 0
    (out,) = (tmp_path / "out").iterdir()
    package = Package.open(out.read_bytes())
    assert not has_signature(package)
    assert not any("signature" in r.type for r in package.relationships().values())
    assert b"xmlsignature+xml" not in package.read(CONTENT_TYPES)
    assert openpyxl.load_workbook(out)[SHEET]["A1"].value == "某项目"


def test_stripping_leaves_every_other_part_as_it_was() -> None:
    signed = Package.open(signed_form())
    assert has_signature(signed)
    stripped = strip_signature(signed)
    plain = Package.open(small_form())
    assert list(stripped) == list(plain)
    for name in set(plain) - {CONTENT_TYPES, "_rels/.rels"}:
        assert stripped.read(name) == plain.read(name)
    assert stripped.relationships() == plain.relationships()
    assert strip_signature(plain) is plain


@pytest.mark.parametrize("left", ["parts", "relationship"])
def test_half_a_signature_is_one(left: str) -> None:
    package = Package.open(small_form())
    if left == "parts":
        package = package.replace({"_XMLSignatures/sig1.xml": b"<x/>"})
    else:
        package = with_links(
            package.replace({"xl/origin": b""}), "", link("rIdS", ORIGIN, "xl/origin")
        )
    assert has_signature(package)
    assert not has_signature(strip_signature(package))


def test_signed_workbooks_are_read_and_not_mended() -> None:
    form = signed_form()
    assert Template(small_form()).read(form).name == ""
    assert not has_signature(Package.open(marked_workbook(form, ())))
    with pytest.raises(WorkbookError, match="签名"):
        replace_texts(form, {SHEET: {(1, 1): "x"}})


# -------------------------------------------------------------- templates as workbooks

_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml"
KINDS = {
    ".xlsx": f"{_SPREADSHEET}.sheet.main+xml",
    ".xltx": f"{_SPREADSHEET}.template.main+xml",
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    ".xltm": "application/vnd.ms-excel.template.macroEnabled.main+xml",
}


@pytest.mark.parametrize("suffix", KINDS)
def test_a_template_becomes_a_workbook_under_the_right_name(tmp_path: Path, suffix: str) -> None:
    package = Package.open(small_form())
    types = package.read(CONTENT_TYPES).replace(KINDS[".xlsx"].encode(), KINDS[suffix].encode())
    form = package.replace({CONTENT_TYPES: types})
    path = tmp_path / f"form{suffix}"
    path.write_bytes(form.to_bytes())
    told = filled(tmp_path, path)
    assert told.exit_code == 0, told.output
    (out,) = (tmp_path / "out").iterdir()
    written = suffix.replace("t", "s")
    assert out.name == f"01_某项目{written}"
    filled_types = Package.open(out.read_bytes()).read(CONTENT_TYPES)
    assert KINDS[written].encode() in filled_types
    assert b"template" not in filled_types
    assert openpyxl.load_workbook(out)[SHEET]["A1"].value == "某项目"
    assert file_suffix(form) == written
    assert (as_workbook(form) is form) == (suffix == written)


def test_the_calculation_chain_goes_with_all_that_names_it() -> None:
    package = Package.open(hard_workbook(5))
    chain = "xl/calcChain.xml"
    assert chain in package
    smaller = without_calculation_chain(package)
    assert set(package) - set(smaller) == {chain}
    assert b"calcChain" not in smaller.read(CONTENT_TYPES)
    assert b"calcChain" not in smaller.read(relationships_part("xl/workbook.xml"))
    assert without_calculation_chain(smaller) is smaller


def test_a_filled_workbook_has_no_calculation_chain() -> None:
    package = Package.open(small_form())
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/calcChain"
    form = with_links(
        package.replace({"xl/calcChain.xml": b"<calcChain/>"}),
        "xl/workbook.xml",
        link("rId99", kind, "calcChain.xml"),
    )
    data = Template(form.to_bytes()).fill(record({"资金.资金总额.金额": "5"}))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "xl/calcChain.xml" not in archive.namelist()
        assert b"calcChain" not in archive.read("xl/_rels/workbook.xml.rels")
