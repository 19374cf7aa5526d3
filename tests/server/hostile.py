"""Workbooks that were made to do harm. Each is a few kilobytes to send."""

import io
import random
import zipfile
from collections.abc import Callable, Mapping

import xlsxwriter

_SHEET = "xl/worksheets/sheet1.xml"


def _workbook(write: Callable[[xlsxwriter.Workbook], object]) -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        write(book)
    return made.getvalue()


def _with_sheet(change: Callable[[bytes], bytes], data: bytes | None = None) -> bytes:
    """The workbook with another text of its first sheet."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data or _workbook(lambda book: book.add_worksheet()))) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, change(part) if name == _SHEET else part)
    return made.getvalue()


def zip_bomb() -> bytes:
    """A sheet that is a thousand times larger when it is unpacked."""
    return _with_sheet(lambda xml: xml + b" " * (80 << 20))


def entity_bomb() -> bytes:
    """A billion laughs in the sheet."""
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(9))
    doctype = b'<!DOCTYPE worksheet [<!ENTITY l0 "ha">' + laughs + b"]>"
    return _with_sheet(lambda xml: xml.replace(b"?>", b"?>" + doctype, 1).replace(
        b"<sheetData/>", b"<sheetData><row><c t='str'><v>&l9;</v></c></row></sheetData>"
    ))  # fmt: skip


def nested_formula() -> bytes:
    """A formula in more brackets than any parser has stack for."""
    deep = "(" * 60_000 + "1" + ")" * 60_000
    cell = f'<row r="1"><c r="A1"><f>{deep}</f></c></row>'.encode()
    return _with_sheet(
        lambda xml: xml.replace(b"<sheetData/>", b"<sheetData>" + cell + b"</sheetData>")
    )


def nested_functions() -> bytes:
    """Functions within functions, within what Excel allows a formula to be long."""
    deep = "IF(A2," * 1100 + "1" + ")" * 1100
    return _workbook(lambda book: book.add_worksheet().write_formula("A1", "=" + deep))


def nested_elements() -> bytes:
    """Elements within elements without end."""
    deep = b"<x>" * 200_000 + b"</x>" * 200_000
    return _with_sheet(lambda xml: xml.replace(b"</worksheet>", deep + b"</worksheet>"))


def names_in_a_circle() -> bytes:
    """Names that are defined by each other."""

    def write(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet().write_formula("A1", "=first+1")
        book.define_name("first", "=second+1")
        book.define_name("second", "=first+1")

    return _workbook(write)


def names_that_double() -> bytes:
    """Each name adds the one before to itself: a formula of 2**60 terms if it is written out."""

    def write(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet().write_formula("A1", "=doubled.60")
        book.define_name("doubled.0", "=1")
        for number in range(1, 61):
            book.define_name(f"doubled.{number}", "=" + "+".join([f"doubled.{number - 1}"] * 2))

    return _workbook(write)


def cells_in_a_circle() -> bytes:
    """Cells that wait for each other."""

    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for row in range(5000):
            sheet.write_formula(row, 0, f"=A{(row + 1) % 5000 + 1}+1")

    return _workbook(write)


def long_chain() -> bytes:
    """Each cell needs the one below: recursion as deep as the sheet is long."""

    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for row in range(30_000):
            sheet.write_formula(row, 0, f"=A{row + 2}+1")

    return _workbook(write)


def endless_sums() -> bytes:
    """Thousands of sums, of twenty thousand products each: nothing to refuse, minutes of work."""

    def write(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_column("A1", range(20_000))
        for row in range(5000):
            products = f"(A$1:A$20000>A{row + 1})*(A$1:A$20000<>{row})"
            sheet.write_formula(row, 1, f"=SUMPRODUCT({products})")

    return _workbook(write)


def memory_hog() -> bytes:
    """Tables within all limits that need half a gigabyte when they are open."""
    rng = random.Random(5)
    rows = "".join(
        f"<row>{''.join(f'<c><v>{rng.randrange(10**9)}</v></c>' for _ in range(20))}</row>"
        for _ in range(90_000)
    )
    empty = _workbook(lambda book: [book.add_worksheet(name) for name in ("项目", "指标")])
    return _with_sheet(
        lambda xml: xml.replace(b"<sheetData/>", f"<sheetData>{rows}</sheetData>".encode()), empty
    )


HOSTILE: Mapping[str, Callable[[], bytes]] = {
    maker.__name__.replace("_", " "): maker
    for maker in (
        zip_bomb,
        entity_bomb,
        nested_formula,
        nested_functions,
        nested_elements,
        names_in_a_circle,
        names_that_double,
        cells_in_a_circle,
        long_chain,
    )
}
"""Those that a worker answers for; endless sums and the memory hog cost one."""
