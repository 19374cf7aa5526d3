"""Excel, through xlwings: where the add-in reads the open workbook and changes it.

Reading is one copy of the whole workbook. A plan is carried out with the screen and the calculation
at rest and is done whole or not at all: what an action has changed when one fails is taken back.
Only the parts of xlwings under the BSD licence are used.
"""

import contextlib
import functools
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any, NamedTuple

import xlwings as xw

from xlperf.addin import messages
from xlperf.addin.actions import (
    Action,
    AddSheet,
    InsertRows,
    Merge,
    Plan,
    RemoveRows,
    RemoveSheet,
    RenameSheet,
    SetCells,
    SetColour,
    SetHeight,
    SetLink,
    SetName,
    SetNote,
    Structure,
    Typed,
    Unmerge,
)
from xlperf.addin.marks import Look, Looks, Spot
from xlperf.addin.snapshot import Protection, Snapshot
from xlperf.diagnostic import Diagnostic, InputError, Lang, Message
from xlperf.review.settings import settings_for

_AT_REST = {"screen_updating": False, "enable_events": False, "display_alerts": False}
_LONGEST_MESSAGE = 2000
"""Characters; a dialog with more does not fit on a screen."""

_LONGEST_TEXT = 8000
"""Characters; Excel takes longer ones (to 32,767) one at a time, as values."""

_TABLES = "*.xlsx;*.xlsm;*.csv"
_FOLDER_DIALOG = 4  # msoFileDialogFolderPicker
_TEXT = 2  # what Application.InputBox is to return


class TornError(Exception):
    """A plan failed and was not taken back whole: the workbook is neither as before nor done."""


class _Before(NamedTuple):
    """The sheets of the workbook, and the last row in use where rows come or go."""

    sheets: tuple[str, ...]
    bottom: int


class Host:
    """One open workbook and the Excel that shows it."""

    def __init__(self, book: xw.Book) -> None:
        self.book = book
        self.app = book.app

    def refuse_others(self) -> None:
        """Raises InputError in a program that only resembles Excel."""
        name = str(getattr(self._native(self.app), "Name", ""))
        if "WPS" in name.upper():
            raise InputError(_NOT_EXCEL)

    @functools.cached_property
    def lang(self) -> Lang:
        """The language of the nearest xlperf.toml; Chinese where there is none that can be read."""
        with contextlib.suppress(
            Exception
        ):  # whoever needs the settings reports what is wrong with them
            if self.path is not None:
                return settings_for(self.path, {}).lang
        return "zh"

    # ---------------------------------------------------------------------------- reading

    @property
    def key(self) -> str:
        """What the workbook goes by: its full name, or its address where it lies on the web."""
        with contextlib.suppress(xw.XlwingsError):  # no folder is kept in step with that address
            return str(self.book.fullname)
        return str(self._native(self.book).FullName)

    def snapshot(self) -> Snapshot:
        """The workbook as it is, unsaved changes included. Raises InputError on a Mac with any."""
        selected = self.app.selection
        sheet = self.book.sheets.active.name
        cell = (selected.row, selected.column) if selected is not None else (1, 1)
        return Snapshot(self._copy(), self.book.name, self.path, sheet, cell)

    @property
    def path(self) -> Path | None:
        """The file; None for a workbook that was never saved, or lies on the web."""
        name = self.key
        absolute = Path(name).is_absolute() or PureWindowsPath(name).is_absolute()
        return Path(name) if absolute and "://" not in name else None

    def _copy(self) -> bytes:
        if sys.platform == "darwin":  # whose scripting has no SaveCopyAs
            if not self._native(self.book).saved.get():
                raise InputError(_SAVE_FIRST)
            return Path(self.key).read_bytes()
        with tempfile.TemporaryDirectory(prefix="xlperf-") as folder:
            file = Path(folder, "copy" + (Path(self.book.name).suffix or ".xlsx"))
            self._native(self.book).SaveCopyAs(str(file))
            return file.read_bytes()

    def looks(self, spots: Iterable[Spot]) -> Looks:
        """Fill and note of cells."""
        return {spot: self._look(self._range(*spot)) for spot in spots}

    def notes(self) -> Looks:
        """Every cell that has a note."""
        return {
            Spot(sheet.name, note.location.get_address(False, False)): Look(
                _hex(note.location.color), note.text
            )
            for sheet in self.book.sheets
            for note in sheet.notes
        }

    def sheet_names(self) -> list[str]:
        return [sheet.name for sheet in self.book.sheets]

    def _look(self, cell: xw.Range) -> Look:
        note = cell.note
        return Look(_hex(cell.color), note.text if note is not None else None)

    # --------------------------------------------------------------------------- changing

    def carry_out(self, plan: Plan, protections: Sequence[Protection] = ()) -> None:
        """Do what the plan says, or nothing: an error leaves the workbook as it was, and is raised.

        `protections` without a password are lifted meanwhile. Raises TornError where taking back
        failed too.
        """
        with self._at_rest():
            active = self.book.sheets.active.name
            done: list[Structure] = []
            unsure: tuple[Structure, _Before] | None = None
            try:
                self._lift(protections)
                for step in plan.structure:
                    unsure = step, self._before(step)
                    self._do(step)
                    unsure = None
                    done.append(step)
                for action in plan.contents:
                    self._do(action)
                self._protect(protections)
            except BaseException as error:
                try:
                    self._lift(protections)
                    if unsure:
                        self._settle(*unsure)
                    for step in reversed(done):
                        self._do(step.inverse)
                    for action in plan.former:
                        self._do(action)
                    self._protect(protections)
                    self._go_back_to(active)
                except Exception as second:
                    raise TornError from BaseExceptionGroup("in both directions", [error, second])
                raise
            self._go_back_to(active)

    def _lift(self, protections: Iterable[Protection]) -> None:
        names = self.sheet_names()
        for protection in protections:
            if protection.sheet in names:  # or else it has been renamed, and lifted before
                self._native(self.book.sheets[protection.sheet]).Unprotect()

    def _protect(self, protections: Iterable[Protection]) -> None:
        names = self.sheet_names()
        for protection in protections:
            if protection.sheet in names:
                native = self._native(self.book.sheets[protection.sheet])
                if sys.platform == "darwin":
                    words = {_snake(name): on for name, on in protection.arguments.items()}
                    native.protect_worksheet(worksheet_contents=words.pop("contents"), **words)
                else:
                    native.Protect(**protection.arguments)

    def _settle(self, step: Structure, before: _Before) -> None:
        """Take back a step that failed and may have been made all the same."""
        if isinstance(step, AddSheet):  # under its own name, or under the one that Excel gave it
            for name in set(self.sheet_names()) - set(before.sheets):
                self.book.sheets[name].delete()
        elif self._before(step) != before:
            self._do(step.inverse)

    def _before(self, step: Structure) -> _Before:
        """What tells whether a step has been done: the sheets, and where the rows end."""
        bottom = 0
        if isinstance(step, InsertRows | RemoveRows):
            bottom = self.book.sheets[step.sheet].used_range.last_cell.row
        return _Before(tuple(self.sheet_names()), bottom)

    def _go_back_to(self, sheet: str) -> None:
        with contextlib.suppress(Exception):  # a sheet that is gone, or was renamed
            if self.book.sheets.active.name != sheet:
                self.book.sheets[sheet].activate()

    def _do(self, action: Action) -> None:
        sheets = self.book.sheets
        match action:
            case SetCells(sheet, top, left, rows):
                self._type(sheets[sheet], top, left, rows)
            case Merge(sheet, area, across):
                sheets[sheet].range(area).merge(across)
            case Unmerge(sheet, areas):
                sheets[sheet].range(areas).unmerge()
            case SetHeight(sheet, rows, None):
                sheets[sheet].range(rows).rows.autofit()
            case SetHeight(sheet, rows, float() as points):
                sheets[sheet].range(rows).row_height = points
            case SetColour(sheet, cells, colour):
                sheets[sheet].range(cells).color = colour and f"#{colour}"
            case SetNote(sheet, cell, text):
                self._set_note(self._range(sheet, cell), text)
            case SetLink(sheet, cell, place, text):
                self._range(sheet, cell).add_hyperlink(f"#{place}", text, text)
            case SetName(name, refers_to, sheet):
                names = sheets[sheet].names if sheet else self.book.names
                if refers_to is not None:
                    names.add(name, refers_to)
                elif name in names:
                    names[name].delete()
            case InsertRows(sheet, at, count):
                sheets[sheet].range(f"{at}:{at + count - 1}").insert("down")
            case RemoveRows(sheet, at, count):
                sheets[sheet].range(f"{at}:{at + count - 1}").delete("up")
            case RenameSheet(sheet, name):
                sheets[sheet].name = name
            case RemoveSheet(sheet):
                sheets[sheet].delete()
            case AddSheet(sheet, widths):
                added = sheets.add(sheet, after=sheets[len(sheets) - 1])
                for column, width in enumerate(widths, start=1):
                    added.range((1, column)).column_width = width
                added.range((2, 1), (1000, max(len(widths), 1))).wrap_text = True

    @staticmethod
    def _type(sheet: xw.Sheet, top: int, left: int, rows: Sequence[Sequence[Typed]]) -> None:
        """In one call, but for texts that are too long to be handed over together with others."""
        long = {
            (top + r, left + c): text
            for r, row in enumerate(rows)
            for c, text in enumerate(row)
            if isinstance(text, str) and len(text) > _LONGEST_TEXT
        }
        corner = (top + len(rows) - 1, left + len(rows[0]) - 1)
        if (top, left) != corner or not long:
            sheet.range((top, left), corner).formula = [
                [None if (top + r, left + c) in long else typed for c, typed in enumerate(row)]
                for r, row in enumerate(rows)
            ]
        for at, text in long.items():
            sheet.range(at).value = text

    def _set_note(self, cell: xw.Range, text: str | None) -> None:
        note = cell.note
        if note is not None and text is not None:
            note.text = text
        elif note is not None:
            note.delete()
        elif text is not None:
            cell.add_note(text)

    def _range(self, sheet: str, cell: str) -> xw.Range:
        return self.book.sheets[sheet].range(cell)

    @contextlib.contextmanager
    def _at_rest(self) -> Iterator[None]:
        """Screen, events and calculation off; as they were, whatever happens."""
        wanted: dict[str, Any] = {**_AT_REST, "calculation": "manual"}
        former = {}
        try:
            for name, value in wanted.items():
                former[name] = getattr(self.app, name)
                setattr(self.app, name, value)
            yield
        finally:
            for name, value in former.items():
                with contextlib.suppress(Exception):  # the others are restored all the same
                    setattr(self.app, name, value)

    # ------------------------------------------------------------------- talking to people

    @contextlib.contextmanager
    def busy(self, doing: Message) -> Iterator[None]:
        """What is going on, in the status bar, which is Excel's own again afterwards."""
        try:
            with contextlib.suppress(Exception):  # a text that cannot be shown stops no work
                self.app.status_bar = messages.STATUS.text(self.lang).format(doing.text(self.lang))
            yield
        finally:
            with contextlib.suppress(Exception):
                self.app.status_bar = False

    def progress(self, done: int, total: int) -> None:
        with contextlib.suppress(Exception):
            self.app.status_bar = messages.STATUS.text(self.lang).format(f"{done} / {total}")

    def tell(self, text: str, *, wrong: bool = False) -> None:
        self._alert(text, "ok", "critical" if wrong else "info")

    def agrees(self, text: str) -> bool:
        return self._alert(text, "yes_no", "info") == "yes"

    def choice(self, text: str) -> bool | None:
        """Yes, no, or None where the person leaves it."""
        return {"yes": True, "no": False}.get(self._alert(text, "yes_no_cancel", "info") or "")

    def _alert(self, text: str, buttons: str, mode: str) -> str | None:
        if len(text) > _LONGEST_MESSAGE:
            text = text[:_LONGEST_MESSAGE] + "…"
        return self.app.alert(text, messages.TITLE.text(self.lang), buttons, mode)

    def ask(self, text: str, default: str) -> str | None:
        """A line of text from the person; None where they leave it."""
        if sys.platform == "darwin":
            return _script(
                f"text returned of (display dialog {_quoted(text)} default answer "
                f"{_quoted(default)})"
            )
        title = messages.TITLE.text(self.lang)
        answer = self._native(self.app).InputBox(text, title, default, Type=_TEXT)
        return answer if isinstance(answer, str) else None

    def choose_table(self, wanted: Message) -> Path | None:
        """A data table that the person points to; None where they leave it."""
        text = wanted.text(self.lang)
        if sys.platform == "darwin":
            chosen = _script(f"POSIX path of (choose file with prompt {_quoted(text)})")
        else:
            kinds = f"{messages.TABLES.text(self.lang)} ({_TABLES}),{_TABLES}"
            answer = self._native(self.app).GetOpenFilename(kinds, 1, text)
            chosen = answer if isinstance(answer, str) else None
        return Path(chosen) if chosen else None

    def choose_folder(self, wanted: Message) -> Path | None:
        text = wanted.text(self.lang)
        if sys.platform == "darwin":
            chosen = _script(f"POSIX path of (choose folder with prompt {_quoted(text)})")
            return Path(chosen) if chosen else None
        dialog = self._native(self.app).FileDialog(_FOLDER_DIALOG)
        dialog.Title = text
        return Path(str(dialog.SelectedItems(1))) if dialog.Show() else None

    def select(self, sheet: str, cell: str) -> None:
        self.book.sheets[sheet].activate()
        self._range(sheet, cell).select()

    def has_open(self, name: str) -> bool:
        """Whether a workbook of this name is open, wherever it lies."""
        return name.casefold() in {book.name.casefold() for book in self.app.books}

    def open(self, file: Path) -> None:
        """Show another workbook."""
        self.app.books.open(file)

    @staticmethod
    def _native(thing: xw.App | xw.Book | xw.Sheet) -> Any:
        """What xlwings has no word for is said to Excel itself."""
        return thing.api


def _hex(colour: tuple[int, int, int] | None) -> str | None:
    return None if colour is None else "".join(f"{part:02X}" for part in colour)


def _snake(name: str) -> str:
    return re.sub(r"(?<=.)([A-Z])", r"_\1", name).lower()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _script(what: str) -> str | None:
    """What an AppleScript answers; None where the person leaves it. Mac only."""
    run = subprocess.run(["osascript", "-e", what], capture_output=True, text=True, check=False)
    return run.stdout.rstrip("\n") if run.returncode == 0 else None


_NOT_EXCEL = Diagnostic(
    "E101",
    Message("这些按钮只能在 Microsoft Excel 中使用", "these buttons work in Microsoft Excel only"),
    fix=Message(
        "在 WPS 中请保存文件后用 xlperf 命令行处理", "save the file and use the xlperf command line"
    ),
)
_SAVE_FIRST = Diagnostic(
    "E102",
    Message("工作簿有未保存的修改", "the workbook has changes that are not saved"),
    fix=Message("请先保存，再点一次", "save it, then press the button again"),
)
