"""Computes a formula: for one row of values, or for whole columns at once.

Where the environment holds numpy arrays of shape (n,), the answer is such an array, and element i
is what the scalars of row i would give. numpy is imported only then.
"""

from collections.abc import Callable
from itertools import chain
from typing import Any, Protocol

from xlperf.expr import values
from xlperf.expr.arrays import each, each_call, is_array
from xlperf.expr.functions import FUNCTIONS, Area
from xlperf.expr.memory import by_identity
from xlperf.expr.registry import area_of
from xlperf.expr.tree import Binary, Call, Cell, Const, Expr, Range, Ref, Unary
from xlperf.expr.values import ExcelError, Fault, Value, beyond, order, rank


class Env(Protocol):
    """Gives the value behind a name (str), a `Cell` or a `Range`; a dict will do.

    Values are numbers, text, booleans, None for a blank, `ExcelError`, or columns of these; a
    range gives an `Area`, a tuple of rows. An unknown name is a KeyError, not an Excel value.
    """

    def __getitem__(self, key: Any, /) -> Any: ...


def evaluate(expr: Expr, env: Env) -> Any:
    """The value of a formula: float, str, bool or `ExcelError`; for columns, a column of them.

    A formula is never blank: like Excel it gives 0 for a blank cell. A column is float64 or bool
    where every element is one, else object.
    """
    try:
        result = _program(expr)(env)
    except _ColumnFoundError:
        from xlperf.expr import columns

        return columns.evaluate(expr, env)
    if type(result) is float:
        return result + 0.0  # Excel knows no negative zero
    return 0.0 if result is None else result


class _ColumnFoundError(Exception):
    """The environment holds columns: start again, column-wise."""


Program = Callable[[Env], Any]
_as_area: Callable[..., Any] = area_of


def _compiled(expr: Expr) -> Program:
    """The tree as nested closures, which run twice as fast as the tree is walked."""
    match expr:
        case Const(value):
            return lambda env: value
        case Ref(name):
            return _reading(name)
        case Cell() | Range():
            return _reading(expr)
        case Unary(op, operand):
            return _applying(UNARY[op], [_compiled(operand)])
        case Binary(op, left, right):
            return _applying(BINARY[op], [_compiled(left), _compiled(right)])
        case Call(name, nodes):
            function = FUNCTIONS[name]
            args = [_HOW[function.kind(place)](node) for place, node in enumerate(nodes)]
            return _applying(function.scalar, args)


@by_identity
def _program(expr: Expr) -> Program:
    match expr:
        case Binary(op, left, right) if op in LAST:
            return _applying(LAST[op], [_compiled(left), _compiled(right)])
    return _compiled(expr)


def _as_cells(expr: Expr) -> Program:
    """An argument of a function of ranges: a cell, or one chosen by a function, stays a cell."""
    match expr:
        case Cell() | Ref():
            return _applying(_as_area, [_compiled(expr)])
        case Call("IF" | "CHOOSE" as name, (condition, *choices)) if not is_array(condition):
            return _applying(
                FUNCTIONS[name].scalar, [_compiled(condition), *map(_as_cells, choices)]
            )
        case Call("INDEX", _):
            return _applying(_as_area, [_compiled(expr)])
    return _as_array(expr) if is_array(expr) else _compiled(expr)


def _as_array(expr: Expr) -> Program:
    """What is computed cell by cell; an area where there are several."""
    return _as_cells(expr) if isinstance(expr, (Cell, Ref)) else _spread(expr)


def _spread(expr: Expr) -> Program:
    match expr:
        case Unary(op, operand):
            return _applying(each(UNARY[op]), [_spread(operand)])
        case Binary(op, left, right):
            return _applying(each(BINARY[op]), [_spread(left), _spread(right)])
        case Call(name, nodes):
            function = FUNCTIONS[name]
            args = [
                (_spread if function.kind(place) == "v" else _HOW[function.kind(place)])(node)
                for place, node in enumerate(nodes)
            ]
            return _applying(each_call(name, len(nodes)), args)
    return _compiled(expr)


_HOW: dict[str, Callable[[Expr], Program]] = {"v": _compiled, "r": _as_cells, "a": _as_array}


def _reading(key: str | Cell | Range) -> Program:
    def read(env: Env) -> Any:
        value = env[key]
        return value if type(value) in _SCALARS else _given(value)

    return read


def _applying(scalar: Callable[..., Value], args: list[Program]) -> Program:
    """The call of `scalar`; an error value that it raises is its value."""
    if len(args) == 1:
        (only,) = args

        def one(env: Env) -> Value:
            try:
                return scalar(only(env))
            except Fault as fault:
                return fault.error
            except ArithmeticError as error:
                return beyond(error)

        return one
    if len(args) == 2:
        left, right = args

        def two(env: Env) -> Value:
            try:
                return scalar(left(env), right(env))
            except Fault as fault:
                return fault.error
            except ArithmeticError as error:
                return beyond(error)

        return two

    def many(env: Env) -> Value:
        try:
            return scalar(*[arg(env) for arg in args])
        except Fault as fault:
            return fault.error
        except ArithmeticError as error:
            return beyond(error)

    return many


def _given(value: Any) -> Value | Area:
    if type(value) is tuple:
        if _SCALARS.issuperset(map(type, chain.from_iterable(value))):
            return value
        return tuple(tuple(map(_given, row)) for row in value)  # type: ignore[arg-type]
    if hasattr(value, "__len__") and not isinstance(value, str):
        raise _ColumnFoundError
    return as_value(value)


def as_value(value: Any) -> Value:
    """What a Python program holds (an int, a Decimal, a scalar of numpy) as a value of Excel."""
    if type(value) in _SCALARS:
        return value  # type: ignore[no-any-return]
    if isinstance(value, str):
        return str(value)
    return bool(value) if type(value).__name__ in ("bool", "bool_") else float(value)


_SCALARS = frozenset((float, str, bool, type(None), ExcelError))


def _equal(a: Value, b: Value) -> bool:
    """Whether `order` is 0; told at once for what forms ask most, whether a cell holds a text."""
    if type(a) is str and type(b) is str:
        return a == b or a.lower() == b.lower()
    return not (type(a) is float and type(b) is str) and order(a, b) == 0


UNARY: dict[str, Callable[[Value], Value]] = {
    "-": values.negate,
    "+": lambda a: a,
    "%": values.percent,
}

LAST: dict[str, Callable[[Value, Value], Value]] = {
    "+": values.last_sum,
    "-": values.last_difference,
}
"""What a formula ends with: only there Excel takes a rest beyond 15 digits for 0."""

BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "+": values.add,
    "-": values.subtract,
    "*": values.multiply,
    "/": values.divide,
    "^": values.power,
    "&": values.concatenate,
    "=": _equal,
    "<>": lambda a, b: not _equal(a, b),
    "<": lambda a, b: rank(a, b) < 0,
    "<=": lambda a, b: rank(a, b) <= 0,
    ">": lambda a, b: rank(a, b) > 0,
    ">=": lambda a, b: rank(a, b) >= 0,
}
