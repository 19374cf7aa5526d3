"""Reports of scoring, filling and reading as JSON; docs/server.md says what each key means.

Recalculation and review have theirs in the library, for the command line prints them too.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from xlperf.bulk import Outcome, Reading, ScoredForm, Scoring
from xlperf.diagnostic import Diagnostic, Lang
from xlperf.forms import Entry
from xlperf.server import problems

if TYPE_CHECKING:
    import pandas as pd


def scored(scoring: Scoring, lang: Lang) -> dict[str, Any]:
    return {
        "forms": [_form(form, lang) for form in scoring.forms],
        "problems": problems.findings(scoring.problems, lang),
    }


def _form(form: ScoredForm, lang: Lang) -> dict[str, Any]:
    return {
        "file": str(form.file or ""),
        "sheet": form.project.sheet,
        "project": form.project.name,
        "complete": form.complete,
        "execution": _number(form.execution),
        "total": _number(form.total),
        "grade": form.grade.text,
        "rows": [
            {
                "cell": row.indicator.cells["得分"],
                "indicator": row.indicator.level3,
                "target": row.indicator.target,
                "actual": row.indicator.actual,
                "weight": _plain(row.indicator.weight),
                "score": _plain(row.score),
                "state": row.state,
                "why": row.result.why.text(lang),
            }
            for row in form.rows
        ],
        "due": [
            {
                "indicator": "" if d.index is None else form.rows[d.index].indicator.level3,
                "why": d.why.text(lang),
            }
            for d in form.due
        ],
    }


def filled(
    outcomes: Iterable[Outcome], noticed: Iterable[Diagnostic], lang: Lang
) -> dict[str, Any]:
    return {
        "projects": [
            {
                "key": outcome.key,
                "file": outcome.path.name if outcome.path else "",
                "total": _number(outcome.total),
                "grade": outcome.grade.text,
                "problems": problems.findings(map(_by_name, outcome.problems), lang),
            }
            for outcome in outcomes
        ],
        "problems": problems.findings(noticed, lang),
    }


def _by_name(found: Diagnostic) -> Diagnostic:
    return found.at(file=found.place.file.rpartition("/")[2])


def read(reading: Reading, lang: Lang) -> dict[str, Any]:
    return {
        "projects": _rows(reading.projects),
        "indicators": _rows(reading.indicators),
        "problems": problems.findings(reading.problems, lang),
    }


def _rows(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """The rows of a table by heading; a blank number is null."""
    plain = frame.astype(object)
    return [
        {str(heading): value for heading, value in row.items()}
        for row in plain.where(frame.notna(), None).to_dict("records")
    ]


def _number(entry: Entry) -> float | None:
    return _plain(entry.number)


def _plain(number: Decimal | None) -> float | None:
    return None if number is None else float(number)
