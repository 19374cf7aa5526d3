"""The jobs of the service: each is one call of the library, as behind the command of its name.

A job runs inside its own folder and names files relative to it, so that answers hold the names that
the client gave and none of this machine.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from xlperf import bulk, recalc, report, resources, review
from xlperf.diagnostic import Diagnostic, InputError, Lang, Message, Place, TableError
from xlperf.ooxml.preflight import Limits
from xlperf.scoring import Policy
from xlperf.server import problems, shapes
from xlperf.server.media import JSON, STYLES, TYPES, ZIP
from xlperf.server.order import ANSWER, IN, OUT, Order, Reply, Setup
from xlperf.template import Template

_OUT = Path("..", OUT)
_TABLES = Path("数据表")
_REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Answer:
    """The report of a job, the files that it made, and what to say where there are none."""

    report: object
    files: Sequence[Path] = ()
    problems: Sequence[Diagnostic] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """An order beside the settings of the service, as the library wants them."""

    order: Order
    setup: Setup

    @property
    def lang(self) -> Lang:
        return self.order.lang

    @property
    def limits(self) -> Limits:
        return self.setup.review.limits

    @property
    def workbooks(self) -> list[Path]:
        return [Path(name) for name in self.order.files.get("workbook", ())]

    def option(self, name: str) -> Any:
        return self.order.options.get(name)

    def file(self, part: str) -> Path | None:
        """The one file of a part."""
        names = self.order.files.get(part)
        return Path(names[0]) if names else None

    def policy(self) -> Path | None:
        """The policy that came along, or the name of a shipped one; else that of xlperf.toml."""
        named = Path(name) if (name := self.option("policy")) else None
        return self.file("policy") or named or self.setup.review.policy

    def tables(self) -> Path | None:
        """The folder of the two tables, where they came as such."""
        pair = {"projects.csv": self.file("projects"), "indicators.csv": self.file("indicators")}
        if not all(pair.values()):
            return None
        _TABLES.mkdir(exist_ok=True)
        for name, file in pair.items():
            assert file
            file.replace(_TABLES / name)
        return _TABLES


def do(order: Order, setup: Setup) -> Reply:
    """Do the job and leave its answer in the folder.

    What the library says of unusable input is an answer too; anything else that raises is a defect.
    """
    os.chdir(order.folder / IN)
    try:
        return _written(_JOBS[order.work](Job(order, setup)), order)
    except InputError as error:
        return _problem(order, error.diagnostics)
    except RecursionError:
        return _problem(order, [_too_deep()])


def warm_up() -> None:
    """Load what the jobs need, so that the first one does not wait for it."""
    bulk.read_workbooks([])
    for path in resources.shipped_templates():
        recalc.recalculate([path.read_bytes()])


# ------------------------------------------------------------------------------------- the jobs


def _recalc(job: Job) -> Answer:
    files = recalc.targets(job.workbooks, None, in_place=True)
    outcomes = list(recalc.recalculate_files(files, job.option("engine"), job.limits))
    found = [
        d.at(file=d.place.file or str(outcome.file))
        for outcome in outcomes
        if outcome.problem
        for d in outcome.problem.diagnostics
    ]
    if all(outcome.problem for outcome in outcomes):
        raise InputError(found)
    done = [outcome.file for outcome in outcomes if outcome.engine and outcome.file]
    refused = [_refused(o.file) for o in outcomes if o.file and not (o.engine or o.problem)]
    about = recalc.as_json(outcomes, job.lang)
    return Answer(
        {**about, "problems": problems.findings(found, job.lang)}, done, [*refused, *found]
    )


def _check(job: Job) -> Answer:
    given: dict[str, Any] = {name: job.option(name) for name in _CHECK_OPTIONS}
    given |= {"lang": job.lang, "policy": job.policy(), "waivers": job.file("waivers")}
    settings = replace(job.setup.review, **{key: value for key, value in given.items() if value})
    paths = [*job.workbooks, *filter(None, [job.tables()])]
    found = review.check(paths, settings)
    if not found.forms:
        raise InputError(found.problems)
    style = job.option("format")
    if style == "xlsx":
        marked = report.write_marked(found, paths, _OUT, job.lang, job.limits)
        return Answer(report.as_json(found, job.lang), marked)
    written = Path("..", style)
    written.write_bytes(report.render(found, style, job.lang).encode("utf-8"))
    return Answer(None, [written])


_CHECK_OPTIONS = ("select", "ignore", "severity", "stage")


def _score(job: Job) -> Answer:
    policy = Policy.load(job.policy())
    scoring = bulk.score_workbooks(job.workbooks, policy, job.option("formulas"), job.limits)
    if not scoring.forms:
        raise InputError(scoring.problems)
    files = dict.fromkeys(form.file for form in scoring.forms if form.file)
    return Answer(shapes.scored(scoring, job.lang), list(files), scoring.problems)


def _fill(job: Job) -> Answer:
    form = _template(job)
    data = job.tables() or job.file("data")
    assert data
    records = bulk.load(form, data)
    if records.faults:
        raise TableError(records.all_faults)
    options = bulk.Options(job.option("formulas"), job.option("scores"), Policy.load(job.policy()))
    if job.option("layout") == "sheets":
        outcomes = bulk.fill_book(form, records, _OUT, options)
    else:
        outcomes = bulk.fill_records(form, records, _OUT, options)
    files = list(dict.fromkeys(outcome.path for outcome in outcomes if outcome.path))
    noticed = (*form.notices, *records.notes)
    wrong = [d.at(file=Path(d.place.file).name) for o in outcomes for d in o.problems]
    if not files:
        raise InputError(wrong)
    return Answer(shapes.filled(outcomes, noticed, job.lang), files)


def _read(job: Job) -> Answer:
    reading = bulk.read_workbooks(job.workbooks, job.limits)
    if not reading.files:
        raise InputError(reading.problems)
    about = shapes.read(reading, job.lang)
    if job.option("answer") == "json":
        return Answer(about)
    out = _OUT if job.option("answer") == "zip" else _OUT / "数据.xlsx"
    return Answer(about, bulk.write_tables(reading.projects, reading.indicators, out))


def _templates(job: Job) -> Answer:
    found, wrong = [], []
    shipped = set(resources.shipped_templates())
    for name, path in template_files(job.setup.templates).items():
        try:
            form = _compiled(path, path.stat().st_mtime_ns, job.limits).form
        except InputError as error:
            wrong += [d.at(file=path.name) for d in error.diagnostics]
        else:
            found.append({"name": name, "sheet": form.sheet.name, "shipped": path in shipped})
    return Answer({"templates": found, "problems": problems.findings(wrong, job.lang)})


_JOBS: Mapping[str, Callable[[Job], Answer]] = {
    "recalc": _recalc,
    "check": _check,
    "score": _score,
    "fill": _fill,
    "read": _read,
    "templates": _templates,
}


# -------------------------------------------------------------------------------------- templates


def template_files(folder: Path | None) -> dict[str, Path]:
    """The templates that the service offers, by name; one of the folder hides a shipped one."""
    own = sorted(folder.iterdir()) if folder else []
    found = [*resources.shipped_templates(), *(p for p in own if p.suffix.lower() in TYPES)]
    return {path.stem: path for path in found if not path.name.startswith(("~$", "."))}


def _template(job: Job) -> Template:
    if file := job.file("template"):
        return Template.open(file, limits=job.limits)
    name = job.option("template")
    path = template_files(job.setup.templates).get(name)
    if path is None:
        raise InputError(_no_template(name))
    return _compiled(path, path.stat().st_mtime_ns, job.limits)


@lru_cache(maxsize=32)
def _compiled(path: Path, changed: int, limits: Limits) -> Template:
    """A template of this machine, which stays compiled from job to job until it is `changed`."""
    return Template.open(path, limits=limits)


# ------------------------------------------------------------------------------------ the answers


def _written(answer: Answer, order: Order) -> Reply:
    """The body: the report alone, the one file that was made, or a zip file of all and the report.

    A single workbook that there is none of is a problem, which has the report with it.
    """
    wanted = order.options.get("answer")
    if order.work == "check" and answer.report is None:
        (file,) = answer.files
        file.replace(order.folder / ANSWER)
        return Reply(HTTPStatus.OK, STYLES[order.options["format"]], "")
    if wanted == "json" or order.work == "templates":
        return _json(order, HTTPStatus.OK, answer.report, JSON)
    if not answer.files and order.work != "check":
        return _problem(order, answer.problems, answer.report)
    if len(answer.files) == 1 and wanted != "zip":
        (file,) = answer.files
        file.replace(order.folder / ANSWER)
        kind = TYPES.get(file.suffix.lower(), TYPES[".xlsx"])
        return Reply(HTTPStatus.OK, kind, file.name)
    return _zipped(order, answer)


def _zipped(order: Order, answer: Answer) -> Reply:
    folder = order.folder / "zip"
    folder.mkdir()
    for file in answer.files:
        file.replace(folder / file.name)
    (folder / _REPORT).write_bytes(_encoded(answer.report))
    made = shutil.make_archive(str(order.folder / "made"), "zip", folder)
    os.replace(made, order.folder / ANSWER)
    return Reply(HTTPStatus.OK, ZIP, f"xlperf-{order.work}.zip")


def _problem(order: Order, diagnostics: Iterable[Diagnostic], about: object = None) -> Reply:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    document = problems.document(status, diagnostics, order.lang, about)
    return _json(order, status, document, problems.MEDIA_TYPE)


def _json(order: Order, status: int, document: object, media_type: str) -> Reply:
    (order.folder / ANSWER).write_bytes(_encoded(document))
    return Reply(status, media_type, "")


def _encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _refused(file: Path) -> Diagnostic:
    return Diagnostic(
        "H118",
        Message("没有引擎能算出该工作簿的全部公式", "no engine can calculate all its formulas"),
        place=Place(file=str(file)),
        fix=Message("原因逐格列在 report 中", "the report names the cells and the reasons"),
    )


def _no_template(name: str) -> Diagnostic:
    return Diagnostic(
        "H109",
        Message(f"没有名为“{name}”的模板", f"there is no template “{name}”"),
        fix=Message(
            "GET /v1/templates 列出可用的模板，也可随请求上传 template",
            "GET /v1/templates lists them; or upload one as the file template",
        ),
    )


def _too_deep() -> Diagnostic:
    return Diagnostic(
        "H115",
        Message("公式或内容嵌套过深，无法处理", "formulas or contents are nested too deep"),
        fix=Message("请简化嵌套的公式或名称", "simplify the nested formulas or names"),
    )
