"""A folder that installs xlperf and its add-in on a Windows desktop without internet.

pip decides what a requirement means on the computer it runs on: asked on Linux for Windows wheels,
it leaves out what only Windows needs. So what is needed is worked out here, for the target: pip
fetches exactly these wheels, their own requirements are read, and that is repeated until nothing is
missing. Where packages come from is pip's configuration alone.
"""

import email.parser
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import xlperf
from xlperf.addin.build import FILE_NAME, build
from xlperf.diagnostic import Diagnostic, Message, Place, WorkbookError
from xlperf.ooxml.archive import read_entries
from xlperf.ooxml.files import make_folder, write_file
from xlperf.ooxml.preflight import DEFAULT

Platform = Literal["win_amd64", "win32", "win_arm64"]

_MACHINES: dict[Platform, tuple[str, str]] = {
    "win_amd64": ("AMD64", ""),
    "win32": ("x86", "-32"),
    "win_arm64": ("ARM64", "-arm64"),
}
"""How Windows calls the machine, and what the launcher of Python has after the version."""

_WHEEL = re.compile(r"[^-]+-[^-]+(-\d[^-]*)?-[^-]+-[^-]+-[^-]+\.whl")
_ROUNDS = 20
_SHOWN = 600


@dataclass(frozen=True, slots=True)
class Target:
    """The desktop: its version of Python (`3.12`) and its kind of Windows."""

    python: str
    platform: Platform

    @property
    def markers(self) -> dict[str, str]:
        return {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "nt",
            "platform_machine": _MACHINES[self.platform][0],
            "platform_python_implementation": "CPython",
            "platform_release": "10",
            "platform_system": "Windows",
            "platform_version": "",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "win32",
        }

    @property
    def launcher(self) -> str:
        return f"py -{self.python}{_MACHINES[self.platform][1]}"


def bundle(target: Target, folder: Path, wheel: Path | None = None) -> list[Path]:
    """Write the folder and give its files: wheels, add-in, script, hashes.

    `wheel` is xlperf's own; without it, that is built from the source tree, or fetched like the
    rest. Raises WorkbookError where pip cannot get what is needed, `wheel` is another's or none,
    and the folder cannot be written.
    """
    if wheel and canonicalize_name(wheel.name.split("-")[0]) != "xlperf":
        raise _no_wheel(wheel)
    with tempfile.TemporaryDirectory() as scratch:
        own = wheel or _own_wheel(Path(scratch, "own"))
        wheels = _collect(target, own, Path(scratch, "wheels"))
        make_folder(folder / "wheels")
        for old in (folder / "wheels").glob("*.whl"):
            old.unlink()
        for path in wheels:
            shutil.copyfile(path, folder / "wheels" / path.name)
    texts = {
        FILE_NAME: build(),
        "install.cmd": _script(target).encode("ascii"),
        "requirements.txt": _requirements(folder / "wheels").encode("ascii"),
        "说明.txt": _READ_ME.format(python=target.python).replace("\n", "\r\n").encode("utf-8-sig"),
    }
    for name, data in texts.items():
        write_file(folder / name, data)
    files = [*sorted((folder / "wheels").iterdir()), *(folder / name for name in texts)]
    lines = [f"{_digest(file)}  {file.relative_to(folder).as_posix()}\n" for file in files]
    write_file(folder / "SHA256SUMS", "".join(lines).encode("utf-8"))
    return [*files, folder / "SHA256SUMS"]


def _own_wheel(folder: Path) -> Path:
    source = Path(xlperf.__file__).parents[1]
    if (source / "pyproject.toml").exists():
        isolated = () if find_spec("hatchling") is None else ("--no-build-isolation",)
        _pip("wheel", "--no-deps", *isolated, "--wheel-dir", folder, source)
    else:
        _pip("download", "--no-deps", "--dest", folder, f"xlperf=={xlperf.__version__}")
    (wheel,) = folder.glob("*.whl")
    return wheel


def _collect(target: Target, own: Path, folder: Path) -> list[Path]:
    """The wheels that the target needs: pip fetches, and is asked again until none is missing."""
    wanted: set[str] = set(_needs(target, own, frozenset()))
    for number in range(_ROUNDS):
        fetched = folder / str(number)
        if wanted:
            _pip(
                "download", "--no-deps", "--only-binary", ":all:", "--dest", fetched,
                "--platform", target.platform, "--python-version", target.python,
                "--implementation", "cp", *sorted(wanted),
            )  # fmt: skip
        wheels = [own, *sorted(fetched.glob("*.whl"))]
        needed = _closure(target, wheels)
        if needed <= wanted:
            return wheels
        wanted |= needed
    raise _failed("the requirements never come to rest")


def _closure(target: Target, wheels: Iterable[Path]) -> set[str]:
    """The requirements of these wheels on the target, without their markers."""
    by_name = {canonicalize_name(wheel.name.split("-")[0]): wheel for wheel in wheels}
    asked = {canonicalize_name("xlperf"): frozenset[str]()}
    found: set[str] = set()
    waiting = list(asked)
    while waiting:
        name = waiting.pop()
        if name not in by_name:
            continue
        for line in _needs(target, by_name[name], asked[name]):
            found.add(line)
            requirement = Requirement(line)
            needed = canonicalize_name(requirement.name)
            extras = asked.get(needed, frozenset()) | requirement.extras
            if needed not in asked or extras != asked[needed]:
                asked[needed] = extras
                waiting.append(needed)
    return found


def _needs(target: Target, wheel: Path, extras: frozenset[str]) -> Iterator[str]:
    """What one wheel requires on the target, with these extras."""
    environments = [target.markers | {"extra": extra} for extra in ("", *sorted(extras))]
    for line in _metadata(wheel).get_all("Requires-Dist", []):
        requirement = Requirement(line)
        if requirement.marker is None or any(map(requirement.marker.evaluate, environments)):
            requirement.marker = None
            yield str(requirement)


def _metadata(wheel: Path) -> email.message.Message:
    entries = read_entries(wheel.read_bytes(), DEFAULT)
    names = [name for name in entries if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
    if not names or not _WHEEL.fullmatch(wheel.name):
        raise _no_wheel(wheel)
    (name, *_) = names
    return email.parser.Parser().parsestr(entries[name].content(name).decode("utf-8"))


def _pip(*args: str | Path) -> None:
    """Raises WorkbookError with pip's last words where it fails."""
    command = [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "-q"]
    run = subprocess.run(
        [*command, *map(str, args)], capture_output=True, text=True, encoding="utf-8",
        errors="replace", check=False,
    )  # fmt: skip
    if run.returncode:
        raise _failed(run.stderr.strip()[-_SHOWN:])


def _no_wheel(file: Path) -> WorkbookError:
    return WorkbookError(
        Diagnostic(
            "A107",
            Message("这不是 xlperf 的安装包（.whl）", "this is not a wheel of xlperf"),
            place=Place(file=str(file)),
            fix=Message(
                "请用 pip wheel 生成的文件，不要改名；或去掉 --wheel",
                "give the file that pip wheel made under its own name, or leave out --wheel",
            ),
        )
    )


def _failed(why: str) -> WorkbookError:
    return WorkbookError(
        Diagnostic(
            "A106",
            Message(f"pip 无法取得所需的安装包：{why}", f"pip cannot get what is needed: {why}"),
            fix=Message(
                "请检查网络和 pip 的软件源设置，或换一个 Python 版本或平台",
                "check the network and pip's index, or choose another Python or platform",
            ),
        )
    )


def _requirements(wheels: Path) -> str:
    """Every wheel with its hash, so that pip installs these and no others."""
    lines = []
    for wheel in sorted(wheels.iterdir()):
        name, version = wheel.name.split("-")[:2]
        lines.append(f"{canonicalize_name(name)}=={version} --hash=sha256:{_digest(wheel)}\n")
    return "".join(lines)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _script(target: Target) -> str:
    """ASCII only: what a batch file means must not hang on the code page of the desktop."""
    lines = [
        "@echo off",
        "setlocal",
        'pushd "%~dp0" || exit /b 1',
        'set "HOME_OF_XLPERF=%LOCALAPPDATA%\\xlperf\\python"',
        'set "PYTHON_OF_XLPERF=%HOME_OF_XLPERF%\\Scripts\\python.exe"',
        f'if not exist "%PYTHON_OF_XLPERF%" {target.launcher} -m venv "%HOME_OF_XLPERF%"',
        'if not exist "%PYTHON_OF_XLPERF%" goto nopython',
        '"%PYTHON_OF_XLPERF%" -m pip install --no-index --find-links wheels --require-hashes '
        "-r requirements.txt || goto failed",
        f'"%PYTHON_OF_XLPERF%" -m xlperf addin install --addin {FILE_NAME} || goto failed',
        '"%PYTHON_OF_XLPERF%" -m xlperf addin doctor',
        "popd",
        "pause",
        "exit /b 0",
        ":nopython",
        f"echo Python {target.python} is needed first: {target.launcher} does not start.",
        ":failed",
        "echo xlperf was NOT installed. See the message above.",
        "popd",
        "pause",
        "exit /b 1",
    ]
    return "\r\n".join(lines) + "\r\n"


_READ_ME = """\
xlperf 离线安装

1. 先安装 Python {python}（安装时保留“py launcher”，不需要管理员权限）。
2. 关闭 Excel，双击 install.cmd。全部文件装在当前用户名下，不需要联网，不需要管理员权限。
3. 打开 Excel，功能区出现“绩效”选项卡即安装成功。

窗口中出现英文“NOT installed”表示没有装成，请把窗口内容发给信息管理员。
核对文件是否完整：SHA256SUMS 中列有每个文件的 SHA-256。

Installing xlperf without internet

1. Install Python {python} first, with its launcher; administrator rights are not needed.
2. Close Excel and double-click install.cmd. All goes into folders of this user.
3. Open Excel: the tab 绩效 is there.

Where the window says NOT installed, send what it shows to your administrator. SHA256SUMS has the
SHA-256 of every file.
"""
