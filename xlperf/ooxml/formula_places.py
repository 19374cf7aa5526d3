"""Where a workbook holds formulas: in which parts, which of their elements and attributes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

from xlperf.ooxml.drawings import change_vml_formulas
from xlperf.ooxml.package import damaged, parse_xml
from xlperf.ooxml.workbook import MAIN, RELATIONSHIPS, serialize

_NS = f"{{{MAIN}}}"
_CHART_2012 = "{http://schemas.microsoft.com/office/drawing/2012/chart}"
_CHART_2014 = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"

SHEETS = frozenset({"worksheet", "chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet"})
"""Last words of the types of the relationships whose parts are sheets."""

HOLDERS = SHEETS | {
    "officeDocument", "drawing", "vmlDrawing", "chart", "chartEx", "chartUserShapes", "ctrlProp",
    "comments", "connections", "threadedComment", "table", "tableSingleCells", "namedSheetView",
    "pivotTable", "pivotCacheDefinition", "queryTable",
}  # fmt: skip
"""… and of those whose parts hold formulas or addresses."""

FORMULA_ELEMENTS = (
    "{*}f", "{*}formula", "{*}formula1", "{*}formula2", _NS + "calculatedColumnFormula",
    _NS + "totalsRowFormula", _NS + "definedName", _CHART_2012 + "sqref", _CHART_2014 + "nf",
)  # fmt: skip
FORMULA_ATTRIBUTES = {
    "{*}cameraTool": ("cellRange",),
    "{*}cfvo": ("val",),
    "{*}controlPr": ("linkedCell", "listFillRange"),
    "{*}formControlPr": ("fmlaLink", "fmlaRange", "fmlaTxbx", "fmlaGroup"),
    "{*}hyperlink": ("location",),
    "{*}parameter": ("cell",),
    "{*}sp": ("textlink",),
}
# The pivot table that a chart shows stands in it as `[file]sheet!name`, the sheet without quotes.
_PIVOT_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}pivotSource"
# Ranges that pivot tables and consolidations draw from: the sheet, or a name, stands beside them.
_SOURCES = ("{*}worksheetSource", "{*}rangeSet", "{*}dataRef")


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a part: `formula` is given a formula and the cell it stands in, or ""."""

    formula: Callable[[str, str], str]
    sheet: Callable[[str], str]
    """What becomes of a sheet's name that stands on its own."""


def change_part(data: bytes, kind: str, part: str, change: Change) -> bytes:
    """The part with its formulas changed; the very same bytes where none is."""
    if kind == "vmlDrawing":
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise damaged(part) from error
        return change_vml_formulas(text, lambda formula: change.formula(formula, "")).encode()
    root = parse_xml(data, part)
    return serialize(root) if change_formulas(root, change) else data


def change_formulas(root: etree._Element, change: Change) -> bool:
    """Change the formulas below an element; whether any became another."""
    changed = False
    for element in root.iter(*FORMULA_ELEMENTS):
        if text := (element.text or "").strip():
            new = change.formula(text, _cell(element))
            if new != text:
                element.text, changed = new, True
    for element in root.iterfind(f"{_PIVOT_CHART}/{{*}}name"):
        file, bracket, place = (element.text or "").rpartition("]")
        sheet, mark, name = place.rpartition("!")
        new = file + bracket + change.sheet(sheet) + mark + name
        if new != element.text:
            element.text, changed = new, True
    for element, attribute in _attributes(root):
        old = element.get(attribute, "")
        new = change.sheet(old) if attribute == "sheet" else change.formula(old, _cell(element))
        if new != old:
            element.set(attribute, new)
            changed = True
    return changed


def _attributes(root: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    for element in root.iter(*FORMULA_ATTRIBUTES):
        for attribute in FORMULA_ATTRIBUTES["{*}" + etree.QName(element).localname]:
            if element.get(attribute):
                yield element, attribute
    for element in root.iter(*_SOURCES):
        if not element.get(f"{{{RELATIONSHIPS}}}id"):  # else of another workbook
            yield from ((element, a) for a in ("sheet", "name") if element.get(a))


def _cell(element: etree._Element) -> str:
    """The cell or the area that a formula belongs to; a defined name for its own."""
    if element.tag == _NS + "definedName":
        return element.get("name", "")
    for holder in (element, *element.iterancestors()):
        if holder.tag == _NS + "c":
            return holder.get("r", "")
        for attribute in ("sqref", "ref"):
            if holder.get(attribute) and holder.tag != _NS + "f":
                return holder.get(attribute, "")
        area = holder.find("{http://schemas.microsoft.com/office/excel/2006/main}sqref")
        if area is not None:
            return area.text or ""
    return ""
