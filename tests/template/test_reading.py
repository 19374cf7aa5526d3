"""What reading a workbook says of lost names, text for numbers and rows beside the table."""

import pytest

from tests.template.forms import SHEET, name, workbook
from xlperf.forms import Entry
from xlperf.resources import shipped_templates
from xlperf.template import read_forms

TABLE = {"三级指标": "B", "指标值": "C", "分值": "D", "得分": "E"}


def form(cells=(), lost=(), broken=(), first=5, last=6) -> bytes:
    """A form with its table in rows 5 and 6, a total in row 7, and what is wrong with it."""

    def build(book, sheet):
        sheet.write("A1", "某项目")
        sheet.write("A2", 2024)
        for label, column in TABLE.items():
            sheet.merge_range(f"{column}3:{column}4", "目标值" if label == "指标值" else label)
        for row, texts in enumerate((("台数", "≥2台", 40, 40), ("天数", "≤3天", 50, 50)), start=5):
            sheet.write_row(f"B{row}", texts)
        sheet.write_row("A7", ["总分", None, None, 90, 90])
        for cell, value in cells:
            if value == "=1/0":
                sheet.write_formula(cell, value, None, "#DIV/0!")
            else:
                sheet.write(cell, value)
        names = {"项目名称": "$A$1", "年度": "$A$2", "总分": "$E$7"} | {
            f"指标.{label}": f"${column}${first}:${column}${last}"
            for label, column in TABLE.items()
        }
        for label, reference in names.items():
            if label in broken:
                book.define_name(f"xp.{label}", "=#REF!")
            elif label not in lost:
                name(book, label, reference)

    return workbook(build)


def said(data: bytes) -> list[tuple[str, str]]:
    _, problems = read_forms(data)
    return [(problem.code, problem.place.cell) for problem in problems]


def test_a_sound_form_has_no_problem():
    assert said(form()) == []


@pytest.mark.parametrize("path", shipped_templates(), ids=lambda path: path.stem)
def test_a_shipped_template_has_no_problem(path):
    assert read_forms(path.read_bytes())[1] == []


@pytest.mark.parametrize(
    ("wrong", "codes", "names"),
    [
        ({"lost": ["指标.指标值"]}, ["N112"], "xp.指标.指标值"),
        ({"lost": ["指标.三级指标"]}, ["N112"], "xp.指标.三级指标"),
        ({"lost": ["项目名称"]}, ["N112"], "xp.项目名称"),
        ({"broken": ["指标.指标值"]}, ["N101", "N112"], "xp.指标.指标值"),
        ({"broken": ["指标.得分"]}, ["N101"], "xp.指标.得分"),
        ({"lost": ["年度"]}, [], ""),
        ({"lost": [f"指标.{label}" for label in TABLE]}, [], ""),
    ],
)
def test_a_lost_name_is_told(wrong, codes, names):
    ((_, project),), problems = read_forms(form(**wrong))
    assert [problem.code for problem in problems] == codes
    assert all(names in problem.text() for problem in problems[-1:])
    assert project.entries


@pytest.mark.parametrize(
    ("cell", "text", "found"),
    [
        ("D5", "10分", [("X101", "D5")]),
        ("E6", "优", [("X101", "E6")]),
        ("E7", "九十", [("X101", "E7")]),
        ("A2", "x", [("X101", "A2")]),
        ("D6", "=1/0", [("X101", "D6")]),
        ("D5", "１０", []),
        ("E7", "90.50", []),
        ("E5", "—", []),
        ("E5", "本项目不涉及", []),
        ("B5", "10分", []),
    ],
)
def test_text_in_a_number_field_is_told_with_its_cell(cell, text, found):
    forms, problems = read_forms(form([(cell, text)]))
    assert [(p.code, p.place.cell) for p in problems] == found
    assert all(p.place.sheet == SHEET for p in problems)
    assert len(forms[0][1].indicators) == 2


def test_the_text_of_a_number_field_is_kept():
    ((_, project),), _ = read_forms(form([("D5", "10分")]))
    assert project.indicators[0].entry("分值") == Entry("10分")


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({"first": 6}, [("N113", "B5")]),
        ({"last": 5}, [("N113", "B6")]),
        ({"cells": [("B8", "新增指标"), ("C9", "≥5次")]}, []),
        (
            {"cells": [("A7", "效益"), ("B7", "新增"), ("C8", "5次")], "lost": ["总分"]},
            [("N113", "B7")],
        ),
        ({"cells": [("A7", "合计"), ("B7", "2项")], "lost": ["总分"]}, []),
        ({"cells": [("A7", "填表人：某"), ("C7", "某日")], "lost": ["总分"]}, []),
        ({"cells": [("A7", "效益"), ("B7", "三级指标")], "lost": ["总分"]}, []),
    ],
)
def test_rows_beside_the_table_are_told(wrong, found):
    assert said(form(**wrong)) == found


def test_every_cell_outside_is_named():
    (problem,) = read_forms(form(last=5))[1]
    for text in (problem.text("zh"), problem.text("en")):
        assert "B6" in text
        assert "C6" in text
