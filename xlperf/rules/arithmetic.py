"""Sums, rates, scores and grades: what the numbers of a form say about each other."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from xlperf.indicator import Deadline, Qualitative, Threshold
from xlperf.rules.context import FormCase, IndicatorCase
from xlperf.rules.rule import (
    BOTH,
    ERROR,
    GOAL,
    NO,
    SAFE,
    SELF_EVALUATION,
    SUGGEST,
    WARNING,
    Fault,
    plain,
    rule,
)
from xlperf.scoring import execution_score, grade, score

_FULL = Decimal(100)


def _row_weights(form: FormCase) -> Decimal | None:
    """What the weights of the rows add to; None where the form has none."""
    weights = [row.weight for row in form.indicators if row.weight is not None]
    return sum(weights, Decimal(0)) if weights else None


def _execution_points(form: FormCase) -> Decimal | None:
    """The weight of execution where it is scored beside the rows, not as one of them; else 0.

    None where that cannot be told: the weight or the amounts are text.
    """
    if _row_weights(form) == _FULL:
        return Decimal(0)
    if printed := form.entry(f"资金.{form.total_row}.分值"):
        return printed.number
    if form.execution is not None:
        return form.execution_weight
    row = form.funding.get(form.total_row, {})
    unclear = any(row[column] and row[column].number is None for column in row)
    return None if unclear else Decimal(0)


@rule("A01", severity=ERROR, stage=SELF_EVALUATION, fix=SAFE)
def total_is_not_the_sum(form: FormCase) -> Iterator[Fault]:
    """得分合计 {sum} 与总分 {printed} 不一致，相差 {diff} |
    Row scores add to {sum}, printed total is {printed} (diff {diff})

    The total is the scores of all rows and of budget execution. A total is mended only where every
    row is scored and the weights add to 100: else a row may be missing, and the total may be right.

    Bad:
        资金.年度资金总额.全年预算数=100 资金.年度资金总额.全年执行数=100
        资金.年度资金总额.分值=10 资金.年度资金总额.得分=10 总分=99
        产出指标/数量指标 培训次数 ≥4次 → 4次 分值=60 得分=60
        满意度指标/满意度指标 学员满意度 ≥90% → 95% 分值=30 得分=28
    Good:
        资金.年度资金总额.全年预算数=100 资金.年度资金总额.全年执行数=100
        资金.年度资金总额.分值=10 资金.年度资金总额.得分=10 总分=98
        产出指标/数量指标 培训次数 ≥4次 → 4次 分值=60 得分=60
        满意度指标/满意度指标 学员满意度 ≥90% → 95% 分值=30 得分=28
    """
    printed = form.number("总分")
    scores = [row.score for row in form.indicators if row.weight or row.score is not None]
    if printed is None or not scores or None in scores:
        return
    total = sum((points for points in scores if points is not None), Decimal(0))
    weights = _row_weights(form) or Decimal(0)
    points = _execution_points(form)
    if points is None:
        return
    if points:
        execution = form.number(f"资金.{form.total_row}.得分")
        if execution is None:
            return
        total += execution
        weights += points
    if abs(total - printed) > form.settings.tolerance:
        fix = plain(total) if weights == _FULL else None
        diff = abs(total - printed)
        yield Fault("总分", fix=fix, sum=total, printed=printed, diff=diff)


@rule("A02", severity=ERROR, stage=SELF_EVALUATION, fix=SUGGEST)
def section_weights_do_not_add(form: FormCase) -> Iterator[Fault]:
    """{level1}下级分值合计 {sum}，与一级指标分值 {section} 不一致 |
    Weights under {level1} add to {sum}, the section says {section}

    Where a level-1 name states its points, as in 产出指标(50分), the weights below add to
    them. Only a section of a single row says what that row's weight should be. A form that leaves
    a level-1 name out does not say for certain where a section ends.

    Bad:
        效益指标(30分)/社会效益指标 线上办理率 ≥70% → 81% 分值=15 得分=15
        效益指标(30分)/可持续影响指标 使用年限 ≥5年 → 5年 分值=13 得分=13
    Bad:  满意度指标（10分）/满意度指标 学员满意度 ≥90% → 95% 分值=8 得分=8
    Good:
        效益指标(30分)/社会效益指标 线上办理率 ≥70% → 81% 分值=15 得分=15
        效益指标(30分)/可持续影响指标 使用年限 ≥5年 → 5年 分值=15 得分=15
    """
    if not all(row.record.level1 for row in form.indicators):
        return
    sections = defaultdict(list)
    for row in form.indicators:
        sections[row.level1].append(row)
    for name, rows in sections.items():
        stated = next((row.section_weight for row in rows if row.section_weight), None)
        weights = [row.weight for row in rows if row.weight is not None]
        if stated is None or len(weights) < len(rows) or sum(weights) == stated:
            continue
        label, fix = ("分值", plain(stated)) if len(rows) == 1 else ("一级指标", None)
        yield Fault(label, at=rows[0], fix=fix, level1=name, sum=sum(weights), section=stated)


@rule("A03", severity=ERROR, stage=SELF_EVALUATION, fix=SUGGEST)
def weights_are_not_100(form: FormCase) -> Iterator[Fault]:
    """分值合计 {sum}，应为 100（含预算执行率 10 分） |
    Weights add to {sum}, must be 100 including 10 for budget execution

    The weights of all rows and of budget execution add to 100. Where they do and only the printed
    sum is wrong, the sum can be mended.

    Bad:
        资金.年度资金总额.全年预算数=100 资金.年度资金总额.全年执行数=100
        资金.年度资金总额.分值=10 分值合计=100
        产出指标/数量指标 培训次数 ≥4次 → 4次 分值=88 得分=88
    Bad:
        资金.年度资金总额.全年预算数=100 资金.年度资金总额.全年执行数=100
        资金.年度资金总额.分值=10 分值合计=90
        产出指标/数量指标 培训次数 ≥4次 → 4次 分值=90 得分=90
    Good:
        资金.年度资金总额.全年预算数=100 资金.年度资金总额.全年执行数=100
        资金.年度资金总额.分值=10 分值合计=100
        产出指标/数量指标 培训次数 ≥4次 → 4次 分值=90 得分=90
    """
    total, printed = _row_weights(form), form.number("分值合计")
    if total is None or any(row.weight is None for row in form.indicators if row.name):
        return
    execution = _execution_points(form)
    if execution is None:
        return
    total += execution
    if total != _FULL:
        yield Fault("分值合计", sum=total)
    elif printed is not None and printed != _FULL:
        yield Fault("分值合计", fix="100", sum=printed)


@rule("A04", severity=ERROR, stage=SELF_EVALUATION, fix=SAFE)
def wrong_execution_rate(form: FormCase) -> Iterator[Fault]:
    """预算执行率应为 {calc}%，填报 {printed}% |
    Execution rate should be {calc}% (B/A), printed {printed}%

    The rate is what was spent (B) of the year's budget (A). Fewer places than two are accepted as
    long as they are rounded right, and so is a ratio (0.8656) for a percentage.

    Bad:
        资金.年度资金总额.全年预算数=100000 资金.年度资金总额.全年执行数=86560
        资金.年度资金总额.执行率=85.66
    Good:
        资金.年度资金总额.全年预算数=100000 资金.年度资金总额.全年执行数=86560
        资金.年度资金总额.执行率=86.56
    Good:
        资金.年度资金总额.全年预算数=100000 资金.年度资金总额.全年执行数=86560
        资金.年度资金总额.执行率=86.6
    """
    for name, execution in form.executions.items():
        label = f"资金.{name}.执行率"
        entry = form.entry(label)
        if entry.number is None:
            continue
        exact = execution.executed / execution.budget * 100
        percent = entry.text.strip().endswith(("%", "％"))
        printed = entry.number * 100 if percent else entry.number
        readings = (printed,) if percent else (printed, printed * 100)
        if any(abs(reading - exact) <= _half_step(reading) for reading in readings):
            continue
        fix = plain(execution.rate) + ("%" if percent else "")
        yield Fault(label, fix=fix, calc=execution.rate, printed=printed)


def _half_step(number: Decimal) -> Decimal:
    """How far a number may lie from what it was rounded from; two places always count as enough."""
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(Decimal("0.01"), Decimal("0.5").scaleb(min(exponent, 0)))


@rule("A05", severity=ERROR, stage=SELF_EVALUATION, fix=SAFE)
def wrong_execution_score(form: FormCase) -> Iterator[Fault]:
    """预算执行率得分应为 {calc}（执行率×10，最高 10），填报 {printed} |
    Execution score should be {calc} (rate x 10, capped)

    The score is the rate of the weight for execution, and never more than the weight.

    Bad:
        资金.年度资金总额.全年预算数=100000 资金.年度资金总额.全年执行数=86560
        资金.年度资金总额.分值=10 资金.年度资金总额.得分=10
    Good:
        资金.年度资金总额.全年预算数=100000 资金.年度资金总额.全年执行数=86560
        资金.年度资金总额.分值=10 资金.年度资金总额.得分=8.66
    Good:
        资金.年度资金总额.全年预算数=100000 资金.年度资金总额.全年执行数=110000
        资金.年度资金总额.分值=10 资金.年度资金总额.得分=10
    """
    execution = form.execution
    if execution is None:
        return
    label = f"资金.{execution.row}.得分"
    printed = form.number(label)
    points = execution_score(
        execution.budget, execution.executed, form.execution_weight, form.policy
    )
    if printed is None or points is None:
        return
    if abs(printed - points) > form.settings.tolerance:
        yield Fault(label, fix=plain(points), calc=points, printed=printed)


_PARTS: dict[str, tuple[frozenset[str], ...]] = {
    "财政拨款": (frozenset({"上级补助", "本级安排"}),),
    "年度资金总额": (
        frozenset({"财政拨款", "其他", "其他资金"}),
        frozenset({"当年财政拨款", "上年结转资金", "其他资金"}),
    ),
    "资金总额": (frozenset({"财政拨款", "其他资金"}),),
    "预算数": (frozenset({"财政资金", "其他资金"}),),
    "项目资金总额": (frozenset({"财政资金", "其他资金"}),),
    "年度资金申请总额": (frozenset({"当年财政拨款", "上年结转资金", "年度其他资金"}),),
}
"""Which funding rows make up which; where forms differ, every known way. A row that is none of
these may be a part too, so that nothing can be said about a form that has one."""

_INCLUDING = {"财政拨款"}
"""Of these a form may print one part alone, as 其中：上级补助."""

_KNOWN_ROWS = {*_PARTS, *(name for ways in _PARTS.values() for way in ways for name in way)}
_AMOUNTS = ("金额", "年初预算数", "全年预算数", "全年执行数", "预算数", "执行数")


@rule("A06", severity=ERROR, stage=BOTH, fix=NO)
def funding_does_not_add(form: FormCase) -> Iterator[Fault]:
    """资金行不平：{parent} {a} ≠ 下级合计 {b} |
    Funding rows do not add: {parent} {a} is not the sum of its parts {b}

    Every parent in the funding table is the sum of the rows below it, in every column. A parent
    that is wrong only because one of its parts is gets no finding of its own. Where a form prints
    one part of 财政拨款 alone (其中：上级补助), that may be less than the whole.

    Bad:  资金.年度资金总额.全年预算数=100 资金.财政拨款.全年预算数=60 资金.其他.全年预算数=30
    Bad:  资金.资金总额.金额=8 资金.财政拨款.金额=0 资金.上级补助.金额=0 资金.本级安排.金额=8
    Good: 资金.年度资金总额.全年预算数=100 资金.财政拨款.全年预算数=70 资金.其他.全年预算数=30
    Good: 资金.年度资金总额.全年预算数=100 资金.财政拨款.全年预算数=60 资金.社会资金.全年预算数=40
    Good: 资金.资金总额.金额=100 资金.财政拨款.金额=100 资金.上级补助.金额=60
    """
    rows = form.funding
    if not _KNOWN_ROWS.issuperset(rows):
        return
    columns = dict.fromkeys(column for cells in rows.values() for column in cells)
    for column in filter(columns.__contains__, _AMOUNTS):
        amounts = {
            name: cells[column].number
            for name, cells in rows.items()
            if column in cells and cells[column].number is not None
        }
        yield from _unbalanced(form, column, {k: v for k, v in amounts.items() if v is not None})


def _unbalanced(form: FormCase, column: str, amounts: dict[str, Decimal]) -> Iterator[Fault]:
    """The parents of one column that are not the sum of their parts, the innermost first."""
    true = dict(amounts)
    for parent, ways in _PARTS.items():
        parts = [way & amounts.keys() for way in ways]
        if parent not in amounts or not any(parts):
            continue
        names = max(parts, key=len)
        sum_of_parts = sum(true[name] for name in names)
        if abs(sum_of_parts - amounts[parent]) <= form.settings.tolerance:
            continue
        alone = parent in _INCLUDING and all(len(way & form.funding.keys()) < 2 for way in ways)
        if alone and sum_of_parts < amounts[parent]:
            continue
        total = sum((amounts[name] for name in names), Decimal(0))
        true[parent] = total
        yield Fault(f"资金.{parent}.{column}", parent=parent, a=amounts[parent], b=total)


@rule("A07", severity=WARNING, stage=GOAL, fix=NO)
def one_year_but_two_totals(form: FormCase) -> Iterator[Fault]:
    """项目期仅一年，但项目资金总额 {a} ≠ 年度资金申请总额 {b} |
    Project runs one year but project total {a} differs from annual total {b}

    A project that begins and ends in one calendar year has no money of other years.

    Bad:
        计划开始日期=2023-01-01 计划完成日期=2023-12-31
        资金.项目资金总额.金额=3666500 资金.年度资金申请总额.金额=3666483
    Good:
        计划开始日期=2023-01-01 计划完成日期=2024-12-31
        资金.项目资金总额.金额=3666500 资金.年度资金申请总额.金额=1666483
    """
    label = "资金.项目资金总额.金额"
    whole, annual = form.number(label), form.number("资金.年度资金申请总额.金额")
    begun, ended = form.year_in("计划开始日期"), form.year_in("计划完成日期")
    if whole is None or annual is None or begun is None or begun != ended:
        return
    if abs(whole - annual) > form.settings.tolerance:
        yield Fault(label, a=whole, b=annual)


@rule("A08", severity=ERROR, stage=SELF_EVALUATION, fix=NO)
def score_above_weight(indicator: IndicatorCase) -> Iterator[Fault]:
    """得分 {s} 超过分值 {w} | Score {s} exceeds weight {w}

    An indicator cannot earn more points than it can give.

    Bad:  产出指标/数量指标 购置设备数量 ≥27台 → 30台 分值=10 得分=11
    Good: 产出指标/数量指标 购置设备数量 ≥27台 → 30台 分值=10 得分=10
    """
    points, weight = indicator.score, indicator.weight
    if points is not None and weight is not None and points > weight:
        yield Fault("得分", s=points, w=weight)


@rule("A09", severity=WARNING, stage=SELF_EVALUATION, fix=SUGGEST)
def score_departs_from_formula(indicator: IndicatorCase) -> Iterator[Fault]:
    """定量指标按比例应得 {calc} 分，填报 {s} 分 |
    Quantitative score by formula is {calc}, printed {s}

    The score of a quantitative indicator follows from target, actual and weight by the policy. A
    full score for a missed target is A10, a score above the weight A08.

    Bad:  产出指标/质量指标 正常使用率 =100% → 98% 分值=2 得分=0
    Good: 产出指标/质量指标 正常使用率 =100% → 98% 分值=2 得分=1.96
    Good: 效益指标/社会效益指标 办事便捷程度 较大提升 → 较大提升 分值=30 得分=28
    """
    points, weight = indicator.score, indicator.weight
    calc = score(indicator.record, indicator.form.policy).value
    if points is None or weight is None or calc is None or points > weight:
        return
    if abs(calc - points) > indicator.form.settings.tolerance and not points == weight > calc:
        yield Fault("得分", fix=plain(calc), calc=calc, s=points)


@rule("A10", severity=ERROR, stage=SELF_EVALUATION, fix=NO)
def full_score_for_missed_target(indicator: IndicatorCase) -> Iterator[Fault]:
    """未达目标却得满分：{target} / {actual} | Target missed but full score: {target} / {actual}

    A number that falls short, a date that is late and a yes that became a no earn no full marks.

    Bad:  产出指标/数量指标 培训次数 ≥4次 → 3次 分值=10 得分=10
    Bad:  产出指标/时效指标 完成时间 2024年6月底前 → 2024年8月15日 分值=10 得分=10
    Bad:  产出指标/质量指标 系统是否被入侵 否 → 是 分值=10 得分=10
    Good: 产出指标/数量指标 培训次数 ≥4次 → 3次 分值=10 得分=7.5
    Good: 产出指标/数量指标 检查次数 ≤12次 → 9次 分值=10 得分=10
    """
    points, weight = indicator.score, indicator.weight
    if points is None or not weight or points < weight or not _missed(indicator, weight):
        return
    yield Fault("得分", target=indicator.target_text, actual=indicator.actual_text)


def _missed(indicator: IndicatorCase, weight: Decimal) -> bool:
    match indicator.target, indicator.actual:
        case Deadline(date=due, period=None), Deadline(date=done, period=None) if due and done:
            return done > due
        case Qualitative(yes=bool(wanted)), Qualitative(yes=bool(got)):
            return wanted is not got
    calc = score(indicator.record, indicator.form.policy).value
    return calc is not None and calc < weight


@rule("A11", severity=WARNING, stage=SELF_EVALUATION, fix=NO)
def cost_control_beside_low_execution(indicator: IndicatorCase) -> Iterator[Fault]:
    """成本控制率实际 100%，但预算执行率仅 {rate}% |
    Cost-control rate reported as 100% while execution is {rate}%

    Spending that stays far below the budget does not control cost at exactly 100 %.

    Bad:
        资金.年度资金总额.全年预算数=100000 资金.年度资金总额.全年执行数=61990
        产出指标/成本指标 项目或定额成本控制率 =100% → =100%
    Good:
        资金.年度资金总额.全年预算数=100000 资金.年度资金总额.全年执行数=98740
        产出指标/成本指标 项目或定额成本控制率 =100% → =100%
    """
    execution = indicator.form.execution
    if execution is None or "成本控制率" not in indicator.name:
        return
    match indicator.actual:
        case Threshold(quantity=quantity) if quantity.number == _FULL and quantity.unit == "%":
            if execution.rate < indicator.form.policy.execution_below * 100:
                yield Fault("实际完成值", rate=execution.rate)


_GRADES = {"优秀": "优", "良好": "良", "中等": "中", "合格": "中", "较差": "差", "不合格": "差"}


@rule("G01", severity=ERROR, stage=SELF_EVALUATION, fix=SAFE)
def grade_does_not_fit(form: FormCase) -> Iterator[Fault]:
    """自评结论"{grade}"与得分 {score} 不符，应为"{calc}" |
    Grade {grade} does not fit score {score}; should be {calc}

    Grades and their limits come from the policy, 90, 80 and 60 unless it says otherwise. A grade
    that the policy does not know is left alone.

    Bad:  总分=89.5 自评结论=优
    Good: 总分=89.5 自评结论=良
    Good: 总分=93 自评结论=优秀
    """
    total, printed = form.number("总分"), form.text("自评结论").strip()
    names = [name for name, _ in form.policy.grades]
    given = printed if printed in names else _GRADES.get(printed, "")
    if total is None or given not in names:
        return
    calc = grade(total, form.policy)
    if given != calc:
        yield Fault("自评结论", fix=calc, grade=printed, score=total, calc=calc)
