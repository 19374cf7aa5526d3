"""What an indicator value means: the five kinds of target and the quantity inside them."""

import datetime
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from xlperf.diagnostic import Span

Comparator = Literal["≥", "≤", ">", "<", "="]
Period = Literal["年", "半年", "季度", "月", "旬", "周", "日", "小时", "学年", "学期"]
Kind = Literal["threshold", "interval", "frequency", "deadline", "product", "qualitative"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its scale and unit, kept apart: 150万条 is 150 × 10,000 × 条.

    `number` has the digits as typed (`99.20` keeps two decimals). `scale` is 1, 10,000 (万),
    100,000,000 (亿) and so on. `unit` is the canonical unit without the scale (条, 元, %, ‰,
    工作日), "" where none is printed. `per` is what one unit is counted against (天, 人·天), or "".
    """

    number: Decimal
    scale: Decimal = Decimal(1)
    unit: str = ""
    per: str = ""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A quantity to reach or to keep under; `op` is None where no comparator is printed.

    `qualifier` is what limits it, without brackets: a remark (等候区除外), what is measured
    (满意度, 人均), or 约 where the number is approximate.
    """

    op: Comparator | None
    quantity: Quantity
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`; ±10% is −10% to 10%. An end that is `open` does not count itself."""

    low: Quantity
    high: Quantity
    qualifier: str = ""
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Frequency:
    """So many times in every period: 每月至少一次 is ≥ 1 次 per 月.

    `every` is the number of periods in one round (每两年一次 has 2); `quantity.unit` is mostly 次.
    `period` is None where the times are counted for each of several things (各2次).
    """

    op: Comparator | None
    quantity: Quantity
    period: Period | None
    every: int = 1
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time to be done by: the last day that still counts, and the first where a range is given.

    `year` may be missing (年底前); `date` and `start` are then None, and the month and day that are
    named stand in `month`, `day`, `start_month`, `start_day`. A month without a day means its last
    day, or its first day where a range begins. `period` is set where it recurs (每月10日前).
    """

    date: datetime.date | None
    start: datetime.date | None = None
    month: int | None = None
    day: int | None = None
    period: Period | None = None
    qualifier: str = ""
    start_month: int | None = None
    start_day: int | None = None


@dataclass(frozen=True, slots=True)
class Qualitative:
    """Prose, kept as printed; `yes` is True or False where the text is a plain yes or no word."""

    text: str
    yes: bool | None = None


Target = Threshold | Interval | Frequency | Deadline | Qualitative


@dataclass(frozen=True, slots=True)
class Parsed:
    """How one text was read. Spans point into `source` as the person typed it.

    `spans` names the parts found: comparator, number, scale, unit, per, period, date, low, high,
    product, qualifier. `named` lists those that the indicator's name supplied.
    """

    source: str
    target: Target
    spans: dict[str, Span] = field(hash=False)
    named: tuple[str, ...] = ()


def kind(value: Parsed | Target) -> Kind:
    """The kind in a word; a threshold that was written as a product is one of its own."""
    target = value.target if isinstance(value, Parsed) else value
    match target:
        case Threshold():
            return (
                "product" if isinstance(value, Parsed) and "product" in value.spans else "threshold"
            )
        case Interval():
            return "interval"
        case Frequency():
            return "frequency"
        case Deadline():
            return "deadline"
        case Qualitative():
            return "qualitative"
