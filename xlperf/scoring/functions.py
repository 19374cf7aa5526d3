"""The worksheet functions of xlperf, in one registry: `XP_SCORE(E15,F15,G15)` and the like.

They are pure, and the same for everyone who serves them: formulas that are computed here know them
as soon as this module is imported, an add-in or a server takes them from `WORKSHEET_FUNCTIONS`.
Each is written for single cells; called with columns or areas it answers in the same shape.
"""

import datetime
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from xlperf.diagnostic import InputError, Message
from xlperf.expr import ExcelError, Value
from xlperf.expr.evaluate import as_value
from xlperf.expr.functions import function
from xlperf.expr.values import (
    DIV0,
    NUM,
    VALUE,
    Fault,
    date_parts,
    divide,
    general,
    number,
    serial_of,
    text,
)
from xlperf.forms import Entry, Indicator, number_entry
from xlperf.indicator import (
    Deadline,
    Frequency,
    Interval,
    Kind,
    Quantity,
    Target,
    Threshold,
    base,
    canonical,
    check,
    kind,
    parse,
)
from xlperf.scoring.actuals import LARGEST_RATIO, unit_of
from xlperf.scoring.policy import Policy, shipped_policies
from xlperf.scoring.score import score
from xlperf.scoring.totals import grade

NA = ExcelError("#N/A")

_Calls = Sequence[tuple[Value, ...]]
"""The arguments of many calls."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument as the formula wizard shows it."""

    name: str
    help: Message
    optional: bool = False


@dataclass(frozen=True, slots=True)
class WorksheetFunction:
    """A function by the name that formulas call it by, with its help text.

    Called with cells it gives what the formula shows, an `ExcelError` for an error; called with a
    column (a sequence) or an area (a sequence of rows) it gives one of the same shape. A single
    cell stands beside every cell of a column; where columns are of different lengths, the cells
    without a partner are #N/A, as in Excel.
    """

    name: str
    help: Message
    arguments: tuple[Argument, ...]
    scalar: Callable[..., Value]
    several: Callable[[_Calls], dict[int, Value]] | None = None
    """Answers by place for those of many calls that are quicker together."""

    def __call__(self, *args: Any) -> Any:
        least = sum(not argument.optional for argument in self.arguments)
        if not least <= len(args) <= len(self.arguments):
            raise TypeError(f"{self.name} takes {least} to {len(self.arguments)} arguments")
        areas = [_area(arg) for arg in args]
        height = max(map(len, areas))
        width = max((len(area[0]) for area in areas if area), default=0)
        calls = list(zip(*(_spread(area, height, width) for area in areas), strict=True))
        known = self.several(calls) if self.several and len(calls) > 1 else {}
        cells = [known[i] if i in known else self._cell(call) for i, call in enumerate(calls)]
        rows = [cells[at : at + width] for at in range(0, len(cells), width)] if width else []
        depth = max(map(_depth, args))
        return rows if depth == 2 else [row[0] for row in rows] if depth else rows[0][0]

    def _cell(self, args: Sequence[Value]) -> Value:
        try:
            return self.scalar(*args)
        except Fault as fault:
            return fault.error


WORKSHEET_FUNCTIONS: dict[str, WorksheetFunction] = {}
"""Every worksheet function by its name."""


def _worksheet(
    name: str,
    help: Message,
    several: Callable[[_Calls], dict[int, Value]] | None = None,
    **arguments: Message,
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Enter a function for single cells: with an error among its arguments it gives that error."""

    def enter(scalar: Callable[..., Value]) -> Callable[..., Value]:
        def guarded(*args: Value) -> Value:
            for arg in args:
                if isinstance(arg, ExcelError):
                    raise Fault(arg)
            return scalar(*args)

        parameters = inspect.signature(scalar).parameters.values()
        optional = {p.name for p in parameters if p.default is not p.empty}
        takes = tuple(Argument(arg, said, arg in optional) for arg, said in arguments.items())
        WORKSHEET_FUNCTIONS[name] = WorksheetFunction(name, help, takes, guarded, several)
        function(name, len(takes) - len(optional), len(takes), added=True)(guarded)
        return scalar

    return enter


# ------------------------------------------------------------------------------ cells and areas

_Area = Sequence[Sequence[Value]]


def _depth(arg: Any) -> int:
    """0 for a cell, 1 for a column, 2 for an area."""
    if isinstance(arg, str) or not hasattr(arg, "__len__"):
        return 0
    return 1 if len(arg) == 0 or _depth(arg[0]) == 0 else 2


def _area(arg: Any) -> _Area:
    match _depth(arg):
        case 0:
            return [[as_value(arg)]]
        case 1:
            return [[as_value(cell)] for cell in arg]
    return [[as_value(cell) for cell in row] for row in arg]


def _spread(area: _Area, height: int, width: int) -> list[Value]:
    """The cell of an area that stands beside each cell of the answer, row by row."""
    rows: list[Sequence[Value]] = list(area) * height if len(area) == 1 else list(area)
    rows += [()] * (height - len(rows))
    across, narrow = range(width), bool(area) and len(area[0]) == 1
    return [
        row[0] if narrow and row else row[column] if column < len(row) else NA
        for row in rows
        for column in across
    ]


# ------------------------------------------------------------------------------------ arguments


def _is_blank(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _amount(value: Value) -> float:
    if isinstance(value, bool):
        raise Fault(VALUE)
    amount = number(value)
    if amount < 0:
        raise Fault(NUM)
    return amount


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:.15g}")


@lru_cache(maxsize=64)
def _policy(name: Value) -> Policy:
    """A policy that ships; a formula names no files."""
    if _is_blank(name):
        return Policy.default()
    if not isinstance(name, str) or name not in shipped_policies():
        raise Fault(NA)
    try:
        return Policy.load(name)
    except InputError:  # pragma: no cover - what ships can be read
        raise Fault(NA) from None


def _actual(target: str, value: Value) -> Entry | None:
    """What the cell of the actual says beside this target; None where that cannot be told.

    The number in a cell that shows 99.2% is 0.992, or 99.2 where no percent sign was typed; a
    date's is its serial.
    """
    if not isinstance(value, float):
        return Entry(text(value))
    parsed, exact = parse(target), _decimal(value)
    if isinstance(parsed.target, Deadline):
        year, month, day = date_parts(value)
        return Entry(f"{year}-{month:02}-{day:02}", exact)
    unit = unit_of(parsed)
    if unit is not None and base(unit)[1] == "%":
        if abs(value) > LARGEST_RATIO:
            return Entry(general(value))
        limit = isinstance(parsed.target, Threshold) and parsed.target.op in ("≤", "<")
        if limit and abs(value) > 1:
            return None
        return Entry(number_entry(exact * 100).text + "%", exact)
    return Entry(general(value), exact)


# ------------------------------------------------------------------------------------ functions

_VALUE = Message("指标值的文字，如 ≥95%", "the text of an indicator value, such as ≥95%")
_BY = Message(
    "可选，随附的评分办法的名称，如 linear；不填为默认办法",
    "optional: the name of a shipped policy, such as linear; the default one unless given",
)


def _scores(calls: _Calls) -> dict[int, Value]:
    """The scores of the rows where plain numbers stand beside the same target."""
    from xlperf.scoring.columns import LEAST, MOST, scores

    alike: dict[tuple[Value, ...], list[int]] = {}
    for i, (target, actual, weight, *policy) in enumerate(calls):
        match target, actual, weight:
            case str(), float(), float() if weight >= 0 and (actual == 0 or LEAST <= actual < MOST):
                alike.setdefault((target, *policy), []).append(i)
    found: dict[int, Value] = {}
    for (target, *policy), places in alike.items():
        try:
            by = _policy(*policy or (None,))
        except Fault:
            continue
        actuals, weights = ([calls[i][at] for i in places] for at in (1, 2))
        earned = scores(str(target), by, actuals, weights)  # type: ignore[arg-type]
        found |= zip(places, earned or (), strict=False)
    return found


@_worksheet(
    "XP_SCORE",
    Message(
        "按评分办法计算一项指标的得分；须由人工评分的显示为空",
        "The score of an indicator by the policy; blank where a person has to judge",
    ),
    several=_scores,
    target=Message("指标值（年度指标值 A）", "the target"),
    actual=Message("实际完成值（B）", "the actual value"),
    weight=Message("分值", "the points that it can earn"),
    policy=_BY,
)
def _score(target: Value, actual: Value, weight: Value, policy: Value = None) -> Value:
    if any(map(_is_blank, (target, actual, weight))):
        return ""
    by, points, wanted = _policy(policy), _amount(weight), text(target)
    there = _actual(wanted, actual)
    if there is None:
        return ""
    exact = _decimal(points)
    row = {"指标值": Entry(wanted), "实际完成值": there, "分值": number_entry(exact)}
    earned = score(Indicator(row), by).value
    return "" if earned is None else float(earned)


@_worksheet(
    "XP_RATE",
    Message(
        "预算执行率：执行数÷预算数，以比率表示（0.9874 即 98.74%）",
        "The execution rate, executed / budget, as a ratio",
    ),
    executed=Message("全年执行数", "what was spent"),
    budget=Message("全年预算数", "the budget"),
)
def _rate(executed: Value, budget: Value) -> Value:
    if _is_blank(executed) or _is_blank(budget):
        return ""
    spent, planned = _amount(executed), _amount(budget)
    if planned == 0:
        raise Fault(DIV0)
    return divide(spent, planned)


@_worksheet(
    "XP_GRADE",
    Message("总分对应的自评结论：优、良、中、差", "The grade that a total reaches"),
    total=Message("总分", "the total"),
    policy=_BY,
)
def _grade(total: Value, policy: Value = None) -> Value:
    if _is_blank(total):
        return ""
    return grade(_decimal(_amount(total)), _policy(policy))


@_worksheet(
    "XP_CHECK",
    Message("指出一个指标值的写法有什么问题；没有问题显示为空", "What is wrong with a value"),
    value=_VALUE,
)
def _check(value: Value) -> Value:
    faults = check(parse(text(value)))
    return "；".join(fault.text() for fault in faults)


@_worksheet(
    "XP_TARGET",
    Message("指标值中的一个部分，如比较符号、数值、单位", "One part of an indicator value"),
    value=_VALUE,
    part=Message(
        "类型、比较符号、数值、下限、上限、倍数、单位、每、日期、开始日期、限定、规范写法",
        "kind, comparator, number, low, high, scale, unit, per, date, start, qualifier, canonical",
    ),
)
def _target(value: Value, part: Value) -> Value:
    take = _PARTS.get(text(part).strip())
    if take is None:
        raise Fault(VALUE)
    if _is_blank(value):
        return ""
    found = take(text(value))
    if isinstance(found, Decimal):
        return float(found)
    return "" if found is None else found


@_worksheet(
    "XP_NORMALIZE",
    Message("指标值的规范写法，如 =100.00(%) 写作 =100%", "The canonical spelling of a value"),
    value=_VALUE,
)
def _normalize(value: Value) -> Value:
    return canonical(parse(text(value)))


# ----------------------------------------------------------------------------- parts of a value

_Part = Decimal | float | str | None
_KINDS: dict[Kind, str] = {
    "threshold": "阈值",
    "interval": "区间",
    "frequency": "频次",
    "deadline": "期限",
    "product": "算式",
    "qualitative": "定性",
}


def _quantity(target: Target) -> Quantity | None:
    match target:
        case Threshold() | Frequency():
            return target.quantity
        case Interval():
            return target.high
    return None


def _of_quantity(take: Callable[[Quantity], _Part]) -> Callable[[str], _Part]:
    def part(value: str) -> _Part:
        quantity = _quantity(parse(value).target)
        return None if quantity is None else take(quantity)

    return part


def _of_target(name: str) -> Callable[[str], _Part]:
    def part(value: str) -> _Part:
        found = getattr(parse(value).target, name, None)
        if isinstance(found, Quantity):
            return found.number
        if isinstance(found, datetime.date):
            return serial_of(found)
        return None if found is None else str(found)

    return part


def _single(value: str) -> _Part:
    target = parse(value).target
    return None if isinstance(target, Interval) else _of_quantity(lambda q: q.number)(value)


def _per(value: str) -> _Part:
    match parse(value).target:
        case Frequency(period=str() as period, every=every):
            return period if every == 1 else f"{every}{period}"
        case Deadline(period=period):
            return period
    return _of_quantity(lambda quantity: quantity.per)(value)


_PARTS: dict[str, Callable[[str], _Part]] = {}
for _names, _take in {
    ("类型", "kind"): lambda value: _KINDS[kind(parse(value))],
    ("比较符号", "comparator"): _of_target("op"),
    ("数值", "number"): _single,
    ("下限", "low"): _of_target("low"),
    ("上限", "high"): _of_target("high"),
    ("倍数", "scale"): _of_quantity(lambda quantity: quantity.scale),
    ("单位", "unit"): _of_quantity(lambda quantity: quantity.unit),
    ("每", "per"): _per,
    ("日期", "date"): _of_target("date"),
    ("开始日期", "start"): _of_target("start"),
    ("限定", "qualifier"): _of_target("qualifier"),
    ("规范写法", "canonical"): lambda value: canonical(parse(value)),
}.items():
    _PARTS |= dict.fromkeys(_names, _take)
