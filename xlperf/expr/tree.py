"""The nodes of a formula.

One tree has three meanings: a value (`evaluate`), a column of values (`evaluate` with numpy arrays)
and the text of an Excel formula (`to_excel`). Scoring rules are built from these nodes and workbook
formulas are parsed into them, so that what is computed here and in Excel cannot drift apart.
"""

from dataclasses import dataclass
from typing import Literal

from xlperf.expr.values import Value

UnaryOp = Literal["-", "+", "%"]
BinaryOp = Literal["+", "-", "*", "/", "^", "&", "=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """A literal: number, text, TRUE or FALSE, an error value, None for an argument left out.

    Or an array of these in braces, row by row.
    """

    value: Value | tuple[tuple[Value, ...], ...]

    def __post_init__(self) -> None:
        if type(self.value) is int or (type(self.value) is float and not self.value):
            object.__setattr__(self, "value", self.value + 0.0)  # there is no negative zero

    # Python holds True == 1.0, Excel does not.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[type, object]:
        value = self.value
        return type(value), repr(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Ref:
    """A variable, or a workbook's defined name or part of a table: of one cell, unless settled."""

    name: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell, counted from 1; `sheet` is None for the formula's own sheet."""

    row: int
    column: int
    sheet: str | None = None
    row_fixed: bool = False
    column_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """The cells from `first` (top left, which also names the sheet) to `last` (bottom right)."""

    first: Cell
    last: Cell


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign before, or a percent sign after."""

    op: UnaryOp
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Binary:
    op: BinaryOp
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Call:
    """A worksheet function by its English name in capitals."""

    function: str
    args: tuple["Expr", ...]


Expr = Const | Ref | Cell | Range | Unary | Binary | Call
