"""What a desktop without internet needs, collected from a small index made up for the test."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from xlperf.addin.build import build
from xlperf.addin.bundle import Target, bundle
from xlperf.cli import cli
from xlperf.diagnostic import WorkbookError

NATIVE = "cp312-cp312-win_amd64"
INDEX = {
    ("alpha", "1.0"): ("py3-none-any", ["beta[more]>=1,<2", 'gone; extra == "never"']),
    ("alpha", "2.0"): ("cp311-cp311-win_amd64", []),
    ("beta", "1.4"): (NATIVE, ['gamma; extra == "more"', 'gone; platform_system == "Darwin"']),
    ("beta", "2.0"): (NATIVE, []),
    ("gamma", "1.0"): ("py3-none-any", ["alpha", 'tzdata; sys_platform == "win32"']),
    ("pywin32", "312"): (NATIVE, []),
    ("tzdata", "2025.1"): ("py2.py3-none-any", []),
    ("old", "1.0"): ("py3-none-any", []),
    ("linux-only", "1.0"): ("cp312-cp312-manylinux_2_17_x86_64", []),
}
NEEDED = ["alpha-1.0", "beta-1.4", "gamma-1.0", "pywin32-312", "tzdata-2025.1", "xlperf-9.9"]
REQUIRES = [
    "alpha>=1",
    'pywin32>=224; platform_system == "Windows"',
    'old; python_version < "3.12"',
    'gone; extra == "recalc"',
]


def wheel(folder: Path, name: str, version: str, tag: str, requires: list[str]) -> Path:
    """A wheel that holds nothing but what it says of itself."""
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = "".join(f"Requires-Dist: {line}\n" for line in requires)
    extras = {found for line in requires for found in re.findall(r'extra == "(\w+)"', line)}
    metadata += "".join(f"Provides-Extra: {extra}\n" for extra in sorted(extras))
    files = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}",
        "WHEEL": f"Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = ""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as package:
        for file, text in files.items():
            at = f"{stem}.dist-info/{file}"
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()
            record += f"{at},sha256={digest.rstrip('=')},{len(text)}\n"
            package.writestr(at, text)
        package.writestr(f"{stem}.dist-info/RECORD", f"{record}{stem}.dist-info/RECORD,,\n")
    return path


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Path:
    """A folder with the wheels of the index."""
    folder = tmp_path_factory.mktemp("index")
    for (name, version), (tag, requires) in INDEX.items():
        wheel(folder, name, version, tag, requires)
    return folder


@contextmanager
def only_from(folder: Path) -> Iterator[None]:
    """The one place that pip may take packages from."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
        yield


def make(shelf: Path, folder: Path, requires: list[str], python: str = "3.12") -> list[Path]:
    own = wheel(folder / "own", "xlperf", "9.9", "py3-none-any", requires)
    with only_from(shelf):
        return bundle(Target(python, "win_amd64"), folder / "out", own)


@pytest.fixture(scope="module")
def made(shelf, tmp_path_factory) -> Path:
    """A finished bundle."""
    folder = tmp_path_factory.mktemp("made")
    files = make(shelf, folder, REQUIRES)
    assert sorted(files) == sorted(path for path in (folder / "out").rglob("*") if path.is_file())
    return folder / "out"


def names(folder: Path) -> list[str]:
    return ["-".join(path.name.split("-")[:2]) for path in sorted((folder / "wheels").iterdir())]


def pip_install(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """What pip would install on that desktop, from the folder alone."""
    with only_from(folder / "wheels"):
        return subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"),
                *("--platform", "win_amd64", "--python-version", "3.12", "--only-binary", ":all:"),
                *("--target", str(folder / "target"), "-r", str(folder / "requirements.txt")),
                *more,
            ],
            capture_output=True,
            text=True,
            check=False,
        )


def test_it_holds_what_windows_needs_and_no_more(made):
    assert names(made) == NEEDED


def test_pip_installs_from_it_alone(made):
    # pip reads the markers of the system it runs on, which is why all is listed.
    run = pip_install(made, "--require-hashes", "--no-deps")
    assert run.returncode == 0, run.stderr
    (installed,) = re.findall("Would install (.*)", run.stdout)
    assert sorted(installed.split()) == NEEDED


def test_pip_finds_every_requirement_in_it(shelf, tmp_path):
    make(shelf, tmp_path, ["alpha>=1", 'tzdata; sys_platform == "win32"'])
    run = pip_install(tmp_path / "out")
    assert run.returncode == 0, run.stderr


def test_a_changed_wheel_is_noticed(made, tmp_path):
    out = shutil.copytree(made, tmp_path / "out")
    (changed,) = (out / "wheels").glob("tzdata*")
    with zipfile.ZipFile(changed, "a") as package:
        package.writestr("more.py", "")
    run = pip_install(out, "--require-hashes", "--no-deps")
    assert run.returncode
    assert "HASH" in run.stderr.upper()


def test_an_older_python_needs_other_wheels(shelf, tmp_path):
    with pytest.raises(WorkbookError, match="pywin32"):  # which is there for 3.12 alone
        make(shelf, tmp_path, REQUIRES, "3.11")
    assert not (tmp_path / "out").exists()
    make(shelf, tmp_path, [line for line in REQUIRES if "pywin32" not in line], "3.11")
    assert names(tmp_path / "out") == ["alpha-2.0", "old-1.0", "xlperf-9.9"]


def test_the_list_of_hashes_is_true_and_whole(made):
    lines = (made / "SHA256SUMS").read_text("utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    there = {path.relative_to(made).as_posix(): path for path in made.rglob("*") if path.is_file()}
    del there["SHA256SUMS"]
    assert listed == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in there.items()
    }


def test_the_add_in_lies_in_it(made):
    assert (made / "xlperf.xlam").read_bytes() == build()


def test_the_script_is_ascii_with_the_line_ends_of_windows(made):
    script = (made / "install.cmd").read_bytes().decode("ascii")
    assert "\n" not in script.replace("\r\n", "")
    assert "--no-index" in script
    assert "--require-hashes" in script
    assert "addin install --addin xlperf.xlam" in script
    labels = set(re.findall(r"(?m)^:(\w+)\r?$", script))
    assert set(re.findall(r"goto (\w+)", script)) == labels


@pytest.mark.parametrize(
    ("platform", "launcher"),
    [("win_amd64", "py -3.12"), ("win32", "py -3.12-32"), ("win_arm64", "py -3.12-arm64")],
)
def test_the_launcher_starts_a_python_of_the_right_kind(platform, launcher):
    assert Target("3.12", platform).launcher == launcher


def test_the_command_replaces_old_wheels_and_counts_the_files(shelf, tmp_path):
    out = tmp_path / "离线安装"
    wheel(out / "wheels", "stale", "1", "py3-none-any", [])
    own = wheel(tmp_path / "own", "xlperf", "9.9", "py3-none-any", [])
    with only_from(shelf):
        arguments = ["addin", "bundle", "-o", str(out), "--wheel", str(own)]
        result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    assert "6 个文件" in result.output
    assert names(out) == ["xlperf-9.9"]
    assert "不需要管理员权限" in (out / "说明.txt").read_text("utf-8-sig")


@pytest.mark.parametrize("name", ["xlperf-1-py3-none-any.whl", "xlperf.whl", "other.whl"])
def test_a_file_that_is_no_wheel_of_xlperf_is_told(name, tmp_path):
    with zipfile.ZipFile(tmp_path / name, "w") as package:
        package.writestr("a.txt", "")
    given = ["--wheel", str(tmp_path / name)]
    result = CliRunner().invoke(cli, ["addin", "bundle", "-o", str(tmp_path / "out"), *given])
    assert (result.exit_code, "A107" in result.stderr) == (2, True)


@pytest.mark.parametrize("python", ["3", "312", "3.12.1", "latest"])
def test_a_version_of_python_that_is_none_is_misuse(python, tmp_path):
    result = CliRunner().invoke(cli, ["addin", "bundle", "-o", str(tmp_path), "--python", python])
    assert result.exit_code == 2
    assert "--python" in result.stderr


def test_what_pip_cannot_get_is_told(shelf, tmp_path):
    with pytest.raises(WorkbookError, match="linux-only") as told:
        make(shelf, tmp_path, ["linux-only"])
    assert told.value.diagnostics[0].code == "A106"
