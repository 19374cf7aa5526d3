"""Changing single cells of a workbook in place: everything else stays, formulas follow."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from xlperf.expr import Value
from xlperf.ooxml.address import cell_name
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.sheet import Cell, Position, SheetWriter, read_sheet, read_strings
from xlperf.ooxml.trust import has_signature, signed
from xlperf.ooxml.values import number_cell, text_cell
from xlperf.ooxml.workbook import Workbook, recalculated_on_load
from xlperf.template.formulas import FormulaGraph, Key, computed_cell

Placed = tuple[str, Position]
"""A cell by its sheet's name and its position."""


def replace_texts(
    data: bytes, texts: Mapping[str, Mapping[Position, str]], limits: Limits = DEFAULT
) -> tuple[bytes, set[Placed]]:
    """The workbook with other text in cells of its sheets, and the cells that were changed.

    A cell that holds a formula is left alone; one that holds a number takes a number where the text
    is one. A signed workbook is refused. Styles stay. Formulas that depend on a changed cell get their new value, or none where
    it cannot be computed here.
    """
    package = Package.open(data, limits)
    if has_signature(package):
        raise signed()
    workbook = Workbook.open(package)
    strings = read_strings(package, workbook.shared_strings)
    sheets = [read_sheet(package.read(s.part), s.part, strings, limits) for s in workbook.sheets]
    changes: dict[Key, str | Decimal] = {}
    replaced: set[Placed] = set()
    for sheet in workbook.sheets:
        for position, text in texts.get(sheet.name, {}).items():
            cell = sheets[sheet.index].cell(position)
            if cell is None or cell.formula is None:
                changes[sheet.index, *position] = _like(cell, text)
                replaced.add((sheet.name, position))
    graph = FormulaGraph(workbook, sheets, set(changes))
    written: dict[Key, bytes] = {}
    values: dict[Key, Value] = {}
    for key, change in changes.items():
        index, row, column = key
        cell = sheets[index].cell((row, column))
        style, reference = cell.style if cell else 0, cell_name(row, column)
        if isinstance(change, str):
            values[key], written[key] = change or None, text_cell(reference, style, change)
        else:
            values[key], written[key] = float(change), number_cell(reference, style, change)
    touched = {*changes, *graph.live}
    parts = {}
    writers = {}
    for index in {key[0] for key in touched}:
        part = workbook.sheets[index].part
        cells = {key[1:] for key in touched if key[0] == index}
        writers[index] = SheetWriter(package.read(part), part, cells, ())
    for key, value in graph.evaluate(values):
        written[key] = computed_cell(writers[key[0]].original(key[1:]), key, value)
    for index, writer in writers.items():
        cells_of = {key[1:]: cell for key, cell in written.items() if key[0] == index}
        parts[workbook.sheets[index].part] = writer.write(cells_of)
    if not graph.complete:
        parts[workbook.part] = recalculated_on_load(package.read(workbook.part))
    return package.replace(parts).to_bytes(), replaced


def _like(cell: Cell | None, text: str) -> str | Decimal:
    if cell is not None and isinstance(cell.value, float):
        try:
            number = Decimal(text)
        except InvalidOperation:
            return text
        return number if number.is_finite() else text
    return text
