"""Scoring filled self-evaluations in place: formulas into their cells, and why each score is so.

Nothing else in the workbook changes. A person's score stays wherever no rule decides, and what a
form's own formulas say of rate, total and grade stays too, unless it leaves rows that do not apply
in the total.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

from xlperf.diagnostic import Diagnostic, InputError, Lang, Message, Place, Severity
from xlperf.expr import Expr, Value, to_excel
from xlperf.forms import Entry, Indicator, Project, number_entry
from xlperf.ooxml.address import cell_name, parse_cell
from xlperf.ooxml.files import find_workbooks, read_file, write_file
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.scoring import (
    Due,
    Policy,
    Score,
    execution_row,
    execution_weight,
    explanations_due,
    grade,
    rescaled,
    score,
    total,
)
from xlperf.scoring.calls import ROW, check_callable, grade_call, rate_call, score_call
from xlperf.scoring.rules import WEIGHT
from xlperf.scoring.totals import (
    BUDGET,
    DROPPED,
    EXECUTED,
    SCORES,
    TOTAL,
    WEIGHTS,
    execution_expr,
    grade_expr,
    rate_expr,
    total_expr,
)
from xlperf.template import Content, Form, Formula, Patching, Placed, read_forms

FormulaStyle = Literal["native", "udf", "value"]
State = Literal["computed", "kept", "open", "dropped"]

_NOT_APPLICABLE = "不适用"
_ESSENTIAL = ("指标值", "实际完成值", "分值", "得分")
_NOISE = 1e-9
_RESCALES = re.compile(r"\*100/\(SUM\(.*\)-SUM\(")


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """One indicator: how it was scored, and the points that now stand in its cell.

    `computed` by the policy, `kept` as a person gave it, `open` for a person to give, or `dropped`
    because it does not apply.
    """

    indicator: Indicator
    state: State
    score: Decimal | None
    result: Score


@dataclass(frozen=True, slots=True)
class ScoredForm:
    """One form as it now stands in its file. `execution` is the score for it, blank if none."""

    file: Path | None
    project: Project
    rows: tuple[ScoredRow, ...]
    execution: Entry
    total: Entry
    grade: Entry
    due: tuple[Due, ...]

    @property
    def complete(self) -> bool:
        """Whether every row that applies has its score."""
        return all(row.state != "open" for row in self.rows)

    def lines(self, lang: Lang = "zh") -> Iterator[str]:
        """The form row by row: cell, points of how many, name, and why."""
        yield " ".join(filter(None, (str(self.file or ""), self.project.sheet, self.project.name)))
        for row in self.rows:
            yield _line(row, lang)
        execution = Message("预算执行", "execution").text(lang)
        if self.execution:
            yield f"  {execution} {self.execution.text}"
        label = Message("总分", "total").text(lang)
        yield f"  {label} {self.total.text or '–'} {self.grade.text}".rstrip()
        for due in self.due:
            name = execution if due.index is None else self.rows[due.index].indicator.level3
            what = Message("须说明原因", "to be explained").text(lang)
            yield f"  {what}{_colon(lang)}{name}{_comma(lang)}{due.why.text(lang)}"


@dataclass(frozen=True, slots=True)
class Scoring:
    """The forms that were scored, and what was wrong with files or is odd about forms."""

    forms: tuple[ScoredForm, ...]
    problems: tuple[Diagnostic, ...]


def score_workbooks(
    paths: Iterable[str | Path],
    policy: Policy | None = None,
    formulas: FormulaStyle = "native",
    limits: Limits = DEFAULT,
) -> Scoring:
    """Write the scores into every self-evaluation in the workbooks; folders are searched.

    A file that cannot be scored is reported and left as it was; the others go on. Raises InputError
    for a policy that calls of XP_SCORE cannot name.
    """
    policy = policy or Policy.default()
    if formulas == "udf":
        check_callable(policy)
    forms: list[ScoredForm] = []
    problems: list[Diagnostic] = []
    for file in find_workbooks(paths):
        try:
            scored, noticed = _score_file(file, policy, formulas, limits)
        except InputError as error:
            noticed = error.diagnostics
        else:
            forms += scored
        problems += [d if d.place.file else d.at(file=str(file)) for d in noticed]
    return Scoring(tuple(forms), tuple(problems))


def _score_file(
    file: Path, policy: Policy, formulas: FormulaStyle, limits: Limits
) -> tuple[list[ScoredForm], tuple[Diagnostic, ...]]:
    before = read_file(file, limits)
    written, forms, noticed = score_data(before, policy, formulas, limits)
    if written != before:
        write_file(file, written)
    return [replace(form, file=file) for form in forms], noticed


def score_data(
    data: bytes,
    policy: Policy,
    formulas: FormulaStyle,
    limits: Limits = DEFAULT,
    sheets: Collection[str] | None = None,
) -> tuple[bytes, list[ScoredForm], tuple[Diagnostic, ...]]:
    """The workbook with its scores, its forms as they then stand, and what is odd about them.

    With `sheets`, only forms on sheets of these names are scored. Raises InputError where there is
    nothing to score.
    """
    patching = Patching(data, limits)
    if patching.lacks_values:  # weights and amounts may be formulas too
        data, _ = patching.write({})
        patching = Patching(data, limits)
    found, _ = read_forms(data, limits)
    works = [
        _FormScoring(patching, form, project, policy, formulas)
        for form, project in found
        if is_self_evaluation(form) and (sheets is None or form.sheet.name in sheets)
    ]
    if not works:
        raise InputError(_no_self_evaluation(bool(found)))
    contents = {place: content for work in works for place, content in work.contents().items()}
    written, values = patching.write(contents)
    for work in works:
        contents |= work.total_in_place_of(values)
    if formulas == "value":
        _, values = patching.write(contents)
        contents = {place: _frozen(c, values.get(place)) for place, c in contents.items()}
    written, values = patching.write(contents)
    forms, wrong = read_forms(written, limits)
    now = {form.scope: project for form, project in forms}
    scored = [work.scored(now[work.form.scope]) for work in works]
    noticed = [fault for work in works for fault in work.departures(values)]
    return written, scored, (*wrong, *noticed)


def is_self_evaluation(form: Form) -> bool:
    """Whether the form has what a score is computed from, and a place for it."""
    return all(form.column(label) for label in _ESSENTIAL)


def _frozen(content: Content, value: Value) -> Content:
    """What a formula came to, in its place."""
    if not isinstance(content, Formula) or not isinstance(value, (float, str)):
        return content
    return value if isinstance(value, str) else Decimal(repr(value))


class _FormScoring:
    """What one form needs: contents for its cells, and afterwards what came of them."""

    def __init__(
        self,
        patching: Patching,
        form: Form,
        project: Project,
        policy: Policy,
        formulas: FormulaStyle,
    ) -> None:
        self.form = form
        self._patching = patching
        self._project = project
        self._policy = policy
        self._style = formulas
        self._results = [score(indicator, policy) for indicator in project.indicators]
        self._row = execution_row(project)

    # ---------------------------------------------------------------------- what is written

    def contents(self) -> dict[Placed, Content]:
        """New contents for cells of scores, and for those of rate, total and grade without one."""
        found: dict[Placed, Content] = {}
        for indicator, result in zip(self._project.indicators, self._results, strict=True):
            content = self._content(indicator, result)
            if content is not None:
                found[self._place(indicator.cells["得分"])] = content
        if self._row is not None:
            found |= self._execution(f"资金.{self._row}.")
        if self._lacks_formula("总分"):
            found[self._place(self._project.cells["总分"])] = self._total()
        if self._lacks_formula("自评结论") and "总分" in self._project.cells:
            refs = {TOTAL.name: self._project.cells["总分"]}
            expr = (grade_call if self._style == "udf" else grade_expr)(self._policy)
            found[self._place(self._project.cells["自评结论"])] = self._formula(expr, refs)
        return found

    def _content(self, indicator: Indicator, result: Score) -> Content | None:
        """What the score cell of a row is to hold; None leaves it as it is."""
        if not result.applies:
            return _NOT_APPLICABLE
        if self._state(indicator, result) == "kept" or self._shares_its_cell(indicator):
            return None
        expr = self._score_formula(indicator, result)
        if expr is None:
            return result.value
        return self._formula(expr, {ref.name: indicator.cells[ref.name] for ref in ROW})

    def _score_formula(self, indicator: Indicator, result: Score) -> Expr | None:
        match self._style:
            case "native":
                return result.formula
            case "udf":
                row = {r.name: self._value(self._place(indicator.cells[r.name]), {}) for r in ROW}
                return score_call(result, row, self._policy)
        return None

    def _state(self, indicator: Indicator, result: Score) -> State:
        if not result.applies:
            return "dropped"
        if result.value is not None and not self._shares_its_cell(indicator):
            return "computed"
        return "kept" if indicator.entry("得分") else "open"

    def _shares_its_cell(self, indicator: Indicator) -> bool:
        """Whether one merged score cell serves several rows."""
        cell = indicator.cells["得分"]
        return sum(other.cells["得分"] == cell for other in self._project.indicators) > 1

    def _execution(self, prefix: str) -> dict[Placed, Content]:
        """Formulas for the execution's score and rate, where their cells hold none."""
        cells = self._project.cells
        refs = {ref.name: cells[prefix + ref.name] for ref in (BUDGET, EXECUTED)}
        refs[WEIGHT.name] = self._execution_weight(prefix)
        found: dict[Placed, Content] = {}
        if self._lacks_formula(prefix + "得分"):
            expr = execution_expr(self._policy)
            found[self._place(cells[prefix + "得分"])] = self._formula(expr, refs)
        if self._lacks_formula(prefix + "执行率"):
            place = self._place(cells[prefix + "执行率"])
            shows_ratio = "%" in self._patching.number_format(*place)
            rate = rate_call if self._style == "udf" else rate_expr
            expr = rate(percent_points=not shows_ratio)
            found[place] = self._formula(expr, refs)
        return found

    def _execution_weight(self, prefix: str) -> str:
        """The cell with the points for execution, or the policy's where the form states none."""
        label = prefix + WEIGHT.name
        if self._project.entry(label).number is not None:
            return self._project.cells[label]
        return number_entry(execution_weight(self._policy)).text

    def _total(self) -> Formula:
        scores, weights = [self._column("得分")], [self._column("分值")]
        prefix = f"资金.{self._row}."
        if prefix + "得分" in self._project.cells:
            scores.append(self._project.cells[prefix + "得分"])
            weights.append(self._execution_weight(prefix))
        refs = {SCORES.name: ",".join(scores), WEIGHTS.name: ",".join(weights)}
        dropped = [i.cells["分值"] for i, result in self._judged() if not result.applies]
        refs[DROPPED.name] = ",".join(dropped)
        return self._formula(total_expr(self._policy, rescales=bool(dropped)), refs)

    def _column(self, label: str) -> str:
        """The cells of a column of the table."""
        column = self.form.column(label)
        assert column is not None
        left = column.area.left
        return f"{cell_name(self.form.first, left)}:{cell_name(self.form.last, left)}"

    def total_in_place_of(self, values: Mapping[Placed, Value]) -> dict[Placed, Content]:
        """A total that leaves out rows that do not apply, where the form's own counts them."""
        place = self._own("总分")
        if place is None or self._agrees(place, values, self._wanted_total(values)):
            return {}
        cell = self._patching.cell(*place)
        was_rescaled = bool(cell and cell.formula and _RESCALES.search(cell.formula))
        drops = any(not result.applies for result in self._results)
        return {place: self._total()} if drops or was_rescaled else {}

    # ----------------------------------------------------------------- what has come of it

    def scored(self, now: Project) -> ScoredForm:
        """The form after it was written; `now` is what it holds."""
        rows = tuple(
            ScoredRow(indicator, self._state(indicator, result), there.score, result)
            for (indicator, result), there in zip(self._judged(), now.indicators, strict=True)
        )
        return ScoredForm(
            None,
            now,
            rows,
            now.entry(f"资金.{self._row}.得分"),
            now.entry("总分"),
            now.entry("自评结论"),
            tuple(explanations_due(now, self._policy)),
        )

    def departures(self, values: Mapping[Placed, Value]) -> Iterator[Diagnostic]:
        """Where the form's own formulas, which were left alone, come to something else."""
        wanted = self._wanted_total(values)
        result = None if wanted is None else grade(wanted, self._policy)
        for label, by_policy in (("总分", wanted), ("自评结论", result)):
            place = self._own(label)
            if place is None or by_policy is None or self._value(place, values) is None:
                continue
            if not self._agrees(place, values, by_policy):
                shown, other = self._shown(place, values), _text(by_policy)
                yield Diagnostic(
                    "F103",
                    Message(
                        f"{label}：表内公式得“{shown}”，按评分办法应为“{other}”，公式未改动",
                        f"{label} is “{shown}” by the form's formula, “{other}” by the policy; "
                        "the formula was left alone",
                    ),
                    place=Place(sheet=place[0], cell=cell_name(*place[1])),
                    severity=Severity.WARNING,
                    fix=Message(
                        "请核对表内公式；清空该单元格后重新评分，即按评分办法写入公式",
                        "check the formula; clear the cell and score again to have the policy's",
                    ),
                )

    def _wanted_total(self, values: Mapping[Placed, Value]) -> Decimal | None:
        """The total by the policy; None where nothing is scored yet."""
        pairs: list[tuple[Decimal | None, Decimal]] = []
        for indicator, result in self._judged():
            if result.applies:
                computed = self._state(indicator, result) == "computed"
                points = result.value if computed else indicator.score
                pairs.append((points, indicator.weight or Decimal(0)))
        if self._row is not None and (cell := self._project.cells.get(f"资金.{self._row}.得分")):
            value = self._value(self._place(cell), values)
            earned = Decimal(repr(value)) if isinstance(value, float) else None
            stated = self._project.entry(f"资金.{self._row}.分值").number
            pairs.append((earned, execution_weight(self._policy) if stated is None else stated))
        scores = [points for points, _ in pairs if points is not None]
        if not scores:
            return None
        if all(result.applies for result in self._results):
            return total(scores, self._policy)
        share = rescaled(scores, [weight for _, weight in pairs])
        return None if share is None else total([share], self._policy)

    # ---------------------------------------------------------------------------- its cells

    def _judged(self) -> Iterator[tuple[Indicator, Score]]:
        return zip(self._project.indicators, self._results, strict=True)

    def _place(self, cell: str) -> Placed:
        return self.form.sheet.name, parse_cell(cell)

    def _own(self, label: str) -> Placed | None:
        """The cell of a field that holds a formula of the form's own."""
        if label not in self._project.cells or self._lacks_formula(label):
            return None
        return self._place(self._project.cells[label])

    def _lacks_formula(self, label: str) -> bool:
        if label not in self._project.cells:
            return False
        cell = self._patching.cell(*self._place(self._project.cells[label]))
        return cell is None or cell.formula is None

    def _formula(self, expr: Expr, refs: Mapping[str, str]) -> Formula:
        return Formula(to_excel(expr, refs))

    def _value(self, place: Placed, values: Mapping[Placed, Value]) -> Value:
        if place in values:
            return values[place]
        cell = self._patching.cell(*place)
        return cell.value if cell else None

    def _agrees(
        self, place: Placed, values: Mapping[Placed, Value], wanted: Decimal | str | None
    ) -> bool:
        value = self._value(place, values)
        if isinstance(wanted, Decimal):
            return isinstance(value, float) and abs(value - float(wanted)) < _NOISE
        return (value or "") == (wanted or "")

    def _shown(self, place: Placed, values: Mapping[Placed, Value]) -> str:
        value = self._value(place, values)
        return _text(Decimal(repr(value)) if isinstance(value, float) else str(value or ""))


def _text(value: Decimal | str) -> str:
    return value if isinstance(value, str) else number_entry(value).text


def _line(row: ScoredRow, lang: Lang) -> str:
    indicator, result = row.indicator, row.result
    points = "–" if row.score is None else number_entry(row.score).text
    weight = "–" if indicator.weight is None else number_entry(indicator.weight).text
    why = result.why.text(lang)
    if row.state == "kept":
        given = Message("保留人工评分", "kept as given").text(lang)
        if result.allowed and row.score is not None:
            low, high = result.allowed
            if not low <= row.score <= high:
                given = Message("保留人工评分，但不在此档", "kept as given, outside its band").text(
                    lang
                )
        why = f"{given}{_colon(lang)}{why}"
    elif row.state == "open":
        why = f"{Message('待评分', 'open').text(lang)}{_colon(lang)}{why}"
    elif (before := indicator.entry("得分").text) and indicator.score != row.score:
        why += Message(f"（原为 {before}）", f" (was {before})").text(lang)
    values = f"{indicator.target} → {indicator.actual or '–'}"
    return f"  {indicator.cells['得分']:5} {points}/{weight} {indicator.level3} {values}  {why}"


def _colon(lang: Lang) -> str:
    return "：" if lang == "zh" else ": "


def _comma(lang: Lang) -> str:
    return "，" if lang == "zh" else ", "


def _no_self_evaluation(has_names: bool) -> Diagnostic:
    if not has_names:
        return Diagnostic(
            "W106",
            Message(
                "工作簿中没有 xp. 名称，未评分", "the workbook carries no xp. names; not scored"
            ),
            fix=Message("请使用由模板生成的工作簿", "use a workbook that was made from a template"),
        )
    return Diagnostic(
        "W145",
        Message(
            "不是自评表，未评分：缺少指标值、实际完成值、分值或得分列",
            "no self-evaluation, not scored: it lacks 指标值, 实际完成值, 分值 or 得分",
        ),
        fix=Message("请使用带有这四列的自评表", "use a form that has these four columns"),
    )
