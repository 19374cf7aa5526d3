"""Rows, cells and merged areas of one worksheet part while rows come in or go.

Everything happens at the old row numbers first: formulas are rewritten where they stand, then the
new rows are copied, and only then does each row get its new number.
"""

from collections.abc import Collection, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace

from lxml import etree

from xlperf.ooxml.address import MAX_ROW, Area, column_name, column_number
from xlperf.ooxml.package import damaged
from xlperf.ooxml.references import LOST, areas, moved
from xlperf.ooxml.row_shift import Home, Neighbours, RowShift, lost, refusal
from xlperf.ooxml.workbook import NS

SHEET_DATA = NS + "sheetData"
_ROW, _CELL, _FORMULA, _MERGES = NS + "row", NS + "c", NS + "f", NS + "mergeCells"


@dataclass(slots=True)
class _FormulaCell:
    row: int
    column: str
    cell: etree._Element
    formula: etree._Element

    def home(self, home: Home) -> Home:
        return replace(home, cell=f"{self.column}{self.row}", row=self.row)


def check_room(root: etree._Element, home: Home, shift: RowShift) -> None:
    """Refuse to insert rows where the last ones would leave the worksheet."""
    data = root.find(SHEET_DATA)
    rows = [] if data is None else [number for number, _ in _numbered_rows(data)]
    if max(shift.last, *rows, 1) + shift.added > MAX_ROW:
        raise refusal("W204", home, "工作表的行数超出上限", "the sheet would have too many rows")


def resize_cells(root: etree._Element, home: Home, shift: RowShift) -> None:
    """Insert or remove the rows of the shift, with all that they hold, in a worksheet."""
    data = root.find(SHEET_DATA)
    if data is None:
        return
    rows = dict(_numbered_rows(data))
    expand_shared_formulas(root, home)
    _keep_merged_content(root, rows, home, shift)
    cells = list(_formula_cells(rows))
    texts = {(f.row, f.column): f.formula.text or "" for f in cells}
    unmoved: dict[str, Collection[int]] = {}
    for found in cells:
        neighbours = _neighbours(found, texts, shift)
        if found.row == shift.source:
            unmoved[found.column] = shift.unmoved(texts[found.row, found.column], neighbours)
        _shift_formula(found, found.home(home), shift, neighbours)

    source = rows.get(shift.source)
    copies = []
    if source is not None and shift.added > 0:
        blank = _blank(source, shift.source)
        for number in range(shift.at, shift.at + shift.added):
            copies.append(_copy(blank, shift.source, number, home, unmoved))
        place = data.index(source) + 1
        data[place:place] = copies
    for number, row in rows.items():
        new = shift.row(number)
        if new is None:
            data.remove(row)
        elif new != number:
            _renumber(row, new)
    _resize_merges(root, shift)


def expand_shared_formulas(root: etree._Element, home: Home, shift: RowShift | None = None) -> None:
    """Give every cell that shares a formula its own text.

    With a shift given, only formulas that refer to the sheet that changes are expanded.
    """
    data = root.find(SHEET_DATA)
    if data is None:
        return
    masters: dict[str, tuple[str, int, int]] = {}
    sharing = []
    for found in _formula_cells(dict(_numbered_rows(data))):
        if found.formula.get("t") == "shared":
            sharing.append(found)
            if found.formula.text:
                place = (found.formula.text, found.row, column_number(found.column))
                masters.setdefault(found.formula.get("si", ""), place)
    for found in sharing:
        element = found.formula
        try:
            text, row, column = masters[element.get("si", "")]
        except KeyError as error:
            raise damaged(home.part) from error
        if shift and not shift.concerns(text, home):
            continue
        if not element.text:
            element.text = moved(text, found.row - row, column_number(found.column) - column)
        for attribute in ("t", "si", "ref"):
            element.attrib.pop(attribute, "")


def _numbered_rows(data: etree._Element) -> Iterator[tuple[int, etree._Element]]:
    number = 0
    for row in data.iterchildren(_ROW):
        number = int(row.get("r") or number + 1)
        yield number, row


def _formula_cells(rows: dict[int, etree._Element]) -> Iterator[_FormulaCell]:
    for number, row in rows.items():
        column = 0
        for cell in row.iterchildren(_CELL):
            address = cell.get("r")
            formula = cell.find(_FORMULA)
            if formula is None and address:
                continue
            column = column_number(_letters(address)) if address else column + 1
            if formula is not None:
                yield _FormulaCell(number, column_name(column), cell, formula)


def _letters(address: str) -> str:
    return address.rstrip("0123456789")


def _neighbours(
    found: _FormulaCell, texts: dict[tuple[int, str], str], shift: RowShift
) -> Neighbours:
    """The formulas below and above it in the table; the one below tells more of the last row."""
    if not shift.first <= found.row <= shift.last:
        return ()
    beside = [row for row in (found.row + 1, found.row - 1) if shift.first <= row <= shift.last]
    return [(texts[row, found.column], row) for row in beside if texts.get((row, found.column))]


def _shift_formula(
    found: _FormulaCell, home: Home, shift: RowShift, neighbours: Neighbours
) -> None:
    element, kind = found.formula, found.formula.get("t")
    stays = shift.row(found.row) is not None
    if kind in ("array", "dataTable"):
        (area,) = areas(element.get("ref", "")) or [Area(found.row, 1, found.row, 1)]
        span = shift.span(area.top, area.bottom, covers=area.top != area.bottom)
        cut = span and span[1] - span[0] != area.bottom - area.top and kind == "dataTable"
        if cut or (span and not stays):
            raise refusal(
                "W203",
                home,
                "数组公式或模拟运算表的区域无法随行增减而调整",
                "the area of this array formula or data table cannot follow",
            )
        if span and element.get("ref"):
            element.set("ref", Area(span[0], area.left, span[1], area.right).text)
    if not stays:
        return
    if kind == "dataTable":
        for attribute in ("r1", "r2"):
            for cell in areas(element.get(attribute, "")):
                row = shift.row(cell.top)
                if row is None:
                    raise lost(home, cell.text)
                element.set(attribute, f"{column_name(cell.left)}{row}")
    if element.text:
        element.text = shift.formula(element.text, home, neighbours)


def _blank(source: etree._Element, number: int) -> etree._Element:
    """The row without values: styles, height, and the formulas that a copy would have.

    A copy is to be seen, also where a filter hides the row that it is made from.
    """
    blank = deepcopy(source)
    for attribute in ("hidden", "collapsed"):
        blank.attrib.pop(attribute, "")
    for cell in blank.iterchildren(_CELL):
        for child in list(cell):
            if child.tag != _FORMULA or not _belongs_to_row(child, number):
                cell.remove(child)
        for attribute in ("t", "vm") if len(cell) else ("t", "vm", "cm"):
            cell.attrib.pop(attribute, "")
    return blank


def _belongs_to_row(formula: etree._Element, number: int) -> bool:
    if formula.get("t") == "dataTable":
        return False
    return all(area.top == area.bottom == number for area in areas(formula.get("ref", "")))


def _copy(
    blank: etree._Element, source: int, number: int, home: Home, unmoved: dict[str, Collection[int]]
) -> etree._Element:
    row = deepcopy(blank)
    down = number - source
    for found in _formula_cells({source: row}):
        element = found.formula
        for area in areas(element.get("ref", "")):
            element.set("ref", Area(number, area.left, number, area.right).text)
        text = element.text or ""
        element.text = moved(text, down, 0, unmoved.get(found.column, ()))
        if element.text.count(LOST) > text.count(LOST):
            raise lost(found.home(home), text)
    _renumber(row, number)
    return row


def _renumber(row: etree._Element, number: int) -> None:
    row.set("r", str(number))
    for cell in row.iterchildren(_CELL):
        if address := cell.get("r"):
            cell.set("r", f"{_letters(address)}{number}")


def _keep_merged_content(
    root: etree._Element, rows: dict[int, etree._Element], home: Home, shift: RowShift
) -> None:
    """Move what a merged area shows to its first row that stays."""
    for area in _merges(root).values():
        first = shift.removed.stop
        if area.top not in shift.removed or area.bottom < first:
            continue
        letters = column_name(area.left)
        content = _cell(rows.get(area.top), f"{letters}{area.top}")
        if content is None or not len(content):
            continue
        target = _cell(rows.get(first), f"{letters}{first}")
        if target is None:
            raise refusal(
                "W203",
                replace(home, cell=f"{letters}{area.top}"),
                "合并单元格的内容在要删除的行内，无法移动",
                "the content of a merged area stands in a row that would be removed",
            )
        for attribute in ("t", "cm", "vm"):
            if value := content.get(attribute):
                target.set(attribute, value)
        for child in list(target):
            target.remove(child)
        target.extend(list(content))


def _cell(row: etree._Element | None, address: str) -> etree._Element | None:
    cells = () if row is None else row.iterchildren(_CELL)
    return next((cell for cell in cells if cell.get("r") == address), None)


def _merges(root: etree._Element) -> dict[etree._Element, Area]:
    return {
        element: area
        for element in root.iterfind(f"{_MERGES}/*")
        for area in areas(element.get("ref", ""))
    }


def _resize_merges(root: etree._Element, shift: RowShift) -> None:
    container = root.find(_MERGES)
    if container is None:
        return
    for element, area in _merges(root).items():
        span = shift.span(area.top, area.bottom, covers=area.top != area.bottom)
        if span is None or (span[0] == span[1] and area.left == area.right):
            container.remove(element)
            continue
        element.set("ref", Area(span[0], area.left, span[1], area.right).text)
        if area.top == area.bottom == shift.source:
            for row in range(shift.at, shift.at + shift.added):
                copy = deepcopy(element)
                copy.set("ref", Area(row, area.left, row, area.right).text)
                container.append(copy)
    if not len(container):
        root.remove(container)
    elif container.get("count"):
        container.set("count", str(len(container)))
