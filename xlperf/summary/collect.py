"""What a summary says: one row a form, the share of points earned, and what fell short."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from xlperf.diagnostic import Diagnostic, Message, Place, Severity
from xlperf.forms import Entry
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.rules.context import MONEY_UNITS, FormCase, IndicatorCase
from xlperf.scoring import Policy, execution_row, execution_weight
from xlperf.template import read_files

_EXECUTION = "预算执行率"
_NO_LEVEL = "（未填一级指标）"
_DEPARTMENTS = ("主管部门及代码", "主管部门")
_UNITS = ("实施单位", "预算单位", "部门名称")


class IndicatorRow(NamedTuple):
    """An indicator that did not earn all of its points, or has no score yet."""

    form: "FormRow"
    indicator: IndicatorCase


@dataclass(frozen=True, slots=True, eq=False)
class FormRow:
    """One form. Money is in 万元, the rate in percent points; None where the form says nothing."""

    file: Path
    sheet: str
    key: str
    name: str
    department: str
    unit: str
    budget: Decimal | None
    executed: Decimal | None
    rate: Decimal | None
    total: Decimal | None
    grade: str
    indicators: tuple[IndicatorCase, ...]
    execution_points: tuple[Decimal, Decimal] | None
    """Score and weight of the budget's execution."""

    @property
    def short(self) -> list[IndicatorCase]:
        """The indicators with fewer points than their weight, or without a score."""
        return [i for i in self.indicators if i.weight is not None and _falls_short(i)]


class Section(NamedTuple):
    """One 一级指标 over all forms: the points earned and the points there were to earn."""

    name: str
    score: Decimal
    weight: Decimal

    @property
    def share(self) -> Decimal:
        """In percent."""
        return self.score / self.weight * 100


@dataclass(frozen=True, slots=True)
class Summary:
    """The forms in the order of their files, and what was wrong with files or amounts."""

    forms: tuple[FormRow, ...]
    grades: tuple[str, ...]
    problems: tuple[Diagnostic, ...]

    @property
    def short(self) -> list[IndicatorRow]:
        """What fell short, form by form."""
        return [IndicatorRow(form, indicator) for form in self.forms for indicator in form.short]

    @property
    def sections(self) -> list[Section]:
        """The share of points earned in every 一级指标, budget execution first."""
        points: dict[str, list[tuple[Decimal, Decimal]]] = {_EXECUTION: []}
        for form in self.forms:
            if form.execution_points:
                points[_EXECUTION].append(form.execution_points)
            for indicator in form.indicators:
                if indicator.score is not None and indicator.weight:
                    earned = (indicator.score, indicator.weight)
                    name = "".join(indicator.level1.split()) or _NO_LEVEL
                    points.setdefault(name, []).append(earned)
        return [
            Section(name, sum(scores, Decimal(0)), sum(weights, Decimal(0)))
            for name, found in points.items()
            if found
            for scores, weights in [tuple(zip(*found, strict=True))]
        ]


def summarise(
    paths: Iterable[str | Path], policy: Policy | None = None, limits: Limits = DEFAULT
) -> Summary:
    """Sum up every form in workbooks and folders; `policy` names the grades and their order.

    A file that cannot be read is reported, and the others are summed up.
    """
    policy = policy or Policy.default()
    problems: list[Diagnostic] = []
    rows: list[FormRow] = []
    for file, forms, found in read_files(paths, limits):
        problems += found
        for _, project in forms:
            case = FormCase(project, file=str(file), policy=policy)
            rows.append(_row(file, case, policy))
            problems += _without_unit(file, case)
    return Summary(tuple(rows), tuple(grade.name for grade in policy.grades), tuple(problems))


def _row(file: Path, case: FormCase, policy: Policy) -> FormRow:
    execution = case.execution
    scale = case.money_scale and case.money_scale / MONEY_UNITS["万元"]
    budget = case.budget and case.budget / MONEY_UNITS["万元"]
    return FormRow(
        file,
        case.project.sheet,
        case.project.key,
        case.name,
        _first(case, _DEPARTMENTS),
        _first(case, _UNITS),
        execution.budget * scale if execution and scale else budget,
        execution.executed * scale if execution and scale else None,
        execution.rate if execution else None,
        case.number("总分"),
        case.text("自评结论"),
        case.indicators,
        _execution_points(case, policy),
    )


def _execution_points(case: FormCase, policy: Policy) -> tuple[Decimal, Decimal] | None:
    row = execution_row(case.project)
    score = case.number(f"资金.{row}.得分")
    if row is None or score is None:
        return None
    return score, case.number(f"资金.{row}.分值") or execution_weight(policy)


def _first(case: FormCase, labels: Iterable[str]) -> str:
    return next((text for label in labels if (text := case.text(label))), "")


def _falls_short(indicator: IndicatorCase) -> bool:
    score, weight = indicator.score, indicator.weight
    if score is None:
        return not indicator.entry("得分")  # 不适用 is no missing score
    return weight is not None and score < weight


def _without_unit(file: Path, case: FormCase) -> Iterator[Diagnostic]:
    amounts: list[Entry] = [e for columns in case.funding.values() for e in columns.values() if e]
    if amounts and case.money_scale is None:
        yield Diagnostic(
            "M101",
            Message(
                f"金额单位是“{case.money_unit}”，金额未计入汇总",
                f"the money unit is “{case.money_unit}”: the amounts are left out of the summary",
            ),
            place=Place(file=str(file), sheet=case.project.sheet),
            severity=Severity.WARNING,
            fix=Message(
                "把名称 xp.金额单位 定义为“元”或“万元”", "define xp.金额单位 as “元” or “万元”"
            ),
        )
