"""What a person sees in a cell: Excel number format codes applied to values.

Indicator values are read as they are displayed (95%, 2025年12月31日), and cells hold only a number
and a code. Where programs differ the result is that of Excel with Chinese regional settings, in a
column wide enough. Padding (`_x`, `*x`, and the blanks of `?`) vanishes at both ends of the result;
inside it `_x` is one space and `*x` nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from xlperf.ooxml.built_in_formats import BUILT_IN
from xlperf.ooxml.chinese_digits import ChineseDigits
from xlperf.ooxml.date_format import date_renderer

# Formats of the Windows settings rather than of the workbook: the long date and the time of zh-CN.
_SYSTEM = {
    "[$-F800]": BUILT_IN[31],
    "[$-X-SYSDATE]": BUILT_IN[31],
    "[$-F400]": "h:mm:ss",
    "[$-X-SYSTIME]": "h:mm:ss",
}

_TOKEN = re.compile(
    r"""
      "(?P<quoted>[^"]*)"?
    | [\\!](?P<escaped>.)
    | _(?P<space>.)
    | \*(?P<fill>.)
    | \[(?P<elapsed>h+|m+|s+)\]
    | \[\$(?P<currency>[^\]-]*)(?:-(?P<locale>[^\]]*))?\]
    | \[(?P<condition>(?:<=|>=|<>|<|>|=)[^\]]+)\]
    | \[DBNum(?P<chinese>[123])\]
    | \[(?P<ignored>[^\]]*)\]
    | (?P<general>General|G/通用格式)
    | (?P<noon>AM/PM|A/P|上午/下午)
    | (?P<exponent>(?<=[0\#?.,])E[+-](?=[0\#?]))
    | (?P<date>y+|m+|d+|h+|s+|a{3,4}|e+|g+)
    | (?P<over>/[1-9][0-9]*)
    | (?P<digit>[0\#?])
    | (?P<point>\.)
    | (?P<comma>,)
    | (?P<percent>%)
    | (?P<slash>/)
    | (?P<text>@)
    | (?P<next>;)
    | (?P<other>.)
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_LITERAL = {"quoted", "escaped", "other", "currency"}
_PADDING = {"space", "fill"}
_LONGEST_CODE = 255
_EXPONENTS = 308
_EXACT = Context(prec=_EXPONENTS + 4 * _LONGEST_CODE, rounding=ROUND_HALF_UP)
_FIFTEEN = Context(prec=15, rounding=ROUND_HALF_UP)


class _Token(NamedTuple):
    kind: str
    text: str


class _Condition(NamedTuple):
    operator: str
    limit: Decimal

    def __call__(self, value: Decimal) -> bool:
        match self.operator:
            case "<":
                return value < self.limit
            case "<=":
                return value <= self.limit
            case ">":
                return value > self.limit
            case ">=":
                return value >= self.limit
            case "=":
                return value == self.limit
            case _:
                return value != self.limit

    @property
    def negative_only(self) -> bool:
        """Whether the section is for negative numbers only, and so shows no sign of its own."""
        return self.operator in ("<", "<=") and self.limit <= 0


_POSITIVE, _NEGATIVE = _Condition(">", Decimal(0)), _Condition("<", Decimal(0))
_NOT_NEGATIVE = _Condition(">=", Decimal(0))


@dataclass(frozen=True, slots=True)
class _Section:
    """One part of a code. `shown` takes the amount without its sign, except for dates."""

    condition: _Condition | None
    is_date: bool
    shown: Callable[[Decimal, bool], str]

    def display(self, value: Decimal, date1904: bool) -> str:
        if self.is_date:
            return self.shown(value, date1904)
        signless = self.condition is not None and self.condition.negative_only
        sign = "-" if value < 0 and not signless else ""
        return sign + self.shown(abs(value), date1904)


@dataclass(frozen=True, slots=True)
class _Format:
    numbers: tuple[_Section, ...]
    text: tuple[_Token, ...]


def display(value: float | Decimal | str | bool, code: str, *, date1904: bool = False) -> str:
    """The text that a cell with this value and number format shows. Never raises on any code.

    Numbers count to 15 significant digits and are rounded half up, as Excel does it.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    form = _compiled(code)
    if isinstance(value, str):
        return "".join(value if t.kind in ("text", "general") else t.text for t in form.text)
    if isinstance(value, float):
        number = Decimal(f"{value:.15g}")
    else:
        number = _FIFTEEN.create_decimal(value)
    if not number.is_finite() or (number and not -_EXPONENTS < number.adjusted() <= _EXPONENTS):
        return str(value)
    for section in form.numbers:
        if section.condition is None or section.condition(number):
            return section.display(number, date1904)
    return _general(number) if number >= 0 else "-" + _general(-number)


def is_date_format(code: str) -> bool:
    """Whether numbers in this format are shown as dates or times."""
    return any(section.is_date for section in _compiled(code).numbers)


@lru_cache(maxsize=1024)
def _compiled(code: str) -> _Format:
    if len(code) > _LONGEST_CODE:
        code = BUILT_IN[0]
    upper = code.upper()
    code = next((meant for tag, meant in _SYSTEM.items() if tag in upper), code)
    parts: list[list[_Token]] = [[]]
    for match in _TOKEN.finditer(code):
        kind = match.lastgroup or "quoted"
        if kind == "next":
            parts.append([])
        elif kind == "locale":
            parts[-1] += _Token("currency", match["currency"]), _Token("locale", match["locale"])
        else:
            parts[-1].append(_Token(kind, match[kind]))
    text: Sequence[_Token] = (_Token("text", "@"),)
    if len(parts) > 3:
        text = parts[3]
    elif any(token.kind == "text" for token in parts[-1]):
        text = parts.pop()
    numbers = [_section(tokens) for tokens in parts[:3] or [[_Token("general", "General")]]]
    return _Format(tuple(_with_conditions(numbers)), tuple(_trimmed(text)))


def _with_conditions(sections: list[_Section]) -> Iterator[_Section]:
    """The sections with the conditions that Excel takes where none is written."""
    first = sections[0].condition
    defaults: tuple[_Condition | None, ...]
    match len(sections):
        case 1:
            defaults = (None,)
        case 2:
            # A second section after a condition of its own kind is for the rest, and shows signs.
            usual = first in (None, _POSITIVE, _NOT_NEGATIVE)
            defaults = (_NOT_NEGATIVE, _NEGATIVE if usual else None)
        case _:
            defaults = (_POSITIVE, _NEGATIVE, None)
    for section, default in zip(sections, defaults, strict=True):
        yield _Section(section.condition or default, section.is_date, section.shown)


def _trimmed(tokens: Sequence[_Token]) -> list[_Token]:
    """Tokens that show something, with padding resolved."""
    kept = [t for t in tokens if t.kind not in ("ignored", "condition", "locale", "chinese")]
    while kept and kept[-1].kind in _PADDING:
        kept.pop()
    while kept and kept[0].kind in _PADDING:
        kept.pop(0)
    return [_Token("other", " ") if t.kind == "space" else t for t in kept if t.kind != "fill"]


def _section(tokens: Sequence[_Token]) -> _Section:
    condition, chinese, names_chinese = None, None, False
    for token in tokens:
        if token.kind == "condition":
            condition = _condition(token.text)
        elif token.kind == "chinese":
            chinese = ChineseDigits(int(token.text))
        elif token.kind == "locale":
            names_chinese = _is_chinese(token.text)
    shown = _trimmed(tokens)
    kinds = {token.kind for token in shown}
    if kinds & {"date", "elapsed", "noon"}:
        return _Section(condition, True, date_renderer(shown, chinese, names_chinese))
    if "general" in kinds:
        render = _generals(shown, chinese)
    elif kinds & {"slash", "over"} and (fraction := _fractions(shown)):
        render = fraction
    else:
        render = _scientific(shown) if "exponent" in kinds else _digits(shown)
        if chinese:
            render = _translated(render, chinese)
    if any(token == ("digit", "?") for token in shown):
        render = _stripped(render)
    return _Section(condition, False, lambda value, _: render(value))


def _condition(text: str) -> _Condition | None:
    operator = text[:2] if text[:2] in ("<=", ">=", "<>") else text[0]
    try:
        limit = Decimal(text[len(operator) :].strip())
    except InvalidOperation:
        return None
    return _Condition(operator, limit) if limit.is_finite() else None


def _is_chinese(locale: str) -> bool:
    """Whether a tag such as 804, 30804 or zh-CN means Chinese."""
    locale = locale.partition(",")[0]
    try:
        return int(locale, 16) & 0x3FF == 0x04
    except ValueError:
        return locale.lower().startswith("zh")


_Render = Callable[[Decimal], str]


def _stripped(render: _Render) -> _Render:
    return lambda value: render(value).strip(" ")


def _translated(render: _Render, chinese: ChineseDigits) -> _Render:
    return lambda value: chinese.one_by_one(render(value))


def _general(value: Decimal) -> str:
    """An amount in at most 11 characters, as many digits as they hold."""
    if not value:
        return "0"
    exponent = value.adjusted()
    if -5 < exponent < 11:
        text = _rounded(value, min(9, max(0, 9 - exponent)))
        if len(text.partition(".")[0]) <= 11:
            return text.rstrip("0").rstrip(".") if "." in text else text
    elif exponent < 0 and len(text := format(value.normalize(_EXACT), "f")) <= 11:
        return text
    # Six digits fill the eleven characters; an exponent of three takes the place of one.
    digits = Context(prec=6 if -100 < exponent < 100 else 5, rounding=ROUND_HALF_UP).plus(value)
    exponent = digits.adjusted()
    mantissa = digits.scaleb(-exponent).normalize()
    return f"{mantissa}E{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _generals(tokens: Sequence[_Token], chinese: ChineseDigits | None) -> _Render:
    def render(value: Decimal) -> str:
        # In Chinese words a whole number never turns scientific.
        whole = chinese and value == value.to_integral_value()
        number = format(value, "f") if whole else _general(value)
        if chinese:
            number = chinese.in_words(number)
        return "".join(number if t.kind == "general" else t.text for t in tokens)

    return render


def _rounded(value: Decimal, places: int) -> str:
    return format(value.quantize(Decimal((0, (1,), -places)), context=_EXACT), "f")


def _digits(tokens: Sequence[_Token]) -> _Render:
    """Fixed-point numbers; literals may stand between the digits (0000-0000)."""
    tokens, grouped, shift = _scaled(tokens)
    split = next((i for i, t in enumerate(tokens) if t.kind == "point"), len(tokens))
    before, after = tokens[:split], tokens[split + 1 :]
    places = sum(t.kind == "digit" for t in after)
    point = "." if split < len(tokens) else ""
    anything = places or any(t.kind == "digit" for t in before)

    def render(value: Decimal) -> str:
        whole, _, decimals = _rounded(value.scaleb(shift, _EXACT), places).partition(".")
        whole = whole.lstrip("0") if anything else ""
        return _whole_part(before, whole, grouped) + point + _decimal_part(after, decimals)

    return render


def _scaled(tokens: Sequence[_Token]) -> tuple[list[_Token], bool, int]:
    """Tokens without commas, whether thousands are grouped, and the power of ten applied."""
    shift = 2 * sum(t.kind == "percent" for t in tokens)
    kept, grouped = [], False
    for index, token in enumerate(tokens):
        if token.kind != "comma":
            kept.append(token)
            continue
        following = next((t.kind for t in tokens[index:] if t.kind != "comma"), "")
        if following == "digit":
            grouped = True
        elif any(t.kind == "digit" for t in tokens[:index]):
            shift -= 3
        else:
            kept.append(token)
    return kept, grouped, shift


def _whole_part(tokens: Sequence[_Token], digits: str, grouped: bool) -> str:
    """Digits put into their places from the right; the first place takes all that are left."""
    places = sum(t.kind == "digit" for t in tokens)
    shown = list(reversed(digits)) if not places else []
    written = 0
    for token in reversed(tokens):
        if token.kind != "digit":
            shown.append(token.text[::-1])
            continue
        places -= 1
        taken = digits if not places else digits[-1:]
        digits = "" if not places else digits[:-1]
        for digit in reversed(taken or {"0": "0", "?": " "}.get(token.text, "")):
            if grouped and written and written % 3 == 0:
                shown.append("," if digit != " " else " ")
            shown.append(digit)
            written += 1
    return "".join(shown)[::-1]


def _decimal_part(tokens: Sequence[_Token], digits: str) -> str:
    significant = len(digits.rstrip("0"))
    shown, index = [], 0
    for token in tokens:
        if token.kind != "digit":
            shown.append(token.text)
            continue
        if index < significant or token.text == "0":
            shown.append(digits[index])
        elif token.text == "?":
            shown.append(" ")
        index += 1
    return "".join(shown)


def _scientific(tokens: Sequence[_Token]) -> _Render:
    split = next(i for i, t in enumerate(tokens) if t.kind == "exponent")
    mantissa, exponents = tokens[:split], tokens[split + 1 :]
    point = next((i for i, t in enumerate(mantissa) if t.kind == "point"), split)
    step = max(1, sum(t.kind == "digit" for t in mantissa[:point]))
    places = sum(t.kind == "digit" for t in mantissa[point:])
    always_signed = tokens[split].text.endswith("+")
    render_mantissa = _digits(mantissa)

    def render(value: Decimal) -> str:
        exponent = value.adjusted() // step * step if value else 0
        scaled = value.scaleb(-exponent, _EXACT)
        if Decimal(_rounded(scaled, places)).adjusted() >= step:
            exponent += step
            scaled = value.scaleb(-exponent, _EXACT)
        sign = "-" if exponent < 0 else "+" if always_signed else ""
        digits = str(abs(exponent)).lstrip("0")
        return f"{render_mantissa(scaled)}E{sign}{_whole_part(exponents, digits, False)}"

    return render


def _convergent(value: Fraction, limit: int) -> tuple[int, int]:
    """The last convergent with a denominator up to `limit`: Excel takes it, not the nearest."""
    top, bottom, next_top, next_bottom = 0, 1, 1, 0
    rest = value
    while True:
        whole = int(rest)
        top, next_top = next_top, whole * next_top + top
        bottom, next_bottom = next_bottom, whole * next_bottom + bottom
        if next_bottom > limit:
            return top, bottom
        if rest == whole:
            return next_top, next_bottom
        rest = 1 / (rest - whole)


def _fractions(tokens: Sequence[_Token]) -> _Render | None:
    """`# ?/?`, `?/?` and `# ?/8`; None where the slash is no fraction bar."""
    bar = next(i for i, t in enumerate(tokens) if t.kind in ("slash", "over"))
    start = end = bar
    while start and tokens[start - 1].kind == "digit":
        start -= 1
    while end + 1 < len(tokens) and tokens[end + 1].kind == "digit":
        end += 1
    fixed = int(tokens[bar].text[1:]) if tokens[bar].kind == "over" else 0
    if start == bar or not (fixed or end > bar):
        return None
    lead, above, tail = tokens[:start], tokens[start:bar], tokens[end + 1 :]
    has_whole = any(t.kind == "digit" for t in lead)
    below = len(str(fixed)) if fixed else end - bar
    after = "".join(t.text for t in tail)

    def render(value: Decimal) -> str:
        whole, rest = divmod(Fraction(value), 1) if has_whole else (0, Fraction(value))
        if fixed:
            top, bottom = int(rest * fixed + Fraction(1, 2)), fixed
        else:
            top, bottom = _convergent(rest, 10**below - 1)
        if has_whole and top >= bottom:
            whole, top = whole + 1, 0
        ratio = f"{_whole_part(above, str(top).lstrip('0') or '0', False)}/{bottom:<{below}}"
        if has_whole and not top:
            ratio = " " * len(ratio)
        shown = "" if has_whole and top and not whole else str(whole)
        return _whole_part(lead, shown if has_whole else "", False) + ratio + after

    return render
