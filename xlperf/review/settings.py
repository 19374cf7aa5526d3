"""The settings of a review: `xlperf.toml`, looked for beside the file and upward from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from xlperf.diagnostic import Diagnostic, InputError, Lang, Message, Place, Severity
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.rules import Stage
from xlperf.scoring.policy import read_toml

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
        reader = _KEYS.get(key)
        try:
            if reader is None:
                raise ValueError(value)
            read[key] = reader(value, path.parent)
        except (ValueError, TypeError):
            wrong.append(_wrong(path, key, value, known=reader is not None))
    if wrong:
        raise InputError(wrong)
    return ReviewSettings(**read)


def settings_for(path: Path, given: Mapping[str, Any]) -> ReviewSettings:
    """The settings that hold for `path`, under those given that are not None and not empty."""
    settings = load_settings(find_settings(path))
    known = {f.name for f in fields(settings)}
    return replace(settings, **{k: v for k, v in given.items() if k in known and v})


def _lang(value: Any, _: Path) -> Lang:
    if value == "zh":
        return "zh"
    if value == "en":
        return "en"
    raise ValueError(value)


def _path(value: Any, folder: Path) -> Path:
    return folder / _text(value)


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


_KEYS: dict[str, Callable[[Any, Path], object]] = {
    "lang": _lang,
    "policy": _path,
    "select": _codes,
    "ignore": _codes,
    "severity": lambda value, _: Severity(value),
    "stage": lambda value, _: Stage(value),
    "waivers": _path,
    "limits": _limits,
}


def _wrong(path: Path, key: str, value: Any, *, known: bool) -> Diagnostic:
    zh, en = (
        (f"“{key}”的值 {value!r} 无效", f"{value!r} is no value for {key}")
        if known
        else (f"没有“{key}”这项设置", f"there is no setting {key}")
    )
    return Diagnostic(
        "R102",
        Message(zh, en),
        place=Place(file=str(path), column=key),
        fix=Message(f"可用的设置：{'、'.join(_KEYS)}", f"settings: {', '.join(_KEYS)}"),
    )
