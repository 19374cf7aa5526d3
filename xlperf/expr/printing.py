"""Writes a formula as Excel reads it in a file: English function names, commas, no leading "="."""

import re
from collections.abc import Mapping

from xlperf.expr.tree import Binary, Call, Cell, Const, Expr, Range, Ref, Unary
from xlperf.expr.values import Value

# How tightly each operator binds. Excel's minus binds tighter than its power: -2^2 is 4.
BINDS = {
    **dict.fromkeys(("=", "<>", "<", "<=", ">", ">="), 1),
    "&": 2,
    **dict.fromkeys(("+", "-"), 3),
    **dict.fromkeys(("*", "/"), 4),
    "^": 5,
}
_PERCENT, _SIGN, _ATOM = 6, 7, 8
_PLAIN_SHEET = re.compile(r"[^\W\d]\w*")
_LOOKS_LIKE_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*|[RrCc]\d*")


def to_excel(expr: Expr, refs: Mapping[str, str]) -> str:
    """Formula text without the leading "=", with only the parentheses that it needs.

    `refs` gives the cell behind each variable (`{"分值": "H12"}`); others are printed as names.
    """
    return _printed(expr, refs)[0]


def _printed(expr: Expr, refs: Mapping[str, str]) -> tuple[str, int]:
    """The text of a node and how tightly it binds."""
    match expr:
        case Const(value):
            return literal(value), _SIGN if isinstance(value, float) and value < 0 else _ATOM
        case Ref(name):
            return refs.get(name, name), _ATOM
        case Cell():
            return _sheet(expr) + _address(expr), _ATOM
        case Range(first, last):
            return f"{_sheet(first)}{_address(first)}:{_address(last)}", _ATOM
        case Call(function, args):
            return f"{function}({','.join(_printed(arg, refs)[0] for arg in args)})", _ATOM
        case Unary("%", operand):
            return _within(operand, refs, _PERCENT) + "%", _PERCENT
        case Unary(op, operand):
            return op + _within(operand, refs, _SIGN), _SIGN
        case Binary(op, left, right):
            binds = BINDS[op]
            # Excel computes from the left, so a right neighbour of equal rank keeps parentheses.
            text = _within(left, refs, binds) + op + _within(right, refs, binds + 1)
            return text, binds


def _within(expr: Expr, refs: Mapping[str, str], binds: int) -> str:
    text, own = _printed(expr, refs)
    return text if own >= binds else f"({text})"


def literal(value: Value) -> str:
    """A constant as formula text; None, an argument left out, is nothing."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        digits = repr(value).removesuffix(".0")
        return digits.upper()
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return "" if value is None else value.code


def _sheet(cell: Cell) -> str:
    if cell.sheet is None:
        return ""
    name = cell.sheet
    if _PLAIN_SHEET.fullmatch(name) and not _LOOKS_LIKE_CELL.fullmatch(name):
        return name + "!"
    return "'" + name.replace("'", "''") + "'!"


def _address(cell: Cell) -> str:
    letters, rest = "", cell.column
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{'$' * cell.column_fixed}{letters}{'$' * cell.row_fixed}{cell.row}"
