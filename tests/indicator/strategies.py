"""Texts that are nearly values: words of the language in any order, and cases cut and joined."""

from hypothesis import strategies as st

from tests.indicator.cases import cases
from xlperf.indicator import words

_TABLES = (
    words.BEFORE,
    words.AFTER,
    words.SCALES,
    words.SHARES,
    words.CHANGES,
    words.MEASURED,
    words.PERIODS,
    words.ERAS,
    words.DUE,
    words.TAILS,
    words.ACTIONS,
    words.KEPT_LEADS,
    sorted(words.KNOWN_UNITS),
)
_WORDS = [word for table in _TABLES for word in table]
_SIGNS = list("0123456789.,，-~±*/()（）[]：。 每各按至底末前内第一二三十百千万亿点半％％％")
_PIECES = [
    "2025年",
    "12月",
    "31日",
    "3",
    "95",
    "1.50",
    "100",
    "1,234",
    "2025-12-31",
    "2/3",
    "1小时30分钟",
    "≥",
]
_VALUES = [
    value
    for name in (
        "thresholds",
        "frequencies",
        "intervals",
        "deadlines",
        "mixed",
        "trades",
        "outcomes",
    )
    for value, _ in cases(name)
]


@st.composite
def _joined(draw: st.DrawFn) -> str:
    one, other = draw(st.sampled_from(_VALUES)), draw(st.sampled_from(_VALUES))
    head = one[: draw(st.integers(0, len(one)))]
    return head + draw(st.sampled_from(["", *_SIGNS])) + other[draw(st.integers(0, len(other))) :]


def texts() -> st.SearchStrategy[str]:
    pieces = st.sampled_from([*_PIECES, *_SIGNS]) | st.sampled_from(_WORDS)
    return st.one_of(st.sampled_from(_VALUES), st.lists(pieces, max_size=7).map("".join), _joined())
