"""The command line: parse arguments, call one library function, render, exit.

Exit code 0 is clean, 1 means that something was found or left undone, 2 that it could not run,
130 that it was interrupted. A command's module is imported when it is called for.
"""

import click

from xlperf import __version__
from xlperf.cli.usage import Commands
from xlperf.diagnostic import Lang

_HOMES = {
    "demo": "fill.demo",
    "fill": "fill.fill",
    "read": "read.read",
    "summary": "summary.summary",
    "score": "score.score",
    "check": "check.check",
    "explain": "explain.explain",
    "recalc": "recalc.recalculate",
    "template": "template.template_group",
    "addin": "addin.addin_group",
    "serve": "serve.serve",
}
"""Where each command is."""


@click.group(cls=Commands, homes=_HOMES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="xlperf", message="%(prog)s %(version)s")
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    help="Language of the messages: zh, unless told.",
)
@click.pass_context
def cli(context: click.Context, lang: Lang | None) -> None:
    """Fill, read, score and check the official Excel forms of public budget performance.

    Example:

        xlperf demo -o out/
    """
    context.obj = lang or "zh"
    context.default_map = {"check": {"lang": lang}}
