"""What is wrong, where, and what to do about it.

Every layer reports through `Diagnostic`: user text never raises, it yields a value and
diagnostics. Only input that cannot be used at all raises `InputError`, which carries them.

    XlperfError
    └── InputError          the user's file or table cannot be used
        ├── TableError      a data table (CSV, .xlsx, DataFrame)
        └── WorkbookError   a workbook or template (and `CellValueError`: what no cell can hold)
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

__all__ = [
    "SEVERITY_NAMES",
    "Diagnostic",
    "InputError",
    "Lang",
    "Message",
    "Place",
    "Severity",
    "Span",
    "TableError",
    "WorkbookError",
    "XlperfError",
]

Lang = Literal["zh", "en"]


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of characters in the text that the person typed."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file, then a sheet and cell, or a table's row and column.

    Row 1 of a table holds the headings.
    """

    file: str = ""
    sheet: str = ""
    cell: str = ""
    row: int | None = None
    column: str = ""

    def text(self, lang: Lang = "zh") -> str:
        row, column = ("第 {} 行", "“{}”列") if lang == "zh" else ("row {}", "column “{}”")
        spot = "!".join(part for part in (self.sheet, self.cell) if part)
        parts = [
            self.file,
            spot,
            row.format(self.row) if self.row is not None else "",
            column.format(self.column) if self.column else "",
        ]
        return ("，" if lang == "zh" else ", ").join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Message:
    """One message in natural official Chinese and in English."""

    zh: str
    en: str

    def text(self, lang: Lang = "zh") -> str:
        return self.zh if lang == "zh" else self.en


SEVERITY_NAMES = {
    Severity.ERROR: Message("错误", "error"),
    Severity.WARNING: Message("警告", "warning"),
    Severity.INFO: Message("提示", "note"),
}


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing found: `code` is stable and names the kind, `fix` says what to do."""

    code: str
    message: Message
    span: Span | None = None
    place: Place = field(default_factory=Place)
    severity: Severity = Severity.ERROR
    fix: Message | None = None

    def at(
        self,
        *,
        file: str | None = None,
        sheet: str | None = None,
        cell: str | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> "Diagnostic":
        """The same diagnostic with more of its place filled in."""
        old = self.place
        place = Place(
            old.file if file is None else file,
            old.sheet if sheet is None else sheet,
            old.cell if cell is None else cell,
            old.row if row is None else row,
            old.column if column is None else column,
        )
        return Diagnostic(self.code, self.message, self.span, place, self.severity, self.fix)

    def text(self, lang: Lang = "zh") -> str:
        """One line: place, what is wrong, what to do."""
        colon, stop = ("：", "。") if lang == "zh" else (": ", ". ")
        place = self.place.text(lang)
        line = (place + colon if place else "") + self.message.text(lang)
        return line + stop + self.fix.text(lang) if self.fix else line


class XlperfError(Exception):
    """Root of every exception that xlperf raises on purpose."""


class InputError(XlperfError):
    """The user's input cannot be used; `diagnostics` say what, where and what to do."""

    def __init__(self, diagnostics: Iterable[Diagnostic] | Diagnostic) -> None:
        self.diagnostics = (
            (diagnostics,) if isinstance(diagnostics, Diagnostic) else tuple(diagnostics)
        )
        super().__init__("\n".join(d.text() for d in self.diagnostics))

    def text(self, lang: Lang = "zh") -> str:
        return "\n".join(d.text(lang) for d in self.diagnostics)


class TableError(InputError):
    """A data table cannot be used."""


class WorkbookError(InputError):
    """A workbook or template cannot be used."""
