"""The language of indicator values: what ≥95%, 每月至少一次 and 2025年底前完成 mean.

`parse` reads any text, `canonical` writes what was read in one house style, `measure` compares a
target with an actual after exact scaling, `check` says what in a value makes no sense.
"""

from xlperf.indicator.checking import check, runs_backwards
from xlperf.indicator.measuring import measure
from xlperf.indicator.naming import parse_with_name
from xlperf.indicator.parser import parse
from xlperf.indicator.quantities import base
from xlperf.indicator.spelling import canonical
from xlperf.indicator.target import (
    Comparator,
    Deadline,
    Frequency,
    Interval,
    Kind,
    Parsed,
    Period,
    Qualitative,
    Quantity,
    Target,
    Threshold,
    kind,
)

__all__ = [
    "Comparator",
    "Deadline",
    "Frequency",
    "Interval",
    "Kind",
    "Parsed",
    "Period",
    "Qualitative",
    "Quantity",
    "Target",
    "Threshold",
    "base",
    "canonical",
    "check",
    "kind",
    "measure",
    "parse",
    "parse_with_name",
    "runs_backwards",
]
