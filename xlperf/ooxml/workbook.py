"""What a workbook part says: its sheets, its defined names, its date system."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from lxml import etree

from xlperf.ooxml import preflight
from xlperf.ooxml.package import CONTENT_TYPES, Package, damaged

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
NS = f"{{{MAIN}}}"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml/"

# Content types of a workbook part: of a template, and of the workbook that is made from it.
_FROM_TEMPLATE = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml":
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    "application/vnd.ms-excel.template.macroEnabled.main+xml":
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
}  # fmt: skip

_SETTINGS = re.compile(rb"<calcPr(?:\s[^>]*)?>")
_ON_LOAD = re.compile(rb"\sfullCalcOnLoad=(?:\"[^\"]*\"|'[^']*')")

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
        part = workbook_part(package)
        root = package.xml(part)
        if root.tag.startswith(f"{{{_STRICT}"):
            raise preflight.STRICT.error()
        if root.tag != NS + "workbook":
            raise damaged(part)
        related = package.relationships(part)
        by_type = {r.type.rsplit("/", 1)[-1]: r.target for r in related.values()}
        sheets = []
        for index, element in enumerate(root.iterfind(f"{NS}sheets/{NS}sheet")):
            key = element.get(f"{{{RELATIONSHIPS}}}id", "")
            if key not in related or related[key].target not in package:
                raise damaged(part)
            sheets.append(Sheet(element.get("name", ""), related[key].target, index))
        if len({sheet.part for sheet in sheets}) < len(sheets):
            raise damaged(part)
        names = tuple(
            DefinedName(e.get("name", ""), e.text or "", _scope(e.get("localSheetId"), part))
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


def workbook_part(package: Package) -> str:
    """The name of the workbook part. Raises WorkbookError when the package holds none."""
    roots = package.relationships().values()
    part = next((r.target for r in roots if r.type.endswith("/officeDocument")), None)
    if part is None:
        raise preflight.UNKNOWN.error()
    return part


_LITERAL = re.compile(r'"((?:[^"]|"")*)"')


def string_constant(text: str) -> str | None:
    """The string that a name such as `="元"` stands for, or None when it is no string literal."""
    match = _LITERAL.fullmatch(text.strip().removeprefix("=")) if '"' in text else None
    return match[1].replace('""', '"') if match else None


def string_text(value: str) -> str:
    """The text of a name that stands for this string; `string_constant` takes it back."""
    return '"' + value.replace('"', '""') + '"'


def with_names(package: Package, names: Collection[DefinedName]) -> Package:
    """The package with these names added; only the workbook part changes.

    All names stand in Excel's order: by name, whatever its case, built-in ones without their
    prefix. A name must not be there yet in the same scope.
    """
    part = Workbook.open(package).part
    root = package.xml(part)
    holder = root.find(f"{NS}definedNames")
    if holder is None:
        holder = etree.Element(f"{NS}definedNames")
        before = [child for child in root if child.tag in _BEFORE_CALCULATION]
        root.insert(root.index(before[-1]) + 1, holder)
    for name in names:
        element = etree.SubElement(holder, f"{NS}definedName", {"name": name.name})
        if name.sheet is not None:
            element.set("localSheetId", str(name.sheet))
        element.text = name.text
    holder[:] = sorted(holder, key=_order)
    return package.replace({part: serialize(root)})


def _order(name: etree._Element) -> tuple[str, int]:
    text = (name.get("name") or "").removeprefix("_xlnm.")
    return text.casefold(), int(name.get("localSheetId", "-1"))


def recalculated_on_load(xml: bytes) -> bytes:
    """The workbook part with Excel told to compute every formula when it opens the file.

    Where it has settings already, nothing else in it changes.
    """
    settings_found = _SETTINGS.findall(xml)
    if len(settings_found) == 1 and b"<!" not in xml:
        (old,) = settings_found
        new = _ON_LOAD.sub(b"", old).removesuffix(b">").removesuffix(b"/").rstrip()
        end = b"/>" if old.endswith(b"/>") else b">"
        return xml.replace(old, new + b' fullCalcOnLoad="1"' + end)
    root = etree.fromstring(xml)
    settings = root.find(f"{NS}calcPr")
    if settings is None:
        settings = etree.Element(f"{NS}calcPr")
        after = [child for child in root if child.tag in _BEFORE_CALCULATION]
        root.insert(root.index(after[-1]) + 1, settings)
    settings.set("fullCalcOnLoad", "1")
    return serialize(root)


def calculation_settings(xml: bytes) -> dict[str, str]:
    """The attributes of the calcPr element of a workbook part: whether it iterates, how exactly."""
    found = etree.fromstring(xml).find(f"{NS}calcPr")
    return {} if found is None else {str(key): str(value) for key, value in found.attrib.items()}


def serialize(root: etree._Element) -> bytes:
    """The part's bytes, with the XML declaration that Excel writes."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _scope(text: str | None, part: str) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError as error:
        raise damaged(part) from error


def as_workbook(package: Package) -> Package:
    """The package as what Excel makes of it: from a template (.xltx, .xltm) comes a workbook."""
    root = package.xml(CONTENT_TYPES)
    templates = [e for e in root if e.get("ContentType") in _FROM_TEMPLATE]
    if not templates:
        return package
    for element in templates:
        element.set("ContentType", _FROM_TEMPLATE[element.get("ContentType", "")])
    return package.replace({CONTENT_TYPES: serialize(root)})


def file_suffix(package: Package) -> str:
    """What the name of this workbook has to end in: Excel opens no macros from an .xlsx."""
    kinds = (element.get("ContentType") or "" for element in package.xml(CONTENT_TYPES))
    return ".xlsm" if any("macroEnabled.main" in kind for kind in kinds) else ".xlsx"


def without_calculation_chain(package: Package) -> Package:
    """The package without the list of formula cells, which Excel makes anew where it is missing."""
    chains = [
        link.target
        for name in package.relationships().values()
        for link in package.relationships(name.target).values()
        if link.type.endswith("/calcChain")
    ]
    return package.without(chains)
