"""`xlperf template …`: what templates offer, and how a blank form becomes one."""

import sys
from pathlib import Path
from typing import Any

import click

from xlperf import resources
from xlperf.bulk import find_template
from xlperf.cli.telling import PATH, input_errors, say
from xlperf.diagnostic import Lang, Message, Severity
from xlperf.template import Template, template_report
from xlperf.template.binding import bind_file


@click.group(name="template")
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
    with input_errors(lang):
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
    with input_errors(lang):
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
    with input_errors(lang):
        problems = _say_report(find_template(file), lang)
        sys.exit(1 if problems else 0)


@template_group.command(name="bind")
@click.argument("form", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=PATH, required=True, help="The template to write.")
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
    with input_errors(lang):
        forms = bind_file(form, out, **options)
        for bound in forms:
            click.echo("\n".join(bound.lines(lang)))
        click.echo(Message(f"已写出 {out}", f"{out} written").text(lang))
        sys.exit(0 if all(bound.fillable for bound in forms) else 1)


def _say_report(template: Template, lang: Lang) -> bool:
    report = template_report(template)
    for line in report.lines:
        click.echo(f"{line.name:36}{line.cell:16}{line.meaning.text(lang)}")
    say(report.problems, lang)
    return any(p.severity is Severity.ERROR for p in report.problems)
