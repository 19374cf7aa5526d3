"""Clones of a sheet: each as if it had been written under its name, and what is one, once."""

import io
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from python_calamine import CalamineWorkbook

from tests.ooxml.named_workbook import hanging, hard, lines
from tests.ooxml.office_parts import FIRST, PART
from tests.ooxml.small_workbook import SHEET_PART, small_workbook
from tests.oracles import openxml as validator
from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.clone import SheetCloner
from xlperf.ooxml.package import CONTENT_TYPES, Package
from xlperf.ooxml.preflight import Limits
from xlperf.ooxml.rows import RowEdit, resize_rows
from xlperf.ooxml.values import sheet_name_problem
from xlperf.ooxml.workbook import NS, RELATIONSHIPS, Workbook

ROWS = 10
NAMES = ("项目 'a' b", "第二 个", "03_丙's", "四 (4)")
COUNTS = dict(zip(NAMES, (10, 3, 19, 10), strict=True))


def sheet_part(package: Package, name: str) -> str:
    return next(sheet.part for sheet in Workbook.open(package).sheets if sheet.name == name)


def cloned(package: Package, sheets: dict[str, int], part: str = PART) -> Package:
    """The workbook with clones of these names, with so many table rows."""
    cloner = SheetCloner(package, part)
    for name, rows in sheets.items():
        source = cloner.prepared
        if part == PART and rows != ROWS:
            source = resize_rows(source, part, RowEdit(FIRST, FIRST + ROWS - 1, rows))
        cloner.add(source, name, source.read(part))
    return cloner.package({})


@pytest.fixture(scope="module")
def clones() -> Package:
    return cloned(hard(ROWS), COUNTS)


@pytest.mark.parametrize(("name", "rows"), COUNTS.items())
def test_a_clone_reads_as_if_written_under_its_name(clones: Package, name: str, rows: int) -> None:
    """Every part that hangs on it, with every reference, after growing and shrinking too."""
    expected = hard(rows, name, settled=rows != ROWS)
    pairs = list(
        zip(hanging(clones, sheet_part(clones, name)), hanging(expected, PART), strict=True)
    )
    assert len(pairs) > 15
    for part, origin in pairs:
        assert lines(clones, part) == lines(expected, origin), part


def test_the_first_clone_keeps_names_and_numbers(clones: Package) -> None:
    package = hard(ROWS)
    parts = hanging(package, PART)
    assert hanging(clones, sheet_part(clones, NAMES[0])) == parts
    named = {PART, "xl/charts/chart1.xml", "xl/drawings/drawing1.xml", "xl/ctrlProps/ctrlProp2.xml"}
    named |= {"xl/pivotCache/pivotCacheDefinition1.xml"}
    assert named < set(parts)
    for part in set(parts) - named:
        if part.endswith(".xml"):
            assert etree.tostring(clones.xml(part)) == etree.tostring(package.xml(part)), part
        elif part != "xl/drawings/vmlDrawing1.vml":
            assert clones.read(part) == package.read(part)


def scoped_names(package: Package, sheet: str) -> dict[str, str]:
    book = Workbook.open(package)
    index = next(place.index for place in book.sheets if place.name == sheet)
    return {name.name: name.text for name in book.names if name.sheet == index}


@pytest.mark.parametrize(("name", "rows"), COUNTS.items())
def test_names_that_refer_to_the_sheet_belong_to_each_clone(
    clones: Package, name: str, rows: int
) -> None:
    expected = Workbook.open(hard(rows, name))
    place = expected.sheets[1]
    own = {n.name: n.text for n in expected.names if n.sheet == place.index}
    own |= {n.name: n.text for n in expected.names if n.sheet is None and n.name != "常数"}
    assert {"xp.总分", "首行", "合计", "_xlnm.Print_Area", "_xlnm._FilterDatabase"} <= own.keys()
    assert scoped_names(clones, name) == own


def test_other_names_stay(clones: Package) -> None:
    names = Workbook.open(clones).names
    assert [n.name for n in names if n.sheet is None] == ["常数"]
    assert scoped_names(clones, "汇总") == {"本表": "汇总!$H$26+汇总!$H$26"}
    assert [n.name for n in names] == [n.name for n in sorted(names, key=excel_order)]


def excel_order(name: object) -> tuple[str, int]:
    text, sheet = name.name.removeprefix("_xlnm."), name.sheet
    return text.casefold(), -1 if sheet is None else sheet


def test_sheets_stand_in_the_place_of_the_form(clones: Package) -> None:
    names = [sheet.name for sheet in Workbook.open(clones).sheets]
    assert names == ["说明", *NAMES, "汇总", "Third", "图表"]


def test_what_is_one_in_a_workbook_is_not_there_twice(clones: Package) -> None:
    tables = [clones.xml(part) for part in clones if part.startswith("xl/tables/")]
    assert len(tables) == 4
    book = clones.xml("xl/workbook.xml")
    numbers: dict[str, list[str | None]] = {
        "table ids": [table.get("id") for table in tables],
        "table names": [table.get("displayName") for table in tables],
        "sheet ids": [sheet.get("sheetId") for sheet in book.iter(NS + "sheet")],
        "sheet keys": [sheet.get(f"{{{RELATIONSHIPS}}}id") for sheet in book.iter(NS + "sheet")],
        "caches": [cache.get("cacheId") for cache in book.iter(NS + "pivotCache")],
        "code names": [
            clones.xml(sheet.part).find(f"{NS}sheetPr").get("codeName")
            for sheet in Workbook.open(clones).sheets
            if "codeName" in clones.read(sheet.part).decode()
        ],
        "identities": [
            comment.get("id")
            for part in clones
            if "threadedComments/" in part
            for comment in clones.xml(part)
        ],
    }
    for what, found in numbers.items():
        assert len(found) > 3, what
        assert {n: count for n, count in Counter(found).items() if count > 1} == {}, what


def test_blocks_of_shapes_are_not_shared_by_sheets(clones: Package) -> None:
    blocks: dict[str, set[str]] = {}
    for name in NAMES:
        for part in hanging(clones, sheet_part(clones, name)):
            if part.endswith(".vml"):
                text = clones.read(part).decode()
                listed = set(re.search(r'idmap [^>]*data="([\d,]+)"', text)[1].split(","))
                used = {str(int(n) // 1024) for n in re.findall(r"_x0000_s(\d+)", text)}
                assert used <= listed
                blocks.setdefault(name, set()).update(listed)
    assert len(blocks) == 4
    assert sum(map(len, blocks.values())) == len(set().union(*blocks.values()))


def test_every_part_has_a_type_and_every_link_leads_somewhere(clones: Package) -> None:
    root = clones.xml(CONTENT_TYPES)
    defaults = {e.get("Extension") for e in root if e.tag.endswith("Default")}
    listed = [e.get("PartName", "")[1:] for e in root if e.tag.endswith("Override")]
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(clones)
    for part in clones:
        assert part in listed or part.rpartition(".")[2] in defaults | {"xml"}, part
        for link in clones.relationships(part).values():
            inside = not link.external and not link.type.endswith("/hyperlink")
            assert not inside or link.target in clones, (part, link)


def test_other_parts_stay_the_same_bytes(clones: Package) -> None:
    package = hard(ROWS)
    rewritten = {CONTENT_TYPES, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "docProps/app.xml"}
    selected = {"xl/worksheets/sheet1.xml"}
    dropped = {"xl/calcChain.xml"}
    kept = set(package) - set(hanging(package, PART)) - rewritten - selected - dropped
    kept = {part for part in kept if "/_rels/" not in part} | {"xl/media/image1.png"}
    assert len(kept) > 15
    for part in kept:
        assert clones.read(part) == package.read(part), part


def test_no_sheet_is_selected_and_lists_of_titles_and_of_formulas_are_gone(clones: Package) -> None:
    assert not any(
        b"tabSelected" in clones.read(sheet.part) for sheet in Workbook.open(clones).sheets
    )
    assert b"TitlesOfParts" not in clones.read("docProps/app.xml")
    assert b"HeadingPairs" not in clones.read("docProps/app.xml")
    assert "xl/calcChain.xml" not in clones


def test_the_validator_finds_nothing_new(
    clones: Package,
    openxml: Callable[[Iterable[Path]], dict[Path, list[validator.Error]]],
    tmp_path: Path,
) -> None:
    paths = []
    for name, package in (("template", hard(ROWS)), ("clones", clones)):
        paths.append(tmp_path / f"{name}.xlsm")
        paths[-1].write_bytes(package.to_bytes())
    assert [error for errors in openxml(paths).values() for error in errors] == []


def test_other_readers_see_every_sheet(clones: Package) -> None:
    data = clones.to_bytes()
    with warnings.catch_warnings(action="ignore"):
        book = openpyxl.load_workbook(io.BytesIO(data))
    for name, rows in zip(NAMES, (10, 3, 19, 10), strict=True):
        last = FIRST + rows - 1
        assert book[name][f"G{last + 1}"].value == f"=SUM(G15:G{last})"
        assert f"C{last}:D{last}" in {str(area) for area in book[name].merged_cells.ranges}
        assert book[name].print_area == f"'{name.replace(chr(39), chr(39) * 2)}'!$A$1:$K${last + 7}"
    names = CalamineWorkbook.from_filelike(io.BytesIO(data)).sheet_names
    assert names[1:5] == list(NAMES)


# --- One thing at a time ---------------------------------------------------------------------


def formulas(body: str, *names: str, defined: str = "") -> list[list[str]]:
    """What the formulas of sheet S become in its clones."""
    package = cloned(small_workbook(body, names=defined), dict.fromkeys(names, 0), SHEET_PART)
    return [[f.text for f in package.xml(sheet_part(package, n)).iter(NS + "f")] for n in names]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("A1+S!A2+'S'!$A$3+s!A4", "A1+'甲 ''x'!A2+'甲 ''x'!$A$3+'甲 ''x'!A4"),
        ("O!A1+'O'!A2+SS!A3+[1]S!A4+'[1]S'!A5", "O!A1+'O'!A2+SS!A3+[1]S!A4+'[1]S'!A5"),
        ("S!A1:S!B2", "'甲 ''x'!A1:'甲 ''x'!B2"),
        ("S!local+local", "'甲 ''x'!local+local"),
        ('"S!A1"&S!A1', "\"S!A1\"&'甲 ''x'!A1"),
        ('HYPERLINK("#S!A1","S!A1")', "HYPERLINK(\"#'甲 ''x'!A1\",\"'甲 ''x'!A1\")"),
        ("INDIRECT(\"'S'!A\"&ROW())", "INDIRECT(\"'甲 ''x'!A\"&ROW())"),
        ('IF(A1="","请看S!","O!A1")', 'IF(A1="","请看S!","O!A1")'),
        ("SUM(S!#REF!)+#REF!+#N/A", "SUM('甲 ''x'!#REF!)+#REF!+#N/A"),
    ],
)
def test_formulas_that_name_their_sheet_follow(formula: str, expected: str) -> None:
    escaped = formula.replace("&", "&amp;")
    body = f'<sheetData><row r="1"><c r="A1"><f>{escaped}</f></c></row></sheetData>'
    name = '<definedName name="local" localSheetId="0">S!$A$1</definedName>'
    assert formulas(body, "甲 'x", defined=name) == [[expected]]


def test_a_quotation_mark_in_a_name_is_doubled_within_a_text() -> None:
    body = '<sheetData><row r="1"><c r="A1"><f>INDIRECT("S!A1")+S!A1</f></c></row></sheetData>'
    assert formulas(body, 'a"b') == [['INDIRECT("\'a""b\'!A1")+\'a"b\'!A1']]


def test_charts_keep_the_names_that_each_clone_gets() -> None:
    """Names of the workbook are looked for there by a chart, and those of newer charts by Excel."""
    newer = "http://schemas.microsoft.com/office/drawing/2014/chartex"
    parts = {
        "xl/charts/chart1.xml": (SHEET_PART, "chart", "<c><f>[0]!n</f><f>[0]!other</f></c>"),
        "xl/charts/chartEx1.xml": (
            SHEET_PART,
            "chartEx",
            f'<cx:c xmlns:cx="{newer}"><cx:f>_xlchart.v1.0</cx:f></cx:c>',
        ),
    }
    texts = {"n": "OFFSET(S!$A$1,0,0,9)", "_xlchart.v1.0": "S!$A$1:$A$9", "other": "O!$A$1"}
    defined = "".join(f'<definedName name="{n}">{t}</definedName>' for n, t in texts.items())
    package = small_workbook("<sheetData/>", names=defined, parts=parts)
    clones = cloned(package, {"a": 0, "b c": 0}, SHEET_PART)
    for name in ("a", "b c"):
        charts = hanging(clones, sheet_part(clones, name))[1:]
        found = [f.text for part in charts for f in clones.xml(part).iter("{*}f")]
        assert found == [f"'{name}'!n", "[0]!other", f"'{name}'!$A$1:$A$9"]
    names = clones.xml("xl/workbook.xml").iter(NS + "definedName")
    assert [n.get("name") for n in names] == ["n", "n", "other"]


FORMULA = '<sheetData><row r="4"><c r="C4"><f>{}</f></c></row></sheetData>'
TABLE = (
    '<table xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" id="1" name="t" '
    'displayName="明细" ref="A1:B2"{}/>'
)
PARTS = {"xl/tables/table1.xml": (SHEET_PART, "table", TABLE.format(""))}
ON_O = "xl/worksheets/sheet2.xml"


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("S!A1", ""),
        ("1+SUM('S'!$A$1:$B$2)", ""),
        ("SUM(S:O!A1)", ""),
        ("SUM(明细[a])", ""),
        ("首行*2", '<definedName name="首行">S!$A$1</definedName>'),
        ("次行", '<definedName name="首行">S!$A$1</definedName>'
         '<definedName name="次行">首行+1</definedName>'),
        ("S!首行", '<definedName name="首行" localSheetId="0">S!$A$1</definedName>'),
        ('INDIRECT("S!A1")', ""),
    ],
)  # fmt: skip
def test_a_formula_elsewhere_that_refers_to_the_sheet_is_named(formula: str, names: str) -> None:
    package = small_workbook(
        "<sheetData/>", other=FORMULA.format(formula), names=names, parts=PARTS
    )
    with pytest.raises(WorkbookError) as caught:
        SheetCloner(package, SHEET_PART)
    assert [d.code for d in caught.value.diagnostics] == ["W206"]
    place = caught.value.diagnostics[0].place
    assert (place.sheet, place.cell) == ("O", "C4")
    assert formula in caught.value.text()
    assert ON_O in caught.value.text("en")


@pytest.mark.parametrize(
    ("other", "cell"),
    [
        ('<sheetData/><hyperlinks><hyperlink ref="B2" location="S!A1"/></hyperlinks>', "B2"),
        (
            '<sheetData/><conditionalFormatting sqref="A1:A5"><cfRule type="expression" '
            'priority="1"><formula>S!A1&gt;1</formula></cfRule></conditionalFormatting>',
            "A1:A5",
        ),
        (
            '<sheetData/><dataValidations count="1"><dataValidation type="list" sqref="C1">'
            "<formula1>S!$A$1:$A$3</formula1></dataValidation></dataValidations>",
            "C1",
        ),
        ('<sheetData/><dataConsolidate><dataRefs><dataRef ref="A1" sheet="S"/></dataRefs>'
         "</dataConsolidate>", ""),
    ],
)  # fmt: skip
def test_so_is_whatever_else_refers_to_it(other: str, cell: str) -> None:
    with pytest.raises(WorkbookError) as caught:
        SheetCloner(small_workbook("<sheetData/>", other=other), SHEET_PART)
    (found,) = caught.value.diagnostics
    assert (found.code, found.place.sheet, found.place.cell) == ("W206", "O", cell)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("chart", "<c><f>S!$A$1</f></c>"),
        ("drawing", '<d><sp textlink="S!$A$1"/></d>'),
        ("unheardOf", '<a b="S!$A$1"/>'),
    ],
)
def test_and_every_part_of_another_sheet(kind: str, content: str) -> None:
    parts = {"xl/parts/part1.xml": (ON_O, kind, content)}
    with pytest.raises(WorkbookError, match=r"O：.*xl/parts/part1\.xml"):
        SheetCloner(small_workbook("<sheetData/>", parts=parts), SHEET_PART)


def test_a_name_of_another_sheet_is_named() -> None:
    names = '<definedName name="n" localSheetId="1">S!$A$1</definedName>'
    with pytest.raises(WorkbookError, match="O!n："):
        SheetCloner(small_workbook("<sheetData/>", names=names), SHEET_PART)


def test_a_reference_across_sheets_in_the_sheet_itself_is_named() -> None:
    with pytest.raises(WorkbookError, match="S!C4："):
        SheetCloner(small_workbook(FORMULA.format("SUM(S:O!A1)")), SHEET_PART)


def test_a_name_that_another_sheet_has_for_itself_is_its_own() -> None:
    names = (
        '<definedName name="n">S!$A$1</definedName>'
        '<definedName name="n" localSheetId="1">O!$A$1</definedName>'
    )
    package = small_workbook("<sheetData/>", other=FORMULA.format("n*2"), names=names)
    clones = cloned(package, {"a": 0, "b": 0}, SHEET_PART)
    assert [(n.text, n.sheet) for n in Workbook.open(clones).names] == [
        ("'a'!$A$1", 0),
        ("'b'!$A$1", 1),
        ("O!$A$1", 2),
    ]


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("xl/slicers/slicer1.xml", "slicer", "<slicers/>"),
        ("xl/tables/table1.xml", "table", TABLE.format(' tableType="queryTable"')),
    ],
)
def test_what_cannot_be_cloned_is_refused_by_name(name: str, kind: str, content: str) -> None:
    parts = {name: (SHEET_PART, kind, content)}
    with pytest.raises(WorkbookError, match=re.escape(name)) as caught:
        SheetCloner(small_workbook("<sheetData/>", parts=parts), SHEET_PART)
    assert [d.code for d in caught.value.diagnostics] == ["W205"]


def test_an_unknown_extension_that_names_the_sheet_is_refused() -> None:
    body = '<sheetData/><extLst><ext uri="u"><x14:odd ref="S!A1"/></ext></extLst>'
    with pytest.raises(WorkbookError, match="odd"):
        SheetCloner(small_workbook(body), SHEET_PART)
    SheetCloner(small_workbook(body.replace("S!", "")), SHEET_PART)


def test_a_part_that_another_sheet_shares_is_refused() -> None:
    parts = {
        "xl/drawings/drawing1.xml": (SHEET_PART, "drawing", "<d/>"),
        "xl/drawings/drawing2.xml": (ON_O, "drawing", "<d/>"),
    }
    package = small_workbook("<sheetData/>", parts=parts)
    links = "xl/worksheets/_rels/sheet2.xml.rels"
    shared = package.read(links).replace(b"drawing2", b"drawing1")
    with pytest.raises(WorkbookError, match="sheet2"):
        SheetCloner(package.replace({links: shared}), SHEET_PART)


def test_names_of_tables_avoid_those_that_are_taken() -> None:
    names = '<definedName name="明细_2">O!$A$1</definedName>'
    body = FORMULA.format("SUM(明细[a])+明细_2")
    package = small_workbook(body, names=names, parts=PARTS)
    clones = cloned(package, {"a": 0, "b": 0, "c": 0}, SHEET_PART)
    found = [clones.xml(sheet_part(clones, n)).findtext(f".//{NS}f") for n in "abc"]
    assert found == ["SUM(明细[a])+明细_2", "SUM(明细_3[a])+明细_2", "SUM(明细_4[a])+明细_2"]
    labels = [clones.xml(f"xl/tables/table{n}.xml").get("name") for n in (1, 2, 3)]
    assert labels == ["t", "明细_3", "明细_4"]


def test_more_parts_than_a_workbook_may_have_are_refused() -> None:
    data = small_workbook("<sheetData/>").to_bytes()
    package = Package.open(data, Limits(parts=8))
    cloner = SheetCloner(package, SHEET_PART)
    for number in range(5):
        cloner.add(cloner.prepared, str(number), cloner.prepared.read(SHEET_PART))
    with pytest.raises(WorkbookError, match="8") as caught:
        cloner.package({})
    assert caught.value.diagnostics[0].code == "W207"


ODD_PARTS = {
    "xl/drawings/drawing1.xml": (
        SHEET_PART,
        "drawing",
        '<d xmlns:a="a"><sp textlink="S!$A$1"/><cNvPr id="1025"><ext><compatExt '
        'spid="_x0000_s1025"/></ext></cNvPr><cNvPr id="1025"/></d>',
    ),
    "xl/drawings/vmlDrawing1.vml": (
        SHEET_PART,
        "vmlDrawing",
        '<xml xmlns:v="v" xmlns:o="o" xmlns:x="x"><o:idmap v:ext="edit" data="1,3"/><v:shape '
        'id="_x0000_s1025"><x:ClientData><x:FmlaLink>S!$A$1</x:FmlaLink></x:ClientData></v:shape>'
        '<v:shape id="_x0000_s3080"/></xml>',
    ),
    "xl/comments1.xml": (
        SHEET_PART,
        "comments",
        '<comments xmlns:xr="xr"><authors><author>tc={00000000-0000-4000-8000-00000000000A}'
        '</author></authors><comment ref="A1" xr:uid="{00000000-0000-4000-8000-00000000000A}"/>'
        "</comments>",
    ),
    "xl/threadedComments/threadedComment1.xml": (
        SHEET_PART,
        "threadedComment",
        '<ThreadedComments><threadedComment ref="A1" id="{00000000-0000-4000-8000-00000000000A}" '
        'personId="{11111111-0000-4000-8000-00000000000A}"/><threadedComment ref="A1" '
        'id="{00000000-0000-4000-8000-00000000000B}" '
        'parentId="{00000000-0000-4000-8000-00000000000A}"/></ThreadedComments>',
    ),
}
ODD_BODY = (
    '<sheetPr codeName="Sheet1"/><sheetData><row r="1"><c r="B1"><f>S!A1</f></c></row></sheetData>'
    '<legacyDrawing r:id="rId1"/><controls><control shapeId="1025" r:id="rId9"/></controls>'
)
LINKS = "xl/drawings/_rels/drawing1.xml.rels"


def odd_workbook() -> Package:
    package = small_workbook(
        ODD_BODY, names='<definedName name="n">S!$A$1</definedName>', parts=ODD_PARTS
    )
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="x/hyperlink" Target="#S!A1"/></Relationships>'
    )
    return package.replace({LINKS: links.encode()})


def test_a_control_has_one_number_in_all_its_parts() -> None:
    clones = cloned(odd_workbook(), {"a": 0, "b": 0}, SHEET_PART)
    for name, block, other in (("a", 1, 3), ("b", 4, 5)):
        part = sheet_part(clones, name)
        (control,) = clones.xml(part).iter(NS + "control")
        assert control.get("shapeId") == str(block * 1024 + 1)
        drawing, vml = (
            next(p for p in hanging(clones, part) if p.endswith(end))
            for end in (("g1.xml", "g2.xml"), ".vml")
        )
        shapes = clones.xml(drawing)
        assert shapes.find(".//compatExt").get("spid") == f"_x0000_s{block * 1024 + 1}"
        assert [s.get("id") for s in shapes.iter("cNvPr")] == [str(block * 1024 + 1), "1025"]
        text = clones.read(vml).decode()
        assert f'data="{block},{other}"' in text
        assert re.findall(r"_x0000_s(\d+)", text) == [
            str(block * 1024 + 1),
            str(other * 1024 + 8),
        ]


def test_a_comment_and_its_thread_keep_one_identity() -> None:
    clones = cloned(odd_workbook(), {"a": 0, "b": 0}, SHEET_PART)
    seen = []
    for number in (1, 2):
        comment = clones.read(f"xl/comments{number}.xml").decode()
        (author,) = re.findall(r"tc=(\{.*?\})", comment)
        first, answer = clones.xml(f"xl/threadedComments/threadedComment{number}.xml")
        assert f'xr:uid="{author}"' in comment
        assert first.get("id") == answer.get("parentId") == author
        assert first.get("personId") == "{11111111-0000-4000-8000-00000000000A}"
        seen += [author, answer.get("id")]
    assert len(set(seen)) == 4


def test_code_behind_the_sheet_is_that_of_the_first() -> None:
    clones = cloned(odd_workbook(), {"a": 0, "b": 0, "c": 0}, SHEET_PART)
    found = [clones.xml(sheet_part(clones, n)).find(NS + "sheetPr").get("codeName") for n in "abc"]
    assert found == ["Sheet1", None, None]


valid_names = (
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=31)
    .filter(lambda name: sheet_name_problem(name) is None)
    .filter(lambda name: name.casefold() != "o")
)


@settings(max_examples=80)
@given(valid_names)
@example("a&b <c> \"d\" 'e' %20#f")
def test_any_name_is_written_so_that_it_is_read_back(name: str) -> None:
    clones = cloned(odd_workbook(), {name: 0}, SHEET_PART)
    reference = "'" + name.replace("'", "''") + "'!"
    assert [sheet.name for sheet in Workbook.open(clones).sheets] == [name, "O"]
    assert [n.text for n in Workbook.open(clones).names] == [reference + "$A$1"]
    assert clones.xml(SHEET_PART).findtext(f".//{NS}f") == reference + "A1"
    assert clones.xml("xl/drawings/drawing1.xml").find("sp").get("textlink") == reference + "$A$1"
    control = etree.fromstring(clones.read("xl/drawings/vmlDrawing1.vml"))
    assert control.findtext(".//{x}FmlaLink") == reference + "$A$1"
    target = clones.xml(LINKS)[0].get("Target")
    assert unquote(target) == f"#{reference}A1"
    assert " " not in target
