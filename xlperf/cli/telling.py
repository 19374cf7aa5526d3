"""How every command tells what it found, and ends where its input cannot be used."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from xlperf.diagnostic import SEVERITY_NAMES, Diagnostic, InputError, Lang

PATH = click.Path(path_type=Path)


def say(diagnostics: Iterable[Diagnostic], lang: Lang) -> None:
    for found in diagnostics:
        label = SEVERITY_NAMES[found.severity].text(lang)
        click.echo(f"{label} {found.code} {found.text(lang)}", err=True)


@contextmanager
def input_errors(lang: Lang) -> Iterator[None]:
    """Input that cannot be used ends the command with exit code 2 and what is wrong with it."""
    try:
        yield
    except InputError as error:
        say(error.diagnostics, lang)
        sys.exit(2)
