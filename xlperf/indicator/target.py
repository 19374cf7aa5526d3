"""What an indicator value means: the five kinds of target and the quantity inside them."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from xlperf.diagnostic import Span

Comparator = Literal["≥", "≤", ">", "<", "="]
Period = Literal["年", "半年", "季度", "月", "周", "日"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its scale and unit, kept apart: 150万条 is 150 × 10,000 × 条.

    `number` has the digits as typed (`99.20` keeps two decimals). `scale` is 1, 10,000 (万),
    100,000,000 (亿) and so on. `unit` is the canonical unit without the scale (条, 元, %, ‰, 工作日),
    "" where none is printed. `per` is what one unit is counted against (天, 单位, 人·天), or "".
    """

    number: Decimal
    scale: Decimal = Decimal(1)
    unit: str = ""
    per: str = ""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A quantity to reach or to keep under; `op` is None where no comparator is printed.

    `qualifier` is the remark in brackets that limits it (等候区除外), without the brackets.
    """

    op: Comparator | None
    quantity: Quantity
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both inclusive, in the same scale and unit; ±10% is −10% to 10%."""

    low: Quantity
    high: Quantity
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Frequency:
    """So many times in every period: 每月至少一次 is ≥ 1 次 per 月.

    `every` is the number of periods in one round (每两年一次 has 2); `quantity.unit` is mostly 次.
    """

    op: Comparator | None
    quantity: Quantity
    period: Period
    every: int = 1
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time to be done by: the last day that still counts, and the first where a range is given.

    `year` is None where the text names none (年底前); `date` is then None too, and `month`, `day`
    hold what is named. `period` is set where it recurs (每月10日前).
    """

    date: datetime.date | None
    start: datetime.date | None = None
    month: int | None = None
    day: int | None = None
    period: Period | None = None
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Qualitative:
    """Prose, kept as printed; `yes` is True or False where the text is a plain yes or no word."""

    text: str
    yes: bool | None = None


Target = Threshold | Interval | Frequency | Deadline | Qualitative


@dataclass(frozen=True, slots=True)
class Parsed:
    """How one text was read. Spans point into `source` as the person typed it.

    `spans` names the parts found: comparator, number, scale, unit, per, date, qualifier.
    """

    source: str
    target: Target
    spans: dict[str, Span]
