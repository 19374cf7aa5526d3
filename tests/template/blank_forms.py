"""Blank forms drawn from text, with the names that belong to them written into their cells.

A line is a row, `|` parts the cells, `4x ` repeats a row. `<` belongs to the cell on its left, `^`
to the one above, `.` is blank with a border, nothing is no cell at all. `{label}` says that the
cell is `xp.label`, `{label?}` that this is only to be proposed; `#…` at the end is a number format.
A column of the table is marked in each of its rows. Lines that begin with `#` tell of the form.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from xlperf.ooxml.address import Area

FOLDER = Path(__file__).with_name("forms_blank")
_MARK = re.compile(r"\{([^{}]*)\}")
_REPEATED = re.compile(r"(\d+)x (.*)")


@dataclass
class BlankForm:
    """One form: its printed texts by area, and where its names stand, sure ones and others."""

    title: str
    texts: dict[Area, str] = field(default_factory=dict)
    formats: dict[Area, str] = field(default_factory=dict)
    sure: dict[str, Area] = field(default_factory=dict)
    unsure: dict[str, set[Area]] = field(default_factory=dict)
    unit: str = ""
    bare: bool = False

    @classmethod
    def load(cls, name: str) -> "BlankForm":
        lines = (FOLDER / f"{name}.txt").read_text("utf-8").splitlines()
        form = cls(name)
        rows = []
        for line in lines:
            if line.startswith("# unit: "):
                form.unit = line.removeprefix("# unit: ")
            elif line == "# bare":
                form.bare = True
            elif not line.startswith("#"):
                match = _REPEATED.fullmatch(line)
                rows += [_cells(match[2])] * int(match[1]) if match else [_cells(line)]
        form.read(rows)
        return form

    def read(self, rows: list[list["Token"]]) -> None:
        """Place the cells of these rows."""
        for r, row in enumerate(rows):
            for c, token in enumerate(row):
                area = _area(rows, r, c)
                if token.kind not in ("<", "^", ""):
                    self.texts[area] = token.text
                    if token.format:
                        self.formats[area] = token.format
                for mark in token.marks:
                    self._mark(
                        mark, area if token.kind != "^" else Area(r + 1, c + 1, r + 1, c + 1)
                    )

    def _mark(self, mark: str, area: Area) -> None:
        label = mark.removesuffix("?")
        if label.startswith("指标."):
            area = area._replace(right=area.left)
            known = self.sure.get(label) or next(iter(self.unsure.get(label, ())), None)
            if known:
                area = known._replace(bottom=max(known.bottom, area.bottom))
                self.unsure.pop(label, None)
        if mark.endswith("?"):
            self.unsure.setdefault(label, set()).add(area)
        else:
            self.sure[label] = area

    def draw(
        self,
        book: Workbook,
        sheet_name: str,
        printed: Callable[[str], str] = lambda text: text,
    ) -> Worksheet:
        sheet = book.add_worksheet(sheet_name)
        for area, text in self.texts.items():
            look = {"border": 1, "text_wrap": True, "align": "center", "valign": "vcenter"}
            if code := self.formats.get(area):
                look["num_format"] = code
            style = None if self.bare else book.add_format(look)
            corner = area.top - 1, area.left - 1
            if area.top < area.bottom or area.left < area.right:
                sheet.merge_range(*corner, area.bottom - 1, area.right - 1, "", style)
            if re.fullmatch(r"\d+", text):
                sheet.write_number(*corner, int(text), style)
            elif text:
                sheet.write_string(*corner, printed(text), style)
            elif style is not None:
                sheet.write_blank(*corner, None, style)
        return sheet


def draw_all(
    *forms: BlankForm, decorate: Callable[[Workbook, Worksheet], None] | None = None
) -> bytes:
    """A workbook with a sheet for each form, called after its file."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    for form in forms:
        sheet = form.draw(book, form.title)
        if decorate:
            decorate(book, sheet)
    book.close()
    return file.getvalue()


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


@dataclass
class Token:
    """One cell as written: `kind` is < or ^ where it belongs to a neighbour, "" where none is."""

    kind: str
    text: str = ""
    marks: tuple[str, ...] = ()
    format: str = ""


def _cells(line: str) -> list[Token]:
    return [_token(cell.strip(" ")) for cell in line.split("|")]


def _token(cell: str) -> Token:
    plain, _, code = cell.partition(" #")
    marks = tuple(_MARK.findall(plain))
    text = _MARK.sub("", plain)
    if text in ("<", "^"):
        return Token(text, marks=marks)
    kind = "cell" if text or marks else ""
    return Token(kind, "" if text == "." else text.replace("\\n", "\n"), marks, code)


def _area(rows: list[list[Token]], row: int, column: int) -> Area:
    right, bottom = column, row
    while right + 1 < len(rows[row]) and rows[row][right + 1].kind == "<":
        right += 1
    while bottom + 1 < len(rows) and _continues(rows[bottom + 1], column):
        bottom += 1
    return Area(row + 1, column + 1, bottom + 1, right + 1)


def _continues(row: list[Token], column: int) -> bool:
    return column < len(row) and row[column].kind == "^"


def parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            yield info.filename, archive.read(info)
