"""`xlperf serve`: the options of the service."""

import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from xlperf import review
from xlperf.diagnostic import Diagnostic, InputError, Lang, Message

_NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
_MEBIBYTE = 1 << 20


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1), help="Processes for jobs: one for each CPU.")
@click.option("--token", envvar="XLPERF_TOKEN", help="Bearer token, better in XLPERF_TOKEN.")
@click.option(
    "--templates",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of templates that are offered beside the shipped ones.",
)
@click.option("--upload", type=click.IntRange(1), default=100, show_default=True, help="MiB.")
@click.option("--timeout", type=click.IntRange(1), default=60, show_default=True, help="Seconds.")
@click.option(
    "--memory", type=click.IntRange(768), default=2048, show_default=True, help="MiB for a job."
)
@click.option(
    "--queue", type=click.IntRange(0), default=100, show_default=True, help="Requests that wait."
)
@click.pass_obj
def serve(lang: Lang, /, **options: Any) -> None:
    """Recalculate, check, score, fill and read workbooks over HTTP.

    Limits of a workbook and settings of a review come from the nearest xlperf.toml, from the
    working directory upward. Beyond 127.0.0.1 a token is needed; one is made and printed where none
    is given. Ends on SIGTERM or Ctrl-C, after the requests under way are answered.

    Example:

        xlperf serve --host 0.0.0.0 --workers 4
    """
    try:
        _serve(options, lambda said: click.echo(said.text(lang)))
    except InputError as error:
        click.echo(error.text(lang), err=True)
        sys.exit(2)


def _serve(options: dict[str, Any], say: Callable[[Message], None]) -> None:
    if not all(map(importlib.util.find_spec, _NEEDED)):
        raise InputError(_not_installed())
    from xlperf.server.run import serve as listen
    from xlperf.server.settings import Settings

    listen(
        Settings(
            host=options["host"],
            port=options["port"],
            workers=options["workers"] or os.cpu_count() or 1,
            token=options["token"] or None,
            templates=options["templates"],
            upload=options["upload"] * _MEBIBYTE,
            timeout=options["timeout"],
            memory=options["memory"] * _MEBIBYTE,
            queue=options["queue"],
            review=review.settings_for(Path.cwd(), {}),
        ),
        say,
    )


def _not_installed() -> Diagnostic:
    return Diagnostic(
        "H120",
        Message("服务所需的组件没有安装", "what the service needs is not installed"),
        fix=Message("请执行 pip install 'xlperf[server]'", "run: pip install 'xlperf[server]'"),
    )
