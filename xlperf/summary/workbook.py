"""A summary as a workbook of three sheets, with live formulas, drawn as official forms are."""

import io
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from xlperf.ooxml.styles import MAX_ROW_HEIGHT, wrapped_height
from xlperf.summary.collect import Summary

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_FORMS, _SECTIONS, _SHORT = "项目汇总", "得分情况", "未得满分指标"
_FORM_COLUMNS = (
    ("序号", 6.0),
    ("编号", 8.0),
    ("项目名称", 40.0),
    ("主管部门", 24.0),
    ("实施单位", 24.0),
    ("预算数（万元）", 14.0),
    ("执行数（万元）", 14.0),
    ("执行率（%）", 10.0),
    ("总分", 9.0),
    ("自评结论", 10.0),
    ("未得满分指标数", 10.0),
)
_SHORT_COLUMNS = (
    ("编号", 8.0),
    ("项目名称", 30.0),
    ("一级指标", 12.0),
    ("二级指标", 14.0),
    ("三级指标", 28.0),
    ("指标值", 14.0),
    ("实际完成值", 14.0),
    ("分值", 8.0),
    ("得分", 8.0),
    ("未完成原因分析", 36.0),
)
_SIZE, _ROW_HEIGHT = 10.5, 20.0
_POINTS = 5.25
"""Points of a column for each character of its width."""
_CENT = Decimal("0.01")
_HEAD = 1
"""The row of the headings, counted from 0; the title stands above."""


def summary_workbook(summary: Summary) -> bytes:
    """The summary as .xlsx: projects with totals, points by section and grade, what fell short."""
    import xlsxwriter

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    styles = _Styles(book)
    _forms(book.add_worksheet(_FORMS), styles, summary)
    _sections(book.add_worksheet(_SECTIONS), styles, summary)
    _short(book.add_worksheet(_SHORT), styles, summary)
    book.close()
    return file.getvalue()


class _Styles:
    """The few cell formats of the three sheets."""

    def __init__(self, book: "Workbook") -> None:
        font = {"font_name": "宋体", "font_size": _SIZE, "valign": "vcenter"}
        framed = font | {"border": 1, "text_wrap": True}
        centred = framed | {"align": "center"}
        self.title: Format = book.add_format(
            font | {"font_size": 16, "bold": True, "align": "center"}
        )
        self.heading: Format = book.add_format(centred | {"bold": True})
        self.text: Format = book.add_format(framed)
        self.centred: Format = book.add_format(centred)
        self.number: Format = book.add_format(framed | {"num_format": "#,##0.00"})
        self.count: Format = book.add_format(centred | {"num_format": "0"})


def _forms(sheet: "Worksheet", styles: _Styles, summary: Summary) -> None:
    _begin(sheet, styles, "项目绩效汇总表", _FORM_COLUMNS)
    forms = summary.forms
    for row, form in enumerate(forms, start=_HEAD + 1):
        sheet.write_number(row, 0, row - _HEAD, styles.count)
        names = (form.key, form.name, form.department, form.unit)
        _texts(sheet, row, 1, names, _FORM_COLUMNS, styles)
        _number(sheet, row, 5, form.budget, styles)
        _number(sheet, row, 6, form.executed, styles)
        rate = f'=IF(OR(G{row + 1}="",N(F{row + 1})=0),"",ROUND(G{row + 1}/F{row + 1}*100,2))'
        _formula(sheet, row, 7, rate, form.rate if form.budget else None, styles)
        _number(sheet, row, 8, form.total, styles)
        sheet.write_string(row, 9, form.grade, styles.centred)
        sheet.write_number(row, 10, len(form.short), styles.count)
    last = _HEAD + 1 + len(forms)
    sheet.merge_range(last, 0, last, 4, "合计", styles.heading)
    area = {letter: f"{letter}{_HEAD + 2}:{letter}{last}" for letter in "FGIK"}
    spent = [form for form in forms if form.executed is not None]
    of_these = _sum(form.budget for form in spent)
    _formula(sheet, last, 5, f"=SUM({area['F']})", _sum(form.budget for form in forms), styles)
    _formula(sheet, last, 6, f"=SUM({area['G']})", _sum(form.executed for form in forms), styles)
    # Forms that say nothing of what was spent count on neither side of the rate.
    whole = f'SUMIF({area["G"]},"<>",{area["F"]})'
    rate = f'=IF({whole}=0,"",ROUND(SUM({area["G"]})/{whole}*100,2))'
    rate_of_all = _percent(_sum(form.executed for form in spent), of_these)
    _formula(sheet, last, 7, rate, rate_of_all, styles)
    totals = [form.total for form in forms if form.total is not None]
    mean = f'=IF(COUNT({area["I"]})=0,"",ROUND(AVERAGE({area["I"]}),2))'
    mean_of_all = _rounded(_sum(totals) / len(totals)) if totals else None
    _formula(sheet, last, 8, mean, mean_of_all, styles)
    sheet.write_string(last, 9, "（平均分）" if totals else "", styles.centred)
    short = Decimal(sum(len(form.short) for form in forms))
    _formula(sheet, last, 10, f"=SUM({area['K']})", short, styles, styles.count)
    sheet.autofilter(_HEAD, 0, last - 1, len(_FORM_COLUMNS) - 1)


def _sections(sheet: "Worksheet", styles: _Styles, summary: Summary) -> None:
    """Grades counted from the first sheet, and the share of points earned in every section."""
    columns = (("自评结论", 16.0), ("项目数", 10.0), ("占比（%）", 10.0))
    _begin(sheet, styles, "自评结论与得分率", columns)
    grades = [form.grade for form in summary.forms]
    column = f"{_FORMS}!$J${_HEAD + 2}:$J${_HEAD + 1 + len(grades)}"
    graded = sum(map(bool, grades))
    first = _HEAD + 1
    counts = f"B${first + 1}:B${first + len(summary.grades)}"
    for row, grade in enumerate(summary.grades, start=first):
        sheet.write_string(row, 0, grade, styles.centred)
        number = Decimal(grades.count(grade))
        count = f"=COUNTIF({column},A{row + 1})"
        _formula(sheet, row, 1, count, number, styles, styles.count)
        share = f'=IF(SUM({counts})=0,"",ROUND(B{row + 1}/SUM({counts})*100,2))'
        _formula(sheet, row, 2, share, _percent(number, Decimal(graded)), styles)
    head = first + len(summary.grades) + 1
    for at, text in enumerate(("一级指标", "得分", "分值", "得分率（%）")):
        sheet.write_string(head, at, text, styles.heading)
    sheet.set_column(3, 3, 12.0)
    for row, section in enumerate(summary.sections, start=head + 1):
        sheet.write_string(row, 0, section.name, styles.centred)
        _number(sheet, row, 1, section.score, styles)
        _number(sheet, row, 2, section.weight, styles)
        share = f"=ROUND(B{row + 1}/C{row + 1}*100,2)"
        _formula(sheet, row, 3, share, _rounded(section.share), styles)


def _short(sheet: "Worksheet", styles: _Styles, summary: Summary) -> None:
    """The indicators without full points, with what was promised, what came out, and why."""
    _begin(sheet, styles, "未得满分指标一览表", _SHORT_COLUMNS)
    for row, (form, indicator) in enumerate(summary.short, start=_HEAD + 1):
        texts = (form.key, form.name, indicator.level1, indicator.level2, indicator.name)
        said = (*texts, indicator.target_text, indicator.actual_text)
        _texts(sheet, row, 0, (*said, "", "", indicator.reason), _SHORT_COLUMNS, styles)
        _number(sheet, row, 7, indicator.weight, styles)
        _number(sheet, row, 8, indicator.score, styles)


def _begin(
    sheet: "Worksheet", styles: _Styles, title: str, columns: Sequence[tuple[str, float]]
) -> None:
    """Title, headings and the page: landscape A4, one page wide, headings on every page."""
    sheet.merge_range(0, 0, 0, len(columns) - 1, title, styles.title)
    sheet.set_row(0, 36)
    sheet.set_row(_HEAD, 30)
    for column, (heading, width) in enumerate(columns):
        sheet.set_column(column, column, width)
        sheet.write_string(_HEAD, column, heading, styles.heading)
    sheet.freeze_panes(_HEAD + 1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, _HEAD)


def _texts(
    sheet: "Worksheet",
    row: int,
    first: int,
    texts: Sequence[str],
    columns: Sequence[tuple[str, float]],
    styles: _Styles,
) -> None:
    """Texts side by side from the column `first` on, in a row high enough to show them whole."""
    for column, text in enumerate(texts, start=first):
        sheet.write_string(row, column, text, styles.text)
    widths = [width * _POINTS for _, width in columns[first:]]
    heights = (wrapped_height(t, w, _SIZE) for t, w in zip(texts, widths, strict=False))
    sheet.set_row(row, min(max(_ROW_HEIGHT, *heights), MAX_ROW_HEIGHT))


def _number(
    sheet: "Worksheet", row: int, column: int, number: Decimal | None, styles: _Styles
) -> None:
    if number is None:
        sheet.write_blank(row, column, None, styles.number)
    else:
        sheet.write_number(row, column, float(number), styles.number)


def _formula(
    sheet: "Worksheet",
    row: int,
    column: int,
    formula: str,
    number: Decimal | None,
    styles: _Styles,
    style: "Format | None" = None,
) -> None:
    """A formula with its value beside it, for viewers that do not calculate."""
    value = "" if number is None else float(number)
    sheet.write_formula(row, column, formula, style or styles.number, value)


def _sum(numbers: Iterable[Decimal | None]) -> Decimal:
    return sum((number for number in numbers if number is not None), Decimal(0))


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    return _rounded(part / whole * 100) if whole else None


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(_CENT, ROUND_HALF_UP)
