"""Targets in prose, and how they are scored."""

import re
from collections.abc import Iterator

from xlperf.indicator import Qualitative, Threshold, base
from xlperf.rules.context import IndicatorCase
from xlperf.rules.reading import ACTUAL, TARGET, category
from xlperf.rules.rule import GOAL, INFO, NO, SELF_EVALUATION, WARNING, Fault, rule
from xlperf.scoring import score

_STATES_BANDS = re.compile("[优好高].*[差低]|显著.*不显著|达成.*未达成|[一二三ABC]档|分档|≥|＞")
_MEASURABLE = re.compile(
    "(?:(?<!效)率|占比|满意度|次数|人次|人数|户数|天数|数量|个数|台数|份数|场次|期数"
    "|金额|时长|面积|里程)$"
)
_MEASURED = re.compile(r"\d|全覆盖|应.尽.|百分之")


@rule("Q01", severity=INFO, stage=GOAL, fix=NO)
def prose_without_bands(indicator: IndicatorCase) -> Iterator[Fault]:
    """定性指标未分档，难以评分：{v} | Qualitative target without bands: {v}

    A word of degree (setting `vague_words`) leaves open how much is enough. Say what earns 100 to
    80 %, 80 to 60 % and less of the points. A plain yes or no needs no bands; of cost, rule B05
    speaks.

    Bad:  效益指标/社会效益指标 网点服务能力 有效提升
    Bad:  产出指标/时效指标 资料归档及时性 及时
    Good: 效益指标/社会效益指标 网点服务能力 显著提升/有所提升/无提升（优、良、差）
    Good: 产出指标/质量指标 项目验收情况 合格
    Good: 产出指标/质量指标 聘用人员学历 大专学历及以上
    """
    match indicator.target:
        case Qualitative(text, None) if category(indicator) != "成本":
            vague = any(word in text for word in indicator.form.settings.vague_words)
            if vague and not _STATES_BANDS.search(text):
                yield Fault(TARGET, v=text)


@rule("Q02", severity=WARNING, stage=SELF_EVALUATION, fix=NO)
def score_outside_its_band(indicator: IndicatorCase) -> Iterator[Fault]:
    """定性指标得分 {s} 不在 {band} 区间 [{lo},{hi}] |
    Qualitative score {s} is outside the {band} band [{lo},{hi}]

    Where the actual value is one of the words that state a band, or a percentage within one, the
    score lies within the band's share of the points. Bands and words are those of the policy.

    Bad:  效益指标/社会效益指标 网点服务能力 有效提升 → 部分达成 分值=10 得分=9.5
    Bad:  效益指标/社会效益指标 网点服务能力 有效提升 → 达成预期指标 分值=10 得分=7
    Good: 效益指标/社会效益指标 网点服务能力 有效提升 → 部分达成 分值=10 得分=7
    Good: 效益指标/社会效益指标 网点服务能力 有效提升 → 有所提升 分值=10 得分=7
    """
    points = indicator.score
    allowed = score(indicator.record, indicator.form.policy).allowed
    if points is None or allowed is None or not indicator.weight:
        return
    low, high = allowed
    if not low <= points <= high:
        yield Fault("得分", s=points, band=indicator.actual_text.strip(), lo=low, hi=high)


@rule("Q03", severity=WARNING, stage=GOAL, fix=NO)
def number_written_as_prose(indicator: IndicatorCase) -> Iterator[Fault]:
    """可量化却写成定性：{name} {v} | Measurable indicator written as prose: {name} {v}

    The name asks for a number (率, 次数, 面积 …) and the target has none. 全覆盖 and 应保尽保 stand
    for a hundred per cent.

    Bad:  效益指标/社会效益指标 增加用户数量 不断增加
    Bad:  产出指标/数量指标 工作服制作完成率 按实际在岗人数完成
    Good: 效益指标/社会效益指标 增加用户数量 ≥5000户
    Good: 效益指标/社会效益指标 业务办理效率 有效提升
    Good: 产出指标/数量指标 低保对象保障人数 应保尽保
    Good: 产出指标/数量指标 培训人次 见培训计划（约120人次）
    """
    match indicator.target:
        case Qualitative(text) if text and category(indicator) != "成本":
            if _MEASURABLE.search(indicator.name) and not _MEASURED.search(text):
                yield Fault(TARGET, name=indicator.name, v=text)


@rule("Q04", severity=INFO, stage=SELF_EVALUATION, fix=NO)
def satisfaction_exactly_as_planned(indicator: IndicatorCase) -> Iterator[Fault]:
    """满意度实际值与目标值完全相同，需佐证 |
    Satisfaction actual equals the target exactly; attach evidence

    A survey hardly ever gives the very number of the target. All of 100 % may be the truth.

    Bad:  满意度指标/服务对象满意度指标 缴存职工满意度 ≥95% → 95%
    Good: 满意度指标/服务对象满意度指标 缴存职工满意度 ≥95% → 96.3%
    Good: 满意度指标/服务对象满意度指标 缴存职工满意度 =100% → 100%
    Good: 满意度指标/服务对象满意度指标 有责投诉次数 ≤0次 → 0次
    """
    if category(indicator) != "满意度" and "满意" not in indicator.name:
        return
    match indicator.target, indicator.actual:
        case Threshold(quantity=wanted), Threshold(quantity=reached):
            number, unit = base(wanted)
            if base(reached) == (number, unit) and unit in ("%", "分") and 0 < number < 100:
                yield Fault(ACTUAL)
