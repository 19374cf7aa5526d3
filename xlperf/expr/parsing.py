"""Reads the formulas of workbooks into trees, as Excel does, or says why it will not.

It covers operators, cells and ranges in A1 style, whole rows and columns, sheets, array constants,
defined names and the functions of `FUNCTIONS`. Whatever else Excel knows (intersections, unions) is
`Unsupported`, never half understood. So are, unless the caller settles them, structured, external
and 3-D references, and a range where Excel takes one of its cells, the one in the row or column of
the formula.
"""

import re
from dataclasses import dataclass

from xlperf.diagnostic import Message, Span
from xlperf.expr.arrays import is_array
from xlperf.expr.functions import FUNCTIONS
from xlperf.expr.printing import BINDS
from xlperf.expr.registry import Function
from xlperf.expr.tree import Binary, Call, Cell, Const, Expr, Range, Ref, Unary
from xlperf.expr.values import ERROR_CODES, ExcelError, Value


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Why a formula was not read, and the place in its text."""

    reason: Message
    span: Span


def parse_formula(
    text: str, *, placed: bool = False, everywhere: bool = False
) -> Expr | Unsupported:
    """The tree of a formula, written with or without its leading "=".

    `placed` allows functions that ask where they stand, for a caller who answers them. `everywhere`
    allows what only those settle who know the whole workbook: ranges and arrays in any place;
    cells on sheets of other workbooks (`[1]Sheet`) or on several sheets (`Jan:Dec`); parts of
    tables and names of sheets, as a `Ref` that spells them like the formula does
    (`Table[[#This Row],[a]]`, `Sheet!name`).
    """
    try:
        return _Parser(text, placed, everywhere).formula()
    except _Refusal as refusal:
        return refusal.answer


class _Refusal(Exception):  # noqa: N818 - an answer, not an error
    def __init__(self, answer: Unsupported) -> None:
        self.answer = answer


def _tokens(sheet: str, part: str) -> re.Pattern[str]:
    return re.compile(
        rf"""(?P<space>[ \n\r\t]+)
        | (?P<text>"(?:[^"]|"")*")
        | (?P<error>{"|".join(map(re.escape, ERROR_CODES))})
        | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
        | (?P<sheet>(?:{sheet})!)
        | (?P<part>{part})
        | (?P<word>(?:[^\W\d]|[$\\])[\w.\\?$]*)
        | (?P<op><=|>=|<>|[-+*/^&=<>%(),])
        | (?P<other>'(?:[^']|'')*+'?|.)""",
        re.VERBOSE | re.DOTALL,
    )


_TOKEN = _tokens(r"'(?:[^']|'')++'|\[\d+\]|[^\W\d][\w.]*", r"(?!)")
_WIDER_TOKEN = _tokens(
    r"'(?:[^']|'')++'|(?:\[\d+\])?[^\W\d][\w.]*|\[\d+\]|(?<!!)[^\W\d][\w.]*:[^\W\d][\w.]*",
    r"\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*+\])*+\]",
)
_CELL = re.compile(r"(\$?)([A-Za-z]{1,3})(\$?)([1-9]\d{0,6})")
_COLUMN = re.compile(r"(\$?)([A-Za-z]{1,3})")
_ROW = re.compile(r"(\$?)([1-9]\d{0,6})")
_NAME = re.compile(r"[\w.\\?]+")
_FUTURE = re.compile(r"(?:_XLFN\.|_XLWS\.)+")
# Where a workbook says that a function of the add-in is: a numbered link, or the add-in's file.
_ADD_IN = re.compile(r"\[\d+\]|(?:.*[\\/])?\[?xlperf\.xlam\]?", re.IGNORECASE)
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
# Excel allows 64 levels of functions; beyond these a formula could exhaust Python's stack.
_DEEPEST = 64
_TALLEST = 200
_REASONS = {
    ":": ("由公式给出的区域", "ranges made by a formula"),
    "[": ("外部引用或表的结构化引用", "external or structured references"),
    "@": ("隐式交集", "implicit intersection"),
    "#": ("溢出区域", "spilled ranges"),
    "!": ("跨多个工作表的引用", "references across several sheets"),
}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    spaced: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class _Parser:
    def __init__(self, source: str, placed: bool, everywhere: bool) -> None:
        self.placed = placed
        self.everywhere = everywhere
        self.arrays = "a" if everywhere else "v"
        """What may be an array here: `v` nothing, `c` constants in braces, `a` ranges too."""
        self.tokens: list[_Token] = []
        self.place = 0
        self.depth = 0
        self.enclosed = False
        """Whether one pair of parentheses holds the whole formula."""
        spaced = False
        pattern = _WIDER_TOKEN if everywhere else _TOKEN
        for found in pattern.finditer(source, source.startswith("=")):
            if found.lastgroup == "space":
                spaced = True
            else:
                self.tokens.append(_Token(found.lastgroup or "", found[0], found.start(), spaced))
                spaced = False
        self.tokens.append(_Token("end", "", len(source)))

    def formula(self) -> Expr:
        expr = self.value()
        if self.now.kind != "end":
            raise self.unexpected()
        if _height(expr) > _TALLEST:
            raise self.refusal("公式过长", "the formula is too long", self.tokens[0])
        # In parentheses a sum does not end the formula: Excel keeps its last bits (`LAST`).
        is_sum = isinstance(expr, Binary) and expr.op in ("+", "-")
        return Unary("+", expr) if self.enclosed and self.everywhere and is_sum else expr

    # ------------------------------------------------------------------------------ values

    def value(self, binds: int = 1, ranges: bool = False) -> Expr:
        """An expression of operators that bind at least so tightly; a bare range if `ranges`."""
        first = self.now
        expr = self.operand()
        bare = ranges and self.now.text in (",", ")")
        if isinstance(expr, Range) and not (bare or self.arrays == "a"):
            raise self.refusal(
                "此处应为单个值，不能是区域", "one value is needed here, not a range", first
            )
        while self.now.kind == "op" and BINDS.get(self.now.text, 0) >= binds:
            op = self.take().text
            expr = Binary(op, expr, self.value(BINDS[op] + 1))  # type: ignore[arg-type]
        return expr

    def argument(self, function: Function, place: int) -> Expr:
        if self.everywhere:
            return self.value(ranges=True)
        outer, kind = self.arrays, function.kind(place)
        if kind == "a":
            self.arrays = "a"
        elif kind == "r" and outer == "v":
            self.arrays = "c"
        first = self.now
        expr = self.value(ranges=kind in "ra")
        self.arrays = outer
        spreads = is_array(expr) and not isinstance(expr, (Range, Const))
        if is_array(expr) and kind == "v" and not (function.spread and outer != "v"):
            raise self.refusal("此处的数组", "an array here", first)
        if spreads and kind == "r" and outer == "a":
            raise self.refusal("此处的数组", "an array here", first)
        return expr

    def operand(self) -> Expr:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refusal("公式嵌套太深", "the formula is nested too deeply", self.now)
        expr = self.signed()
        while self.now.text == "%":
            self.single(expr)
            self.take()
            expr = Unary("%", expr)
        self.depth -= 1
        return expr

    def signed(self) -> Expr:
        signs = []
        while self.now.text in ("-", "+"):
            signs.append(self.take().text)
        expr = self.atom()
        if self.everywhere:
            expr = self.referred(expr)
        if signs:
            self.single(expr)
        for sign in reversed(signs):
            if (
                sign == "-"
                and isinstance(expr, Const)
                and type(expr.value) is float
                and expr.value > 0
            ):
                expr = Const(-expr.value)
            else:
                expr = Unary("-" if sign == "-" else "+", expr)
        return expr

    def referred(self, expr: Expr) -> Expr:
        """The references that begin with this one: `A1:INDEX(…)`, and `A1:C3 B2:D4`."""
        while self.now.text == ":":
            self.take()
            expr = Call("RANGE…", (expr, self.atom()))
        if self.now.spaced and self.now.kind in ("word", "sheet", "part"):
            return Call("MEET…", (expr, self.referred(self.atom())))
        return expr

    def single(self, expr: Expr) -> None:
        """Refuse a range where Excel would take one of its cells."""
        if isinstance(expr, Range) and self.arrays != "a":
            zh, en = "此处应为单个值，不能是区域", "one value is needed here, not a range"
            raise self.refusal(zh, en, self.tokens[self.place - 1])

    def atom(self) -> Expr:
        token = self.now
        match token.kind:
            case "number":
                if rows := self.lines(_ROW, None):
                    return rows
                return Const(float(self.take().text))
            case "text":
                return Const(self.take().text[1:-1].replace('""', '"'))
            case "error":
                return self.error()
            case "part":
                return Ref(self.take().text)
            case "sheet":
                return self.on_sheet()
            case "word":
                return self.word()
            case "op" if token.text == "(":
                start = self.place
                self.take()
                parts = [self.value()]
                while self.everywhere and self.now.text == ",":
                    self.take()
                    parts.append(self.value())
                self.expect(")")
                self.enclosed = start == 0 and self.now.kind == "end"
                return Call("UNION…", tuple(parts)) if len(parts) > 1 else parts[0]
            case "other" if token.text == "{" and self.arrays != "v":
                return self.array()
            case "other" if token.text == "{":
                raise self.refusal("数组常量", "array constants", token)
        raise self.unexpected()

    def error(self) -> Expr:
        code = self.take().text
        if code == "#REF!" and self.everywhere and self.now.kind == "word" and not self.now.spaced:
            self.word()  # #REF!A1:B2: a sheet that is gone
        return Const(ExcelError(code))

    def array(self) -> Expr:
        """Constants in braces, `;` between rows."""
        opening = self.take()
        rows: list[tuple[Value, ...]] = []
        row: list[Value] = []
        while True:
            element = self.signed()
            if not isinstance(element, Const) or isinstance(element.value, tuple):
                raise self.refusal("数组常量", "array constants", opening)
            row.append(element.value)
            mark = self.take().text
            if mark != ",":
                rows.append(tuple(row))
                row = []
            if mark == "}":
                break
            if mark not in (",", ";"):
                raise self.refusal("数组常量", "array constants", opening)
        if len({len(each) for each in rows}) > 1:
            raise self.refusal("数组常量", "array constants", opening)
        return Const(tuple(rows))

    # ------------------------------------------------------------- names, cells, functions

    def word(self) -> Expr:
        token = self.take()
        name = token.text.upper()
        if self.now.text == "(" and not self.now.spaced:
            return self.call(token)
        if name in ("TRUE", "FALSE"):
            return Const(name == "TRUE")
        if cell := _cell(token.text, None):
            return self.range_from(cell)
        self.place -= 1
        if lines := self.lines(_COLUMN, None) or self.lines(_ROW, None):
            return lines
        self.place += 1
        if not _NAME.fullmatch(token.text):
            raise self.unknown(token.text, token)
        if self.now.kind == "part" and not self.now.spaced:
            return Ref(token.text + self.take().text)
        return Ref(token.text)

    def on_sheet(self) -> Expr:
        token = self.take()
        sheet = token.text[:-1]
        if sheet.startswith("'"):
            sheet = sheet[1:-1].replace("''", "'")
        if _ADD_IN.fullmatch(sheet) and self.now.kind == "word":
            function = FUNCTIONS.get(self.now.text.upper())
            if function and function.added and self.tokens[self.place + 1].text == "(":
                return self.call(self.take())
        if not self.everywhere and ("[" in sheet or ":" in sheet):
            raise self.unknown("[" if "[" in sheet else "!", token)
        if self.now.kind == "error":
            return self.error()
        if self.now.kind == "word" and (cell := _cell(self.now.text, sheet)):
            self.take()
            return self.range_from(cell)
        if lines := self.lines(_COLUMN, sheet) or self.lines(_ROW, sheet):
            return lines
        if self.everywhere and self.now.kind == "word" and _NAME.fullmatch(self.now.text):
            name = self.take()
            if self.now.text not in ("(", ":", "!"):
                return Ref(f"{sheet}!{name.text}")
        raise self.refusal("工作表级名称", "names that belong to one sheet", token)

    def range_from(self, cell: Cell) -> Expr:
        if self.now.text != ":":
            return cell
        colon = self.take()
        if self.now.kind == "sheet" and self.now.text == self.tokens[self.place - 3].text:
            self.take()  # Sheet1!A1:Sheet1!B2
        last = _cell(self.now.text, None) if self.now.kind == "word" else None
        if last is None and self.everywhere:
            self.place -= 1
            return cell
        if last is None:
            raise self.unknown(":", colon)
        self.take()
        top, bottom = sorted(((cell.row, cell.row_fixed), (last.row, last.row_fixed)))
        left, right = sorted(((cell.column, cell.column_fixed), (last.column, last.column_fixed)))
        return Range(
            Cell(top[0], left[0], cell.sheet, top[1], left[1]),
            Cell(bottom[0], right[0], None, bottom[1], right[1]),
        )

    def lines(self, pattern: re.Pattern[str], sheet: str | None) -> Expr | None:
        """Whole columns (A:C) or rows (1:3), which begin here."""
        first, colon, last = (*self.tokens[self.place :], *[self.tokens[-1]] * 2)[:3]
        one, other = pattern.fullmatch(first.text), pattern.fullmatch(last.text)
        if colon.text != ":" or not one or not other:
            return None
        columns = pattern is _COLUMN
        low, high = sorted(
            (_column(found[2]) if columns else int(found[2]), bool(found[1]))
            for found in (one, other)
        )
        if high[0] > (_LAST_COLUMN if columns else _LAST_ROW):
            return None
        self.place += 3
        if columns:
            return Range(
                Cell(1, low[0], sheet, True, low[1]), Cell(_LAST_ROW, high[0], None, True, high[1])
            )
        return Range(
            Cell(low[0], 1, sheet, low[1], True), Cell(high[0], _LAST_COLUMN, None, high[1], True)
        )

    def call(self, token: _Token) -> Expr:
        self.take()
        name = _FUTURE.sub("", token.text.upper())
        if name in ("TRUE", "FALSE") and self.now.text == ")":
            self.take()
            return Const(name == "TRUE")
        function = FUNCTIONS.get(name.removeprefix("_XLL."))
        if (
            function is None
            or not (function.added or function.name == name)
            or (function.placed and not self.placed)
            or (function.array and not self.everywhere)
        ):
            raise self.refusal(f"函数 {name}", f"the function {name}", token)
        args: list[Expr] = []
        while True:
            left_out = self.now.text in (",", ")")
            args.append(Const(None) if left_out else self.argument(function, len(args)))
            if self.now.text != ",":
                break
            self.take()
        self.expect(")")
        if args == [Const(None)]:
            args = []
        if not function.least <= len(args) <= function.most:
            raise self.refusal(f"函数 {name} 的参数个数", f"so many arguments of {name}", token)
        return Call(function.name, tuple(args))

    # ------------------------------------------------------------------------------ tokens

    @property
    def now(self) -> _Token:
        return self.tokens[self.place]

    def take(self) -> _Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, text: str) -> None:
        if self.now.text != text or self.now.kind != "op":
            raise self.unexpected()
        self.take()

    def unexpected(self) -> _Refusal:
        token = self.now
        if token.kind == "end":
            return self.refusal("公式不完整", "the formula is not complete", token)
        if token.spaced and token.kind in ("word", "sheet"):
            return self.refusal("区域的交集", "intersections of ranges", token)
        return self.unknown(token.text, token)

    def unknown(self, kind: str, token: _Token) -> _Refusal:
        zh, en = _REASONS.get(kind, (f"此处的“{token.text}”", f"“{token.text}” here"))
        return self.refusal(zh, en, token)

    def refusal(self, zh: str, en: str, token: _Token) -> _Refusal:
        return _Refusal(Unsupported(Message(zh, en), Span(token.start, token.end)))


def _cell(text: str, sheet: str | None) -> Cell | None:
    found = _CELL.fullmatch(text)
    if not found:
        return None
    column, row = _column(found[2]), int(found[4])
    if row > _LAST_ROW or column > _LAST_COLUMN:
        return None
    return Cell(row, column, sheet, bool(found[3]), bool(found[1]))


def _column(letters: str) -> int:
    column = 0
    for letter in letters.upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def _height(expr: Expr) -> int:
    tallest = 0
    waiting = [(expr, 1)]
    while waiting:
        node, height = waiting.pop()
        tallest = max(tallest, height)
        match node:
            case Unary(_, operand):
                waiting.append((operand, height + 1))
            case Binary(_, left, right):
                waiting += [(left, height + 1), (right, height + 1)]
            case Call(_, args):
                waiting += [(arg, height + 1) for arg in args]
    return tallest
