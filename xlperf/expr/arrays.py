"""Arrays: what Excel computes cell by cell, as in `SUMPRODUCT((A1:A9="甲")*B1:B9)`."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from xlperf.expr.registry import FUNCTIONS, Area
from xlperf.expr.tree import Binary, Call, Const, Expr, Range, Unary
from xlperf.expr.values import NA, Value, caught


def is_array(expr: Expr) -> bool:
    """Whether an expression gives several values where it is computed cell by cell."""
    match expr:
        case Range():
            return True
        case Const(value):
            return isinstance(value, tuple)
        case Unary(_, operand):
            return is_array(operand)
        case Binary(_, left, right):
            return is_array(left) or is_array(right)
        case Call(name, args):
            function = FUNCTIONS[name]
            return function.array or any(
                function.kind(place) == "v" and is_array(arg) for place, arg in enumerate(args)
            )
    return False


@lru_cache(maxsize=1024)
def each(scalar: Callable[..., Value], kinds: str = "v") -> Callable[..., Any]:
    """`scalar`, computed for every cell of the arrays among its arguments.

    `kinds` has the letter of each argument, as `Function.kind` gives it, the last one for all
    beyond; only values are spread. An array of one row or column is repeated; where arrays
    are of different sizes, cells without a partner are #N/A.
    """

    def spread(*args: Value | Area) -> Value | Area:
        arrays = [
            arg if isinstance(arg, tuple) and kinds[min(place, len(kinds) - 1)] == "v" else None
            for place, arg in enumerate(args)
        ]
        sizes = [(len(array), len(array[0])) for array in arrays if array is not None]
        if not sizes:
            return scalar(*args)
        height, width = (max(side) for side in zip(*sizes, strict=True))

        def cell(row: int, column: int) -> Value:
            picked = [
                arg if array is None else _at(array, row, column)
                for arg, array in zip(args, arrays, strict=True)
            ]
            return caught(scalar, picked)

        return tuple(tuple(cell(y, x) for x in range(width)) for y in range(height))

    return spread


def each_call(name: str, count: int) -> Callable[..., Any]:
    """The function of this name with so many arguments, computed for every cell of arrays."""
    function = FUNCTIONS[name]
    return each(function.scalar, "".join(function.kind(place) for place in range(count)) or "v")


def _at(array: Area, row: int, column: int) -> Value:
    row = 0 if len(array) == 1 else row
    column = 0 if len(array[0]) == 1 else column
    if row >= len(array) or column >= len(array[0]):
        return NA
    return array[row][column]
