"""The score of one indicator: the points, why they are what they are, and the cell's formula."""

import math
import re
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from xlperf.diagnostic import Diagnostic, Message
from xlperf.expr import Binary, Call, Const, Expr, Value, evaluate
from xlperf.forms import Entry, Indicator, number_entry
from xlperf.indicator import (
    Comparator,
    Deadline,
    Frequency,
    Interval,
    Parsed,
    Qualitative,
    Quantity,
    Target,
    Threshold,
    base,
    measure,
    parse,
    parse_with_name,
    runs_backwards,
)
from xlperf.scoring.actuals import Spellings, actual_expr, reached, spellings
from xlperf.scoring.policy import Band, Policy
from xlperf.scoring.rules import ACTUAL, WEIGHT, full_marks, score_expr


@dataclass(frozen=True, slots=True)
class Score:
    """The points of one indicator; `value` is None where a person has to judge.

    `formula` is what its cell may hold, over the variables 分值 and 实际完成值, the cells beside
    it: it gives `value`, or "" for None. It is None where no formula can tell what is told here.
    `allowed` are the least and the most points of the band that a qualitative actual states, among
    which a person chooses. A row that does not apply earns nothing and costs nothing.
    """

    value: Decimal | None
    why: Message
    formula: Expr | None
    allowed: tuple[Decimal, Decimal] | None = None
    applies: bool = True


_NOT_APPLICABLE = re.compile(
    r"\s*[(（]?(?:(?:本|当|该)(?:年度?|期|项目))?不(?:适用|涉及)[该本此]?项?(?:指标)?[)）]?[。.]?\s*"
)


def applies(indicator: Indicator) -> bool:
    """False where the actual or the score says 不适用 or 不涉及."""
    said = (indicator.actual, indicator.entry("得分").text)
    return not any(map(_NOT_APPLICABLE.fullmatch, said))


def score(indicator: Indicator, policy: Policy) -> Score:
    """Total: whatever stands in the row, it has a score, or is left open with a reason."""
    if not applies(indicator):
        return Score(None, _DROPPED, None, applies=False)
    verdict = _judge(indicator.target, indicator.level3, indicator.entry("实际完成值"), policy)
    if verdict.band is not None and indicator.weight is not None:
        return _within(verdict.band, indicator.weight, policy)
    if verdict.points is None:
        return Score(None, verdict.why, verdict.formula)
    if indicator.weight is None:
        return Score(None, _NO_WEIGHT, verdict.formula)
    env = {WEIGHT.name: indicator.weight, ACTUAL.name: verdict.actual}
    return Score(as_points(evaluate(verdict.points, env)), verdict.why, verdict.formula)


def _within(band: Band, weight: Decimal, policy: Policy) -> Score:
    """Open, but only among the points of the band."""
    places = Decimal(1).scaleb(-policy.places)
    low, high = (
        (weight * share / 100).quantize(places, ROUND_HALF_UP) for share in (band.low, band.high)
    )
    shares = f"{_plain(band.high)}%–{_plain(band.low)}%"
    why = _by_person(
        Message(
            f"定性指标，属 {shares} 档，可评 {_plain(low)} 至 {_plain(high)} 分",
            f"qualitative, in the band {shares}: {_plain(low)} to {_plain(high)} points",
        )
    )
    return Score(None, why, None, (low, high))


def _plain(number: Decimal) -> str:
    return number_entry(number).text


def as_points(value: Value) -> Decimal | None:
    """The result of a scoring formula: a number with the digits that a cell shows; "" is None."""
    return Decimal(repr(value).removesuffix(".0")) if isinstance(value, float) else None


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What holds for a target and an actual, whatever the weight.

    `points` gives the score when ACTUAL is `actual`; None leaves it open. `band` is the one that a
    qualitative actual states.
    """

    why: Message
    points: Expr | None = None
    actual: Value = None
    formula: Expr | None = None
    band: Band | None = None


@lru_cache(maxsize=16384)
def _judge(target_text: str, name: str, entry: Entry, policy: Policy) -> _Verdict:
    target = parse_with_name(target_text, name)
    if runs_backwards(target.target):
        return _Verdict(_BACKWARDS)
    if not entry:
        read = spellings(target)
        formula = None if read is None else _formula(target_text, name, read, policy)[0]
        return _Verdict(_NO_ACTUAL, formula=formula)
    match target.target:
        case Qualitative(text):
            band = _stated_band(entry.text, policy) if text else None
            return _Verdict(_QUALITATIVE if text else _NO_TARGET, band=band)
        case Deadline():
            return _by_deadline(target.target, parse(entry.text).target, policy)
        case Frequency():
            return _by_frequency(target.target, parse(entry.text).target, policy)
    return _by_number(target, name, entry, policy)


def _stated_band(actual: str, policy: Policy) -> Band | None:
    """The band that a qualitative actual names, in one of its words or as a percentage."""
    said = actual.strip(" \t\n。.；;")
    for words, band in zip(policy.band_words, policy.bands, strict=False):
        if said in words:
            return band
    match parse(said).target:
        case Threshold(None | "=", Quantity() as one) if base(one)[1] == "%":
            low = high = base(one)[0]
        case Interval(Quantity() as one, Quantity() as other) if base(one)[1] == "%":
            low, high = sorted((base(one)[0], base(other)[0]))
        case _:
            return None
    return next((band for band in policy.bands if band.low <= low and high <= band.high), None)


# ------------------------------------------------------------------------- numbers and formulas


def _by_number(target: Parsed, name: str, entry: Entry, policy: Policy) -> _Verdict:
    number = reached(target, entry)
    verdict = _compared(target.target, parse(entry.text).target, number, policy)
    read = spellings(target, entry.text)
    if read is None:
        return verdict
    # The formula stands only if Excel reads the cell as it was read here.
    formula, cell_number = _formula(target.source, name, read, policy)
    cell: Value = entry.text if entry.number is None else float(entry.number)
    if verdict.points is None or isinstance(number, Diagnostic):
        left_open = evaluate(formula, {WEIGHT.name: 1.0, ACTUAL.name: cell}) == ""
        return replace(verdict, formula=formula) if left_open else verdict
    seen = evaluate(cell_number, {ACTUAL.name: cell})
    if isinstance(seen, float) and math.isclose(seen, number, rel_tol=1e-12):
        return replace(verdict, points=formula, actual=cell, formula=formula)
    return verdict


# Trees are shared between equal rows, so that `evaluate` knows them again.


@lru_cache(maxsize=4096)
def _formula(target_text: str, name: str, read: Spellings, policy: Policy) -> tuple[Expr, Expr]:
    """The formula of a score cell, "" as long as nothing readable stands beside it.

    And the part of it that reads the number in the cell of the actual.
    """
    target = parse_with_name(target_text, name)
    number = actual_expr(target, read)
    points = score_expr(target.target, policy, number)
    assert points is not None
    blank = Call("OR", tuple(Binary("=", cell, Const("")) for cell in (WEIGHT, ACTUAL)))
    return Call("IF", (blank, Const(""), Call("IFERROR", (points, Const(""))))), number


_points = lru_cache(maxsize=4096)(score_expr)


def _compared(
    target: Target, actual: Target, number: Decimal | Diagnostic, policy: Policy
) -> _Verdict:
    """The verdict on a number in the unit of the target, or on why it is none."""
    if isinstance(number, Diagnostic):
        return _Verdict(_by_person(number.message))
    points = _points(target, policy)
    assert points is not None
    percent = evaluate(points, {WEIGHT.name: 100.0, ACTUAL.name: number})
    op = actual.op if isinstance(actual, (Threshold, Frequency)) else None
    if op not in (None, "=") and not (percent == 100 and op in _as_good_as(target, policy)):
        return _Verdict(_INEXACT)
    return _Verdict(_reason(target, percent), points, float(number))


def _as_good_as(target: Target, policy: Policy) -> tuple[Comparator, ...]:
    """The comparators of an actual (达到95%) that leave no doubt when the number suffices."""
    match target:
        case Threshold("≥" | ">"):
            return "≥", ">"
        case Threshold("=") if policy.equals == "at_least":
            return "≥", ">"
        case Threshold("≤" | "<"):
            return "≤", "<"
    return ()


# ------------------------------------------------------------------------ frequencies and dates


def _by_frequency(target: Frequency, actual: Target, policy: Policy) -> _Verdict:
    match actual:
        case Threshold(op, quantity) if (target.period, target.every) == ("年", 1):
            # The form covers one year.
            unit = quantity.unit or target.quantity.unit
            actual = Frequency(op, replace(quantity, unit=unit), "年")
    pair = measure(target, actual)
    if isinstance(pair, Diagnostic):
        return _Verdict(_by_person(pair.message))
    wanted, number = pair
    return _compared(Threshold(target.op, Quantity(wanted)), actual, number, policy)


def _by_deadline(target: Deadline, actual: Target, policy: Policy) -> _Verdict:
    if not isinstance(actual, Deadline):
        return _Verdict(_NO_DATE)
    (frame, due), (other, done) = _day(target), _day(actual)
    if frame != other:
        return _Verdict(_OTHER_DATE)
    return _Verdict(_IN_TIME, full_marks(policy)) if done <= due else _Verdict(_LATE)


def _day(deadline: Deadline) -> tuple[tuple[object, ...], tuple[int, int]]:
    """What the day is counted in, and the day; only days of one frame compare."""
    if deadline.date is not None:
        return (), (0, deadline.date.toordinal())
    frame = ("no year", deadline.period, deadline.qualifier)
    return frame, (deadline.month or 0, deadline.day or 0)


# ------------------------------------------------------------------------------------- reasons

_DROPPED = Message(
    "该指标不适用，不计入总分，其余指标折算为百分制",
    "the indicator does not apply: it is dropped, the rest counts on the scale of 100",
)
_NO_TARGET = Message("指标值为空，无从计分", "there is no target to score by")
_NO_ACTUAL = Message("未填写实际完成值，暂不计分", "there is no actual value yet")
_NO_WEIGHT = Message("未填写分值，暂不计分", "there is no weight yet")
_BACKWARDS = Message(
    "指标值的起点大于终点，请先改正指标值", "the target ends before it begins: correct it"
)
_IN_TIME = Message("按期完成，得满分", "done in time: full marks")


def _by_person(reason: Message) -> Message:
    return Message(f"{reason.zh}，由人工评分", f"{reason.en}; a person scores it")


_QUALITATIVE = _by_person(Message("定性指标没有数值", "a qualitative target has no number"))
_INEXACT = _by_person(Message("实际完成值不是确定的数", "the actual is no definite number"))
_NO_DIRECTION = _by_person(
    Message(
        "指标值没有比较符号，实际完成值与之不等",
        "the target has no comparator and the actual differs",
    )
)
_NO_PROPORTION = _by_person(
    Message("指标值为负数，不能按比例计分", "there is no proportion of a negative target")
)
_LATE = _by_person(Message("晚于要求的时限", "it was done late"))
_NO_DATE = _by_person(Message("实际完成值不是日期", "the actual is no date"))
_OTHER_DATE = _by_person(
    Message("完成时间与时限的写法不同，无法比较", "the dates are stated differently")
)


def _reason(target: Target, percent: Value) -> Message:
    match target:
        case Threshold("≤" | "<"):
            good, bad = Message("未超过", "keeps within"), Message("超过", "exceeds")
        case Interval():
            good, bad = Message("未超出", "lies within"), Message("超出", "lies outside")
        case _:
            good, bad = Message("达到", "reaches"), Message("未达到", "falls short of")
    if percent == 100:
        zh, en = f"{good.zh}指标值，得满分", f"{good.en} the target: full marks"
    elif percent == 0:
        zh, en = f"{bad.zh}指标值，不得分", f"{bad.en} the target: no points"
    elif isinstance(percent, float):
        share = f"{as_points(percent)}%"
        zh, en = f"{bad.zh}指标值，得分值的 {share}", f"{bad.en} the target: {share} of the weight"
    else:
        no_direction = isinstance(target, Threshold) and target.op is None
        return _NO_DIRECTION if no_direction else _NO_PROPORTION
    return Message(f"实际完成值{zh}", f"the actual {en}")
