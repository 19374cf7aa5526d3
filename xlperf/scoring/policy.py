"""The scoring method as data: a TOML file that says where practice departs from the default.

A file needs only the keys that differ; the rest comes from `policies/default.toml`, beside which
lie the other policies that ship. What a file must not hold (an unknown key, a senseless value) is
an InputError that names file and key.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from xlperf.diagnostic import Diagnostic, InputError, Message, Place
from xlperf.ooxml.files import reason_of

AtMost = Literal["ratio", "linear", "zero"]
Equals = Literal["at_least", "exact"]

_SHIPPED = Path(__file__).parent / "policies"
_DEFAULT = _SHIPPED / "default.toml"


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
    `band_words` has the words that state each band, `execution_below` and `deviation_from` are
    ratios. `name` is that of a shipped policy, "" for one of the user's own.
    """

    weights: tuple[tuple[str, Decimal], ...]
    at_most: AtMost
    equals: Equals
    bands: tuple[Band, ...]
    band_words: tuple[tuple[str, ...], ...]
    places: int
    grades: tuple[Grade, ...]
    execution_below: Decimal
    deviation_from: Decimal
    name: str = field(default="", compare=False)

    @staticmethod
    def load(path: str | Path | None = None) -> "Policy":
        """The policy of a TOML file, a shipped one by its name, or the default.

        Raises InputError when it cannot be used.
        """
        return Policy.default() if path is None else _load(Path(path))

    @staticmethod
    def default() -> "Policy":
        return _default()


def shipped_policies() -> list[str]:
    """The names by which `Policy.load` knows the policies that ship, the default first."""
    names = sorted(path.stem for path in _SHIPPED.glob("*.toml"))
    return sorted(names, key=lambda name: name != _DEFAULT.stem)


def _resolved(path: Path) -> Path:
    """The file that is meant: a plain name is that of a shipped policy."""
    shipped = _SHIPPED / f"{path}.toml"
    return shipped if shipped.parent == _SHIPPED and shipped.is_file() else path


@cache
def _default() -> Policy:
    return replace(Policy(**_settings(read_toml(_DEFAULT))), name=_DEFAULT.stem)


def _load(path: Path) -> Policy:
    path = _resolved(path)
    if path == _DEFAULT:
        return Policy.default()
    given = read_toml(path)
    faults = [fault.at(file=str(path)) for fault in _faults(given)]
    if faults:
        raise InputError(faults)
    name = path.stem if path.parent == _SHIPPED else ""
    return replace(Policy.default(), **_settings(given), name=name)


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a settings file, decimals exact. Raises InputError when it cannot be read."""
    import tomllib

    try:
        # Notepad begins UTF-8 with a BOM.
        text = _resolved(path).read_bytes().decode("utf-8-sig")
        return tomllib.loads(text, parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = _unreadable(error)
        raise InputError(
            Diagnostic(
                "X401",
                Message(
                    f"设置文件无法读取（{reason.zh}）", f"the settings cannot be read ({reason.en})"
                ),
                place=Place(file=str(path)),
                fix=Message(
                    f"请检查路径和 TOML 语法；随附的评分办法有：{'、'.join(shipped_policies())}",
                    "check the path and the TOML syntax; the policies that ship are "
                    + ", ".join(shipped_policies()),
                ),
            )
        ) from error


def _unreadable(error: Exception) -> Message:
    if isinstance(error, OSError):
        return reason_of(error)
    if isinstance(error, UnicodeDecodeError):
        return Message("不是 UTF-8 编码", "it is not UTF-8")
    spot = re.search(r"line (\d+), column (\d+)", str(error))
    where = f"第 {spot[1]} 行第 {spot[2]} 列" if spot else "文件末尾"
    return Message(f"{where}不符合 TOML 语法", str(error))


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


def _words(rows: Any) -> tuple[tuple[str, ...], ...]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise ValueError(rows)
    words = tuple(tuple(row) for row in rows)
    every = [word for row in words for word in row]
    if not all(isinstance(word, str) and word for word in every) or len(set(every)) < len(every):
        raise ValueError(rows)
    return words


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
    "qualitative.words": _Setting(
        "band_words",
        _words,
        Message(
            '由高到低各档的说法，同一说法只属一档，如 [["达成"], ["未达成"]]',
            'the words of each band from high to low, none twice: [["达成"], ["未达成"]]',
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
