"""The contract of names: what they stand for, and what is said of broken ones."""

from pathlib import Path

import pytest

from tests.template.forms import SHEET, name, small_form, workbook
from xlperf.forms import KNOWN_LABELS, canonical, nearest_label
from xlperf.resources import shipped_templates
from xlperf.template import Template, template_report

ROOT = Path(__file__).parents[2]


def template(*names: tuple[str, str]) -> Template:
    def build(book, sheet):
        name(book, "项目名称", "$A$1")
        for label, reference in names:
            name(book, label, reference)

    return Template(workbook(build), "form.xlsx")


def codes(made: Template) -> list[str]:
    return [problem.code for problem in template_report(made).problems]


def test_a_sound_template_has_no_problem():
    assert codes(Template(small_form())) == []


@pytest.mark.parametrize("path", shipped_templates(), ids=lambda path: path.stem)
def test_the_shipped_templates_are_sound(path):
    report = template_report(Template.open(path))
    assert report.problems == ()
    assert len(report.lines) > 10


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ([("指标.三级指标", "$A$3:$A$5"), ("指标.指标值", "$B$3:$B$6")], "N104"),
        ([("项目名", "$B$1")], "N103"),
        ([("年度", "$A$1")], "N106"),
        ([("实施单为", "$B$2")], "N105"),
        ([("年度", "$A:$A")], "N101"),
        ([("年度", "B3")], "N108"),
    ],
)
def test_each_problem_is_told_by_name(names, code):
    assert code in codes(template(*names))


def test_a_name_on_another_sheet_is_left_out():
    def build(book, sheet):
        book.add_worksheet("别处")
        name(book, "项目名称", "$A$1")
        name(book, "年度", "$A$2")
        book.define_name("xp.实施单位", "=别处!$A$1")

    made = Template(workbook(build))
    assert "N102" in codes(made)
    assert made.form.scalar("实施单位") is None


def test_a_name_of_the_author_is_not_ours():
    def build(book, sheet):
        name(book, "项目名称", "$A$1")
        book.define_name("项目", f"='{SHEET}'!$A$2")

    assert [f.label for f in Template(workbook(build)).form.scalars] == ["项目名称"]


def test_an_unknown_name_is_a_plain_field():
    made = template(("资金.年度资金总额.1_7月执行数", "$B$2"), ("备用字段", "$B$3"))
    assert codes(made) == ["N107"]
    lines = {line.name: line.meaning.zh for line in template_report(made).lines}
    assert "自定义字段" in lines["xp.备用字段"]
    assert lines["xp.资金.年度资金总额.1_7月执行数"] == "数字"


@pytest.mark.parametrize(
    ("label", "known"),
    [
        ("指标.年度指标值(A)", "指标.指标值"),
        ("指标.年度(/项目)指标值", "指标.指标值"),
        ("指标.实际完成值_B_", "指标.实际完成值"),
        ("主管部门及代码", "主管部门"),
        ("单位（盖章）", "单位盖章"),
        ("指标.度量单位", "指标.度量单位"),
    ],
)
def test_spellings_of_a_label_are_one(label, known):
    assert canonical(label) == known


def test_the_nearest_label_is_offered_only_for_slips():
    assert nearest_label("实施单为") == "实施单位"
    assert nearest_label("指标.实际完成直") == "指标.实际完成值"
    assert nearest_label("完全不同的东西") is None
    assert nearest_label("项目名称") is None


def test_the_documentation_lists_every_known_label():
    documented = (ROOT / "docs/templates.md").read_text("utf-8")
    start, end = documented.index("<!-- labels -->"), documented.index("<!-- /labels -->")
    rows = [
        f"| {label} | {'、'.join(o.removeprefix('指标.') for o in others)} |"
        for label, others in KNOWN_LABELS.items()
    ]
    table = "\n".join(["| label | also written |", "|---|---|", *rows])
    assert documented[start:end].removeprefix("<!-- labels -->").strip() == table
