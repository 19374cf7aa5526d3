"""The hard workbook under any name of its form's sheet, and what is compared of its parts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

import pytest
from xlsxwriter.utility import quote_sheetname

from tests.ooxml import hard_workbook as written
from tests.ooxml import office_parts
from tests.ooxml.office_parts import PART, SHEET
from tests.ooxml.test_rows import _content
from xlperf.ooxml.package import Package


@contextmanager
def under_the_name(name: str) -> Iterator[str]:
    """The hard workbook is written with this name for its form's sheet."""
    quoted = quote_sheetname(name)
    with pytest.MonkeyPatch.context() as patch:
        for module in (written, office_parts):
            patch.setattr(module, "SHEET", name)
            patch.setattr(module, "Q", quoted)
        patch.setattr(office_parts, "ESCAPED", quoted)
        yield quoted


def hard(rows: int, name: str = SHEET, *, settled: bool = False) -> Package:
    """The hard workbook; what refers to the form elsewhere in it refers to another sheet."""
    with under_the_name(name) as quoted:
        package = Package.open(written.hard_workbook(rows, settled=settled))
    own = set(hanging(package, PART))
    other = quoted.encode() + b"!", "汇总!".encode()
    changed: dict[str, bytes | None] = {
        part: package.read(part).replace(*other)
        for part in package
        if re.match(r"xl/\w+/.*\.xml$", part) and part not in own
    }
    book = package.read("xl/workbook.xml").decode()
    local = f'name="本表" localSheetId="2">{quoted}'
    assert local in book
    changed["xl/workbook.xml"] = book.replace(local, local.replace(quoted, "汇总")).encode()
    return package.replace(changed)


def hanging(package: Package, part: str) -> list[str]:
    """The part and all that it reads, in an order that clones share."""
    found = [part]
    for place in found:
        links = sorted(package.relationships(place).items())
        targets = (link.target for _, link in links if not link.external)
        found += (target for target in targets if target in package and target not in found)
    return found


def lines(package: Package, part: str) -> str:
    """The content of a part without what has to differ between clones."""
    text = unquote("<".join(_content(package, part)))
    text = re.sub(r" (?:codeName|tabSelected)=\"[^\"]*\"", "", text)
    text = re.sub(r"明细_\d", "明细", text)
    text = re.sub(r"(_x0000_s|shapeId=\")(\d+)", lambda m: m[1] + str(int(m[2]) % 1024), text)
    text = re.sub(r"(idmap [^>]*data=|<table [^>]*?\bid=|cacheId=)\"\d+\"", r"\1", text)
    text = re.sub(r"\{[0-9A-F]{8}-[-0-9A-F]{27}\}", "{}", text)
    return re.sub(r"\d+(?=\.(?:xml|vml|bin)\")", "", text).replace("&gt;", ">")
