"""What may be written into a cell: values as the bytes of a `<c>` element, or a reason why not.

Excel repairs what it cannot read, drops digits after the fifteenth without a word, and runs text
that begins with `=` when a writer is careless. Here text is always text, and what does not fit is
an error that names the cell. This is the hot path of filling: one pattern test, then formatting.
"""

import datetime
import re
from decimal import Context, Decimal

from xlperf.diagnostic import Diagnostic, Message, WorkbookError

MAX_TEXT = 32767
"""UTF-16 units that a cell holds."""

MAX_FORMULA = 8192
MAX_DIGITS = 15
MAX_SHEET_NAME = 31

_LARGEST, _SMALLEST = Decimal("9.99999999999999E+307"), Decimal("2.2251E-308")
_LARGEST_FLOAT, _SMALLEST_FLOAT = float(_LARGEST), float(_SMALLEST)
_EXACT = Context(prec=MAX_DIGITS)

# What XML cannot hold, or what Excel would read as an escape for it.
_UNWRITABLE = "\\x00-\\x08\\x0b-\\x1f\\ud800-\\udfff\\ufffe\\uffff"
_SPECIAL = re.compile(f"[&<>_{_UNWRITABLE}]")
_UNUSUAL = re.compile(f"[&<>_\\s{_UNWRITABLE}]")
_ESCAPED = re.compile(f"[{_UNWRITABLE}]|_(?=x[0-9A-Fa-f]{{4}}(?:_|[{_UNWRITABLE}]))")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


Cached = Decimal | float | str | bool | None
"""What a formula came to; None where that is not known."""


class CellValueError(WorkbookError):
    """A value that no cell can hold; the diagnostic names the cell and the limit."""


def escape(text: str) -> str:
    """Text as it stands in XML, with Excel's `_xHHHH_` for what XML cannot hold."""
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    if not _SPECIAL.search(text):
        return text
    return escape_controls(text).translate(_MARKUP)


def escape_controls(text: str) -> str:
    """Text with Excel's `_xHHHH_` for what XML cannot hold, before it becomes XML."""
    return _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def unescape(text: str) -> str:
    """The text that was escaped with `_xHHHH_`, after XML has been parsed."""
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


class CellWriter:
    """Writes the element of one cell: blank, or with a text, a number or a formula in it."""

    __slots__ = ("_number", "_start", "_text", "blank", "reference")

    def __init__(self, reference: str, style: int) -> None:
        self.reference = reference
        named = f' s="{style}"' if style else ""  # a workbook need not have any style
        self._start = start = f'<c r="{reference}"{named}'
        self.blank = f"{start}/>".encode()
        self._text = f'{start} t="inlineStr"><is><t>'.encode()
        self._number = f"{start}><v>".encode()

    def text(self, text: str) -> bytes:
        """Text as an inline string, never a formula; a blank cell for "".

        Raises CellValueError when the text is longer than a cell can hold.
        """
        if len(text) <= MAX_TEXT // 2 and not _UNUSUAL.search(text):  # as most are
            return self._text + text.encode() + b"</t></is></c>" if text else self.blank
        _check_length(self.reference, text)
        shown = escape(text)
        opening = self._text
        if space := _space(shown):
            opening = opening.removesuffix(b">") + space.encode() + b">"
        return opening + shown.encode() + b"</t></is></c>"

    def number(self, number: Decimal | float) -> bytes:
        """A number, written with the digits it has.

        Raises CellValueError when it is not finite, beyond Excel's range, or a Decimal with more
        than 15 significant digits.
        """
        return self._number + number_text(self.reference, number).encode() + b"</v></c>"

    def formula(self, formula: str, cached: Cached, *, error: bool = False) -> bytes:
        """A formula (without `=`) with the value it came to; None leaves the value to be computed.

        With `error` the cached text is an error value such as `#DIV/0!`. Raises CellValueError when
        the formula or its value does not fit.
        """
        if len(formula) > MAX_FORMULA:
            raise _refused(
                self.reference,
                "F115",
                Message(
                    f"公式有 {len(formula)} 个字符，超过上限 {MAX_FORMULA} 个",
                    f"the formula has {len(formula)} characters, more than {MAX_FORMULA}",
                ),
            )
        kind, value = cached_value(self.reference, cached, error=error)
        shown = escape(formula)
        return f"{self._start}{kind}><f{_space(shown)}>{shown}</f>{value}</c>".encode()


def cached_value(ref: str, cached: Cached, *, error: bool = False) -> tuple[str, str]:
    """The `t` attribute (with a blank before it) and the `<v>` element of a formula's value."""
    if cached is None:
        return "", ""
    if isinstance(cached, bool):
        return ' t="b"', f"<v>{cached:d}</v>"
    if isinstance(cached, str):
        _check_length(ref, cached)
        shown = escape(cached)
        return f' t="{"e" if error else "str"}"', f"<v{_space(shown)}>{shown}</v>"
    return "", f"<v>{number_text(ref, cached)}</v>"


def date_serial(day: datetime.date) -> int:
    """The number of a day in the 1900 system (with its 29 February 1900); ValueError before it."""
    serial = (day - datetime.date(1899, 12, 31)).days
    if serial < 1:
        raise ValueError(day)
    return serial + (serial > 59)


def sheet_name_problem(name: str) -> Message | None:
    """Why Excel refuses this sheet name, or None when it takes it."""
    if not name:
        return Message("工作表名称不能为空", "a sheet name must not be empty")
    if (length := _units(name)) > MAX_SHEET_NAME:
        return Message(
            f"工作表名称“{name}”有 {length} 个字符，超过上限 {MAX_SHEET_NAME} 个",
            f"the sheet name “{name}” has {length} characters, more than {MAX_SHEET_NAME}",
        )
    if found := re.search(rf"[\[\]:*?/\\{_UNWRITABLE}\t\n]", name):
        sign = found[0] if found[0].isprintable() else f"U+{ord(found[0]):04X}"
        return Message(f"工作表名称不能含有“{sign}”", f"a sheet name must not contain “{sign}”")
    if name[0] == "'" or name[-1] == "'":
        return Message(
            "工作表名称不能以单引号开头或结尾",
            "a sheet name must not begin or end with an apostrophe",
        )
    if name.casefold() == "history":
        return Message(
            "“History”是 Excel 的保留名称，不能用作工作表名称",
            "“History” is reserved by Excel and cannot be a sheet name",
        )
    return None


def _space(shown: str) -> str:
    """The attribute that keeps blanks at the ends, and lines."""
    return ' xml:space="preserve"' if shown != shown.strip() or "\n" in shown else ""


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _check_length(ref: str, text: str) -> None:
    if len(text) > MAX_TEXT // 2 and (length := _units(text)) > MAX_TEXT:
        raise _refused(
            ref,
            "F111",
            Message(
                f"文本有 {length} 个字符，超过单元格上限 {MAX_TEXT} 个",
                f"the text has {length} characters, more than the {MAX_TEXT} that a cell holds",
            ),
            Message("请缩短文本或分填到几个单元格", "shorten it or divide it among cells"),
        )


def number_text(ref: str, number: Decimal | float) -> str:
    """The digits of a number. Raises CellValueError as `CellWriter.number` does."""
    if isinstance(number, float):
        if not number:
            return "0"
        if not _SMALLEST_FLOAT <= abs(number) <= _LARGEST_FLOAT:  # nor is NaN
            raise _no_number(ref, number)
        text = repr(number)
        return text.upper() if "e" in text else text.removesuffix(".0")
    number = Decimal(number)
    if not number.is_finite():
        raise _no_number(ref, number)
    if not number:
        return "0"
    if not _SMALLEST <= abs(number) <= _LARGEST:
        raise _no_number(ref, number)
    digits = number.as_tuple().digits
    if len(digits) > MAX_DIGITS:
        significant = len("".join(map(str, digits)).strip("0"))
        if significant > MAX_DIGITS:
            raise _refused(
                ref,
                "F113",
                Message(
                    f"{number} 有 {significant} 位有效数字，Excel 只保存 {MAX_DIGITS} 位",
                    f"{number} has {significant} significant digits, Excel keeps {MAX_DIGITS}",
                ),
                Message("请按文本填写，或减少位数", "write it as text, or with fewer digits"),
            )
    if not -20 < number.adjusted() < 20:
        return f"{number.normalize(_EXACT):E}"
    text = format(number, "f")
    return text.rstrip("0").removesuffix(".") if "." in text else text


def _no_number(ref: str, number: Decimal | float) -> CellValueError:
    return _refused(
        ref,
        "F112",
        Message(f"{number} 不是 Excel 能保存的数字", f"{number} is no number that Excel can keep"),
    )


def before_calendar(ref: str, day: str, *, date1904: bool) -> CellValueError:
    """The error for a day that the workbook's date system does not have."""
    first = "1904" if date1904 else "1900"
    return _refused(
        ref,
        "F114",
        Message(f"日期 {day} 早于 {first} 年", f"the date {day} is before {first}"),
        Message("请改为文本填写", "write it as text"),
    )


def _refused(ref: str, code: str, message: Message, fix: Message | None = None) -> CellValueError:
    return CellValueError(Diagnostic(code, message, fix=fix).at(cell=ref))
