"""Data tables of projects and indicators, from a folder of CSV files or an .xlsx workbook."""

from typing import TYPE_CHECKING

from xlperf.lazy import lazy_front

if TYPE_CHECKING:
    from xlperf.tables.csv_text import csv_bytes, replace_cells
    from xlperf.tables.records import Records, build_records
    from xlperf.tables.source import holds_tables, read_folder
    from xlperf.tables.table import (
        FILES,
        INDICATORS,
        PROJECTS,
        Table,
        TableCell,
        entry_of,
        make_table,
        read_csv,
    )

__all__ = [
    "FILES",
    "INDICATORS",
    "PROJECTS",
    "Records",
    "Table",
    "TableCell",
    "build_records",
    "csv_bytes",
    "entry_of",
    "holds_tables",
    "make_table",
    "read_csv",
    "read_folder",
    "replace_cells",
]

__getattr__ = lazy_front(
    __name__,
    csv_text="csv_bytes replace_cells",
    records="Records build_records",
    source="holds_tables read_folder",
    table="FILES INDICATORS PROJECTS Table TableCell entry_of make_table read_csv",
)
