"""Drives one LibreOffice for libreoffice.py, under the Python that LibreOffice's bridge belongs to.

Hence a program of its own that imports nothing from here: a line of JSON in, a line of JSON out,
until the input ends. Its one argument is a folder for LibreOffice's profile.
"""

import contextlib
import json
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.document import MacroExecMode
from com.sun.star.lang import DisposedException
from com.sun.star.sheet import CellFlags, FormulaResult
from com.sun.star.uno import Exception as UnoException

SETTINGS = (
    # Whatever is cached in a workbook, calculate when loading.
    ("/org.openoffice.Office.Calc/Formula/Load", "OOXMLRecalcMode", "0"),
    # No lock files beside the workbooks.
    ("/org.openoffice.Office.Common/Misc", "UseLocking", "false"),
    # Dates and numbers as in China.
    ("/org.openoffice.Setup/L10N", "ooSetupSystemLocale", "zh-CN"),
    # Macros run where `run_macros` says so; other loading leaves them alone.
    ("/org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "0"),
)
FILTERS = {
    ".xlsx": "Calc MS Excel 2007 XML",
    ".xlsm": "Calc MS Excel 2007 VBA XML",
    ".xltx": "Calc MS Excel 2007 XML Template",
    ".xlam": "Calc MS Excel 2007 VBA XML",
}
# LibreOffice's numbers for the errors that Excel has too.
ERRORS = {
    503: "#NUM!",
    519: "#VALUE!",
    521: "#NULL!",
    524: "#REF!",
    525: "#NAME?",
    532: "#DIV/0!",
    32767: "#N/A",
}
Value = float | str | bool

STARTS = 3
SECONDS_PER_START = 35


class RefusalError(Exception):
    """What LibreOffice will not do with a workbook; it goes on with the next."""


def start(folder: str) -> tuple[subprocess.Popen[bytes], Any]:
    """One LibreOffice on a pipe of its own: its process and its desktop."""
    profile = Path(folder, "profile")
    (profile / "user").mkdir(parents=True)
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, name, value in SETTINGS
    )
    (profile / "user" / "registrymodifications.xcu").write_text(
        f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>', "utf-8"
    )
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext(
        "com.sun.star.bridge.UnoUrlResolver", local
    )
    for _ in range(STARTS):
        pipe = "xlperf" + uuid.uuid4().hex
        process = subprocess.Popen(
            [
                "soffice",
                "--headless",
                "--norestore",
                "--nodefault",
                "--nologo",
                "--nolockcheck",
                f"-env:UserInstallation={profile.as_uri()}",
                f"--accept=pipe,name={pipe};urp;",
            ],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
        )
        give_up = time.monotonic() + SECONDS_PER_START
        while process.poll() is None and time.monotonic() < give_up:
            try:
                context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            except NoConnectException:
                time.sleep(0.1)
            else:
                return process, context.ServiceManager.createInstanceWithContext(
                    "com.sun.star.frame.Desktop", context
                )
        process.kill()
        process.wait()
    raise SystemExit(f"LibreOffice did not start in {STARTS} tries")


def properties(**values: object) -> tuple[Any, ...]:
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())


@contextlib.contextmanager
def opened(desktop: Any, name: str, **more: object) -> Iterator[Any]:
    path = Path(name)
    if not path.is_file():
        raise RefusalError("there is no such file")
    # LibreOffice would take an empty file for an empty workbook.
    if not zipfile.is_zipfile(path):
        raise RefusalError("it is no workbook")
    # A named filter keeps LibreOffice from reading a broken workbook as a page of text.
    how = properties(Hidden=True, FilterName=FILTERS[path.suffix], **more)
    book = desktop.loadComponentFromURL(path.as_uri(), "_blank", 0, how)
    if book is None:
        raise RefusalError("LibreOffice cannot open it")
    try:
        yield book
    finally:
        book.close(True)


def save(book: Any, out: str, how: str) -> None:
    book.storeToURL(Path(out).as_uri(), properties(FilterName=how))


def recalculate(desktop: Any, path: str) -> dict[str, dict[str, Value]]:
    with opened(desktop, path) as book:
        book.calculateAll()
        return {sheet.Name: formulas(sheet) for sheet in book.Sheets}


def formulas(sheet: Any) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for area in sheet.queryContentCells(CellFlags.FORMULA).RangeAddresses:
        block = sheet.getCellRangeByPosition(
            area.StartColumn, area.StartRow, area.EndColumn, area.EndRow
        )
        for y, line in enumerate(block.getDataArray()):
            for x, data in enumerate(line):
                address = f"{letters(area.StartColumn + x)}{area.StartRow + y + 1}"
                # Asking every cell is slow: only these may be a truth or an error.
                unsure = data in (None, "", 0, 1)
                values[address] = value_of(block.getCellByPosition(x, y)) if unsure else data
    return values


def letters(column: int) -> str:
    """The name of a column, counted from 0."""
    before, last = divmod(column, 26)
    return (letters(before - 1) if before else "") + chr(ord("A") + last)


def value_of(cell: Any) -> Value:
    if code := cell.getError():
        return ERRORS.get(code, f"Err:{code}")
    shown: str = cell.String
    if cell.FormulaResultType2 == FormulaResult.STRING:
        return shown
    # A truth is a number here; only its look tells.
    number: float = cell.Value
    return {"TRUE": True, "FALSE": False}.get(shown, number)


def print_pdf(desktop: Any, path: str, out: str) -> None:
    with opened(desktop, path) as book:
        book.calculateAll()
        save(book, out, "calc_pdf_Export")


def insert_rows(desktop: Any, path: str, sheet: str, row: int, count: int, out: str) -> None:
    with opened(desktop, path) as book:
        if not book.Sheets.hasByName(sheet):
            raise RefusalError(f"there is no sheet {sheet}")
        grown = book.Sheets.getByName(sheet)
        # A locked sheet takes no rows; official forms are locked without a password.
        locked = grown.isProtected()
        if locked:
            grown.unprotect("")
        grown.Rows.insertByIndex(row - 1, count)
        if locked:
            grown.protect("")
        save(book, out, FILTERS[Path(out).suffix])


def load_save(desktop: Any, path: str, out: str) -> None:
    with opened(desktop, path) as book:
        save(book, out, FILTERS[Path(out).suffix])


def run_macros(desktop: Any, path: str, macros: list[str]) -> dict[str, str]:
    """What the cells of the first sheet show after these macros ("Module.Sub") have run.

    That a macro ran says nothing, as LibreOffice keeps errors of VBA to itself; its cells tell.
    """
    with opened(desktop, path, MacroExecutionMode=MacroExecMode.ALWAYS_EXECUTE_NO_WARN) as book:
        for macro in macros:
            url = f"vnd.sun.star.script:VBAProject.{macro}?language=Basic&location=document"
            book.ScriptProvider.getScript(url).invoke((), (), ())
        sheet = book.Sheets.getByIndex(0)
        cells = sheet.queryContentCells(
            CellFlags.VALUE | CellFlags.STRING | CellFlags.DATETIME | CellFlags.FORMULA
        ).Cells
        return {
            f"{letters(cell.CellAddress.Column)}{cell.CellAddress.Row + 1}": cell.String
            for cell in cells
        }


ACTIONS: dict[str, Callable[..., object]] = {
    action.__name__: action
    for action in (recalculate, print_pdf, insert_rows, load_save, run_macros)
}


def reply(**answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    sys.stdin.readline()
    process, desktop = start(sys.argv[1])
    reply(done=None)
    for line in sys.stdin:
        request = json.loads(line)
        action = ACTIONS[request.pop("action")]
        try:
            reply(done=action(desktop, **request))
        except DisposedException:
            raise
        except (RefusalError, UnoException) as refusal:
            reply(refused=str(refusal) or type(refusal).__name__)
    with contextlib.suppress(UnoException):
        desktop.terminate()
    process.wait()


if __name__ == "__main__":
    main()
