"""What a template offers, name by name, and what is wrong with it."""

from dataclasses import dataclass

from xlperf.diagnostic import Diagnostic, Message, Place, Severity
from xlperf.forms import INDICATOR_PREFIX, KNOWN_LABELS, Kind, nearest_label
from xlperf.ooxml.address import Area
from xlperf.template.fields import PREFIX, Field
from xlperf.template.template import Template

_KINDS = {
    Kind.TEXT: Message("文字", "text"),
    Kind.NUMBER: Message("数字", "number"),
    Kind.PERCENT: Message("百分数", "percentage"),
    Kind.DATE: Message("日期", "date"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One name: where it stands and what it takes. `cell` is the value itself for a constant."""

    name: str
    cell: str
    meaning: Message


@dataclass(frozen=True, slots=True)
class Report:
    lines: tuple[Line, ...]
    problems: tuple[Diagnostic, ...]


def template_report(template: Template) -> Report:
    """Every name of the template in the order of the form, and its problems."""
    form = template.form
    lines = [
        Line(PREFIX + label, f'"{value}"', Message("常量", "constant"))
        for label, value in form.constants.items()
    ]
    problems = list(template.problems)
    for field in form.scalars:
        lines.append(
            Line(PREFIX + field.label, field.area.text, _meaning(template, field, field.key))
        )
        problems += _unknown(template, field, field.key)
    for field in form.columns:
        name, key = INDICATOR_PREFIX + field.label, INDICATOR_PREFIX + field.key
        lines.append(Line(PREFIX + name, field.area.text, _meaning(template, field, key)))
        problems += _unknown(template, field, key)
    problems += _overlaps(template)
    problems += template.notices
    if not form.columns:
        problems.append(_no_table(template))
    return Report(tuple(lines), tuple(problems))


def _meaning(template: Template, field: Field, key: str) -> Message:
    kind = _KINDS[field.kind]
    zh, en = kind.zh, kind.en
    if key in template.formula_labels:
        zh, en = f"{zh}，公式", f"{en}, formula"
    if not _known(key):
        zh, en = f"{zh}，自定义字段", f"{en}, a field of your own"
    elif key in KNOWN_LABELS and (plain := key.removeprefix(INDICATOR_PREFIX)) != field.label:
        zh, en = f"{zh}，即“{plain}”", f"{en}, that is {plain}"
    return Message(zh, en)


def _known(key: str) -> bool:
    return key in KNOWN_LABELS or key.startswith(("资金.", "支出计划."))


def _unknown(template: Template, field: Field, key: str) -> list[Diagnostic]:
    """A slip of a known label, as far as one can tell."""
    if not (near := nearest_label(key)):
        return []
    return [
        Diagnostic(
            "N105",
            Message(
                f"未知名称 {PREFIX}{key}，按自定义字段处理",
                f"unknown name {PREFIX}{key}, taken as a field of your own",
            ),
            place=_place(template, field.area),
            severity=Severity.WARNING,
            fix=Message(f"是否应为 {PREFIX}{near}？", f"did you mean {PREFIX}{near}?"),
        )
    ]


def _overlaps(template: Template) -> list[Diagnostic]:
    """Names that lie on the same cell: only one of them could be read back."""
    form = template.form
    seen: dict[tuple[int, int], str] = {}
    problems = []
    for field in (*form.scalars, *form.columns):
        corner = (field.area.top, field.area.left)
        if other := seen.get(corner):
            problems.append(
                Diagnostic(
                    "N106",
                    Message(
                        f"“{field.label}”与“{other}”指向同一单元格",
                        f"{field.label} and {other} refer to the same cell",
                    ),
                    place=_place(template, field.area),
                    fix=Message(
                        "请改正其中一个名称的引用位置", "correct the reference of one of them"
                    ),
                )
            )
        seen[corner] = field.label
    return problems


def _no_table(template: Template) -> Diagnostic:
    return Diagnostic(
        "N107",
        Message("没有指标表（xp.指标.… 名称）", "there is no indicator table (xp.指标.… names)"),
        place=Place(file=template.file, sheet=template.form.sheet.name),
        severity=Severity.WARNING,
        fix=Message(
            "如有指标表，请为每列定义名称，例如 xp.指标.三级指标",
            "if the form has one, name its columns, for example xp.指标.三级指标",
        ),
    )


def _place(template: Template, area: Area) -> Place:
    return Place(file=template.file, sheet=template.form.sheet.name, cell=area.text)
