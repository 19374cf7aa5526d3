"""Workbooks as offices make them, each written with any number of table rows.

What a workbook has to be after its table has grown or shrunk is the workbook that is written with
that many rows from the start. Here are features that the one hard workbook does not combine: each
function writes one kind of workbook, its table in rows FIRST and below.
"""

import io
from collections.abc import Callable
from datetime import datetime

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from tests.ooxml.hard_workbook import _png

FIRST = 6

Writer = Callable[[Workbook, Worksheet, int], None]


def _q(form: Worksheet) -> str:
    return f"'{form.get_name()}'"


def _body(form: Worksheet, last: int, columns: str = "BCDE") -> None:
    """Blank rows to fill, with what every row has."""
    form.write_row(FIRST - 2, 1, ["指标", "目标", "完成", "得分"])
    for row in range(FIRST, last + 1):
        form.set_row(row - 1, 21)
        for column in columns:
            form.write_blank(f"{column}{row}", None, _open(form))


def _open(form: Worksheet) -> object:
    return form.cell_look


def charts(book: Workbook, form: Worksheet, last: int) -> None:
    """Charts of many kinds over the table, on the sheet and elsewhere."""
    _body(form, last)
    q = _q(form)
    other = book.add_worksheet("图")
    scatter = book.add_chart({"type": "scatter", "subtype": "smooth"})
    scatter.add_series(
        {
            "name": [form.get_name(), FIRST - 2, 3],
            "categories": f"={q}!$C${FIRST}:$C${last}",
            "values": f"={q}!$D${FIRST}:$D${last}",
            "trendline": {"type": "linear", "name": "趋势"},
            "y_error_bars": {
                "type": "custom",
                "plus_values": f"={q}!$E${FIRST}:$E${last}",
                "minus_values": f"={q}!$E${FIRST}:$E${last}",
            },
        }
    )
    column = book.add_chart({"type": "column"})
    column.add_series(
        {
            "categories": f"={q}!$B${FIRST}:$C${last}",
            "values": f"={q}!$E${FIRST}:$E${last}",
            "data_labels": {"custom": [{"value": f"={q}!$E${last + 1}"}, {"delete": True}]},
        }
    )
    line = book.add_chart({"type": "line"})
    line.add_series({"values": f"={q}!$D${FIRST}:$D${last}", "y2_axis": True})
    line.add_series({"values": f"=({q}!$D${FIRST}:$D${last},{q}!$E${last + 2}:$E${last + 3})"})
    column.combine(line)
    column.set_title({"name": f"={q}!$B$2"})
    column.set_x_axis({"name": f"={q}!$B${FIRST - 1}"})
    column.set_y_axis({"name": f"={q}!$B${last + 2}"})
    form.insert_chart(f"B{last + 4}", scatter)
    other.insert_chart("B2", column)
    for kind in ("pie", "radar", "doughnut"):
        chart = book.add_chart({"type": kind})
        chart.add_series({"values": f"={q}!$E${FIRST}:$E${last}"})
        form.insert_chart(f"H{last + 4}", chart, {"object_position": 2})


def tables(book: Workbook, form: Worksheet, last: int) -> None:
    """The table is an Excel table with a row of totals; others stand beside and below it."""
    q = _q(form)
    form.add_table(
        f"B{FIRST - 1}:E{last + 1}",
        {
            "name": "指标表",
            "total_row": True,
            "style": "Table Style Light 11",
            "columns": [
                {"header": "指标", "total_string": "合计"},
                {"header": "目标 (A)"},
                {"header": "完成", "total_function": "sum"},
                {"header": "得分", "formula": f"=[@完成]/[@[目标 (A)]]*$E${last + 3}"},
            ],
        },
    )
    form.add_table(f"G{last + 4}:H{last + 6}", {"name": "下表", "header_row": True})
    form.add_table(f"J2:K{last + 8}", {"name": "旁表"})
    form.write_formula(f"E{last + 3}", "=SUM(指标表[完成])/COUNT(指标表[[#All],[完成]])")
    sheet = book.add_worksheet("汇总")
    sheet.write_formula("A1", f"=SUM(指标表[得分])+{q}!E{last + 1}+SUM(下表[Column1])")


def outline(book: Workbook, form: Worksheet, last: int) -> None:
    """Groups of rows, hidden rows, panes and a filter that is at work."""
    _body(form, last)
    for row in (1, 2, last + 2, last + 3):
        form.set_row(row, 18, None, {"level": 2, "hidden": True})
    form.set_row(last + 4, 18, None, {"level": 1, "collapsed": True})
    form.set_column("C:D", 12, None, {"level": 1, "hidden": True})
    form.set_column("E:E", 12, None, {"collapsed": True})
    form.outline_settings(True, False, True, False)
    form.autofilter(f"B{FIRST - 1}:E{last}")
    form.filter_column("C", "x > 2000")
    form.freeze_panes(FIRST - 1, 0, last, 0)
    form.set_selection(f"C{last + 2}:D{last + 3}")


def rules(book: Workbook, form: Worksheet, last: int) -> None:
    """Conditional formats of every kind, over, across, above and below the table."""
    _body(form, last)
    red = book.add_format({"bg_color": "#FFC7CE"})
    column, wide = f"E{FIRST}:E{last}", f"B{FIRST}:E{last}"
    for options in (
        {"type": "duplicate"},
        {"type": "top", "value": 10, "criteria": "%"},
        {"type": "average", "criteria": "below"},
        {"type": "text", "criteria": "containing", "value": "率"},
        {"type": "blanks"},
        {"type": "no_errors"},
        {"type": "cell", "criteria": "between", "minimum": f"=$C{FIRST}", "maximum": "=$E$2"},
        {"type": "formula", "criteria": f"=AND($B{FIRST}<>$B{FIRST - 1},ROW()>1)"},
        {"type": "formula", "criteria": f"=COUNTIF($B${FIRST}:$B{FIRST},$B{FIRST})>1"},
        {"type": "formula", "criteria": f"=SUM($E${FIRST}:$E${last})>$E${last + 1}"},
    ):
        form.conditional_format(wide, {**options, "format": red})
    form.conditional_format(column, {"type": "time_period", "criteria": "today", "format": red})
    form.conditional_format(
        column,
        {"type": "3_color_scale", "mid_type": "formula", "mid_value": f"=$E${last + 1}/2"},
    )
    form.conditional_format(column, {"type": "data_bar", "bar_solid": True, "data_bar_2010": True})
    form.conditional_format(
        f"B{FIRST - 1}:B{last + 1}",
        {"type": "formula", "criteria": f"=B{FIRST - 1}=0", "format": red, "stop_if_true": True},
    )
    form.conditional_format(f"B{last + 2}:C{last + 3}", {"type": "unique", "format": red})


def choices(book: Workbook, form: Worksheet, last: int) -> None:
    """Validations with lists on another sheet, by name, and by what was chosen beside."""
    _body(form, last)
    lists = book.add_worksheet("选项")
    lists.write_column("A1", ["产出指标", "效益指标", "满意度指标"])
    lists.hide()
    q = _q(form)
    book.define_name("一级", "=选项!$A$1:$A$3")
    book.define_name("本表指标", f"={q}!$B${FIRST}:$B${last}")
    book.define_name("末行", f"={q}!$B${last}:$E${last + 1}")
    cells = f"B{FIRST}:B{last}"
    form.data_validation(cells, {"validate": "list", "source": "=选项!$A$1:$A$3"})
    form.data_validation(
        f"C{FIRST}:C{last}", {"validate": "list", "source": f"=INDIRECT($B{FIRST})"}
    )
    form.data_validation(
        f"D{FIRST}:D{last}",
        {
            "validate": "custom",
            "value": f"=AND(ISNUMBER(D{FIRST}),SUM($D${FIRST}:$D${last})<=$D${last + 1})",
            "input_title": "权重",
            "error_message": "合计不得超过 100",
        },
    )
    form.data_validation(
        f"E{FIRST}:E{last}",
        {
            "validate": "decimal",
            "criteria": "between",
            "minimum": 0,
            "maximum": f"=$D{FIRST}",
            "other_cells": [[last + 1, 4, last + 2, 4]],
        },
    )
    form.data_validation(f"B{last + 2}", {"validate": "list", "source": "=本表指标"})
    lists.data_validation("C1", {"validate": "list", "source": f"={q}!$B${FIRST}:$B${last}"})
    lists.data_validation("C2", {"validate": "list", "source": f"=OFFSET({q}!$B${last + 1},0,0,2)"})


def names(book: Workbook, form: Worksheet, last: int) -> None:
    """Names that are formulas: LET, LAMBDA, relative, three-dimensional, hidden."""
    _body(form, last)
    q = _q(form)
    book.add_worksheet("末")
    for name, text in {
        "得分率": f"LAMBDA(x,x/SUM({q}!$E${FIRST}:$E${last}))",
        "总计": f"_xlfn.LET(_xlpm.t,SUM({q}!$E${FIRST}:$E${last}),_xlpm.t+{q}!$E${last + 1})",
        "动态": f"OFFSET({q}!$B${FIRST},0,0,COUNTA({q}!$B${FIRST}:$B${last}),1)",
        "索引": f"{q}!$B${FIRST}:INDEX({q}!$B${FIRST}:$B${last},ROWS({q}!$B${FIRST}:$B${last}))",
        "跨表": f"SUM('{form.get_name()}:末'!$A$1:$A$3)",
        "文字": f'"{q}!$B${FIRST}"&{q}!$B${last + 1}',
        "交集": f"{q}!$B${FIRST}:$E${last} {q}!$E:$E",
        f"{form.get_name()}!局部": f"{q}!$E${last + 1}",
        "末!另一局部": f"{q}!$E$2",
    }.items():
        sheet, _, name = name.rpartition("!")
        book.define_name(f"'{sheet}'!{name}" if sheet else name, "=" + text)
    form.print_area(0, 0, last + 6, 6)
    form.repeat_rows(FIRST - 3, FIRST - 2)
    form.write_formula(f"E{last + 1}", f"=总计+SUM(E{FIRST}:E{last})")


def formulas(book: Workbook, form: Worksheet, last: int) -> None:
    """Array formulas, spills, and totals of every way to write them."""
    _body(form, last)
    q = _q(form)
    for row in range(FIRST, last + 1):
        form.write_formula(f"F{row}", f"=IFERROR(E{row}/$D${last + 1},0)")
        form.write_formula(f"G{row}", f"=ROW()-{FIRST - 1}+SUM($E${FIRST}:E{row})")
        form.write_array_formula(f"H{row}:I{row}", f"{{=D{row}:E{row}*2}}")
    total = last + 1
    for column, text in {
        "B": f'COUNTA(B{FIRST}:B{last})&"项"',
        "C": f"SUMPRODUCT(C{FIRST}:C{last},E{FIRST}:E{last})/SUM(E{FIRST}:E{last})",
        "D": f"SUBTOTAL(9,D{FIRST}:D{last})",
        "E": f"SUM(E{FIRST}:E{last},E{last + 4})-SUM(E$2:E$3)",
        "F": f"AGGREGATE(9,6,F{FIRST}:F{last})",
        "G": f"INDEX(B{FIRST}:E{last},ROWS(B{FIRST}:B{last}),4)",
        "H": f'SUMIFS({q}!E{FIRST}:E{last},{q}!B{FIRST}:B{last},">"&B{last + 3})',
        "I": f"IF(MAX(E{FIRST}:E{last})>E{last + 2},E{last + 2},MIN(E{FIRST}:E{last}))",
    }.items():
        form.write_formula(f"{column}{total}", "=" + text)
    form.write_array_formula(f"K{FIRST}:K{last}", f"{{=TRANSPOSE(TRANSPOSE(E{FIRST}:E{last}))}}")
    form.write_dynamic_array_formula(
        f"B{last + 3}", f"=UNIQUE(FILTER(B{FIRST}:B{last},E{FIRST}:E{last}>0))"
    )
    form.write_formula(f"C{last + 3}", f"=COUNTA(_xlfn.ANCHORARRAY(B{last + 3}))")
    form.write_formula(f"D{last + 3}", f"=_xlfn.SINGLE(E{FIRST}:E{last})")
    sheet = book.add_worksheet("汇总")
    sheet.write_array_formula("A1:A3", f"{{=LARGE({q}!E{FIRST}:E{last},{{1;2;3}})}}")
    whole = f"{q}!$B${FIRST - 1}:$E${last + 1}"
    sheet.write_formula("B1", f'=HLOOKUP("得分",{whole},ROWS({whole}),0)')


def pictures(book: Workbook, form: Worksheet, last: int) -> None:
    """Pictures, text boxes, controls and notes above, across and below the table."""
    _body(form, last)
    q = _q(form)
    for number, (cell, position) in enumerate(
        [("G1", 1), (f"G{last + 2}", 1), (f"H{last + 2}", 2), ("J2", 3)]
    ):
        data = io.BytesIO(_png(number + 1))
        form.insert_image(cell, f"{number}.png", {"image_data": data, "object_position": position})
    form.embed_image(f"K{last + 3}", "cell.png", {"image_data": io.BytesIO(_png(9))})
    form.insert_textbox(f"B{last + 6}", "公章", {"object_position": 1})
    form.insert_textbox(
        f"E{last + 6}", "", {"textlink": f"={q}!$E${last + 1}", "url": f"internal:{q}!B{last + 2}"}
    )
    form.insert_button(f"B{last + 10}", {"caption": "审核"})
    form.insert_checkbox(f"C{last + 2}", True)
    form.write_comment(f"B{last + 2}", "填表说明", {"x_scale": 2, "visible": True})
    form.write_comment("B2", "表头")
    form.write_url(f"B{last + 3}", f"internal:{q}!B{FIRST}", string="回到表头")
    form.write_url(f"C{last + 3}", "external:附件.xlsx#'表 1'!B9", string="附件")
    form.set_h_pagebreaks([FIRST - 2, last, last + 4])


def locked(book: Workbook, form: Worksheet, last: int) -> None:
    """A protected sheet with ranges to fill, ignored errors, sparklines, links."""
    _body(form, last)
    q = _q(form)
    form.protect("secret", {"format_cells": True, "select_locked_cells": False})
    form.unprotect_range(f"B{FIRST}:E{last}", "填报", "pw")
    form.unprotect_range(f"B2:C3 B{last + 2}:C{last + 3}", "其他")
    form.ignore_errors(
        {
            "number_stored_as_text": f"B{FIRST}:E{last}",
            "formula_differs": f"F{FIRST}:F{last} F{last + 2}",
        }
    )
    form.add_sparkline(
        f"G{last + 1}",
        {"range": f"{q}!E{FIRST}:E{last}", "type": "column", "date_axis": f"{q}!C{FIRST}:C{last}"},
    )
    form.add_sparkline(
        f"H{last + 2}", {"location": f"H{last + 2}", "range": f"{q}!B{last + 1}:E{last + 1}"}
    )
    form.write_formula(f"F{last + 1}", f"=SUM(E{FIRST}:E{last})")
    form.set_landscape()
    form.set_v_pagebreaks([5])
    form.print_area(f"A1:H{last + 4}")
    form.fit_to_pages(1, 0)


def merged(book: Workbook, form: Worksheet, last: int) -> None:
    """Merged areas in the rows, across them, and around the table."""
    look = _open(form)
    form.merge_range(FIRST - 2, 0, last, 0, "指标", look)
    form.merge_range(f"G2:G{last + 3}", "说明", look)
    form.merge_range(f"H{FIRST - 1}:H{last}", "合并", look)
    form.merge_range(f"A{last + 2}:F{last + 3}", "附注", look)
    form.merge_range("B2:F3", "标题", look)
    for row in range(FIRST, last + 1):
        form.merge_range(f"B{row}:C{row}", "", look)
        form.merge_range(f"D{row}:F{row}", "", look)
    form.write_formula(f"D{last + 1}", f"=SUM(D{FIRST}:F{last})")


def linked(book: Workbook, form: Worksheet, last: int) -> None:
    """Other sheets that refer to the form: by links, charts, formats, validations and formulas."""
    _body(form, last)
    q = _q(form)
    cover, report = book.add_worksheet("it's"), book.add_worksheet("2025")
    cover.write_url("A1", f"internal:{q}!B{last + 2}", string="合计")
    cover.write_formula("A2", f'=IF({q}!E{last + 1}>=90,"优",{q}!B{FIRST}&{q}!$B${last})')
    cover.write_formula("A3", f"=SUM({q}!E{FIRST}:E{last},'2025'!E6:E15)")
    cover.write_formula("A5", f'=COUNTIF({q}!{FIRST}:{last},">0")+SUM({q}!E:E)')
    cover.write_array_formula("B1:B2", f"{{={q}!E{last + 1}:E{last + 2}}}")
    cover.insert_textbox("D1", "", {"textlink": f"={q}!$E${last + 1}"})
    cover.add_sparkline("C1", {"range": f"{q}!E{FIRST}:E{last}"})
    report.add_table("A1:B3", {"columns": [{"header": "a"}, {"header": "b"}]})
    report.write_formula("B2", f"={q}!E{last + 1}")
    report.conditional_format(
        "A1:A9", {"type": "formula", "criteria": f"=A1>{q}!$E${last + 1}", "format": None}
    )
    report.data_validation("C1", {"validate": "list", "source": f"={q}!$B${FIRST}:$B${last}"})
    report.set_h_pagebreaks([12])
    form.write_formula(f"E{last + 1}", f"=SUM(E{FIRST}:E{last})+'2025'!E16")


def below(book: Workbook, form: Worksheet, last: int) -> None:
    """Much stands below the table: another table, sums of sums, rules and links among them."""
    _body(form, last)
    top = last + 4
    form.write_formula(f"E{last + 1}", f"=SUM(E{FIRST}:E{last})")
    for row in range(top, top + 5):
        form.set_row(row - 1, 30 + row - top)
        form.write_formula(f"C{row}", f"=E{row - 1}+$E${last + 1}+C$2")
        form.write_formula(f"D{row}", f"=SUM(C${top}:C{row})/E{FIRST}")
        form.write_url(f"F{row}", f"internal:{_q(form)}!C{row - 1}", string="上一行")
        form.merge_range(f"G{row}:H{row}", "", _open(form))
        form.data_validation(
            f"C{row}", {"validate": "integer", "criteria": ">", "value": f"=D{row - 1}"}
        )
        form.write_comment(f"C{row}", f"note {row - top}")
    form.conditional_format(
        f"C{top}:D{top + 4}", {"type": "formula", "criteria": f"=C{top}>C{top - 1}"}
    )
    form.write_array_formula(f"I{top}:I{top + 2}", f"{{=C{top}:C{top + 2}*E{last + 1}}}")
    form.autofilter(f"B{top - 1}:E{top + 4}")
    form.unprotect_range(f"C{top}:C{top + 4}", "以下")
    form.freeze_panes(1, 1)
    form.print_area(f"B2:H{top + 4}")
    form.set_h_pagebreaks([top, top + 2])


WRITERS: dict[str, Writer] = {
    writer.__name__: writer
    for writer in (
        charts, tables, outline, rules, choices, names, formulas, pictures, locked, merged,
        linked, below,
    )
}  # fmt: skip


def real_form(kind: str, rows: int, name: str = "自评 (2025)") -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    book.set_properties({"created": datetime(2025, 1, 1)})
    form = book.add_worksheet(name)
    form.cell_look = book.add_format({"border": 1, "locked": False, "text_wrap": True})
    last = FIRST + rows - 1
    WRITERS[kind](book, form, last)
    columns = {"指标.三级指标": "B", "指标.指标值": "C", "指标.实际完成值": "D", "指标.得分": "E"}
    if kind == "merged":
        columns = {"指标.三级指标": "B", "指标.得分": "D"}
    for label, column in columns.items():
        book.define_name(f"xp.{label}", f"='{name}'!${column}${FIRST}:${column}${last}")
    book.define_name("xp.项目名称", f"='{name}'!$B$2")
    book.close()
    return data.getvalue()
