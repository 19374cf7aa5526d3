"""A workbook of a few raw parts, for tests that need one thing in it and nothing else."""

import io
import zipfile
from collections.abc import Mapping

from xlperf.ooxml.package import Package

SHEET_PART = "xl/worksheets/sheet1.xml"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def small_workbook(
    body: str,
    *,
    other: str = "<sheetData/>",
    names: str = "",
    parts: Mapping[str, tuple[str, str, str]] | None = None,
) -> Package:
    """Sheet S with this content, sheet O, defined names, and parts that sheet S or the book have.

    `parts` gives for the name of each: the part it belongs to, the type of the relationship (its
    last word will do), and the content.
    """
    contents = {
        SHEET_PART: _sheet(body),
        "xl/worksheets/sheet2.xml": _sheet(other),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="rId0"/><sheet name="O" sheetId="2" r:id="rId1"/>'
        f"</sheets><definedNames>{names}</definedNames></workbook>",
    }
    links = {
        "": [("officeDocument", "xl/workbook.xml")],
        "xl/workbook.xml": [("worksheet", SHEET_PART), ("worksheet", "xl/worksheets/sheet2.xml")],
    }
    for name, (owner, kind, content) in (parts or {}).items():
        contents[name] = content
        links.setdefault(owner, []).append((kind, name))
    for owner, targets in links.items():
        folder, _, base = owner.rpartition("/")
        entries = "".join(
            f'<Relationship Id="rId{number}" Type="{_type(kind)}" Target="/{target}"/>'
            for number, (kind, target) in enumerate(targets)
        )
        contents[f"{folder}/_rels/{base}.rels".lstrip("/")] = (
            f'<Relationships xmlns="{_PACKAGE}/relationships">{entries}</Relationships>'
        )
    contents["[Content_Types].xml"] = f'<Types xmlns="{_PACKAGE}/content-types"/>'
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return Package.open(data.getvalue())


def _sheet(body: str) -> str:
    spaces = {
        "r": _OFFICE,
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "xdr": "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
        "x14": "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main",
        "xm": "http://schemas.microsoft.com/office/excel/2006/main",
    }
    declared = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in spaces.items())
    return f'<worksheet xmlns="{_MAIN}" {declared} mc:Ignorable="x14">{body}</worksheet>'


def _type(kind: str) -> str:
    return kind if "/" in kind else f"{_OFFICE}/{kind}"
