"""What several rules read from an indicator: its values, its category, what its name says.

Names are compared without spaces, punctuation and the width of letters, since these differ from
form to form where the words do not.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from xlperf.diagnostic import Span
from xlperf.indicator import (
    Frequency,
    Interval,
    Parsed,
    Quantity,
    Target,
    Threshold,
)
from xlperf.rules.context import FormCase, IndicatorCase

TARGET, ACTUAL = "指标值", "实际完成值"

_FILLING = re.compile(r"[\W_]+")
# The first word found in the level-2 name decides; cost comes first, since 社会成本 is a cost.
_CATEGORIES = ("成本", "满意", "数量", "质量", "时效", "经济", "社会", "生态", "可持续")
_NAMES = {"满意": "满意度", "可持续": "可持续影响"} | {
    word: f"{word}效益" for word in ("经济", "社会", "生态")
}
_REMEDY = re.compile(
    "处理|处置|办结|办理|修复|整改|治理|化解|解决|回复|响应|达标|合格|排查|排除|消除|防治|防控"
    "|覆盖|下降|减少|降低|完成|及时|成功|满意|恢复|挽回|清零|核查|检测|监测|预警|演练|应急"
)


def filled(indicator: IndicatorCase) -> Iterator[tuple[str, Parsed]]:
    """The target and the actual with their labels, as far as they are filled in."""
    if indicator.target_text.strip():
        yield TARGET, indicator.parsed
    if indicator.actual_text.strip():
        yield ACTUAL, indicator.parsed_actual


def quantities(target: Target) -> tuple[Quantity, ...]:
    """The numbers with their units; none in dates and prose."""
    match target:
        case Threshold(quantity=quantity) | Frequency(quantity=quantity):
            return (quantity,)
        case Interval(low, high):
            return low, high
    return ()


def number_span(parsed: Parsed) -> Span | None:
    """Where the number stands; of an interval the lower one."""
    return next((parsed.spans[x] for x in ("number", "product", "low") if x in parsed.spans), None)


@lru_cache(maxsize=4096)
def squeezed(text: str) -> str:
    """The words of the text, as they are compared."""
    return _FILLING.sub("", unicodedata.normalize("NFKC", text))


def category(indicator: IndicatorCase) -> str:
    """数量, 质量, 时效, 成本, 经济效益 … 满意度; "" for a category of another kind."""
    for text in (indicator.level2, indicator.level1):
        for word in _CATEGORIES:
            if word in text:
                return _NAMES.get(word, word)
    return ""


def wants_more(indicator: IndicatorCase) -> bool:
    """Whether more is welcome without an upper limit: 合格率, but not 不合格率."""
    words = indicator.form.settings.more_is_better
    return any(word in indicator.name for word in words) and not wants_less(indicator)


def wants_less(indicator: IndicatorCase) -> bool:
    """Whether less is better: 投诉次数 and 投诉处理不满意率, but not 投诉办结率."""
    name = indicator.name
    words = [word for word in indicator.form.settings.less_is_better if word in name]
    if not words:
        return False
    last = max(words, key=name.rfind)
    if last[0] in "不未":
        return not _REMEDY.search(name[name.rfind(last) + len(last) :])
    for word in words:
        name = name.replace(word, "")
    return not _REMEDY.search(name)


def namesakes(forms: Iterable[FormCase]) -> Iterator[list[IndicatorCase]]:
    """The indicators of each document that have the same name, where there are several."""
    found: dict[tuple[str, str], list[IndicatorCase]] = {}
    for form in forms:
        for indicator in form.indicators:
            if name := squeezed(indicator.name):
                found.setdefault((form.document, name), []).append(indicator)
    yield from (group for group in found.values() if len(group) > 1)
