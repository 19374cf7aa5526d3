"""What a formula says in its cell: its names, parts of tables, and ranges where one value counts.

Excel takes the cell in the formula's own row or column where a formula of one cell has a range in
the place of a single value; an array formula computes every cell of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from xlperf.diagnostic import Message
from xlperf.expr import (
    FUNCTIONS,
    Binary,
    Call,
    Cell,
    Const,
    ExcelError,
    Expr,
    Range,
    Ref,
    Unary,
    Unsupported,
    Value,
    parse_formula,
)
from xlperf.expr.arrays import is_array
from xlperf.expr.steps import Key, Reads
from xlperf.expr.values import REF, text
from xlperf.ooxml.address import Area
from xlperf.ooxml.sheet_outline import Formula
from xlperf.recalc.areas import Areas
from xlperf.recalc.arguments import (
    ARRAY,
    INTERSECTION,
    TOTALS,
    argument_kind,
    check,
    filled,
    intersected,
    operand_kind,
)
from xlperf.recalc.book import Book, cells_of
from xlperf.recalc.known import plainly
from xlperf.recalc.moving import NOT_FIXED, KnownValues, common, indexed, moved_by, picked, spanned
from xlperf.recalc.places import LAST_COLUMN, LAST_ROW, Place, is_endless, settled
from xlperf.recalc.refusal import RefusalError
from xlperf.recalc.spreading import cells_of_array
from xlperf.recalc.tables import part_of

_TALLEST = 250
_FROM_NAMES, _FROM_NAMES_EACH = 1 << 20, 256
"""So much text may come from names, and more for each formula: of sixty names, each of which is
twice the one before, there would be no end."""

_LARGEST_LET = 400
"""Nodes that the names of a LET stand for."""

_ACROSS = Message("跨多个工作表的引用", "references across several sheets")


class Meanings:
    """What the sheets, the tables and the defined names of a workbook stand for."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._areas = Areas(book)
        self._defined = {
            (name.sheet, name.name.casefold()): name.text for name in book.workbook.names
        }
        self._parsed: dict[str, Expr] = {}
        self._filled: dict[Key, Mapping[Key, tuple[Expr, Reads]]] = {}
        self._left = _FROM_NAMES + _FROM_NAMES_EACH * len(book.formulas)
        self.known = KnownValues(book.value, self._filled_with)
        self._asked: dict[tuple[int, Expr], Value] = {}

    # ----------------------------------------------------------------------------- formulas

    def _trees(self, formula: Formula, key: Key) -> Iterator[tuple[Key, Expr]]:
        tree = _tree(formula.text)
        if formula.area is None:
            tree = self._resolved(tree, self._place(key), "v")
            if is_array(tree):
                raise RefusalError(ARRAY)
            yield key, tree
            return
        place = replace(self._place(key), area=formula.area)
        tree = self._resolved(tree, place, "a")
        for position, each in cells_of_array(tree, formula.area, formula.dynamic):
            yield (key[0], *position), each

    def filled(self, formula: Formula, key: Key) -> Mapping[Key, tuple[Expr, Reads]]:
        """The trees of all the cells that a formula fills, and what they read.

        Raises RefusalError.
        """
        if key not in self._filled:
            self._filled[key] = {
                cell: (tree, self._areas.reads(tree, cell[0]))
                for cell, tree in self._trees(formula, key)
                if cell == key or cell not in self._book.formulas
            }
        return self._filled[key]

    def _filled_with(self, key: Key) -> Mapping[Key, tuple[Expr, Reads]] | None:
        formulas = self._book.formulas
        source = key if key in formulas else self._sources.get(key)
        return None if source is None else self.filled(formulas[source], source)

    @cached_property
    def _sources(self) -> Mapping[Key, Key]:
        """The cell whose array formula fills a cell that has none of its own."""
        return {
            cell: key
            for key, formula in self._book.formulas.items()
            if formula.area
            for cell in cells_of(key[0], formula.area)
        }

    def _place(self, key: Key) -> Place:
        return Place(*key, lambda area, shown: self._areas.left_out(area, shown, key[0]))

    def _resolved(self, tree: Expr, place: Place, kind: str, level: int = 0) -> Expr:
        """The tree without names, and with ranges only where they may stand.

        `kind` says what is wanted: `v` a single value, `r` a range or a value, `a` an array, which
        is computed cell by cell; `b` a value or an array in braces; `s` a value, and no range in
        the place of one; `q` as `r`, but `s` of what is computed.
        """
        level += 1
        if level > _TALLEST or self._left < 0:
            raise RefusalError(Message("名称展开后过长的公式", "what names make too long"))
        match tree:
            case Const(tuple()) if kind in "vs":
                raise RefusalError(Message("数组常量", "array constants"))
            case Cell() if _is_across(tree):
                raise RefusalError(_ACROSS)
            case Range(first, _):
                if _is_across(first):
                    raise RefusalError(_ACROSS)
                return tree if kind in "raq" else intersected(tree, place, kind)
            case Ref(name):
                return self._named(name, place, kind, level)
            case Unary(op, operand):
                return Unary(
                    op, self._operand(operand, place, operand_kind(tree, kind, place), level)
                )
            case Binary(op, left, right):
                inner = operand_kind(tree, kind, place)
                parts = [self._operand(each, place, inner, level) for each in (left, right)]
                return Binary(op, *[filled(part, tree) for part in parts])
            case Call():
                return self._call(tree, place, kind, level)
        return tree

    def _operand(self, tree: Expr, place: Place, kind: str, level: int) -> Expr:
        found = self._resolved(tree, place, kind, level)
        if kind == "a" and is_endless(found):
            raise RefusalError(Message("整行或整列的数组运算", "arrays of whole rows or columns"))
        return found

    def _call(self, call: Call, place: Place, kind: str, level: int) -> Expr:
        name, function = call.function, FUNCTIONS[call.function]
        if name == "UNION…":
            raise RefusalError(Message("区域的并集", "unions of ranges"))
        if name in ("OFFSET", "INDIRECT", "RANGE…", "MEET…", "ANCHORARRAY"):
            return self._resolved(self._reference(call, place, level), place, kind, level)
        if name == "SINGLE":
            return self._single(call.args[0], place, level)
        if name == "LET":
            return self._resolved(_let(call.args), place, kind, level)
        args = tuple(self._all_sheets(call.args)) if name in TOTALS else call.args
        call, found = replace(call, args=args), []
        for at, arg in enumerate(args):
            resolve = self._operand if function.kind(at) == "v" else self._resolved
            each = resolve(arg, place, argument_kind(call, at, kind, place), level)
            found.append(filled(each, call) if place.spreads else each)
        call = Call(name, tuple(found))
        check(call, kind, place)
        if name == "INDEX":
            chosen = indexed(found[0], found[1:])
            if isinstance(chosen, Range):
                return self._resolved(chosen, place, kind, level)
            if chosen is not None:
                return chosen
        return settled(call, place, spread=kind == "a" or place.spreads)

    def _all_sheets(self, args: tuple[Expr, ...]) -> Iterator[Expr]:
        """The arguments, with one for each area or each sheet where one is of several."""
        for arg in args:
            if isinstance(arg, Call) and arg.function == "UNION…":
                yield from self._all_sheets(arg.args)
                continue
            first = arg.first if isinstance(arg, Range) else arg
            if not (isinstance(first, Cell) and _is_across(first)):
                yield arg
                continue
            start, _, end = (first.sheet or "").partition(":")
            low, high = sorted(
                self._areas.home(replace(first, sheet=each), -1) for each in (start, end)
            )
            for index in range(low, high + 1):
                if index not in self._areas.worksheets:
                    raise RefusalError(_ACROSS)
                cell = replace(first, sheet=self._areas.labels[index])
                yield replace(arg, first=cell) if isinstance(arg, Range) else cell

    # ----------------------------------------------------------------- references by values

    def _reference(self, tree: Expr, place: Place, level: int) -> Expr:
        """The cells that a formula refers to, or the error that stands in their place."""
        match tree:
            case Cell() | Range() | Const(ExcelError()):
                return tree
            case Ref():
                return self._reference(self._resolved(tree, place, "r", level), place, level)
            case Call("OFFSET", (base, *by)):
                start = self._reference(base, place, level)
                sizes = [
                    None if each == Const(None) else self._known(each, place, level) for each in by
                ]
                return moved_by(start, sizes)
            case Call("INDIRECT", (source, *style)):
                if any(self._known(each, place, level) is not True for each in style):
                    raise RefusalError(NOT_FIXED)
                return self._indirect(self._known(source, place, level), place, level)
            case Call("RANGE…", (one, other)):
                return spanned(*(self._reference(each, place, level) for each in (one, other)))
            case Call("ANCHORARRAY", (Cell() as corner,)):
                return self._spill(corner, place)
            case Call("MEET…", (one, other)):
                return common(*(self._reference(each, place, level) for each in (one, other)))
            case Call("INDEX", (area, *at)):
                start = self._reference(area, place, level)
                return picked(start, [self._known(each, place, level) for each in at])
            case Call("IF", (condition, then, *otherwise)):
                chosen = self._known(condition, place, level)
                if type(chosen) is bool and (chosen or otherwise):
                    return self._reference(then if chosen else otherwise[0], place, level)
        raise RefusalError(NOT_FIXED)

    def _single(self, tree: Expr, place: Place, level: int) -> Expr:
        """What `@` leaves of a range, be it in an array formula."""
        found = self._resolved(tree, place, "r", level)
        if isinstance(found, Range):
            return intersected(found, place, "v")
        if is_array(found):
            raise RefusalError(INTERSECTION)
        return found

    def _spill(self, corner: Cell, place: Place) -> Expr:
        """The cells that the array formula of a cell fills."""
        key = self._areas.home(corner, place.sheet), corner.row, corner.column
        formula = self._book.formulas.get(key)
        if formula is None or not formula.area or not formula.dynamic:
            raise RefusalError(Message("溢出区域", "spilled ranges"))
        area = formula.area
        return Range(corner, replace(corner, row=area.bottom, column=area.right, sheet=None))

    def _indirect(self, source: Value, place: Place, level: int) -> Expr:
        if isinstance(source, ExcelError):
            return Const(source)
        spelled = text(source)
        tree = parse_formula(spelled, everywhere=True)
        if spelled.startswith("="):
            return Const(REF)
        if not isinstance(tree, (Cell, Range, Ref)):
            raise RefusalError(NOT_FIXED)
        first = tree.first if isinstance(tree, Range) else tree
        sheet = "" if isinstance(first, Ref) else (first.sheet or "")
        if sheet and "[" not in sheet and sheet.casefold() not in self._areas.sheets:
            return Const(REF)
        return self._reference(tree, place, level)

    def _known(self, tree: Expr, place: Place, level: int) -> Value:
        """What an argument comes to with the values of this very workbook."""
        tree = self._resolved(tree, place, "v", level)
        if is_array(tree):
            raise RefusalError(NOT_FIXED)
        if (place.sheet, tree) not in self._asked:
            found = self.known.of(tree, self._areas.reads(tree, place.sheet))
            self._asked[place.sheet, tree] = found
        return self._asked[place.sheet, tree]

    # -------------------------------------------------------------------------------- names

    def _named(self, name: str, place: Place, kind: str, level: int) -> Expr:
        """What a name or a part of a table stands for."""
        if name.endswith("]"):
            return self._resolved(self._part(name, place), place, kind, level)
        text = self._text(name, place)
        if text is None:
            table = name + "[]"
            if name.casefold() not in self._book.tables:
                zh, en = f"名称“{name}”没有定义", f"the name “{name}” is not defined"
                raise RefusalError(Message(zh, en))
            return self._resolved(self._part(table, place), place, kind, level)
        self._left -= len(text)
        if text not in self._parsed:
            self._parsed[text] = _tree(text)
        meaning = _from(self._parsed[text], place, name)
        if isinstance(meaning, (Cell, Range, Const, Ref)):
            return self._resolved(meaning, place, kind, level)
        # Whatever else a name stands for is computed as an array formula is.
        array = replace(place, area=Area(place.row, place.column, place.row, place.column))
        found = self._resolved(meaning, array, "r" if kind in "rq" else "a", level)
        if is_array(found) and kind not in "raq":
            if isinstance(found, Range):
                return intersected(found, place, kind)
            raise RefusalError(INTERSECTION)
        return found

    def _text(self, name: str, place: Place) -> str | None:
        sheet, _, own = name.casefold().rpartition("!")
        if not sheet:
            return self._defined.get((place.sheet, own), self._defined.get((None, own)))
        if sheet == "[0]":
            return self._defined.get((None, own))
        if (far := self._book.external_names.get(name.casefold())) is not None:
            return far
        if (text := self._defined.get((self._areas.sheets.get(sheet, -1), own))) is None:
            raise RefusalError(
                Message(f"名称“{name}”没有定义", f"the name “{name}” is not defined")
            )
        return text

    def _part(self, name: str, place: Place) -> Expr:
        """The cells of a table's part, such as `Table[[#This Row],[a]]`; `[a]` of its own table."""
        label, bracket, rest = name.partition("[")
        tables = self._book.tables
        if label:
            table = tables.get(label.casefold())
        else:
            around = (each for each in tables.values() if each.sheet == place.sheet)
            table = next((t for t in around if t.area.holds(place.row, place.column)), None)
        if table is None:
            raise RefusalError(Message("引用的表不存在", "a table that is not there"))
        area = part_of(table, bracket + rest, place.sheet, place.row)
        sheet = None if table.sheet == place.sheet else self._areas.labels[table.sheet]
        # Of a row that is the formula's own: it moves with the formula, others do not.
        fixed = area.top != area.bottom or area.top != place.row or sheet is not None
        first = Cell(area.top, area.left, sheet, fixed, True)
        if area.size == 1:
            return first
        return Range(first, Cell(area.bottom, area.right, None, fixed, True))


def _tree(text: str) -> Expr:
    tree = parse_formula(plainly(text), placed=True, everywhere=True)
    if isinstance(tree, Unsupported):
        raise RefusalError(tree.reason)
    return tree


def _is_across(cell: Cell) -> bool:
    """Whether a reference is to several sheets of this workbook."""
    return cell.sheet is not None and ":" in cell.sheet and "[" not in cell.sheet


def _let(args: tuple[Expr, ...]) -> Expr:
    """What a LET comes to, with each of its names replaced by what it stands for."""
    known: dict[str, Expr] = {}
    for name, meaning in zip(args[:-1:2], args[1::2], strict=True):
        if not isinstance(name, Ref):
            raise RefusalError(Message("LET 的此类用法", "LET of this kind"))
        known[name.name.casefold()] = _replaced(meaning, known)
        if sum(map(_weight, known.values())) > _LARGEST_LET:
            raise RefusalError(Message("名称展开后过长的公式", "what names make too long"))
    return _replaced(args[-1], known)


def _weight(tree: Expr) -> int:
    match tree:
        case Unary(_, operand):
            return 1 + _weight(operand)
        case Binary(_, left, right):
            return 1 + _weight(left) + _weight(right)
        case Call(_, args):
            return 1 + sum(map(_weight, args))
    return 1


def _replaced(tree: Expr, known: Mapping[str, Expr]) -> Expr:
    match tree:
        case Ref(name):
            return known.get(name.casefold(), tree)
        case Unary(op, operand):
            return Unary(op, _replaced(operand, known))
        case Binary(op, left, right):
            return Binary(op, _replaced(left, known), _replaced(right, known))
        case Call(name, args):
            return Call(name, tuple(_replaced(arg, known) for arg in args))
    return tree


def _from(tree: Expr, place: Place, name: str) -> Expr:
    """What a name says in this place: its relative references are counted from A1."""
    match tree:
        case Cell(row, column, sheet):
            if sheet is None:
                zh, en = f"名称“{name}”的相对引用", f"relative references in the name “{name}”"
                raise RefusalError(Message(zh, en))
            if not tree.row_fixed:
                tree = replace(tree, row=(row + place.row - 2) % LAST_ROW + 1)
            if not tree.column_fixed:
                column = (column + place.column - 2) % LAST_COLUMN + 1
                tree = replace(tree, column=column)
            return tree
        case Range(first, last):
            first = _from(first, place, name)  # type: ignore[assignment]
            last = _from(replace(last, sheet=first.sheet), place, name)  # type: ignore[assignment]
            if first.row > last.row or first.column > last.column:
                zh, en = f"名称“{name}”的相对引用", f"relative references in the name “{name}”"
                raise RefusalError(Message(zh, en))
            return Range(first, replace(last, sheet=None))
        case Unary(op, operand):
            return Unary(op, _from(operand, place, name))
        case Binary(op, left, right):
            return Binary(op, _from(left, place, name), _from(right, place, name))
        case Call(function, args):
            return Call(function, tuple(_from(arg, place, name) for arg in args))
    return tree
