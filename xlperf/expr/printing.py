"""Writes a formula as Excel reads it in a file: English function names, commas, no leading "="."""

import re
from collections.abc import Mapping

from xlperf.expr.memory import by_identity
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
# Functions newer than the file format, which Excel writes with a prefix.
_NEWER = """
AGGREGATE BINOM.DIST CEILING.MATH COMBINA CONCAT CONFIDENCE.NORM COVARIANCE.P COVARIANCE.S DAYS
EXPON.DIST FLOOR.MATH FORECAST.LINEAR IFNA IFS ISOWEEKNUM MAXIFS MINIFS MODE.SNGL NORM.DIST NORM.INV
NORM.S.DIST NORM.S.INV PERCENTILE.EXC PERCENTILE.INC POISSON.DIST QUARTILE.EXC QUARTILE.INC RANK.AVG
RANK.EQ STDEV.P STDEV.S SWITCH TEXTJOIN UNICHAR UNICODE VAR.P VAR.S XLOOKUP XMATCH XOR
"""
_FUTURE = frozenset(_NEWER.split())
_PLAIN_SHEET = re.compile(r"[^\W\d]\w*")
_LOOKS_LIKE_CELL = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*|[RrCc]\d*")


def to_excel(expr: Expr, refs: Mapping[str, str]) -> str:
    """Formula text without the leading "=", with only the parentheses that it needs.

    `refs` gives the cell behind each variable (`{"分值": "H12"}`); others are printed as names.
    """
    return "".join(
        piece if isinstance(piece, str) else refs.get(piece.name, piece.name)
        for piece in _pieces(expr)
    )


Pieces = tuple[str | Ref, ...]


@by_identity
def _pieces(expr: Expr) -> Pieces:
    """The text of a formula, cut at its variables."""
    pieces: list[str | Ref] = []
    for piece in _printed(expr)[0]:
        if pieces and isinstance(piece, str) and isinstance(pieces[-1], str):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return tuple(pieces)


def _printed(expr: Expr) -> tuple[Pieces, int]:
    """The text of a node, and how tightly it binds."""
    match expr:
        case Const(value) if isinstance(value, tuple):
            lines = (",".join(map(literal, row)) for row in value)
            return ("{" + ";".join(lines) + "}",), _ATOM
        case Const(value):
            assert not isinstance(value, tuple)
            is_signed = isinstance(value, float) and value < 0
            return (literal(value),), _SIGN if is_signed else _ATOM
        case Ref():
            return (expr,), _ATOM
        case Cell():
            return (_sheet(expr) + _address(expr),), _ATOM
        case Range(first, last):
            return (f"{_sheet(first)}{_address(first)}:{_address(last)}",), _ATOM
        case Call(function, args):
            inner = [piece for arg in args for piece in (",", *_printed(arg)[0])]
            prefix = "_xlfn." if function in _FUTURE else ""
            return (f"{prefix}{function}(", *inner[1:], ")"), _ATOM
        case Unary("%", operand):
            return (*_within(operand, _PERCENT), "%"), _PERCENT
        case Unary(op, operand):
            return (op, *_within(operand, _SIGN)), _SIGN
        case Binary(op, left, right):
            binds = BINDS[op]
            # Excel computes from the left, so a right neighbour of equal rank keeps parentheses.
            return (*_within(left, binds), op, *_within(right, binds + 1)), binds


def _within(expr: Expr, binds: int) -> Pieces:
    pieces, own = _printed(expr)
    return pieces if own >= binds else ("(", *pieces, ")")


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
