"""The form as a whole: budget execution, total, grade, and where an explanation is due."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from xlperf.diagnostic import Message
from xlperf.expr import Binary, Call, Const, Expr, Ref, evaluate
from xlperf.forms import Project
from xlperf.indicator import parse_with_name
from xlperf.scoring.actuals import completion
from xlperf.scoring.policy import Policy
from xlperf.scoring.rules import WEIGHT
from xlperf.scoring.score import applies, as_points, score

BUDGET = Ref("全年预算数")
EXECUTED = Ref("全年执行数")
SCORES = Ref("得分")
"""All cells that hold scores, that of the execution among them."""
WEIGHTS = Ref("分值合计")
"""All cells that hold weights, that of the execution among them."""
DROPPED = Ref("不适用分值")
"""The cells with the weights of rows that do not apply."""
TOTAL = Ref("总分")
_FUNDING_ROW = "年度资金总额"
_ZERO = Decimal(0)


def execution_row(project: Project) -> str | None:
    """The funding row that holds the year's money, planned and spent; None where there is none."""
    rows = project.funding.rows
    return next(
        (
            row
            for row in (_FUNDING_ROW, *rows)
            if {BUDGET.name, EXECUTED.name} <= rows.get(row, {}).keys()
        ),
        None,
    )


def execution_weight(policy: Policy) -> Decimal:
    """The points for budget execution, where the form does not state them."""
    return dict(policy.weights).get("预算执行率", _ZERO)


def execution_expr(policy: Policy) -> Expr:
    """The points for budget execution, of the cells `BUDGET`, `EXECUTED` and `WEIGHT`."""
    rate = Call("MIN", (Const(1.0), Binary("/", EXECUTED, BUDGET)))
    return _where_spent(_rounded(Binary("*", WEIGHT, rate), policy.places))


def rate_expr(*, percent_points: bool) -> Expr:
    """The execution rate, in percent points (98.74) or as the ratio that a cell shows as 98.74%."""
    rate: Expr = Binary("/", EXECUTED, BUDGET)
    if percent_points:
        rate = Binary("*", rate, Const(100.0))
    return _where_spent(_rounded(rate, 2 if percent_points else 4))


def total_expr(policy: Policy, *, rescales: bool = False) -> Expr:
    """The total of the cells `SCORES`; rescaled to 100 where rows do not apply.

    `WEIGHTS` are then all weights, `DROPPED` those of the rows that do not apply.
    """
    points: Expr = Call("SUM", (SCORES,))
    if rescales:
        full = Binary("-", Call("SUM", (WEIGHTS,)), Call("SUM", (DROPPED,)))
        points = Binary("/", Binary("*", points, Const(100.0)), full)
    nothing = Binary("=", Call("COUNT", (SCORES,)), Const(0.0))
    return Call("IF", (nothing, Const(""), _rounded(points, policy.places)))


def grade_expr(policy: Policy) -> Expr:
    """The grade of the cell `TOTAL`, "" while there is no total."""
    expr: Expr = Const(policy.grades[-1].name)
    for name, least in reversed(policy.grades[:-1]):
        reached = Binary(">=", TOTAL, Const(float(least)))
        expr = Call("IF", (reached, Const(name), expr))
    return Call("IF", (Binary("=", TOTAL, Const("")), Const(""), expr))


def _where_spent(expr: Expr) -> Expr:
    """`expr` where there is a budget and something is said of how much was spent, else ""."""
    missing = [
        Binary("=", BUDGET, Const("")),
        Binary("=", EXECUTED, Const("")),
        Binary("=", BUDGET, Const(0.0)),
    ]
    return Call("IF", (Call("OR", tuple(missing)), Const(""), expr))


def _rounded(expr: Expr, places: int) -> Expr:
    return Call("ROUND", (expr, Const(float(places))))


def execution_score(
    budget: Decimal | None, executed: Decimal | None, weight: Decimal, policy: Policy
) -> Decimal | None:
    """The weight × executed / budget, at most the weight; None while there is no such ratio."""
    env = {BUDGET.name: budget, EXECUTED.name: executed, WEIGHT.name: weight}
    return as_points(evaluate(execution_expr(policy), env))


def total(scores: Iterable[Decimal | None], policy: Policy) -> Decimal:
    """The sum of the scores there are; the execution score is one of them."""
    points = sum((earned for earned in scores if earned is not None), _ZERO)
    return points.quantize(Decimal(1).scaleb(-policy.places), ROUND_HALF_UP)


def rescaled(scores: Sequence[Decimal], weights: Sequence[Decimal]) -> Decimal | None:
    """The total on the scale of 100 where rows do not apply: of the rows that do, before rounding.

    The execution score and its weight are among them. None when nothing applies.
    """
    full = sum(weights, _ZERO)
    return sum(scores, _ZERO) * 100 / full if full else None


def grade(total: Decimal, policy: Policy) -> str:
    """The grade that this total reaches: 优, 良, 中 or 差."""
    reached = (name for name, least in policy.grades if total >= least)
    return next(reached, policy.grades[-1].name)


@dataclass(frozen=True, slots=True)
class Due:
    """An explanation that a form owes: for the indicator at `index`, None for budget execution."""

    index: int | None
    why: Message


def explanations_due(project: Project, policy: Policy) -> list[Due]:
    """Where the form has to say why: slow execution, points lost, targets far exceeded.

    The score in the form counts; where there is none, the computed one.
    """
    return [*_slow_execution(project, policy), *_departures(project, policy)]


def _slow_execution(project: Project, policy: Policy) -> Iterator[Due]:
    row = execution_row(project)
    if row is None:
        return
    budget = project.funding.amount(row, BUDGET.name)
    executed = project.funding.amount(row, EXECUTED.name)
    if budget and executed is not None and executed / budget < policy.execution_below:
        rate, least = _percent(executed / budget), _percent(policy.execution_below)
        why = Message(f"预算执行率 {rate}，低于 {least}", f"execution is {rate}, below {least}")
        yield Due(None, why)


def _departures(project: Project, policy: Policy) -> Iterator[Due]:
    for index, indicator in enumerate(project.indicators):
        if not applies(indicator):
            continue
        weight = indicator.weight
        earned = indicator.score
        if earned is None:
            earned = score(indicator, policy).value
        if weight is not None and earned is not None and earned < weight:
            lost = weight - earned
            yield Due(index, Message(f"扣 {lost} 分", f"{lost} points were lost"))
        target = parse_with_name(indicator.target, indicator.level3)
        times = completion(target, indicator.entry("实际完成值"))
        if times is not None and times >= policy.deviation_from:
            share = _percent(times)
            why = Message(f"实际完成值为指标值的 {share}", f"the actual is {share} of the target")
            yield Due(index, why)


def _percent(ratio: Decimal) -> str:
    return f"{float(round(ratio * 100, 2)):g}%"
