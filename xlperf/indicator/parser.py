"""Reading an indicator value: fold, take out the spaces, try the rules of the grammar in turn.

Whatever no rule reads is prose, so `parse` is total. Only the text is judged, never the world: a rule
that matches but makes no sense as a quantity (一般 is not 1 of something) gives way to the next.
"""

import re
import sys
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from xlperf.diagnostic import Span
from xlperf.indicator import words
from xlperf.indicator.dates import read_deadline
from xlperf.indicator.grammar import pattern
from xlperf.indicator.quantities import EXACT, base, read_number, read_per, read_unit
from xlperf.indicator.target import (
    Comparator,
    Frequency,
    Interval,
    Parsed,
    Period,
    Qualitative,
    Quantity,
    Target,
    Threshold,
)

LONGEST = 200
"""A longer text is prose. No value of the forms comes near, and it bounds the work per text."""

Places = dict[str, tuple[int, int]]
Reading = tuple[Target, Places]
Match = re.Match[str]

_FOLD = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **{code: " " for code in range(sys.maxunicode + 1) if chr(code).isspace()},
    **str.maketrans(dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", " ")),
    **str.maketrans("﹪﹥﹤﹦﹙﹚【】〔〕〈〉《》", "%><=()()()<><>"),
    **str.maketrans("≧⩾≮≦⩽≯═", "≥≥≥≤≤≤="),
    **str.maketrans("‐‑‒–—―−─━ー", "-" * 10),
    **str.maketrans("〜∼∽～", "~~~~"),
    **str.maketrans("×✕✖╳∗•・‧∙⋅∕", "*****·····/"),
}
_CLOSING = "。.;,、!…"
_OPEN_LABEL = re.compile("[的了]")
_LEADS = re.compile(
    f"(?:{words.alternation((*words.KEPT_LEADS, *words.DROPPED_LEADS, *words.APPROXIMATE))})+"
)
_KEPT = re.compile(words.alternation(words.KEPT_LEADS))
_NEAR = re.compile(f"(?:{words.alternation(words.APPROXIMATE)})$")
_MEASURED = re.compile(f"[^的了]*(?:{words.alternation(words.MEASURED)})(?:为|约|达)?")
_ACTED = re.compile(f"(?:共|已|累计|全年)*(?:{words.alternation(words.ACTIONS)})[^的了]{{0,6}}")
_AFTER_EVENT = re.compile("[^的]*(?:后|起|之日起|之日)(?:的)?")
_HABIT = re.compile(
    f"(?:{words.alternation((*words.ADVERBS, '定期'))})*(?:{words.alternation(words.ACTIONS)})"
)
_NUMERIC = re.compile("[0-9零一二两三四五六七八九十半壹贰叁肆伍陆柒捌玖拾]|百分百")
_SPECIAL = re.compile("[-年月季旬周日天每各按逐~至到±*xX且;,)上下号]|[≥≤<>].*[≥≤<>]|[0-9]{6}")
_DATED = re.compile("[年月季日号末]|[0-9]{4}[-.\x2f]|[0-9]{6}")
_CYCLIC = re.compile("[年季月旬周天日期时].*[次场期回轮遍趟批]")
_UPPER: dict[Comparator, bool] = {"≤": True, "<": True, "≥": False, ">": False}
_MONEY = frozenset(("元", "美元", "港元", "欧元", "角"))


def parse(source: str) -> Parsed:
    """What the text means. Total: any text has a meaning, prose is `Qualitative`."""
    return _parse(source) if len(source) <= LONGEST else _prose(source)


def _prose(source: str, spans: dict[str, Span] | None = None) -> Parsed:
    text = source.strip()
    yes = True if text in words.YES else False if text in words.NO else None
    return Parsed(source, Qualitative(text, yes), spans or {})


@lru_cache(maxsize=65536)
def _parse(source: str) -> Parsed:
    text = source.translate(_FOLD)
    places: list[int] | None = None
    if " " in text:
        places = [i for i, letter in enumerate(text) if letter != " "]
        text = _join(text)
    text = text.rstrip(_CLOSING)
    reading = _read(text)
    if reading is None:
        return _prose(source)
    target, found = reading
    if places is None:
        spans = {name: Span(start, end) for name, (start, end) in found.items()}
    else:
        spans = {
            name: Span(places[start], places[end - 1] + 1) for name, (start, end) in found.items()
        }
    return _prose(source, spans) if isinstance(target, Qualitative) else Parsed(source, target, spans)
