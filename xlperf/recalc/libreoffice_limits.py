"""Where LibreOffice answers otherwise than Excel: told beforehand, or seen in what it answered.

LibreOffice keeps truths as numbers, counts days before March 1900 differently, matches other texts
with wildcards, and names errors by its own lights.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from xlperf.diagnostic import Message
from xlperf.expr import ExcelError, Value
from xlperf.expr.steps import Key
from xlperf.ooxml.references import Reference, references
from xlperf.recalc import preflight
from xlperf.recalc.book import Book
from xlperf.recalc.engine import Reason
from xlperf.recalc.known import CONDITIONAL, DATES, TRUTHS

_EARLY = re.compile(r"\b(?:YEAR|MONTH|DAY|WEEKDAY|DATE)\(\s*-?(?:\d{1,2}|1[89]\d\d)\b", re.I)
_EARLY_DAYS = Message("1900 年 3 月前的日期", "days before March 1900")
_FIRST_SURE_DAY = 61.0
_TAKES_TRUTHS = frozenset(("IF", "AND", "OR", "NOT", "XOR", "COUNTA"))
_PLAIN_ERRORS = frozenset(
    ("SUM", "IF", "ROUND", "AVERAGE", "AND", "OR", "NOT", "ABS", "SUMPRODUCT")
)
_TEXT = r"\"(?:[^\"]|\"\")*\""
_PATTERNS = (
    (
        r"[=<>&]\s*(?:TRUE|FALSE)\b|\b(?:TRUE|FALSE)(?:\(\))?\s*[=<>&]",
        Message("逻辑值与其他值比较或连接", "truths that are compared or joined"),
    ),
    (
        rf"\b(?:SUM|PRODUCT|AVERAGE|MIN|MAX|COUNT)\([^()]*{_TEXT}\s*[,)]",
        Message("以文本为参数的合计", "totals of texts"),
    ),
    (
        r"\bTEXT\([^\"]*\"[^\"]*(?:[AaPp]/[AaPp]|[AaPp][Mm]/|上午|\.[#?]|\[|[Gg]eneral|[eE][+-])",
        Message("TEXT 的此类格式", "such formats of TEXT"),
    ),
    (
        r"(?<![\w.])0\^|POWER\(\s*0",
        Message("0 的幂", "powers of 0"),
    ),
    (
        r"\{[^{}]*\b(?:TRUE|FALSE)\b",
        Message("数组常量中的逻辑值", "truths in array constants"),
    ),
    (
        r"\bCHAR\((?!\s*(?:[1-9]|[1-9]\d|1[01]\d|12[0-7])\s*\))",
        Message("代码不定的 CHAR", "CHAR of codes that are not given"),
    ),
)
_RULES = tuple((re.compile(pattern, re.IGNORECASE), message) for pattern, message in _PATTERNS)
_WILDCARD = re.compile(r"\"(?:[^\"]|\"\")*[*?](?:[^\"]|\"\")*\"")
_COMPARISON = re.compile(r"[<>=]")


def beforehand(book: Book) -> Iterator[Reason]:
    """What tells from the formulas and the given values."""
    used: set[str] = set()
    for key, formula in book.formulas.items():
        if found := _unlike(formula.text):
            yield Reason(found, key)
        used |= preflight.functions(formula.text)
    given = [key for key in book.given() if book.kind(key) in ("b", "s", "inlineStr")]
    truth = next((key for key in given if book.kind(key) == "b"), None)
    if truth:
        yield Reason(Message("单元格中的逻辑值", "truths in cells"), truth)
    if used & CONDITIONAL:
        for key in given:
            if _is_numeric(book.value(key)):
                yield Reason(
                    Message("像数字的文本与条件统计", "texts like numbers, with conditions"), key
                )
                break


@lru_cache(maxsize=8192)
def _unlike(formula: str) -> Message | None:
    for rule, message in _RULES:
        if rule.search(formula):
            return message
    if found := preflight.nearest(formula):
        return found
    if preflight.functions(formula) & CONDITIONAL and _WILDCARD.search(formula):
        return Message("带通配符的条件", "conditions with wildcards")
    return None


def _is_numeric(value: Value) -> bool:
    try:
        return isinstance(value, str) and float(value) == float(value)
    except ValueError:
        return False


def afterwards(book: Book, values: Mapping[Key, Value]) -> Reason | None:
    """What tells from the answers."""
    homes = book.homes
    truths = [key for key, value in values.items() if isinstance(value, bool)]
    for key, formula in book.formulas.items():
        value = values[key]
        if isinstance(value, ExcelError) and value.code not in ("#DIV/0!", "#N/A", "#REF!"):
            plain = preflight.functions(formula.text) <= _PLAIN_ERRORS
            if not plain and not any(
                values.get(cell) == value for cell in single_cells(formula.text, key, homes)
            ):
                message = Message(f"错误值 {value} 的种类", f"which error this is ({value})")
                return Reason(message, key)
        if truths and any(
            reference.argument_of not in _TAKES_TRUTHS and _holds(reference, key, homes, truths)
            for reference in references(formula.text)
        ):
            return Reason(Message("对逻辑值的引用", "references to truths"), key)
        if is_power_of_zero(book, key, values):
            return Reason(Message("0 的幂", "powers of 0"), key)
        if preflight.functions(formula.text) & DATES:
            if "DATE" in preflight.functions(formula.text) and is_no_day(value):
                return Reason(Message("年份超出范围的日期", "dates beyond the calendar"), key)
            if _EARLY.search(formula.text):
                return Reason(_EARLY_DAYS, key)
            for cell in single_cells(formula.text, key, homes):
                read = values[cell] if cell in values else book.value(cell)
                if read is None or (type(read) is float and read < _FIRST_SURE_DAY):
                    return Reason(_EARLY_DAYS, key)
    return None


_LAST_DAY = 2_958_465
_POWER = re.compile(r"\^|\bPOWER\(", re.IGNORECASE)


def is_no_day(value: Value) -> bool:
    return type(value) is float and not 0 <= value <= _LAST_DAY


def is_power_of_zero(book: Book, key: Key, values: Mapping[Key, Value]) -> bool:
    """Whether a 0 may have been raised to 0, which is an error to Excel alone, or to less."""
    formula = book.formulas[key].text
    if not _POWER.search(formula):
        return False
    return any(
        (values[cell] if cell in values else book.value(cell)) in (0.0, None)
        for cell in single_cells(formula, key, book.homes)
    )


def _holds(reference: Reference, key: Key, homes: Mapping[str, int], cells: list[Key]) -> bool:
    if reference.first.row is None or not reference.first.column:
        return True
    home = homes.get(reference.sheets[0].casefold(), -1) if reference.sheets else key[0]
    first, last = reference.first, reference.last or reference.first
    rows = range(first.row or 0, (last.row or 0) + 1)
    columns = range(first.column_number, last.column_number + 1)
    return any(cell[0] == home and cell[1] in rows and cell[2] in columns for cell in cells)


def single_cells(formula: str, key: Key, homes: Mapping[str, int]) -> Iterator[Key]:
    for reference in references(formula):
        if reference.last is None and reference.first.row and reference.first.column:
            home = homes.get(reference.sheets[0].casefold(), -1) if reference.sheets else key[0]
            if home >= 0:
                yield home, reference.first.row, reference.first.column_number


def is_sum(outermost: str) -> bool:
    return re.search(r"[-+*/^%]", outermost) is not None


def outermost_of(formula: str) -> str:
    """What stands in a formula outside all parentheses, without texts."""
    depth, found = 0, ""
    for sign in preflight.without_texts(formula):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and sign != ")":
            found += sign
    return found


def is_truth(formula: str) -> bool:
    """Whether a formula gives a truth, as far as its outermost operation tells."""
    name = re.match(r"\s*([A-Z.]+)\(", formula, re.IGNORECASE)
    outermost = outermost_of(formula)
    if _COMPARISON.search(outermost):
        return True
    return bool(name and name[1].upper() in TRUTHS and outermost.strip().upper() == name[1].upper())
