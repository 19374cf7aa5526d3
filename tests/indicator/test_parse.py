"""What values mean: judged cases, the published values, and what holds for any text."""

import csv
import re
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.indicator.cases import HERE, cases, reading
from tests.indicator.strategies import texts
from xlperf.indicator import (
    Deadline,
    Frequency,
    Parsed,
    Qualitative,
    Quantity,
    Threshold,
    parse,
)
from xlperf.indicator.folding import fold
from xlperf.indicator.parser import LONGEST, _plain, _read
from xlperf.indicator.words import SCALES

FILES = (
    *("thresholds", "frequencies", "intervals", "deadlines", "prose", "mixed"),
    *("trades", "offices", "outcomes", "notations"),
)

# Published values that are not read as their table says, and why.
EXCEPTIONS: dict[str, str] = {}

KINDS = {
    "clipped": Qualitative,
    "deadline_date": Deadline,
    "frequency": Frequency,
    "frequency_deadline": Deadline,
    "qualitative": Qualitative,
    "qualitative_reference": Qualitative,
    "text_with_number": Qualitative,
    "yes_no": Qualitative,
    "yes_no_like": Qualitative,
}
SPELLINGS = {"百分比": "%", "千分之": "‰", "＝": "="}


@pytest.mark.parametrize(("value", "expected"), [line for name in FILES for line in cases(name)])
def test_value_is_read_as_judged(value, expected):
    assert reading(parse(value)) == expected


def test_no_value_is_judged_twice():
    count = Counter(value for name in FILES for value, _ in cases(name))
    assert not [value for value, times in count.items() if times > 1]


# -------------------------------------------------------------------------------- published values


def published() -> list[dict[str, str]]:
    with (HERE / "published_values.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def agrees(row: dict[str, str]) -> bool:
    target = parse(row["value"]).target
    if row["class"] in KINDS:
        return isinstance(target, KINDS[row["class"]])
    if not isinstance(target, Threshold):
        return False
    if not row["number"]:
        return row["class"] in ("arithmetic", "chinese_numeral")
    unit = SPELLINGS.get(row["unit"], row["unit"])
    comparator = SPELLINGS.get(row["comparator"], row["comparator"])
    return (
        (target.op or "") == comparator
        and str(target.quantity.number) == row["number"]
        and printed(target.quantity) == unit
        and f"（{target.qualifier}）" == (row["qualifier"] or "（）")
    )


def printed(quantity: Quantity) -> str:
    scale = {value: word for word, value in SCALES.items()}.get(quantity.scale, "")
    return scale + quantity.unit + (f"/{quantity.per}" if quantity.per else "")


def test_published_values_are_read_as_published():
    rows = published()
    assert len(rows) == 319
    wrong = [row for row in rows if not agrees(row)]
    assert {row["value"] for row in wrong} == set(EXCEPTIONS)
    occurrences = sum(int(row["count"]) for row in rows)
    assert sum(int(row["count"]) for row in wrong) <= 0.02 * occurrences


# ---------------------------------------------------------------------------------------- any text


@given(st.one_of(st.text(st.characters(exclude_categories=())), texts()))
def test_every_text_has_a_meaning_and_is_kept(text):
    parsed = parse(text)
    assert isinstance(parsed, Parsed)
    assert parsed.source == text
    for span in parsed.spans.values():
        assert 0 <= span.start < span.end <= len(text)


@given(texts())
def test_prose_keeps_its_text(text):
    target = parse(text).target
    assert not isinstance(target, Qualitative) or target.text == text.strip()


@given(texts())
def test_the_number_stands_where_its_span_says(text):
    parsed = parse(text)
    match parsed.target:
        case Threshold(_, quantity) | Frequency(_, quantity):
            span = parsed.spans.get("number")
            typed = fold(text[span.start : span.end]).replace(" ", "") if span else ""
            if typed.replace(",", "").replace(".", "").isdigit():
                assert Decimal(typed.replace(",", "")) == quantity.number


@given(st.integers(1, 99), st.integers(1, 59), st.sampled_from(["小时", "分钟", "年"]))
def test_two_units_make_one_quantity(large, small, unit):
    lesser, factor = {"小时": ("分钟", 60), "分钟": ("秒", 60), "年": ("个月", 12)}[unit]
    target = parse(f"不超过{large}{unit}{small}{lesser}").target
    if small < factor:
        assert target == Threshold("≤", Quantity(Decimal(large * factor + small), unit=lesser))
    else:
        assert isinstance(target, Qualitative)


@given(st.integers(1, 9), st.integers(2, 10))
def test_only_a_proper_fraction_is_a_number(over, under):
    target = parse(f"{over}/{under}以上").target
    if over < under:
        assert isinstance(target, Threshold)
        assert abs(target.quantity.number * under - over) < Decimal("1e-25")
    else:
        assert isinstance(target, Qualitative)


@given(texts())
def test_spaces_between_words_change_nothing(text):
    without = fold(text).replace(" ", "")
    spaced = re.sub(r"(?<=[\u4e00-\u9fff])(?=.)", " ", without)
    assert reading(parse(f"  {spaced} ")) == reading(parse(without))


@given(st.one_of(texts(), st.sampled_from([value for name in FILES for value, _ in cases(name)])))
def test_the_quick_rule_finds_what_the_others_find(text):
    folded = fold(text)
    plain = _plain(folded)
    if plain is not None:
        target, spans = plain
        slow = _read(folded.replace(" ", ""))
        assert slow is not None
        assert slow[0] == target
        assert set(slow[1]) == set(spans)


@given(st.text(st.characters(exclude_categories=())))
def test_folding_is_one_to_one(text):
    assert len(fold(text)) == len(text)


@pytest.mark.parametrize(
    "text", ["", " ", "　", "\0", "\ud800", "≥\udfff3次", "\ufeff", "（）", "。"]
)
def test_odd_texts_are_prose(text):
    assert reading(parse(text)) == "qualitative"


# Repeated, these leave a careless pattern with many ways to fail.
REPEATED = (
    "1",
    "1,",
    "1.",
    "1-",
    "1*",
    "1人*",
    "1/",
    "(",
    "(1",
    "1)",
    "每",
    "每月",
    "每人",
    "每1个",
    "年",
    "半年",
    "1月",
    "一",
    "十",
    "一千",
    "万",
    "个",
    "人·",
    "元/",
    "、",
    "≥1",
    "±",
    "~",
    "至",
    "约",
    "全部",
    "按时",
    "已经",
    "完成",
    "底前",
    "1个内",
    "率",
    "A1",
    "的",
)


@pytest.mark.parametrize("text", REPEATED)
def test_repetition_does_not_hang(text):
    long = (text * LONGEST)[: LONGEST - 4]
    for value in (long, f"≥1{long}", f"{long}1次", f"每月{long}!"):
        assert parse(value).source == value


@pytest.mark.parametrize("text", ["≥95%", "每月", " ", "1", "（", "\ud800"])
def test_a_long_text_is_prose(text):
    long = text * (1_000_000 // len(text))
    assert parse(long).target == Qualitative(long.strip())


def test_equal_texts_are_read_once():
    assert parse("≥" + "95%") is parse("≥95%")
