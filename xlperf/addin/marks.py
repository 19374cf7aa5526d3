"""Marking findings in an open workbook, and taking the marks away again.

What is marked, how, and what the list says comes from `report`, which marks the copies that the
command line writes. A mark is known by its note, which travels with the cell when rows are
inserted; what was there before it is remembered, or else was nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from xlperf.addin.actions import (
    AddSheet,
    Content,
    Plan,
    RemoveSheet,
    SetCells,
    SetColour,
    SetLink,
    SetNote,
    Structure,
    Typed,
)
from xlperf.addin.difference import addresses, typed, typed_text
from xlperf.ooxml.address import cell_name, parse_cell
from xlperf.ooxml.annotate import Listing, Mark, free_name, gathered, location
from xlperf.ooxml.package import Package
from xlperf.ooxml.sheet import Sheet, read_sheet, read_strings
from xlperf.ooxml.workbook import NS, Workbook
from xlperf.report import is_listing, own_part

_HEADING_COLOUR = "E7E6E6"
_HEADING_ROW, _FILLED_COLUMNS = 2, 1


class Spot(NamedTuple):
    """A cell by its sheet and its address."""

    sheet: str
    cell: str


class Look(NamedTuple):
    """What a cell shows besides its content: its fill as RRGGBB, its note; None for none."""

    colour: str | None
    note: str | None


Looks = Mapping[Spot, Look]
_PLAIN = Look(None, None)


def marked(data: bytes, marks: Iterable[Mark]) -> dict[Spot, Look]:
    """The fill and the note that each marked cell gets; a merged area goes by its first cell."""
    package = Package.open(data)
    workbook = Workbook.open(package)
    strings = read_strings(package, workbook.shared_strings)
    looks = {}
    for place in workbook.sheets:
        if here := [mark for mark in marks if mark.sheet == place.name]:
            sheet = read_sheet(package.read(place.part), place.part, strings)
            for area, colour, text in gathered(sheet, here):
                looks[Spot(place.name, cell_name(area.top, area.left))] = Look(colour, text)
    return looks


def looks_with_marks(wanted: Looks, before: Looks) -> dict[Spot, Look]:
    """What the cells look like when marked: a note that is there stays, the new text below it."""
    return {
        spot: Look(look.colour, "\n\n".join(filter(None, (before[spot].note, look.note))))
        for spot, look in wanted.items()
    }


def mark_plan(after: Looks, before: Looks, listing: Listing, sheets: Iterable[str]) -> Plan:
    """Give the cells the looks `after`, and add the listing to the sheets of these names."""
    name = free_name(listing.name, list(sheets))
    return Plan(
        (AddSheet(name, tuple(width for _, width in listing.headings)),),
        (*_changes(after, before), *_listing(name, listing)),
        tuple(_changes(before, after)),
    )


def looks_without_marks(now: Looks, marked: Looks, former: Looks) -> dict[Spot, Look]:
    """What the marked ones of these cells, which are all that have notes, look like without.

    `marked` is what the last marking left behind, and `former` what was there before it: a mark
    that still reads as it did gives the cell its former fill.
    """
    colours: dict[tuple[str, Look], list[str | None]] = {}
    for spot, look in marked.items():
        colours.setdefault((spot.sheet, look), []).append(former[spot].colour)
    cleared = {}
    for spot, look in now.items():
        note, ours = own_part(look.note or "")
        if ours:
            known = colours.get((spot.sheet, look))
            cleared[spot] = Look(known.pop(0) if known else None, note or None)
    return cleared


def is_marked(data: bytes, now: Looks) -> bool:
    """Whether a check has left something: in the notes of the cells, or as a sheet."""
    return any(own_part(look.note or "")[1] for look in now.values()) or any(_listings(data))


def listed(data: bytes) -> list[Spot]:
    """The cells of the listings that have a fill."""
    return [
        Spot(name, cell_name(row, column))
        for name, cells, _, _ in _listings(data)
        for row, line in enumerate(cells[1:], start=2)
        for column in range(1, len(line) + 1 if row == _HEADING_ROW else _FILLED_COLUMNS + 1)
    ]


def clear_plan(data: bytes, cleared: Looks, now: Looks) -> Plan:
    """Give the cells the looks `cleared`, and remove the listings.

    `now` are the looks of these cells, and of those that `listed` names.
    """
    steps: list[Structure] = []
    lists: list[Content] = []
    for name, cells, widths, links in _listings(data):
        steps.append(RemoveSheet(name, widths))
        lists += (SetCells(name, 1, 1, cells), *links)
        filled = {spot: look for spot, look in now.items() if spot.sheet == name and look.colour}
        lists += _changes(filled, dict.fromkeys(filled, _PLAIN))
    marked = {spot: now[spot] for spot in cleared}
    back = (*_changes(marked, cleared), *lists)
    return Plan(tuple(steps), tuple(_changes(cleared, marked)), back)


def _changes(wanted: Looks, before: Looks) -> Iterator[Content]:
    by_colour: dict[tuple[str, str | None], list[str]] = {}
    for spot, look in wanted.items():
        if look.colour != before[spot].colour:
            by_colour.setdefault((spot.sheet, look.colour), []).append(spot.cell)
    for (sheet, colour), cells in by_colour.items():
        yield from (SetColour(sheet, several, colour) for several in addresses(cells))
    for spot, look in wanted.items():
        if look.note != before[spot].note:
            yield SetNote(spot.sheet, spot.cell, look.note)


def _listing(name: str, listing: Listing) -> Iterator[Content]:
    headings = tuple(text for text, _ in listing.headings)
    title = (listing.title, *("" for _ in headings[1:]))
    lines = [line.texts for line in listing.lines]
    yield SetCells(name, 1, 1, tuple(map(_typed, [title, headings, *lines])))
    last = cell_name(2, len(headings))
    yield SetColour(name, f"A2:{last}", _HEADING_COLOUR)
    by_colour: dict[str, list[str]] = {}
    for row, line in enumerate(listing.lines, start=3):
        by_colour.setdefault(line.colour, []).append(cell_name(row, 1))
    for colour, cells in by_colour.items():
        yield from (SetColour(name, several, colour) for several in addresses(cells))
    for row, line in enumerate(listing.lines, start=3):
        if line.target:
            cell = cell_name(row, listing.link + 1)
            yield SetLink(name, cell, location(*line.target), line.texts[listing.link])


def _typed(texts: Iterable[str]) -> tuple[Typed, ...]:
    return tuple(typed_text(text) if text else None for text in texts)


Rows = tuple[tuple[Typed, ...], ...]


def _listings(
    data: bytes,
) -> Iterator[tuple[str, Rows, tuple[float, ...], tuple[SetLink, ...]]]:
    """The sheets that list findings: what they hold from A1 on, widths of columns, and links."""
    package = Package.open(data)
    workbook = Workbook.open(package)
    strings = read_strings(package, workbook.shared_strings)
    for place in workbook.sheets:
        sheet = read_sheet(package.read(place.part), place.part, strings)
        first = sheet.cell((1, 1))
        if first and isinstance(first.value, str) and is_listing(place.name, first.value):
            bottom, right = (max(at[n] for at in sheet.cells) for n in (0, 1))
            columns = range(1, right + 1)
            rows = tuple(
                tuple(typed(sheet.cell((row, column))) for column in columns)
                for row in range(1, bottom + 1)
            )
            widths = tuple(sheet.width(column, column) for column in columns)
            yield place.name, rows, widths, tuple(_links(package, place.name, place.part, sheet))


def _links(package: Package, name: str, part: str, sheet: Sheet) -> Iterator[SetLink]:
    """The links of a sheet to places of the workbook."""
    for link in package.xml(part).iterfind(f"{NS}hyperlinks/{NS}hyperlink"):
        cell, target = link.get("ref", ""), link.get("location", "")
        held = sheet.cell(parse_cell(cell)) if target and ":" not in cell else None
        if held is not None and isinstance(held.value, str):
            yield SetLink(name, cell, target, held.value)
