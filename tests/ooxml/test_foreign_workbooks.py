"""Forms that other programs wrote grow and shrink into what these write themselves."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from lxml import etree

from tests.ooxml.foreign_workbooks import FIRST, SHEET, WRITERS
from tests.ooxml.test_rows import _content
from tests.oracles import openxml as validator
from tests.template.forms import record
from xlperf.ooxml.package import CONTENT_TYPES, Package
from xlperf.ooxml.rows import RowEdit, resize_rows
from xlperf.ooxml.workbook import Workbook
from xlperf.template import Template

RESIZES = [(10, 11), (10, 19), (10, 210), (10, 3), (2, 11)]


@pytest.mark.parametrize(("rows", "count"), RESIZES)
@pytest.mark.parametrize("program", WRITERS)
def test_reads_as_if_the_program_had_written_these_rows(
    program: str, rows: int, count: int
) -> None:
    write = WRITERS[program]
    package, expected = Package.open(write(rows)), Package.open(write(count))
    part = next(s.part for s in Workbook.open(package).sheets if s.name == SHEET)
    resized = resize_rows(package, part, RowEdit(FIRST, FIRST + rows - 1, count))
    assert list(resized) == list(expected)
    for name in expected:
        if not name.startswith("docProps/"):  # one has the time in it
            assert _lines(resized, name) == _lines(expected, name), name


def _lines(package: Package, part: str) -> list[str]:
    """The lines of a part, without what is the same however it is written."""
    text = re.sub(' t="(?:str|n)"', "", "<".join(_content(package, part)))
    text = re.sub(r'(?<=<autoFilter ref=")[^"]*', lambda found: found[0].replace("$", ""), text)
    lines = re.sub(r"<f( [^>]*)?/>", r"<f\1></f>", text).split("<")
    return sorted(lines) if part == CONTENT_TYPES else lines


def test_the_validator_finds_nothing_new(
    openxml: Callable[[Iterable[Path]], dict[Path, list[validator.Error]]], tmp_path: Path
) -> None:
    labels = ("一级指标", "三级指标", "分值", "得分")
    rows = [["产出指标", f"名称{row}", "10", "9.5"] for row in range(19)]
    before, after = {}, {}
    for program, write in WRITERS.items():
        template = Template(write(10))
        before[program], after[program] = (tmp_path / f"{program}{n}.xlsx" for n in (10, 19))
        before[program].write_bytes(template.data)
        after[program].write_bytes(template.fill(record({"项目名称": "甲"}, rows, labels)))
    errors = openxml([*before.values(), *after.values()])
    for program in WRITERS:
        known = {error.description for error in errors[before[program]]}
        assert [e for e in errors[after[program]] if e.description not in known] == []


def test_a_comment_in_a_part_is_nothing_to_it() -> None:
    package = Package.open(WRITERS["rules"](3))
    parts: dict[str, bytes | None] = {}
    for part in (name for name in package if name.endswith((".xml", ".rels"))):
        root = package.xml(part)
        root.insert(0, etree.Comment("A8"))
        root.append(etree.ProcessingInstruction("office", "A8"))
        parts[part] = etree.tostring(root)
    sheet = "xl/worksheets/sheet2.xml"
    plain, commented = (
        resize_rows(p, sheet, RowEdit(FIRST, FIRST + 2, 9))
        for p in (package, package.replace(parts))
    )
    for part in plain:
        assert _content(commented, part) == _content(plain, part), part
