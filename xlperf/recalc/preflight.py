"""What stands in the formulas of a workbook that an engine may not be able to calculate.

Formula text is scanned, not parsed: a scan also understands what no engine here parses.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from xlperf.diagnostic import Message
from xlperf.ooxml.workbook import DefinedName
from xlperf.recalc.book import Book
from xlperf.recalc.engine import Reason
from xlperf.recalc.known import OF_DAYS, plainly

VOLATILE = frozenset(("NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY"))
"""Functions whose value is another one each time: there is nothing to compare it with."""

SURROUNDINGS = frozenset(("CELL", "INFO", "FORMULATEXT", "RTD", "WEBSERVICE"))
"""Functions that ask for the program, the file or the network around the formula."""

_LONGEST = 1 << 14
"""Excel takes 8,192 characters, to which files add prefixes. Of longer ones, engines take long."""

_QUOTED = re.compile(r"\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'!")
_TEXT = re.compile(r"\"(?:[^\"]|\"\")*\"")
_FUNCTION = re.compile(r"(?<![\w.\]!])((?:[^\W\d]|\\)[\w.]*)\(")
_FOREIGN = re.compile(r"\[\d+\]|\[[^\[\]]*\.xl\w+\]|'[^']*\[[^\]]+\][^']*'!|\|'?[^!]*'?!")
_STRUCTURED = re.compile(r"[\w.]\[|\[[@#\[]|^\[")
_ACROSS = re.compile(r"(?:[\w.]+:[\w.]+|'[^'\[\]]+:[^'\[\]]+')!")
_CELL = re.compile(r"[A-Za-z]{1,3}[0-9]{1,7}")
_COLUMNS = re.compile(r"(?<![\w.])\$?[A-Za-z]{1,3}:\$?[A-Za-z]{1,3}(?![\w.(])")
_WORD = re.compile(r"[\w.\\?]+")
_PREFIX = re.compile(r"^(?:_xlfn\.|_xlws\.)+", re.IGNORECASE)
_UNSUPPORTED_CALL = re.compile(r"(?:\[0\]|'[^']*'|[\w.]+)!\s*[\w.]+\(|_xll\.", re.IGNORECASE)


@lru_cache(maxsize=8192)
def functions(formula: str) -> frozenset[str]:
    """The functions that a formula calls, in capitals and without the prefix of newer ones."""
    plain = _QUOTED.sub(_blanked, plainly(formula))
    return frozenset(_PREFIX.sub("", name).upper() for name in _FUNCTION.findall(plain))


def _blanked(found: re.Match[str]) -> str:
    return '""' if found[0].startswith('"') else "s!"


def nobody_can(book: Book, *, remembered: bool = False) -> Iterator[Reason]:
    """What every engine here has to refuse.

    `remembered` is for an engine that takes from the file what it remembers of other workbooks.
    """
    if book.settings.get("fullPrecision") in ("0", "false"):
        yield Reason(
            Message("“以显示精度为准”的计算", "calculation with the precision as displayed")
        )
    if any(sheet and sheet.as_lotus for sheet in book.sheets):
        yield Reason(_BY_LOTUS)
    for key, formula in book.formulas.items():
        if len(formula.text) > _LONGEST:
            yield Reason(Message("公式过长", "formulas that are too long"), key, True)
        elif formula.kind not in ("", "array"):
            yield Reason(Message("模拟运算表", "data tables"), key)
        elif found := _nobody_can(formula.text, remembered):
            yield Reason(found, key)
    for name in _names_in_use(book):
        if found := _nobody_can(name.text, remembered):
            zh, en = f"名称“{name.name}”：", f"the name “{name.name}”: "
            yield Reason(Message(zh + found.zh, en + found.en))


def beyond_1900(book: Book) -> Iterator[Reason]:
    """What engines refuse that know the 1900 date system only, with what every engine refuses."""
    yield from nobody_can(book)
    if book.date1904 and book.formulas:
        yield Reason(_DAYS_OF_1904)


def days_of_1904(book: Book) -> Iterator[Reason]:
    """Formulas whose values depend on the date system, of a workbook that counts from 1904."""
    if book.date1904:
        for key, formula in book.formulas.items():
            if _makes_days(formula.text):
                yield Reason(_DAYS_OF_1904, key)
        for name in _names_in_use(book):
            if _makes_days(name.text):
                yield Reason(_DAYS_OF_1904)


_BY_LOTUS = Message("按 Lotus 1-2-3 规则的计算", "calculation by the rules of Lotus 1-2-3")
_DAYS_OF_1904 = Message("1904 日期系统", "the 1904 date system")
_NUMERIC_FORMAT = re.compile(r'"[-0#,.%;()+ $¥]*"')


def _makes_days(formula: str) -> bool:
    """Whether a formula may make a number of a day or the other way round."""
    formats = [found[1:] for _, found in arguments(formula, ("TEXT",))]
    return bool(functions(formula) & OF_DAYS) or not all(
        len(found) == 1 and _NUMERIC_FORMAT.fullmatch(found[0]) for found in formats
    )


def _nobody_can(formula: str, remembered: bool) -> Message | None:
    formula = plainly(formula)
    used = functions(formula)
    if found := used & VOLATILE:
        return named("易失函数", "the volatile function", found)
    if found := used & SURROUNDINGS:
        return named("取决于运行环境的函数", "a function of the surroundings:", found)
    plain = without_texts(formula)
    if _UNSUPPORTED_CALL.search(plain):
        return Message("宏或加载项中的函数", "functions of macros or add-ins")
    if not remembered and _FOREIGN.search(plain):
        return Message("引用其他工作簿", "references to other workbooks")
    return None


def without_texts(formula: str) -> str:
    return _TEXT.sub('""', formula)


def _names_in_use(book: Book) -> Iterator[DefinedName]:
    """The names that formulas mention, and those that such names mention in their turn."""
    defined: dict[str, list[DefinedName]] = {}
    for name in book.workbook.names:
        defined.setdefault(name.name.casefold(), []).append(name)
    if not defined:
        return
    waiting = [formula.text for formula in book.formulas.values()]
    for text in waiting:  # which grows on the way
        for word in _WORD.findall(without_texts(text)):
            for name in defined.pop(word.casefold(), ()):
                yield name
                waiting.append(name.text)


def structured(formula: str) -> Message | None:
    """Why a formula with tables or several sheets in one reference is refused, if it has any."""
    formula = plainly(formula)
    plain = _QUOTED.sub(lambda found: found[0] if found[0].endswith("!") else '""', formula)
    if _STRUCTURED.search(plain):
        return Message("表的结构化引用", "structured references to tables")
    if _ACROSS.search(plain):
        return Message("跨多个工作表的引用", "references across several sheets")
    return None


def unknown(formula: str, known: Collection[str]) -> Message | None:
    """The functions of a formula that are not among the known ones."""
    if found := functions(formula) - frozenset(known):
        return named("函数", "the function", found)
    return None


def arguments(formula: str, names: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """The calls of these functions in a formula, each with the texts of its arguments."""
    plain = _QUOTED.sub(lambda found: "_" * len(found[0]), formula)
    for call in _FUNCTION.finditer(plain):
        if (name := _PREFIX.sub("", call[1]).upper()) not in names:
            continue
        depth, start, found = 1, call.end(), []
        for place in range(start, len(plain)):
            sign = plain[place]
            depth += (sign in "({") - (sign in ")}")
            if depth == 0 or (depth == 1 and sign == ","):
                found.append(formula[start:place].strip())
                start = place + 1
            if depth == 0:
                break
        yield name, found


_EXACT = {"VLOOKUP": 4, "HLOOKUP": 4, "MATCH": 3}


def nearest(formula: str) -> Message | None:
    """Searches that settle for the nearest entry: in ranges out of order engines differ."""
    for name, found in arguments(formula, _EXACT):
        if len(found) != _EXACT[name] or found[-1].upper() not in ("", "0", "FALSE", "FALSE()"):
            return Message(f"近似匹配的 {name}", f"{name} of the nearest entry")
    return None


def named(zh: str, en: str, words: Collection[str]) -> Message:
    shown = ", ".join(sorted(words))
    return Message(f"{zh} {shown}", f"{en} {shown}")


def lost_names(book: Book) -> Iterator[Reason]:
    """Names in formulas that the workbook does not define: an IFERROR would hide their error."""
    defined = {name.name.casefold() for name in book.workbook.names}
    tables = {table.casefold() for table in book.tables}
    for key, formula in book.formulas.items():
        for name in words(formula.text):
            if name.casefold() not in defined and name.casefold() not in tables:
                zh, en = f"名称“{name}”没有定义", f"the name “{name}” is not defined"
                yield Reason(Message(zh, en), key)


@lru_cache(maxsize=8192)
def words(formula: str) -> frozenset[str]:
    """What stands in a formula as a name: no cell, no function, no number, no truth."""
    plain = _QUOTED.sub(_blanked, formula)
    plain = _COLUMNS.sub("", plain)
    plain = re.sub(r"\[(?:[^\[\]']|'.|\[(?:[^\[\]']|'.)*\])*\]", "", plain)
    return frozenset(
        word
        for word in re.findall(r"(?<![\w.$!#?])(?:[^\W\d]|\\)[\w.\\?]*(?![\w.(!?$:])", plain)
        if word.upper() not in ("TRUE", "FALSE") and not _CELL.fullmatch(word)
    )
