"""Tables as pandas DataFrames, and their way to disk."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlperf.diagnostic import Diagnostic, TableError
from xlperf.forms import (
    BLANK,
    INDICATOR_PREFIX,
    KEY,
    Entry,
    Kind,
    canonical,
    kind_of,
    number_entry,
)
from xlperf.ooxml.files import make_folder, write_file
from xlperf.ooxml.values import MAX_DIGITS, escape_controls
from xlperf.tables import FILES, INDICATORS, PROJECTS, Table, csv_bytes, entry_of, read_csv

if TYPE_CHECKING:
    import pandas as pd

_EXACT = 2.0**53
"""Below it every whole number is a float of its own."""


def read_table(source: "str | Path | pd.DataFrame", name: str) -> Table:
    """One table, from a CSV file or a DataFrame."""
    if isinstance(source, (str, Path)):
        return read_csv(Path(source), name)
    columns = [
        [BLANK if gap else entry_of(value) for value, gap in zip(values, gaps, strict=True)]
        for values, gaps in ((_plain(column), column.isna()) for _, column in source.items())
    ]
    return Table(name, name, tuple(map(str, source.columns)), tuple(zip(*columns, strict=True)))


def _plain(column: "pd.Series[Any]") -> list[Any]:
    """The values of a column, those of NumPy as Python's own."""
    import numpy as np

    return [v.item() if isinstance(v, np.generic) else v for v in column.tolist()]


def table_frames(
    projects: Sequence[dict[str, Entry]], indicators: Sequence[dict[str, Entry]]
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """DataFrames of the rows: text as str, blank is ""; number columns as numbers, blank is NaN."""
    return _frame(projects, ""), _frame(indicators, INDICATOR_PREFIX)


def _frame(rows: Sequence[dict[str, Entry]], prefix: str) -> "pd.DataFrame":
    import pandas as pd

    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    frame = pd.DataFrame(index=range(len(rows)))
    for heading in headings:
        entries = [row.get(heading, BLANK) for row in rows]
        kind = kind_of(canonical(heading if heading == KEY else prefix + heading))
        numeric = kind is Kind.NUMBER and all(e.number is not None or not e for e in entries)
        if numeric and any(entries):
            values = [None if e.number is None else float(e.number) for e in entries]
            whole = all(v is not None and v.is_integer() and abs(v) < _EXACT for v in values)
            frame[heading] = pd.Series(values, dtype="int64" if whole else "float64")
        else:
            frame[heading] = pd.Series([e.text for e in entries], dtype=object)
    return frame


def write_tables(projects: "pd.DataFrame", indicators: "pd.DataFrame", out: Path) -> list[Path]:
    """Write both tables: as CSV into a folder, or as one workbook when `out` ends in .xlsx.

    Raises TableError for a value that no table can hold, WorkbookError where nothing can be
    written.
    """
    tables = [read_table(frame, n) for frame, n in ((projects, PROJECTS), (indicators, INDICATORS))]
    if out.suffix.lower() == ".xlsx":
        make_folder(out.parent)
        write_file(out, _workbook_bytes(tables))
        return [out]
    make_folder(out)
    paths = []
    for table in tables:
        path = out / FILES[table.name]
        texts = [[entry.text for entry in row] for row in _entries(table)]
        write_file(path, csv_bytes([table.headings, *texts]))
        paths.append(path)
    return paths


def _entries(table: Table) -> Iterator[list[Entry]]:
    for number, row in enumerate(table.rows, start=2):
        for heading, cell in zip(table.headings, row, strict=True):
            if isinstance(cell, Diagnostic):
                raise TableError(replace(cell, place=table.place(number, heading)))
        yield [cell for cell in row if isinstance(cell, Entry)]


def _workbook_bytes(tables: Sequence[Table]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook(write_only=False)
    book.remove(book.active)
    for table in tables:
        sheet = book.create_sheet(table.name)
        rows = [list(map(Entry, table.headings)), *_entries(table)]
        for number, row in enumerate(rows, start=1):
            for column, entry in enumerate(row, start=1):
                if _is_plain_number(entry):
                    sheet.cell(number, column, entry.number)
                elif entry:
                    cell = sheet.cell(number, column, escape_controls(entry.text))
                    # openpyxl takes text that begins with = for a formula.
                    cell.data_type = "s"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _is_plain_number(entry: Entry) -> bool:
    """Whether a number cell shows all of the entry; Excel keeps 15 digits."""
    number = entry.number
    if number is None or entry.text != number_entry(number).text:
        return False
    return len(number.normalize().as_tuple().digits) <= MAX_DIGITS and abs(number) < 10**MAX_DIGITS
