"""The set of indicators: categories, copies, goals, weights."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlperf.rules import RULES, AllForms, Finding, Settings, read_example, run

WHOLE = """
产出指标/数量指标 培训期数 ≥3期
产出指标/质量指标 培训合格率 ≥95%
产出指标/时效指标 完成时间 2025年底前
产出指标/成本指标 培训费 ≤10万元
效益指标/可持续影响指标 师资库人数 ≥30人
满意度指标/服务对象满意度指标 参训人员满意度 ≥90%
"""


def found(code: str, text: str, **settings: Any) -> list[Finding]:
    return run(told(read_example(text), settings), [RULES[code]])


def told(forms: AllForms, settings: dict[str, Any]) -> AllForms:
    return tuple(replace(form, settings=Settings.of(settings)) for form in forms)


def without(word: str) -> str:
    return "\n".join(line for line in WHOLE.splitlines() if word not in line)


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [
        ("培训期数", ["数量指标"]),
        ("培训合格率", ["质量指标"]),
        ("完成时间", ["时效指标"]),
        ("成本指标", ["成本指标"]),
        ("效益指标", ["效益指标"]),
        ("满意度", ["满意度指标"]),
        ("不在表中", []),
    ],
)
def test_each_category_is_missed(left_out: str, missing: list[str]) -> None:
    text = without(left_out) + "\n产出指标/质量指标 结业率 ≥90%" * (left_out != "培训合格率")
    messages = [finding.diagnostic.message.zh for finding in found("S01", text)]
    assert messages == [f"缺少二级指标：{name}" for name in missing]


def test_a_bureau_may_require_less() -> None:
    assert not found("S01", without("满意度"), required_categories=["数量", "质量"])


def test_forms_of_another_build_are_left_alone() -> None:
    assert not found("S01", "年度=2025")
    assert not found("S01", "履职效能/重点工作 重点工作完成率 =100%")


@pytest.mark.parametrize(
    ("level1", "fix"),
    [
        ("产出指标", ""),
        ("产出", ""),
        ("成本指标(20分)", ""),
        ("满意指标", "满意度指标"),
        ("双星指标", None),
    ],
)
def test_a_slip_in_a_level1_name(level1: str, fix: str | None) -> None:
    said = found("S02", f"{level1}/数量指标 台数 ≥3台\n{level1}/数量指标 件数 ≥3件")
    if fix == "":
        assert not said
    else:
        assert {finding.replacement for finding in said} == {fix}
        assert len(said) == (1 if fix is None else 2)


@pytest.mark.parametrize(
    ("row", "suggest"),
    [
        ("产出指标/质量指标 补贴发放及时率 =100%", "时效"),
        ("产出指标/数量指标 设备采购成本 ≤20万元", "成本"),
        ("产出指标/成本指标 参训人数 ≥50人", "数量"),
        ("效益指标/社会效益指标 游客满意度 ≥90%", "满意度"),
        ("效益指标/经济效益指标 受益群众人数 ≥5000人", "社会效益"),
        ("产出指标/数量指标 减免检测费用 ≥20万元", None),
        ("产出指标/数量指标 志愿服务时长 ≥800小时", None),
        ("产出指标/质量指标 设备无故障时间 ≥2000小时", None),
        ("效益指标/社会效益指标 平均等待时间 ≤15分钟", None),
        ("产出指标/质量指标 漏检次数 ≤1次", None),
        ("产出指标/时效指标 工程进度达标率 ≥90%", None),
        ("满意度指标/服务对象满意度指标 群众支持度 ≥90%", None),
        ("履职效能/部门管理 参训人数 ≥50人", None),
    ],
)
def test_where_an_indicator_belongs(row: str, suggest: str | None) -> None:
    messages = [finding.diagnostic.message.zh for finding in found("S03", row)]
    assert len(messages) == (suggest is not None)
    assert all(message.endswith(f"建议 {suggest}指标") for message in messages)


def test_one_real_number_is_enough() -> None:
    rates = "产出指标/数量指标 保洁完成率 =100%\n产出指标/数量指标 绿化完成情况 完成"
    assert found("S04", rates)
    assert not found("S04", f"{rates}\n产出指标/数量指标 绿化面积 ≥300平方米")
    assert not found("S04", "产出指标/数量指标 绿化完成情况 完成")


def test_copies_are_counted_by_project_and_document() -> None:
    row = "产出指标/数量指标 服务职工次数 ≥1000万次"
    one, two, three = read_example(f"{row}\n--\n{row}\n--\n{row}")
    assert len(run((one, two, three), [RULES["S05"]])) == 3
    assert not run((one, two, replace(three, document="another")), [RULES["S05"]])
    assert not run((one, two), [RULES["S05"]])
    assert len(run(told((one, two), {"clone_projects": 2}), [RULES["S05"]])) == 2


def test_the_same_value_written_otherwise_is_a_copy() -> None:
    rows = [f'产出指标/数量指标 服务次数 "{v}"' for v in ("≥10万次", "≥10 万次", "不少于10万次")]
    assert len(found("S05", "\n--\n".join(rows))) == 3


@pytest.mark.parametrize(
    "rows",
    [
        "产出指标/数量指标 巡检次数 ≥4次\n效益指标/社会效益指标 巡检次数 ≥4次",
        "效益指标/社会效益指标 服务能力 提升\n效益指标/社会效益指标 网点服务能力 提升",
        "产出指标/数量指标 乡镇卫生院服务人次数 ≥4次\n"
        "产出指标/数量指标 乡镇中心卫生院门诊服务总人次数 ≥9次",
    ],
)
def test_alike_is_not_repeated(rows: str) -> None:
    assert not found("S05", rows)


SPLIT = "项目名称=归集业务、专项审计及数据治理经费\n产出指标/数量指标 归集业务考核 ≥12次"
HOLDER = "项目名称={}\n产出指标/数量指标 专项审计工作 ≥1次"


WORDS = st.lists(st.sampled_from("甲乙丙丁"), min_size=9, max_size=12).map("".join)


@given(st.lists(st.tuples(st.sampled_from(["产出", "效益"]), WORDS), max_size=12))
def test_a_name_within_an_earlier_or_longer_one_is_a_repetition(
    rows: list[tuple[str, str]],
) -> None:
    text = "\n".join(f"{level1}/社会效益指标 {name} 显著" for level1, name in rows)
    expected = {
        later
        for (first, (level1, one)), (later, (other, two)) in product(enumerate(rows), repeat=2)
        if first < later
        and level1 == other
        and (one == two or contains(*sorted((one, two), key=len)))
    }
    assert {finding.row for finding in found("S05", text)} == expected


def contains(short: str, long: str) -> bool:
    """Whether the letters of the short name, if it tells enough, stand in the long one."""
    rest = iter(long)
    return len(short) >= 10 and all(letter in rest for letter in short)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (HOLDER.format("逾期催收经费"), ["专项审计"]),
        (HOLDER.format("专项审计经费"), []),
        ("项目名称=逾期催收经费\n产出指标/数量指标 催收次数 ≥1次", []),
    ],
)
def test_an_indicator_in_another_project(other: str, said: list[str]) -> None:
    messages = [finding.diagnostic.message.zh for finding in found("S06", f"{SPLIT}\n--\n{other}")]
    assert messages == [f'项目名称含"{part}"，但无对应指标（指标在另一项目）' for part in said]


def test_a_project_in_another_document_holds_no_indicator() -> None:
    one, other = read_example(f"{SPLIT}\n--\n{HOLDER.format('逾期催收经费')}")
    assert not run((one, replace(other, document="another")), [RULES["S06"]])


GOALS = '项目名称=专线租用费\n年度总体目标="{}"\n产出指标/数量指标 专线条数 ≥12条'


@pytest.mark.parametrize(
    ("goals", "said"),
    [
        ("1.专线畅通。2.纸张墨粉耗材不断供。", ["纸张墨粉耗材不断供"]),
        ("（一）专线畅通；（二）纸张墨粉耗材不断供；", ["纸张墨粉耗材不断供"]),
        ("专线畅通，纸张墨粉耗材不断供。", []),
        ("1.专线畅通。2.办理领导交办的其他工作。", []),
        ("1.专线畅通。2.全市业务正常。", []),
        ("1.建成图书馆新馆。2.纸张墨粉耗材不断供。", []),
        ("目标1：专线带宽达到1.5G以上。", []),
    ],
)
def test_a_goal_that_nothing_measures(goals: str, said: list[str]) -> None:
    findings = found("S07", GOALS.format(goals))
    assert [finding.diagnostic.message.zh for finding in findings] == [
        f'总体目标"{goal}"无对应指标' for goal in said
    ]
    for finding in findings:
        assert finding.span
        assert finding.value[finding.span.start : finding.span.end].startswith(said[0])


def test_goals_differ_by_words_not_by_marks() -> None:
    assert found("S08", "项目总目标=建成平台，上线运行。\n年度总体目标=建成平台,上线运行")
    assert not found("S08", "项目总目标=2022年建成\n年度总体目标=2023年建成")
    assert not found("S08", '项目总目标=""\n年度总体目标=""')


@pytest.mark.parametrize(
    ("weight", "limit", "heavy"), [(30, 30, True), (29, 30, False), (29, 20, True)]
)
def test_the_weight_of_one_indicator(weight: int, limit: int, heavy: bool) -> None:
    row = f"效益指标/社会效益指标 办理率 ≥70% 分值={weight}"
    assert bool(found("S09", row, heavy_weight=limit)) == heavy
