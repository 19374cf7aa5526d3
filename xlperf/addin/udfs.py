"""The worksheet functions as Excel calls them: the registry behind xlwings' UDF server.

Each argument comes as an area (a cell is an area of one), so a column goes through one call. What
Excel gives is not what a formula has: an error is a text by now, a date a datetime, an amount of
money a Decimal. The way back cannot hold an error either; its text goes back, and the wrapper in
VBA makes it the error that a cell shows.
"""

import datetime
import inspect
from collections.abc import Callable
from typing import Any

import xlwings

from xlperf.expr import ExcelError
from xlperf.expr.values import ERROR_CODES, serial_of
from xlperf.scoring.functions import WORKSHEET_FUNCTIONS, WorksheetFunction

_CATEGORY = "xlperf"
_DAY = datetime.timedelta(days=1)
_Area = list[list[Any]]


def _served(function: WorksheetFunction) -> Callable[..., _Area]:
    """The function as xlwings reads it off: its arguments by name, its help, areas in and out."""

    def served(*args: _Area | None) -> _Area:
        return _answer(function, args)

    position = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter(a.name, position, default=None if a.optional else inspect.Parameter.empty)
        for a in function.arguments
    ]
    served.__name__, served.__doc__ = function.name, function.help.zh
    served.__annotations__ = {}
    vars(served)["__signature__"] = inspect.Signature(parameters)
    marked: Callable[..., _Area] = xlwings.func(category=_CATEGORY)(served)
    for argument in function.arguments:
        marked = xlwings.arg(argument.name, ndim=2, err_to_str=True, doc=argument.help.zh)(marked)
    return marked


def _answer(function: WorksheetFunction, args: tuple[_Area | None, ...]) -> _Area:
    """An answer as large as the largest argument; None is an argument that was left out."""
    areas = [[[None]] if arg is None else [[_taken(c) for c in row] for row in arg] for arg in args]
    return [[_given(cell) for cell in row] for row in function(*areas)]


def _taken(cell: Any) -> Any:
    """What a cell holds, as the registry takes it."""
    if type(cell) is float:  # most are
        return cell
    if isinstance(cell, str) and cell in ERROR_CODES:
        return ExcelError(cell)
    if isinstance(cell, datetime.datetime):
        midnight = datetime.datetime.combine(cell, datetime.time())
        try:
            day = serial_of(cell.date())
        except ValueError:  # a time of day alone is of the day before the first
            day = 0.0
        return day + (cell - midnight) / _DAY
    return cell


def _given(value: Any) -> Any:
    return str(value) if isinstance(value, ExcelError) else value


globals().update({name: _served(function) for name, function in WORKSHEET_FUNCTIONS.items()})
