"""Tables as pandas DataFrames, and their way to disk."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xlperf.forms import BLANK, INDICATOR_PREFIX, KEY, Entry, Kind, canonical, kind_of
from xlperf.ooxml.files import write_file
from xlperf.tables import FILES, INDICATORS, PROJECTS, Table, entry_of, read_csv

if TYPE_CHECKING:
    import pandas as pd


def read_table(source: "str | Path | pd.DataFrame", name: str) -> Table:
    """One table, from a CSV file or a DataFrame."""
    if isinstance(source, (str, Path)):
        return read_csv(Path(source), name)
    rows = tuple(tuple(map(entry_of, row)) for row in source.itertuples(index=False, name=None))
    return Table(name, name, tuple(map(str, source.columns)), rows)


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
            whole = all(v is not None and v.is_integer() for v in values)
            frame[heading] = pd.Series(values, dtype="int64" if whole else "float64")
        else:
            frame[heading] = pd.Series([e.text for e in entries], dtype=object)
    return frame


def write_tables(projects: "pd.DataFrame", indicators: "pd.DataFrame", out: Path) -> list[Path]:
    """Write both tables: as CSV into a folder, or as one workbook when `out` ends in .xlsx."""
    tables = ((projects, PROJECTS), (indicators, INDICATORS))
    if out.suffix.lower() == ".xlsx":
        out.parent.mkdir(parents=True, exist_ok=True)
        write_file(out, _workbook_bytes(tables))
        return [out]
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for frame, name in tables:
        path = out / FILES[name]
        text = io.StringIO(newline="")
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(frame.columns)
        for row in frame.itertuples(index=False, name=None):
            lines.writerow([entry_of(value).text for value in row])
        write_file(path, text.getvalue().encode())
        written.append(path)
    return written


def _workbook_bytes(tables: "Iterable[tuple[pd.DataFrame, str]]") -> bytes:
    import openpyxl

    book = openpyxl.Workbook(write_only=False)
    book.remove(book.active)
    for frame, name in tables:
        sheet = book.create_sheet(name)
        rows = [tuple(frame.columns), *frame.itertuples(index=False, name=None)]
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row, start=1):
                if value != "" and value == value:
                    cell = sheet.cell(number, column, value)
                    # openpyxl takes text that begins with = for a formula.
                    cell.data_type = "s" if isinstance(value, str) else cell.data_type
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
