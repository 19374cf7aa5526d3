"""The table of worksheet functions, `FUNCTIONS`, and how arguments are read.

To add one: write it below `@function(name, least, most)` for plain values. It is then parsed,
evaluated for scalars and columns, and printed. Arguments come evaluated and may be of any kind;
`number`, `text` and `logical` read them as Excel does and raise what Excel shows as an error.

Which arguments take cells and ranges as they stand is told by `takes`, a letter for each argument:
`r` for ranges, which come as an `Area` (this matters because Excel skips text and blanks in cells,
but not among arguments); `a` for arrays, where `(A1:A9="x")*B1:B9` is computed cell by cell;
`v` for a single value. What stands in parentheses repeats: `r(rv)` is SUMIFS.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from xlperf.expr.values import VALUE, ExcelError, Fault, Value, logical, number

Area = tuple[tuple[Value, ...], ...]
"""The values of a range, row by row."""

ANY = 255
"""As many arguments as Excel allows."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the table.

    `added` are those that Excel itself does not have; they may also be spelled as an add-in's,
    `_xll.NAME(…)` or `'xlperf.xlam'!NAME(…)`. `spread` says that in an array formula Excel computes
    it for each cell; a function that chooses among its arguments is not. A `placed` one asks
    where its formula or its argument stands, which only those know who compute whole workbooks.
    What an `array` one gives is an area.
    """

    name: str
    scalar: Callable[..., Value]
    least: int
    most: int
    takes: str = "v"
    added: bool = False
    spread: bool = True
    placed: bool = False
    array: bool = False

    def kind(self, place: int) -> str:
        """What the argument at `place` (from 0) is: `v` a value, `r` a range, `a` an array."""
        first, _, again = self.takes.removesuffix(")").partition("(")
        if place < len(first):
            return first[place]
        return again[(place - len(first)) % len(again)] if again else first[-1]

    @property
    def ranges(self) -> bool:
        """Whether any argument may be a range."""
        return self.takes.strip("v") != ""


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str,
    least: int,
    most: int | None = None,
    *,
    takes: str = "v",
    added: bool = False,
    spread: bool = True,
    placed: bool = False,
    array: bool = False,
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Enter a function into the table: its name and how many arguments it takes.

    Several names, with blanks between them, are one function.
    """

    def enter(scalar: Callable[..., Value]) -> Callable[..., Value]:
        limits = least, least if most is None else most
        for one in name.split():
            FUNCTIONS[one] = Function(one, scalar, *limits, takes, added, spread, placed, array)
        return scalar

    return enter


# -------------------------------------------------------------------------------- arguments


def cells(area: Area) -> Iterator[Value]:
    return chain.from_iterable(area)


def area_of(arg: Value | Area) -> Area:
    """A range as it is, a single value as a range of one cell."""
    return arg if isinstance(arg, tuple) else ((arg,),)


def numbers(args: Iterable[Value | Area]) -> list[float]:
    """The numbers among cells, whose other values are skipped, and every argument as a number."""
    found = []
    for arg in args:
        if type(arg) is float:
            found.append(arg)
        elif isinstance(arg, tuple):
            for value in cells(arg):
                if type(value) is float:
                    found.append(value)
                elif type(value) is ExcelError:
                    raise Fault(value)
        else:
            found.append(number(arg))
    return found


def conditions(args: Iterable[Value | Area]) -> list[bool]:
    """The truths among cells, whose texts and blanks are skipped, and every argument as one."""
    found = []
    for arg in args:
        if isinstance(arg, tuple):
            found += [logical(v) for v in cells(arg) if v is not None and not isinstance(v, str)]
        else:
            found.append(logical(arg))
    return found


def total(found: Iterable[float]) -> float:
    """The sum with the lost bits carried along (Neumaier), as spreadsheets do it."""
    so_far = lost = 0.0
    for value in found:
        new = so_far + value
        lost += (so_far - new) + value if abs(so_far) >= abs(value) else (value - new) + so_far
        so_far = new
    return so_far + lost


def plain(value: Value) -> Value:
    """What functions of the former Analysis ToolPak take: no truths."""
    if isinstance(value, bool):
        raise Fault(VALUE)
    return value


def whole(value: Value) -> int:
    """A number without its decimals, as functions take counts and places."""
    return int(number(value))
