"""Array formulas: what stands in each of the cells that one fills.

Operators and functions that Excel computes cell by cell are pushed down to the cells, so that a
column filled by an array formula costs no more than one filled by formulas of its own.
"""

from collections.abc import Iterator

from xlperf.diagnostic import Message
from xlperf.expr import FUNCTIONS, Binary, Call, Cell, Const, Expr, Range, Unary, Value, doubt
from xlperf.expr.arrays import is_array
from xlperf.expr.registry import Area as Values
from xlperf.expr.registry import area_of, function
from xlperf.expr.values import NA, Fault, number
from xlperf.ooxml.address import Area
from xlperf.ooxml.sheet import Position
from xlperf.recalc.refusal import RefusalError

_MOST = 20_000
_Size = tuple[int, int]

_UNCLEAR = Message("数组公式的此类结果", "array formulas with such results")


def cells_of_array(tree: Expr, area: Area, dynamic: bool) -> Iterator[tuple[Position, Expr]]:
    """The formula of every cell in `area`, which an array formula fills. Raises RefusalError.

    A single row or column is repeated, and cells beyond the result are #N/A. A `dynamic` formula
    would fill other cells than before where its result has another size: that is refused.
    """
    if area.size > _MOST:
        raise RefusalError(Message("过大的数组公式", "array formulas that fill too many cells"))
    wanted = area.bottom - area.top + 1, area.right - area.left + 1
    _check(tree, wanted, dynamic)
    for row, column in area.cells():
        yield (row, column), _cell(tree, row - area.top, column - area.left, wanted, dynamic)


def _check(tree: Expr, wanted: _Size, dynamic: bool) -> None:
    match tree:
        case Call("IF" | "CHOOSE", (condition, *choices)) if not is_array(condition):
            for choice in choices:
                _check(choice, wanted, dynamic)
        case _:
            size = size_of(tree)
            if size is None and _is_whole(tree):
                return  # told only when it is computed
            if (dynamic and size != wanted) or (size is None and wanted != (1, 1)):
                raise RefusalError(_UNCLEAR)


def _is_whole(tree: Expr) -> bool:
    return isinstance(tree, Call) and FUNCTIONS[tree.function].array


def _cell(tree: Expr, row: int, column: int, wanted: _Size, dynamic: bool) -> Expr:
    match tree:
        case Call("IF" | "CHOOSE" as name, (condition, *choices)) if not is_array(condition):
            cells = (_cell(each, row, column, wanted, dynamic) for each in choices)
            return Call(name, (condition, *cells))
    size = size_of(tree)
    if size is None and _is_whole(tree):
        at = (row, column, *(wanted if dynamic else (0, 0)))
        return Call("AT…", (tree, *(Const(float(each)) for each in at)))
    height, width = size or (1, 1)
    is_beyond = row >= height != 1 or column >= width != 1
    return Const(NA) if is_beyond else _at(tree, row, column)


def size_of(tree: Expr) -> _Size | None:
    """Rows and columns of what a tree gives; None where only its values tell."""
    match tree:
        case Range(first, last):
            return last.row - first.row + 1, last.column - first.column + 1
        case Const(tuple() as value):
            return len(value), len(value[0])
        case Unary(_, operand):
            return size_of(operand)
        case Binary(_, left, right):
            return _largest([size_of(left), size_of(right)])
        case Call("IF" | "CHOOSE", (condition, *choices)) if not is_array(condition):
            sizes = set(map(size_of, choices))
            return sizes.pop() if len(sizes) == 1 else None
        case Call(name, args):
            if FUNCTIONS[name].array:
                return _size_of_call(name, [size_of(arg) for arg in args], args)
            return _largest(
                [size_of(arg) for at, arg in enumerate(args) if FUNCTIONS[name].kind(at) == "v"]
            )
    return 1, 1


def _largest(sizes: list[_Size | None]) -> _Size | None:
    if None in sizes:
        return None
    known = [(1, 1), *(size for size in sizes if size)]
    return max(height for height, _ in known), max(width for _, width in known)


def _size_of_call(name: str, sizes: list[_Size | None], args: tuple[Expr, ...]) -> _Size | None:
    match name, sizes:
        case "TRANSPOSE", [(height, width)]:
            return width, height
        case "MINVERSE", [(height, width)]:
            return height, width
        case "MMULT", [(height, _), (_, width)]:
            return height, width
        case "FREQUENCY", [_, (height, width)]:
            return height * width + 1, 1
    return None


def _at(tree: Expr, row: int, column: int) -> Expr:
    """What a tree gives in one place, counted from 0, of the array that it is computed for."""
    match tree:
        case Range(first, last):
            height, width = last.row - first.row + 1, last.column - first.column + 1
            row, column = row * (height > 1), column * (width > 1)
            if row >= height or column >= width:
                return Const(NA)
            return Cell(
                first.row + row, first.column + column, first.sheet, height == 1, width == 1
            )
        case Const(tuple() as value):
            row, column = row * (len(value) > 1), column * (len(value[0]) > 1)
            if row >= len(value) or column >= len(value[0]):
                return Const(NA)
            return Const(value[row][column])
        case Unary(op, operand):
            return Unary(op, _at(operand, row, column))
        case Binary(op, left, right):
            return Binary(op, _at(left, row, column), _at(right, row, column))
        case Call("TRANSPOSE", (arg,)) if not _is_computed(arg):
            return _at(arg, column, row)
        case Call(name, args) if FUNCTIONS[name].array:
            return Call("AT…", (tree, Const(float(row)), Const(float(column))))
        case Call(name, args):
            kinds = map(FUNCTIONS[name].kind, range(len(args)))
            return Call(
                name,
                tuple(
                    _at(arg, row, column) if kind == "v" else arg
                    for kind, arg in zip(kinds, args, strict=True)
                ),
            )
    return tree


def _is_computed(tree: Expr) -> bool:
    """Whether a tree holds a function whose result is an array as a whole."""
    match tree:
        case Unary(_, operand):
            return _is_computed(operand)
        case Binary(_, left, right):
            return _is_computed(left) or _is_computed(right)
        case Call(name, args):
            return FUNCTIONS[name].array or any(map(_is_computed, args))
    return False


@function("AT…", 3, 5, takes="avvvv")
def _picked(
    area: Value | Values, row: Value, column: Value, height: Value = 0.0, width: Value = 0.0
) -> Value:
    """One place of an array; a doubt where it has not the height and width that it had before."""
    values = area_of(area)
    if height and (len(values), len(values[0])) != (height, width):
        doubt("#")
    y, x = int(number(row)), int(number(column))
    y, x = y * (len(values) > 1), x * (len(values[0]) > 1)
    if not (0 <= y < len(values) and 0 <= x < len(values[0])):
        raise Fault(NA)
    return values[y][x]


@function("FILLED…", 1)
def _filled(value: Value) -> Value:
    """What a function passes on of a blank cell in an array: a 0, as far as is known."""
    if value is None:
        doubt("IF ∅")
        return 0.0
    return value
