"""Values as people type them, and how they are to be read.

A line is `value → reading`, a blank line or `#` separates groups. A reading is written as `reading`
writes it; where a name belongs to the value, the line begins with `name | value`.
"""

from pathlib import Path

from xlperf.indicator import (
    Deadline,
    Frequency,
    Interval,
    Parsed,
    Qualitative,
    Quantity,
    Threshold,
    kind,
)
from xlperf.indicator.words import SCALES

HERE = Path(__file__).parent
_SCALES = {value: word for word, value in SCALES.items()}


def cases(name: str) -> list[tuple[str, str]]:
    """The lines of a file, as pairs of the value and what is expected of it."""
    lines = (HERE / f"{name}.txt").read_text("utf-8").splitlines()
    pairs = [line.rsplit(" → ", 1) for line in lines if line and not line.startswith("#")]
    return [(value.rstrip(), expected) for value, expected in pairs]


def reading(parsed: Parsed) -> str:
    """`threshold ≥ 150 万 条`, `frequency 1 次/月`, `deadline 2025-12-31`, `qualitative`."""
    match parsed.target:
        case Threshold(op, quantity, qualifier):
            words = [op or "", _quantity(quantity), _remark(qualifier)]
        case Interval(low, high, qualifier, low_open, high_open):
            left, right = "(" if low_open else "[", ")" if high_open else "]"
            words = [f"{left}{_quantity(low)}, {_quantity(high)}{right}", _remark(qualifier)]
        case Frequency(op, quantity, period, every, qualifier):
            turns = "" if every == 1 else str(every)
            cycle = f" every {turns}{period}" if period else ""
            words = [op or "", _quantity(quantity) + cycle, _remark(qualifier)]
        case Deadline():
            words = [_deadline(parsed.target), _remark(parsed.target.qualifier)]
        case Qualitative(_, yes):
            words = ["" if yes is None else "yes" if yes else "no"]
    return " ".join(filter(None, [kind(parsed), *words]))


def _quantity(quantity: Quantity) -> str:
    scale = _SCALES.get(quantity.scale, "" if quantity.scale == 1 else str(quantity.scale))
    per = f"/{quantity.per}" if quantity.per else ""
    return " ".join(filter(None, [str(quantity.number), scale, quantity.unit + per]))


def _remark(qualifier: str) -> str:
    return f"（{qualifier}）" if qualifier else ""


def _deadline(target: Deadline) -> str:
    if target.date:
        return f"{target.start}..{target.date}" if target.start else str(target.date)
    start = ""
    if target.start_month or target.start_day:
        start = _day(target.start_month, target.start_day) + ".."
    return " ".join(
        filter(
            None,
            [
                f"every {target.period}" if target.period else "",
                start + _day(target.month, target.day),
            ],
        )
    )


def _day(month: int | None, day: int | None) -> str:
    return f"{month or '*'}-{day or '*'}"
