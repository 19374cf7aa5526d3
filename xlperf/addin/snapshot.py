"""An open workbook at the moment of a click: the bytes of a copy, and where the person stands.

The copy holds what has not been saved yet. Everything below works on such bytes already, for the
command line, so nothing has to be said twice: a button gives what the command gives on the file.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xlperf.diagnostic import Diagnostic
from xlperf.ooxml.files import write_file
from xlperf.ooxml.package import Package
from xlperf.ooxml.sheet import Position
from xlperf.ooxml.workbook import NS, Workbook
from xlperf.review import ReviewSettings, settings_for
from xlperf.template.fields import PREFIX, find_forms

_SUFFIX = ".xlsx"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`name` is the workbook's, `path` its file, None when it was never saved.

    `sheet` and `cell` are the active sheet and the upper left cell of what is selected.
    """

    data: bytes
    name: str
    path: Path | None = None
    sheet: str = ""
    cell: Position = (1, 1)

    def settings(self) -> ReviewSettings:
        """What the nearest xlperf.toml says. Raises InputError where it cannot be used."""
        return settings_for(self.path, {}) if self.path else ReviewSettings()

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The copy as a file of the workbook's own name, in a folder of its folder's name.

        Waivers and reports go by these names.
        """
        with tempfile.TemporaryDirectory(prefix="xlperf-") as folder:
            home = Path(folder, self.path.parent.name if self.path else "")
            home.mkdir(exist_ok=True)
            file = home / (self.name if Path(self.name).suffix else self.name + _SUFFIX)
            write_file(file, self.data)
            yield file

    def names_at_fault(self) -> tuple[Diagnostic, ...] | None:
        """What is wrong with the `xp.` names where they make no form; None where there are none."""
        limits = self.settings().limits
        workbook = Workbook.open(Package.open(self.data, limits))
        if not any(name.name.lower().startswith(PREFIX) for name in workbook.names):
            return None
        forms, wrong = find_forms(workbook, limits)
        return () if forms else tuple(wrong)

    def filtered(self) -> frozenset[str]:
        """The sheets on which a filter may hide rows, which Excel then leaves as they are."""
        package = Package.open(self.data)
        sheets = Workbook.open(package).sheets
        return frozenset(sheet.name for sheet in sheets if _is_filtered(package, sheet.part))

    def hidden(self) -> frozenset[str]:
        """The sheets that nobody sees."""
        package = Package.open(self.data)
        found = package.xml(Workbook.open(package).part).iter(NS + "sheet")
        return frozenset(str(s.get("name")) for s in found if s.get("state", "visible") in _HIDDEN)

    def protections(self) -> tuple[tuple["Protection", ...], bool]:
        """The protected sheets, and whether sheets may neither come nor go."""
        package = Package.open(self.data)
        workbook = Workbook.open(package)
        sheets = []
        for sheet in workbook.sheets:
            found = package.xml(sheet.part).find(NS + "sheetProtection")
            if found is not None and found.get("sheet") in _ON:
                attributes = {str(key): str(value) for key, value in found.items()}
                sheets.append(Protection.of(sheet.name, attributes))
        whole = package.xml(workbook.part).find(NS + "workbookProtection")
        return tuple(sheets), whole is not None and whole.get("lockStructure") in _ON


def _is_filtered(package: Package, part: str) -> bool:
    """Whether a filter of the sheet, or of a table on it, has something chosen."""
    tables = [r.target for r in package.relationships(part).values() if r.type.endswith("/table")]
    chosen = f"{NS}autoFilter/{NS}filterColumn"
    return any(package.xml(one).find(chosen) is not None for one in (part, *tables))


_ON = ("1", "true")
_HIDDEN = ("hidden", "veryHidden")

# What Excel's Protect calls each thing that a person may do in spite of it (ECMA-376 part 1,
# 18.3.1.85, where the attribute says that it is locked, and is 1 unless written).
_ALLOWED = {
    "formatCells": "AllowFormattingCells",
    "formatColumns": "AllowFormattingColumns",
    "formatRows": "AllowFormattingRows",
    "insertColumns": "AllowInsertingColumns",
    "insertRows": "AllowInsertingRows",
    "insertHyperlinks": "AllowInsertingHyperlinks",
    "deleteColumns": "AllowDeletingColumns",
    "deleteRows": "AllowDeletingRows",
    "sort": "AllowSorting",
    "autoFilter": "AllowFiltering",
    "pivotTables": "AllowUsingPivotTables",
}


@dataclass(frozen=True, slots=True)
class Protection:
    """How a sheet is protected: the arguments of Excel's Protect that make it so again."""

    sheet: str
    password: bool
    arguments: Mapping[str, bool]

    @classmethod
    def of(cls, sheet: str, attributes: Mapping[str, str]) -> "Protection":
        """From the attributes of a sheet's `sheetProtection`."""
        allowed = {name: attributes.get(key, "1") not in _ON for key, name in _ALLOWED.items()}
        own = {
            "DrawingObjects": attributes.get("objects") in _ON,
            "Contents": True,
            "Scenarios": attributes.get("scenarios") in _ON,
        }
        return cls(sheet, bool({"password", "hashValue"} & attributes.keys()), own | allowed)
