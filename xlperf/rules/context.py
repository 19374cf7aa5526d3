"""What a rule sees: one indicator in its form, one form, or all forms of a run.

A rule asks questions that several rules share (what is the budget in 元, is this form scored, when
does its year end); they are answered here, once, so that rules agree with each other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, getcontext
from functools import cached_property

from xlperf.diagnostic import Place
from xlperf.forms import INDICATOR_PREFIX, Entry, Indicator, Kind, Project, kind_of
from xlperf.indicator import Parsed, Target, parse_with_name
from xlperf.rules.settings import Settings
from xlperf.scoring import Policy

MONEY_UNITS = {"元": Decimal(1), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}
GOALS = ("年度总体目标", "项目总目标", "预期目标", "总体绩效目标")
"""The fields that hold a form's goals in prose."""

_RESULT_COLUMNS = ("实际完成值", "得分")
_RESULT_FIELDS = ("总分", "自评结论", "实际完成情况")
_RESULT_AMOUNTS = ("执行数", "执行率", "得分")
# The row that holds the year's money, the most telling name first; a project total only at the end.
_TOTAL_ROWS = ("年度资金申请总额", "年度资金总额", "年度预算", "资金总额", "预算数", "项目资金总额")
_BUDGET_COLUMNS = ("年初预算数", "金额", "全年预算数", "预算数")
_SPENT_AGAINST = (("全年预算数", "全年执行数"), ("预算数", "执行数"))
_YEAR = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}(?![0-9])")
_PLAN_POINT = re.compile(r"支出计划\.(\d{1,2})月[底末]")
_OTHER_COST = re.compile("社会|生态|环境")
_SUM = re.compile(r"合计|总计|总分|.*小计")
_BRACKETED_POINTS = re.compile(r"[(（]\s*(\d+(?:\.\d+)?)\s*分\s*[)）]")


@dataclass(frozen=True, slots=True)
class Execution:
    """What was spent of one funding row, in the form's money unit. The budget is above 0."""

    row: str
    budget: Decimal
    executed: Decimal

    @property
    def rate(self) -> Decimal:
        """In percent, to the two places that forms print."""
        return rounded(self.executed / self.budget * 100)


@dataclass(frozen=True, slots=True)
class PlanPoint:
    """One point of the spending plan: the share of the money that is paid by then, 0 to 1."""

    label: str
    entry: Entry
    month: int

    @property
    def share(self) -> Decimal | None:
        return self.entry.number


@dataclass(frozen=True, eq=False)
class FormCase:
    """One form put before the reviewer, with the file it came from and the settings that hold.

    `document` groups forms that belong together (a folder of data, a workbook). Cells stand in
    `Project.cells` and `Indicator.cells`.
    """

    project: Project
    document: str = ""
    file: str = ""
    policy: Policy = field(default_factory=Policy.default)
    settings: Settings = field(default_factory=Settings)
    indicators: tuple["IndicatorCase", ...] = field(init=False)

    def __post_init__(self) -> None:
        rows: list[IndicatorCase] = []
        level1 = level2 = ""
        for number, row in enumerate(self.project.indicators):
            if _is_sum(row):
                continue
            if row.level1 and row.level1 != level1:
                level1, level2 = row.level1, ""
            level2 = row.level2 or level2
            rows.append(IndicatorCase(self, row, number, level1, level2))
        object.__setattr__(self, "indicators", tuple(rows))

    def entry(self, label: str) -> Entry:
        return self.project.entry(label)

    def text(self, label: str) -> str:
        return self.project.entry(label).text

    def number(self, label: str) -> Decimal | None:
        return self.project.entry(label).number

    def has_column(self, label: str) -> bool:
        """Whether the indicator table of this form has the column at all, blank or not."""
        return any(label in row.entries for row in self.project.indicators)

    @cached_property
    def name(self) -> str:
        return self.project.name or self.text("部门名称")

    @cached_property
    def self_evaluation(self) -> bool:
        """Whether the form reports what came out, not only what is promised."""
        return any(map(self.has_column, _RESULT_COLUMNS)) or any(
            label in _RESULT_FIELDS
            or (label.startswith("资金.") and label.endswith(_RESULT_AMOUNTS))
            for label in self.project.entries
        )

    @cached_property
    def year(self) -> int | None:
        """The budget year that the form names, or None."""
        return self.year_in("年度")

    def year_in(self, label: str) -> int | None:
        """The first year that the field of this label names, or None."""
        match = _YEAR.search(self.text(label))
        return int(match[0]) if match else None

    @cached_property
    def texts(self) -> tuple[tuple["FormCase | IndicatorCase", str, str], ...]:
        """Every text that is filled in: whose it is, its label, and what it says."""
        own = (
            (self, label, entry.text)
            for label, entry in self.project.entries.items()
            if entry.text and (label == "年度" or kind_of(label) is Kind.TEXT)
        )
        of_rows = (
            (row, label, entry.text)
            for row in self.indicators
            for label, entry in row.record.entries.items()
            if entry.text and kind_of(INDICATOR_PREFIX + label) is Kind.TEXT
        )
        return (*own, *of_rows)

    @cached_property
    def money_unit(self) -> str:
        """The unit of the amounts in the form's head: 元 or 万元; "" where none is named."""
        return self.text("金额单位").strip()

    @cached_property
    def money_scale(self) -> Decimal | None:
        """How many 元 one of the form's amounts counts; None where the form names no unit."""
        return MONEY_UNITS.get(self.money_unit)

    @cached_property
    def funding(self) -> Mapping[str, Mapping[str, Entry]]:
        """The funding rows as printed, in the form's money unit: `funding[row][column]`."""
        return self.project.funding.rows

    @cached_property
    def total_row(self) -> str:
        """The name of the funding row that holds the year's money, "" where there is none."""
        rows = self.funding
        return next((name for name in _TOTAL_ROWS if name in rows), "")

    @cached_property
    def budget(self) -> Decimal | None:
        """The year's budget in 元 as first planned, which is what targets were set against."""
        row, scale = self.funding.get(self.total_row, {}), self.money_scale
        for column in _BUDGET_COLUMNS:
            if scale and column in row and (amount := row[column].number) is not None:
                return amount * scale
        return None

    @cached_property
    def plan(self) -> tuple[PlanPoint, ...]:
        """The spending plan in the order of its months; empty where it is no plan by month ends."""
        points = [
            PlanPoint(label, entry, int(match[1]))
            for label, entry in self.project.entries.items()
            if (match := _PLAN_POINT.fullmatch(label))
        ]
        return tuple(sorted(points, key=lambda point: point.month))

    @cached_property
    def executions(self) -> dict[str, Execution]:
        """The funding rows that have both a budget and what was spent of it, by name."""
        found: dict[str, Execution] = {}
        for row, columns in self.funding.items():
            for planned, spent in _SPENT_AGAINST:
                budget = columns[planned].number if planned in columns else None
                executed = columns[spent].number if spent in columns else None
                if budget and budget > 0 and executed is not None:
                    found.setdefault(row, Execution(row, budget, executed))
        return found

    @cached_property
    def execution(self) -> Execution | None:
        """The execution of the year's money as a whole."""
        return self.executions.get(self.total_row)

    @cached_property
    def execution_weight(self) -> Decimal:
        """The points for execution: those that the form prints, else those of the policy."""
        printed = self.number(f"资金.{self.total_row}.分值")
        return (
            dict(self.policy.weights).get("预算执行率", Decimal(0)) if printed is None else printed
        )

    def place(self, label: str) -> Place:
        return Place(self.file, self.project.sheet, self.project.cells.get(label, ""))


@dataclass(frozen=True, eq=False)
class IndicatorCase:
    """One indicator in its form. `row` is its position in the table, from 0.

    `section` and `part` are the names of its levels 1 and 2 as printed; a cell that was left blank
    has the name above it, as in a form that writes each name once.
    """

    form: FormCase
    record: Indicator
    row: int
    section: str
    part: str

    def entry(self, label: str) -> Entry:
        return self.record.entry(label)

    def text(self, label: str) -> str:
        return self.record.entry(label).text

    @cached_property
    def level1(self) -> str:
        """The level-1 name without the points behind it: 产出指标(50分) → 产出指标."""
        return _BRACKETED_POINTS.sub("", self.section).strip()

    @cached_property
    def level2(self) -> str:
        return _BRACKETED_POINTS.sub("", self.part).strip()

    @cached_property
    def name(self) -> str:
        return self.record.level3

    @cached_property
    def target_text(self) -> str:
        return self.record.target

    @cached_property
    def actual_text(self) -> str:
        return self.record.actual

    @cached_property
    def parsed(self) -> Parsed:
        """The target with the spans of its parts; the name may supply comparator and unit."""
        return parse_with_name(self.record.target, self.record.level3)

    @property
    def target(self) -> Target:
        return self.parsed.target

    @cached_property
    def parsed_actual(self) -> Parsed:
        return parse_with_name(self.record.actual, self.record.level3)

    @property
    def actual(self) -> Target:
        return self.parsed_actual.target

    @cached_property
    def weight(self) -> Decimal | None:
        return self.record.weight

    @cached_property
    def score(self) -> Decimal | None:
        return self.record.score

    @cached_property
    def reason(self) -> str:
        return self.record.reason.strip()

    @cached_property
    def section_weight(self) -> Decimal | None:
        """The points that the level-1 name gives to its section: 产出指标(50分) → 50."""
        match = _BRACKETED_POINTS.search(self.section)
        return Decimal(match[1]) if match else None

    @cached_property
    def is_cost(self) -> bool:
        """Whether it counts the project's money; cost to society or nature is another matter."""
        level2 = self.level2
        return ("成本" in level2 or "成本" in self.level1) and not _OTHER_COST.search(level2)

    def place(self, label: str) -> Place:
        sheet = self.record.sheet or self.form.project.sheet
        return Place(self.form.file, sheet, self.record.cells.get(label, ""))


def _is_sum(row: Indicator) -> bool:
    """Whether the row adds up those above it: it is named so, and promises nothing itself."""
    names = ["".join(text.split()).rstrip(":：") for text in (row.level3, row.level2, row.level1)]
    name = next(filter(None, names), "")
    return bool(_SUM.fullmatch(name)) and not row.target.strip() and not row.actual.strip()


AllForms = tuple[FormCase, ...]
"""All forms of a run, in a fixed order; the argument of a rule that compares forms."""


def rounded(number: Decimal, places: int = 2) -> Decimal:
    """Half up, as Excel's ROUND does it; a number too long to have decimals stays as it is."""
    long = number.adjusted() + places >= getcontext().prec - 1
    return number if long else number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
