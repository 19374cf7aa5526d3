"""The computer that the add-in is installed on: its folders, its registry, its Python.

All that installing and looking for troubles asks of a computer is here, so that a made-up profile
is as good as a real one: the environment is a mapping, the registry one function.
"""

import json
import locale
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from xlperf.addin.build import FILE_NAME, PROJECT
from xlperf.diagnostic import Diagnostic, Message, WorkbookError

System = Literal["win32", "darwin"]
Registry = Callable[[str], Mapping[str, Any]]
"""The values of a key such as `HKCU\\Software\\Microsoft`; none where there is no such key."""

_FOLDERS = ("LOCALAPPDATA", "APPDATA", "USERPROFILE")
_PROBE = (
    "import json, importlib.metadata as m; "
    "print(json.dumps({name: m.version(name) for name in ('xlperf', 'xlwings')}))"
)
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Desktop:
    """One user's computer. `python` runs this program; `is_excel_running` asks the system."""

    system: System
    environment: Mapping[str, str]
    registry: Registry
    python: Path
    encoding: str
    is_excel_running: Callable[[], bool]

    @classmethod
    def here(cls) -> "Desktop":
        """The computer that this runs on. Raises WorkbookError where there is no Excel for it."""
        if sys.platform not in ("win32", "darwin"):
            raise WorkbookError(
                Diagnostic(
                    "A102",
                    Message(
                        "加载项只能安装在 Windows 或 Mac 上",
                        "the add-in can be installed on Windows and on a Mac only",
                    ),
                    fix=Message(
                        "在本机可用 xlperf addin build 生成加载项，再到装有 Excel 的电脑上安装",
                        "build it here with xlperf addin build, and install it where Excel is",
                    ),
                )
            )
        running = _windows_tasks() if sys.platform == "win32" else _MAC_TASKS
        return cls(
            sys.platform,
            os.environ,
            _registry_values,
            Path(sys.executable),
            locale.getencoding(),
            partial(_is_running, *running),
        )

    @property
    def addin(self) -> Path:
        """Excel opens what lies in this folder of the user, and trusts it."""
        if self.system == "win32":
            return self._folder("APPDATA") / "Microsoft/Excel/XLSTART" / FILE_NAME
        content = "UBF8T346G9.Office/User Content.localized/Startup.localized/Excel"
        return self._library / "Group Containers" / content / FILE_NAME

    @property
    def settings(self) -> Path:
        """Where the VBA module of xlwings looks for its settings."""
        if self.system == "win32":
            return self._folder("USERPROFILE") / f".{PROJECT}" / f"{PROJECT}.conf"
        return self._library / f"Containers/com.microsoft.Excel/Data/{PROJECT}.conf"

    @property
    def manifest(self) -> Path:
        """What was installed, with hashes."""
        home = self._folder("USERPROFILE" if self.system == "win32" else "HOME")
        return home / f".{PROJECT}" / "installed.json"

    @property
    def script(self) -> Path:
        """The script through which Excel for Mac may start another program."""
        folder = self._library / "Application Scripts/com.microsoft.Excel"
        return folder / f"{PROJECT}-{version('xlwings')}.applescript"

    @property
    def _library(self) -> Path:
        return self._folder("HOME") / "Library"

    def _folder(self, variable: str) -> Path:
        if not self.environment.get(variable):
            raise WorkbookError(
                Diagnostic(
                    "A109",
                    Message(
                        f"环境变量 {variable} 没有设置，找不到本用户的文件夹",
                        f"the variable {variable} is not set: there is no folder of this user",
                    ),
                    fix=Message(
                        "请在本人登录后的命令提示符中运行",
                        "run this in the command prompt of a user who is logged in",
                    ),
                )
            )
        return Path(self.environment[variable])

    def told(self, path: Path) -> str:
        """A path as the settings hold it: by a variable where one fits, which keeps it ASCII."""
        for name in _FOLDERS if self.system == "win32" else ():
            if self.environment.get(name) and path.is_relative_to(self._folder(name)):
                return "\\".join((f"%{name}%", *path.relative_to(self._folder(name)).parts))
        return str(path)

    def meant(self, told: str) -> Path:
        """The path that the settings tell of."""
        variable, _, rest = told.partition("%\\")
        if rest and variable[1:] in self.environment:
            return self._folder(variable[1:]).joinpath(*rest.split("\\"))
        return Path(told)


def versions_of(python: Path) -> dict[str, str] | None:
    """The versions of xlperf and xlwings that a Python has; None where it lacks one or fails."""
    if python.name.lower() == "pythonw.exe" and python.with_name("python.exe").exists():
        python = python.with_name("python.exe")
    try:
        run = subprocess.run(
            [python, "-P", "-c", _PROBE], capture_output=True, check=True, timeout=_SECONDS
        )
        found = json.loads(run.stdout)
        return {name: str(found[name]) for name in ("xlperf", "xlwings")}
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None


_MAC_TASKS = (("/usr/bin/pgrep", "-lx", "Microsoft Excel"), b"Microsoft Excel")


def _windows_tasks() -> tuple[tuple[str, ...], bytes]:
    """By its full path: Windows looks for a bare name in the current folder first."""
    program = os.path.join(os.environ.get("SYSTEMROOT", "C:\\Windows"), "System32", "tasklist.exe")
    return (program, "/FI", "IMAGENAME eq EXCEL.EXE", "/NH"), b"EXCEL.EXE"


def _is_running(command: tuple[str, ...], name: bytes) -> bool:
    try:
        run = subprocess.run(command, capture_output=True, check=False, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return False
    return name in run.stdout


def _registry_values(key: str) -> Mapping[str, Any]:
    if sys.platform != "win32":
        return {}
    import winreg

    root, _, path = key.partition("\\")
    hive = {"HKCU": winreg.HKEY_CURRENT_USER, "HKLM": winreg.HKEY_LOCAL_MACHINE}[root]
    values: dict[str, Any] = {}
    try:
        with winreg.OpenKey(hive, path, access=winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as opened:
            for index in range(winreg.QueryInfoKey(opened)[1]):
                name, value, _ = winreg.EnumValue(opened, index)
                values[name] = value
    except OSError:
        return {}
    return values
