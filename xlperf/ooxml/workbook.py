"""What a workbook part says: its sheets, its defined names, its date system."""

import re
from dataclasses import dataclass

from lxml import etree

from xlperf.ooxml.package import Package, damaged

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
NS = f"{{{MAIN}}}"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"

# Elements that come before calcPr in a workbook part (ECMA-376 part 1, 18.2.27).
_BEFORE_CALCULATION = {
    NS + tag
    for tag in (
        "fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets",
        "functionGroups", "externalReferences", "definedNames",
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its printed name, its part and its place among the sheets (0-based)."""

    name: str
    part: str
    index: int


@dataclass(frozen=True, slots=True)
class DefinedName:
    """One name of the Name Manager; `sheet` is the index of the sheet it is scoped to, or None."""

    name: str
    text: str
    sheet: int | None = None


@dataclass(frozen=True, slots=True)
class Workbook:
    """The workbook part, read once. `part_of` finds the parts that it refers to, by type."""

    part: str
    sheets: tuple[Sheet, ...]
    names: tuple[DefinedName, ...]
    date1904: bool
    styles: str | None
    shared_strings: str | None

    @classmethod
    def open(cls, package: Package) -> "Workbook":
        """Raises WorkbookError when the package holds no spreadsheet."""
        roots = package.relationships().values()
        part = next((r.target for r in roots if r.type.endswith("/officeDocument")), None)
        if part is None or part not in package:
            raise damaged("xl/workbook.xml")
        root = package.xml(part)
        if root.tag != NS + "workbook":
            raise damaged(part)
        related = package.relationships(part)
        by_type = {r.type.rsplit("/", 1)[-1]: r.target for r in related.values()}
        sheets = []
        for index, element in enumerate(root.iterfind(f"{NS}sheets/{NS}sheet")):
            key = element.get(f"{{{RELATIONSHIPS}}}id") or element.get(f"{{{_STRICT}}}id") or ""
            if key not in related or related[key].target not in package:
                raise damaged(part)
            sheets.append(Sheet(element.get("name", ""), related[key].target, index))
        names = tuple(
            DefinedName(e.get("name", ""), e.text or "", _int(e.get("localSheetId")))
            for e in root.iterfind(f"{NS}definedNames/{NS}definedName")
        )
        properties = root.find(f"{NS}workbookPr")
        return cls(
            part,
            tuple(sheets),
            names,
            properties is not None and properties.get("date1904") in ("1", "true"),
            by_type.get("styles"),
            by_type.get("sharedStrings"),
        )


_LITERAL = re.compile(r'"((?:[^"]|"")*)"')


def string_constant(text: str) -> str | None:
    """The string that a name such as `="元"` stands for, or None when it is no string literal."""
    match = _LITERAL.fullmatch(text.strip().removeprefix("="))
    return match[1].replace('""', '"') if match else None


def recalculated_on_load(xml: bytes) -> bytes:
    """The workbook part with Excel told to compute every formula when it opens the file."""
    root = etree.fromstring(xml)
    settings = root.find(f"{NS}calcPr")
    if settings is None:
        settings = etree.Element(f"{NS}calcPr")
        after = [child for child in root if child.tag in _BEFORE_CALCULATION]
        root.insert(root.index(after[-1]) + 1, settings)
    settings.set("fullCalcOnLoad", "1")
    return serialize(root)


def serialize(root: etree._Element) -> bytes:
    """The part's bytes, with the XML declaration that Excel writes."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _int(text: str | None) -> int | None:
    return None if text is None else int(text)
