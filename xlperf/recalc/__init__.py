"""Recalculation of workbooks without Excel: exact or refused, and nothing else changes.

Before it starts, an engine says whether it supports every formula of the workbook; where it does
not, the whole workbook goes to the next engine, and where none does, the answer names the cells.
Only the values of formula cells are written back.
"""

from xlperf.recalc.book import Book
from xlperf.recalc.engine import Engine, Reason
from xlperf.recalc.files import recalculate_files, targets
from xlperf.recalc.report import as_json, lines
from xlperf.recalc.run import (
    ENGINES,
    Change,
    Recalculated,
    Unsupported,
    recalculate,
)

__all__ = [
    "ENGINES",
    "Book",
    "Change",
    "Engine",
    "Reason",
    "Recalculated",
    "Unsupported",
    "as_json",
    "lines",
    "recalculate",
    "recalculate_files",
    "targets",
]
