"""What goes wrong before a command runs: misuse of the command line, and Ctrl-C.

click says it in English; the messages of xlperf are in Chinese unless --lang en asks otherwise.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from typing import IO, Any

import click

from xlperf.diagnostic import Lang, Message

_INTERRUPTED = Message("已中断", "interrupted")
_EXIT_INTERRUPTED = 130
_WORDED = (
    (re.compile(r"Got unexpected extra arguments? \((.*)\)"), "多余的参数：{}"),
    (re.compile(r"No such command '(.*?)'.*", re.DOTALL), "没有命令“{}”"),
    (re.compile(r"Option '(.*)' does not take a value\."), "选项 {} 不带值"),
    (re.compile(r"Option '(.*)' requires (?:an|\d+) arguments?\."), "选项 {} 缺少值"),
)
"""Faults that click tells apart by their wording only, and how they are said in Chinese."""


class Misuse(click.UsageError):
    """Options that do not go together."""

    def __init__(self, said: Message) -> None:
        super().__init__(said.en)
        self.said = said


class Commands(click.Group):
    """The group of all commands, which answers misuse and interruption in the right language.

    `homes` has the module and the function of each command, imported when it is asked for.
    """

    def __init__(self, *args: Any, homes: Mapping[str, str], **extra: Any) -> None:
        super().__init__(*args, **extra)
        self._homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._homes:
            return None
        module, _, function = self._homes[cmd_name].partition(".")
        command: click.Command = getattr(import_module(f"xlperf.cli.{module}"), function)
        return command

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        lang = _asked(args)
        try:
            context = super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise _told(error, lang) from error
        context.meta[__name__] = lang
        return context

    def invoke(self, ctx: click.Context) -> Any:
        lang: Lang = ctx.meta[__name__]
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _told(error, lang) from error
        except KeyboardInterrupt:
            click.echo(_INTERRUPTED.text(lang), err=True)
            sys.exit(_EXIT_INTERRUPTED)


def _asked(args: Sequence[str]) -> Lang:
    """The language asked for, though the arguments may be at fault."""
    english = "--lang=en" in args or ("--lang", "en") in pairwise(args)
    return "en" if english else "zh"


def _told(error: click.UsageError, lang: Lang) -> click.UsageError:
    if lang == "en" or isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    return _Chinese(error)


class _Chinese(click.UsageError):
    def __init__(self, error: click.UsageError) -> None:
        super().__init__(_in_chinese(error), error.ctx)

    def show(self, file: IO[Any] | None = None) -> None:
        lines = [f"错误：{self.message}"]
        if self.ctx is not None:
            path = self.ctx.command_path
            pieces = " ".join(self.ctx.command.collect_usage_pieces(self.ctx))
            lines = [f"用法：{path} {pieces}", f"说明见：{path} --help", "", *lines]
        click.echo("\n".join(lines), file=file, err=file is None)


def _in_chinese(error: click.UsageError) -> str:
    match error:
        case Misuse(said=said):
            return said.zh
        case click.MissingParameter(param=param):
            return f"缺少{_named(param)}".rstrip()
        case click.NoSuchOption(option_name=name, possibilities=near):
            hint = f"。是否应为 {'、'.join(near)}？" if near else ""
            return f"没有选项 {name}{hint}"
        case click.BadParameter(param=param):
            return f"{_named(param)}的值不可用{_allowed(param)}"
    for worded, chinese in _WORDED:
        if match := worded.fullmatch(error.format_message()):
            return chinese.format(match[1])
    return error.format_message()


def _named(param: click.Parameter | None) -> str:
    if isinstance(param, click.Option):
        return f"选项 {' / '.join(param.opts)} "
    return f"参数 {param.human_readable_name} " if param else "参数"


def _allowed(param: click.Parameter | None) -> str:
    match param and param.type:
        case click.Choice(choices=choices):
            return f"，可用的值：{'、'.join(map(str, choices))}"
        case click.IntRange(min=least):
            return f"，应为不小于 {least} 的整数"
    return ""
