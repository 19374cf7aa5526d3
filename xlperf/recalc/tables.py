"""Tables of a workbook, and the parts of them that formulas name: `Table[[#This Row],[a]]`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xlperf.diagnostic import Message
from xlperf.ooxml.address import Area, parse_area
from xlperf.ooxml.package import Package, damaged
from xlperf.ooxml.workbook import NS, Sheet
from xlperf.recalc.refusal import RefusalError

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_PIECE = re.compile(r"\[((?:[^\[\]']|'.)*)\]\s*([,:]?)\s*", re.DOTALL)
_ITEMS = ("#all", "#data", "#headers", "#totals", "#this row")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a sheet: its cells with headings and totals, and how many rows these take."""

    name: str
    sheet: int
    area: Area
    headings: int
    totals: int
    columns: tuple[str, ...]
    is_filtered: bool

    @property
    def data(self) -> Area:
        return self.area._replace(
            top=self.area.top + self.headings, bottom=self.area.bottom - self.totals
        )


def tables_of(package: Package, sheets: Sequence[Sheet]) -> Iterator[Table]:
    """The tables on these sheets. Raises WorkbookError where a part is damaged."""
    for sheet in sheets:
        for link in package.relationships(sheet.part).values():
            if link.type.endswith("/table"):
                root = package.xml(link.target)
                columns = root.iterfind(f"{NS}tableColumns/{NS}tableColumn")
                try:
                    yield Table(
                        root.get("displayName") or root.get("name") or "",
                        sheet.index,
                        parse_area(root.get("ref", "")),
                        int(root.get("headerRowCount", "1")),
                        int(root.get("totalsRowCount", "0")),
                        tuple(_unescaped(column.get("name", "")) for column in columns),
                        root.find(f"{NS}autoFilter/{NS}filterColumn") is not None,
                    )
                except ValueError as error:
                    raise damaged(link.target) from error


def _unescaped(name: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), name).casefold()


_UNCLEAR = Message("表的此类结构化引用", "such structured references to tables")


def part_of(table: Table, specifier: str, sheet: int, row: int) -> Area:
    """The cells that a specifier with its brackets (`[[#Headers],[a]:[b]]`) names in a table.

    `sheet` and `row` are the formula's. Raises RefusalError.
    """
    items, columns = _read(specifier)
    left, right = (_column(table, name) for name in (columns or (0, -1)))
    if left > right:
        left, right = right, left
    top, bottom = _rows(table, items, sheet, row)
    return Area(top, table.area.left + left, bottom, table.area.left + right)


def _read(specifier: str) -> tuple[set[str], tuple[str, str] | None]:
    """The items of a specifier in small letters, and its first and last column."""
    inner = specifier[1:-1].strip(" ")
    items: set[str] = set()
    if inner.startswith("@"):
        items, inner = {"#this row"}, inner[1:].lstrip(" ")
    if not inner:
        return items, None
    if not inner.startswith("["):
        if inner.casefold() in _ITEMS:
            return items | {inner.casefold()}, None
        return items, (_plain(inner), _plain(inner))
    names: list[str] = []
    place, mark = 0, ","
    while found := _PIECE.match(inner, place):
        before, (name, mark), place = mark, found.groups(), found.end()
        if name.casefold() in _ITEMS and before == "," and mark != ":":
            items.add(name.casefold())
        elif not names or (before == ":" and len(names) == 1):
            names.append(_plain(name))
        else:
            raise RefusalError(_UNCLEAR)
    if place < len(inner) or mark:
        raise RefusalError(_UNCLEAR)
    return items, (names[0], names[-1]) if names else None


def _plain(name: str) -> str:
    if re.search(r"(?<!')(?:'')*[#@\[\]]", name):
        raise RefusalError(_UNCLEAR)
    return re.sub(r"'(.)", r"\1", name, flags=re.DOTALL).casefold()


def _column(table: Table, name: str | int) -> int:
    if isinstance(name, int):
        return name % len(table.columns)
    if table.columns.count(name) != 1:
        raise RefusalError(Message(f"表中没有“{name}”列", f"a table without the column “{name}”"))
    return table.columns.index(name)


def _rows(table: Table, items: set[str], sheet: int, row: int) -> tuple[int, int]:
    area, data = table.area, table.data
    if "#all" in items:
        return area.top, area.bottom
    if "#this row" in items:
        if sheet != table.sheet or not data.top <= row <= data.bottom or len(items) > 1:
            raise RefusalError(Message("表外的“此行”", "“this row” outside of a table"))
        return row, row
    if items == {"#headers"} and table.headings:
        return area.top, data.top - 1
    if items == {"#totals"} and table.totals:
        return data.bottom + 1, area.bottom
    if items == {"#headers", "#data"} and table.headings:
        return area.top, data.bottom
    if items == {"#totals", "#data"} and table.totals:
        return data.top, area.bottom
    if items <= {"#data"}:
        return data.top, data.bottom
    raise RefusalError(_UNCLEAR)
