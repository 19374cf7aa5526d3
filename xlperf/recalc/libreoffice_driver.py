"""Runs under the Python that has LibreOffice's bridge: one workbook a line in, its values out.

A program of its own, started by `xlperf.recalc.libreoffice`; it imports nothing of xlperf.
"""

import contextlib
import json
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.lang import DisposedException
from com.sun.star.sheet import CellFlags, FormulaResult
from com.sun.star.uno import Exception as UnoException

SETTINGS = (
    # Whatever is cached in a workbook, calculate when loading.
    ("/org.openoffice.Office.Calc/Formula/Load", "OOXMLRecalcMode", "0"),
    # Text in arithmetic is read as Excel reads it, "" is no zero.
    ("/org.openoffice.Office.Calc/Formula/Syntax", "StringConversion", "3"),
    ("/org.openoffice.Office.Calc/Formula/Syntax", "EmptyStringAsZero", "false"),
    # No lock files beside the workbooks, no links to elsewhere followed.
    ("/org.openoffice.Office.Common/Misc", "UseLocking", "false"),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "1"),
    # Dates and numbers as in China.
    ("/org.openoffice.Setup/L10N", "ooSetupSystemLocale", "zh-CN"),
)
FILTERS = {".xlsx": "Calc MS Excel 2007 XML", ".xlsm": "Calc MS Excel 2007 VBA XML"}
ERRORS = {
    503: "#NUM!",
    519: "#VALUE!",
    521: "#NULL!",
    524: "#REF!",
    532: "#DIV/0!",
    32767: "#N/A",
}
STARTS, SECONDS_PER_START = 3, 35
NEVER = 0  # of macros that may run, and of links that may be updated


def start(folder: str) -> tuple["subprocess.Popen[bytes]", Any]:
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
        command = ["soffice", "--headless", "--norestore", "--nodefault", "--nologo"]
        command += ["--nolockcheck", f"-env:UserInstallation={profile.as_uri()}"]
        command += [f"--accept=pipe,name={pipe};urp;"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
        give_up = time.monotonic() + SECONDS_PER_START
        while process.poll() is None and time.monotonic() < give_up:
            try:
                context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            except NoConnectException:
                time.sleep(0.05)
            else:
                return process, context.ServiceManager.createInstanceWithContext(
                    "com.sun.star.frame.Desktop", context
                )
        process.kill()
        process.wait()
    raise SystemExit(f"LibreOffice did not start in {STARTS} tries")


def calculate(desktop: Any, name: str) -> list[list[Any]]:
    """Sheet, first row and column (counted from 0) and the lines of each area of formulas."""
    path = Path(name)
    wanted = {
        "Hidden": True,
        "FilterName": FILTERS[path.suffix],
        "MacroExecutionMode": NEVER,
        "UpdateDocMode": NEVER,
    }
    how = tuple(PropertyValue(Name=key, Value=value) for key, value in wanted.items())
    book = desktop.loadComponentFromURL(path.as_uri(), "_blank", 0, how)
    if book is None:
        raise UnoException("LibreOffice cannot open it", None)
    try:
        book.IsIterationEnabled = False  # it ends elsewhere than Excel: circles are to show
        book.calculateAll()
        areas = []
        for index, sheet in enumerate(book.Sheets):
            found = sheet.queryContentCells(CellFlags.FORMULA).RangeAddresses
            areas += [[index, a.StartRow, a.StartColumn, lines(sheet, a)] for a in found]
        return areas
    finally:
        book.close(True)


def lines(sheet: Any, area: Any) -> list[list[Any]]:
    block = sheet.getCellRangeByPosition(
        area.StartColumn, area.StartRow, area.EndColumn, area.EndRow
    )
    data = block.getDataArray()
    # Asking every cell is slow: only these may be a truth or an error.
    unsure = [
        (y, x)
        for y, line in enumerate(data)
        for x, value in enumerate(line)
        if value in (None, "", 0, 1)
    ]
    values = [list(line) for line in data]
    for y, x in unsure:
        values[y][x] = value_of(block.getCellByPosition(x, y))
    return values


def value_of(cell: Any) -> Any:
    if code := cell.getError():
        return {"error": ERRORS.get(code, f"Err:{code}")}
    if cell.FormulaResultType2 == FormulaResult.STRING:
        return cell.String
    # A truth is a number here; only its look tells.
    return {"TRUE": True, "FALSE": False}.get(cell.String, cell.Value)


def reply(**answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    process, desktop = start(sys.argv[1])
    reply(done=None)
    for line in sys.stdin:
        try:
            reply(done=calculate(desktop, json.loads(line)))
        except DisposedException:
            raise
        except UnoException as refusal:
            reply(refused=str(refusal) or type(refusal).__name__)
    with contextlib.suppress(UnoException):
        desktop.terminate()
    process.wait()


if __name__ == "__main__":
    main()
