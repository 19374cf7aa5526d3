"""The shapes of the answers, for the OpenAPI document."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Finding(_Shape):
    """One finding of a review, or what is wrong with a file; docs/json.md explains the keys."""

    code: str
    severity: Literal["error", "warning", "info"]
    message: str
    file: str
    sheet: str
    cell: str
    document: str
    project: str
    indicator: str
    field: str
    value: str
    span: list[int] | None
    fix: str | None


class Problem(_Shape):
    """Why a request could not be done (RFC 9457). `report` says what was done all the same."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    diagnostics: list[Finding]
    report: dict[str, Any] | None = None


class ReviewSummary(_Shape):
    forms: int
    errors: int
    warnings: int
    infos: int
    waived: int
    unreadable: int
    unwritten: int
    by_rule: dict[str, int]
    by_project: dict[str, int]


class ReviewReport(_Shape):
    findings: list[Finding]
    summary: ReviewSummary


CellValue = float | str | bool | None


class ChangedCell(_Shape):
    sheet: str
    cell: str
    old: CellValue
    new: CellValue


class UnsupportedCell(_Shape):
    sheet: str
    cell: str
    formula: str
    reason: str


class RecalculatedWorkbook(_Shape):
    file: str | None
    engine: str | None
    refused_by: dict[str, list[str]]
    recalculated: int
    changed: list[ChangedCell]
    unsupported: list[UnsupportedCell]
    seconds: float


class RecalcReport(_Shape):
    workbooks: list[RecalculatedWorkbook]
    problems: list[Finding]


class ScoredRow(_Shape):
    cell: str
    indicator: str
    target: str
    actual: str
    weight: float | None
    score: float | None
    state: Literal["computed", "kept", "open", "dropped"]
    why: str


class DueExplanation(_Shape):
    indicator: str
    why: str


class ScoredForm(_Shape):
    file: str
    sheet: str
    project: str
    complete: bool
    execution: float | None
    total: float | None
    grade: str
    rows: list[ScoredRow]
    due: list[DueExplanation]


class ScoreReport(_Shape):
    forms: list[ScoredForm]
    problems: list[Finding]


class FilledProject(_Shape):
    key: str
    file: str
    total: float | None
    grade: str
    problems: list[Finding]


class FillReport(_Shape):
    projects: list[FilledProject]
    problems: list[Finding]


class ReadReport(_Shape):
    """The two tables, a row an object by heading, and what was wrong with forms."""

    projects: list[dict[str, str | float | None]]
    indicators: list[dict[str, str | float | None]]
    problems: list[Finding]


class OfferedTemplate(_Shape):
    name: str = Field(examples=["guizhou_self_evaluation"])
    sheet: str = Field(examples=["自评表"])
    shipped: bool


class Templates(_Shape):
    templates: list[OfferedTemplate]
    problems: list[Finding]


class Health(_Shape):
    status: Literal["ok", "draining"]
    version: str
    workers: int
    busy: int
    waiting: int
