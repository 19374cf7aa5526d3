"""An Excel for xlwings without Excel: an engine on xlwings' public base classes over openpyxl.

The add-in's real code runs against it. It does what Excel does where the add-in depends on it: what
is typed is taken for a number or a date where it looks like one, rows that come in push formulas,
names and merged areas down, a copy of the workbook carries the values of its formulas. Every change
is counted, and any of them can be made to fail.
"""

import functools
import io
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import xlwings as xw
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.hyperlink import Hyperlink
from xlwings import base_classes

from tests.addin.as_excel import Area, address, formulas, merge, move_rows, put, type_into, unmerge
from xlperf.template import Patching


class ExcelError(Exception):
    """What a call to Excel raises when it fails."""


def changes(method: Callable[..., Any]) -> Callable[..., Any]:
    """A call that changes something: counted, and failing where that is asked for."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **named: Any) -> Any:
        app = self.app
        app.changes += 1
        sheet = getattr(self, "sheet", getattr(getattr(self, "location", None), "sheet", None))
        if sheet is not None and sheet.own.protection.sheet:
            raise ExcelError(f"{sheet.name} is protected")
        if app.fails == (app.changes, "before"):
            raise ExcelError(method.__name__)
        result = method(self, *args, **named)
        if app.fails == (app.changes, "after"):
            raise ExcelError(method.__name__)
        return result

    return call


class Engine:
    name = "openpyxl"
    type = "desktop"

    def __init__(self) -> None:
        self.apps = Apps(self)

    @staticmethod
    def prepare_xl_data_element(x: Any, _: Any) -> Any:
        return "" if x is None else x


class Apps(base_classes.Apps):
    def __init__(self, engine: Engine) -> None:
        self._app = App(engine)

    def keys(self) -> list[int]:
        return [self._app.pid]

    def __iter__(self) -> Iterator["App"]:
        return iter([self._app])

    def __len__(self) -> int:
        return 1

    def __getitem__(self, _: int) -> "App":
        return self._app


class App(base_classes.App):
    """`answers` are given to the dialogs in turn, else the first button; `said` is what they said.

    `captions` are what stood in the status bar and over the dialogs.

    `fails` is the number of the change that fails, and whether before or after it is made.
    """

    pid = 1
    version = "16.0"
    visible = True

    books = screen_updating = enable_events = display_alerts = calculation = (
        None  # plain attributes in place of the base class's properties
    )

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.books = Books(self)
        self.reset()

    def reset(self) -> None:
        self.captions: list[str] = []
        self.screen_updating = self.enable_events = self.display_alerts = True
        self.calculation = "automatic"
        self.status_bar = False
        self.changes = self.copies = 0
        self.fails: tuple[int, str] | None = None
        self.answers: list[Any] = []
        self.said: list[str] = []
        self.name = "Microsoft Excel"
        self.books.all.clear()

    @property
    def status_bar(self) -> Any:
        return self._status

    @status_bar.setter
    def status_bar(self, value: Any) -> None:
        self._status = value
        if value:
            self.captions.append(value)

    @property
    def api(self) -> "AppApi":
        return AppApi(self)

    @property
    def selection(self) -> "Range":
        book = self.books.active
        return Range(book.sheets.active, book.selected)

    def activate(self, steal_focus: bool = False) -> None:
        pass

    def alert(self, prompt: str, title: str, buttons: str, mode: str, callback: None) -> str:
        self.said.append(prompt)
        self.captions.append(title)
        usual = {"ok": "ok"}.get(buttons, "yes")
        return self.answers.pop(0) if self.answers and buttons != "ok" else usual


class AppApi:
    """What the add-in says to Excel itself."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.Name = app.name

    def InputBox(self, prompt: str, title: str, default: str, Type: int) -> Any:  # noqa: N802, N803
        self._app.said.append(prompt)
        self._app.captions.append(title)
        return self._app.answers.pop(0)

    def GetOpenFilename(self, files: str, index: int, title: str) -> Any:  # noqa: N802
        self._app.captions += [files, title]
        return self._app.answers.pop(0)

    def FileDialog(self, kind: int) -> "FolderDialog":  # noqa: N802
        return FolderDialog(self._app, self._app.answers.pop(0))


class FolderDialog:
    Title = ""

    def __init__(self, app: App, chosen: Any) -> None:
        self._app, self._chosen = app, chosen

    def Show(self) -> bool:  # noqa: N802
        self._app.captions.append(self.Title)
        return bool(self._chosen)

    def SelectedItems(self, index: int) -> str:  # noqa: N802
        return str(self._chosen)


class Books(base_classes.Books):
    app = all = None  # plain attributes in place of the base class's properties

    def __init__(self, app: App) -> None:
        self.app = app
        self.all = []

    @property
    def active(self) -> "Book":
        return self.all[-1]

    def __call__(self, name: str | int) -> "Book":
        if isinstance(name, int):
            return self.all[name - 1]
        for book in self.all:
            if book.name.lower() == name.lower():
                return book
        raise KeyError(name)

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator["Book"]:
        return iter(self.all)

    def open(self, fullname: str, *_: Any) -> "Book":
        self.all.append(Book(self.app, Path(fullname)))
        return self.all[-1]


class Book(base_classes.Book):
    app = fullname = name = None  # plain attributes in place of the base class's properties

    def __init__(self, app: App, path: Path) -> None:
        self.app = app
        self.file = openpyxl.load_workbook(path, rich_text=False, keep_vba=path.suffix == ".xlsm")
        self.fullname = str(path)
        self.name = path.name
        self.selected: Area = (1, 1, 1, 1)
        self.current = self.file.active.title

    @property
    def api(self) -> "BookApi":
        return BookApi(self)

    @property
    def sheets(self) -> "Sheets":
        return Sheets(self)

    @property
    def names(self) -> "Names":
        return Names(self, self.file)

    def activate(self) -> None:
        self.app.books.all.remove(self)
        self.app.books.all.append(self)

    def close(self) -> None:
        self.app.books.all.remove(self)


class BookApi:
    def __init__(self, book: Book) -> None:
        self._book = book

    def SaveCopyAs(self, path: str) -> None:  # noqa: N802
        self._book.app.copies += 1
        data = io.BytesIO()
        self._book.file.save(data)
        calculated, _ = Patching(data.getvalue()).write({})
        Path(path).write_bytes(calculated)


class Sheets(base_classes.Sheets):
    def __init__(self, book: Book) -> None:
        self.book, self.app = book, book.app

    @property
    def active(self) -> "Sheet":
        return Sheet(self.book, self.book.current)

    def __call__(self, name: str | int) -> "Sheet":
        titles = self.book.file.sheetnames
        title = titles[name - 1] if isinstance(name, int) else name
        if title not in titles:
            raise KeyError(title)
        return Sheet(self.book, title)

    def __len__(self) -> int:
        return len(self.book.file.sheetnames)

    def __iter__(self) -> Iterator["Sheet"]:
        return (Sheet(self.book, title) for title in self.book.file.sheetnames)

    @changes
    def add(self, before: Any = None, after: Any = None, name: str | None = None) -> "Sheet":
        assert after is not None
        place = self.book.file.sheetnames.index(after.name) + 1
        self.book.file.create_sheet(name, place)
        self.book.current = name
        return Sheet(self.book, name)


class Sheet(base_classes.Sheet):
    book = app = None  # plain attributes in place of the base class's properties

    def __init__(self, book: Book, title: str) -> None:
        self.book, self.app, self._title = book, book.app, title

    @property
    def api(self) -> "SheetApi":
        return SheetApi(self)

    @property
    def own(self) -> Any:
        return self.book.file[self._title]

    @property
    def name(self) -> str:
        return self._title

    @name.setter
    def name(self, value: str) -> None:
        self._rename(value)

    @changes
    def _rename(self, value: str) -> None:
        old, self.own.title = self._title, value
        for holder, key, text in list(formulas(self.book.file)):
            put(
                holder,
                key,
                text.replace(f"'{old}'!", f"'{value}'!").replace(f"{old}!", f"{value}!"),
            )
        self.book.current = value if self.book.current == old else self.book.current
        self._title = value

    @property
    def index(self) -> int:
        return self.book.file.sheetnames.index(self._title) + 1

    @property
    def names(self) -> "Names":
        return Names(self.book, self.own, self._title)

    @property
    def notes(self) -> Iterator["Note"]:
        cells = [cell for row in self.own.iter_rows() for cell in row]
        return (Note(Range(self, cell_area(cell))) for cell in cells if cell.comment)

    @property
    def used_range(self) -> "Range":
        return Range(self, (1, 1, self.own.max_row, self.own.max_column))

    def activate(self) -> None:
        if self.own.sheet_state != "visible":
            raise ExcelError("no hidden sheet can be active")
        self.book.current = self._title

    def range(self, first: Any, second: Any = None) -> "Range":
        if isinstance(first, str):
            return Range(self, *parse(first, self.own))
        if isinstance(first, Range):
            first, second = first.first[:2], (second.first[2:] if second else first.first[2:])
        if len(first) == 4:
            row, column, rows, columns = first
            return Range(self, (row, column, row + rows - 1, column + columns - 1))
        return Range(self, (*first, *(second or first)))

    @changes
    def delete(self) -> None:
        self.book.file.remove(self.own)
        if self.book.current == self._title:
            self.book.current = self.book.file.sheetnames[0]


class SheetApi:
    def __init__(self, sheet: Sheet) -> None:
        self.app, self._own = sheet.app, sheet.own

    @changes
    def Unprotect(self) -> None:  # noqa: N802
        if self._own.protection.password:
            raise ExcelError("a password is asked for")
        self._own.protection.sheet = False

    def Protect(self, **arguments: bool) -> None:  # noqa: N802
        self._protect(arguments)

    @changes
    def _protect(self, arguments: dict[str, bool]) -> None:
        protection = self._own.protection
        protection.objects = arguments["DrawingObjects"]
        protection.scenarios = arguments["Scenarios"]
        for attribute, argument in ALLOWED.items():
            setattr(protection, attribute, not arguments[argument])
        protection.sheet = arguments["Contents"]


ALLOWED = {
    "formatCells": "AllowFormattingCells",
    "formatColumns": "AllowFormattingColumns",
    "formatRows": "AllowFormattingRows",
    "insertColumns": "AllowInsertingColumns",
    "insertRows": "AllowInsertingRows",
    "insertHyperlinks": "AllowInsertingHyperlinks",
    "deleteColumns": "AllowDeletingColumns",
    "deleteRows": "AllowDeletingRows",
    "sort": "AllowSorting",
    "autoFilter": "AllowFiltering",
    "pivotTables": "AllowUsingPivotTables",
}


def parse(address: str, sheet: Any) -> list[Area]:
    return [_area(part, sheet) for part in address.replace("$", "").split(",")]


def _area(text: str, sheet: Any) -> Area:
    first, _, last = text.partition(":")
    if first.isdigit():
        return int(first), 1, int(last or first), max(sheet.max_column, 1)
    (column, row), (right, bottom) = (
        re.fullmatch(r"([A-Z]+)(\d+)", part).groups() for part in (first, last or first)
    )
    return int(row), column_index_from_string(column), int(bottom), column_index_from_string(right)


def cell_area(cell: Any) -> Area:
    return cell.row, cell.column, cell.row, cell.column


class Range(base_classes.Range):
    sheet = app = None  # plain attributes in place of the base class's properties

    def __init__(self, sheet: Sheet, *areas: Area) -> None:
        self.sheet, self.app, self.areas = sheet, sheet.app, areas
        self.first = areas[0]
        self.options: dict[str, Any] = {}

    @property
    def api(self) -> "Range":
        return self

    @property
    def row(self) -> int:
        return self.first[0]

    @property
    def column(self) -> int:
        return self.first[1]

    @property
    def shape(self) -> tuple[int, int]:
        top, left, bottom, right = self.first
        return bottom - top + 1, right - left + 1

    def __len__(self) -> int:
        rows, columns = self.shape
        return rows * columns

    def __call__(self, row: int, column: int | None = None) -> "Range":
        if column is None:
            columns = self.shape[1]
            row, column = (row - 1) // columns + 1, (row - 1) % columns + 1
        at = self.first[0] + row - 1, self.first[1] + column - 1
        return Range(self.sheet, (*at, *at))

    def get_address(self, row_absolute: bool, col_absolute: bool, external: bool) -> str:
        assert (row_absolute, col_absolute, external) == (False, False, False)
        return address(self.first)

    def cells(self) -> Iterator[Any]:
        for top, left, bottom, right in self.areas:
            for row, column in itertools.product(range(top, bottom + 1), range(left, right + 1)):
                yield self.sheet.own.cell(row, column)

    @property
    def formula(self) -> Any:
        top, left, bottom, right = self.first
        return tuple(
            tuple(self.sheet.own.cell(r, c).value for c in range(left, right + 1))
            for r in range(top, bottom + 1)
        )

    @formula.setter
    def formula(self, rows: Any) -> None:
        self._write(rows)

    @property
    def raw_value(self) -> Any:
        return self.formula

    @raw_value.setter
    def raw_value(self, value: Any) -> None:
        self._write(value)

    @changes
    def _write(self, rows: Any) -> None:
        top, left = self.first[:2]
        texts = [t for row in rows for t in row] if isinstance(rows, (list, tuple)) else []
        if len(texts) > 1 and any(isinstance(t, str) and len(t) > 8203 for t in texts):
            raise ExcelError("a text too long to come with others")
        for r, row in enumerate(rows if isinstance(rows, (list, tuple)) else [[rows]]):
            for c, typed in enumerate(row):
                type_into(self.sheet.own.cell(top + r, left + c), typed)

    @property
    def color(self) -> tuple[int, int, int] | None:
        fill = next(self.cells()).fill
        if fill.fill_type is None:
            return None
        rgb = fill.fgColor.rgb[-6:]
        return int(rgb[:2], 16), int(rgb[2:4], 16), int(rgb[4:], 16)

    @color.setter
    def color(self, value: str | None) -> None:
        self._paint(value)

    @changes
    def _paint(self, value: str | None) -> None:
        for cell in self.cells():
            rgb = value and value.lstrip("#")
            cell.fill = PatternFill("solid", fgColor=rgb) if rgb else PatternFill()

    @property
    def note(self) -> "Note | None":
        return Note(self) if next(self.cells()).comment else None

    @changes
    def add_note(self, text: str) -> "Note":
        next(self.cells()).comment = Comment(text, "")
        return Note(self)

    @changes
    def add_hyperlink(self, address: str, text_to_display: str, screen_tip: str) -> None:
        assert address.startswith("#")
        cell = next(self.cells())
        cell.value = text_to_display
        cell.hyperlink = Hyperlink(ref="", location=address[1:], tooltip=screen_tip)

    @changes
    def merge(self, across: bool) -> None:
        for top, left, bottom, right in self.areas:
            rows = [(row, row) for row in range(top, bottom + 1)] if across else [(top, bottom)]
            for first, last in rows:
                merge(self.sheet.own, (first, left, last, right))

    @changes
    def unmerge(self) -> None:
        for area in self.areas:
            unmerge(self.sheet.own, area)

    @property
    def row_height(self) -> float:
        return self.sheet.own.row_dimensions[self.row].height

    @row_height.setter
    def row_height(self, points: float) -> None:
        self._heighten(points)

    @changes
    def _heighten(self, points: float) -> None:
        for top, _, bottom, _ in self.areas:
            for row in range(top, bottom + 1):
                self.sheet.own.row_dimensions[row].height = points

    @changes
    def autofit(self, axis: str) -> None:
        assert axis in ("rows", "r")
        assert len(self.areas) == 1
        for row in range(self.first[0], self.first[2] + 1):
            self.sheet.own.row_dimensions[row].height = None

    @property
    def column_width(self) -> float:
        return self.sheet.own.column_dimensions[get_column_letter(self.column)].width

    @column_width.setter
    def column_width(self, value: float) -> None:
        self._widen(value)

    @changes
    def _widen(self, value: float) -> None:
        self.sheet.own.column_dimensions[get_column_letter(self.column)].width = value

    @property
    def wrap_text(self) -> bool:
        return bool(next(self.cells()).alignment.wrap_text)

    @wrap_text.setter
    def wrap_text(self, value: bool) -> None:
        self._wrap(value)

    @changes
    def _wrap(self, value: bool) -> None:
        pass  # a thousand rows of blank cells would only slow the tests down

    @changes
    def insert(self, shift: str, copy_origin: str) -> None:
        assert (shift, copy_origin) == ("down", "format_from_left_or_above")
        move_rows(self.sheet.book.file, self.sheet.own, self.row, self.shape[0])

    @changes
    def delete(self, shift: str) -> None:
        assert shift == "up"
        move_rows(self.sheet.book.file, self.sheet.own, self.row, -self.shape[0])

    def select(self) -> None:
        self.sheet.book.selected = self.first


class Note(base_classes.Note):
    location = app = None  # plain attributes in place of the base class's properties

    def __init__(self, place: Range) -> None:
        self.location, self.app = place, place.app

    @property
    def _cell(self) -> Any:
        return next(self.location.cells())

    @property
    def text(self) -> str:
        return self._cell.comment.text

    @text.setter
    def text(self, value: str) -> None:
        self._set(value)

    @changes
    def _set(self, value: str) -> None:
        self._cell.comment = Comment(value, "")

    @changes
    def delete(self) -> None:
        self._cell.comment = None


class Names(base_classes.Names):
    app = None  # plain attributes in place of the base class's properties

    def __init__(self, book: Book, holder: Any, sheet: str = "") -> None:
        self.app, self._names, self._sheet = book.app, holder.defined_names, sheet

    def __call__(self, name: str) -> "Name":
        if name not in self._names:
            raise KeyError(name)
        return Name(self.app, self._names, name)

    def contains(self, name: str) -> bool:
        return name in self._names

    def __len__(self) -> int:
        return len(self._names)

    @changes
    def add(self, name: str, refers_to: str) -> "Name":
        assert refers_to.startswith("=")
        self._names[name] = DefinedName(name, attr_text=refers_to[1:])
        return Name(self.app, self._names, name)


class Name(base_classes.Name):
    app = name = None  # plain attributes in place of the base class's properties

    def __init__(self, app: App, names: Any, name: str) -> None:
        self.app, self._names, self.name = app, names, name

    @property
    def refers_to(self) -> str:
        return "=" + self._names[self.name].attr_text

    @changes
    def delete(self) -> None:
        del self._names[self.name]


engine = Engine()


def register() -> App:
    """Make it the Excel that xlwings talks to; without workbooks, and nothing said yet."""
    if engine.name not in [known.name for known in xw.engines]:
        xw.engines.add(xw.Engine(impl=engine))
    xw.engines[engine.name].activate()
    engine.apps[1].reset()
    return engine.apps[1]
