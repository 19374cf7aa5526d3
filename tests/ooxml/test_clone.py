"""Clones of a sheet: each as if it had been written under its name, and nothing twice that is one."""

import io
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import openpyxl
import pytest
from lxml import etree
from python_calamine import CalamineWorkbook
from xlsxwriter.utility import quote_sheetname

from tests.ooxml import hard_workbook as written
from tests.ooxml import office_parts
from tests.ooxml.office_parts import FIRST, PART, SHEET
from tests.ooxml.small_workbook import SHEET_PART, small_workbook
from tests.ooxml.test_rows import _content
from tests.oracles import openxml as validator
from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.clone import SheetCloner
from xlperf.ooxml.package import CONTENT_TYPES, Package
from xlperf.ooxml.renaming import rename_sheet
from xlperf.ooxml.rows import RowEdit, resize_rows
from xlperf.ooxml.workbook import NS, RELATIONSHIPS, Workbook

ROWS = 10
NAMES = ("项目 'a' & b", "第二 个", "03_丙 c", "四 <\">")


@contextmanager
def under_the_name(name: str) -> Iterator[None]:
    """The hard workbook is written with this name for its form's sheet."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (written, office_parts):
            patch.setattr(module, "SHEET", name)
            patch.setattr(module, "Q", quote_sheetname(name))
        patch.setattr(office_parts, "ESCAPED", quote_sheetname(name).replace("&", "&amp;"))
        yield


def hard(rows: int, name: str = SHEET, *, settled: bool = False) -> Package:
    """The hard workbook; what elsewhere refers to the form's sheet refers to another one instead."""
    with under_the_name(name):
        package = Package.open(written.hard_workbook(rows, settled=settled))
        quoted = office_parts.Q.encode() + b"!"
        scoped = f'<definedName name="本表" localSheetId="2">{office_parts.ESCAPED}'.encode()
    own = set(hanging(package, PART))
    changed: dict[str, bytes | None] = {
        part: package.read(part).replace(quoted, "汇总!".encode())
        for part in package
        if part.startswith("xl/") and part.endswith(".xml") and part not in own
    }
    book = package.read("xl/workbook.xml")
    changed["xl/workbook.xml"] = book.replace(scoped, scoped.replace(scoped[scoped.rindex(b">") + 1 :], "汇总".encode()))
    return package.replace(changed)
