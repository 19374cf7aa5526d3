"""`xlperf explain`: a rule's page, or how a value is read."""

import json
import re
import sys
import unicodedata

import click

from xlperf import review
from xlperf.cli.telling import input_errors
from xlperf.diagnostic import Lang


@click.command(context_settings={"ignore_unknown_options": True})  # "-5%" is a value
@click.argument("what")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def explain(lang: Lang, what: str, style: str) -> None:
    """Explain WHAT: the code of a rule, or an indicator value; - reads values, one a line.

    Example:

        xlperf explain "≤350 元/天"
    """
    code = unicodedata.normalize("NFKC", what).strip().upper()
    if re.fullmatch("[A-Z][0-9]{2}", code):
        from xlperf.rules import RULES, choose
        from xlperf.rules.reference import as_dict, explain

        with input_errors(lang):
            choose([code])
        if style == "json":
            click.echo(json.dumps(as_dict(RULES[code]), ensure_ascii=False))
        else:
            click.echo(explain(RULES[code], lang))
        return
    for value in review.read_lines(sys.stdin.buffer) if what == "-" else [what]:
        reading = review.parse(value)
        if style == "json":
            click.echo(json.dumps(reading.as_dict(), ensure_ascii=False))
        else:
            click.echo(reading.source)
            for label, part in reading.lines(lang):
                click.echo(f"  {label}  {part}")
