"""Units, comparators, completeness, comparability: the cases that a docstring has no room for."""

import pytest

from tests.rules.conftest import mend
from xlperf.rules import RULES, Finding, read_example, run


def found(code: str, text: str) -> list[Finding]:
    return run(read_example(text), [RULES[code]])


@pytest.mark.parametrize(
    ("row", "fix"),
    [
        ("项目支出 197.9万 → 197.9万元", "197.9万元"),
        ("满意度 ≥95（抽样） → 96%", "≥95%（抽样）"),
        ("培训人数 50 → 48人", "50人"),
        # Whether 元 or 万元 was meant, nobody can say from the actual.
        ("项目支出 ≤198 → 197.9万元", None),
        ("项目支出 ≤198 → 197.9", None),
        ("人均补助 ≤198 → 190元/人", None),
        ("项目支出 ≤198 → 按合同付清", None),
    ],
)
def test_the_unit_comes_from_the_actual_or_not_at_all(row: str, fix: str | None) -> None:
    (finding,) = found("C01", f"产出指标/数量指标 {row}")
    assert (finding.field, finding.replacement) == ("指标值", fix)


@pytest.mark.parametrize(
    "row",
    [
        "产出指标/质量指标 出水PH值 6-9",
        "产出指标/数量指标 培训人数 50 单位=人",
        "产出指标/数量指标 培训人数(人) ≥50",
        "产出指标/数量指标 安全事故 =0",
    ],
)
def test_a_number_may_do_without_a_unit(row: str) -> None:
    assert not found("C01", row)


@pytest.mark.parametrize(
    "row", ["产出指标/时效指标 完成年份 2025", "产出指标/质量指标 验收时间 2025.6"]
)
def test_a_year_is_no_bare_number(row: str) -> None:
    assert not found("C01", row)
    assert not found("C02", row)


def test_a_number_gets_no_invented_comparator() -> None:
    (finding,) = found(
        "C02", "产出指标/数量指标 培训人数 50人 绩效指标描述=参训50人，其中女性不少于20人"
    )
    assert finding.replacement is None


@pytest.mark.parametrize(
    ("described", "fix"),
    [("培训人数不少于50人", "≥50人"), ("全年培训50人以上", "≥50人"), ("不超过0.005万人", "≤50人")],
)
def test_a_comparator_that_is_stated_is_suggested(described: str, fix: str) -> None:
    row = f"产出指标/数量指标 培训人数 50人 绩效指标描述={described}"
    (finding,) = found("C02", row)
    assert finding.replacement == fix
    assert not run(mend(read_example(row), [finding]), [RULES["C02"]])


@pytest.mark.parametrize(
    "value",
    [
        "管委会批复的年度目",
        "（一）完成系统建设；（二",
        "或降低缴存比例的情况",
        "、提升服务能力",
        "根据合同约定按时支付并予",
    ],
)
def test_a_torn_value_is_seen(value: str) -> None:
    assert found("C08", f"效益指标/社会效益指标 情况 {value}")


@pytest.mark.parametrize(
    "value",
    [
        *("按规定及时公开", "不断扩大受益人群享受", "完成全部建设项目", "依据统计数据", "积极参与"),
        *("1）资料齐全；2）归档及时", "（一）制度健全（二）执行有效", "或有事项已披露", "及时到位"),
        *("充分发挥带动作用并逐步普及", "与上年持平", "“两降一升”保持合格", "全面铺开"),
    ],
)
def test_a_whole_value_is_left_alone(value: str) -> None:
    assert not found("C08", f"效益指标/社会效益指标 情况 {value}")


@pytest.mark.parametrize(
    ("target", "actual"),
    [
        ("≥20个", "22项"),
        ("≤3个月", "85天"),
        ("≤60工作日", "45天"),
        ("≥90分", "95%"),
        ("≥2倍", "215%"),
        ("≤45元/次", "43元"),
        ("≥50人", "52"),
        ("90", "95%"),
        ("=100%", "全部到位"),
        ("1套", "已交付"),
        ("=0起", "无"),
        ("≤2次", "未发生"),
        ("≥2场", "先后举办两场"),
        ("每月至少一次", "12次"),
        ("每月至少一次", "已按月开展"),
        ("2024年6月底前", "2024年6月18日"),
        ("2024年6月底前", "100%"),
        ("年底前", "2024年12月18日"),
        ("=100%", "2024年6月18日"),
        ("有效提升", "95%"),
        ("有效提升", "明显提升"),
    ],
)
def test_what_a_reader_converts_is_comparable(target: str, actual: str) -> None:
    assert not found("C13", f"产出指标/数量指标 指标 {target} → {actual}")


@pytest.mark.parametrize(
    ("target", "actual"),
    [
        ("27人*12月", "173.93万元"),
        ("≥95%", "120人"),
        ("≥12公里", "12条"),
        ("≤30天", "2024年6月18日"),
        ("2024年6月底前", "3个"),
        ("≥3场", "效果良好"),
        ("5-8万元", "6个"),
    ],
)
def test_values_of_two_kinds_are_not(target: str, actual: str) -> None:
    (finding,) = found("C13", f"产出指标/数量指标 指标 {target} → {actual}")
    assert finding.diagnostic.message.zh == f"目标与实际不可比：{target} / {actual}"


def test_a_blank_actual_is_not_yet_a_fault() -> None:
    row = '产出指标/数量指标 培训人数 ≥50人 → ""'
    assert not found("C13", row)
    assert not found("C09", row)
