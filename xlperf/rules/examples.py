"""The notation of the examples in the rules' docstrings, and the forms that they stand for."""

import re

from xlperf.diagnostic import Diagnostic
from xlperf.forms import INDICATOR_PREFIX, Entry, Indicator, Project, canonical, read_entry
from xlperf.rules.context import AllForms, FormCase

NOTATION = """\
One line is one indicator, or some fields of the form:

```
产出指标/数量指标 购置设备数量 27台
产出指标/质量指标 正常使用率 =100% → 98% 分值=2 得分=0 未完成原因分析=线路故障
年度=2025 金额单位=元 资金.预算数.金额=160000
```

An indicator is level 1, `/`, level 2, its name, its target, after `→` the actual value, then any
other column as label=value. A value with spaces, and a blank one, stands in "double quotes". A line
`--` begins the next form of the same example. Where no line says otherwise, amounts are in 元. In a
docstring, an example of one line follows `Bad:` or `Good:`, one of several lines stands below it.
"""

_TOKEN = re.compile(r'(?:"[^"]*"|[^\s"])+')
_FIELD = re.compile(r"(?P<label>[^\s=\"/≥≤<>]+)=(?P<value>.*)")


def read_example(text: str) -> AllForms:
    """The forms of an example. Raises ValueError where it does not keep to the notation."""
    parts = re.split(r"(?m)^--$", text)
    return tuple(
        FormCase(_project(part, f"{number:02d}"), "example")
        for number, part in enumerate(parts, start=1)
    )


def _project(text: str, key: str) -> Project:
    entries = {"编号": Entry(key), "金额单位": Entry("元")}
    indicators = []
    for line in filter(None, map(str.strip, text.splitlines())):
        tokens = _TOKEN.findall(line)
        if all(map(_FIELD.fullmatch, tokens)):
            entries |= dict(_fields(tokens, ""))
        else:
            indicators.append(_indicator(tokens, line))
    return Project(entries, tuple(indicators))


def _indicator(tokens: list[str], line: str) -> Indicator:
    named = [token for token in tokens[2:] if _FIELD.fullmatch(token)]
    printed = [_bare(token) for token in tokens if token not in named]
    match printed:
        case [levels, name]:
            values = [name]
        case [levels, name, target]:
            values = [name, target]
        case [levels, name, target, "→", actual]:
            values = [name, target, actual]
        case _:
            raise ValueError(f"not an indicator: {line}")
    level1, slash, level2 = levels.partition("/")
    if not slash:
        raise ValueError(f"no level 1/level 2: {line}")
    labels = ("一级指标", "二级指标", "三级指标", "指标值", "实际完成值")
    entries = dict(zip(labels, map(Entry, (level1, level2, *values)), strict=False))
    return Indicator(entries | dict(_fields(named, INDICATOR_PREFIX)))


def _fields(tokens: list[str], prefix: str) -> list[tuple[str, Entry]]:
    found = []
    for match in filter(None, map(_FIELD.fullmatch, tokens)):
        label = canonical(prefix + match["label"])
        entry = read_entry(label, _bare(match["value"]))
        if isinstance(entry, Diagnostic):
            raise ValueError(entry.text("en"))
        found.append((label.removeprefix(prefix), entry))
    return found


def _bare(token: str) -> str:
    return token.replace('"', "")
