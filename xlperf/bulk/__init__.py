"""Filling and reading in bulk: two tables in, official workbooks out, and the way back."""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from xlperf.bulk.fill import (
    Options,
    Outcome,
    Progress,
    ScoreSource,
    fill_book,
    fill_records,
    find_template,
    load,
    load_example,
)
from xlperf.bulk.frames import write_tables
from xlperf.bulk.read import Reading, read_workbooks
from xlperf.bulk.score import FormulaStyle, ScoredForm, ScoredRow, Scoring, score_workbooks
from xlperf.diagnostic import InputError, Severity
from xlperf.ooxml.files import find_workbooks
from xlperf.scoring import Policy
from xlperf.tables import Records
from xlperf.template import Template

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FormulaStyle",
    "Options",
    "Outcome",
    "Progress",
    "Reading",
    "Records",
    "ScoreSource",
    "ScoredForm",
    "ScoredRow",
    "Scoring",
    "fill",
    "fill_book",
    "fill_records",
    "find_template",
    "find_workbooks",
    "load",
    "load_example",
    "read",
    "read_workbooks",
    "score",
    "score_workbooks",
    "write_tables",
]


def fill(
    template: "str | Path | Template",
    projects: "str | Path | pd.DataFrame",
    indicators: "str | Path | pd.DataFrame | None" = None,
    out: str | Path = "out",
    *,
    jobs: int = 1,
    formulas: FormulaStyle = "native",
    scores: ScoreSource = "computed",
    policy: Policy | None = None,
    layout: Literal["workbooks", "sheets"] = "workbooks",
) -> "pd.DataFrame":
    """Fill a template with every project; one row per project comes back.

    `template` is a path or the name of a shipped template. `projects` and `indicators` are
    DataFrames or CSV paths; `projects` alone may be a folder with projects.csv and
    indicators.csv, or an .xlsx with the sheets 项目 and 指标. Columns of the answer: key, path (""
    where the project could not be written), total, grade, problems (one text, "" for none).

    Scores follow `policy`, the default one unless given. With the layout `sheets` all projects come
    into one workbook, each on a sheet of its own; `out` may then be a file.

    Raises TableError when the tables do not fit together, WorkbookError for a bad template. What is
    wrong with a single project stands in its row, and the others are written.
    """
    import pandas as pd

    if layout not in ("workbooks", "sheets"):
        raise ValueError(f"layout: {layout!r}")
    form = template if isinstance(template, Template) else find_template(template)
    records = load(form, projects, indicators)
    options = Options(formulas, scores, policy or Policy.default())
    if layout == "sheets":
        outcomes = fill_book(form, records, Path(out), options)
    else:
        outcomes = fill_records(form, records, Path(out), options, jobs)
    rows = [
        (
            outcome.key,
            str(outcome.path or ""),
            None if outcome.total.number is None else float(outcome.total.number),
            outcome.grade.text,
            "\n".join(problem.text() for problem in outcome.problems),
        )
        for outcome in outcomes
    ]
    return pd.DataFrame(rows, columns=["key", "path", "total", "grade", "problems"])


def read(paths: "str | Path | Iterable[str | Path]") -> "tuple[pd.DataFrame, pd.DataFrame]":
    """The tables of projects and indicators that the workbooks hold.

    `paths` are workbooks or folders of them. Raises InputError, naming every file, when a workbook
    cannot be read; `read_workbooks` reports such files and reads the others. Forms with the same
    key get keys of their own; of that, and of forms of several templates, a Python warning tells.
    """
    reading = read_workbooks([paths] if isinstance(paths, (str, Path)) else paths)
    if any(problem.severity is Severity.ERROR for problem in reading.problems):
        raise InputError(reading.problems)
    if reading.problems:
        warnings.warn("\n".join(d.text() for d in reading.problems), stacklevel=2)
    return reading.projects, reading.indicators


def score(
    paths: "str | Path | Iterable[str | Path]",
    *,
    formulas: FormulaStyle = "native",
    policy: Policy | None = None,
) -> "pd.DataFrame":
    """Write the scores into filled self-evaluations in place; one row per form comes back.

    `paths` are workbooks or folders of them; scores follow `policy`, the default one unless given.
    Columns of the answer: key, path, sheet, total, grade, open (rows that a person has to score),
    problems (one text, "" for none). A file that cannot be scored is left as it was, and has a
    row with its problems.

    Raises InputError for a policy that calls of XP_SCORE cannot name. `score_workbooks` gives the
    reason of every single score.
    """
    import pandas as pd

    scoring = score_workbooks(
        [paths] if isinstance(paths, (str, Path)) else paths, policy, formulas
    )
    problems: dict[str, list[str]] = {}
    for problem in scoring.problems:
        problems.setdefault(problem.place.file or "", []).append(problem.text())
    rows = [
        (
            form.project.key,
            str(form.file or ""),
            form.project.sheet,
            None if form.total.number is None else float(form.total.number),
            form.grade.text,
            sum(row.state == "open" for row in form.rows),
            "\n".join(problems.get(str(form.file or ""), ())),
        )
        for form in scoring.forms
    ]
    scored = {row[1] for row in rows}
    rows += [
        ("", file, "", None, "", 0, "\n".join(said))
        for file, said in problems.items()
        if file not in scored
    ]
    columns = ["key", "path", "sheet", "total", "grade", "open", "problems"]
    return pd.DataFrame(rows, columns=columns)
