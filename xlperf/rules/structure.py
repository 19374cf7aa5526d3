"""The set of indicators: what is missing, doubled, misfiled or too heavy."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator

from xlperf.diagnostic import Span
from xlperf.indicator import Qualitative, Target, Threshold, base
from xlperf.rules.context import GOALS, AllForms, FormCase, IndicatorCase
from xlperf.rules.reading import TARGET, category, quantities, squeezed, wants_less
from xlperf.rules.rule import GOAL, INFO, NO, SUGGEST, WARNING, Fault, rule

LEVEL1, LEVEL2, NAME, WEIGHT = "一级指标", "二级指标", "三级指标", "分值"

_BENEFITS = ("经济效益", "社会效益", "生态效益", "可持续影响")
_OWN = ("数量", "经济效益", "社会效益", "生态效益")
_TELLING = 10
_DIGITS = re.compile(r"\d+")


@rule("S01", severity=WARNING, stage=GOAL, fix=NO)
def missing_category(form: FormCase) -> Iterator[Fault]:
    """缺少二级指标：{level2} | Missing level-2 category: {level2}

    What a project delivers is measured by number, quality, time and cost, what it is good for by at
    least one benefit, and those it serves are asked (setting `required_categories`).

    Bad:
        产出指标/数量指标 培训期数 ≥3期
        产出指标/质量指标 培训合格率 ≥95%
        产出指标/时效指标 完成时间 2025年底前
        效益指标/社会效益指标 业务差错率 ≤1%
        满意度指标/服务对象满意度指标 参训人员满意度 ≥90%
    Good:
        成本指标/经济成本指标 培训费 ≤10万元
        产出指标/数量指标 培训期数 ≥3期
        产出指标/质量指标 培训合格率 ≥95%
        产出指标/时效指标 完成时间 2025年底前
        效益指标/社会效益指标 业务差错率 ≤1%
        满意度指标/服务对象满意度指标 参训人员满意度 ≥90%
    """
    if not any("产出" in indicator.level1 for indicator in form.indicators):
        return
    present = {category(indicator) for indicator in form.indicators}
    present |= {"效益" for indicator in form.indicators if "效益" in indicator.level1}
    for required in form.settings.required_categories:
        if required not in present:
            yield Fault(LEVEL2, level2=f"{required}指标")


@rule("S02", severity=WARNING, stage=GOAL, fix=SUGGEST)
def unusual_level1(form: FormCase) -> Iterator[Fault]:
    """一级指标名称不规范：{level1} | Non-standard level-1 name: {level1}

    Systems of the finance bureau know a fixed list of names (setting `level1_names`). One letter
    off is a slip, and the name next to it is suggested.

    Bad:  双星指标/行业双星指标 对外服务能力 加强
    Bad:  产出指示/数量指标 购置设备数量 ≥27台
    Good: 产出指标/数量指标 购置设备数量 ≥27台
    Good: 产出/数量 购置设备数量 ≥27台
    Good: 产出指标(50分)/数量指标 购置设备数量 ≥27台
    """
    known = form.settings.level1_names
    seen = set()
    for indicator in form.indicators:
        name = squeezed(indicator.level1)
        if not name or {name, f"{name}指标"} & set(known):
            continue
        near = _one_letter_off(name, known)
        if near or name not in seen:
            seen.add(name)
            yield Fault(LEVEL1, at=indicator, fix=near, level1=name)


def _one_letter_off(name: str, known: tuple[str, ...]) -> str | None:
    import difflib  # only for names that are none

    near = difflib.get_close_matches(name, known, 1, 1 - 1 / len(name)) if len(name) > 2 else []
    return near[0] if near else None


@rule("S03", severity=WARNING, stage=GOAL, fix=SUGGEST)
def misfiled_indicator(indicator: IndicatorCase) -> Iterator[Fault]:
    """指标归类疑似有误：{name} 在 {level2}，建议 {suggest} |
    Indicator looks misfiled: {name} under {level2}, try {suggest}

    A guess from the end of the name and the unit: a duration is no quality, a pass rate no number.
    The finding does not move the row, since its place in the table would have to change with it.

    Bad:  产出指标/质量指标 故障响应时间 ≤30分钟
    Bad:  产出指标/质量指标 每日机房巡检次数 ≥2次
    Bad:  产出指标/数量指标 资金支付合格率 100%
    Bad:  效益指标/社会效益指标 突发情况处理效率 <24小时
    Bad:  满意度指标/服务对象满意度指标 窗口恶性事件发生次数 =0次
    Good: 产出指标/时效指标 故障响应时间 ≤30分钟
    Good: 产出指标/质量指标 系统故障次数 ≤2次
    Good: 效益指标/社会效益指标 办理时间缩短 ≥10分钟
    Good: 效益指标/生态效益指标 水质达标率 ≥95%
    Good: 满意度指标/服务对象满意度指标 有责投诉次数 ≤2次
    """
    name = squeezed(indicator.name)
    right = _right_category(indicator, category(indicator), name)
    if right:
        yield Fault(LEVEL2, name=indicator.name, level2=indicator.level2, suggest=f"{right}指标")


_DURATION = re.compile("(?:时间|时长|时限|效率|速度)$")
_SAVED = re.compile("缩短|减少|节约|节省|提升|提高|降低|压缩|提前|延长|增加|提速|等待|平均|候")
_ON_TIME = re.compile("(?:及时率|及时性|按时率|按期率|准时率|如期率)$")
_GRADED = re.compile("(?:合格率|达标率|准确率|优良率|完好率|出勤率|通过率|差错率|故障率)$")
_COUNTED = re.compile("(?:次数|人次|人数|个数|数量|场次|场数|期数|份数|台数)$")
_COSTING = re.compile("(?:(?<![缴收免付交])费用?|成本|单价|经费)(?:等|支出|标准|总额)*$")
_GIVEN = re.compile("减免|免除|补助|补贴|奖励|资助|节约|节省|降低|减少|发放")
_SERVED = re.compile("(?:服务|惠及|受益).*(?:次数|人次|人数)$")
_ASKED = re.compile("满意[度率]$")
_ASKING = re.compile(
    "满意|投诉|体验|认可|好评|差评|评价|知悉|知晓|获得感|信任|反馈|认同|感受|信访|口碑|表扬|幸福|安全感|支持|举报|意见"
)
_DEGREE = re.compile("[度率感性]$")


def _right_category(indicator: IndicatorCase, here: str, name: str) -> str | None:
    """The category that the name and unit speak for, None where that is the one it is in."""
    if here and here != "满意度" and _ASKED.search(name):
        return "满意度"
    if here in ("质量", *_BENEFITS) and _is_deadline(indicator, name):
        return "时效"
    if here in ("数量", "质量", "成本") and _ON_TIME.search(name):
        return "时效"
    if here in ("数量", "成本") and _GRADED.search(name):
        return "质量"
    if here in ("质量", "时效", "成本") and _COUNTED.search(name) and _is_delivered(indicator):
        return "数量"
    if here in ("数量", "质量", "时效") and _COSTING.search(name) and not _GIVEN.search(name):
        return "成本"
    if here == "经济效益" and _SERVED.search(name):
        return "社会效益"
    if here == "满意度" and not _DEGREE.search(name) and not _is_asked(indicator):
        return "社会效益"
    return None


def _is_deadline(indicator: IndicatorCase, name: str) -> bool:
    """Whether the target is a duration that is to be kept, not one that is gained or saved."""
    match indicator.target:
        case Threshold(op="≤" | "<" | None, quantity=quantity):
            timed = base(quantity)[1] in ("秒", "工作日")
            return timed and bool(_DURATION.search(name)) and not _SAVED.search(name)
    return False


def _is_delivered(indicator: IndicatorCase) -> bool:
    """Whether the target asks for things to be done, not for things that should not happen."""
    target = indicator.target
    limited = isinstance(target, Threshold) and target.op in ("≤", "<")
    none = any(quantity.number == 0 for quantity in quantities(target))
    return not (limited or none or wants_less(indicator))


def _is_asked(indicator: IndicatorCase) -> bool:
    return _ASKING.search(indicator.name) is not None


@rule("S04", severity=INFO, stage=GOAL, fix=NO)
def quantities_are_only_rates(form: FormCase) -> Iterator[Fault]:
    """数量指标只有完成率，无实际数量 | Quantity block holds only completion rates

    “100% of the plan” does not say how much was planned.

    Bad:
        产出指标/数量指标 硒鼓购置计划完成率 =100%
        产出指标/数量指标 网点巡检覆盖率 ≥95%
    Good:
        产出指标/数量指标 硒鼓购置计划完成率 =100%
        产出指标/数量指标 全年巡检次数 ≥68次
    """
    block = [indicator for indicator in form.indicators if category(indicator) == "数量"]
    units = [base(quantity)[1] for row in block for quantity in quantities(row.target)]
    if units and set(units) == {"%"}:
        yield Fault(TARGET, at=block[0])


@rule("S05", severity=INFO, stage=GOAL, fix=NO)
def repeated_indicator(forms: AllForms) -> Iterator[Fault]:
    """重复或雷同指标：{name} | Repeated or cloned indicator: {name}

    Within one form: the same name twice in a category, or two in prose of which one says no more
    than the other. Within a document: the same output or benefit with the same value in several
    projects (setting `clone_projects`), as if copied; quality, time, service life and satisfaction
    are alike everywhere.

    Bad:
        产出指标/数量指标 巡检次数 ≥4次
        产出指标/数量指标 巡检次数 ≥12次
    Bad:
        效益指标/社会效益指标 扩大制度覆盖面，让更多群众享受到制度带来的红利 不断扩大
        效益指标/可持续影响指标 让更多群众享受到制度红利 长期
    Bad:
        产出指标/数量指标 服务职工次数 ≥1000万次
        --
        产出指标/数量指标 服务职工次数 ≥1000万次
        --
        产出指标/数量指标 服务职工次数 ≥1000万次
    Good:
        产出指标/质量指标 验收合格率 =100%
        --
        产出指标/质量指标 验收合格率 =100%
        --
        产出指标/质量指标 验收合格率 =100%
    Good:
        产出指标/数量指标 巡检次数 ≥4次
        产出指标/数量指标 培训次数 ≥4次
    Good:
        效益指标/社会效益指标 第1批老旧小区改造带动就业 显著
        效益指标/社会效益指标 第12批老旧小区改造带动就业 显著
    """
    copies: dict[tuple[str, str, Target], list[IndicatorCase]] = defaultdict(list)
    for form in forms:
        for indicator in _said_before(form):
            yield Fault(NAME, at=indicator, name=indicator.name)
        for indicator in form.indicators:
            if category(indicator) in _OWN and indicator.target_text:
                key = form.document, squeezed(indicator.name), indicator.target
                copies[key].append(indicator)
    for group in copies.values():
        if len({indicator.form for indicator in group}) >= group[0].form.settings.clone_projects:
            for indicator in group:
                yield Fault(NAME, at=indicator, name=indicator.name)


def _said_before(form: FormCase) -> Iterator[IndicatorCase]:
    """The indicators that repeat an earlier one of the same level 1."""
    seen: set[tuple[str, str, str]] = set()
    prose: dict[tuple[str, ...], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    repeated: set[int] = set()
    for indicator in form.indicators:
        name = squeezed(indicator.name)
        if not name:
            continue
        key = (indicator.level1, category(indicator), name)
        if key in seen:
            repeated.add(indicator.row)
        seen.add(key)
        if len(name) >= _TELLING and isinstance(indicator.target, Qualitative):
            prose[indicator.level1, *_DIGITS.findall(name)][name].append(indicator.row)
    for rows in prose.values():
        for short, long in _contained(rows):
            later = max(rows[short][0], rows[long][0])
            repeated |= {row for row in (*rows[short], *rows[long]) if row >= later}
    yield from (indicator for indicator in form.indicators if indicator.row in repeated)


def _contained(names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each name with every longer one that it stands in.

    Only those that hold all of its letters are compared, so that thousands of rows take no time.
    """
    holding: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for letter in name:
            holding[letter].add(name)
    for short in names:
        rarest_first = sorted((holding[letter] for letter in set(short)), key=len)
        for long in set.intersection(*rarest_first):
            if len(long) > len(short) and _within(short, long):
                yield short, long


def _within(short: str, long: str) -> bool:
    """Whether the letters of `short` all stand in `long`, in this order."""
    rest = iter(long)
    return all(letter in rest for letter in short)


@rule("S06", severity=WARNING, stage=GOAL, fix=NO)
def indicator_in_another_project(forms: AllForms) -> Iterator[Fault]:
    """
    项目名称含"{x}"，但无对应指标（指标在另一项目） |
    Project name says "{x}" but has no such indicator; it sits in another project

    Where a project's name lists several things, each needs an indicator. The finding is raised only
    when another project of the document, whose name does not mention the thing, has it among its
    indicators.

    Bad:
        项目名称=归集业务、专项审计及数据治理经费
        产出指标/数量指标 归集业务监督考核 ≥12次
        --
        项目名称=逾期催收、律师顾问等经费
        产出指标/数量指标 专项审计工作 ≥1次
    Good:
        项目名称=归集业务、专项审计及数据治理经费
        产出指标/数量指标 专项审计报告 ≥1份
        --
        项目名称=逾期催收、律师顾问等经费
        产出指标/数量指标 专项审计工作 ≥1次
    """
    documents: dict[str, list[tuple[FormCase, str]]] = defaultdict(list)
    for form in forms:
        documents[form.document].append((form, _promises(form)))
    for members in documents.values():
        everything = "\n".join(promises for _, promises in members)
        for form, own in members:
            for part in _parts(form.name):
                # Most parts stand nowhere, so this saves the walk through all forms.
                if part in everything and part not in own and _is_elsewhere(part, members):
                    yield Fault("项目名称", at=form, x=part)


def _is_elsewhere(part: str, members: list[tuple[FormCase, str]]) -> bool:
    """Whether a project whose name does not say so has an indicator of it."""
    return any(part in promises and part not in form.name for form, promises in members)


_LIST = re.compile("[、，,和与及/]|以及")
_PART_END = re.compile("(?:等|项目|专项|工作|业务|工程)?(?:经费|费用|费|资金|支出)?$")
_FEWEST_LETTERS = 4


def _parts(name: str) -> list[str]:
    """The things that a project's name lists, where it lists several."""
    parts = [_PART_END.sub("", part.strip()) for part in _LIST.split(name)]
    return [part for part in parts if len(part) >= _FEWEST_LETTERS] if len(parts) > 1 else []


def _promises(form: FormCase) -> str:
    """The words of all indicators of the form."""
    labels = (NAME, TARGET, "绩效指标描述")
    return "\n".join(indicator.text(label) for indicator in form.indicators for label in labels)


@rule("S07", severity=WARNING, stage=GOAL, fix=NO)
def goal_without_indicator(form: FormCase) -> Iterator[Fault]:
    """总体目标"{g}"无对应指标 | Goal "{g}" has no indicator

    A goal that nothing measures is a wish. The rule compares words, so it speaks only of forms
    that list several goals, and only of a goal that shares no word with any indicator, with the
    project's name or the use of its money, while another goal does. Words that all forms share do
    not count (setting `shared_goal_words`).

    Bad:
        项目名称=业务专线租用费
        年度总体目标="目标1：业务专线畅通。目标2：纸张、墨粉等耗材不断供。"
        产出指标/数量指标 专线条数 ≥12条
    Good:
        项目名称=业务专线租用费
        年度总体目标="目标1：业务专线畅通。目标2：纸张、墨粉等耗材不断供。"
        产出指标/数量指标 专线条数 ≥12条
        产出指标/数量指标 办公耗材采购批次 ≥4批
    """
    if not form.indicators:
        return
    label = next((label for label in GOALS if form.text(label)), "")
    goals = [goal.strip() for goal in _NEXT_GOAL.split(form.text(label))]
    shared = form.settings.shared_goal_words
    known = _pairs(f"{_promises(form)}\n{form.name}\n{form.text('资金用途')}", shared)
    covered = [bool(_pairs(goal, shared) & known) for goal in goals]
    for goal, measured in zip(goals, covered, strict=True):
        telling = len(_pairs(goal, shared)) >= _FEWEST_PAIRS and not _CATCH_ALL.search(goal)
        if any(covered) and not measured and telling:
            start = form.text(label).index(goal)
            yield Fault(label, span=Span(start, start + len(goal)), g=goal.rstrip("。；;"))


_FEWEST_PAIRS = 4
_CATCH_ALL = re.compile("交办|其[他它]工作")
_NEXT_GOAL = re.compile(
    r"(?:^|(?<=[\s。；;：:]))(?:(?:总体|阶段性)?目标\s*\d{0,2}\s*[：:、.]|\d{1,2}\s*[)）.、．](?!\d)"
    r"|[（(][\d一二三四五六七八九十]{1,2}[)）])\s*"
)


def _pairs(text: str, shared: tuple[str, ...]) -> set[str]:
    """The pairs of neighbouring letters, which come close to words, without the shared words."""
    for word in sorted(shared, key=len, reverse=True):
        text = text.replace(word, " ")
    return set(re.findall(r"(?=([\u4e00-\u9fff]{2}))", text))


@rule("S08", severity=INFO, stage=GOAL, fix=NO)
def identical_goals(form: FormCase) -> Iterator[Fault]:
    """项目总目标与年度总体目标完全相同 | Project goal and annual goal are identical

    The goal of the year is that part of the project's goal that this year's money pays for.

    Bad:
        项目总目标=每月足额缴纳补充公积金，7月调整基数。
        年度总体目标=每月足额缴纳补充公积金，7月调整基数。
    Good:
        项目总目标=三年内建成综合服务平台。
        年度总体目标=完成平台一期验收。
    """
    annual = squeezed(form.text("年度总体目标"))
    if annual and annual == squeezed(form.text("项目总目标")):
        yield Fault("年度总体目标")


@rule("S09", severity=WARNING, stage=GOAL, fix=NO)
def heavy_indicator(indicator: IndicatorCase) -> Iterator[Fault]:
    """单个指标分值 {w} 过高 | One indicator carries {w} points

    One slip, or one generous judgement, then decides the grade (setting `heavy_weight`).

    Bad:  效益指标/社会效益指标 保障业务正常进行 较大 分值=30
    Good: 效益指标/社会效益指标 线上业务办理率 ≥70% 分值=15
    """
    weight = indicator.weight
    if weight is not None and weight >= indicator.form.settings.heavy_weight:
        yield Fault(WEIGHT, w=weight)
