"""`xlperf check`: what a finance bureau's reviewer would send back."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from xlperf import report, review
from xlperf.cli.output import expect_copies, expect_report
from xlperf.cli.telling import PATH, input_errors
from xlperf.cli.usage import Misuse
from xlperf.diagnostic import Lang, Message, Severity
from xlperf.ooxml.files import make_folder, write_file
from xlperf.rules import Finding, Stage


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--select", multiple=True, help="Only rules with this code or beginning (A, C0).")
@click.option("--ignore", multiple=True, help="Without the rules of this code or beginning.")
@click.option("--severity", type=click.Choice([*map(str, Severity)]), help="At least so severe.")
@click.option("--stage", type=click.Choice([*map(str, Stage)]), help="Rules of one stage only.")
@click.option("--policy", type=PATH, help="Policy file with scoring settings and thresholds.")
@click.option("--waivers", type=PATH, help="File of accepted findings.")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of messages.")
@click.option("--format", "style", type=click.Choice([*report.STYLES, "xlsx"]), default="text")
@click.option("-o", "--out", type=PATH, help="Write the report here; for xlsx, a folder.")
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
    if options["out"] is not None:
        if options["style"] == "xlsx":
            expect_copies(options["out"], review.find_sources(paths))
        else:
            expect_report(options["out"], options["style"])
    with input_errors(options["lang"] or "zh"):
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
