"""One fill: entries and formulas into the slots of a layout, values, row heights, merged cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from xlperf.diagnostic import Diagnostic, Message, Place, Severity
from xlperf.expr import ExcelError, Expr, Value, evaluate, to_excel
from xlperf.forms import BLANK, Entry, Kind, Project, number_entry
from xlperf.ooxml.address import Area, cell_name
from xlperf.ooxml.date_format import DATE_SYSTEM_OFFSET
from xlperf.ooxml.styles import wrapped_height
from xlperf.ooxml.values import (
    before_calendar,
    formula_cell,
    number_cell,
    text_cell,
)
from xlperf.template.formulas import Key, cached
from xlperf.template.layout import Layout, Slot

Formulas = Mapping[tuple[int, str], Expr]
"""Formulas for table cells: (index of the indicator, column) → tree over the labels of its row."""

_TALLEST_ROW = 409.0
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Filled:
    """A finished workbook: its bytes, what its single fields hold, and what was noticed.

    `entries` has what the form's own formulas came to (总分, 自评结论) beside what was given.
    """

    data: bytes
    entries: Mapping[str, Entry]
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class FilledParts:
    """The parts of a workbook that a fill changes, and the rest as in `Filled`."""

    parts: Mapping[str, bytes]
    entries: Mapping[str, Entry]
    diagnostics: tuple[Diagnostic, ...]


def fill(layout: Layout, project: Project, formulas: Formulas) -> Filled:
    """Write a project into a form. Raises CellValueError when a value cannot stand in its cell.

    A formula of the template stays where the data says the same or nothing. Where the data departs
    from it, the data is kept and the departure reported.
    """
    filled = fill_parts(layout, project, formulas)
    data = layout.write(filled.parts, project.key)
    return Filled(data, filled.entries, filled.diagnostics)


def fill_parts(layout: Layout, project: Project, formulas: Formulas) -> FilledParts:
    """As `fill`, but gives the sheets that were written, for a workbook that holds many."""
    return _Filling(layout, project, formulas).result()


class _Filling:
    def __init__(self, layout: Layout, project: Project, formulas: Formulas) -> None:
        self._layout = layout
        self._project = project
        self._formulas = formulas
        self._sheets = {index: writer.pieces() for index, (_, writer) in layout.writers.items()}
        self._pieces = self._sheets.get(layout.home, [])
        self._values: dict[Key, Value] = {}
        self._given: dict[Key, tuple[Slot, Entry]] = {}
        self._kept: set[Key] = set()
        self._long: list[tuple[Slot, str]] = []
        self._noticed: list[Diagnostic] = []

    def result(self) -> FilledParts:
        layout = self._layout
        for key, slot in layout.scalars.items():
            entry = self._project.entries.get(key)
            if entry is not None:
                self._put(slot, entry)
        merged, covered = self._merged_levels()
        for index in range(len(layout.rows)):
            self._put_row(index, covered)
        self._compute()
        parts = {}
        for index, (part, writer) in layout.writers.items():
            home = index == layout.home
            heights = self._heights(merged) if home else {}
            parts[part] = writer.join(self._sheets[index], heights, merged if home else ())
        entries = dict(self._project.entries)
        for key, slot in layout.scalars.items():
            if slot.formula and slot.key not in self._kept:
                entries[key] = _entry_of(self._values.get(slot.key))
        return FilledParts(parts, entries, tuple(self._noticed))

    def _put_row(self, index: int, covered: set[int]) -> None:
        indicators = self._project.indicators
        entries = indicators[index].entries if indicators else {}
        slots = self._layout.rows[index]
        formulas = self._formulas
        for label, slot in slots.items():
            if formulas and (expr := formulas.get((index, label))) is not None:
                self._put_formula(slot, expr, slots, entries)
            elif slot.piece in covered:
                self._put(slot, BLANK)
            else:
                self._put(slot, entries.get(label, BLANK))

    def _put(self, slot: Slot, entry: Entry) -> None:
        """Write an entry; over a formula of the template, keep it aside until that is computed."""
        text = entry.text
        if slot.formula:
            if text:
                self._given[slot.key] = slot, entry
            return
        value: float | str | None
        if entry.number is None or slot.kind is Kind.TEXT:  # nearly always, so without calls
            value = text or None
            cell = text_cell(slot.reference, slot.style, text) if text else slot.blank
        else:
            value = self._value(slot, entry)
            cell = _cell(slot, value)
        self._pieces[slot.piece] = cell
        if slot.read:
            self._values[slot.key] = value
        if len(text) > slot.short or "\n" in text:
            self._long.append((slot, text))

    def _value(self, slot: Slot, entry: Entry) -> float | str | None:
        """What formulas see in the cell once it holds the entry."""
        number = entry.number
        if number is None or slot.kind is Kind.TEXT:
            return entry.text or None
        if slot.kind is Kind.DATE:
            date1904 = self._layout.date1904
            number -= DATE_SYSTEM_OFFSET if date1904 else 0
            if number < (0 if date1904 else 1):
                raise before_calendar(slot.reference, entry.text, date1904=date1904)
        return float(number)

    def _put_formula(
        self, slot: Slot, expr: Expr, slots: Mapping[str, Slot], entries: Mapping[str, Entry]
    ) -> None:
        row = {label: self._value(s, entries.get(label, BLANK)) for label, s in slots.items()}
        value = evaluate(expr, row)
        text = to_excel(expr, {label: s.reference for label, s in slots.items()})
        self._values[slot.key] = value
        shown, error = cached(value)
        self._pieces[slot.piece] = formula_cell(
            slot.reference, slot.style, text, shown, error=error
        )

    def _compute(self) -> None:
        """The template's own formulas: right cached values, or the data where it departs."""
        layout = self._layout
        placed = set(self._values)
        evaluation = layout.formulas.evaluate(self._values)
        for key, value in evaluation:
            if key in placed:
                evaluation.replace(key, self._values[key])
                continue
            slot, entry = self._given.get(key, (None, BLANK))
            if slot is not None and _departs(given := self._value(slot, entry), value):
                self._notice_departure(slot, entry, value)
                evaluation.replace(key, given)
                self._kept.add(key)
                self._pieces[slot.piece] = _cell(slot, given)
                continue
            if value is None:
                continue
            self._values[key] = value
            piece, cell = layout.live[key]
            self._sheets[key[0]][piece] = cell.showing(value)

    def _notice_departure(self, slot: Slot, entry: Entry, computed: Value) -> None:
        if not isinstance(computed, float):
            return
        shown = f"{computed:.12g}"
        if "e" in shown:
            shown = number_entry(Decimal(shown)).text
        self._noticed.append(
            Diagnostic(
                "F101",
                Message(
                    f"{slot.label}：数据为 {entry.text}，按公式应为 {shown}，已保留数据的值",
                    f"{slot.label} is {entry.text} in the data, {shown} by formula; data kept",
                ),
                place=slot.place,
                severity=Severity.WARNING,
            )
        )

    def _merged_levels(self) -> tuple[list[Area], set[int]]:
        """Areas of equal neighbours in the level columns, and the pieces of the cells they cover.

        A level-2 area stays inside level 1.
        """
        areas, covered = [], set[int]()
        bounds = {0}
        for label in self._layout.levels:
            texts = [i.entry(label).text for i in self._project.indicators] or [""]
            starts = [
                index
                for index, text in enumerate(texts)
                if index in bounds or not text or text != texts[index - 1]
            ]
            bounds |= set(starts)
            for start, end in zip(starts, [*starts[1:], len(texts)], strict=True):
                first = self._layout.rows[start][label].area
                area = Area(first.top, first.left, first.top + end - start - 1, first.right)
                if (area.top, area.left) != (area.bottom, area.right):
                    areas.append(area)
                covered |= {self._layout.rows[i][label].piece for i in range(start + 1, end)}
        return areas, covered

    def _heights(self, merged: list[Area]) -> dict[int, float]:
        """Heights of the rows that must be taller than in the template to show their text."""
        sheet = self._layout.sheet
        heights: dict[int, float] = {}
        spread: list[tuple[Area, float]] = []
        spans = {(area.top, area.left): area for area in merged}
        for slot, text in self._long:
            need = wrapped_height(text, slot.width, slot.size)
            area = spans.get(slot.key[1:], slot.area)
            if area.top < area.bottom:
                spread.append((area, need))
            elif need > heights.get(area.top, sheet.height(area.top)):
                heights[area.top] = need
        for area, need in spread:
            rows = range(area.top, area.bottom + 1)
            missing = need - sum(heights.get(row, sheet.height(row)) for row in rows)
            if missing > 0:
                for row in rows:
                    heights[row] = heights.get(row, sheet.height(row)) + missing / len(rows)
        for row, height in heights.items():
            if height > _TALLEST_ROW:
                self._notice_cut(row)
        return {row: min(height, _TALLEST_ROW) for row, height in heights.items()}

    def _notice_cut(self, row: int) -> None:
        self._noticed.append(
            Diagnostic(
                "F102",
                Message(
                    "文字过长，超过 Excel 的最大行高，打印时可能显示不全",
                    "the text needs more than Excel's tallest row and may be cut in print",
                ),
                place=Place(sheet=self._layout.form.sheet.name, cell=cell_name(row, 1)),
                severity=Severity.WARNING,
                fix=Message("请精简文字", "shorten the text"),
            )
        )


def _cell(slot: Slot, value: float | str | None) -> bytes:
    if value is None:
        return slot.blank
    if isinstance(value, str):
        return text_cell(slot.reference, slot.style, value)
    return number_cell(slot.reference, slot.style, value)


def _departs(given: Value, computed: Value) -> bool:
    if isinstance(given, float) and isinstance(computed, float):
        return abs(given - computed) > _NOISE * max(1.0, abs(given))
    return given != computed


def _entry_of(value: Value) -> Entry:
    if value is None or isinstance(value, (bool, ExcelError)):
        return Entry("" if value is None else str(value))
    return Entry(value) if isinstance(value, str) else number_entry(Decimal(f"{value:.15g}"))
