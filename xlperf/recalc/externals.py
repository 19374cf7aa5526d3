"""Other workbooks as this one remembers them: the cells and names that its formulas read there.

Excel keeps the values in the file and calculates with them until somebody updates the links.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xlperf.expr import ExcelError, Value
from xlperf.ooxml.address import parse_cell
from xlperf.ooxml.package import Package, damaged
from xlperf.ooxml.sheet import Position
from xlperf.ooxml.workbook import NS, RELATIONSHIPS

_CELLS = re.compile(
    r"=(?:'(?P<quoted>(?:[^'\[]|'')+)'|(?P<plain>[^\W\d][\w.]*))!(?P<cells>[$A-Z0-9:]+)"
)


@dataclass(frozen=True, slots=True)
class ExternalSheet:
    """The cells of another workbook's sheet that are remembered."""

    label: str
    values: Mapping[Position, Value]


def external_sheets(package: Package, workbook_part: str) -> Iterator[ExternalSheet]:
    """The sheets of other workbooks, labelled as formulas do: `[1]Sheet`, folded.

    Sheets without values are left out, and those that Excel could not read when it last tried.
    Raises WorkbookError where a part is damaged.
    """
    for number, part, book in _books(package, workbook_part):
        names = [name.get("val", "") for name in book.iterfind(f"{NS}sheetNames/{NS}sheetName")]
        try:
            for data in book.iterfind(f"{NS}sheetDataSet/{NS}sheetData"):
                values = {
                    parse_cell(cell.get("r", "")): _value(cell.get("t"), cell.findtext(f"{NS}v"))
                    for cell in data.iterfind(f"{NS}row/{NS}cell")
                }
                if values and data.get("refreshError") not in ("1", "true"):
                    label = f"[{number}]{names[int(data.get('sheetId', ''))]}"
                    yield ExternalSheet(label.casefold(), values)
        except (ValueError, IndexError) as error:
            raise damaged(part) from error


def external_names(package: Package, workbook_part: str) -> Iterator[tuple[str, str]]:
    """The names of other workbooks that stand for cells, as `[1]!name`, folded, and these cells."""
    for number, _, book in _books(package, workbook_part):
        for name in book.iterfind(f"{NS}definedNames/{NS}definedName"):
            found = _CELLS.fullmatch(name.get("refersTo", ""))
            if found and name.get("sheetId") is None:
                sheet = found["quoted"] or found["plain"]
                yield (
                    f"[{number}]!{name.get('name', '')}".casefold(),
                    (f"'[{number}]{sheet}'!{found['cells']}"),
                )


def _books(package: Package, workbook_part: str) -> Iterator[tuple[int, str, Any]]:
    links = package.relationships(workbook_part)
    references = package.xml(workbook_part).iterfind(
        f"{NS}externalReferences/{NS}externalReference"
    )
    for number, reference in enumerate(references, 1):
        link = links.get(reference.get(f"{{{RELATIONSHIPS}}}id", ""))
        if link is not None and link.target in package:
            book = package.xml(link.target).find(f"{NS}externalBook")
            if book is not None:
                yield number, link.target, book


def _value(kind: str | None, source: str | None) -> Value:
    match kind, source:
        case _, None:
            return None
        case ((None | "n"), str()):
            return float(source)
        case "b", str():
            return source.strip() in ("1", "true")
        case "e", str():
            return ExcelError(source)
        case "str", str():
            return source
    raise ValueError(source)
