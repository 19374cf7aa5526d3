"""A workbook with everything that a form may carry, around a table of as many rows as asked for.

Built twice, with 10 rows and with 19, it shows what growing from 10 to 19 has to give: XlsxWriter
and the texts below know nothing of inserting rows. Where a reference stands in the table's rows, it
is written as it would be with any number of them.
"""

import io
import struct
import zipfile
import zlib
from datetime import datetime

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from tests.ooxml.office_parts import (
    FIRST,
    PATCHES,
    SHEET,
    Parts,
    Q,
    chain_calculation,
    share_formulas,
)


def hard_workbook(rows: int, *, settled: bool = False, simple: bool = False) -> bytes:
    """The workbook with a table of `rows` rows from row 15 on.

    `settled`: as it is after an edit, without a chain of calculation and shared formulas.
    `simple`: without what a table of one row cannot tell when it grows.
    """
    parts = _parts(_written(rows, simple=simple))
    for patch in PATCHES:
        patch(parts, FIRST + rows - 1)
    if not settled:
        share_formulas(parts, FIRST + rows - 1)
        chain_calculation(parts)
    return _zipped(parts)


def _parts(data: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            name: archive.read(name).decode()
            if name.endswith((".xml", ".rels", ".vml"))
            else archive.read(name)
            for name in archive.namelist()
        }


def _zipped(parts: Parts) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


# --- What XlsxWriter can write ---------------------------------------------------------------


def _written(rows: int, *, simple: bool) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    book.set_properties({"created": datetime(2025, 1, 1)})
    notes = book.add_worksheet("说明")
    form = book.add_worksheet(SHEET)
    summary = book.add_worksheet("汇总")
    book.add_worksheet("Third")
    last = FIRST + rows - 1
    _write_names(book, last)
    _write_table(book, form, last, simple=simple)
    _write_rules(book, form, last)
    _write_objects(book, form, last)
    _write_page(form, last)
    for sheet in (notes, summary):
        _write_references(sheet, last)
    summary.conditional_format(
        "A1:A5", {"type": "formula", "criteria": f"=A1>{Q}!$G${last + 1}", "format": None}
    )
    summary.data_validation(
        "B1", {"validate": "list", "source": f"={Q}!$C${FIRST}:$C${last}", "ignore_blank": False}
    )
    chart = book.add_chartsheet("图表")
    chart.set_chart(_chart(book, last))
    book.add_vba_project(io.BytesIO(b"\xd0\xcf\x11\xe0 no real project"), True)
    book.set_vba_name("ThisWorkbook")
    book.close()
    return data.getvalue()


def _write_names(book: Workbook, last: int) -> None:
    for name, text in {
        "xp.指标.三级指标": f"{Q}!$C${FIRST}:$C${last}",
        "xp.指标.得分": f"{Q}!$G${FIRST}:$G${last}",
        "xp.总分": f"{Q}!$G${last + 1}",
        "xp.项目名称": f"{Q}!$B$3:$E$3",
        "首行": f"{Q}!$B$3",
        "合计": f"SUM({Q}!$G${FIRST}:$G${last})*2",
        "上一行": f"{Q}!B1048576",
        "两处": f"{Q}!$B$3:$C$5,{Q}!$G${last + 1}:$G${last + 3}",
        "整行": f"{Q}!${last + 1}:${last + 2}",
        "常数": '"A15!B16"',
        "汇总!本表": f"{Q}!$H${last + 2}+汇总!$H$26",
    }.items():
        book.define_name(name, "=" + text)


def _write_table(book: Workbook, form: Worksheet, last: int, *, simple: bool) -> None:
    locked, open_cell = book.add_format({"border": 1}), book.add_format({"locked": False})
    form.write_row(FIRST - 2, 1, ["级", "名", None, "", "分", "得", "比", "累", "占", 0])
    form.set_row(FIRST - 2, 30)
    form.merge_range(FIRST - 2, 0, last - 1, 0, "绩效指标", locked)
    whole = f"$G${FIRST}:$G${last}"
    for row in range(FIRST, last + 1):
        form.set_row(row - 1, 24.75)
        for column in "BEFG":
            form.write_blank(f"{column}{row}", None, open_cell)
        form.merge_range(f"C{row}:D{row}", "", open_cell)
        formulas = {
            "H": f'IF(G{row}="","",ROUND(G{row}*MIN(1,F{row}/E{row}),2))',
            "I": f"SUM(G${FIRST}:G{row})",
            "J": f"G{row}/SUM({whole})+RANK(G{row},{whole})",
            "K": f"K{row - 1}+1",
            "N": f"SUMIF($B${FIRST}:$B${last},B{row},{whole})/'汇总'!B{row}",
            "P": f"F{row}*2+$E{row}+LOG10(B$3)",
        }
        if not simple:
            formulas["L"] = f"G{row}/G{last + 1}"
        for column, text in formulas.items():
            form.write_formula(f"{column}{row}", "=" + text, locked)
        form.write_array_formula(f"M{row}:M{row}", f"{{=SUM(E{row}:F{row}*2)}}", locked)
    if not simple:
        form.write_array_formula(f"Q{FIRST}:Q{last}", f"{{=E{FIRST}:E{last}*2}}", locked)
    form.add_table(
        f"R{FIRST - 1}:T{last}",
        {
            "name": "明细",
            "columns": [
                {"header": "a"},
                {"header": "A15"},
                {"header": "c", "formula": f"=[@a]*[@A15]+G${last + 1}"},
            ],
        },
    )
    form.autofilter(f"B{FIRST - 1}:J{last}")
    total = last + 1
    form.write_formula(f"G{total}", f"=SUM(G{FIRST}:G{last})", locked)
    form.write_formula(f"H{total}", f"=ROUND(SUM(H{FIRST}:H{last})+G{total}*2,2)", locked)
    form.write_formula(
        f"I{total}",
        f"=COUNTIF({Q}!$B${FIRST}:$B${last},$B{last + 2})+SUM({last + 2}:{last + 3},A:B)",
    )
    form.write_dynamic_array_formula(f"J{total}", f"=SORT(G{FIRST}:G{last})")
    form.write_formula(f"K{total}", '="B15"&INDIRECT("B15")&明细[[#Totals],[a]]&G$3&首行')
    form.write_formula(f"B{last + 2}", f"=HYPERLINK(B{total},\"'B15'\")&'it''s'!B25")
    form.merge_range(f"B{last + 3}:E{last + 4}", "below", locked)
    form.merge_range(f"F{last + 3}:F{last + 4}", "below", locked)
    form.write("B3", "名称")
    form.write_formula("G3", f"=G{total}+SUM(G$1:G2)" + ("" if simple else f"+G{last}"))


def _write_rules(book: Workbook, form: Worksheet, last: int) -> None:
    red = book.add_format({"bg_color": "#FF0000"})
    column = f"G{FIRST}:G{last}"
    form.conditional_format(
        column,
        {"type": "formula", "criteria": f"=$G{FIRST}<AVERAGE($G${FIRST}:$G${last})", "format": red},
    )
    form.conditional_format(
        f"B{FIRST}:B{last}",
        {
            "type": "formula",
            "criteria": f"=$B{FIRST}=$B{FIRST - 1}",
            "multi_range": f"B{FIRST}:B{last} E{FIRST}:F{last}",
            "format": red,
        },
    )
    form.conditional_format(
        f"B{last + 5}:D{last + 6}",
        {"type": "cell", "criteria": ">", "value": f"$G${last + 1}", "format": red},
    )
    form.conditional_format(
        f"H{FIRST}:H{last}",
        {
            "type": "data_bar",
            "data_bar_2010": True,
            "max_type": "formula",
            "max_value": f"=$G${last + 1}",
        },
    )
    form.conditional_format(
        f"I{FIRST}:I{last + 1}",
        {
            "type": "icon_set",
            "icon_style": "3_traffic_lights",
            "icons": [{"criteria": ">=", "type": "formula", "value": f"=$H${last + 1}"}],
        },
    )
    form.data_validation(
        f"B{FIRST}:B{last}", {"validate": "list", "source": ["产出指标", "效益指标"]}
    )
    form.data_validation(
        f"F{FIRST}:F{last}",
        {
            "validate": "decimal",
            "criteria": "between",
            "minimum": f"=$E{FIRST}",
            "maximum": f"=$G${last + 1}",
        },
    )
    form.data_validation(f"E{last + 2}", {"validate": "list", "source": f"=$C${FIRST}:$C${last}"})
    form.add_sparkline(
        0,
        0,
        {
            "location": [f"U{row}" for row in range(FIRST, last + 1)],
            "range": [f"{Q}!E{row}:G{row}" for row in range(FIRST, last + 1)],
        },
    )
    form.add_sparkline(last + 1, 20, {"range": f"{Q}!G{FIRST}:G{last}"})
    form.protect("", {"insert_rows": True})
    form.unprotect_range(f"B{FIRST}:G{last}", "input")
    form.unprotect_range(f"B{last + 2}", "below")
    form.ignore_errors(
        {"number_stored_as_text": f"B{FIRST}:C{last} G{last + 1}", "eval_error": f"J{last + 1}"}
    )


def _write_objects(book: Workbook, form: Worksheet, last: int) -> None:
    options = {"description": "logo", "decorative": False}
    form.insert_image("B1", "logo.png", {**options, "image_data": io.BytesIO(_png(1))})
    form.insert_image(
        f"C{last + 3}",
        "seal.png",
        {"image_data": io.BytesIO(_png(2)), "url": f"internal:{Q}!G{last + 1}"},
    )
    form.insert_image(
        f"F{last + 5}", "one.png", {"image_data": io.BytesIO(_png(3)), "object_position": 1}
    )
    form.insert_chart(f"B{last + 8}", _chart(book, last))
    form.insert_textbox(f"H{last + 8}", "文本", {"textlink": f"={Q}!$G${last + 1}"})
    form.insert_button(f"H{last + 4}", {"macro": "Fill", "caption": "填报"})
    form.insert_checkbox(f"V{last + 1}", False)
    form.write_comment("B3", "top", {"author": "甲"})
    form.write_comment(f"C{FIRST}", "first row", {"author": "甲"})
    form.write_comment(f"G{last + 1}", "total", {"author": "甲", "visible": True})
    form.write_url(f"B{last + 6}", f"internal:{Q}!G{last + 1}", string="total")
    form.write_url(f"B{last + 7}", "https://example.org/#A15", string="outside")
    form.set_background(io.BytesIO(_png(4)))


def _chart(book: Workbook, last: int) -> xlsxwriter.chart.Chart:
    chart = book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": f"={Q}!$G${last + 1}",
            "categories": f"={Q}!$C${FIRST}:$C${last}",
            "values": f"={Q}!$G${FIRST}:$G${last}",
            "data_labels": {"value": True, "custom": [{"value": f"={Q}!$H${last + 1}"}]},
            "y_error_bars": {"type": "custom", "plus_values": f"={Q}!$H${FIRST}:$H${last}"},
        }
    )
    chart.set_title({"name": f"={Q}!$B$3"})
    return chart


def _write_page(form: Worksheet, last: int) -> None:
    form.freeze_panes(FIRST - 1, 2)
    form.set_selection(f"B{last + 1}:C{last + 2}")
    form.print_area(f"A1:K{last + 7}")
    form.repeat_rows(FIRST - 2)
    form.repeat_columns("A:B")
    form.set_h_pagebreaks([2, FIRST - 1, last, last + 5])
    form.set_v_pagebreaks([11])
    form.set_header("&C&G", {"image_center": "head.png", "image_data_center": io.BytesIO(_png(5))})


def _write_references(sheet: Worksheet, last: int) -> None:
    texts = [
        f"SUM({Q}!G{FIRST}:G{last})",
        f"SUM({Q}!G{FIRST}:{Q}!G{last})",
        f"{Q}!G{last + 1}+G25+$G$24",
        f"SUM({Q}!A:B,{Q}!{last + 1}:{last + 2},{Q}!B1:B1048576)",
        f"'[1]{Q[1:-1]}'!G25",
        "SUM('汇总:Third'!B15:B24)",
        f'SUM({Q}!B1:B3 {Q}!A2:C5)&"{Q}!B20"',
        f"VLOOKUP(1,{Q}!$B$1:$K${last + 9},2,FALSE)",
    ]
    for row, text in enumerate(texts):
        sheet.write_formula(row, 3, "=" + text)
    sheet.write_url("F1", f"internal:{Q}!A{last + 3}", string="below")
    sheet.add_sparkline("H1", {"range": f"{Q}!G{FIRST}:G{last}"})


def _png(shade: int) -> bytes:
    """A picture of one grey pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        )

    header = struct.pack(">2L5B", 64, 64, 8, 0, 0, 0, 0)
    lines = (b"\0" + bytes([shade]) * 64) * 64
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )
