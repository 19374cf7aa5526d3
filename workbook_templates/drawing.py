"""How an official form is drawn: rows of labels and fields in, a blank workbook out.

`build.py` says what stands on each form. This module knows the house style (fonts, borders, page)
and gives every cell its place as a table in a text document does: from left to right, with cells
that reach `across` columns and `down` rows. It hands out the workbook names and replaces `[field]`
in a formula by the address of that field, so that no form counts rows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_range, xl_range_abs, xl_rowcol_to_cell

Style = dict[str, object]
Check = dict[str, object]

# Charset 134 (GB 2312) lets a system without the font choose a Chinese one in its place.
SONG: Style = {"font_name": "宋体", "font_family": 3, "font_charset": 134, "font_scheme": "none"}
HEI = SONG | {"font_name": "黑体"}

BODY = SONG | {"font_size": 10.5, "valign": "vcenter", "text_wrap": True}
TITLE = BODY | HEI | {"font_size": 18, "align": "center"}
SUBTITLE = BODY | {"font_size": 11, "align": "center", "num_format": '"（"0"年度）"'}
SECTION = BODY | HEI | {"font_size": 11, "align": "left"}
CAPTION = BODY | {"align": "left"}
CAPTION_TEXT = CAPTION | {"num_format": "@"}
RIGHT_CAPTION = BODY | {"align": "right"}

BOXED = BODY | {"border": 1}
LABEL = BOXED | {"align": "center"}
LEFT_LABEL = BOXED | {"align": "left", "indent": 1}
PROSE = BOXED | {"align": "left", "indent": 1}
# The text format keeps what a person types (=100%, 95%, 2025年12月31日) from becoming a number.
TEXT = BOXED | {"align": "center", "num_format": "@"}
NOTE = BOXED | {"align": "left", "num_format": "@"}
NUMBER = BOXED | {"align": "center", "text_wrap": False, "shrink": True}
CENTS = NUMBER | {"num_format": "0.00"}
THOUSANDS = NUMBER | {"num_format": "#,##0.00"}
PERCENT = NUMBER | {"num_format": "0%"}

# A fixed date, so that building twice gives the same bytes.
CREATED = datetime(2025, 1, 1)

# 72 is how XlsxWriter is told that a digit of the default font is 8 pixels wide.
BOOK_OPTIONS = {
    "in_memory": True,
    "default_format_properties": SONG | {"font_size": 11},
    "default_column_width": 72,
    "default_row_height": 18,
}
PIXELS_PER_MM = 96 / 25.4


class BlankText(str):
    """The empty text as the value of a formula.

    XlsxWriter takes an ordinary "" for a missing value and writes a number without digits.
    """

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Cell:
    """A label, a field to fill in or a formula, and how far it reaches."""

    style: Style
    text: str = ""
    name: str = ""
    formula: str = ""  # [field] stands for the address of the field
    shows: str = ""  # what the formula gives on the blank form
    check: Check | None = None
    across: int = 1
    down: int = 1
    is_input: bool = False


def label(text: str, *, across: int = 1, down: int = 1, style: Style = LABEL) -> Cell:
    return Cell(style, text, across=across, down=down)


def field(
    name: str,
    style: Style = TEXT,
    *,
    across: int = 1,
    down: int = 1,
    check: Check | None = None,
) -> Cell:
    return Cell(style, name=name, across=across, down=down, check=check, is_input=True)


def computed(
    formula: str,
    style: Style = NUMBER,
    *,
    name: str = "",
    across: int = 1,
    shows: str = "",
    check: Check | None = None,
) -> Cell:
    return Cell(style, name=name, formula=formula, shows=shows, check=check, across=across)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the indicator table; `heading` where the printed words are not the name."""

    name: str
    style: Style
    heading: str = ""
    check: Check | None = None
    across: int = 1


@dataclass(frozen=True, slots=True)
class Area:
    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @property
    def corners(self) -> tuple[int, int, int, int]:
        return self.first_row, self.first_column, self.last_row, self.last_column


def choices(*words: str) -> Check:
    """A list to choose from; other words may be typed, since bureaus have levels of their own."""
    return {"validate": "list", "source": list(words), "show_error": False}


def between(low: float, high: float, message: str, *, whole: bool = False, hint: str = "") -> Check:
    check: Check = {
        "validate": "integer" if whole else "decimal",
        "criteria": "between",
        "minimum": low,
        "maximum": high,
        "error_title": "填写有误",
        "error_message": message,
    }
    return check | {"input_message": hint} if hint else check


YEAR = between(2000, 2100, "请填写四位年份，如 2025。", whole=True, hint="填写四位年份，如 2025")
POINTS = between(0, 100, "请填写 0 至 100 之间的数字。")
SHARE = between(0, 1, "请填写 0% 至 100% 之间的比例。", hint="填写累计支出比例，如 50%")
AMOUNT: Check = {
    "validate": "decimal",
    "criteria": ">=",
    "value": 0,
    "error_title": "填写有误",
    "error_message": "请填写不小于 0 的金额，只填数字，不带单位。",
}
DAY: Check = {
    "validate": "date",
    "criteria": ">=",
    "value": date(2000, 1, 1),
    "error_title": "填写有误",
    "error_message": "请填写日期，如 2025-01-31。",
}


class Form:
    """One blank form, drawn row by row and then saved."""

    def __init__(
        self,
        template: str,
        sheet: str,
        title: str,
        *,
        widths_mm: Sequence[float],
        money_unit: str = "",
        one_page: bool = False,
    ) -> None:
        """`one_page` shrinks the print to one sheet of paper, as the form is handed in."""
        self._template = template
        self._sheet = sheet
        self._title = title
        self._widths_mm = widths_mm
        self._pages_tall = 1 if one_page else 0
        self._constants = {"编号": "", "模板": f"{template}/1"}
        if money_unit:
            self._constants["金额单位"] = money_unit
        self._heights: list[float] = []
        self._cells: list[tuple[Area, Cell]] = []
        self._taken: set[tuple[int, int]] = set()
        self._named: dict[str, Area] = {}
        self._checked: dict[str, tuple[Check, list[Area]]] = {}
        self._ignored: dict[str, list[Area]] = {}
        self._whole_numbers: tuple[str, str, str] | None = None
        self._heading_row = 0

    def row(self, height: float, *cells: Cell) -> None:
        """Add a row; columns that a cell from above reaches down into are skipped."""
        row, column = len(self._heights), 0
        self._heights.append(height)
        for cell in cells:
            while (row, column) in self._taken:
                column += 1
            area = Area(row, column, row + cell.down - 1, column + cell.across - 1)
            self._taken |= {
                (r, c)
                for r in range(area.first_row, area.last_row + 1)
                for c in range(area.first_column, area.last_column + 1)
            }
            self._place(area, cell)
            column = area.last_column + 1

    def table(
        self,
        *columns: Column,
        side: str = "",
        rows: int = 8,
        height: float = 32,
        heading_height: float = 26,
    ) -> None:
        """Add the indicator table: a heading row, then `rows` rows that are all alike."""
        beside = [label(side, down=rows + 1)] if side else []
        headings = [label(c.heading or c.name, across=c.across) for c in columns]
        self._heading_row = len(self._heights)
        self.row(heading_height, *beside, *headings)
        first = len(self._heights)
        for _ in range(rows):
            self.row(height, *(field("", c.style, across=c.across) for c in columns))
        left = len(beside)
        for column in columns:
            area = Area(first, left, first + rows - 1, left)
            self._named[f"指标.{column.name}"] = area
            self._limit(area, column.check)
            if column.style.get("num_format") == "@":
                self._ignore("number_stored_as_text", area)
            if column.style is NUMBER:
                # A filled form holds its score formulas here, each made for its own row.
                self._ignore("formula_unlocked", area)
                self._ignore("formula_differs", area)
            left += column.across

    def print_whole_numbers(self, num_format: str, first: str, last: str) -> None:
        """Print whole numbers in the block from field `first` to field `last` without decimals.

        A number format alone cannot print both 1,600,000 and 58.50, so a condition chooses it.
        """
        self._whole_numbers = num_format, first, last

    def save(self, folder: Path) -> Path:
        path = folder / f"{self._template}.xlsx"
        with xlsxwriter.Workbook(path, BOOK_OPTIONS) as book:
            book.set_properties({"title": self._title, "author": "xlperf", "created": CREATED})
            sheet = book.add_worksheet(self._sheet)
            self._set_up_page(sheet)
            self._write_grid(sheet)
            self._write_cells(book, sheet)
            self._write_condition(book, sheet)
            self._write_names(book)
        return path

    def _place(self, area: Area, cell: Cell) -> None:
        self._cells.append((area, cell))
        if cell.name:
            self._named[cell.name] = area
        self._limit(area, cell.check)
        if cell.name and cell.style.get("num_format") == "@":
            self._ignore("number_stored_as_text", area)

    def _limit(self, area: Area, check: Check | None) -> None:
        if check:
            self._checked.setdefault(repr(check), (check, []))[1].append(area)

    def _ignore(self, warning: str, area: Area) -> None:
        self._ignored.setdefault(warning, []).append(area)

    def _set_up_page(self, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.set_paper(9)
        sheet.set_portrait()
        sheet.fit_to_pages(1, self._pages_tall)
        sheet.center_horizontally()
        sheet.set_margins(left=0.65, right=0.65, top=0.6, bottom=0.65)
        sheet.set_footer('&C&"宋体,常规"&9第 &P 页 / 共 &N 页', {"margin": 0.35})
        sheet.repeat_rows(self._heading_row)
        sheet.print_area(0, 0, len(self._heights) - 1, len(self._widths_mm) - 1)
        sheet.hide_gridlines(2)
        sheet.protect("", {"format_rows": True, "format_columns": True})
        first_input = next(area for area, cell in self._cells if cell.is_input)
        sheet.set_selection(*first_input.corners)

    def _write_grid(self, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        for column, width in enumerate(self._widths_mm):
            sheet.set_column_pixels(column, column, round(width * PIXELS_PER_MM))
        for row, height in enumerate(self._heights):
            sheet.set_row(row, height)
        for check, (first, *others) in self._checked.values():
            more = {"other_cells": [list(area.corners) for area in others]}
            sheet.data_validation(*first.corners, check | more)
        sheet.ignore_errors(
            {
                warning: " ".join(xl_range(*area.corners) for area in areas)
                for warning, areas in self._ignored.items()
            }
        )

    def _write_cells(
        self, book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet
    ) -> None:
        formats: dict[str, xlsxwriter.format.Format] = {}

        def formatted(style: Style) -> xlsxwriter.format.Format:
            key = repr(sorted(style.items()))
            if key not in formats:
                formats[key] = book.add_format(style)
            return formats[key]

        for area, cell in self._cells:
            style = formatted(cell.style | {"locked": not cell.is_input})
            corner = area.first_row, area.first_column
            if cell.across > 1 or cell.down > 1:
                sheet.merge_range(*area.corners, "", style)
            if cell.formula:
                formula = re.sub(r"\[([^\]]+)\]", self._address, cell.formula)
                sheet.write_formula(*corner, formula, style, cell.shows or BlankText())
            elif cell.text:
                sheet.write_string(*corner, cell.text, style)
            else:
                sheet.write_blank(*corner, None, style)

    def _write_condition(
        self, book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet
    ) -> None:
        if self._whole_numbers is None:
            return
        num_format, first, last = self._whole_numbers
        top, left, *_ = self._named[first].corners
        *_, bottom, right = self._named[last].corners
        corner = xl_rowcol_to_cell(top, left)
        rule = {
            "type": "formula",
            "criteria": f"={corner}=ROUND({corner},0)",
            "format": book.add_format({"num_format": num_format}),
        }
        sheet.conditional_format(top, left, bottom, right, rule)

    def _address(self, match: re.Match[str]) -> str:
        area = self._named[match[1]]
        last_row = area.last_row if match[1].startswith("指标.") else area.first_row
        return str(xl_range(area.first_row, area.first_column, last_row, area.first_column))

    def _write_names(self, book: xlsxwriter.Workbook) -> None:
        for name, text in self._constants.items():
            book.define_name(f"xp.{name}", f'="{text}"')
        for name, area in self._named.items():
            book.define_name(f"xp.{name}", f"='{self._sheet}'!{xl_range_abs(*area.corners)}")
