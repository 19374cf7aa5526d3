"""An open workbook at the moment of a click: the bytes of a copy, and where the person stands.

The copy holds what has not been saved yet. Everything below works on such bytes already, for the
command line, so nothing has to be said twice: a button gives what the command gives on the file.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xlperf.ooxml.files import write_file
from xlperf.ooxml.package import Package
from xlperf.ooxml.sheet import Position
from xlperf.ooxml.workbook import NS, Workbook
from xlperf.review import ReviewSettings, settings_for

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

    def protected(self) -> tuple[frozenset[str], bool]:
        """The sheets that are protected, and whether the list of sheets is."""
        package = Package.open(self.data)
        workbook = Workbook.open(package)
        sheets = frozenset(
            sheet.name
            for sheet in workbook.sheets
            if _is_on(package, sheet.part, "sheetProtection", "sheet")
        )
        return sheets, _is_on(package, workbook.part, "workbookProtection", "lockStructure")


def _is_on(package: Package, part: str, element: str, attribute: str) -> bool:
    found = package.xml(part).find(NS + element)
    return found is not None and found.get(attribute) in ("1", "true")
