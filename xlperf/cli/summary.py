"""`xlperf summary`: a department's forms in one table."""

import sys
from pathlib import Path

import click

from xlperf import review
from xlperf.cli.output import expect_file
from xlperf.cli.telling import PATH, input_errors, say
from xlperf.diagnostic import Lang, Message
from xlperf.ooxml.files import make_folder, write_file
from xlperf.scoring import Policy
from xlperf.summary import lines, summarise, summary_workbook


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", type=PATH, help="Write the summary as an .xlsx.")
@click.option("--policy", type=PATH, help="Policy that names the grades.")
@click.pass_obj
def summary(lang: Lang, paths: tuple[Path, ...], out: Path | None, policy: Path | None) -> None:
    """Sum up the forms in PATHS: money, scores, grades, and the indicators that fell short.

    Example:

        xlperf summary 自评表/ -o 汇总表.xlsx
    """
    if out is not None:
        expect_file(out, [".xlsx"], Message("汇总表工作簿", "the summary as a workbook"))
    with input_errors(lang):
        settings = review.settings_for(paths[0], {"policy": policy})
        found = summarise(paths, Policy.load(settings.policy), settings.limits)
        say(found.problems, lang)
        if not found.forms:
            sys.exit(2)
        click.echo("\n".join(lines(found, lang)))
        if out is not None:
            make_folder(out.parent)
            write_file(out, summary_workbook(found))
        sys.exit(1 if found.problems else 0)
