"""The command line: parse arguments, call one library function, render, exit.

Exit code 0 is clean, 1 means that something was found or left undone, 2 that it could not run,
130 that it was interrupted.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from xlperf import __version__, recalc, report, resources, review
from xlperf.bulk import (
    FormulaStyle,
    Options,
    Outcome,
    fill_book,
    fill_records,
    find_template,
    find_workbooks,
    load,
    load_example,
    read_workbooks,
    score_workbooks,
    write_tables,
)
from xlperf.cli.addin import addin_group
from xlperf.cli.progress import progress_of
from xlperf.cli.serve import serve
from xlperf.cli.telling import input_errors as _input_errors
from xlperf.cli.telling import say as _say
from xlperf.cli.usage import Commands, Misuse
from xlperf.diagnostic import (
    InputError,
    Lang,
    Message,
    Severity,
    TableError,
)
from xlperf.ooxml.files import make_folder, write_file
from xlperf.rules import RULES, Finding, Stage, choose
from xlperf.rules.reference import as_dict as rule_as_dict
from xlperf.rules.reference import explain as explain_rule
from xlperf.scoring import Policy
from xlperf.summary import lines, summarise, summary_workbook
from xlperf.template import Template, template_report
from xlperf.template.binding import bind_file

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _score_options(command: _Command) -> _Command:
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


_OUT = click.Path(path_type=Path)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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


@cli.command()
@click.option("-o", "--out", type=_OUT, default=Path("out"), show_default=True)
@_score_options
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True)
@click.pass_obj
def demo(lang: Lang, out: Path, formulas: Any, scores: Any, jobs: int) -> None:
    """Fill the shipped templates with the example data of five published documents.

    Example:

        xlperf demo -o out/
    """
    with _input_errors(lang):
        root = resources.examples_root()
        written = []
        for folder in resources.example_folders():
            target = out / folder.relative_to(root)
            template, records = load_example(folder)
            outcomes = fill_records(template, records, target, Options(formulas, scores), jobs)
            written += [_sum_up(outcomes, target, lang)]
        sys.exit(0 if all(written) else 1)


@cli.command()
@click.argument("template")
@click.argument("data", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=_OUT, required=True, help="Folder, or file for one workbook.")
@click.option(
    "--layout",
    type=click.Choice(["workbooks", "sheets"]),
    default="workbooks",
    show_default=True,
    help="A workbook for each project, or one with a sheet for each.",
)
@_score_options
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--policy", type=_OUT, help="Policy file for the scores.")
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
    with _input_errors(lang):
        limits = review.settings_for(data, {}).limits
        form = find_template(template, limits=limits, strip_signature=strip_signature)
        _say(form.notices, lang)
        records = load(form, data)
        if records.faults:
            # What is wrong with several projects alike is one fault.
            raise TableError(dict.fromkeys(f for faults in records.faults.values() for f in faults))
        _say(records.notes, lang)
        with progress_of(len(records.projects), lang) as progress:
            options = Options(formulas, scores, Policy.load(policy))
            if layout == "sheets":
                outcomes = fill_book(form, records, out, options, progress)
            else:
                outcomes = fill_records(form, records, out, options, jobs, progress)
        for outcome in outcomes:
            _say(outcome.problems, lang)
        sys.exit(0 if _sum_up(outcomes, out, lang, layout) else 1)


@cli.command()
@click.argument("workbooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--policy", type=_OUT, help="Name of a shipped policy, or a policy file.")
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
    with _input_errors(lang):
        limits = review.settings_for(workbooks[0], {}).limits
        scoring = score_workbooks(workbooks, Policy.load(policy), formulas, limits)
        for form in scoring.forms:
            click.echo("\n".join(form.lines(lang)))
        _say(scoring.problems, lang)
        if not scoring.forms:
            sys.exit(2)
        complete = all(form.complete for form in scoring.forms)
        sys.exit(0 if complete and not scoring.problems else 1)


@cli.command()
@click.argument("workbooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", type=_OUT, required=True, help="Folder for the tables, or an .xlsx.")
@click.pass_obj
def read(lang: Lang, workbooks: tuple[Path, ...], out: Path) -> None:
    """Read forms in WORKBOOKS (files or folders) back into projects.csv and indicators.csv.

    Example:

        xlperf read 自评表/ -o 数据/
    """
    with _input_errors(lang):
        limits = review.settings_for(workbooks[0], {}).limits
        reading = read_workbooks(workbooks, limits)
        _say(reading.problems, lang)
        if not reading.files:
            raise InputError(())
        written = write_tables(reading.projects, reading.indicators, out)
        count, rows = len(reading.projects), len(reading.indicators)
        _print(
            Message(
                f"读取 {count} 张表、{rows} 个指标，写入 {'、'.join(map(str, written))}",
                f"read {count} forms with {rows} indicators into {', '.join(map(str, written))}",
            ),
            lang,
        )
        sys.exit(1 if reading.problems else 0)


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", type=_OUT, help="Write the summary as a workbook.")
@click.option("--policy", type=_OUT, help="Policy that names the grades.")
@click.pass_obj
def summary(lang: Lang, paths: tuple[Path, ...], out: Path | None, policy: Path | None) -> None:
    """Sum up the forms in PATHS: money, scores, grades, and the indicators that fell short.

    Example:

        xlperf summary 自评表/ -o 汇总表.xlsx
    """
    with _input_errors(lang):
        limits = review.settings_for(paths[0], {}).limits
        found = summarise(paths, Policy.load(policy), limits)
        _say(found.problems, lang)
        if not found.forms:
            sys.exit(2)
        click.echo("\n".join(lines(found, lang)))
        if out is not None:
            make_folder(out.parent)
            write_file(out, summary_workbook(found))
        sys.exit(1 if found.problems else 0)


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--select", multiple=True, help="Only rules with this code or beginning (A, C0).")
@click.option("--ignore", multiple=True, help="Without the rules of this code or beginning.")
@click.option("--severity", type=click.Choice([*map(str, Severity)]), help="At least so severe.")
@click.option("--stage", type=click.Choice([*map(str, Stage)]), help="Rules of one stage only.")
@click.option("--policy", type=_OUT, help="Policy file with scoring settings and thresholds.")
@click.option("--waivers", type=_OUT, help="File of accepted findings.")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of messages.")
@click.option("--format", "style", type=click.Choice([*report.STYLES, "xlsx"]), default="text")
@click.option("-o", "--out", type=_OUT, help="Write the report here; for xlsx, a folder.")
@click.option("--fix", is_flag=True, help="Mend in place what has a safe fix.")
@click.option("--suggested", is_flag=True, help="With --fix: apply suggested fixes too.")
def check(paths: tuple[Path, ...], **options: Any) -> None:
    """Review every form in PATHS: workbooks, folders of them, and data tables.

    Settings come from the nearest xlperf.toml upward from the first path; options override them.
    Exits 0 when clean, 1 with findings, 2 when it could not run.

    Example:

        xlperf check 自评表/ --format html -o 审核.html
    """
    if options["style"] == "xlsx" and options["out"] is None:
        raise Misuse(Message("--format xlsx 须用 -o 指定文件夹", "--format xlsx needs -o FOLDER"))
    if options["suggested"] and not options["fix"]:
        raise Misuse(Message("--suggested 须与 --fix 同用", "--suggested goes with --fix"))
    with _input_errors(options["lang"] or "zh"):
        settings = review.settings_for(paths[0], options)
        lang = settings.lang
        if options["fix"]:
            mended, found = review.fix(paths, settings, suggested=options["suggested"])
            _say_mended(mended, lang)
        else:
            found = review.check(paths, settings)
        if options["style"] == "xlsx":
            limits = settings.limits
            for path in report.write_marked(found, paths, options["out"], lang, limits):
                click.echo(path)
        else:
            _write(report.render(found, options["style"], lang), options["out"])
        clean = not (found.findings or found.problems)
        sys.exit(2 if not found.forms else 0 if clean else 1)


@cli.command(name="recalc")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", type=_OUT, help="Write here: a folder, or a file for one workbook.")
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
    with _input_errors(lang):
        limits = review.settings_for(paths[0], {}).limits
        files = recalc.targets(find_workbooks(paths), out, in_place=in_place)
        found = recalc.recalculate_files(files, engine, limits, jobs)
        outcomes = []
        for outcome in found:
            outcomes.append(outcome)
            if outcome.problem:
                _say(outcome.problem.diagnostics, lang)
            elif style == "text":
                for line in recalc.lines(outcome, lang, explain=explain_engine):
                    click.echo(line)
        if style == "json":
            click.echo(json.dumps(recalc.as_json(outcomes, lang), ensure_ascii=False, indent=2))
        unusable = all(outcome.problem for outcome in outcomes)
        sys.exit(2 if unusable else 0 if all(outcome.engine for outcome in outcomes) else 1)


@cli.command(context_settings={"ignore_unknown_options": True})  # "-5%" is a value
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
        with _input_errors(lang):
            choose([code])
        if style == "json":
            click.echo(json.dumps(rule_as_dict(RULES[code]), ensure_ascii=False))
        else:
            click.echo(explain_rule(RULES[code], lang))
        return
    for value in review.read_lines(sys.stdin.buffer) if what == "-" else [what]:
        reading = review.parse(value)
        if style == "json":
            click.echo(json.dumps(reading.as_dict(), ensure_ascii=False))
        else:
            click.echo(reading.source)
            for label, part in reading.lines(lang):
                click.echo(f"  {label}  {part}")


cli.add_command(serve)


@cli.group(name="template")
def template_group() -> None:
    """List, show and check templates.

    Example:

        xlperf template list
    """


@template_group.command(name="list")
@click.pass_obj
def template_list(lang: Lang) -> None:
    """List the shipped templates.

    Example:

        xlperf template list
    """
    with _input_errors(lang):
        for path in resources.shipped_templates():
            form = Template.open(path).form
            click.echo(f"{path.stem:28}{form.sheet.name}")


@template_group.command()
@click.argument("template")
@click.pass_obj
def show(lang: Lang, template: str) -> None:
    """Show the fields that TEMPLATE offers, with their cells.

    Example:

        xlperf template show guizhou_self_evaluation
    """
    with _input_errors(lang):
        _say_report(find_template(template), lang)


@template_group.command(name="check")
@click.argument("file")
@click.pass_obj
def template_check(lang: Lang, file: str) -> None:
    """Say, name by name, what the template FILE offers and what is wrong with it.

    Exits 1 when something is wrong.

    Example:

        xlperf template check 我的表样.xlsx
    """
    with _input_errors(lang):
        problems = _say_report(find_template(file), lang)
        sys.exit(1 if problems else 0)


@template_group.command(name="bind")
@click.argument("form", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=_OUT, required=True, help="The template to write.")
@click.option("--name", default="", help="Name of the template (xp.模板); else that of the file.")
@click.option("--unsure", is_flag=True, help="Write doubtful names too.")
@click.option("--strip-signature", is_flag=True, help="Remove a digital signature.")
@click.pass_obj
def template_bind(lang: Lang, /, form: Path, out: Path, **options: Any) -> None:
    """Make a template of the blank FORM: find its labels and name the cells that belong to them.

    Says what was named, what is doubtful, and which usual fields were not found. Exits 1 when there
    is a form without any cell that could be named.

    Example:

        xlperf template bind 空白自评表.xlsx -o 自评表模板.xlsx
    """
    with _input_errors(lang):
        forms = bind_file(form, out, **options)
        for bound in forms:
            click.echo("\n".join(bound.lines(lang)))
        _print(Message(f"已写出 {out}", f"{out} written"), lang)
        sys.exit(0 if all(bound.fillable for bound in forms) else 1)


cli.add_command(addin_group)


def _say_report(template: Template, lang: Lang) -> bool:
    report = template_report(template)
    for line in report.lines:
        click.echo(f"{line.name:36}{line.cell:16}{line.meaning.text(lang)}")
    _say(report.problems, lang)
    return any(p.severity is Severity.ERROR for p in report.problems)


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
    _print(Message(zh, en), lang)
    return written == len(outcomes)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
    else:
        make_folder(out.parent)
        write_file(out, text.encode("utf-8"))


def _say_mended(mended: Sequence[Finding], lang: Lang) -> None:
    for finding in mended:
        place = finding.diagnostic.place.text(lang)
        click.echo(f"{place} {finding.code} {finding.value} → {finding.replacement}", err=True)
    total = Message(f"已修复 {len(mended)} 处", f"{len(mended)} mended")
    click.echo(total.text(lang), err=True)


def _print(message: Message, lang: Lang) -> None:
    click.echo(message.text(lang))
