"""What the rules take for an indicator, in tables as people leave them."""

from dataclasses import replace

import pytest

from xlperf.forms import Entry, Indicator
from xlperf.rules import RULES, FormCase, read_example, run

WHOLE = """
产出指标(60分)/数量指标 培训期数 ≥3期 → 3期 分值=40 得分=40
产出指标(60分)/数量指标 培训人次 ≥90人次 → 90人次 分值=20 得分=20
产出指标(60分)/质量指标 培训合格率 ≥95% → 96% 分值=10 得分=10
效益指标(30分)/可持续影响指标 师资库人数 ≥30人 → 30人 分值=30 得分=30
"""


def form_with(*rows: dict[str, str]) -> FormCase:
    """The form, with other texts in its rows; rows beyond its own come in below."""
    (form,) = read_example(WHOLE)
    blank = Indicator({})
    own = [*form.project.indicators, *[blank] * (len(rows) - len(form.project.indicators))]
    indicators = tuple(
        replace(row, entries={**row.entries, **{k: Entry(v) for k, v in texts.items()}})
        for row, texts in zip(own, rows, strict=True)
    )
    return replace(form, project=replace(form.project, indicators=indicators))


ONCE = ({}, {"一级指标": "", "二级指标": ""}, {"一级指标": ""}, {})


def test_a_level_that_is_written_once_holds_for_the_rows_below() -> None:
    form = form_with(*ONCE)
    assert [(row.level1, row.level2) for row in form.indicators] == [
        ("产出指标", "数量指标"),
        ("产出指标", "数量指标"),
        ("产出指标", "质量指标"),
        ("效益指标", "可持续影响指标"),
    ]


def test_a_section_that_ends_nowhere_for_certain_is_not_added_up() -> None:
    assert run((form_with({}, {}, {}, {}),), [RULES["A02"]])
    assert not run((form_with(*ONCE),), [RULES["A02"]])


@pytest.mark.parametrize("name", ["合计", "合 计：", "总计", "总分", "产出指标小计"])
@pytest.mark.parametrize("column", ["一级指标", "三级指标"])
def test_a_row_that_adds_up_others_is_no_indicator(name: str, column: str) -> None:
    form = form_with({}, {}, {}, {}, {column: name, "分值": "100"})
    assert len(form.indicators) == 4
    assert not run((form,), [RULES["C09"]])


def test_an_indicator_may_have_such_a_name_all_the_same() -> None:
    form = form_with({}, {}, {}, {"三级指标": "合计"})
    assert len(form.indicators) == 4
