"""Many projects into one template: every workbook finished, valid and written durably."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from xlperf.bulk.file_names import file_name, file_names
from xlperf.bulk.frames import read_table
from xlperf.bulk.score import FormulaStyle, ScoredForm, is_self_evaluation, score_data
from xlperf.bulk.sheet_names import COLUMN, note_bad_names, sheet_names
from xlperf.diagnostic import Diagnostic, InputError, Message, Place, WorkbookError
from xlperf.expr import Expr, Ref, references_in
from xlperf.forms import BLANK, INDICATOR_PREFIX, KEY, Entry, Indicator, Project, number_entry
from xlperf.ooxml.files import make_folder, write_file, write_files
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.processes import end_with_parent, interruptible
from xlperf.resources import template_path
from xlperf.scoring import Policy, Score, score
from xlperf.scoring.calls import ROW, check_callable, score_call
from xlperf.scoring.score import applies
from xlperf.tables import INDICATORS, PROJECTS, Records, build_records, read_folder
from xlperf.template import Book, Filled, FilledSheet, FillRequest, Template

if TYPE_CHECKING:
    import pandas as pd

ScoreSource = Literal["computed", "given"]
Progress = Callable[[int, int], None]

# What a form cannot do without: the data must have these columns where the template has the field.
_ESSENTIAL = (
    "项目名称",
    *(
        INDICATOR_PREFIX + label
        for label in ("一级指标", "二级指标", "三级指标", "指标值", "实际完成值", "分值")
    ),
)
_TOGETHER, _ROWS = 48, 2_000
"""Projects whose formulas are computed together, and rows of their tables, beyond which no more."""

_NAMED = 5
"""Projects that a message names before it counts them."""


@dataclass(frozen=True, slots=True)
class Options:
    """How scores come into the forms.

    `formulas`: a score cell holds a native Excel formula, a call of XP_SCORE, or its value; where
    no formula can tell the score it holds the value all the same. `scores`: computed by the
    policy, or as given in the data (what the data leaves blank is computed all the same). Total and
    grade follow the template's own formulas.
    """

    formulas: FormulaStyle = "native"
    scores: ScoreSource = "computed"
    policy: Policy = field(default_factory=Policy.default)

    def __post_init__(self) -> None:
        for given, kinds in ((self.formulas, FormulaStyle), (self.scores, ScoreSource)):
            if given not in get_args(kinds):
                raise ValueError(f"{given!r} is none of {', '.join(get_args(kinds))}")
        if self.formulas == "udf":
            check_callable(self.policy)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one project. `path` is None when it could not be written."""

    key: str
    path: Path | None
    total: Entry
    grade: Entry
    problems: tuple[Diagnostic, ...]


def load(
    template: Template,
    projects: "str | Path | pd.DataFrame",
    indicators: "str | Path | pd.DataFrame | None" = None,
) -> Records:
    """The records of two tables, or of one folder or workbook that holds both.

    Raises TableError when the tables do not fit together or lack what the template needs.
    """
    if indicators is None:
        if not isinstance(projects, (str, Path)):
            raise TypeError("a DataFrame of projects needs one of indicators")
        tables = read_folder(Path(projects), template.limits)
    else:
        tables = read_table(projects, PROJECTS), read_table(indicators, INDICATORS)
    known = _labels(template) | {COLUMN}
    records = build_records(*tables, required=known.intersection(_ESSENTIAL), known=known)
    for label, value in template.form.constants.items():
        others: dict[str, list[Project]] = {}
        for project in records.projects:
            given = project.entry(label).text
            if label != KEY and given and given != value:
                others.setdefault(given, []).append(project)
        for given, projects_of in others.items():
            wrong = _other_constant(records, projects_of, label, given, value)
            for project in projects_of:
                records.faults.setdefault(project.key, []).append(wrong)
    note_bad_names(template, records)
    return records


def fill_records(
    template: Template,
    records: Records,
    out: Path,
    options: Options | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Write one workbook per project into `out`, named `<编号>_<项目名称>.xlsx` (or .xlsm).

    A project that cannot be written leaves the others alone: its outcome says why. Raises
    WorkbookError when `out` cannot be a folder, or a process of `jobs` dies; what was written
    until then stays.
    """
    if jobs < 1:
        raise ValueError(f"jobs: {jobs}")
    options = options or Options()
    names = file_names(records, template.suffix)
    make_folder(out)
    work = [
        (project, out / names[project.key])
        for project in records.projects
        if project.key not in records.faults
    ]
    done = {
        key: Outcome(key, None, BLANK, BLANK, tuple(faults))
        for key, faults in records.faults.items()
    }
    for outcome in _run(template, work, options, jobs):
        done[outcome.key] = outcome
        if progress:
            progress(len(done), len(records.projects))
    return [done[project.key] for project in records.projects]


def fill_book(
    template: Template,
    records: Records,
    out: Path,
    options: Options | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Write one workbook with an index and a sheet for each project.

    It becomes `out` where that ends in .xlsx or .xlsm, else a file in `out` with the template's
    name. A project that cannot be written leaves the others alone; where none can, there is no
    workbook. Raises WorkbookError where the workbook cannot be written, or the form not be cloned.
    """
    path = _book_path(template, out)
    book, filler = Book(template), _Filler(template, options or Options())
    names = sheet_names(template, records)
    outcomes = []
    for project in records.projects:
        if faults := records.faults.get(project.key):
            outcomes.append(Outcome(project.key, None, BLANK, BLANK, tuple(faults)))
        else:
            outcomes.append(filler.add(book, project, names[project.key], path))
        if progress:
            progress(len(outcomes), len(records.projects))
    if any(outcome.path for outcome in outcomes):
        data, forms = filler.finish(book)
        make_folder(path.parent)
        write_file(path, data)
        for index, outcome in enumerate(outcomes):
            if outcome.path and (form := forms.get(names[outcome.key])):
                outcomes[index] = replace(outcome, total=form.total, grade=form.grade)
    return outcomes


def _book_path(template: Template, out: Path) -> Path:
    suffix = out.suffix.lower()
    if suffix not in (".xlsx", ".xlsm"):
        name = Path(template.file).stem or template.form.sheet.name
        return out / file_name(name, template.suffix)
    if suffix != template.suffix:
        raise WorkbookError(_wrong_suffix(out, template.suffix))
    return out


def _run(
    template: Template, work: Sequence[tuple[Project, Path]], options: Options, jobs: int
) -> Iterator[Outcome]:
    if jobs == 1 or len(work) < 2:
        yield from _Filler(template, options).fill(work)
        return
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor

    size = max(1, len(work) // (jobs * 8))
    chunks = [work[start : start + size] for start in range(0, len(work), size)]
    try:
        with ProcessPoolExecutor(
            min(jobs, len(work)),
            initializer=_start_worker,
            initargs=(template.data, template.limits, options),
        ) as pool:
            for outcomes in pool.map(_fill_in_worker, chunks):
                yield from outcomes
    except BrokenExecutor as error:
        raise WorkbookError(_dead_process()) from error


class _Filler:
    """Fills one template under one set of options."""

    def __init__(self, template: Template, options: Options) -> None:
        self._template = template
        self._options = options
        self._columns = {field.key for field in template.form.columns}
        self._dropping: set[str] = set()

    def fill(self, work: Sequence[tuple[Project, Path]]) -> Iterator[Outcome]:
        """Fill all, and give their outcomes in order, each once its file is in its place."""
        begun: deque[Outcome] = deque()

        def files() -> Iterator[tuple[Path, bytes] | None]:
            for together in _groups(work):
                for project, path, filled in self._rendered(together):
                    if isinstance(filled, InputError):
                        begun.append(_failed(project.key, path, filled))
                        yield None
                    else:
                        begun.append(_outcome(project.key, path, filled))
                        yield path, filled.data

        for error in write_files(files()):
            outcome = begun.popleft()
            yield _failed(outcome.key, outcome.path, error) if error else outcome

    def _rendered(
        self, work: Sequence[tuple[Project, Path]]
    ) -> Iterator[tuple[Project, Path, Filled | InputError]]:
        requests = [FillRequest(*self._scored(p), p.entry(COLUMN).text) for p, _ in work]
        rendered = self._template.render_all(requests)
        for (project, path), (scored, *_), filled in zip(work, requests, rendered, strict=True):
            if not isinstance(filled, InputError) and self._drops_rows(scored):
                try:
                    filled = self._rescaled(filled)
                except InputError as error:
                    filled = error
            yield project, path, filled

    def _drops_rows(self, project: Project) -> bool:
        """Whether rows that do not apply are to be left out of the total."""
        computes = self._options.scores == "computed" and is_self_evaluation(self._template.form)
        return computes and not all(map(applies, project.indicators))

    def _rescaled(self, filled: Filled) -> Filled:
        """With a total that leaves out the rows that do not apply."""
        options, limits = self._options, self._template.limits
        data, (form, *_), _ = score_data(filled.data, options.policy, options.formulas, limits)
        totals = {"总分": form.total, "自评结论": form.grade}
        kept = {label: entry for label, entry in totals.items() if label in filled.entries}
        return replace(filled, data=data, entries={**filled.entries, **kept})

    def add(self, book: Book, project: Project, sheet: str, path: Path) -> Outcome:
        """Add a project's sheet to the workbook that is to be written to `path`."""
        scored, formulas = self._scored(project)
        try:
            filled = book.add(scored, sheet, formulas)
        except InputError as error:
            return _failed(project.key, path, error)
        if self._drops_rows(scored):
            self._dropping.add(sheet)
        return _outcome(project.key, path, filled)

    def finish(self, book: Book) -> tuple[bytes, dict[str, ScoredForm]]:
        """The workbook, and the forms by sheet whose total leaves out rows that do not apply."""
        data, options = book.to_bytes(), self._options
        if not self._dropping:
            return data, {}
        limits = self._template.limits
        data, forms, _ = score_data(data, options.policy, options.formulas, limits, self._dropping)
        return data, {form.project.sheet: form for form in forms}

    def _scored(self, project: Project) -> tuple[Project, dict[tuple[int, str], Expr]]:
        """The project with its scores in place, and the formulas that stand for them."""
        form = self._template.form
        if form.column("得分") is None:
            return project, {}
        given = self._options.scores == "given"
        formulas: dict[tuple[int, str], Expr] = {}
        indicators = []
        for index, indicator in enumerate(project.indicators):
            judged = bool(indicator.entry("得分"))
            if not (given and judged):
                result = score(indicator, self._options.policy)
                if result.value is None and judged:
                    pass  # a person's judgement, which no formula replaces
                elif (formula := self._formula(indicator, result)) is not None:
                    formulas[index, "得分"] = formula
                elif result.value is not None:
                    indicator = _with_score(indicator, number_entry(result.value))
            indicators.append(indicator)
        entries = dict(project.entries)
        if not given:
            for label in _computed_labels(self._template):
                entries.pop(label, None)
        return replace(project, entries=entries, indicators=tuple(indicators)), formulas

    def _formula(self, indicator: Indicator, result: Score) -> Expr | None:
        """What the score cell holds, if the form has all the cells that it reads."""
        formula = None
        match self._options.formulas:
            case "native":
                formula = result.formula
            case "udf":
                row = {ref.name: indicator.entry(ref.name).text or None for ref in ROW}
                formula = score_call(result, row, self._options.policy)
        if formula is None:
            return None
        read = (node.name for node in references_in(formula) if isinstance(node, Ref))
        return formula if self._columns.issuperset(read) else None


def _groups(work: Sequence[tuple[Project, Path]]) -> Iterator[Sequence[tuple[Project, Path]]]:
    """Projects to be computed together: fewer where their tables are long."""
    start = rows = 0
    for place, (project, _) in enumerate(work, 1):
        rows += len(project.indicators)
        if place - start == _TOGETHER or rows > _ROWS or place == len(work):
            yield work[start:place]
            start, rows = place, 0


def _outcome(key: str, path: Path, filled: Filled | FilledSheet) -> Outcome:
    total, grade = (filled.entries.get(label, BLANK) for label in ("总分", "自评结论"))
    problems = tuple(d.at(file=str(path)) for d in filled.diagnostics)
    return Outcome(key, path, total, grade, problems)


def _failed(key: str, path: Path | None, error: InputError) -> Outcome:
    problems = tuple(d.at(file=d.place.file or str(path)) for d in error.diagnostics)
    return Outcome(key, None, BLANK, BLANK, problems)


def _with_score(indicator: Indicator, entry: Entry) -> Indicator:
    return replace(indicator, entries={**indicator.entries, "得分": entry})


def _computed_labels(template: Template) -> list[str]:
    """Fields that the scoring decides, where the template has a formula for them."""
    return [
        field.key
        for field in template.form.scalars
        if field.key in template.formula_labels
        and (
            field.key in ("分值合计", "总分", "自评结论")
            or (field.key.startswith("资金.") and field.key.endswith((".执行率", ".得分")))
        )
    ]


_in_worker: dict[str, _Filler] = {}


def _start_worker(data: bytes, limits: Limits, options: Options) -> None:
    end_with_parent()
    _in_worker["filler"] = _Filler(Template(data, limits=limits), options)


def _fill_in_worker(work: Sequence[tuple[Project, Path]]) -> list[Outcome]:
    return interruptible(lambda: list(_in_worker["filler"].fill(work)))


def _labels(template: Template) -> set[str]:
    form = template.form
    return {
        *form.constants,
        *(field.key for field in form.scalars),
        *(INDICATOR_PREFIX + field.key for field in form.columns),
    }


def find_template(
    name: str | Path, *, limits: Limits = DEFAULT, strip_signature: bool = False
) -> Template:
    """A template by path, or one of the shipped ones by name. Raises WorkbookError when unknown."""
    return Template.open(template_path(name), limits=limits, strip_signature=strip_signature)


def load_example(folder: Path) -> tuple[Template, Records]:
    """The records of an example folder, and the shipped template that its 模板 column names."""
    first = build_records(*read_folder(folder)).projects[0]
    template = find_template(first.entry("模板").text.partition("/")[0])
    return template, load(template, folder)


def _other_constant(
    records: Records, projects: Sequence[Project], label: str, given: str, value: str
) -> Diagnostic:
    """One diagnostic for all the projects that say the same."""
    keys = "、".join(project.key for project in projects[:_NAMED])
    zh, en = f"项目“{keys}”", f"projects “{keys}”"
    if len(projects) > _NAMED:
        zh, en = f"{zh}等 {len(projects)} 个", f"{len(projects)} projects (“{keys}” …)"
    return Diagnostic(
        "D113",
        Message(
            f"{zh}的{label}填的是“{given}”，与所用模板的“{value}”不符",
            f"{label} of {en} is “{given}”, that of the template “{value}”",
        ),
        place=records.place(projects[0], label),
        fix=Message(
            "请换用相应的模板，或改正数据", "use the matching template or correct the data"
        ),
    )


def _dead_process() -> Diagnostic:
    return Diagnostic(
        "W209",
        Message(
            "处理进程意外终止（可能是内存不足），已生成的工作簿保留",
            "a process ended unexpectedly (perhaps out of memory); the workbooks written so far "
            "stay",
        ),
        fix=Message("请减少 --jobs 的进程数后重试", "try again with fewer --jobs"),
    )


def _wrong_suffix(out: Path, suffix: str) -> Diagnostic:
    kind = (
        Message("模板含宏", "the template has macros")
        if suffix == ".xlsm"
        else Message("模板不含宏", "the template has no macros")
    )
    return Diagnostic(
        "W208",
        Message(
            f"{kind.zh}，输出文件的扩展名应为 {suffix}", f"{kind.en}, so the output is an {suffix}"
        ),
        place=Place(file=str(out)),
        fix=Message(f"请改为 {suffix}", f"name it {out.stem}{suffix}"),
    )
