"""Data tables of projects and indicators, from a folder of CSV files or an .xlsx workbook."""

from xlperf.tables.records import Records, build_records
from xlperf.tables.table import (
    FILES,
    INDICATORS,
    PROJECTS,
    Table,
    entry_of,
    read_csv,
    read_folder,
    replace_cells,
)

__all__ = [
    "FILES",
    "INDICATORS",
    "PROJECTS",
    "Records",
    "Table",
    "build_records",
    "entry_of",
    "read_csv",
    "read_folder",
    "replace_cells",
]
