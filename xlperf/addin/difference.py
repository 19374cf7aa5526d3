"""What has to be done in Excel to make of one workbook another: the two as bytes, a plan out.

Rows of an indicator table that come or go are inserted or removed by Excel itself, which shifts all
references; `resize_rows` tells what the workbook then is, and only what differs from that is
written. Cells are written in rectangles, as few as there can be: each costs a call.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from xlperf.addin.actions import (
    Content,
    InsertRows,
    Merge,
    Plan,
    RemoveRows,
    RenameSheet,
    SetCells,
    SetHeight,
    SetName,
    Structure,
    Typed,
    Unmerge,
)
from xlperf.ooxml.address import Area
from xlperf.ooxml.package import Package
from xlperf.ooxml.renaming import rename_sheet
from xlperf.ooxml.row_shift import RowShift
from xlperf.ooxml.rows import RowEdit, resize_rows
from xlperf.ooxml.sheet import Cell, Position, Sheet, read_sheet, read_strings
from xlperf.ooxml.styles import Styles
from xlperf.ooxml.workbook import Workbook
from xlperf.template.fields import Form, find_forms

_TEXT_FORMAT = "@"
_LONGEST_ADDRESS = 200
"""Characters; Excel takes 255 for an address of several areas."""

_TRUTHS = {"true", "false"}


def difference(before: bytes, after: bytes) -> Plan:
    """The plan that makes the workbook `after` of `before`: cells, merged areas, heights, names.

    Both have the same sheets in the same order; their names and the length of a form's table may
    differ. Looks do not count. Raises WorkbookError when one of them cannot be read.
    """
    old, new = Package.open(before), Package.open(after)
    structure: list[Structure] = []
    renamed = old
    for was, now in zip(Workbook.open(old).sheets, Workbook.open(new).sheets, strict=True):
        if was.name != now.name:
            structure.append(RenameSheet(was.name, now.name))
            renamed = rename_sheet(renamed, was.part, now.name)
    shifts = list(_shifts(renamed, new))
    for shift in shifts:
        if shift.added > 0:
            structure.append(InsertRows(shift.sheet, shift.at, shift.added))
        else:
            structure.append(RemoveRows(shift.sheet, shift.removed.start, len(shift.removed)))
    contents = _contents(_resized(renamed, shifts), new, renamed, shifts)
    back = [_back(shift) for shift in shifts]
    unnamed = new
    for was, now in zip(Workbook.open(old).sheets, Workbook.open(new).sheets, strict=True):
        if was.name != now.name:
            unnamed = rename_sheet(unnamed, now.part, was.name)
            back = [_renamed(shift, now.name, was.name) for shift in back]
    former = _contents(_resized(unnamed, back), old, unnamed, back)
    return Plan(tuple(structure), tuple(contents), tuple(former))


def typed(cell: Cell | None, number_format: str = "") -> Typed:
    """What is typed for the cell to hold what it holds; text stays text, whatever it looks like."""
    if cell is None or (not cell.formula and cell.value in (None, "")):
        return None
    if cell.formula:
        return "=" + cell.formula
    if not isinstance(cell.value, str) or cell.error:
        return cell.value
    return typed_text(cell.value, number_format)


def typed_text(text: str, number_format: str = "") -> str:
    plain = text[:1] != "'" and (number_format == _TEXT_FORMAT or _stays_text(text))
    return text if plain else "'" + text


def _stays_text(text: str) -> bool:
    """Whether Excel takes it for nothing else: a number, a date, a truth, an error, a formula."""
    begins = text[0] in "=+-@#＝＋－＠"
    return not (begins or any(c.isdigit() for c in text) or text.strip().casefold() in _TRUTHS)


def typed_cells(data: bytes, plan: Plan) -> dict[tuple[str, int, int], Typed]:
    """What the cells that a plan writes hold in a workbook in which it was carried out."""
    book = _Book.of(Package.open(data))
    return {
        (action.sheet, *at): book.typed(action.sheet, at)
        for action in plan.contents
        if isinstance(action, SetCells) and action.sheet in book.sheets
        for at in action.cells()
    }


# --------------------------------------------------------------------------------- table rows


def _shifts(before: Package, after: Package) -> Iterator[RowShift]:
    """The tables whose length differs."""
    was, now = Workbook.open(before), Workbook.open(after)
    longer = {form.sheet.index: form for form in find_forms(now)[0]}
    names = tuple(sheet.name for sheet in was.sheets)
    for form in find_forms(was)[0]:
        other = longer.get(form.sheet.index)
        if other and form.columns and _rows(form) != _rows(other):
            yield RowShift(form.sheet.name, names, form.first, form.last, _rows(other))


def _rows(form: Form) -> int:
    return form.last - form.first + 1


def _back(shift: RowShift) -> RowShift:
    """The shift that takes this one back."""
    return replace(shift, last=shift.last + shift.added, count=shift.last - shift.first + 1)


def _renamed(shift: RowShift, was: str, now: str) -> RowShift:
    names = tuple(now if name == was else name for name in shift.sheets)
    return replace(shift, sheet=now if shift.sheet == was else shift.sheet, sheets=names)


def _resized(package: Package, shifts: Iterable[RowShift]) -> Package:
    """The workbook as it is when Excel has inserted and removed these rows."""
    for shift in shifts:
        part = next(s.part for s in Workbook.open(package).sheets if s.name == shift.sheet)
        package = resize_rows(package, part, RowEdit(shift.first, shift.last, shift.count))
    return package


# ----------------------------------------------------------------------------------- contents


@dataclass(frozen=True, slots=True)
class _Book:
    """A workbook as far as the contents of a plan go."""

    sheets: Mapping[str, Sheet]
    names: Mapping[tuple[str, str | None], str]
    styles: Styles

    @classmethod
    def of(cls, package: Package) -> "_Book":
        workbook = Workbook.open(package)
        strings = read_strings(package, workbook.shared_strings)
        sheets = {
            sheet.name: read_sheet(package.read(sheet.part), sheet.part, strings)
            for sheet in workbook.sheets
        }
        names = {
            (name.name, None if name.sheet is None else workbook.sheets[name.sheet].name): name.text
            for name in workbook.names
            if not name.name.startswith("_xl")
        }
        return cls(sheets, names, Styles.open(package, workbook.styles))

    def typed(self, sheet: str, position: Position) -> Typed:
        cell = self.sheets[sheet].cell(position)
        return typed(cell, self.styles[cell.style].number_format if cell else "")


def _contents(
    now: Package, wanted: Package, original: Package, shifts: Collection[RowShift]
) -> Iterator[Content]:
    """What has to be written for `now`, the `original` with its rows shifted, to be `wanted`.

    Excel copies no formulas into new rows, and grows nothing that lay over a single row: there all
    formulas and names are written that the shift has changed.
    """
    have, want = _Book.of(now), _Book.of(wanted)
    was = _Book.of(original) if any(shift.single for shift in shifts) else have
    for name, sheet in want.sheets.items():
        held = have.sheets[name]
        tables = [shift for shift in shifts if shift.sheet == name]
        changed = {
            position
            for position in {*sheet.cells, *held.cells}
            if have.typed(name, position) != want.typed(name, position)
        }
        changed |= {at for at, cell in sheet.cells.items() if _is_unsure(at, cell, tables)}
        stale, fresh = set(held.merges) - set(sheet.merges), set(sheet.merges) - set(held.merges)
        for shift in tables:  # Excel does not merge the cells of new rows as those beside them are
            rows = range(shift.first, shift.first + shift.count)
            fresh |= {area for area in sheet.merges if area.top in rows}
        yield from (Unmerge(name, several) for several in addresses(a.text for a in sorted(stale)))
        yield from _blocks(name, changed, want)
        yield from _merges(name, fresh)
        yield from _heights(name, held, sheet, tables)
    if any(shift.single for shift in shifts):
        yield from _formulas_over_one_row(was, want)
    for (name, scope), text in want.names.items():
        if have.names.get((name, scope)) != text or (
            was is not have and was.names.get((name, scope)) != text
        ):
            yield SetName(name, "=" + text, scope)
    for name, scope in have.names.keys() - want.names.keys():
        yield SetName(name, None, scope)


def _merges(name: str, areas: Collection[Area]) -> Iterator[Merge]:
    """Cells merged sideways in row after row alike are one action."""
    tall = {area for area in areas if area.top != area.bottom}
    yield from (Merge(name, area.text) for area in sorted(tall))
    by_columns: dict[tuple[int, int], list[int]] = {}
    for area in sorted(set(areas) - tall):
        by_columns.setdefault((area.left, area.right), []).append(area.top)
    for (left, right), rows in by_columns.items():
        for first, last in _runs(rows):
            yield Merge(name, Area(first, left, last, right).text, across=True)


def _is_unsure(at: Position, cell: Cell, tables: Iterable[RowShift]) -> bool:
    """Whether Excel's own rows may hold something else there than those of `resize_rows`.

    It copies no formulas, and a merged area whose upper rows go may lose its text.
    """
    for shift in tables:
        last = shift.first + shift.count - 1
        if shift.first <= at[0] <= last and cell.formula is not None:
            return True
        if at[0] == last and shift.added < 0 and cell.value is not None:
            return True
    return False


def _formulas_over_one_row(was: _Book, want: _Book) -> Iterator[Content]:
    """Formulas that differ from what stood in the workbook before its rows were shifted."""
    for name, sheet in want.sheets.items():
        texts = {cell.formula for cell in was.sheets[name].cells.values()}
        changed = {at for at, c in sheet.cells.items() if c.formula and c.formula not in texts}
        yield from _blocks(name, changed, want)


def _heights(
    name: str, held: Sheet, sheet: Sheet, tables: Iterable[RowShift]
) -> Iterator[SetHeight]:
    table = {row for shift in tables for row in range(shift.first, shift.first + shift.count)}
    rows = {*held.heights, *sheet.heights, *table}
    by_height: dict[float | None, list[int]] = {}
    for row in sorted(rows):
        if row in table or held.heights.get(row) != sheet.heights.get(row):
            by_height.setdefault(sheet.heights.get(row), []).append(row)
    for points, same in by_height.items():
        parts = [f"{first}:{last}" for first, last in _runs(same)]
        # Excel fits one area at a time.
        yield from (SetHeight(name, a, points) for a in (addresses(parts) if points else parts))


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Numbers in order as pairs of the first and the last of those that follow each other."""
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield run[0], run[-1]


def addresses(parts: Iterable[str]) -> Iterator[str]:
    """Addresses joined by commas, as many in one as Excel takes."""
    joined = ""
    for part in parts:
        if joined and len(joined) + len(part) >= _LONGEST_ADDRESS:
            yield joined
            joined = ""
        joined = f"{joined},{part}" if joined else part
    if joined:
        yield joined


# ----------------------------------------------------------------------------------- rectangles


def _blocks(sheet: str, changed: Collection[Position], book: _Book) -> Iterator[SetCells]:
    """The changed cells in rectangles.

    A rectangle may hold cells that have not changed where it does no harm to type them anew: blanks
    and numbers. Text may be formatted letter by letter, and a formula may be one of an array.
    """

    def harmless(at: Position) -> bool:
        return at in changed or not isinstance(book.typed(sheet, at), str)

    for area in rectangles(changed, harmless):
        yield SetCells(
            sheet,
            area.top,
            area.left,
            tuple(
                tuple(
                    book.typed(sheet, (row, column)) for column in range(area.left, area.right + 1)
                )
                for row in range(area.top, area.bottom + 1)
            ),
        )


def rectangles(cells: Collection[Position], harmless: Callable[[Position], bool]) -> list[Area]:
    """Areas that hold all the cells, and besides them only harmless ones; no two overlap."""
    areas: list[Area] = []
    for row, column in sorted(cells):
        if not any(area.holds(row, column) for area in areas):
            _add(areas, Area(row, column, row, column), harmless)
    return areas


def _add(areas: list[Area], cell: Area, harmless: Callable[[Position], bool]) -> None:
    """Take the cell into the first area that can be spanned to it, else as an area of its own."""
    for index, area in enumerate(areas):
        grown = _spanning(area, cell)
        others = (*areas[:index], *areas[index + 1 :])
        free = not any(_overlap(grown, other) for other in others)
        if free and all(area.holds(*at) or harmless(at) for at in grown.cells()):
            areas[index] = grown
            return
    areas.append(cell)


def _spanning(one: Area, other: Area) -> Area:
    return Area(
        min(one.top, other.top),
        min(one.left, other.left),
        max(one.bottom, other.bottom),
        max(one.right, other.right),
    )


def _overlap(one: Area, other: Area) -> bool:
    rows = one.top <= other.bottom and other.top <= one.bottom
    return rows and one.left <= other.right and other.left <= one.right
