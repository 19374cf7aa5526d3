"""A summary in lines, for the terminal."""

from collections.abc import Iterator
from decimal import Decimal

from xlperf.diagnostic import Lang, Message
from xlperf.forms import number_entry
from xlperf.summary.collect import Summary


def lines(summary: Summary, lang: Lang = "zh") -> Iterator[str]:
    """One line a form, then money, grades and the share of points earned in every section."""
    for form in summary.forms:
        parts = (
            form.key,
            form.name,
            _labelled(Message("预算", "budget"), form.budget, "万元", lang),
            _labelled(Message("执行率", "execution"), form.rate, "%", lang),
            _labelled(Message("总分", "total"), form.total, "", lang),
            form.grade,
            str(form.file),
        )
        yield "  ".join(filter(None, parts))
    count = len(summary.forms)
    money = [form.budget for form in summary.forms if form.budget is not None]
    budget = _labelled(Message("预算", "budget"), sum(money, Decimal(0)), "万元", lang)
    yield "  ".join([Message(f"共 {count} 张表", f"{count} forms").text(lang), budget])
    graded = [form.grade for form in summary.forms]
    if any(graded):
        yield "  ".join(f"{grade} {graded.count(grade)}" for grade in summary.grades)
    for section in summary.sections:
        earned = f"{_plain(section.score)}/{_plain(section.weight)}"
        yield f"{section.name}  {earned}  {_plain(section.share)}%"


def _labelled(label: Message, number: Decimal | None, unit: str, lang: Lang) -> str:
    return "" if number is None else f"{label.text(lang)} {_plain(number)}{unit}"


def _plain(number: Decimal) -> str:
    return number_entry(round(number, 2)).text
