"""The settings of a review: `xlperf.toml`, looked for beside the file and upward from it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from xlperf.diagnostic import Diagnostic, InputError, Lang, Message, Place, Severity
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.rules import Stage
from xlperf.rules.settings import as_toml
from xlperf.scoring.policy import read_toml, shipped_policies

FILE_NAME = "xlperf.toml"


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """Each field is a key of `xlperf.toml`; docs/settings.md explains them.

    Paths in the file are relative to the file. `select` and `ignore` are codes of rules, or how
    they begin.
    """

    lang: Lang = "zh"
    policy: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Severity = Severity.INFO
    stage: Stage = Stage.BOTH
    waivers: Path | None = None
    limits: Limits = DEFAULT


def find_settings(start: Path) -> Path | None:
    """The `xlperf.toml` that holds for a file or folder: the nearest one upward."""
    place = start.absolute()
    folders = place.parents if not place.is_dir() else (place, *place.parents)
    return next((f / FILE_NAME for f in folders if (f / FILE_NAME).is_file()), None)


def load_settings(path: Path | None) -> ReviewSettings:
    """The settings of a file, or the defaults. Raises InputError that names file and key."""
    if path is None:
        return ReviewSettings()
    wrong: list[Diagnostic] = []
    read: dict[str, Any] = {}
    for key, value in read_toml(path).items():
        try:
            reader, _ = _KEYS[key]
            read[key] = reader(value, path.parent)
        except (KeyError, ValueError, TypeError):
            wrong.append(_wrong(path, key, value))
    if wrong:
        raise InputError(wrong)
    return ReviewSettings(**read)


def settings_for(path: Path, given: Mapping[str, Any]) -> ReviewSettings:
    """The settings that hold for `path`, under those given that are not None and not empty."""
    settings = load_settings(find_settings(path))
    known = {f.name for f in fields(settings)}
    return replace(settings, **{k: v for k, v in given.items() if k in known and v})


def _lang(value: Any, _: Path) -> Lang:
    if value not in get_args(Lang):
        raise ValueError(value)
    return "en" if value == "en" else "zh"


def _path(value: Any, folder: Path) -> Path:
    return folder / _text(value)


def _policy(value: Any, folder: Path) -> Path:
    """A file beside the settings, or else one of the shipped policies by its name."""
    file = _path(value, folder)
    return Path(value) if value in shipped_policies() and not file.exists() else file


def _codes(value: Any, _: Path) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(map(_text, value))


def _limits(value: Any, _: Path) -> Limits:
    if not isinstance(value, dict):
        raise TypeError(value)
    return Limits(**value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


_PATH = Message('文件路径，如 "办法.toml"', 'the path of a file, such as "policy.toml"')
_CODES = Message('规则代码的列表，如 ["A", "C01"]', 'a list of codes, such as ["A", "C01"]')


def _one_of(words: Iterable[str]) -> Message:
    words = tuple(words)
    return Message("、".join(words), ", ".join(words))


_KEYS: dict[str, tuple[Callable[[Any, Path], object], Message]] = {
    "lang": (_lang, _one_of(get_args(Lang))),
    "policy": (_policy, _PATH),
    "select": (_codes, _CODES),
    "ignore": (_codes, _CODES),
    "severity": (lambda value, _: Severity(value), _one_of(Severity)),
    "stage": (lambda value, _: Stage(value), _one_of(Stage)),
    "waivers": (_path, _PATH),
    "limits": (_limits, _one_of(f.name for f in fields(Limits))),
}
"""Each key: how its value is read, and what it may be."""


def _wrong(path: Path, key: str, value: Any) -> Diagnostic:
    if key in _KEYS:
        allowed = _KEYS[key][1]
        shown = value if isinstance(value, str) else as_toml(value)
        return Diagnostic(
            "R102",
            Message(
                f"设置项“{key}”的值“{shown}”不可用",
                f"the setting {key} cannot be “{shown}”",
            ),
            place=Place(file=str(path)),
            fix=Message(f"可用的值：{allowed.zh}", f"it may be: {allowed.en}"),
        )
    return Diagnostic(
        "R102",
        Message(f"没有设置项“{key}”", f"there is no setting {key}"),
        place=Place(file=str(path)),
        fix=Message(f"可用的设置项：{'、'.join(_KEYS)}", f"settings: {', '.join(_KEYS)}"),
    )
