"""Numbers and units: reading them from text, and scaling them exactly to a base unit."""

import re
from collections.abc import Iterable
from decimal import Context, Decimal
from functools import lru_cache

from xlperf.indicator import words
from xlperf.indicator.target import Quantity
from xlperf.indicator.words import Lazy

EXACT = Context(prec=2000)
"""Wide enough for any number that is read, so that no digit is ever rounded away."""

ENDLESS = Context(prec=28)
"""How far the digits of a fraction go that never end: 2/3."""

ONE = Decimal(1)

_DIGITS = {letter: i for i, letter in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = re.compile(r"[〇零一二两三四五六七八九十]")
_LATIN = re.compile(r"[A-Za-z%°℃‰‱μ²³Ω]{1,6}")
# 100M带宽, but neither 4A级 nor 5G网络.
_LATIN_UNIT = re.compile("(?![ABCDGKPT](?![A-Za-z]))[A-Za-z]{1,5}(?![级类型])")
_CONVERTIBLE = Lazy(
    lambda: words.alternation(
        unit
        for unit in ("%", *words.UNITS, *words.SPELLINGS)
        if unit == "%" or not (unit in words.MEASURE_WORDS or unit.isascii())
    )
)
# 一级, 十分, 二类, 一路: after a spelled number these make words or ordinals, not quantities.
_NEVER_SPELLED = frozenset(
    (*"分级星度等点类流道比代卡口把方路站首节门层院眼头片届", "标段", "指标")
)
# 一套系统 counts, but 两个维护 and 八项规定 are slogans.
_SPELLED_WITH_NOUN = frozenset("名套家所座辆台支间栋本篇份场次批条部户位")
_COUNTED_PER = Lazy(
    lambda: (
        "[0-9]+(?:(?:[百千]?[万亿]|[百千])"
        f"(?:{words.alternation((*words.KNOWN_UNITS, *words.PERIODS))})?"
        f"|{words.alternation((*words.KNOWN_UNITS, *words.PERIODS))})"
    )
)
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_THING = re.compile(r"[^\W_]{1,8}")
_WIDE = {",": "，", ";": "；", ":": "："}
_MARKS = re.compile("(?<![0-9])[,;:]|[,;:](?![0-9])")


def read_number(text: str) -> Decimal | None:
    """The number that is written in digits or in Chinese numerals, None where it makes no sense."""
    part, line, whole = text.partition("/")
    if not line:
        whole, line, part = text.partition("分之")
    if line:
        over, under = read_number(part), read_number(whole)
        return ENDLESS.divide(over, under) if over and under and over < under else None
    if text.isascii():
        return Decimal(text.replace(",", "")) if text else None
    return _read_numerals(text)


def read_count(text: str) -> int:
    """A small whole number, 0 where the text is none."""
    return int(read_number(text) or 0)


def _read_numerals(text: str) -> Decimal | None:
    if text == "半":
        return Decimal("0.5")
    whole, point, fraction = text.partition("点")
    if point:
        integer = _read_numerals(whole) if whole else None
        if integer is None or not fraction or any(letter not in _DIGITS for letter in fraction):
            return None
        return integer + Decimal("0." + "".join(str(_DIGITS[letter]) for letter in fraction))
    if len(text) > 1 and all(letter in _DIGITS for letter in text):
        return Decimal("".join(str(_DIGITS[letter]) for letter in text))
    total = section = digit = 0
    for letter in text:
        if letter in _DIGITS and not digit:
            digit = _DIGITS[letter]
        elif letter in _TENS:
            section += (digit or 1) * _TENS[letter]
            digit = 0
        elif letter == "万":
            total += (section + digit or 1) * 10**4
            section = digit = 0
        elif letter == "亿":
            total = (total + section + digit or 1) * 10**8
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
        return None if spelled and unit in _NEVER_SPELLED else unit
    if "·" in text:
        parts = [read_unit(part, spelled) if part else None for part in text.split("·")]
        return None if None in parts else "·".join(part for part in parts if part)
    if _LATIN.fullmatch(text):
        return None if spelled else unit
    if any(letter.isascii() for letter in text) or not _is_noun(text, spelled):
        return None
    if spelled:
        return text if text[0] in _SPELLED_WITH_NOUN and len(text) <= 5 else None
    if text[0] in words.MEASURE_WORDS and len(text) <= 7:
        return text
    return None if len(text) > 3 or _CONVERTIBLE.match(text) else text


@lru_cache(maxsize=4096)
def split_unit(text: str, spelled: bool = False) -> tuple[str, str] | None:
    """The unit and the noun after it, if any: 3年质保 counts 年, 12个管理部 counts 个管理部."""
    unit = read_unit(text, spelled)
    if unit is not None:
        return unit, ""
    match = _CONVERTIBLE.match(text) or _LATIN_UNIT.match(text)
    noun = text[match.end() :] if match else ""
    if match is None or spelled or not 0 < len(noun) <= 4 or not _is_noun(noun, spelled):
        return None
    if noun.startswith(("以", "及", "左右", "底", "末", "初", "中", "上", "下", "年")):
        return None
    return words.SPELLINGS.get(match[0], match[0]), noun


def _is_noun(text: str, spelled: bool) -> bool:
    return (
        text.isalpha()
        and text[0] not in "号强"
        and not words.PROSE_LETTERS.intersection(text)
        and text[-1] not in ("内后前以止级中性" if spelled else "内后前以止级")
        and not any(word in text for word in words.PROSE_WORDS)
        and not (spelled and _NUMERAL.search(text))
    )


@lru_cache(maxsize=1024)
def read_per(text: str) -> str | None:
    """What a unit is counted against: 人、天 and 人/天 are 人·天."""
    named = _IN_BRACKETS.sub("", text)
    parts = [words.SPELLINGS.get(part, part) for part in re.split(r"[/·、.*每]", named)]
    for part in parts:
        if not _THING.fullmatch(part) or words.PROSE_LETTERS.intersection(part):
            return None
        if any(word in part for word in words.PROSE_WORDS):
            return None
        if part[0].isdigit() and not _COUNTED_PER.fullmatch(part):
            return None
    return "·".join(parts)


@lru_cache(maxsize=1024)
def read_label(text: str) -> tuple[Decimal, str, str] | None:
    """Scale, unit and per of a unit that stands alone, as in brackets: 万元, 元/人·月."""
    head, slash, tail = text.partition("/")
    per = read_per(tail) if slash else ""
    if per is None or not head:
        return None
    for scale in ("", *sorted(words.SCALES, key=len, reverse=True)):
        unit = head.removeprefix(scale)
        if head.startswith(scale) and (unit in words.KNOWN_UNITS or (scale and not unit)):
            return words.SCALES.get(scale, ONE), words.SPELLINGS.get(unit, unit), per
    return None


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
    unit, factor = words.UNITS.get(quantity.unit, (quantity.unit, ONE))
    number = EXACT.multiply(EXACT.multiply(quantity.number, quantity.scale), factor)
    per = "·".join(_alias(part) for part in quantity.per.split("·"))
    return number, f"{unit}/{per}" if per else unit


def _alias(unit: str) -> str:
    """The base of a unit that differs in name only: a rate per 日 is one per 天, not per 秒."""
    name, factor = words.UNITS.get(unit, (unit, ONE))
    return name if factor == 1 else {"日": "天"}.get(unit, unit)


def same_unit(one: str, other: str) -> bool:
    """Whether two base units count the same; a bare measure word stands for its noun.

    12个 answers 12个管理部, but 人次 is not 人.
    """
    if one == other:
        return True
    one, _, one_per = one.partition("/")
    other, _, other_per = other.partition("/")
    short, long = sorted((one, other), key=len)
    return (
        one_per == other_per
        and short in words.MEASURE_WORDS
        and long.startswith(short)
        and long not in words.KNOWN_UNITS
    )
