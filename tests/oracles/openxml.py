"""The Open XML SDK validator: Office's own schema and its rules, as a program of its own.

It judges one file a run, so several run beside each other.
"""

import json
import os
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_HOME = Path(__file__).parents[2] / ".oracles" / "node_modules" / "@xarsh"
_PROGRAM = _HOME / "ooxml-validator-linux-x64" / "ooxml-validator"
_OFFICE = "Office2019"
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Error:
    """One fault; `part` and `xpath` are "" where the file cannot be opened at all."""

    description: str
    part: str
    xpath: str


def absence() -> str | None:
    return None if os.access(_PROGRAM, os.X_OK) else "the Open XML SDK validator is not installed"


def validate(paths: Iterable[Path]) -> dict[Path, list[Error]]:
    """The faults of every workbook; an empty list is a clean one."""
    paths = list(paths)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(paths, pool.map(_faults, paths), strict=True))


def _faults(path: Path) -> list[Error]:
    run = subprocess.run(
        [_PROGRAM, path, _OFFICE], capture_output=True, check=True, timeout=_SECONDS
    )
    verdict = json.loads(run.stdout)
    faults = [
        Error(fault["description"], fault["path"] or "", fault["xPath"] or "")
        for fault in verdict["errors"]
    ]
    # A verdict that contradicts itself must never pass for a clean one.
    assert verdict["ok"] is not bool(faults), verdict
    return faults
