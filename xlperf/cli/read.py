"""`xlperf read`: forms back into two tables."""

import sys
from pathlib import Path

import click

from xlperf import review
from xlperf.bulk import read_workbooks, write_tables
from xlperf.cli.output import expect_file_or_folder
from xlperf.cli.telling import PATH, input_errors, say
from xlperf.diagnostic import InputError, Lang, Message


@click.command()
@click.argument("workbooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--out", type=PATH, required=True, help="Folder for the tables, or an .xlsx.")
@click.pass_obj
def read(lang: Lang, workbooks: tuple[Path, ...], out: Path) -> None:
    """Read forms in WORKBOOKS (files or folders) back into projects.csv and indicators.csv.

    Example:

        xlperf read 自评表/ -o 数据/
    """
    expect_file_or_folder(out, [".xlsx"], Message("数据表", "the tables"))
    with input_errors(lang):
        limits = review.settings_for(workbooks[0], {}).limits
        reading = read_workbooks(workbooks, limits)
        say(reading.problems, lang)
        if not reading.files:
            raise InputError(())
        written = write_tables(reading.projects, reading.indicators, out)
        count, rows = len(reading.projects), len(reading.indicators)
        said = Message(
            f"读取 {count} 张表、{rows} 个指标，写入 {'、'.join(map(str, written))}",
            f"read {count} forms with {rows} indicators into {', '.join(map(str, written))}",
        )
        click.echo(said.text(lang))
        sys.exit(1 if reading.problems else 0)
