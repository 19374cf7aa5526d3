"""What a run of recalculation did, for programs (JSON) and for people (lines of text)."""

from collections.abc import Iterable, Iterator
from typing import Any

from xlperf.diagnostic import Lang, Message
from xlperf.expr import ExcelError, Value
from xlperf.recalc.run import Recalculated, Unsupported

_SHOWN = 20


def as_json(outcomes: Iterable[Recalculated], lang: Lang = "zh") -> dict[str, Any]:
    """The report of a run, as docs/recalc.md describes it."""
    return {"workbooks": [_workbook(outcome, lang) for outcome in outcomes]}


def _workbook(outcome: Recalculated, lang: Lang) -> dict[str, Any]:
    return {
        "file": str(outcome.file) if outcome.file else None,
        "engine": outcome.engine,
        "refused_by": {
            name: [message.text(lang) for message in messages]
            for name, messages in outcome.refused_by.items()
        },
        "recalculated": outcome.recalculated,
        "changed": [
            {"sheet": c.sheet, "cell": c.cell, "old": _plain(c.old), "new": _plain(c.new)}
            for c in outcome.changed
        ],
        "unsupported": [
            {
                "sheet": cell.sheet,
                "cell": cell.cell,
                "formula": cell.formula,
                "reason": cell.reason.text(lang),
            }
            for cell in (*outcome.unsupported, *_problems(outcome))
        ],
        "seconds": round(outcome.seconds, 6),
    }


def _problems(outcome: Recalculated) -> Iterator[Unsupported]:
    """What is wrong with a file that is no workbook, or that cannot be written."""
    for diagnostic in outcome.problem.diagnostics if outcome.problem else ():
        yield Unsupported("", "", "", diagnostic.message)


def lines(outcome: Recalculated, lang: Lang, *, explain: bool = False) -> Iterator[str]:
    """One workbook for a person; with `explain`, why engines refused it."""
    yield f"{outcome.file}: {_summary(outcome).text(lang)}"
    if explain:
        for name, messages in outcome.refused_by.items():
            reasons = "; ".join(message.text(lang) for message in messages)
            yield f"  {name}: {Message('不支持', 'refuses').text(lang)} {reasons}"
        if outcome.engine:
            yield f"  {outcome.engine}: {Message('支持全部公式', 'supports it').text(lang)}"
    for change in outcome.changed[:_SHOWN]:
        yield f"  {change.sheet}!{change.cell} {_shown(change.old)} → {_shown(change.new)}"
    for cell in outcome.unsupported[:_SHOWN]:
        place = f"{cell.sheet}!{cell.cell} {cell.formula} " if cell.cell else ""
        yield f"  {place}{Message('无法计算', 'cannot be calculated').text(lang)}: " + (
            cell.reason.text(lang)
        )
    if (rest := max(len(outcome.changed), len(outcome.unsupported)) - _SHOWN) > 0:
        yield "  " + Message(f"另有 {rest} 处", f"{rest} more").text(lang)


def _summary(outcome: Recalculated) -> Message:
    if outcome.engine is None:
        return Message("未重算，原文件不变", "not recalculated, left as it is")
    count, changed = outcome.recalculated, len(outcome.changed)
    return Message(
        f"{outcome.engine} 重算 {count} 个单元格，{changed} 个值有变",
        f"{outcome.engine} recalculated {count} cells, {changed} changed",
    )


def _shown(value: Value) -> str:
    return "∅" if value is None else str(_plain(value))


def _plain(value: Value) -> float | int | str | bool | None:
    if isinstance(value, ExcelError):
        return value.code
    if type(value) is float and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
