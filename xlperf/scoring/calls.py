"""Scores as calls of the worksheet functions: what a cell holds where the add-in is at hand."""

from collections.abc import Mapping
from functools import lru_cache

from xlperf.diagnostic import Diagnostic, InputError, Message
from xlperf.expr import Binary, Call, Const, Expr, Ref, Value, evaluate
from xlperf.scoring import functions  # noqa: F401 - enters them into the table of functions
from xlperf.scoring.policy import Policy
from xlperf.scoring.rules import ACTUAL, WEIGHT
from xlperf.scoring.score import Score
from xlperf.scoring.totals import BUDGET, EXECUTED, TOTAL

TARGET = Ref("指标值")
ROW = (TARGET, ACTUAL, WEIGHT)
"""The cells that a score is computed from."""


def score_call(result: Score, row: Mapping[str, Value], policy: Policy) -> Expr | None:
    """The call for a score cell; None where it would not show what `result` says.

    `row` has the values of the cells in `ROW`. A call does not see how a cell shows its number, nor
    the name of the indicator, which may supply comparator and unit.
    """
    call = _score_call(policy)
    shown = evaluate(call, row)
    wanted = "" if result.value is None else float(result.value)
    return call if shown == wanted and result.applies else None


@lru_cache(maxsize=64)
def _score_call(policy: Policy) -> Expr:
    return Call("XP_SCORE", (*ROW, *_named(policy)))


def rate_call(*, percent_points: bool) -> Expr:
    """The execution rate as `rate_expr` has it, by the worksheet function."""
    rate: Expr = Call("XP_RATE", (EXECUTED, BUDGET))
    if percent_points:
        rate = Binary("*", rate, Const(100.0))
    rounded = Call("ROUND", (rate, Const(2.0 if percent_points else 4.0)))
    return Call("IFERROR", (rounded, Const("")))


def grade_call(policy: Policy) -> Expr:
    return Call("XP_GRADE", (TOTAL, *_named(policy)))


def check_callable(policy: Policy) -> None:
    """Raises InputError for a policy of the user's own: a call in a cell cannot name it."""
    _named(policy)


def _named(policy: Policy) -> tuple[Const, ...]:
    if policy == Policy.default():
        return ()
    if not policy.name:
        raise InputError(
            Diagnostic(
                "X404",
                Message(
                    "自定义的评分办法不能写成 XP_SCORE 公式",
                    "a policy of your own cannot be called by XP_SCORE in a cell",
                ),
                fix=Message(
                    "请改用 --formulas native，或选用随附的评分办法",
                    "use --formulas native, or a policy that ships",
                ),
            )
        )
    return (Const(policy.name),)
