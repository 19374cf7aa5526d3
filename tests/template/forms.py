"""Small templates for tests, and records to fill them with."""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import xlsxwriter

from xlperf.forms import Entry, Indicator, Project, canonical, read_entry

SHEET = "表 1"


def workbook(build: Callable[[xlsxwriter.Workbook, object], None]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    book.set_properties({"created": datetime(2025, 1, 1)})  # the same bytes at any time
    build(book, book.add_worksheet(SHEET))
    book.close()
    return file.getvalue()


def name(book: xlsxwriter.Workbook, label: str, reference: str) -> None:
    book.define_name(f"xp.{label}", f"='{SHEET}'!{reference}")


def small_form(rows: int = 3) -> bytes:
    """A title, three amounts with their sum, a table with scores, a total and a grade below it."""

    def build(book, sheet):
        wrap = book.add_format({"text_wrap": True, "border": 1})
        last = 6 + rows
        sheet.merge_range("A1:E1", "", wrap)
        sheet.write_formula("B3", '=IF(COUNT(B4:B5)=0,"",SUM(B4:B5))', wrap, "")
        for row in range(7, last + 1):
            sheet.merge_range(f"C{row}:D{row}", "", wrap)
            for column in "ABEF":
                sheet.write_blank(f"{column}{row}", None, wrap)
        sheet.write_formula(f"F{last + 1}", f"=ROUND(SUM(F7:F{last}),2)", None, 0)
        sheet.write_formula(f"F{last + 2}", f'=IF(F{last + 1}>=90,"优","差")', None, "差")
        sheet.set_column("C:D", 6)
        name(book, "项目名称", "$A$1:$E$1")
        for row, label in ((3, "资金总额"), (4, "财政拨款"), (5, "其他资金")):
            name(book, f"资金.{label}.金额", f"$B${row}")
        for column, label in zip("ABCEF", TABLE, strict=True):
            name(book, f"指标.{label}", f"${column}$7:${column}${last}")
        name(book, "总分", f"$F${last + 1}")
        name(book, "自评结论", f"$F${last + 2}")
        book.define_name("xp.模板", '="small/1"')
        book.define_name("xp.编号", '=""')

    return workbook(build)


TABLE = ("一级指标", "二级指标", "三级指标", "分值", "得分")


def record(
    fields: Mapping[str, str], rows: Sequence[Sequence[str]] = (), labels: Sequence[str] = TABLE
) -> Project:
    """A project from texts, as a data table gives them."""

    def entry(label: str, text: str) -> Entry:
        made = read_entry(canonical(label), text)
        assert isinstance(made, Entry)
        return made

    return Project(
        {canonical(label): entry(label, text) for label, text in fields.items()},
        tuple(
            Indicator(
                {
                    label: entry(f"指标.{label}", text)
                    for label, text in zip(labels, row, strict=True)
                }
            )
            for row in rows
        ),
    )
