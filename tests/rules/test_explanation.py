"""Reasons: where one is due, where none belongs, and where a text contradicts the numbers."""

from decimal import Decimal

import pytest

from tests.rules.conftest import messages

ROW = "产出指标/数量指标 台数 {} 分值=10 得分={} 未完成原因分析={}"
EXECUTED = "资金.年度资金总额.全年预算数=100000 资金.年度资金总额.全年执行数={} "


@pytest.mark.parametrize(
    ("code", "target", "points", "reason", "found"),
    [
        ("E01", "≥9台 → 8台", 8.89, '""', True),
        ("E01", "≥9台 → 8台", 8.89, "/", True),
        ("E01", "≥9台 → 8台", 8.89, "厂家停产", False),
        ("E01", "≥9台 → 9台", 10, '""', False),
        ("E02", "≥9台 → 9台", 10, "厂家停产", True),
        ("E02", "≥9台 → 9台", 10, "无。", False),
        ("E02", "≥9台 → 12台", 10, "新增网点", False),
        ("E02", "≥9台 → 8台", 9, "厂家停产", False),
        ("E03", "≥10台 → 13台", 10, '""', True),
        ("E03", "≥10台 → 12.9台", 10, '""', False),
        ("E03", "≥10台 → 13台", 10, "新增网点", False),
        ("E03", "≤10台 → 30台", 3, '""', False),
        ("E03", "按计划 → 达到年度计划的130%", 10, '""', True),
        ("E03", "按计划 → 比上年计划增加130%", 10, '""', False),
    ],
)
def test_a_reason_is_due(code: str, target: str, points: float, reason: str, found: bool) -> None:
    assert bool(messages(code, ROW.format(target, points, reason))) is found


def test_without_a_column_for_reasons_none_is_missing() -> None:
    assert messages("E01", "产出指标/数量指标 台数 ≥9台 → 8台 分值=10 得分=8.89") == []


def test_the_limits_are_those_of_the_policy() -> None:
    deviation = ROW.format("≥10台 → 12台", 10, '""')
    assert messages("E03", deviation) == []
    assert messages("E03", deviation, deviation_from=Decimal("1.2")) == [
        "完成值偏离目标 20%，需说明"
    ]
    slow = EXECUTED.format(85000)
    assert messages("E04", slow) == ["预算执行率 85% 低于 90%，需说明"]
    assert messages("E04", slow, execution_below=Decimal("0.8")) == []
    assert messages("E04", EXECUTED.format(90000)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("实际完成情况=执行率85%，完成较好。", False),
        ("实际完成情况=执行率为95%。", True),
        ("实际完成情况=预算调整为10万元。", False),
        ("实际完成情况=预算由8万元调减为9.9万元。", True),
        ("实际完成情况=安装5台设备。\n产出指标/数量指标 设备台数 ≥5台 → 6台", True),
        ("实际完成情况=安装6台设备。\n产出指标/数量指标 设备台数 ≥5台 → 6台", False),
        ("实际完成情况=其中安装5台设备。\n产出指标/数量指标 设备台数 ≥5台 → 6台", False),
        (
            "实际完成情况=安装5台设备，另有1台设备在途。\n产出指标/数量指标 设备台数 ≥5台 → 6台",
            False,
        ),
        ("实际完成情况=租用5台空调。\n产出指标/数量指标 打印机数量 ≥5台 → 6台", False),
        ("产出指标/质量指标 事故次数 0次 → 0次 说明=难以避免个别事故", True),
        ("产出指标/质量指标 正常率 ≥98% → 99% 说明=不排除突发故障", False),
    ],
)
def test_a_text_and_the_numbers_agree(text: str, found: bool) -> None:
    assert bool(messages("E05", EXECUTED.format(85000) + "\n" + text)) is found


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("待管委会审定", True),
        ("指标值尚未批复", True),
        ("暂定", True),
        ("按接待审批单统计", False),
        ("等待时间短", False),
        ("期待审批提速", False),
        ("按批复文件执行", False),
    ],
)
def test_an_open_target_is_found(note: str, found: bool) -> None:
    assert bool(messages("E06", f"产出指标/数量指标 台数 ≥9台 说明={note}")) is found
