"""Typos, document numbers, names, years: what is said of them, and what is left alone."""

from dataclasses import replace

import pytest

from tests.rules.conftest import mend
from xlperf.forms import Entry
from xlperf.rules import RULES, FormCase, Settings, read_example, run


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (
            "资金付清。截止2025年底无拖欠，截止目前无投诉",
            "资金付清。截至2025年底无拖欠，截至目前无投诉",
        ),
        ("其它帐户，其它业务", "其他账户，其他业务"),
        ("报名截止2025年3月", None),
        ("按排名公示，按装机容量补助", None),
    ],
)
def test_typos_of_one_text_are_mended_together(text: str, mended: str | None) -> None:
    forms = read_example(f"实际完成情况={text}")
    found = run(forms, [RULES["T01"]])
    assert {finding.replacement for finding in found} == ({mended} if mended else set())
    assert not run(mend(forms, found), [RULES["T01"]])


def test_every_text_of_a_form_is_read() -> None:
    text = "年度总体目标=其它\n产出指标/数量指标 其它设备 ≥3台 → 其它 说明=其它 未完成原因分析=其它"
    found = run(read_example(text), [RULES["T01"]])
    assert [finding.field for finding in found] == [
        *("年度总体目标", "三级指标", "实际完成值", "未完成原因分析", "说明")
    ]


def test_a_bureau_has_its_own_list_of_typos() -> None:
    (form,) = read_example("年度总体目标=其它工作做细作实")
    told = replace(form, settings=Settings.of({"typos": {"作实": "做实", "": "空"}}))
    (finding,) = run([told], [RULES["T01"]])
    assert finding.replacement == "其它工作做细做实"
    assert finding.diagnostic.message.zh == "疑似错别字：作实→做实"


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("按国发(2021)5号文执行", "按国发〔2021〕5号文执行"),
        ("财预[2020]10号、财预【2021】第101号", "财预〔2020〕10号、财预〔2021〕第101号"),
        ("见津政办发（2024） 12号", "见津政办发〔2024〕 12号"),
        ("国发〔2021〕5号", None),
        ("采购合同（2023）3号", None),
        ("安置房（2024）1号楼", None),
        ("计划（2024）完成5号线", None),
        ("（2024）沪01民终12号", None),
        ("投资（2024）万元", None),
    ],
)
def test_brackets_of_document_numbers(text: str, mended: str | None) -> None:
    forms = read_example(f'年度总体目标="{text}"')
    found = run(forms, [RULES["T02"]])
    assert {finding.replacement for finding in found} == ({mended} if mended else set())
    assert not run(mend(forms, found), [RULES["T02"]])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("产出指标/成本指标 符合合同要求 197.9万", True),
        ("产出指标/质量指标 达到行业标准 ≥3000元", True),
        ("产出指标/质量指标 质量指标 合格", True),
        ("产出指标/质量指标 达到行业标准 达标", False),
        ("产出指标/质量指标 达到行业标准 =100%", False),
        ("产出指标/质量指标 符合条件人员发放率 =100%", False),
    ],
)
def test_a_name_that_measures_nothing(row: str, said: bool) -> None:
    assert bool(run(read_example(row), [RULES["T03"]])) == said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("参训人次 ≥95%", True),
        ("验收合格率 2025年底前", True),
        ("印刷费 ≥300份", True),
        ("完成时间 ≥3次", True),
        ("按期完成全部任务 =100%", True),
        ("孕产妇死亡率 ≤12人/10万人", False),
        ("资产周转率 ≥1.2次", False),
        ("工作效率 ≥3件", False),
        ("自然增长率 ≥3‰", False),
        ("合格率增幅 ≥2个百分点", False),
        ("培训时长 ≥24学时", False),
        ("参训人次 每月30人次", False),
        ("验收合格率 95", False),
        ("质保期限 3年", False),
    ],
)
def test_what_a_name_asks_for(row: str, said: bool) -> None:
    assert bool(run(read_example(f"产出指标/数量指标 {row}"), [RULES["T04"]])) == said


@pytest.mark.parametrize(
    ("value", "mended"),
    [
        ("2,023年12月31日前", "2023年12月31日前"),
        ("2， 024 年底", "2024 年底"),
        ("1,998年", "1998年"),
        ("≥2,023株", None),
        ("1,050年", None),
        ("12,023年", None),
        ("2,0231年", None),
    ],
)
def test_a_year_torn_by_a_separator(value: str, mended: str | None) -> None:
    forms = read_example(f'产出指标/时效指标 完成时间 "{value}"')
    found = run(forms, [RULES["O01"]])
    assert [finding.replacement for finding in found] == ([mended] if mended else [])
    assert not run(mend(forms, found), [RULES["O01"]])


def test_the_year_of_a_scanned_form() -> None:
    (form,) = read_example("项目名称=短信服务费")
    entries = {**form.project.entries, "年度": Entry("2, 023")}
    scanned = FormCase(replace(form.project, entries=entries), "scan")
    (finding,) = run([scanned], [RULES["O01"]])
    assert (finding.field, finding.replacement) == ("年度", "2023")
    assert finding.diagnostic.message.zh == "年份被识别为 2, 023，应为 2023"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("数量指标/培训次数 ≥4次", True),
        ("社会效益指标/服务能力 提升", True),
        ("产出指标/满意度指标 群众满意度 ≥90%", True),
        ("满意度指标/质量指标 合格率 ≥90%", True),
        ("产出指标/培训次数 数量指标 ≥4次", True),
        ("产出指标/数量指标 培训次数 数量指标", True),
        ("成本指标/经济成本指标 培训费 ≤4万元", False),
        ("成本指标/社会成本指标 扰民投诉 ≤4次", False),
        ("效益指标/满意度指标 群众满意度 ≥90%", False),
        ("产出指标(50分)/数量指标 培训次数 ≥4次", False),
        ("履职效能/质量指标 合格率 ≥90%", False),
        ('""/"" 培训次数 ≥4次', False),
    ],
)
def test_a_row_that_slipped(row: str, said: bool) -> None:
    assert bool(run(read_example(row), [RULES["O02"]])) == said
