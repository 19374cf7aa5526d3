"""The scoring method as data: a TOML file that says where practice departs from the default.

A file needs only the keys that differ; the rest comes from `policies/default.toml`. What a file
must not hold (an unknown key, a senseless value) is an InputError that names file and key.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from xlperf.diagnostic import Diagnostic, InputError, Message, Place

AtMost = Literal["ratio", "linear", "zero"]
Equals = Literal["at_least", "exact"]

_DEFAULT = Path(__file__).parent / "policies" / "default.toml"


class Band(NamedTuple):
    """A share of the weight that a qualitative indicator may earn, in percent."""

    high: Decimal
    low: Decimal


class Grade(NamedTuple):
    name: str
    least: Decimal


@dataclass(frozen=True, slots=True)
class Policy:
    """How scores are computed; docs/scoring.md explains every setting.

    `weights` are points by part (预算执行率, 产出指标 …), `bands` and `grades` go from high to low,
    `execution_below` and `deviation_from` are ratios.
    """

    weights: tuple[tuple[str, Decimal], ...]
    at_most: AtMost
    equals: Equals
    bands: tuple[Band, ...]
    places: int
    grades: tuple[Grade, ...]
    execution_below: Decimal
    deviation_from: Decimal

    @staticmethod
    def load(path: Path | None = None) -> "Policy":
        """The policy of a TOML file, or the default. Raises InputError when it cannot be used."""
        return Policy.default() if path is None else _load(path)

    @staticmethod
    def default() -> "Policy":
        return _default()


@cache
def _default() -> Policy:
    return _load(_DEFAULT)


def _load(path: Path) -> Policy:
    given = read_toml(path)
    faults = [fault.at(file=str(path)) for fault in _faults(given)]
    if faults:
        raise InputError(faults)
    return Policy(**_settings(read_toml(_DEFAULT)) | _settings(given))


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a settings file, decimals exact. Raises InputError when it cannot be read."""
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            Diagnostic(
                "X401",
                Message(f"设置文件无法读取（{error}）", f"the settings cannot be read ({error})"),
                place=Place(file=str(path)),
                fix=Message("请检查路径和 TOML 语法", "check the path and the TOML syntax"),
            )
        ) from error


@dataclass(frozen=True, slots=True)
class _Setting:
    """One key of the file: how it becomes a field of `Policy`, and what it may hold."""

    field: str
    read: Callable[[Any], Any]
    expects: Message


def _choice(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(value)
        return str(value)

    return read


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError(value)
    number = Decimal(value)
    if not number.is_finite() or number < 0:
        raise ValueError(value)
    return number


def _places(value: Any) -> int:
    if isinstance(value, bool) or value not in range(5):
        raise ValueError(value)
    return int(value)


def _weights(table: Any) -> tuple[tuple[str, Decimal], ...]:
    weights = tuple((label, _number(points)) for label, points in table.items())
    if sum(points for _, points in weights) != 100:
        raise ValueError(table)
    return weights


def _grades(table: Any) -> tuple[Grade, ...]:
    grades = tuple(Grade(name, _number(least)) for name, least in table.items())
    if not _falls([grade.least for grade in grades]):
        raise ValueError(table)
    return grades


def _bands(rows: Any) -> tuple[Band, ...]:
    bands = tuple(Band(*map(_number, row)) for row in rows)
    joined = all(upper.low == lower.high for upper, lower in pairwise(bands))
    if not joined or bands[0].high != 100 or not _falls([100, *(band.low for band in bands)]):
        raise ValueError(rows)
    return bands


def _falls(limits: Sequence[Decimal | int]) -> bool:
    """Whether the limits go down, to 0."""
    return list(limits) == sorted(set(limits), reverse=True) and limits[-1] == 0


SETTINGS: dict[str, _Setting] = {
    "weights": _Setting(
        "weights", _weights, Message("各部分分值，合计 100", "points by part, adding to 100")
    ),
    "quantitative.at_most": _Setting(
        "at_most",
        _choice(*get_args(AtMost)),
        Message("ratio、linear 或 zero", "ratio, linear or zero"),
    ),
    "quantitative.equals": _Setting(
        "equals", _choice(*get_args(Equals)), Message("at_least 或 exact", "at_least or exact")
    ),
    "qualitative.bands": _Setting(
        "bands",
        _bands,
        Message(
            "从 100 到 0 首尾相接的各档，如 [[100, 80], [80, 0]]",
            "adjoining bands from 100 to 0, such as [[100, 80], [80, 0]]",
        ),
    ),
    "rounding.places": _Setting(
        "places", _places, Message("0 至 4 的整数", "a whole number from 0 to 4")
    ),
    "grades": _Setting(
        "grades",
        _grades,
        Message("由高到低的最低总分，末档为 0", "least totals from high to low, the last one 0"),
    ),
    "explanations.execution_below": _Setting(
        "execution_below", _number, Message("比率，如 0.90", "a ratio such as 0.90")
    ),
    "explanations.deviation_from": _Setting(
        "deviation_from", _number, Message("比率，如 1.30", "a ratio such as 1.30")
    ),
}
"""Every key of a policy file."""


def _entries(tables: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in tables.items():
        if name == "rules":
            continue  # the thresholds of the review rules, which read this table themselves
        if name in SETTINGS or not isinstance(value, dict):
            yield name, value
        else:
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())


def _settings(tables: dict[str, Any]) -> dict[str, Any]:
    return {SETTINGS[key].field: SETTINGS[key].read(value) for key, value in _entries(tables)}


def _faults(tables: dict[str, Any]) -> Iterator[Diagnostic]:
    for key, value in _entries(tables):
        setting = SETTINGS.get(key)
        if setting is None:
            yield Diagnostic(
                "X402",
                Message(f"评分办法没有“{key}”这一项", f"a policy has no key “{key}”"),
                fix=Message(
                    "可用的有：" + "、".join(SETTINGS), "the keys are " + ", ".join(SETTINGS)
                ),
            )
            continue
        try:
            setting.read(value)
        except (ValueError, TypeError, AttributeError, IndexError):
            yield Diagnostic(
                "X403",
                Message(f"“{key}”的值不可用", f"the value of “{key}” cannot be used"),
                fix=Message(f"应为{setting.expects.zh}", f"it must be {setting.expects.en}"),
            )
