"""What holds for the project as a whole, and no single module could promise."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import xlperf

ROOT = Path(__file__).parents[1]
LOCKS = ("runtime", "server", "dev")
HEAVY = {"click", "formulas", "lxml", "numpy", "openpyxl", "pandas", "rich", "scipy", "xlwings"}

# Folders of one machine, and hosts that packages come from: neither is true elsewhere.
FOREIGN = re.compile(
    r"(?<![\w.])/(work|tmp|root|home|Users|opt|var)/\w|\b[A-Z]:\\Users|"
    r"https?://[\w.-]*(pypi|pythonhosted|npmjs|npmmirror|debian|ubuntu|tsinghua|aliyun)"
)


@cache
def project_files() -> tuple[Path, ...]:
    """Every file of the project: what git has, and what it would take."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("only git knows which files belong to the project")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listing.stdout.decode().rstrip("\0").split("\0")
    return tuple(path for name in names if (path := ROOT / name).is_file())


def texts(path: Path) -> Iterator[str]:
    """The text of a file; of a workbook, that of each of its parts."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as package:
            for part in package.namelist():
                yield package.read(part).decode("utf-8", "ignore")
    elif path.suffix != ".png":
        yield path.read_text("utf-8", "ignore")


def test_all_names_are_there() -> None:
    assert len(set(xlperf.__all__)) == len(xlperf.__all__)
    missing = [name for name in xlperf.__all__ if not hasattr(xlperf, name)]
    assert not missing


def test_importing_xlperf_loads_nothing_heavy() -> None:
    code = "import sys, xlperf; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {module.partition(".")[0] for module in run.stdout.split()}
    assert "xlperf" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    "text",
    ['"/home/someone/x"', "see /tmp/x.txt", "C:\\Users\\x", "https://pypi.org/simple"],
)
def test_foreign_places_are_recognised(text: str) -> None:
    assert FOREIGN.search(text)


def test_no_file_names_a_place_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in project_files()
        if path != Path(__file__)
        for text in texts(path)
        if (match := FOREIGN.search(text))
    ]
    assert not found


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text("utf-8")
    assert "://" not in text
    assert pinned(name)
    for block in re.split(r"\n(?=[a-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", text)):
        assert "--hash=sha256:" in block, block


def test_the_validator_is_locked_with_a_hash_and_no_address() -> None:
    text = (ROOT / "tests/oracles/package-lock.json").read_text("utf-8")
    assert "://" not in text
    packages = json.loads(text)["packages"]
    del packages[""]
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())


@pytest.mark.parametrize("name", LOCKS)
def test_locks_keep_to_pyproject(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    if name == "server":
        extras = project["project"]["optional-dependencies"]
        wanted += [*extras["server"], *extras["recalc"]]
    if name == "dev":
        wanted += [line for line in project["dependency-groups"]["dev"] if isinstance(line, str)]
    locked = pinned(name)
    for requirement in map(Requirement, wanted):
        versions = locked.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not locked: make lock"
        assert all(map(requirement.specifier.contains, versions)), f"{requirement}: make lock"


def test_the_development_lock_holds_the_runtime_lock() -> None:
    assert pinned("dev").items() >= pinned("runtime").items()


def pinned(name: str) -> dict[str, list[str]]:
    """Package → its locked versions, one for each environment that needs its own."""
    versions: dict[str, list[str]] = {}
    lock = (ROOT / f"requirements/{name}.txt").read_text("utf-8")
    for package, version in re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", lock):
        versions.setdefault(canonicalize_name(package), []).append(version)
    return versions


def test_every_code_of_a_message_is_documented_once() -> None:
    written = {
        code
        for path in (ROOT / "xlperf").rglob("*.py")
        for code in re.findall(r'"([A-Z]\d{3})"', path.read_text("utf-8"))
    }
    page = (ROOT / "docs/codes.md").read_text("utf-8")
    documented = re.findall(r"(?m)^\| ([A-Z]\d{3}) \|", page)
    assert len(written) > 100
    assert sorted(written) == documented


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in project_files()
        if page.suffix == ".md"
        for link in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert not broken


def test_the_changelog_begins_with_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"(?m)^## \[?(\d[\w.]*)", changelog)
    assert newest
    assert newest.group(1) == xlperf.__version__
