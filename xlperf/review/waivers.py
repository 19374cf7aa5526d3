"""Waivers: findings that somebody accepts, each with a reason.

[[waiver]]
code = "A06"
document = "qiannan-2023"        # what is left out matches anything
project = "公积金12329短信服务费"
indicator = "符合合同要求"
value = "≤10万元"
reason = "财政拨款按口径填 0"
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from xlperf.diagnostic import Diagnostic, InputError, Message, Place, Severity
from xlperf.rules import Finding
from xlperf.scoring.policy import read_toml

_MATCHED = ("code", "document", "project", "indicator", "value")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted kind of finding; `number` counts the waivers of the file from 1."""

    number: int
    matches: tuple[tuple[str, str], ...]
    reason: str

    def accepts(self, finding: Finding) -> bool:
        return all(getattr(finding, name) == text for name, text in self.matches)


def load_waivers(path: Path | None) -> tuple[Waiver, ...]:
    """The waivers of a TOML file. Raises InputError for one without a code or a reason."""
    if path is None:
        return ()
    found, wrong = [], []
    for number, table in enumerate(_tables(path), start=1):
        texts = {key: value for key, value in table.items() if isinstance(value, str) and value}
        if len(texts) < len(table) or not {"code", "reason"} <= texts.keys() <= _KEYS:
            wrong.append(_unusable(path, number))
        else:
            reason = texts.pop("reason")
            found.append(Waiver(number, tuple(texts.items()), reason))
    if wrong:
        raise InputError(wrong)
    return tuple(found)


_KEYS = {*_MATCHED, "reason"}


def _tables(path: Path) -> list[dict[str, object]]:
    content = read_toml(path)
    tables = content.get("waiver", [])
    if set(content) - {"waiver"} or not isinstance(tables, list):
        raise InputError(_unusable(path, 1))
    return [table if isinstance(table, dict) else {} for table in tables]


def sort_out(
    findings: Iterable[Finding], waivers: tuple[Waiver, ...], path: Path | None
) -> tuple[list[Finding], list[tuple[Finding, str]], list[Diagnostic]]:
    """Findings that stay, those that are waived with their reason, and waivers that match none."""
    kept: list[Finding] = []
    waived: list[tuple[Finding, str]] = []
    used: set[int] = set()
    for finding in findings:
        waiver = next((w for w in waivers if w.accepts(finding)), None)
        if waiver is None:
            kept.append(finding)
        else:
            used.add(waiver.number)
            waived.append((finding, waiver.reason))
    unused = [_unused(waiver, path) for waiver in waivers if waiver.number not in used]
    return kept, waived, unused


def _unusable(path: Path, number: int) -> Diagnostic:
    return Diagnostic(
        "R104",
        Message(f"第 {number} 条豁免无法使用", f"waiver {number} cannot be used"),
        place=Place(file=str(path)),
        fix=Message(
            f"每条 [[waiver]] 须有 code 和 reason，可加 {'、'.join(_MATCHED[1:])}，均为文字",
            f"a [[waiver]] needs the texts code and reason; {', '.join(_MATCHED[1:])} are optional",
        ),
    )


def _unused(waiver: Waiver, path: Path | None) -> Diagnostic:
    matches = "，".join(f"{name}={text}" for name, text in waiver.matches)
    return Diagnostic(
        "R105",
        Message(
            f"第 {waiver.number} 条豁免未匹配到任何问题（{matches}）",
            f"waiver {waiver.number} matches no finding ({matches})",
        ),
        place=Place(file=str(path or "")),
        severity=Severity.WARNING,
        fix=Message("问题已消除时请删除该条", "delete it if the fault is gone"),
    )
