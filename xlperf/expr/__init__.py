"""Formulas: one tree that is computed for a row, computed for a column, and printed for Excel.

`parse_formula` and `to_excel` turn workbook text into trees and back; `evaluate` follows Excel's
semantics to the letter (blanks, numeric text, errors as values, rounding by 15 digits). Importing
this package does not import numpy.

Where Excel and LibreOffice differ, Excel is followed. So a difference of numbers that agree in all
their digits is 0 where it ends a formula, and the rest of their bits anywhere else.
"""

from typing import TYPE_CHECKING

from xlperf.expr.evaluate import Env, evaluate
from xlperf.expr.functions import FUNCTIONS, Area
from xlperf.expr.tree import Binary, Call, Cell, Const, Expr, Range, Ref, Unary
from xlperf.expr.values import ExcelError, Value, doubt, doubts
from xlperf.lazy import lazy_front

if TYPE_CHECKING:
    from xlperf.expr.order import levels, references_in
    from xlperf.expr.parsing import Unsupported, parse_formula
    from xlperf.expr.printing import to_excel

__all__ = [
    "FUNCTIONS",
    "Area",
    "Binary",
    "Call",
    "Cell",
    "Const",
    "Env",
    "ExcelError",
    "Expr",
    "Range",
    "Ref",
    "Unary",
    "Unsupported",
    "Value",
    "doubt",
    "doubts",
    "evaluate",
    "levels",
    "parse_formula",
    "references_in",
    "to_excel",
]

__getattr__ = lazy_front(
    __name__,
    order="levels references_in",
    parsing="Unsupported parse_formula",
    printing="to_excel",
)
