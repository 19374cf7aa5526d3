"""`xlperf recalc`: formulas calculated anew, without Excel."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from xlperf import recalc, review
from xlperf.cli.output import expect_copies
from xlperf.cli.telling import PATH, input_errors, say
from xlperf.cli.usage import Misuse
from xlperf.diagnostic import Lang, Message
from xlperf.ooxml.files import find_workbooks


@click.command(name="recalc")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", type=PATH, help="Write here: a folder, or a file for one workbook.")
@click.option("--in-place", is_flag=True, help="Write the values into the workbooks themselves.")
@click.option("--engine", type=click.Choice(["auto", *recalc.ENGINES]), default="auto")
@click.option("--explain-engine", is_flag=True, help="Say which engine was used, and why.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--report", "style", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def recalculate(
    lang: Lang,
    paths: tuple[Path, ...],
    out: Path | None,
    in_place: bool,
    engine: Any,
    explain_engine: bool,
    jobs: int,
    style: str,
) -> None:
    """Calculate the formulas of workbooks anew, without Excel; nothing else in them changes.

    PATHS are workbooks and folders of them. Without -o and --in-place nothing is written. Exits 1
    when some cells could not be calculated; their workbooks are left as they are.

    Example:

        xlperf recalc 自评表/ --in-place --report json
    """
    if out is not None and in_place:
        raise Misuse(Message("-o 与 --in-place 不能同用", "-o and --in-place exclude each other"))
    with input_errors(lang):
        limits = review.settings_for(paths[0], {}).limits
        workbooks = find_workbooks(paths)
        if out is not None:
            expect_copies(out, workbooks)
        files = recalc.targets(workbooks, out, in_place=in_place)
        found = recalc.recalculate_files(files, engine, limits, jobs)
        outcomes = []
        for outcome in found:
            outcomes.append(outcome)
            if outcome.problem:
                say(outcome.problem.diagnostics, lang)
            elif style == "text":
                for line in recalc.lines(outcome, lang, explain=explain_engine):
                    click.echo(line)
        if style == "json":
            click.echo(json.dumps(recalc.as_json(outcomes, lang), ensure_ascii=False, indent=2))
        unusable = all(outcome.problem for outcome in outcomes)
        sys.exit(2 if unusable else 0 if all(outcome.engine for outcome in outcomes) else 1)
