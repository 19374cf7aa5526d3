"""Numbers and units: reading them from text, and scaling them exactly to a base unit."""

import re
from collections.abc import Iterable
from decimal import Context, Decimal
from functools import lru_cache

from xlperf.indicator import words
from xlperf.indicator.target import Quantity

EXACT = Context(prec=2000)
"""Wide enough for any number that is read, so that no digit is ever rounded away."""

_DIGITS = {
    **{letter: i for i, letter in enumerate("零一二三四五六七八九")},
    **{letter: i for i, letter in enumerate("〇壹贰叁肆伍陆柒捌玖")},
    "两": 2,
}
_TENS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_LATIN = re.compile(r"[A-Za-z%°℃‰‱μ²³Ω]{1,6}")
_CONVERTIBLE = re.compile(
    words.alternation(
        unit
        for unit in (*words.UNITS, *words.SPELLINGS)
        if unit not in words.MEASURE_WORDS and not unit.isascii()
    )
    + "|%"
)
_COUNTED_PER = re.compile(
    f"[0-9]+(?:[百千]?[万亿]|[百千])?(?:{words.alternation((*words.KNOWN_UNITS, *words.PERIODS))})?"
    "(?<![0-9])"
)
_WIDE = {",": "，", ";": "；", ":": "："}
_MARKS = re.compile("(?<![0-9])[,;:]|[,;:](?![0-9])")
_NUMERAL = re.compile(r"[〇零一二两三四五六七八九十]")
# A vague number or an ordinal before these is no quantity: 一级, 十分, 二类.
_NOT_SPELLED = frozenset(
    (
        "分",
        "级",
        "星",
        "度",
        "等",
        "点",
        "类",
        "流",
        "道",
        "比",
        "代",
        "卡",
        "口",
        "把",
        "方",
        "路",
        "站",
        "首",
        "节",
        "门",
        "层",
        "院",
        "眼",
        "头",
        "片",
    )
)


def read_number(text: str) -> Decimal | None:
    """The number that is written in digits or in Chinese numerals, None where it makes no sense."""
    first = text[0]
    if first.isascii():
        return Decimal(text.replace(",", "") if "," in text else text)
    return _read_numerals(text)


def _read_numerals(text: str) -> Decimal | None:
    if text == "半":
        return Decimal("0.5")
    whole, point, fraction = text.partition("点")
    if point:
        if not fraction or any(letter not in _DIGITS for letter in fraction):
            return None
        digits = "".join(str(_DIGITS[letter]) for letter in fraction)
        integer = _read_numerals(whole) if whole else None
        return None if integer is None else integer + Decimal(f"0.{digits}")
    if len(text) > 1 and all(letter in _DIGITS for letter in text):
        return Decimal("".join(str(_DIGITS[letter]) for letter in text))
    total = section = digit = 0
    for letter in text:
        if letter in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[letter]
        elif letter in _TENS:
            section += (digit or 1) * _TENS[letter]
            digit = 0
        elif letter in "万亿":
            total = (total + section + digit) * (10**4 if letter == "万" else 10**8)
            section = digit = 0
        else:
            return None
    return Decimal(total + section + digit)


@lru_cache(maxsize=4096)
def read_unit(text: str, spelled: bool = False) -> str | None:
    """The canonical unit, None where the text is no unit.

    Units are open: any short noun counts. After a number that is `spelled` in Chinese numerals only
    known units do, since 一般 and 三级 are words.
    """
    unit = words.SPELLINGS.get(text, text)
    if unit in words.KNOWN_UNITS:
        return None if spelled and unit in _NOT_SPELLED else unit
    if "·" in text:
        parts = [read_unit(part) for part in text.split("·")]
        return None if None in parts else "·".join(part for part in parts if part)
    if text.isascii() or _LATIN.fullmatch(text):
        return None if spelled or not _LATIN.fullmatch(text) else unit
    if any("A" <= letter <= "z" for letter in text) or not _is_noun(text, spelled):
        return None
    if text[0] in words.MEASURE_WORDS and len(text) <= (5 if spelled else 7):
        return text
    if len(text) > 4 or spelled or _CONVERTIBLE.match(text):
        return None
    return text


@lru_cache(maxsize=4096)
def split_unit(text: str, spelled: bool = False) -> tuple[str, str] | None:
    """The unit and the noun after it, if any: 3年质保 counts 年, 12个管理部 counts 个管理部."""
    unit = read_unit(text, spelled)
    if unit is not None:
        return unit, ""
    match = _CONVERTIBLE.match(text)
    noun = text[match.end() :] if match else ""
    if match is None or spelled or len(noun) > 4 or not _is_noun(noun, spelled):
        return None
    return words.SPELLINGS.get(match[0], match[0]), noun


def _is_noun(text: str, spelled: bool) -> bool:
    return (
        not words.PROSE_LETTERS.intersection(text)
        and text[-1] not in "内后前以止中性级"
        and not any(word in text for word in words.PROSE_WORDS)
        and not (spelled and _NUMERAL.search(text))
    )


@lru_cache(maxsize=1024)
def read_per(text: str) -> str | None:
    """What a unit is counted against: 人、天 and 人/天 are 人·天."""
    parts = [words.SPELLINGS.get(part, part) for part in re.split(r"[/·、.*每]", text)]
    for part in parts:
        if part and part[0].isdigit() and not _COUNTED_PER.fullmatch(part):
            return None
        if not part or len(part) > 8 or words.PROSE_LETTERS.intersection(part):
            return None
        if any(word in part for word in words.PROSE_WORDS):
            return None
    return "·".join(parts)


def join_remarks(remarks: Iterable[str]) -> str:
    """One qualifier of all remarks, each once, with the punctuation of Chinese text again."""
    return "，".join(
        dict.fromkeys(
            _MARKS.sub(lambda mark: _WIDE[mark[0]], remark) for remark in remarks if remark
        )
    )


def base(quantity: Quantity) -> tuple[Decimal, str]:
    """The exact magnitude in the base unit, and that unit: 9.92万元 is 99200 元.

    Shares are in percent, durations in 秒 or 月 (days do not make months, nor do 工作日 make days);
    a unit that converts into nothing else is its own base.
    """
    unit, factor = words.UNITS.get(quantity.unit, (quantity.unit, Decimal(1)))
    number = EXACT.multiply(EXACT.multiply(quantity.number, quantity.scale), factor)
    per = "·".join(
        words.UNITS.get(part, (part,))[0] if _is_alias(part) else part
        for part in quantity.per.split("·")
    )
    return number, f"{unit}/{per}" if per else unit


def _is_alias(unit: str) -> bool:
    return unit in words.UNITS and words.UNITS[unit][1] == 1


def same_unit(one: str, other: str) -> bool:
    """Whether two base units count the same; a bare measure word stands for its noun (个, 个管理部)."""
    if one == other:
        return True
    one, _, one_per = one.partition("/")
    other, _, other_per = other.partition("/")
    short, long = sorted((one, other), key=len)
    return (
        one_per == other_per
        and short in words.MEASURE_WORDS
        and long.startswith(short)
        and (long not in words.KNOWN_UNITS)
    )
