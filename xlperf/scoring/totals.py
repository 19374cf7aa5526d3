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
from xlperf.scoring.score import as_points, score

BUDGET = Ref("全年预算数")
EXECUTED = Ref("全年执行数")
_FUNDING_ROW = "年度资金总额"
_ZERO = Decimal(0)


def execution_expr(policy: Policy) -> Expr:
    """The points for budget execution, of the cells `BUDGET`, `EXECUTED` and `WEIGHT`."""
    missing = [
        Binary("=", BUDGET, Const("")),
        Binary("=", EXECUTED, Const("")),
        Binary("=", BUDGET, Const(0.0)),
    ]
    rate = Call("MIN", (Const(1.0), Binary("/", EXECUTED, BUDGET)))
    points = Call("ROUND", (Binary("*", WEIGHT, rate), Const(float(policy.places))))
    return Call("IF", (Call("OR", tuple(missing)), Const(""), points))


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
    budget = project.funding.amount(_FUNDING_ROW, "全年预算数")
    executed = project.funding.amount(_FUNDING_ROW, "全年执行数")
    if budget and executed is not None and executed / budget < policy.execution_below:
        rate, least = _percent(executed / budget), _percent(policy.execution_below)
        why = Message(f"预算执行率 {rate}，低于 {least}", f"execution is {rate}, below {least}")
        yield Due(None, why)


def _departures(project: Project, policy: Policy) -> Iterator[Due]:
    for index, indicator in enumerate(project.indicators):
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
