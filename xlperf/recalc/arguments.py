"""What Excel wants of the arguments of a function, and of the operands of an operator.

In a formula of one cell a range gives way to one of its cells where a single value is wanted; what
functions want is not the same for all, and where it is not known, the formula is refused.
"""

from dataclasses import replace

from xlperf.diagnostic import Message
from xlperf.expr import FUNCTIONS, Binary, Call, Const, Expr, Range, Unary
from xlperf.expr.arrays import is_array
from xlperf.expr.values import VALUE
from xlperf.recalc.places import Place
from xlperf.recalc.refusal import RefusalError

ARRAY = Message("此处的数组", "an array here")
INTERSECTION = Message("隐式交集", "implicit intersection")
_LARGE = 14
"""The first function of AGGREGATE that takes an array."""

TOTALS = frozenset(
    """
    SUM AVERAGE AVERAGEA COUNT COUNTA MAX MAXA MIN MINA PRODUCT SUMSQ STDEV STDEVP STDEV.S STDEV.P
    VAR VARP VAR.S VAR.P
    """.split()  # noqa: SIM905 - a table is read more easily
)
"""What takes the same cells of several sheets."""

# Functions whose single values Excel does not take from a range by its row or column, or does not
# compute for each cell of an array, or of which that is not known: those of the former Analysis
# ToolPak, and some that look at references.
_NEITHER = frozenset(
    """
    BIN2DEC BIN2HEX BIN2OCT DEC2BIN DEC2HEX DEC2OCT HEX2BIN HEX2DEC HEX2OCT OCT2BIN OCT2DEC OCT2HEX
    CUMIPMT CUMPRINC DELTA EDATE EFFECT EOMONTH FACTDOUBLE GCD GESTEP ISEVEN ISODD LCM MROUND
    MULTINOMIAL NETWORKDAYS NETWORKDAYS.INTL NOMINAL QUOTIENT SQRTPI WEEKNUM WORKDAY WORKDAY.INTL
    XIRR XNPV YEARFRAC
    ADDRESS AGGREGATE HYPERLINK IFS N SWITCH T TYPE XLOOKUP XMATCH
    """.split()  # noqa: SIM905
)
_PLACES_OF_NEITHER = {"VLOOKUP": (2,), "HLOOKUP": (2,), "MATCH": (2,)}
# What takes cells alone, no arrays.
_CELLS_ALONE = frozenset(
    """
    COUNTIF COUNTIFS SUMIF SUMIFS AVERAGEIF AVERAGEIFS MINIFS MAXIFS COUNTBLANK RANK RANK.EQ
    RANK.AVG SUBTOTAL DSUM DCOUNT DCOUNTA DAVERAGE DMAX DMIN DPRODUCT DGET DSTDEV DSTDEVP DVAR DVARP
    """.split()  # noqa: SIM905
)


# Among what is computed in their ranges (`SUM(A1:A9*2)`), a range stands for one of its cells.
_BY_THE_RULE = frozenset(
    """
    AND AVERAGE AVEDEV COUNT COUNTA DEVSQ GEOMEAN HARMEAN KURT LARGE MAX MEDIAN MIN NPV OR
    PERCENTILE PERCENTILE.INC PRODUCT QUARTILE QUARTILE.INC SKEW SMALL STDEV STDEV.P STDEV.S
    STDEVP SUM SUMSQ
    VAR VAR.P VAR.S VARP
    """.split()  # noqa: SIM905
)


def operand_kind(tree: Expr, kind: str, place: Place) -> str:
    """What is wanted of the operands of an operator."""
    if kind == "a" or place.spreads:
        return "a"
    if kind in "rq":
        return "b" if _has_braces(tree) else "v" if kind == "r" else "s"
    return kind


def argument_kind(call: Call, at: int, kind: str, place: Place) -> str:
    """What is wanted of an argument; `kind` is what is wanted of the call."""
    wanted = _wanted(call, at, kind, place)
    is_single = FUNCTIONS[call.function].kind(at) == "v" and wanted in "vb"
    return "s" if is_single and _is_neither(call.function, at) else wanted


def _wanted(call: Call, at: int, kind: str, place: Place) -> str:
    function = FUNCTIONS[call.function]
    takes = function.kind(at)
    if place.spreads:
        is_choice = call.function in ("IF", "CHOOSE") and at
        return "r" if takes == "r" or (is_choice and kind == "r") else "a"
    if call.function == "INDEX" and not at and isinstance(call.args[at], (Unary, Binary)):
        return "a"  # which it takes as it is, also in formulas of one cell
    if takes == "r":
        if call.function not in _BY_THE_RULE:
            return "q"
        if kind != "a":
            return "r"
        # Within an argument that is an array: `SUMPRODUCT(MAX((A1:A9="x")*B1:B9))`.
        return "a" if isinstance(call.args[at], (Unary, Binary)) else "q"
    if takes != "v":
        return takes
    if call.function in ("IF", "CHOOSE") and at and kind in "rq":
        return kind
    inner = operand_kind(call, kind, place)
    if inner == "a" or inner == "b":
        return inner if function.spread else "s"
    return inner


def filled(arg: Expr, around: Call | Binary) -> Expr:
    """An operand or argument whose blanks count as 0, where it makes a difference.

    In an array, IF and its like do not pass on that a cell is blank.
    """
    match arg, around:
        case _, Call("SUM" | "SUMSQ" | "SUMPRODUCT" | "IF" | "IFERROR" | "IFNA") | Binary(
            "+" | "-" | "*" | "/" | "^"
        ):
            return arg
        case Call("IF" | "IFERROR" | "IFNA" | "CHOOSE"), _ if is_array(arg):
            return Call("FILLED…", (arg,))
    return arg


def _has_braces(tree: Expr) -> bool:
    match tree:
        case Const(value):
            return isinstance(value, tuple)
        case Unary(_, operand):
            return _has_braces(operand)
        case Binary(_, left, right):
            return _has_braces(left) or _has_braces(right)
        case Call(_, args):
            return any(map(_has_braces, args))
    return False


def _takes_arrays(code: Expr) -> bool:
    """Whether AGGREGATE takes arrays: for LARGE and what follows it in its list."""
    return isinstance(code, Const) and type(code.value) is float and code.value >= _LARGE


def _is_made(arg: Expr) -> bool:
    """Whether an argument is an array that no range holds."""
    return is_array(arg) and not isinstance(arg, Range)


def _is_neither(name: str, at: int) -> bool:
    neither = name in _NEITHER or FUNCTIONS[name].added
    return neither or at in _PLACES_OF_NEITHER.get(name, ())


def intersected(area: Range, place: Place, kind: str) -> Expr:
    """The cell of a range that Excel takes for its only value, in the formula's row or column."""
    first, last = area.first, area.last
    height, width = last.row - first.row, last.column - first.column
    if kind != "v" and (height or width):
        raise RefusalError(
            Message("此处应为单个值，不能是区域", "one value is needed here, not a range")
        )
    if not (height or width):
        return first
    beside = first.row <= place.row <= last.row
    below = first.column <= place.column <= last.column
    if height and width and (beside or below):
        raise RefusalError(INTERSECTION)
    if height and beside:
        return replace(first, row=place.row, row_fixed=False)
    if width and below:
        return replace(first, column=place.column, column_fixed=False)
    return Const(VALUE)


def check(call: Call, kind: str, place: Place) -> None:
    """Refuse a call whose arguments, settled by now, are arrays that it does not take so."""
    name, function = call.function, FUNCTIONS[call.function]
    for at, arg in enumerate(call.args):
        is_value = function.kind(at) == "v"
        if not is_array(arg) or (isinstance(arg, Const) and not is_value):
            continue
        chooses = not function.spread and not place.spreads
        chooses &= argument_kind(call, at, kind, place) not in "rq"
        if is_value:
            refused = chooses or name == "INDEX" or _is_neither(name, at)
        else:
            refused = name in _CELLS_ALONE and _is_made(arg)
        if refused:
            raise RefusalError(ARRAY)
    if name == "TRANSPOSE" and not place.spreads:  # which only array formulas compute
        raise RefusalError(ARRAY)
    if name == "AGGREGATE" and not _takes_arrays(call.args[0]) and any(map(_is_made, call.args)):
        raise RefusalError(ARRAY)
