"""The six shipped forms filled with example data, and what a workbook holds and looks like."""

from pathlib import Path
from typing import Any

import openpyxl

from tests.addin.openpyxl_engine import ALLOWED
from xlperf.bulk import Options, fill_records, load_example
from xlperf.resources import example_folders

FORMS = (
    "guizhou_approval",
    "guizhou_self_evaluation",
    "hebei_department_target",
    "hebei_project_target",
    "shanghai_declaration",
    "tianjin_project_target",
)
SCORED = "guizhou_self_evaluation"
UNRULED = "hebei_department_target"
"""The form that prints goals in words and no indicator values: no rule speaks of it."""

RULED = tuple(form for form in FORMS if form != UNRULED)


def fill_examples(out: Path) -> dict[str, list[Path]]:
    """Every example as a workbook, by the name of its form."""
    made = {}
    for folder in example_folders():
        template, records = load_example(folder)
        name = template.name.partition("/")[0]
        outcomes = fill_records(template, records, out / name, Options(scores="given"))
        made[name] = [outcome.path for outcome in outcomes if outcome.path]
    return made


def data_of(form: str) -> Path:
    """The folder of tables that belong to a form."""
    for folder in example_folders():
        if load_example(folder)[0].name.partition("/")[0] == form:
            return folder
    raise LookupError(form)


def content(book: openpyxl.Workbook) -> dict[str, Any]:
    """Sheets with their cells, merged areas, notes and fills; the names."""
    return {
        "sheets": {sheet.title: _sheet(sheet) for sheet in book},
        "names": {
            **{name: found.attr_text for name, found in book.defined_names.items()},
            **{
                (sheet.title, name): found.attr_text
                for sheet in book
                for name, found in sheet.defined_names.items()
                if not name.startswith(("_xlnm", "Print_"))
            },
        },
    }


def _sheet(sheet: Any) -> dict[str, Any]:
    cells = [cell for row in sheet.iter_rows() for cell in row]
    return {
        "cells": {
            cell.coordinate: (cell.data_type, cell.value)
            for cell in cells
            if cell.value is not None
        },
        "merged": sorted(area.coord for area in sheet.merged_cells.ranges),
        "notes": {cell.coordinate: cell.comment.text for cell in cells if cell.comment},
        "links": {cell.coordinate: cell.hyperlink.location for cell in cells if cell.hyperlink},
        "fills": {
            cell.coordinate: cell.fill.fgColor.rgb[-6:] for cell in cells if cell.fill.fill_type
        },
        "protection": {
            name: getattr(sheet.protection, name)
            for name in ("sheet", "objects", "scenarios", "password", *ALLOWED)
        },
        "heights": {
            row: found.height for row, found in sheet.row_dimensions.items() if found.height
        },
    }


def content_of(file: Path) -> dict[str, Any]:
    return content(openpyxl.load_workbook(file))
