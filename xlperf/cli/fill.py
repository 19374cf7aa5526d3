"""`xlperf fill` and `xlperf demo`: official workbooks out of two tables."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from xlperf import resources, review
from xlperf.bulk import (
    FormulaStyle,
    Options,
    Outcome,
    fill_book,
    fill_records,
    find_template,
    load,
    load_example,
)
from xlperf.cli.output import WORKBOOKS, expect_file_or_folder, expect_folder
from xlperf.cli.progress import progress_of
from xlperf.cli.telling import PATH, input_errors, say
from xlperf.diagnostic import Lang, Message, TableError
from xlperf.scoring import Policy

_Command = TypeVar("_Command", bound=Callable[..., Any])


def score_options(command: _Command) -> _Command:
    command = click.option(
        "--formulas",
        type=click.Choice(get_args(FormulaStyle)),
        default="native",
        show_default=True,
        help="Score cells hold Excel formulas, calls of XP_SCORE, or values.",
    )(command)
    return click.option(
        "--scores",
        type=click.Choice(["computed", "given"]),
        default="computed",
        show_default=True,
        help="Compute scores by the policy, or keep those in the data.",
    )(command)


@click.command()
@click.option("-o", "--out", type=PATH, default=Path("out"), show_default=True)
@score_options
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True)
@click.pass_obj
def demo(lang: Lang, out: Path, formulas: Any, scores: Any, jobs: int) -> None:
    """Fill the shipped templates with the example data of five published documents.

    Example:

        xlperf demo -o out/
    """
    expect_folder(out)
    with input_errors(lang):
        root = resources.examples_root()
        written = []
        for folder in resources.example_folders():
            target = out / folder.relative_to(root)
            template, records = load_example(folder)
            outcomes = fill_records(template, records, target, Options(formulas, scores), jobs)
            written += [_sum_up(outcomes, target, lang)]
        sys.exit(0 if all(written) else 1)


@click.command()
@click.argument("template")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=PATH, required=True, help="Folder, or file for one workbook.")
@click.option(
    "--layout",
    type=click.Choice(["workbooks", "sheets"]),
    default="workbooks",
    show_default=True,
    help="A workbook for each project, or one with a sheet for each.",
)
@score_options
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--policy", type=PATH, help="Policy file for the scores.")
@click.option("--strip-signature", is_flag=True, help="Remove a template's digital signature.")
@click.pass_obj
def fill(
    lang: Lang,
    template: str,
    data: Path,
    out: Path,
    layout: str,
    formulas: Any,
    scores: Any,
    jobs: int,
    policy: Path | None,
    strip_signature: bool,
) -> None:
    """Fill TEMPLATE with every project of DATA, one workbook each, or one for all.

    TEMPLATE is a workbook with xp. names or the name of a shipped template. DATA is a folder with
    projects.csv and indicators.csv, or an .xlsx with the sheets 项目 and 指标. Nothing is written
    when the tables have a fault.

    Example:

        xlperf fill guizhou_self_evaluation 数据/ -o 自评表/ --scores given
    """
    if layout == "sheets":
        expect_file_or_folder(out, WORKBOOKS, Message("一个工作簿", "one workbook"))
    else:
        expect_folder(
            out,
            Message(
                "要全部写进一个工作簿，请加 --layout sheets", "for one workbook add --layout sheets"
            ),
        )
    with input_errors(lang):
        settings = review.settings_for(data, {"policy": policy})
        form = find_template(template, limits=settings.limits, strip_signature=strip_signature)
        say(form.notices, lang)
        records = load(form, data)
        if records.faults:
            raise TableError(records.all_faults)
        say(records.notes, lang)
        with progress_of(len(records.projects), lang) as progress:
            options = Options(formulas, scores, Policy.load(settings.policy))
            if layout == "sheets":
                outcomes = fill_book(form, records, out, options, progress)
            else:
                outcomes = fill_records(form, records, out, options, jobs, progress)
        for outcome in outcomes:
            say(outcome.problems, lang)
        sys.exit(0 if _sum_up(outcomes, out, lang, layout) else 1)


def _sum_up(outcomes: Sequence[Outcome], out: Path, lang: Lang, layout: str = "workbooks") -> bool:
    """Say how many workbooks, or sheets of one, were written; whether all were."""
    written = sum(outcome.path is not None for outcome in outcomes)
    noticed = sum(len(outcome.problems) for outcome in outcomes)
    if layout == "sheets":
        book = next((outcome.path for outcome in outcomes if outcome.path), out)
        zh = f"{book}：{len(outcomes)} 个项目，已生成 {written} 张工作表"
        en = f"{book}: {len(outcomes)} projects, {written} sheets written"
    else:
        zh = f"{out}/*.xlsx：{len(outcomes)} 个项目，已生成 {written} 个工作簿"
        en = f"{out}/*.xlsx: {len(outcomes)} projects, {written} workbooks written"
    if noticed:
        zh, en = f"{zh}，{noticed} 处提示", f"{en}, {noticed} remarks"
    click.echo(Message(zh, en).text(lang))
    return written == len(outcomes)
