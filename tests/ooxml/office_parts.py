"""Parts and elements of the hard workbook that only Office itself writes.

`last` is always the last row of the table. Where a reference stands in the table's rows, it is
written as it would be with any number of them.
"""

from collections.abc import Callable

from xlsxwriter.utility import quote_sheetname

FIRST = 15
SHEET = "自评's 表"
PART = "xl/worksheets/sheet2.xml"
Q = quote_sheetname(SHEET)

Parts = dict[str, str | bytes]
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MS = "http://schemas.microsoft.com/office"
_SHEET_ML = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_MARKUP = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
_XM = "http://schemas.microsoft.com/office/excel/2006/main"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
ESCAPED = Q.replace("&", "&amp;")


def _insert(parts: Parts, part: str, before: str, text: str) -> None:
    content = str(parts[part])
    assert content.count(before) == 1, (part, before, content.count(before))
    parts[part] = content.replace(before, text + before)


def _add(
    parts: Parts,
    part: str,
    content: str | bytes,
    kind: str,
    source: str,
    relation: str,
    key: str,
) -> None:
    """A new part, with its content type (or that of its extension) and its relationship."""
    parts[part] = content
    if kind:
        entry = f'<Override PartName="/{part}" ContentType="{kind}"/>'
        _insert(parts, "[Content_Types].xml", "</Types>", entry)
    folder, _, base = source.rpartition("/")
    links = f"{folder}/_rels/{base}.rels".lstrip("/")
    if links not in parts:
        parts[links] = (
            _HEAD + '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
            'relationships"></Relationships>'
        )
    entry = f'<Relationship Id="{key}" Type="{relation}" Target="/{part}"/>'
    _insert(parts, links, "</Relationships>", entry)


def _names(parts: Parts, last: int) -> None:
    """XlsxWriter knows no name of a sheet that has an apostrophe in its own."""
    name = f'<definedName name="本表" localSheetId="1">{ESCAPED}!$H${last + 2}</definedName>'
    _insert(parts, "xl/workbook.xml", "</definedNames>", name)


def _rules(parts: Parts, last: int) -> None:
    """x14 rules that look to another sheet, which the plain elements cannot."""
    formats = (
        f'<x14:conditionalFormatting xmlns:xm="{_XM}"><x14:cfRule type="expression" priority="90" '
        'id="{B9A1D5C2-0001-4C6B-9E57-111111111111}">'
        f"<xm:f>$E{FIRST}&gt;汇总!$B$1+{Q}!$G${last + 1}</xm:f><x14:dxf/></x14:cfRule>"
        f"<xm:sqref>E{FIRST}:E{last} B{last + 2}</xm:sqref></x14:conditionalFormatting>"
        "</x14:conditionalFormattings>"
    )
    content = str(parts[PART])
    assert content.count("</x14:conditionalFormattings>") == 1
    content = content.replace("</x14:conditionalFormattings>", formats)
    validations = (
        f'<ext xmlns:x14="{_X14}" uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}">'
        f'<x14:dataValidations xmlns:xm="{_XM}" count="1"><x14:dataValidation type="list" '
        f"><x14:formula1><xm:f>汇总!$A$15:$A$24</xm:f></x14:formula1><xm:sqref>C{FIRST}:C{last}"
        "</xm:sqref></x14:dataValidation></x14:dataValidations></ext>"
    )
    parts[PART] = content.replace(
        "<extLst><ext xmlns:x14", "<extLst>" + validations + "<ext xmlns:x14"
    )
    other = (
        f'<extLst><ext xmlns:x14="{_X14}" uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}">'
        f'<x14:dataValidations xmlns:xm="{_XM}" count="1"><x14:dataValidation type="list" '
        f"><x14:formula1><xm:f>{Q}!$C${FIRST}:$C${last}</xm:f></x14:formula1><xm:sqref>C15:C24"
        "</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>"
    )
    _insert(parts, "xl/worksheets/sheet4.xml", "</worksheet>", other)


def _views(parts: Parts, last: int) -> None:
    content = str(parts[PART])
    scenario = (
        f'<scenarios current="0" sqref="G{last + 2}"><scenario name="s" count="1">'
        f'<inputCells r="E{last + 2}" val="1"/></scenario></scenarios>'
    )
    custom = (
        '<customSheetViews><customSheetView guid="{11111111-2222-3333-4444-555555555555}" '
        f'topLeftCell="A{last + 1}"><pane ySplit="2" topLeftCell="A{last + 2}" '
        'activePane="bottomLeft" state="frozen"/>'
        f'<selection activeCell="B{last + 2}" sqref="B{last + 2}:C{last + 2} A1"/>'
        f'<rowBreaks count="1" manualBreakCount="1"><brk id="{last + 2}" max="16383" man="1"/>'
        "</rowBreaks>"
        '<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>'
        "</customSheetView></customSheetViews>"
    )
    watches = f'<cellWatches><cellWatch r="G{last + 1}"/><cellWatch r="B3"/></cellWatches>'
    table = (
        f'<row r="{last + 30}"><c r="B{last + 30}"><f t="dataTable" '
        f'ref="B{last + 30}:B{last + 31}" dt2D="0" dtr="0" r1="G{last + 1}"/></c></row>'
        f'<row r="{last + 31}"><c r="B{last + 31}"><v>1</v></c></row>'
    )
    content = content.replace("</protectedRanges>", "</protectedRanges>" + scenario)
    content = content.replace("<mergeCells", custom + "<mergeCells")
    content = content.replace("<ignoredErrors>", watches + "<ignoredErrors>")
    content = content.replace("</sheetData>", table + "</sheetData>")
    content = content.replace("<sheetPr", f'<sheetPr syncVertical="1" syncRef="A{last + 1}"', 1)
    parts[PART] = content


def _controls(parts: Parts, last: int) -> None:
    """A check box and a list with their three descriptions: control, VML shape, properties."""
    shapes, controls = "", ""
    for number, (kind, link, source) in enumerate(
        (("Checkbox", f"$G${last + 1}", ""), ("Drop", f"$H${last + 2}", f"$C${FIRST}:$C${last}"))
    ):
        row, shape, key = last + 8 + number, 1900 + number, f"rIdControl{number}"
        fields = f"<x:FmlaLink>{link}</x:FmlaLink>"
        properties = f'objectType="{"CheckBox" if kind == "Checkbox" else kind}" fmlaLink="{link}"'
        if source:
            fields += f"<x:FmlaRange>{ESCAPED}!{source}</x:FmlaRange>"
            properties += f' dropStyle="combo" fmlaRange="{ESCAPED}!{source}" val="0"'
        shapes += (
            f'<v:shape id="_x0000_s{shape}" type="#_x0000_t201" style="position:absolute" '
            'stroked="f" filled="f"><v:textbox><div style="text-align:left"><font face="宋体">'
            f'是<br></font></div></v:textbox><x:ClientData ObjectType="{kind}"><x:SizeWithCells/>'
            f"<x:Anchor>\r\n    8, 5, {row}, 3, 9, 5, {row + 1}, 3</x:Anchor>"
            f"<x:FmlaMacro>[0]!Fill</x:FmlaMacro>{fields}</x:ClientData></v:shape>"
        )
        controls += (
            f'<mc:AlternateContent xmlns:mc="{_MARKUP}"><mc:Choice Requires="x14"><control '
            f'shapeId="{shape}" r:id="{key}" name="{kind}"><controlPr locked="0" defaultSize="0" '
            f'autoFill="0" linkedCell="{link}"><anchor moveWithCells="1"><from>'
            f"<xdr:col>8</xdr:col><xdr:colOff>1</xdr:colOff><xdr:row>{row}</xdr:row>"
            f"<xdr:rowOff>9525</xdr:rowOff></from><to><xdr:col>9</xdr:col><xdr:colOff>1"
            f"</xdr:colOff><xdr:row>{row + 1}</xdr:row><xdr:rowOff>9525</xdr:rowOff></to></anchor>"
            "</controlPr></control></mc:Choice></mc:AlternateContent>"
        )
        _add(
            parts,
            f"xl/ctrlProps/ctrlProp{number + 1}.xml",
            _HEAD + f'<formControlPr xmlns="{_X14}" {properties}/>',
            "application/vnd.ms-excel.controlproperties+xml",
            PART,
            _OFFICE + "/ctrlProp",
            key,
        )
    content = str(parts[PART])
    names = 'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    controls = (
        f'<mc:AlternateContent xmlns:mc="{_MARKUP}"><mc:Choice Requires="x14"><controls>'
        f"{controls}</controls></mc:Choice></mc:AlternateContent>"
    )
    content = content.replace("<worksheet ", f'<worksheet {names}xmlns:x14="{_X14}" ', 1)
    parts[PART] = content.replace("<tableParts", controls + "<tableParts")
    drawing = next(n for n in parts if n.endswith(".vml") and "Note" in str(parts[n]))
    _insert(parts, drawing, "</xml>", shapes)


def _threads(parts: Parts, last: int) -> None:
    people = _MS + "/spreadsheetml/2018/threadedcomments"
    person = "{99999999-2222-3333-4444-555555555555}"
    comments = "".join(
        f'<threadedComment ref="{cell}" dT="2025-01-01T00:00:00.00" personId="{person}" '
        f'id="{{00000000-2222-3333-4444-55555555555{number}}}"><text>A15</text></threadedComment>'
        for number, cell in enumerate((f"C{FIRST}", f"G{last + 1}"))
    )
    _add(
        parts,
        "xl/threadedComments/threadedComment1.xml",
        f'{_HEAD}<ThreadedComments xmlns="{people}">{comments}</ThreadedComments>',
        "application/vnd.ms-excel.threadedcomments+xml",
        PART,
        _MS + "/2017/10/relationships/threadedComment",
        "rIdThread",
    )
    _add(
        parts,
        "xl/persons/person.xml",
        f'{_HEAD}<personList xmlns="{people}"><person displayName="甲" id="{person}" '
        'userId="a" providerId="None"/></personList>',
        "application/vnd.ms-excel.person+xml",
        "xl/workbook.xml",
        _MS + "/2017/10/relationships/person",
        "rIdPerson",
    )


def _pivot(parts: Parts, last: int) -> None:
    source = f'<worksheetSource ref="R{FIRST - 1}:T{last}" sheet="{SHEET}"/>'
    fields = "".join(
        f'<cacheField name="{name}" numFmtId="0"><sharedItems containsNonDate="0" '
        'containsString="0" containsBlank="1"/></cacheField>'
        for name in ("a", "A15", "c")
    )
    _add(
        parts,
        "xl/pivotCache/pivotCacheDefinition1.xml",
        f'{_HEAD}<pivotCacheDefinition xmlns="{_SHEET_ML}" xmlns:r="{_OFFICE}" r:id="rId1" '
        f'refreshOnLoad="1" recordCount="0"><cacheSource type="worksheet">{source}</cacheSource>'
        f'<cacheFields count="3">{fields}</cacheFields></pivotCacheDefinition>',
        "application/vnd.openxmlformats-officedocument.spreadsheetml.pivotCacheDefinition+xml",
        "xl/workbook.xml",
        _OFFICE + "/pivotCacheDefinition",
        "rIdPivot",
    )
    _add(
        parts,
        "xl/pivotCache/pivotCacheRecords1.xml",
        f'{_HEAD}<pivotCacheRecords xmlns="{_SHEET_ML}" count="0"/>',
        "application/vnd.openxmlformats-officedocument.spreadsheetml.pivotCacheRecords+xml",
        "xl/pivotCache/pivotCacheDefinition1.xml",
        _OFFICE + "/pivotCacheRecords",
        "rId1",
    )
    axes = "".join('<pivotField compact="0" outline="0" showAll="0"/>' for _ in range(3))
    _add(
        parts,
        "xl/pivotTables/pivotTable1.xml",
        f'{_HEAD}<pivotTableDefinition xmlns="{_SHEET_ML}" name="p" cacheId="7" dataCaption="v" '
        f'updatedVersion="6" createdVersion="6"><location ref="X{last + 4}:Z{last + 20}" '
        f'firstHeaderRow="0" firstDataRow="0" firstDataCol="0"/><pivotFields count="3">{axes}'
        "</pivotFields></pivotTableDefinition>",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.pivotTable+xml",
        PART,
        _OFFICE + "/pivotTable",
        "rIdPivotTable",
    )
    _add_link(parts, "xl/pivotTables/pivotTable1.xml", "xl/pivotCache/pivotCacheDefinition1.xml")
    caches = '<pivotCaches><pivotCache cacheId="7" r:id="rIdPivot"/></pivotCaches>'
    _insert(parts, "xl/workbook.xml", "</workbook>", caches)


def _add_link(parts: Parts, source: str, target: str) -> None:
    folder, _, base = source.rpartition("/")
    parts[f"{folder}/_rels/{base}.rels"] = (
        f'{_HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        f'relationships"><Relationship Id="rId1" Type="{_OFFICE}/pivotCacheDefinition" '
        f'Target="/{target}"/></Relationships>'
    )


def _inert_parts(parts: Parts, last: int) -> None:
    """Parts without any reference: they have to come out as the very same bytes."""
    binary = '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
    assert binary in str(parts["[Content_Types].xml"])
    settings = "application/vnd.openxmlformats-officedocument.spreadsheetml.printerSettings"
    for number in (1, 2):
        _add(
            parts,
            f"xl/printerSettings/printerSettings{number}.bin",
            b"\0A15\0" * 9,
            settings,
            f"xl/worksheets/sheet{number}.xml",
            _OFFICE + "/printerSettings",
            "rIdPrinter",
        )
    _add(
        parts,
        "customUI/customUI14.xml",
        f'{_HEAD}<customUI xmlns="{_MS}/2009/07/customui"><ribbon/></customUI>',
        "",
        "",
        _MS + "/2007/relationships/ui/extensibility",
        "rIdRibbon",
    )
    _add(
        parts,
        "customXml/item1.xml",
        "<a ref='A15'>'自评'!A15</a>",
        "",
        "xl/workbook.xml",
        _OFFICE + "/customXml",
        "rIdCustom",
    )
    _add(
        parts,
        "customXml/itemProps1.xml",
        f'{_HEAD}<ds:datastoreItem ds:itemID="{{22222222-2222-3333-4444-555555555555}}" '
        'xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"/>',
        "application/vnd.openxmlformats-officedocument.customXmlProperties+xml",
        "customXml/item1.xml",
        _OFFICE + "/customXmlProps",
        "rId1",
    )
    _add(
        parts,
        "xl/externalLinks/externalLink1.xml",
        f'{_HEAD}<externalLink xmlns="{_SHEET_ML}"><externalBook xmlns:r="{_OFFICE}" r:id="rId1">'
        f'<sheetNames><sheetName val="{SHEET}"/></sheetNames><sheetDataSet><sheetData '
        'sheetId="0"><row r="25"><cell r="G25"><v>1</v></cell></row></sheetData></sheetDataSet>'
        "</externalBook></externalLink>",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml",
        "xl/workbook.xml",
        _OFFICE + "/externalLink",
        "rIdExternal",
    )
    parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = (
        f'{_HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        f'relationships"><Relationship Id="rId1" Type="{_OFFICE}/externalLinkPath" '
        'Target="other.xlsx" TargetMode="External"/></Relationships>'
    )
    book = '<externalReferences><externalReference r:id="rIdExternal"/></externalReferences>'
    _insert(parts, "xl/workbook.xml", "<definedNames>", book)


def _chart_extension(parts: Parts, last: int) -> None:
    """A range of labels, as charts since 2013 have them beside the older elements."""
    labels = (
        '<c:extLst><c:ext uri="{02D57815-91ED-43cb-92C2-25804820EDAC}" '
        'xmlns:c15="http://schemas.microsoft.com/office/drawing/2012/chart"><c15:datalabelsRange>'
        f"<c15:f>{ESCAPED}!$H${FIRST}:$H${last}</c15:f></c15:datalabelsRange></c:ext></c:extLst>"
    )
    _insert(parts, "xl/charts/chart1.xml", "</c:ser>", labels)


PATCHES: tuple[Callable[[Parts, int], None], ...] = (
    _names,
    _rules,
    _views,
    _controls,
    _threads,
    _pivot,
    _inert_parts,
    _chart_extension,
)


def share_formulas(parts: Parts, last: int) -> None:
    """One formula for the whole column P, as Excel saves a formula that was filled down."""
    content = str(parts[PART])
    for row in range(FIRST, last + 1):
        plain = f"<f>F{row}*2+$E{row}+LOG10(B$3)</f>"
        assert plain in content
        shared = '<f t="shared" si="0"/>'
        if row == FIRST:
            shared = plain.replace("<f>", f'<f t="shared" ref="P{FIRST}:P{last}" si="0">')
        content = content.replace(plain, shared)
    parts[PART] = content


def chain_calculation(parts: Parts) -> None:
    _add(
        parts,
        "xl/calcChain.xml",
        f'{_HEAD}<calcChain xmlns="{_SHEET_ML}"><c r="G3" i="2"/></calcChain>',
        "application/vnd.openxmlformats-officedocument.spreadsheetml.calcChain+xml",
        "xl/workbook.xml",
        _OFFICE + "/calcChain",
        "rIdChain",
    )
