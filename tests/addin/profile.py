"""Made-up users of Windows and of a Mac: real files in a folder, a registry in memory."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xlperf.addin.desktop import Desktop


def python_at(path: Path) -> Path:
    """A Python that works, under another name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', "utf-8")
    path.chmod(0o755)
    return path


def windows_profile(
    home: Path,
    registry: Mapping[str, Mapping[str, Any]] | None = None,
    python: Path | None = None,
    *,
    running: bool = False,
) -> Desktop:
    """A user whose home is `home`; `registry` holds values by key."""
    local = home / "AppData/Local"
    environment = {
        "USERPROFILE": str(home),
        "APPDATA": str(home / "AppData/Roaming"),
        "LOCALAPPDATA": str(local),
    }
    python = python_at(python or local / "Programs/Python/python.exe")
    python_at(python.with_name("pythonw.exe"))
    keys = registry or {}
    return Desktop(
        "win32", environment, lambda key: keys.get(key, {}), python, "gbk", lambda: running
    )


def mac_profile(home: Path) -> Desktop:
    python = python_at(home / "venv/bin/python")
    return Desktop("darwin", {"HOME": str(home)}, lambda _: {}, python, "utf-8", lambda: False)
