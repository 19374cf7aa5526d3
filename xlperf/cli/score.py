"""`xlperf score`: scores into filled self-evaluations."""

import sys
from pathlib import Path
from typing import Any, get_args

import click

from xlperf import review
from xlperf.bulk import FormulaStyle, score_workbooks
from xlperf.cli.telling import PATH, input_errors, say
from xlperf.diagnostic import Lang
from xlperf.scoring import Policy


@click.command()
@click.argument("workbooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--policy", type=PATH, help="Name of a shipped policy, or a policy file.")
@click.option(
    "--formulas",
    type=click.Choice(get_args(FormulaStyle)),
    default="native",
    show_default=True,
    help="Score cells hold Excel formulas, calls of XP_SCORE, or values.",
)
@click.pass_obj
def score(lang: Lang, workbooks: tuple[Path, ...], policy: Path | None, formulas: Any) -> None:
    """Write scores and totals into the self-evaluations in WORKBOOKS, and say why they are so.

    WORKBOOKS are files or folders; each is changed in place, and only in its score cells. Exits 1
    where a row is left for a person to score, or a file could not be scored.

    Example:

        xlperf score 自评表/ --policy linear
    """
    with input_errors(lang):
        settings = review.settings_for(workbooks[0], {"policy": policy})
        scoring = score_workbooks(
            workbooks, Policy.load(settings.policy), formulas, settings.limits
        )
        for form in scoring.forms:
            click.echo("\n".join(form.lines(lang)))
        say(scoring.problems, lang)
        if not scoring.forms:
            sys.exit(2)
        complete = all(form.complete for form in scoring.forms)
        sys.exit(0 if complete and not scoring.problems else 1)
