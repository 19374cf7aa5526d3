"""Worksheet functions of texts. Excel counts UTF-16 units: a rare Han character is two of them."""

import math
import re
from decimal import ROUND_HALF_UP

from xlperf.expr.criteria import has_wildcard, wildcard
from xlperf.expr.registry import ANY, Area, cells, function, whole
from xlperf.expr.values import (
    NA,
    VALUE,
    ExcelError,
    Fault,
    Value,
    doubt,
    logical,
    number,
    rounded,
    text,
    text_number,
)
from xlperf.ooxml.number_format import display

_LONGEST = 32_767


@function("VALUE", 1)
def _value(value: Value) -> Value:
    if isinstance(value, bool):
        raise Fault(VALUE)
    return text_number(value) if isinstance(value, str) else number(value)


@function("SUBSTITUTE", 3, 4)
def _substitute(source: Value, old: Value, new: Value, *nth: Value) -> Value:
    within, gone, fresh = text(source), text(old), text(new)
    if not nth:
        return within.replace(gone, fresh) if gone else within
    if (wanted := whole(nth[0])) < 1:
        raise Fault(VALUE)
    pieces = within.split(gone) if gone else [within]
    if wanted >= len(pieces):
        return within
    return gone.join(pieces[:wanted]) + fresh + gone.join(pieces[wanted:])


@function("LEFT", 1, 2)
def _left(source: Value, count: Value = 1.0) -> Value:
    return _text(_units(text(source))[: 2 * _length(count)])


@function("RIGHT", 1, 2)
def _right(source: Value, count: Value = 1.0) -> Value:
    units, wanted = _units(text(source)), 2 * _length(count)
    return _text(units[max(len(units) - wanted, 0) :])


@function("MID", 3)
def _mid(source: Value, start: Value, count: Value) -> Value:
    first, wanted = 2 * _length(start) - 2, 2 * _length(count)
    if first < 0:
        raise Fault(VALUE)
    return _text(_units(text(source))[first : first + wanted])


@function("REPLACE", 4)
def _replace(source: Value, start: Value, count: Value, new: Value) -> Value:
    units, first, gone = _units(text(source)), 2 * _length(start) - 2, 2 * _length(count)
    if first < 0:
        raise Fault(VALUE)
    return _text(units[:first] + _units(text(new)) + units[first + gone :])


@function("LEN", 1)
def _len(source: Value) -> Value:
    return len(_units(text(source))) / 2


@function("FIND", 2, 3)
def _find(wanted: Value, source: Value, start: Value = 1.0) -> Value:
    sought, within, first = _sought(wanted, source, start)
    return _place(within.find(sought, first), within)


@function("SEARCH", 2, 3)
def _search(wanted: Value, source: Value, start: Value = 1.0) -> Value:
    sought, within, first = _sought(wanted, source, start)
    if not has_wildcard(sought):
        return _place(within.lower().find(sought.lower(), first), within)
    found = wildcard(sought).search(within, first)
    return _place(found.start() if found else -1, within)


def _sought(wanted: Value, source: Value, start: Value) -> tuple[str, str, int]:
    sought, within, first = text(wanted), text(source), whole(start) - 1
    if not 0 <= first <= len(within):
        raise Fault(VALUE)
    if not (within.isascii() or len(_units(within)) == 2 * len(within)):
        doubt(within)
    return sought, within, first


def _place(found: int, within: str) -> float:
    if found < 0:
        raise Fault(VALUE)
    return len(_units(within[:found])) / 2 + 1


def _units(source: str) -> bytes:
    """Two bytes for each of Excel's characters, which are halves of a rare Han character."""
    return source.encode("utf-16-le", "surrogatepass")


def _text(units: bytes) -> str:
    return units.decode("utf-16-le", "replace")


def _length(value: Value) -> int:
    if (count := whole(value)) < 0:
        raise Fault(VALUE)
    return count


@function("TRIM", 1)
def _trim(source: Value) -> Value:
    return " ".join(word for word in text(source).split(" ") if word)


@function("CLEAN", 1)
def _clean(source: Value) -> Value:
    return re.sub(r"[\x00-\x1f]", "", text(source))


@function("UPPER", 1)
def _upper(source: Value) -> Value:
    return _same_length(text(source), text(source).upper())


@function("LOWER", 1)
def _lower(source: Value) -> Value:
    return _same_length(text(source), text(source).lower())


@function("PROPER", 1)
def _proper(source: Value) -> Value:
    return _same_length(text(source), text(source).title())


def _same_length(before: str, after: str) -> str:
    """Excel changes letters one by one; Python makes two of a few."""
    if len(before) != len(after):
        doubt(before)
    return after


@function("REPT", 2)
def _rept(source: Value, count: Value) -> Value:
    repeated, times = text(source), _length(count)
    if len(_units(repeated)) // 2 * times > _LONGEST:
        raise Fault(VALUE)
    return repeated * times


@function("EXACT", 2)
def _exact(one: Value, other: Value) -> Value:
    return text(one) == text(other)


@function("CONCATENATE", 1, ANY)
def _concatenate(*parts: Value) -> Value:
    return _limited("".join(map(text, parts)))


@function("CONCAT", 1, ANY, takes="(r)")
def _concat(*parts: Value | Area) -> Value:
    return _limited("".join(_texts(parts)))


@function("TEXTJOIN", 3, ANY, takes="vv(r)")
def _textjoin(between: Value, skip: Value, *parts: Value | Area) -> Value:
    separator, skips = text(between), logical(skip)
    return _limited(separator.join(t for t in _texts(parts) if t or not skips))


def _texts(parts: tuple[Value | Area, ...]) -> list[str]:
    found: list[str] = []
    for part in parts:
        found += map(text, cells(part)) if isinstance(part, tuple) else [text(part)]
    return found


def _limited(joined: str) -> str:
    if len(_units(joined)) // 2 > _LONGEST:
        raise Fault(VALUE)
    return joined


@function("CHAR", 1)
def _char(code: Value) -> Value:
    # Above 127 the answer depends on the computer's code page.
    if not 1 <= (point := whole(code)) <= 127:
        if 127 < point <= 255:
            doubt(f"CHAR({point})")
        raise Fault(VALUE)
    return chr(point)


@function("CODE", 1)
def _code(source: Value) -> Value:
    if not (first := text(source)[:1]):
        raise Fault(VALUE)
    if not first.isascii():
        doubt(f"CODE({first})")
    return float(ord(first))


@function("UNICHAR", 1)
def _unichar(code: Value) -> Value:
    if not 1 <= (point := whole(code)) <= 0x10FFFF:
        raise Fault(VALUE)
    if 0xD800 <= point < 0xE000:
        raise Fault(NA)
    return chr(point)


@function("UNICODE", 1)
def _unicode(source: Value) -> Value:
    if not (first := text(source)[:1]):
        raise Fault(VALUE)
    return float(ord(first))


# ----------------------------------------------------------------------------------- formats

# What shows alike in every language of Excel: digits, dates in figures, quoted and Han text.
_SAFE_FORMAT = re.compile(
    r"(?:\"[^\"]*\"|\\.|[0#.,%;@ymdhsYMDHS:/\-() +￥¥$€]|AM/PM|E[+-](?=0)"
    r"|[\u3000-\u9fff\uff00-\uffef])*"
)
_MONTH_NAMES = re.compile(r"m{3}|d{3}", re.IGNORECASE)
_BEFORE_ALL = 2_958_466


@function("TEXT", 2)
def _text_of(value: Value, code: Value) -> Value:
    shown = text(code)
    if isinstance(value, ExcelError):
        raise Fault(value)
    if isinstance(value, bool):
        return text(value)
    if isinstance(value, str):
        try:
            value = text_number(value)
        except Fault:
            return display(str(value), shown) if "@" in shown or ";" in shown else value
    if shown == "":
        return ""
    exact = number(value)
    general = shown.lower() == "general"
    if not general and not _SAFE_FORMAT.fullmatch(shown):
        doubt(f"TEXT({shown})")
    unquoted = re.sub(r"\"[^\"]*\"|\\.", "", shown).lower()
    if not general and set(unquoted) & set("ymdhs"):
        if not 0 <= exact < _BEFORE_ALL:
            raise Fault(VALUE)
        seconds = exact % 1 * 86_400
        if abs(seconds - round(seconds)) > 1e-3 and int(seconds) // 60 != round(seconds) // 60:
            doubt(f"TEXT({text(exact)},{shown})")  # whether the rest of a minute counts as one
        if _MONTH_NAMES.search(unquoted):
            doubt(f"TEXT({shown})")
    return text(exact) if general else display(exact + 0.0, shown)


@function("FIXED", 1, 3)
def _fixed(value: Value, places: Value = 2.0, plain: Value = False) -> Value:
    exact, count = number(value), whole(places)
    if not -127 <= count <= 100:
        raise Fault(VALUE)
    result = rounded(exact, count, ROUND_HALF_UP)
    digits = max(count, 0)
    if digits > 14 - math.floor(math.log10(abs(result) or 1)):
        doubt(f"FIXED({exact},{count})")
    shown = f"{result:.{digits}f}" if logical(plain) else f"{result:,.{digits}f}"
    return shown.removeprefix("-") if not result else shown
