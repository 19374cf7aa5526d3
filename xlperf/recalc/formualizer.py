"""formualizer, an engine in Rust: it calculates a copy, of which only the values are taken."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

from xlperf.diagnostic import InputError, Message
from xlperf.expr import (
    Call,
    ExcelError,
    Ref,
    Unsupported,
    Value,
    doubts,
    evaluate,
    parse_formula,
)
from xlperf.expr.evaluate import as_value
from xlperf.recalc import preflight
from xlperf.recalc.book import Book
from xlperf.recalc.engine import Reason, Values
from xlperf.recalc.known import FORMUALIZER, OURS, plainly
from xlperf.recalc.libreoffice_limits import is_no_day, is_power_of_zero, single_cells
from xlperf.scoring import WORKSHEET_FUNCTIONS, WorksheetFunction

_TEXT = Message("需转换为数字的文本", "texts that have to be read as numbers")
_VALUE = Call("VALUE", (Ref("text"),))
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?%?")
# What a text may still contain when a formula has stripped its unit: 1,383,800条.
_UNREAD_PART = re.compile(r"\d,\d|[¥￥$:０-９．－＋]|\(\s*\d|[-+]\s+\d")
_LITERAL = re.compile(r"\"((?:[^\"]|\"\")*)\"")
_CHAR = re.compile(r"\bCHAR\((?!\s*(?:[1-9]|[1-9]\d|1[01]\d|12[0-7])\s*\))", re.IGNORECASE)
_SUM_COMPARED = re.compile(r"[-+*/][^-+*/(),<>=&]+\)?\s*[<>]?=|[<>]?=\s*[^-+*/(),<>=&]+[-+*/]|0\^0")
_LONG = re.compile(r"\d\.\d{14}|\d{15}")
_SUSPECT = re.compile(r"[-+*/^%<>=]|\bVALUE\(", re.IGNORECASE)
_VALUE_OF_CELL = re.compile(r"\bVALUE\(\s*[^()\s\"]+\s*\)", re.IGNORECASE)
_SEARCHES = frozenset(("VLOOKUP", "HLOOKUP", "MATCH"))
_NUMBER = re.compile(r"(?<![\w.$])\d+(?:\.\d+)?(?![\w.%])")
_BARE_CELL = re.compile(r"(?:[^()]*!)?\$?[A-Za-z]{1,3}\$?\d+")
_NEARLY = 1e-12


class Formualizer:
    """The optional package formualizer, of the version that the list of its functions is for."""

    name = "formualizer"

    def refuses(self, book: Book) -> Sequence[Reason]:
        return list(_refusals(book))

    def recalculate(self, books: Sequence[Book]) -> Sequence[Values | Reason]:
        return [_values(book) for book in books]


def _refusals(book: Book) -> Iterator[Reason]:
    if not find_spec("formualizer"):
        yield Reason(
            Message(
                "未安装 formualizer（pip install xlperf[recalc]）",
                "formualizer, not installed (pip install xlperf[recalc])",
            )
        )
        return
    yield from preflight.beyond_1900(book)
    for key, formula in book.formulas.items():
        if formula.kind:
            yield Reason(Message("数组公式", "array formulas"), key)
        elif (
            found := preflight.structured(formula.text)
            or preflight.unknown(formula.text, FORMUALIZER)
        ) or (found := _unlike(formula.text)):
            yield Reason(found, key)
    yield from preflight.lost_names(book)


@lru_cache(maxsize=8192)
def _unlike(formula: str) -> Message | None:
    tree = parse_formula(plainly(formula), placed=True)
    if isinstance(tree, Unsupported):  # such as a range where one value is wanted
        return tree.reason
    if "{" in preflight.without_texts(formula):
        return Message("数组常量", "array constants")
    if found := preflight.nearest(formula):
        return found
    if any(
        _BARE_CELL.fullmatch(count)
        for _, (_, *counts) in preflight.arguments(formula, ("LEFT", "RIGHT", "MID"))
        for count in counts
    ):
        return Message("由单元格给出的字符数", "counts of characters given by a cell")
    if any(map(_is_unread, _LITERAL.findall(formula))):
        return _TEXT
    if _CHAR.search(formula):
        return Message("代码不定的 CHAR", "CHAR of codes that are not given")
    if _SUM_COMPARED.search(preflight.without_texts(formula)):
        return Message("未取整的运算结果的比较", "comparisons of sums that are not rounded")
    return None


def _is_unread(value: Value) -> bool:
    """Whether Excel reads a text as a number or a truth and formualizer does not."""
    if not isinstance(value, str) or _PLAIN_NUMBER.fullmatch(value):
        return False
    if value.strip().upper() in ("TRUE", "FALSE"):
        return True
    with doubts() as found:
        return isinstance(evaluate(_VALUE, {"text": value}), float) or bool(found)


def _afterwards(book: Book, values: Values) -> Reason | None:
    """Answers that depend on what formualizer does otherwise."""
    for key, formula in book.formulas.items():
        value = values[key]
        if isinstance(value, str) and _LONG.search(value):
            return Reason(Message("数字转文本的位数", "the digits of a number in a text"), key)
        if is_power_of_zero(book, key, values):
            return Reason(Message("0 的幂", "powers of 0"), key)
        used = preflight.functions(formula.text)
        if "DATE" in used and is_no_day(value):
            return Reason(Message("年份超出范围的日期", "dates beyond the calendar"), key)
        if (
            isinstance(value, ExcelError)
            and used & _SEARCHES
            and any(
                isinstance(values.get(cell, None) or book.value(cell), ExcelError)
                for cell in single_cells(formula.text, key, book.homes)
            )
        ):
            return Reason(Message("查找错误值", "searches for an error"), key)
        if not _SUSPECT.search(formula.text):
            continue
        read = [
            values[cell] if cell in values else book.value(cell)
            for cell in single_cells(formula.text, key, book.homes)
        ]
        if _VALUE_OF_CELL.search(formula.text) and None in read:
            return Reason(Message("空单元格的 VALUE", "VALUE of a blank cell"), key)
        numbers = [number for number in read if type(number) is float]
        numbers += map(float, _NUMBER.findall(preflight.without_texts(formula.text)))
        numbers.sort()
        if any(0 < b - a <= _NEARLY * abs(b) for a, b in pairwise(numbers)):
            return Reason(Message("几乎相等的数的比较", "comparing what is nearly equal"), key)
        if any(isinstance(text, str) and _is_unread(text) for text in read):
            return Reason(_TEXT, key)
        if "VALUE" in used and any(
            isinstance(text, str) and _UNREAD_PART.search(text) for text in read
        ):
            return Reason(_TEXT, key)
    return None


def _values(book: Book) -> Values | Reason:
    found = _with_ours(book) if _calls_ours(book) else _alone(book)
    return found if isinstance(found, Reason) else _afterwards(book, found) or found


def _alone(book: Book) -> Values | Reason:
    import formualizer

    try:
        answer = formualizer.recalculate_xlsx_bytes(book.data, external_links="refuse")
        done = Book(answer["bytes"], book.limits)
    except (formualizer.ExcelEvaluationError, OSError, ValueError, RuntimeError) as error:
        return Reason(Message(f"formualizer：{error}", f"formualizer: {error}"))
    except InputError:
        return Reason(Message("formualizer 的结果无法读取", "an answer that cannot be read"))
    if answer["summary"].get("unknown_functions"):
        return Reason(Message("formualizer 没有的函数", "functions that formualizer lacks"))
    return {key: done.value(key) for key in book.formulas}


def _calls_ours(book: Book) -> bool:
    return any(preflight.functions(formula.text) & OURS for formula in book.formulas.values())


def _with_ours(book: Book) -> Values | Reason:
    """With the functions of the add-in, which it takes only in a workbook that it holds open."""
    import formualizer

    try:
        held = formualizer.load_workbook_bytes(book.data)
        held.set_temporal_egress("serial")
        for function in WORKSHEET_FUNCTIONS.values():
            most = len(function.arguments)
            least = sum(not argument.optional for argument in function.arguments)
            held.register_function(function.name, _called(function), min_args=least, max_args=most)
        for key, formula in book.formulas.items():
            if preflight.functions(formula.text) & OURS:
                sheet = book.workbook.sheets[key[0]].name
                held.set_formula(sheet, key[1], key[2], "=" + plainly(formula.text))
        held.evaluate_all()
        return {
            key: _value(held.get_value(book.workbook.sheets[key[0]].name, key[1], key[2]))
            for key in book.formulas
        }
    except (formualizer.ExcelEvaluationError, OSError, ValueError, RuntimeError) as error:
        return Reason(Message(f"formualizer：{error}", f"formualizer: {error}"))


_ERRORS = {
    "Div": "#DIV/0!",
    "Na": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
}
_KINDS = {code: kind for kind, code in _ERRORS.items()}


def _value(held: Any) -> Value:
    """What formualizer tells as a value of Excel; a ValueError where Excel has no such error."""
    if isinstance(held, dict):
        if held.get("kind") not in _ERRORS:
            raise ValueError(held)
        return ExcelError(_ERRORS[held["kind"]])
    return as_value(held)


def _called(function: WorksheetFunction) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        answer = function(*map(_value, args))
        if isinstance(answer, ExcelError):
            return {"type": "Error", "kind": _KINDS[answer.code]}
        return answer

    return call
