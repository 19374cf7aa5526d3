"""One fill: entries and formulas into the slots of a layout, values, row heights, merged cells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from xlperf.diagnostic import Diagnostic, Message, Place, Severity
from xlperf.expr import ExcelError, Expr, Ref, Value, evaluate, references_in, to_excel
from xlperf.expr.steps import Key
from xlperf.forms import BLANK, Entry, Kind, Project, number_entry
from xlperf.ooxml.address import Area, cell_name
from xlperf.ooxml.date_format import DATE_SYSTEM_OFFSET
from xlperf.ooxml.number_format import display
from xlperf.ooxml.styles import wrapped_height
from xlperf.ooxml.values import before_calendar
from xlperf.template.formulas import cached
from xlperf.template.layout import Layout, Slot

Formulas = Mapping[tuple[int, str], Expr]
"""Formulas for table cells: (index of the indicator, column) → tree over the labels of its row."""

_TALLEST_ROW = 409.0
_NOISE = 1e-9


class FillRequest(NamedTuple):
    """What goes into one workbook; `sheet` is another name for the form's sheet, or ""."""

    project: Project
    formulas: Formulas
    sheet: str = ""


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


class Filling:
    """One project on its way into a form: put into its cells, `compute`d with others, written.

    `values` has what was written into cells that formulas read, `given` the entries for cells with
    a formula of the template, `computed` the values for `Layout.computed`.
    """

    def __init__(self, layout: Layout, project: Project, formulas: Formulas) -> None:
        """Put its entries into their cells. Raises CellValueError when one cannot stand there."""
        self.layout = layout
        self.values: dict[Key, Value] = {}
        self.given: dict[Key, tuple[Slot, Entry, float | str | None]] = {}
        self.computed: Sequence[Value] = ()
        self._project = project
        self._sheets = {index: writer.pieces() for index, (_, writer) in layout.writers.items()}
        self._pieces = self._sheets.get(layout.home, [])
        self._kept: set[Key] = set()  # formula cells that do not show what is computed
        self._departures: dict[Key, Value] = {}  # what was computed where the data says otherwise
        # Formulas for table cells that read formulas of the template: their turn comes after these.
        self._late: list[tuple[Mapping[str, Slot], str, Expr]] = []
        self._unknown: set[Key] = set()  # those of them that cannot be computed here
        self._long: list[tuple[Slot, str]] = []
        self._noticed: list[Diagnostic] = []

        self._put(
            (slot, entry)
            for key, slot in layout.scalars.items()
            if (entry := project.entries.get(key)) is not None
        )
        self._merged, covered = self._merged_levels()
        for slots, indicator in zip(layout.rows, project.indicators, strict=False):
            entries = indicator.entries
            self._put(
                (slot, entry)
                for label, slot in slots.items()
                if (entry := entries.get(label)) is not None and slot.piece not in covered
            )
        for (index, label), expr in formulas.items():
            slots = layout.rows[index]
            self.given.pop(slots[label].key, None)
            own = {name for name, slot in slots.items() if slot.formula}
            if own and not own.isdisjoint(_names(expr)):
                self._late.append((slots, label, expr))
            else:
                self.values[slots[label].key] = evaluate(expr, self._row(slots))
                self._put_formula(slots, label, expr)

    def settle_late(self) -> bool:
        """Compute the formulas that read those of the template, now that these are; False if none.

        What they come to stays unknown where one of these could not be computed.
        """
        if self._late:
            computed = dict(zip(self.layout.formulas.computed, self.computed, strict=True))
            for slots, label, expr in self._late:
                read = [slots[name].key for name in _names(expr) if slots[name].formula]
                if all(key in computed or key in self.given for key in read):
                    row = self._row(slots) | {
                        name: computed[slot.key]
                        for name, slot in slots.items()
                        if slot.key in computed
                    }
                    self.values[slots[label].key] = evaluate(expr, row)
                else:
                    self._unknown.add(slots[label].key)
        return bool(self._late)

    def parts(self) -> FilledParts:
        """The sheets, once the formulas are computed. Raises CellValueError as `Filling` does."""
        layout = self.layout
        for key, value in self._departures.items():
            slot, entry, given = self.given[key]
            self._notice_departure(slot, entry, value)
            self._pieces[slot.piece] = _cell(slot, given)
        for late in self._late:
            self._put_formula(*late)
        self._kept.update(self._departures, layout.formulas.after(self._unknown))
        for (key, piece, cell), value in zip(layout.computed, self.computed, strict=True):
            if key not in self._kept:
                self._sheets[key[0]][piece] = cell.showing(value)
        parts = {}
        for index, (part, writer) in layout.writers.items():
            home = index == layout.home
            heights = self._heights() if home else {}
            parts[part] = writer.join(self._sheets[index], heights, self._merged if home else ())
        return FilledParts(parts, self._entries(), tuple(self._noticed))

    def workbook(self) -> Filled:
        """The finished workbook. Raises CellValueError as `Filling` does."""
        filled = self.parts()
        data = self.layout.write(filled.parts, self._project.key)
        return Filled(data, filled.entries, filled.diagnostics)

    def settle(self, key: Key, value: Value) -> Value:
        """What a cell holds whose formula came to this value: that, or what the data has for it.

        A formula of the template stays where the data says the same or nothing. Where the data
        departs from it, the data is kept and the departure reported.
        """
        if key in self.values:
            return self.values[key]
        if key not in self.given:
            return value
        slot, entry, given = self.given[key]
        if _departs(given, value) and not self._shows(slot, value, entry.text):
            self._departures[key] = value
            return given
        self._departures.pop(key, None)
        return value

    def _shows(self, slot: Slot, value: Value, text: str) -> bool:
        """Whether the cell, were it to hold this value, is read back as this text."""
        if not isinstance(value, float) or slot.kind is not Kind.TEXT:
            return isinstance(value, (bool, ExcelError)) and _entry_of(value).text == text
        shown = display(value, slot.number_format, date1904=self.layout.date1904)
        return text in (shown, _entry_of(value).text)

    def _put(self, entries: Iterable[tuple[Slot, Entry]]) -> None:
        """Write entries; one over a formula of the template is kept until that is computed."""
        pieces, values = self._pieces, self.values
        for slot, entry in entries:
            text = entry.text
            if slot.formula:
                if text:
                    self.given[slot.key] = slot, entry, self._value(slot, entry)
                continue
            if entry.number is None or slot.kind is Kind.TEXT:  # nearly always, so without calls
                pieces[slot.piece] = slot.cell.text(text)
                if slot.read:
                    values[slot.key] = text or None
            else:
                number = self._number(slot, entry.number, text)
                pieces[slot.piece] = slot.cell.number(number)
                if slot.read:
                    values[slot.key] = number
            if len(text) > slot.short or "\n" in text:
                self._long.append((slot, text))

    def _value(self, slot: Slot, entry: Entry) -> float | str | None:
        """What formulas see in the cell once it holds the entry."""
        if entry.number is None or slot.kind is Kind.TEXT:
            return entry.text or None
        return self._number(slot, entry.number, entry.text)

    def _number(self, slot: Slot, number: Decimal, text: str) -> float:
        if slot.kind is Kind.DATE:
            date1904 = self.layout.date1904
            number -= DATE_SYSTEM_OFFSET if date1904 else 0
            if number < (0 if date1904 else 1):
                raise before_calendar(slot.cell.reference, text, date1904=date1904)
        return float(number)

    def _row(self, slots: Mapping[str, Slot]) -> dict[str, Value]:
        """What the data has for a row of the table."""
        indicators = self._project.indicators
        place = next(iter(slots.values())).key[1] - self.layout.form.first
        entries = indicators[place].entries if indicators else {}
        return {name: self._value(s, entries.get(name, BLANK)) for name, s in slots.items()}

    def _put_formula(self, slots: Mapping[str, Slot], label: str, expr: Expr) -> None:
        """Write a formula over the labels of its row, whatever else the cell was to hold."""
        slot = slots[label]
        text = to_excel(expr, {name: s.cell.reference for name, s in slots.items()})
        self._kept.add(slot.key)
        shown, error = cached(self.values.get(slot.key))
        self._pieces[slot.piece] = slot.cell.formula(text, shown, error=error)

    def _entries(self) -> dict[str, Entry]:
        """What the single fields hold, those with a formula of the template included."""
        entries = dict(self._project.entries)
        for label, place in self.layout.computed_scalars.items():
            if self.layout.scalars[label].key not in self._kept:
                entries[label] = BLANK if place is None else _entry_of(self.computed[place])
        return entries

    def _notice_departure(self, slot: Slot, entry: Entry, computed: Value) -> None:
        if computed is None or computed == "":
            return
        shown = f"{computed:.12g}" if isinstance(computed, float) else _entry_of(computed).text
        if isinstance(computed, float) and "e" in shown:
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
        bounds: set[int] = set()
        for label, slots in self.layout.levels.items():
            texts = [i.entries.get(label, BLANK).text for i in self._project.indicators] or [""]
            start, starts = 0, {0}
            for end in range(1, len(texts) + 1):
                if end < len(texts) and texts[end] == texts[start] != "" and end not in bounds:
                    covered.add(slots[end].piece)
                    continue
                first = slots[start].area
                if end > start + 1 or first.left < first.right:
                    bottom = first.top + end - start - 1
                    areas.append(Area(first.top, first.left, bottom, first.right))
                start = end
                starts.add(start)
            bounds |= starts
        return areas, covered

    def _heights(self) -> dict[int, float]:
        """Heights of the rows that must be taller than in the template to show their text."""
        sheet = self.layout.sheet
        heights: dict[int, float] = {}
        spread: list[tuple[Area, float]] = []
        spans = {(area.top, area.left): area for area in self._merged}
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
                place=Place(sheet=self.layout.form.sheet.name, cell=cell_name(row, 1)),
                severity=Severity.WARNING,
                fix=Message("请精简文字", "shorten the text"),
            )
        )


def fill_parts(layout: Layout, project: Project, formulas: Formulas) -> FilledParts:
    """The sheets of one project. Raises CellValueError when a value cannot stand in its cell."""
    filling = Filling(layout, project, formulas)
    compute([filling])
    return filling.parts()


def compute(fillings: Sequence[Filling]) -> None:
    """The formulas for all these projects at once, which are of one layout."""
    _compute(fillings)
    if late := [filling for filling in fillings if filling.settle_late()]:
        _compute(late)


def _compute(fillings: Sequence[Filling]) -> None:
    """The template's own formulas, given what else is known."""
    graph = fillings[0].layout.formulas
    computed = frozenset(graph.computed)
    for filling in fillings:
        for key in filling.given.keys() - computed:
            filling.settle(key, None)

    def settle(key: Key, values: Sequence[Value]) -> list[Value]:
        return [f.settle(key, value) for f, value in zip(fillings, values, strict=True)]

    settled = {key for f in fillings for key in (*f.given, *f.values) if key in computed}
    answers = graph.evaluate([filling.values for filling in fillings], settle, settled)
    for filling, values in zip(fillings, answers, strict=True):
        filling.computed = values


def _names(expr: Expr) -> Iterator[str]:
    return (node.name for node in references_in(expr) if isinstance(node, Ref))


def _cell(slot: Slot, value: float | str | None) -> bytes:
    return slot.cell.number(value) if isinstance(value, float) else slot.cell.text(value or "")


def _departs(given: Value, computed: Value) -> bool:
    if isinstance(given, float) and isinstance(computed, float):
        return abs(given - computed) > _NOISE * max(1.0, abs(given))
    return given != computed


def _entry_of(value: Value) -> Entry:
    if value is None or isinstance(value, (bool, ExcelError)):
        return Entry("" if value is None else str(value).upper())
    return Entry(value) if isinstance(value, str) else number_entry(Decimal(f"{value:.15g}"))
