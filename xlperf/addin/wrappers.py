"""The VBA that makes the worksheet functions known to Excel, written from their registry.

A function of Excel must be a VBA function, so each gets one that hands its arguments to Python
(`XlperfCall`); nobody has to press a button that imports them. VBA source is ASCII here, hence
Chinese stands in it as the hexadecimal digits of its characters.
"""

from collections.abc import Iterable, Iterator

from xlperf.diagnostic import Message
from xlperf.scoring.functions import WORKSHEET_FUNCTIONS, WorksheetFunction

MODULE = "XlperfFunctions"
FIRST_ROW = 5
"""The row of the add-in's sheet where the list of functions begins."""

_LONGEST_LITERAL = 80
_LONGEST_HELP = 255  # Excel cuts what is longer
_NO_PYTHON = Message(
    "无法启动 Python，本次操作没有执行。请在命令提示符中运行 xlperf addin doctor，"
    "按提示处理后重启 Excel。",
    "Python could not be started; nothing was done. Run xlperf addin doctor in a command prompt, "
    "do what it says, and restart Excel.",
)
_BOTH = f"{_NO_PYTHON.zh}\r\n\r\n{_NO_PYTHON.en}"
"""Without Python nobody knows the language of the settings."""


def functions_module() -> str:
    """The module `XlperfFunctions`: wrappers, their help, and the one message VBA says itself."""
    functions = WORKSHEET_FUNCTIONS.values()
    lines = [
        f'Attribute VB_Name = "{MODULE}"',
        "Option Explicit",
        "",
        "' Written from the registry of worksheet functions when the add-in is built.",
        "",
    ]
    for function in functions:
        lines += [*_wrapper(function), ""]
    lines.append("Public Sub XlperfDescribeAll()")
    for row, function in enumerate(functions, FIRST_ROW):
        lines += _description(row, function)
    lines += ["End Sub", "", "Public Function XlperfNoPython() As String"]
    lines += [*_statement("XlperfNoPython = XlperfText(", _BOTH, ")"), "End Function", ""]
    return "\n".join(lines)


def _wrapper(function: WorksheetFunction) -> Iterator[str]:
    names = [argument.name for argument in function.arguments]
    taken = [f"Optional {a.name}" if a.optional else a.name for a in function.arguments]
    yield f"Public Function {function.name}({', '.join(taken)})"
    yield f'    {function.name} = XlperfCall("{function.name}", Array({", ".join(names)}))'
    yield "End Function"


def _description(row: int, function: WorksheetFunction) -> Iterator[str]:
    arguments = "|".join(_coded(argument.help.zh) for argument in function.arguments)
    yield f'    XlperfDescribe {row}, "{function.name}", _'
    yield from _broken(_coded(function.help.zh), ", _")
    yield from _broken(arguments, "")


def _statement(before: str, text: str, after: str) -> Iterator[str]:
    yield f"    {before} _"
    yield from _broken(_coded(text), after)


def _broken(literal: str, after: str) -> Iterable[str]:
    """A string literal over as many lines as it needs, as VBA's lines are short."""
    pieces = [
        literal[at : at + _LONGEST_LITERAL] for at in range(0, len(literal), _LONGEST_LITERAL)
    ]
    lines = [f'        "{piece}" & _' for piece in pieces]
    return [*lines[:-1], lines[-1].removesuffix(" & _") + after]


def _coded(text: str) -> str:
    """Four hexadecimal digits for each UTF-16 unit, which is what VBA calls a character."""
    return text[:_LONGEST_HELP].encode("utf-16-be").hex().upper()
