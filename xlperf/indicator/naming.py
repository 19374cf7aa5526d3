"""The comparator and unit that an indicator's name states: 覆盖率(≥**%) with the value 80."""

import re
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from xlperf.indicator import words
from xlperf.indicator.folding import fold
from xlperf.indicator.parser import LONGEST, parse
from xlperf.indicator.quantities import ONE, read_label
from xlperf.indicator.target import Comparator, Interval, Parsed, Quantity, Threshold
from xlperf.indicator.words import Lazy

_BLANK = r"(?:\*+|[xX]+|_+|…+|\.{2,}|[0-9]+(?:\.[0-9]+)?)"
_BRACKETS = re.compile(r"\(([^()]+)\)")
_HINT = Lazy(
    lambda: (
        rf"(?P<before>{words.alternation(words.BEFORE)})?(?P<blank>{_BLANK})?(?P<unit>[^0-9*_]*)"
    )
)
_OPEN_HINT = Lazy(
    lambda: (
        rf"(?:[≥≤<>=]+{_BLANK}?|(?:{words.alternation(words.BEFORE)})(?:\*+|_+))[^()*_0-9]{{0,8}}$"
        r"|(?:\*+|_{2,})[^()*_]{1,8}$"
    )
)


class Hint(NamedTuple):
    """What a name says about the values of its indicator."""

    op: Comparator | None
    scale: Decimal
    unit: str
    per: str


def parse_with_name(source: str, name: str) -> Parsed:
    """What the text means under this name.

    The name supplies the comparator and the unit only where the value lacks them and the name
    states them explicitly: in brackets, around a placeholder or with a sign at its end.
    `Parsed.named` lists what came from there.
    """
    parsed = parse(source)
    target = parsed.target
    if not isinstance(target, (Threshold, Interval)) or "product" in parsed.spans:
        return parsed
    hint = read_hint(name) if len(name) <= LONGEST else None
    if hint is None:
        return parsed
    named: list[str] = []
    if isinstance(target, Interval):
        low, high = _with_unit(target.low, hint), _with_unit(target.high, hint)
        if high == target.high:
            return parsed
        return replace(parsed, target=replace(target, low=low, high=high), named=("unit",))
    quantity = _with_unit(target.quantity, hint)
    if quantity != target.quantity:
        named.append("unit")
    if target.op is None and hint.op is not None:
        named.append("comparator")
    if not named:
        return parsed
    read = replace(target, op=target.op or hint.op, quantity=quantity)
    return replace(parsed, target=read, named=tuple(named))


def _with_unit(quantity: Quantity, hint: Hint) -> Quantity:
    if quantity.unit or not hint.unit or (quantity.per and quantity.per != hint.per):
        return quantity
    if hint.unit in words.PRINTED_AS_TIME and quantity.number >= 1000:
        return quantity
    scale = hint.scale if quantity.scale == 1 else quantity.scale
    return Quantity(quantity.number, scale, hint.unit, hint.per)


@lru_cache(maxsize=16384)
def read_hint(name: str) -> Hint | None:
    """The comparator and unit in the last brackets, around the placeholder, or at the end."""
    text = fold(name).replace(" ", "").replace("()", "")
    boxed = next(filter(None, map(_hint, reversed(_BRACKETS.findall(text)))), None)
    match = None if boxed and boxed.op else _OPEN_HINT.search(_BRACKETS.sub("", text))
    ending = _hint(match[0]) if match else None
    return boxed._replace(op=ending.op) if boxed and ending else boxed or ending


def _hint(content: str) -> Hint | None:
    match = _HINT.fullmatch(content)
    if match is None:
        return None
    op = words.BEFORE[match["before"]] if match["before"] else None
    if not match["unit"]:
        return Hint(op, ONE, "", "") if op else None
    label = read_label(match["unit"])
    return Hint(op, *label) if label else None
