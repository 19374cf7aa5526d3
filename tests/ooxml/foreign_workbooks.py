"""Forms as other programs write them, with a table of as many rows as asked for.

None of these programs knows anything of inserted rows: a workbook written with 19 rows shows what
one with 10 has to become. Between them they write what `hard_workbook` has not: every kind of chart
and of rule, names and formulas of every kind, slicers, pivot tables, controls, scenarios.
"""

import io
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import excelize
import openpyxl
import xlsxwriter
from excelize import FormControlType as Control
from openpyxl.chart import AreaChart3D, BarChart, BubbleChart, PieChart, SurfaceChart
from openpyxl.chart.reference import Reference
from openpyxl.chart.series_factory import SeriesFactory
from openpyxl.comments import Comment
from openpyxl.formatting import rule
from openpyxl.styles import PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.scenario import InputCells, Scenario, ScenarioList
from openpyxl.worksheet.table import Table
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

FIRST = 8
SHEET = "绩效's 表"
Q = "'绩效''s 表'"
_COLUMNS = {"一级指标": "A", "三级指标": "B", "分值": "D", "得分": "E"}
_HEADINGS = ["一级", "三级", "", "分值", "得分", "率"]


def names(last: int) -> dict[str, str]:
    """The names of the form whose table ends at the row `last`."""
    return {
        "xp.编号": '""',
        "xp.项目名称": f"{Q}!$B$1:$E$1",
        "xp.总分": f"{Q}!$E${last + 1}",
        **{f"xp.指标.{n}": f"{Q}!${c}${FIRST}:${c}${last}" for n, c in _COLUMNS.items()},
    }


def _ratio(row: int) -> str:
    return f"=IF(D{row}=0,0,E{row}/D{row})"


# --- XlsxWriter ------------------------------------------------------------------------------


def _xlsxwriter(rows: int, write: Callable[[Workbook, Worksheet, Worksheet, int], None]) -> bytes:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"in_memory": True})
    book.set_properties({"created": datetime(2025, 1, 1)})
    before, form = book.add_worksheet("数据"), book.add_worksheet(SHEET)
    book.add_worksheet("R1C1")
    last, line = FIRST + rows - 1, book.add_format({"border": 1})
    form.merge_range("B1:E1", "", line)
    form.write_row(FIRST - 2, 0, _HEADINGS, line)
    for row in range(FIRST, last + 1):
        form.set_row(row - 1, 21, None, {"level": 1})
        for column in "ADE":
            form.write_blank(f"{column}{row}", None, line)
        form.merge_range(f"B{row}:C{row}", "", line)
        form.write_formula(f"F{row}", _ratio(row), line)
    form.write_formula(f"E{last + 1}", f"=SUM(E{FIRST}:E{last})", line)
    for name, text in names(last).items():
        book.define_name(name, "=" + text)
    write(book, form, before, last)
    book.close()
    return data.getvalue()


_KINDS = ("area", "bar", "column", "line", "pie", "doughnut", "scatter", "stock", "radar")


def charts(rows: int) -> bytes:
    """Every kind of chart, on the form, on another sheet and on a sheet of its own."""

    def write(book: Workbook, form: Worksheet, before: Worksheet, last: int) -> None:
        for number, kind in enumerate(_KINDS):
            for sheet, row in ((form, last + 5 + 16 * number), (before, 2 + 16 * number)):
                moves = {"object_position": 1 + number % 2}
                sheet.insert_chart(f"H{row}", _chart(book, kind, last), moves)
        combined = _chart(book, "column", last)
        combined.combine(_chart(book, "line", last))
        form.insert_chart(f"A{last + 10}", combined)
        book.add_chartsheet("图 1").set_chart(_chart(book, "pie", last))

    return _xlsxwriter(rows, write)


def _chart(book: Workbook, kind: str, last: int) -> xlsxwriter.chart.Chart:
    chart = book.add_chart({"type": kind})
    below = f"={Q}!$E${last + 1}"
    for column in "DEF" if kind == "stock" else "E":
        values = f"={Q}!${column}${FIRST}:${column}${last}"
        series = {
            "name": f"={Q}!${column}${FIRST - 1}",
            "categories": f"={Q}!$A${FIRST}:$A${last}",
            "values": values,
            "data_labels": {"value": True, "custom": [{"value": below}, {"delete": True}]},
        }
        if kind not in ("pie", "doughnut", "stock", "radar"):
            bars = {"type": "custom", "plus_values": values, "minus_values": values}
            series |= {"trendline": {"type": "linear"}, "y_error_bars": bars}
        chart.add_series(series)
    chart.set_title({"name": below})
    if kind not in ("pie", "doughnut"):
        chart.set_x_axis({"name": f"={Q}!$B$1"})
        chart.set_y_axis({"name": f"={Q}!$A${last + 2}"})
    return chart


def rules(rows: int) -> bytes:
    """Rules of every kind, names with functions in them, formulas that refer in every way."""

    def write(book: Workbook, form: Worksheet, before: Worksheet, last: int) -> None:
        _write_formats(book, form, before, last)
        _write_validations(form, before, last)
        for name, text in {
            "动态": f"OFFSET({Q}!$B${FIRST},0,0,COUNTA({Q}!$B${FIRST}:$B${last}),1)",
            "到末行": f"{Q}!$B${FIRST}:INDEX({Q}!$B${FIRST}:$B${last},COUNTA({Q}!$B:$B))",
            "整行": f"{Q}!${last + 1}:${last + 1}",
            "数据!局部": f"{Q}!$A${last + 2}:$C${last + 4}",
            "函数": f"_xlfn.LAMBDA(_xlpm.x8,_xlpm.x8+{Q}!$E${last + 1})",
            "合并": f"({Q}!$A$1:$A$3,{Q}!$C${last + 1}:$C${last + 3})",
        }.items():
            book.define_name(name, "=" + text)
        for row, text in enumerate(_formulas(Q + "!", last)):
            before.write_formula(row, 12, "=" + text)
        for row, text in enumerate(_formulas("", last), last + 10):
            form.write_formula(row, 12, "=" + text)
        beside = f"D{FIRST - 1}:D{last + 1}"
        form.write_array_formula(f"S{FIRST - 1}:S{last + 1}", f"{{={beside}*2}}")
        form.write_array_formula(f"R{FIRST}:R{last}", f"{{=D{FIRST}:D{last}*2}}")
        shown = f"=_xlfn._xlws.FILTER(A{FIRST}:F{last},E{FIRST}:E{last}>0)"
        form.write_dynamic_array_formula(f"P{last + 2}", shown)
        for area in (f"G{FIRST - 1}:G{last + 1}", f"H{FIRST - 2}:I{FIRST - 1}"):
            form.merge_range(area, "跨")
        form.add_sparkline(0, 0, {"range": f"{Q}!E{FIRST}:E{last}"})

    return _xlsxwriter(rows, write)


def _formulas(form: str, last: int) -> list[str]:
    column = f"{form}E{FIRST}:E{last}"
    total = f"{form}E{last + 1}"
    return [
        f'SUMPRODUCT(({form}A{FIRST}:A{last}="x")*{column})',
        f"INDEX({form}E:E,MATCH(1,{column},0))+SUM({form}{FIRST}:{last})",
        f"OFFSET({total},-1,0)+SUM({form}E{FIRST}:INDEX({form}E:E,ROW()-1))",
        f"_xlfn.LET(_xlpm.a1b,{total},_xlpm.a1b*2)+LOG10({total})",
        f'IFERROR(HYPERLINK("#form!E"&9,"A10"),{total})',
        f"SUM(({column},{form}D{FIRST}:D{last}))+SUM({form}A{FIRST}:F{last} {form}E1:E{last + 4})",
        f"{total}%+-{form}D{last + 1}^2+{{1,2;3,4}}*{form}$E${last + 1}",
        "SUM('R1C1'!A8:'R1C1'!A20)+'R1C1'!A9+动态",
    ]


def _write_formats(book: Workbook, form: Worksheet, before: Worksheet, last: int) -> None:
    red = {"format": book.add_format({"bg_color": "#FF00FF"})}
    column, below = f"E{FIRST}:E{last}", f"=$E${last + 1}"
    for settings in (
        {"type": "cell", "criteria": "between", "minimum": "=$D$1", "maximum": below, **red},
        {"type": "cell", "criteria": ">", "value": f"=$D{FIRST}", **red},
        {"type": "formula", "criteria": f"=$E{FIRST}<LARGE($E${FIRST}:$E${last},3)", **red},
        {"type": "text", "criteria": "containing", "value": "A8", **red},
        {"type": "text", "criteria": "begins with", "value": "x", **red},
        {"type": "time_period", "criteria": "today", **red},
        {"type": "average", "criteria": "above", **red},
        {"type": "duplicate", **red},
        {"type": "top", "value": 10, "criteria": "%", **red},
        {"type": "blanks", **red},
        {"type": "no_errors", **red},
        {"type": "2_color_scale", "min_type": "formula", "min_value": below},
        {"type": "3_color_scale", "mid_type": "percentile"},
        {"type": "data_bar", "min_type": "formula", "min_value": f"=MIN($E${FIRST}:$E${last})"},
        {"type": "icon_set", "icon_style": "5_ratings", "reverse_icons": True},
    ):
        form.conditional_format(column, settings)
    several = f"H{last + 3}:H{last + 5} J{FIRST}:J{last} K2"
    settings = {"type": "formula", "criteria": f"=H{last + 3}>$E${last + 1}", **red}
    form.conditional_format(f"H{last + 3}:H{last + 5}", {**settings, "multi_range": several})
    counted = {"type": "formula", "criteria": f"=COUNTIF({Q}!$B${FIRST}:$B${last},A1)>0", **red}
    before.conditional_format("A1:A9", counted)


def _write_validations(form: Worksheet, before: Worksheet, last: int) -> None:
    listed = f"=OFFSET($B${FIRST},0,0,COUNTA($B${FIRST}:$B${last}),1)"
    once = f"=AND(E{FIRST}<=D{FIRST},COUNTIF($B${FIRST}:$B${last},B{FIRST})=1)"
    for area, settings in {
        f"A{FIRST}:A{last}": {"validate": "list", "source": "=数据!$A$1:$A$9"},
        f"D{FIRST}:D{last}": {"validate": "decimal", "criteria": "<=", "value": f"=$D${last + 1}"},
        f"E{FIRST}:E{last}": {"validate": "custom", "value": once},
        f"H{last + 2}": {"validate": "list", "source": listed},
        "A2": {"validate": "length", "criteria": "<", "value": f"=LEN(B{last + 1})"},
    }.items():
        form.data_validation(area, settings)
    source = f"={Q}!$B${FIRST}:$B${last}"
    before.data_validation("C1:C9", {"validate": "list", "source": source})


# --- openpyxl --------------------------------------------------------------------------------


def of_openpyxl(rows: int) -> bytes:
    """Scenarios, page breaks, sorted filters, links of both kinds, what-if tables, more charts."""
    book = openpyxl.Workbook()
    other, form = book.active, book.create_sheet(SHEET)
    last = FIRST + rows - 1
    form.merge_cells("B1:E1")
    for column, text in enumerate(_HEADINGS, 1):
        form.cell(FIRST - 1, column, text)
    for row in range(FIRST, last + 1):
        form.row_dimensions[row].height = 22
        for column in "ABCDE":
            form[f"{column}{row}"].fill = PatternFill("solid", fgColor="FFFFFF")
        form.merge_cells(f"B{row}:C{row}")
        form[f"F{row}"] = _ratio(row)
        form[f"G{row}"] = ArrayFormula(f"G{row}", f"=SUM(D{row}:E{row}*2)")
    form[f"E{last + 1}"] = f"=SUBTOTAL(109,E{FIRST}:E{last})"
    for name, text in names(last).items():
        book.defined_names[name] = DefinedName(name, attr_text=text)
    form.print_title_rows, form.print_title_cols = f"{FIRST - 1}:{FIRST - 1}", "A:B"
    form.print_area = f"A1:G{last + 2}"
    form.row_breaks.append(Break(id=last + 2))
    form.col_breaks.append(Break(id=5, max=1048575))
    inputs = [InputCells(r=f"B{last + 3}", val="1"), InputCells(r="C2", val="x")]
    form.scenarios = ScenarioList([Scenario(inputs, "甲")], sqref=f"E{last + 1}")
    listed = DataValidation("list", formula1="Sheet!$A$1:$A$9")
    listed.add(f"A{FIRST}:A{last}")
    listed.add("A3")
    form.add_data_validation(listed)
    formats = form.conditional_formatting
    formats.add(f"E{FIRST}:E{last}", rule.CellIsRule("lessThan", [f"$D{FIRST}"]))
    formats.add(f"E{FIRST}:E{last}", rule.IconSetRule("3Arrows", "formula", [f"$D${last + 1}"] * 3))
    for place, kind in enumerate((BarChart, PieChart, SurfaceChart, AreaChart3D, BubbleChart)):
        # Of a name with an apostrophe it makes another.
        e, d = (Reference(other, range_string=f"S!${c}${FIRST}:${c}${last}") for c in "ED")
        chart = kind()
        chart.series.append(SeriesFactory(e, d, e) if kind is BubbleChart else SeriesFactory(e))
        for series in chart.series:
            for source in (series.val, series.yVal, series.xVal, series.bubbleSize):
                if source is not None:
                    source.numRef.f = source.numRef.f.replace("'S'", Q)
        chart.anchor = f"I{last + 3 + 17 * place}"
        form.add_chart(chart)
    form["A2"].comment, form[f"E{last + 1}"].comment = Comment("x", "a"), Comment("合计", "a")
    form[f"A{last + 4}"] = other["A1"] = "合计"
    form[f"A{last + 4}"].hyperlink = other["A1"].hyperlink = f"#{Q}!A{last + 1}"
    other["A2"] = f'=COUNTIFS({Q}!$A${FIRST}:$A${last},"产*",{Q}!E{FIRST}:E{last},">0")'
    form[f"H{last + 8}"] = DataTableFormula(f"H{last + 8}:H{last + 9}", r1=f"B{last + 3}")
    form.cell(FIRST - 1, 13, "m")
    form.add_table(Table(displayName="表A", ref=f"M{FIRST - 1}:M{last}"))
    form.auto_filter.ref = f"A{FIRST - 1}:F{last}"
    form.auto_filter.add_sort_condition(f"E{FIRST}:E{last}")
    form.freeze_panes = f"B{FIRST}"
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


# --- excelize --------------------------------------------------------------------------------


def of_excelize(rows: int) -> bytes:
    """Slicers, pivot tables, controls, shapes, sparklines, written in another language."""
    book = excelize.new_file()
    book.new_sheet(SHEET)
    book.new_sheet("Summary")
    last = FIRST + rows - 1
    book.merge_cell(SHEET, "B1", "E1")
    line = book.new_style(excelize.Style(border=[excelize.Border("left", "000000", 1)]))
    for column, text in zip("ABCDEFJKL", [*_HEADINGS, "区", "月", "额"], strict=True):
        book.set_cell_value(SHEET, f"{column}{FIRST - 1}", text)
    for row in range(FIRST, last + 1):
        book.set_row_height(SHEET, row, 22)
        book.set_cell_style(SHEET, f"A{row}", f"E{row}", line)
        book.merge_cell(SHEET, f"B{row}", f"C{row}")
        book.set_cell_formula(SHEET, f"F{row}", _ratio(row))
    book.set_cell_formula(SHEET, f"E{last + 1}", f"=SUM(E{FIRST}:E{last})")
    for name, text in names(last).items():
        book.set_defined_name(excelize.DefinedName(name=name, refers_to=text))
    titles = f"{Q}!$A:$A,{Q}!${FIRST - 1}:${FIRST - 1}"
    book.set_defined_name(excelize.DefinedName("_xlnm.Print_Titles", "", titles, SHEET))
    book.add_table(SHEET, excelize.Table(range=f"J{FIRST - 1}:L{last}", name="销售"))
    field = excelize.PivotTableField
    book.add_pivot_table(
        excelize.PivotTableOptions(
            data_range=f"{SHEET}!J{FIRST - 1}:L{last}",
            pivot_table_range="Summary!G2:M34",
            rows=[field(data="区", name="区")],
            columns=[field(data="月", name="月")],
            data=[field(data="额", name="求和", subtotal="Sum")],
        )
    )
    slicer = {"table_sheet": SHEET, "table_name": "销售", "caption": "区"}
    book.add_slicer(SHEET, excelize.SlicerOptions(name="区", cell=f"N{last + 3}", **slicer))
    places = [f"H{row}" for row in range(FIRST, last + 1)]
    sources = [f"{Q}!D{row}:E{row}" for row in range(FIRST, last + 1)]
    book.add_sparkline(SHEET, excelize.SparklineOptions(location=places, range=sources))
    for row, kind in ((5, Control.FormControlCheckBox), (7, Control.FormControlSpinButton)):
        control = excelize.FormControl(cell=f"A{last + row}", type=kind, cell_link=f"B{last + row}")
        book.add_form_control(SHEET, control)
    book.add_shape(SHEET, excelize.Shape(cell=f"D{last + 12}", type="rect"))
    book.add_comment(SHEET, excelize.Comment(cell=f"E{last + 1}", author="a", text="合计"))
    values = f"{Q}!$E${FIRST}:$E${last}"
    series = [excelize.ChartSeries(categories=f"{Q}!$A${FIRST}:$A${last}", values=values)]
    for sheet, cell in ((SHEET, f"H{last + 12}"), ("Summary", "A30")):
        kind = excelize.ChartType.Col
        book.add_chart(sheet, cell, excelize.Chart(type=kind, series=series))
    over = f"$E{FIRST}>AVERAGE($E${FIRST}:$E${last})"
    settings = excelize.ConditionalFormatOptions(type="formula", criteria=over)
    book.set_conditional_format(SHEET, f"E{FIRST}:E{last}", [settings])
    book.insert_page_break(SHEET, f"A{last + 4}")
    book.set_cell_hyperlink(SHEET, f"A{last + 3}", f"{Q}!A{last + 1}", "Location")
    book.set_cell_formula("Summary", "A1", f'=SUM({values})+COUNTIF({Q}!A:A,"x")')
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "book.xlsx")
        book.save_as(str(path))
        book.close()
        return path.read_bytes()


WRITERS: dict[str, Callable[[int], bytes]] = {
    "charts": charts,
    "rules": rules,
    "openpyxl": of_openpyxl,
    "excelize": of_excelize,
}
