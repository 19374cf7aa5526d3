"""Other workbooks as this one remembers them: the cells that its formulas read there.

Excel keeps the values in the file and calculates with them until somebody updates the links.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from xlperf.expr import ExcelError, Value
from xlperf.ooxml.address import parse_cell
from xlperf.ooxml.package import Package, damaged
from xlperf.ooxml.sheet import Position
from xlperf.ooxml.workbook import NS, RELATIONSHIPS


@dataclass(frozen=True, slots=True)
class ExternalSheet:
    """The cells of another workbook's sheet that are remembered."""

    label: str
    values: Mapping[Position, Value]


def external_sheets(package: Package, workbook_part: str) -> Iterator[ExternalSheet]:
    """The sheets of other workbooks, labelled as formulas do: `[1]Sheet`, folded.

    Sheets without values are left out, and those that Excel could not read when it last tried.
    """
    links = package.relationships(workbook_part)
    references = package.xml(workbook_part).iterfind(
        f"{NS}externalReferences/{NS}externalReference"
    )
    for number, reference in enumerate(references, 1):
        link = links.get(reference.get(f"{{{RELATIONSHIPS}}}id", ""))
        if link is None or link.target not in package:
            continue
        book = package.xml(link.target).find(f"{NS}externalBook")
        if book is None:
            continue
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
            raise damaged(link.target) from error


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
