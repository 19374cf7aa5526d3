"""The sheet 目录 in front of a workbook: one line for each sheet, with a link to it.

It is drawn as official forms are: 宋体 in thin frames on A4, the headings again on every page.
Results are formulas that read the sheets, so that they follow when a colleague corrects a form.
"""

from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import quoteattr

from lxml import etree

from xlperf.ooxml.address import cell_name, column_name
from xlperf.ooxml.package import Package
from xlperf.ooxml.package_edit import PackageEdit
from xlperf.ooxml.renaming import quoted
from xlperf.ooxml.styles import Styles, wrapped_height
from xlperf.ooxml.values import CellWriter
from xlperf.ooxml.workbook import (
    MAIN,
    NS,
    RELATIONSHIPS,
    DefinedName,
    Workbook,
    with_names,
)

_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_FONT = '<name val="{}"/><family val="3"/><charset val="134"/>'
_TITLE_HEIGHT, _HEADING_HEIGHT, _ROW_HEIGHT = 36.0, 24.0, 20.0
_SIZE = 10.5
_KEY_WIDTH, _TITLE_WIDTH, _RESULT_WIDTH = 12.0, 60.0, 12.0
_HEADING_ROW = 2
_CENTRED = 'horizontal="center"'
_TEXT, _HUNDREDTHS = 49, 2  # built-in number formats
_ERRORS = {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"}


@dataclass(frozen=True, slots=True)
class Result:
    """A cell of the line's sheet, and what it shows; None where that is not known."""

    cell: str
    value: Decimal | str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One sheet: its key, its title, and as many results as the index has columns for them."""

    sheet: str
    key: str
    title: str
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """What the sheet shows. The first two headings are those of the keys and the titles."""

    name: str
    title: str
    headings: tuple[str, ...]
    lines: tuple[Line, ...]


def add_index(package: Package, index: Index) -> Package:
    """The workbook with the index as its first sheet, and in view when it is opened."""
    workbook = Workbook.open(package)
    edit = PackageEdit(package)
    looks, styles = _Looks(), Styles(None)
    if workbook.styles:
        looks, styles = _add_looks(edit.tree(workbook.styles)), Styles(edit.tree(workbook.styles))
    part = edit.add("xl/worksheets/sheet{}.xml", _sheet(index, looks, styles), _SHEET)
    root = edit.tree(workbook.part)
    sheets = root.find(NS + "sheets")
    assert sheets is not None
    sheet = etree.Element(NS + "sheet")
    sheet.set("name", index.name)
    sheet.set("sheetId", str(max(int(s.get("sheetId", "0")) for s in sheets) + 1))
    sheet.set(f"{{{RELATIONSHIPS}}}id", edit.relate(workbook.part, "worksheet", part))
    sheets.insert(0, sheet)
    for name in root.iterfind(f"{NS}definedNames/{NS}definedName"):
        if scope := name.get("localSheetId"):
            name.set("localSheetId", str(int(scope) + 1))
    for view in root.iter(NS + "workbookView"):
        view.set("activeTab", "0")
        view.attrib.pop("firstSheet", "")
    titles = f"{quoted(index.name)}!${_HEADING_ROW}:${_HEADING_ROW}"
    return with_names(edit.package(), [DefinedName("_xlnm.Print_Titles", titles, 0)])


@dataclass(frozen=True, slots=True)
class _Looks:
    """Cell formats, by their numbers in the styles part."""

    title: int = 0
    heading: int = 0
    key: int = 0
    link: int = 0
    number: int = 0
    text: int = 0


def _add_looks(root: etree._Element) -> _Looks:
    song = _FONT.format("宋体")
    title = _append(root, "fonts", f'<font><sz val="18"/>{_FONT.format("黑体")}</font>')
    plain = _append(root, "fonts", f'<font><sz val="{_SIZE}"/>{song}</font>')
    linked = f'<font><u/><sz val="{_SIZE}"/><color rgb="FF0563C1"/>{song}</font>'
    link = _append(root, "fonts", linked)
    sides = "".join(
        f'<{side} style="thin"><color auto="1"/></{side}>'
        for side in ("left", "right", "top", "bottom")
    )
    frame = _append(root, "borders", f"<border>{sides}<diagonal/></border>")

    def look(font: int, border: int, number_format: int = 0, placing: str = _CENTRED) -> int:
        return _append(
            root,
            "cellXfs",
            f'<xf numFmtId="{number_format}" fontId="{font}" fillId="0" borderId="{border}" '
            'xfId="0" applyNumberFormat="1" applyFont="1" applyBorder="1" applyAlignment="1">'
            f'<alignment {placing} vertical="center"/></xf>',
        )

    return _Looks(
        title=look(title, 0),
        heading=look(plain, frame),
        key=look(link, frame, _TEXT, f'{_CENTRED} shrinkToFit="1"'),
        link=look(link, frame, _TEXT, 'horizontal="left" wrapText="1" indent="1"'),
        number=look(plain, frame, _HUNDREDTHS),
        text=look(plain, frame),
    )


def _append(root: etree._Element, section: str, xml: str) -> int:
    """Add an element to a section of the styles part; its number there."""
    found = root.find(NS + section)
    if found is None:
        return 0
    found.append(etree.fromstring(f'<a xmlns="{MAIN}">{xml}</a>')[0])
    found.set("count", str(len(found)))
    return len(found) - 1


def _sheet(index: Index, looks: _Looks, styles: Styles) -> bytes:
    last = column_name(len(index.headings))
    room = styles.column_points(_TITLE_WIDTH)
    headings = (
        CellWriter(cell_name(_HEADING_ROW, column), looks.heading).text(heading)
        for column, heading in enumerate(index.headings, start=1)
    )
    rows = [
        _row(1, _TITLE_HEIGHT, CellWriter("A1", looks.title).text(index.title)),
        _row(_HEADING_ROW, _HEADING_HEIGHT, b"".join(headings)),
    ]
    links: list[str] = []
    for row, line in enumerate(index.lines, start=_HEADING_ROW + 1):
        title, place = line.title or line.sheet, quoted(line.sheet)
        cells = [
            CellWriter(f"A{row}", looks.key).text(line.key),
            CellWriter(f"B{row}", looks.link).text(title),
        ]
        for column, result in enumerate(line.results, start=3):
            cell = f"{place}!{result.cell}"
            value, formula = result.value, f'IF({cell}="","",{cell})'
            look = looks.text if isinstance(value, str) else looks.number
            writer = CellWriter(cell_name(row, column), look)
            cells.append(writer.formula(formula, value, error=value in _ERRORS))
        height = max(_ROW_HEIGHT, wrapped_height(title, room, _SIZE))
        rows.append(_row(row, height, b"".join(cells)))
        location = quoteattr(f"{place}!A1")
        links += (f'<hyperlink ref="{column}{row}" location={location}/>' for column in "AB")
    widths = [_KEY_WIDTH, _TITLE_WIDTH, *[_RESULT_WIDTH] * (len(index.headings) - 2)]
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width:g}" customWidth="1"/>'
        for number, width in enumerate(widths, start=1)
    )
    first = f"A{_HEADING_ROW + 1}"
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}">'
        f'<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<dimension ref="A1:{last}{_HEADING_ROW + len(index.lines)}"/>'
        '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0">'
        f'<pane ySplit="{_HEADING_ROW}" topLeftCell="{first}" activePane="bottomLeft" '
        f'state="frozen"/><selection pane="bottomLeft" activeCell="{first}" sqref="{first}"/>'
        '</sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/>'
        f"<cols>{columns}</cols><sheetData>{b''.join(rows).decode()}</sheetData>"
        f'<mergeCells count="1"><mergeCell ref="A1:{last}1"/></mergeCells>'
        f"<hyperlinks>{''.join(links)}</hyperlinks>"
        '<printOptions horizontalCentered="1"/>'
        '<pageMargins left="0.65" right="0.65" top="0.6" bottom="0.65" header="0.3" '
        'footer="0.35"/><pageSetup paperSize="9" orientation="portrait" fitToHeight="0"/>'
        '<headerFooter><oddFooter>&amp;C&amp;"宋体,常规"&amp;9第 &amp;P 页 / 共 &amp;N 页'
        "</oddFooter></headerFooter>"
        f'<ignoredErrors><ignoredError sqref="{first}:A{_HEADING_ROW + len(index.lines)}" '
        'numberStoredAsText="1"/></ignoredErrors></worksheet>'
    ).encode()


def _row(number: int, height: float, cells: bytes) -> bytes:
    return b'<row r="%d" ht="%g" customHeight="1">%b</row>' % (number, height, cells)
