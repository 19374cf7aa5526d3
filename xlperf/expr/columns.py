"""Formulas on whole columns: numpy arrays of shape (n,), one element for each row.

Columns of plain numbers go through numpy; whatever else they hold (texts, blanks, errors, a zero to
divide by) goes through the scalar function element by element, so the two cannot disagree.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from xlperf.expr.arrays import each, each_call, is_array
from xlperf.expr.evaluate import BINARY, LAST, UNARY, Env, as_value
from xlperf.expr.functions import FUNCTIONS
from xlperf.expr.registry import area_of
from xlperf.expr.tree import Binary, Call, Cell, Const, Expr, Range, Ref, Unary
from xlperf.expr.values import NEARLY, ExcelError, Fault, Value, beyond, caught, rounded

Column = npt.NDArray[Any]
"""Of float64, bool or, for anything else, objects: the values that `evaluate` knows."""


def evaluate(expr: Expr, env: Env) -> Column:
    """What `expr` gives for each row, where `env` holds at least one column."""
    return _finished(_outcome(expr, _Given(env)))


def computed(expr: Expr, env: Env, count: int) -> Column:
    """`evaluate` for `count` rows, where `env` holds nothing but values and columns of `packed`."""
    result = _outcome(expr, env)
    return _finished(result if isinstance(result, np.ndarray) else packed([result] * count))


def _outcome(expr: Expr, env: Env) -> Any:
    """What a whole formula gives; its last sum is one of its own kind."""
    match expr:
        case Binary(op, left, right) if op in LAST:
            return _apply(LAST[op], [_visit(left, env), _visit(right, env)])
    return _visit(expr, env)


def _finished(result: Column) -> Column:
    if result.dtype == np.object_:
        return packed([0.0 if value is None else value for value in result.tolist()])
    return result if result.dtype == np.bool_ else result + 0.0


class _Given:
    """An environment of whatever a Python program holds, as values, areas and columns."""

    def __init__(self, env: Env) -> None:
        self._env = env

    def __getitem__(self, key: Any, /) -> Any:
        return _given(self._env[key])


def _visit(expr: Expr, env: Env) -> Any:
    match expr:
        case Const(value):
            return value
        case Ref(name):
            return env[name]
        case Cell() | Range():
            return env[expr]
        case Unary(op, operand):
            return _apply(UNARY[op], [_visit(operand, env)])
        case Binary(op, left, right):
            return _apply(BINARY[op], [_visit(left, env), _visit(right, env)])
        case Call("IF", (condition, *choices)):
            return _if(_visit(condition, env), choices, env)
        case Call(name, nodes):
            function = FUNCTIONS[name]
            args = [_HOW[function.kind(place)](node, env) for place, node in enumerate(nodes)]
            return _apply(function.scalar, args)


def _visit_cells(expr: Expr, env: Env) -> Any:
    """An argument of a function of ranges: a cell, or one chosen by a function, stays a cell."""
    match expr:
        case Cell() | Ref():
            return area_of(_visit(expr, env))
        case Call("IF" | "CHOOSE" as name, (condition, *choices)) if not is_array(condition):
            args = [_visit(condition, env), *(_visit_cells(choice, env) for choice in choices)]
            return _apply(FUNCTIONS[name].scalar, args)
        case Call("INDEX", _):
            return area_of(_visit(expr, env))
    return _visit_array(expr, env)


def _visit_array(expr: Expr, env: Env) -> Any:
    """What is computed cell by cell; an area where there are several."""
    match expr:
        case Cell() | Ref():
            return area_of(_visit(expr, env))
    return _spread_out(expr, env) if is_array(expr) else _visit(expr, env)


def _spread_out(expr: Expr, env: Env) -> Any:
    match expr:
        case Unary(op, operand):
            return _apply(each(UNARY[op]), [_spread_out(operand, env)])
        case Binary(op, left, right):
            parts = [_spread_out(left, env), _spread_out(right, env)]
            return _apply(each(BINARY[op]), parts)
        case Call(name, nodes):
            function = FUNCTIONS[name]
            args = [
                (_spread_out if function.kind(place) == "v" else _HOW[function.kind(place)])(
                    node, env
                )
                for place, node in enumerate(nodes)
            ]
            return _apply(each_call(name, len(nodes)), args)
    return _visit(expr, env)


_HOW: dict[str, Callable[[Expr, Env], Any]] = {
    "v": _visit,
    "r": _visit_cells,
    "a": _visit_array,
}


def _if(condition: Any, choices: Sequence[Expr], env: Env) -> Any:
    """IF, which does not compute what no row takes."""
    if _is_truths(condition) and len(choices) == 2:
        if condition.all() or not condition.any():
            chosen = _visit(choices[0 if condition[0] else 1], env)
            if isinstance(chosen, np.ndarray):
                return chosen
            if type(chosen) is not tuple:
                return packed([chosen] * len(condition))
        then, otherwise = (_visit(choice, env) for choice in choices)
        if type(then) is not tuple and type(otherwise) is not tuple:
            return _chosen(condition, then, otherwise)
        return _apply(FUNCTIONS["IF"].scalar, [condition, then, otherwise])
    args = [condition, *(_visit(choice, env) for choice in choices)]
    return _apply(FUNCTIONS["IF"].scalar, args)


def _given(source: Any) -> Any:
    """A value, an area or a column, as the environment gives it."""
    if type(source) is tuple:
        return tuple(tuple(map(_given, row)) for row in source)
    if isinstance(source, str) or not hasattr(source, "__len__"):
        return as_value(source)
    if not hasattr(source, "dtype"):
        return packed(list(map(as_value, source)))
    array: Column = np.asarray(source)
    if array.ndim != 1:
        raise ValueError(f"a column has one dimension, not {array.ndim}")
    if array.dtype == np.bool_:
        return array
    if array.dtype.kind in "iuf":
        return array.astype(np.float64, copy=False)
    return packed(list(map(as_value, source)))


def _apply(scalar: Callable[..., Value], args: Sequence[Any]) -> Any:
    count = next((len(cell) for cell in _cells(args) if isinstance(cell, np.ndarray)), None)
    if count is None:
        return caught(scalar, args)
    if scalar is _IFERROR and isinstance(args[0], np.ndarray) and args[0].dtype != np.object_:
        return args[0]
    if (joined := _JOINED.get(scalar)) and all(map(_is_truths, args)):
        return joined.reduce(args)
    if (fast := _FAST.get(scalar)) and _is_plain(args):
        with np.errstate(all="ignore"):
            result = fast(*args)
        if result is not None and np.isfinite(result).all():
            return result
    columns = [_spread(arg, count) for arg in args]
    try:
        return packed(list(map(scalar, *columns)))
    except (Fault, ArithmeticError):  # in one of the rows: now each is caught by itself
        return packed(_each_caught(scalar, zip(*columns, strict=True)))


def _each_caught(scalar: Callable[..., Value], rows: Iterable[Sequence[Any]]) -> list[Value]:
    """`caught` for every row, written out to spare the calls.

    An operator whose first operand is an error gives that error, without being called.
    """
    found: list[Value] = []
    is_operator = scalar in _OPERATORS
    for row in rows:
        if is_operator and type(row[0]) is ExcelError:
            found.append(row[0])
            continue
        try:
            found.append(scalar(*row))
        except Fault as fault:
            found.append(fault.error)
        except ArithmeticError as error:
            found.append(beyond(error))
    return found


def packed(elements: list[Any]) -> Column:
    """Values as a column: of numbers or of truths where all of them are."""
    kinds = set(map(type, elements))
    if kinds == {float}:
        return np.array(elements, np.float64)
    if kinds == {bool}:
        return np.array(elements, np.bool_)
    column = np.empty(len(elements), np.object_)
    if tuple in kinds:
        for place, element in enumerate(elements):
            column[place] = element  # one by one: numpy would take areas apart
    else:
        column[:] = elements
    return column


def _cells(args: Sequence[Any]) -> Iterator[Any]:
    """The arguments, and the cells of those that are areas."""
    for arg in args:
        if type(arg) is tuple:
            for row in arg:
                yield from row
        else:
            yield arg


def _is_plain(args: Sequence[Any]) -> bool:
    return all(
        cell.dtype == np.float64 if isinstance(cell, np.ndarray) else type(cell) is float
        for cell in _cells(args)
    )


def _chosen(conditions: Column, then: Any, otherwise: Any) -> Column:
    """IF: an element of one or the other column, or the one value that is there for all."""
    if not _is_plain((then, otherwise)):
        then, otherwise = (
            arg.astype(np.object_) if isinstance(arg, np.ndarray) else _boxed(arg)
            for arg in (then, otherwise)
        )

    chosen: Column = np.where(conditions, then, otherwise)
    return chosen


def _boxed(value: Value) -> Column:
    box = np.empty((), np.object_)
    box[()] = value
    return box


def _is_truths(arg: Any) -> bool:
    return isinstance(arg, np.ndarray) and arg.dtype == np.bool_


def _spread(arg: Any, count: int) -> list[Any]:
    """One value (or area) for each row."""
    if isinstance(arg, np.ndarray):
        if len(arg) != count:
            raise ValueError(f"columns of {len(arg)} and {count} rows")
        values: list[Any] = arg.tolist()
        return values
    if type(arg) is tuple and any(isinstance(cell, np.ndarray) for row in arg for cell in row):
        lines = [zip(*(_spread(cell, count) for cell in row), strict=True) for row in arg]
        return list(zip(*lines, strict=True))
    return [arg] * count


# ------------------------------------------------------- the quick way, for columns of numbers


def _last_sum(a: Any, b: Any) -> Column:
    total = a + b
    return np.where(np.abs(total) < np.abs(a) * NEARLY, 0.0, total)


def _order(a: Any, b: Any) -> Column:
    difference = a - b
    return np.where(np.abs(difference) < np.abs(a) * NEARLY, 0.0, difference)


def _sum(*args: Any) -> Any:
    total: Any = 0.0
    lost: Any = 0.0
    for value in _cells(args):
        new = total + value
        added = new - total  # what of the value has arrived (Knuth's exact error of a sum)
        lost = lost + ((total - (new - added)) + (value - added))
        total = new
    return total + lost


def _round(value: Any, places: Any) -> Column | None:
    if not isinstance(places, float) or not 0 <= int(places) <= 9:
        return None
    shift = 10.0 ** int(places)
    scaled = np.abs(value) * shift
    whole = np.floor(scaled)
    rest = scaled - whole
    sure = (rest == 0) | ((rest > 1e-6) & (rest < 1 - 1e-6) & (np.abs(rest - 0.5) > 1e-6))
    result: Column = np.copysign((whole + (rest > 0.5)) / shift, value)
    for place in np.flatnonzero(~sure | (scaled >= 1e9)):
        result[place] = rounded(float(value[place]), int(places))
    return result


_IFERROR = FUNCTIONS["IFERROR"].scalar
_OPERATORS = frozenset((*UNARY.values(), *LAST.values(), *BINARY.values()))

_JOINED: dict[Callable[..., Value], Any] = {
    FUNCTIONS["AND"].scalar: np.logical_and,
    FUNCTIONS["OR"].scalar: np.logical_or,
}

_FAST: dict[Callable[..., Value], Callable[..., Any]] = {
    UNARY["-"]: lambda a: 0.0 - a,
    UNARY["%"]: lambda a: a / 100,
    LAST["+"]: _last_sum,
    LAST["-"]: lambda a, b: _last_sum(a, -b),
    BINARY["+"]: np.add,
    BINARY["-"]: np.subtract,
    BINARY["*"]: np.multiply,
    BINARY["/"]: np.divide,
    BINARY["="]: lambda a, b: _order(a, b) == 0,
    BINARY["<>"]: lambda a, b: _order(a, b) != 0,
    BINARY["<"]: lambda a, b: _order(a, b) < 0,
    BINARY["<="]: lambda a, b: _order(a, b) <= 0,
    BINARY[">"]: lambda a, b: _order(a, b) > 0,
    BINARY[">="]: lambda a, b: _order(a, b) >= 0,
    FUNCTIONS["SUM"].scalar: _sum,
    FUNCTIONS["MIN"].scalar: lambda *args: reduce(np.minimum, _cells(args)),
    FUNCTIONS["MAX"].scalar: lambda *args: reduce(np.maximum, _cells(args)),
    FUNCTIONS["ABS"].scalar: np.abs,
    FUNCTIONS["ROUND"].scalar: _round,
}
