"""More or fewer table rows in a workbook, with every reference to them kept right in every part.

What may hold a reference stands in tables: `formula_places` has the parts, elements and attributes
that hold formulas, those below have what holds addresses of the sheet it belongs to. A part that is
in no table is not guessed at: the edit is refused and the part named.
"""

import re
from collections import deque
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from enum import Enum, auto
from urllib.parse import quote, unquote

from lxml import etree

from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.address import Area, cell_name
from xlperf.ooxml.cells import SHEET_DATA, check_room, expand_shared_formulas, resize_cells
from xlperf.ooxml.drawings import Anchors, change_vml_formulas
from xlperf.ooxml.formula_places import (
    FORMULA_ATTRIBUTES,
    FORMULA_ELEMENTS,
    HOLDERS,
    SHEETS,
)
from xlperf.ooxml.package import CONTENT_TYPES, Package, damaged, parse_xml, relationships_part
from xlperf.ooxml.references import areas, moved, references
from xlperf.ooxml.row_shift import Home, RowShift, lost, refusal
from xlperf.ooxml.workbook import (
    MAIN,
    NS,
    RELATIONSHIPS,
    Workbook,
    serialize,
    without_calculation_chain,
)

# Last words of the types of the relationships whose parts cannot hold formulas or addresses …
_FREE = {
    "activeXControlBinary", "attachedToolbars", "audio", "calcChain", "cellImage",
    "chartColorStyle", "chartStyle", "control", "core-properties", "custom-properties",
    "customData", "customDataProps", "customProperty", "customXml", "customXmlProps",
    "diagramColors", "diagramData", "diagramDrawing", "diagramLayout", "diagramQuickStyle",
    "documenttask", "extended-properties", "externalLink", "externalLinkPath",
    "FeaturePropertyBag", "font", "hdphoto", "image", "jsaProject", "media", "model3d",
    "oleObject", "package", "person", "pivotCacheRecords", "powerPivotData", "printerSettings",
    "rdArray", "rdRichValue", "rdRichValueStructure", "rdRichValueTypes", "rdRichValueWebImage",
    "rdSupportingPropertyBag", "rdSupportingPropertyBagStructure", "richStyles", "richValueRel",
    "sharedStrings", "sheetMetadata", "slicer", "slicerCache", "styles", "theme", "themeOverride",
    "timeline", "timelineCache", "vbaProject", "vbaProjectSignature", "vbaProjectSignatureAgile",
    "vbaProjectSignatureV3", "video", "webextension", "webextensiontaskpanes", "workbookmetadata",
    "xlExternalLinkPath", "xmlMaps",
}  # fmt: skip
# … and of those whose parts may, but as a rule do not: notes that WPS keeps.
_SUSPECT = {"woinfos"}
_FREE_EXTENSIONS = {"slicerList", "timelineRefs", "id"}
_KNOWN_EXTENSIONS = {
    "conditionalFormattings", "dataValidations", "sparklineGroups", "ignoredErrors",
    "protectedRanges", "webExtensions",
}  # fmt: skip

_OWN = {MAIN, "http://schemas.openxmlformats.org/markup-compatibility/2006"}

_SQREF = "{http://schemas.microsoft.com/office/excel/2006/main}sqref"


class _Lost(Enum):
    """What happens to a holder of addresses when all its rows are removed."""

    GOES = auto()
    """It goes with its rows."""
    MOVES = auto()
    """It points to the row that takes their place."""
    REFUSES = auto()


@dataclass(frozen=True, slots=True)
class _Held:
    """How an element holds addresses of its own sheet: in an attribute, or else in an xm:sqref.

    What is `carried` by cells is carried by new rows as well. What `covers` a table of one row
    grows with it. A `rigid` area cannot be resized.
    """

    attribute: str
    lost: _Lost
    carried: bool = False
    covers: bool = False
    rigid: bool = False


_ADDRESSES = {
    "{*}autoFilter": _Held("ref", _Lost.REFUSES),
    "{*}cellSmartTags": _Held("r", _Lost.GOES),
    "{*}cellWatch": _Held("r", _Lost.GOES),
    "{*}comment": _Held("ref", _Lost.GOES),
    "{*}conditionalFormatting": _Held("sqref", _Lost.GOES, carried=True),
    "{*}customSheetView": _Held("topLeftCell", _Lost.MOVES),
    "{*}dataValidation": _Held("sqref", _Lost.GOES, carried=True),
    "{*}dimension": _Held("ref", _Lost.MOVES, carried=True),
    "{*}hyperlink": _Held("ref", _Lost.GOES),
    "{*}ignoredError": _Held("sqref", _Lost.GOES, carried=True),
    "{*}inputCells": _Held("r", _Lost.REFUSES),
    "{*}location": _Held("ref", _Lost.REFUSES, rigid=True),
    "{*}nsvFilter": _Held("ref", _Lost.REFUSES),
    "{*}protectedRange": _Held("sqref", _Lost.GOES, carried=True),
    "{*}scenarios": _Held("sqref", _Lost.MOVES),
    "{*}sheetPr": _Held("syncRef", _Lost.MOVES),
    "{*}sheetView": _Held("topLeftCell", _Lost.MOVES),
    "{*}singleXmlCell": _Held("r", _Lost.REFUSES),
    "{*}sortCondition": _Held("ref", _Lost.REFUSES, covers=True),
    "{*}sortState": _Held("ref", _Lost.REFUSES, covers=True),
    "{*}sparkline": _Held("sqref", _Lost.GOES),
    "{*}table": _Held("ref", _Lost.REFUSES),
    "{*}threadedComment": _Held("ref", _Lost.GOES),
    "{*}webPublishItem": _Held("sourceRef", _Lost.REFUSES),
}

# Containers that Excel does not allow to be empty.
_CONTAINERS = {
    "cellSmartTags", "cellWatches", "conditionalFormattings", "dataValidations", "ext", "extLst",
    "hyperlinks", "ignoredErrors", "protectedRanges", "smartTags", "sparklineGroups", "rowBreaks",
}  # fmt: skip
# Relative rows in the formulas of these count from the top of the area they are given for.
_RULES = {"conditionalFormatting", "dataValidation", "sparkline"}
_SOURCE = _Held("ref", _Lost.REFUSES)
_VIEW = _Held("", _Lost.MOVES)
_QUALIFIED = re.compile(rb"!|\ssheet=")
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?<\?xml[^>]*\?>\s*")


@dataclass(frozen=True, slots=True)
class RowEdit:
    """Table rows `first`..`last` (1-based) of one sheet become `count` rows."""

    first: int
    last: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last or self.count < 1:
            raise ValueError(f"not an edit of table rows: {self}")


def resize_rows(package: Package, sheet: str, edit: RowEdit) -> Package:
    """The package with the table rows of one sheet inserted or removed; `sheet` is its part.

    New rows come just before the last one (after the first where it is the only one) and are copies
    of the row above them without its values: styles, height, merged cells and formulas, the latter
    without cached values. Surplus rows go just before the last one. What refers to the rows, in any
    part, follows; parts that hold no such reference stay as they are.

    Raises WorkbookError, with nothing changed, where a reference or an object would be lost (W202,
    W203), where the sheet is full (W204), or where a part may hold references in a way that is not
    known (W201).
    """
    workbook = Workbook.open(package)
    names = {found.part: found.name for found in workbook.sheets}
    name = names[sheet]
    shift = RowShift(name, tuple(names.values()), edit.first, edit.last, edit.count)
    if not shift.added:
        return package
    root = package.xml(sheet)
    check_room(root, Home(sheet, name), shift)
    anchors = Anchors(root, shift)
    changed: dict[str, bytes | None] = {}
    for part, kind, owner in _reachable(package, workbook):
        home = Home(part, owner, covers=kind in ("chart", "chartEx"))
        if kind in HOLDERS:
            data = package.read(part)
            new = _shifted(data, kind, home, shift, anchors if owner == name else None)
            if new is not None:
                changed[part] = new
        links = relationships_part(part)
        if links in package and (new := _shifted_links(package.read(links), home, shift)):
            changed[links] = new
    return without_calculation_chain(package.replace(changed))


def _reachable(package: Package, workbook: Workbook) -> Iterator[tuple[str, str, str]]:
    """Every part that the workbook reads, with its kind and the sheet it belongs to, or ""."""
    sheets = {sheet.part: sheet.name for sheet in workbook.sheets}
    seen = {workbook.part}
    queue = deque([(workbook.part, "officeDocument", "")])
    for link in package.relationships().values():  # such as the panes of Office add-ins
        kind = link.type.rsplit("/", 1)[-1]
        if kind in _FREE and link.target in package:
            seen.add(link.target)
            queue.append((link.target, kind, ""))
    while queue:
        part, kind, owner = queue.popleft()
        yield part, kind, owner
        for link in package.relationships(part).values():
            target, kind = link.target, link.type.rsplit("/", 1)[-1]
            if link.external or kind == "hyperlink" or target in seen or target not in package:
                continue
            if kind not in HOLDERS | _FREE and not (
                kind in _SUSPECT and not _may_refer(package.xml(target))
            ):
                raise _unknown(target)
            seen.add(target)
            queue.append((target, kind, sheets.get(target, owner)))
    for part, kind in _content_types(package).items():
        stray = part.startswith("xl/") and part not in seen and part in package
        if stray and kind.endswith("xml") and "openxmlformats" not in kind:
            raise _unknown(part)


def _content_types(package: Package) -> dict[str, str]:
    overrides = package.xml(CONTENT_TYPES).iterfind("{*}Override")
    return {o.get("PartName", "").lstrip("/"): o.get("ContentType", "") for o in overrides}


def _unknown(part: str, detail: str = "") -> WorkbookError:
    return refusal(
        "W201",
        Home(part),
        f"工作簿含有无法识别的部件{detail}，其中可能引用单元格，因此不能增减行",
        f"the workbook has a part {detail} that may refer to cells in an unknown way",
    )


def _may_refer(root: etree._Element) -> bool:
    """Whether any text or attribute below the element reads like a reference."""
    return any(
        references(text)
        for element in root.iter(etree.Element)
        for text in (element.text or "", *map(str, element.attrib.values()))
    )


def _shifted(
    data: bytes, kind: str, home: Home, shift: RowShift, anchors: Anchors | None
) -> bytes | None:
    """The part after the edit, or None where it stays; `anchors` if it belongs to the sheet."""
    if kind == "vmlDrawing":
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise damaged(home.part) from error
        new = change_vml_formulas(text, lambda formula: shift.formula(formula, home))
        if anchors:
            new = anchors.shift_vml(new, home)
        return new.encode() if new != text else None
    if not anchors and kind != "officeDocument" and not _QUALIFIED.search(data):
        return None
    root = parse_xml(data, home.part)
    before = etree.tostring(root)
    if kind in SHEETS:
        _check_extensions(root, home)
    if anchors and kind in SHEETS:
        _drop_lost(root, shift)
        for child in list(root):
            if child.tag != SHEET_DATA:
                _shift_below(child, home, shift, anchors)
        resize_cells(root, home, shift)
    else:
        if anchors:
            _drop_lost(root, shift)
        expand_shared_formulas(root, home, shift)
        _shift_below(root, home, shift, anchors)
    return None if etree.tostring(root) == before else _serialized(root, data)


def _serialized(root: etree._Element, original: bytes) -> bytes:
    """The part with the XML declaration that it had."""
    declaration = _DECLARATION.match(original)
    head = declaration[0] if declaration else b""
    if b"encoding" in head and b"utf-8" not in head.lower():
        return serialize(root)
    return head + etree.tostring(root.getroottree(), encoding="UTF-8")


def _check_extensions(root: etree._Element, home: Home) -> None:
    known = _KNOWN_EXTENSIONS | _FREE_EXTENSIONS
    foreign = [child for child in root.iterchildren(etree.Element) if _namespace(child) not in _OWN]
    for element in (*root.iterfind(f"{NS}extLst/*/*"), *foreign):
        if _name(element) not in known and _may_refer(element):
            raise _unknown(home.part, f" {_name(element)}")


def _shift_below(
    root: etree._Element, home: Home, shift: RowShift, anchors: Anchors | None
) -> None:
    # Formulas first: what they count from is where their rules were before.
    _shift_formulas(root, home, shift, on_sheet=bool(anchors))
    _shift_sources(root, home, shift)
    if anchors:
        _shift_addresses(root, home, shift)
        _copy_sparklines(root, shift)
        _shift_views(root, shift)
        _shift_breaks(root, shift)
        anchors.shift_xml(root, home)


def _held(root: etree._Element) -> Iterator[tuple[etree._Element, _Held, list[Area]]]:
    for element in root.iter(*_ADDRESSES):
        held = _ADDRESSES["{*}" + _name(element)]
        if found := areas(_address(element, held.attribute)):
            yield element, held, found


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _namespace(element: etree._Element) -> str | None:
    return etree.QName(element).namespace


def _address(element: etree._Element, attribute: str) -> str:
    return element.get(attribute) or element.findtext(_SQREF) or ""


def _set_address(element: etree._Element, attribute: str, text: str) -> None:
    if element.get(attribute):
        element.set(attribute, text)
    elif (child := element.find(_SQREF)) is not None:
        child.text = text


def _drop_lost(root: etree._Element, shift: RowShift) -> None:
    """Take out what stands in removed rows only."""
    held_outside = (e for child in root if child.tag != SHEET_DATA for e in _held(child))
    for element, held, found in list(held_outside):
        gone = all(shift.span(area.top, area.bottom) is None for area in found)
        if gone and held.lost is _Lost.GOES:
            _drop(element)


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    parent.remove(element)
    group = parent.getparent()
    if _name(parent) == "sparklines" and not len(parent) and group is not None:
        _drop(group)
    elif _name(parent) in _CONTAINERS and not len(parent):
        _drop(parent)
    elif parent.get("count"):
        parent.set("count", str(len(parent)))


def _shift_formulas(root: etree._Element, home: Home, shift: RowShift, *, on_sheet: bool) -> None:
    for element in root.iter(*FORMULA_ELEMENTS):
        if text := (element.text or "").strip():
            new = _shifted_formula(text, element, home, shift, on_sheet=on_sheet)
            if new != text:
                element.text = new
    for element in root.iter(*FORMULA_ATTRIBUTES):
        for attribute in FORMULA_ATTRIBUTES["{*}" + _name(element)]:
            if old := element.get(attribute):
                new = _shifted_formula(old, element, home, shift, on_sheet=on_sheet)
                element.set(attribute, new)


def _shifted_formula(
    text: str, element: etree._Element, home: Home, shift: RowShift, *, on_sheet: bool
) -> str:
    if element.tag == NS + "definedName":
        name = element.get("name", "")
        # Some programs forget the $ in areas for printing, which mean their sheet all the same.
        floats = not name.startswith("_xlnm.")
        return shift.formula(text, replace(home, cell=name, floats=floats, covers=True))
    above = [element, *element.iterancestors()]
    if on_sheet and element.tag == NS + "calculatedColumnFormula":
        home = replace(home, row=_first_row(above[-1]))
    if home.covers and any(_name(holder) == "tx" for holder in above):
        home = replace(home, covers=False)
    for holder in above:
        if holder.tag == NS + "c":
            return shift.formula(text, replace(home, cell=holder.get("r", "")))
        if on_sheet and _name(holder) in _RULES:
            return _shifted_rule(text, areas(_address(holder, "sqref")), home, shift)
    return shift.formula(text, home)


def _first_row(table: etree._Element) -> int | None:
    """The row of a table in which the formulas of its columns read as the table has them."""
    headings = int(table.get("headerRowCount", "1"))
    return next((area.top + headings for area in areas(table.get("ref", ""))), None)


def _shifted_rule(text: str, found: list[Area], home: Home, shift: RowShift) -> str:
    """The formula of a rule for these areas; its relative rows count from their top row."""
    top = min(area.top for area in found)
    first = min(
        area.top if shift.row(area.top) else shift.removed.stop
        for area in found
        if shift.span(area.top, area.bottom)
    )
    home = replace(home, cell=cell_name(first, found[0].left), row=first)
    filled = any(area.top < area.bottom for area in found)
    return shift.formula(moved(text, first - top, 0), home, filled=filled)


def _shift_sources(root: etree._Element, home: Home, shift: RowShift) -> None:
    """Ranges that pivot tables and consolidations draw from, with the sheet named beside them."""
    for element in root.iter("{*}worksheetSource", "{*}rangeSet", "{*}dataRef"):
        if element.get(f"{{{RELATIONSHIPS}}}id"):
            continue  # of another workbook
        if element.get("sheet", "").casefold() == shift.sheet.casefold():
            for area in areas(element.get("ref", "")):
                element.set("ref", _moved_area(area, _SOURCE, home, shift).text)


def _shift_addresses(root: etree._Element, home: Home, shift: RowShift) -> None:
    for element, held, found in list(_held(root)):
        new = [
            _moved_area(area, held, home, shift)
            for area in found
            if held.lost is not _Lost.GOES or shift.span(area.top, area.bottom)
        ]
        if new != found:
            _set_address(element, held.attribute, " ".join(area.text for area in new))


def _moved_area(area: Area, held: _Held, home: Home, shift: RowShift) -> Area:
    several = area.top < area.bottom
    if several or held.carried or held.covers:
        span = shift.span(area.top, area.bottom, carried=held.carried)
    else:
        row = shift.row(area.top)
        span = (row, row) if row else None
    if span is None and held.lost is _Lost.MOVES:
        return area._replace(top=shift.removed.start, bottom=shift.removed.start)
    stretched = span and span[1] - span[0] != area.bottom - area.top
    if held.lost is _Lost.REFUSES and not (span and shift.row(area.top)):
        raise lost(home, area.text)
    if span is None or (held.rigid and stretched):
        raise refusal(
            "W203",
            home,
            f"数据透视表区域 {area.text} 无法随行增减而调整",
            f"the pivot table at {area.text} cannot follow",
        )
    return area._replace(top=span[0], bottom=span[1])


def _copy_sparklines(root: etree._Element, shift: RowShift) -> None:
    for line in list(root.iter("{*}sparkline")):
        for area in areas(_address(line, "sqref")):
            if area.top == area.bottom == shift.source:
                for down in range(shift.added, 0, -1):
                    copy = deepcopy(line)
                    for child in copy:
                        child.text = moved(child.text or "", down, 0)
                    line.addnext(copy)


def _shift_views(root: etree._Element, shift: RowShift) -> None:
    """Scrolled and selected places; a frozen part of the window stays as high as it is."""
    for pane in root.iter("{*}pane"):
        for area in areas(pane.get("topLeftCell", "")):
            row = shift.row(area.top) or shift.removed.start
            if pane.get("state", "").startswith("frozen"):
                below = int(float(pane.get("ySplit", "0"))) + 1
                row = below if area.top == below else max(row, below)
            pane.set("topLeftCell", area._replace(top=row, bottom=row).text)
    for selection in root.iter("{*}selection"):
        home = Home("")
        chosen = [_moved_area(a, _VIEW, home, shift) for a in areas(selection.get("sqref", ""))]
        if chosen:
            selection.set("sqref", " ".join(area.text for area in chosen))
        for cell in areas(selection.get("activeCell", "")):
            active = _moved_area(cell, _VIEW, home, shift)
            inside = any(
                area.top <= active.top <= area.bottom and area.left <= active.left <= area.right
                for area in chosen
            )
            if chosen and not inside:
                place = min(int(selection.get("activeCellId", "0")), len(chosen) - 1)
                active = chosen[place]
            selection.set("activeCell", cell_name(active.top, active.left))


def _shift_breaks(root: etree._Element, shift: RowShift) -> None:
    """Page breaks: one of rows belongs to the row below it, one of columns runs down some rows."""
    for mark in list(root.iter("{*}brk")):
        parent = mark.getparent()
        if parent is not None and _name(parent) == "rowBreaks":
            row = shift.row(int(mark.get("id", "0")) + 1)
            if row:
                mark.set("id", str(row - 1))
                continue
            _drop(mark)
            manual = [left for left in parent if left.get("man") in ("1", "true")]
            parent.set("manualBreakCount", str(len(manual)))
        elif mark.get("max"):
            rows = int(mark.get("min", "0")) + 1, int(mark.get("max", "0")) + 1
            if (span := shift.span(*rows)) and span != rows:
                mark.set("min", str(span[0] - 1))
                mark.set("max", str(span[1] - 1))


def _shifted_links(data: bytes, home: Home, shift: RowShift) -> bytes | None:
    """Relationships of shapes and cells that jump to a place in the workbook itself."""
    if b"#" not in data:
        return None
    root = parse_xml(data, relationships_part(home.part))
    before = etree.tostring(root)
    for link in root:
        target = link.get("Target", "")
        if link.get("Type", "").endswith("/hyperlink") and target.startswith("#"):
            place = unquote(target[1:])
            new = shift.formula(place, home)
            if new != place:
                link.set("Target", "#" + (quote(new, safe="!'$:") if "%" in target else new))
    return None if etree.tostring(root) == before else _serialized(root, data)
