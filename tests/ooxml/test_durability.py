"""Disks that fill up and processes that are killed: a file is the old one or the new one.

Processes are really killed and disks really filled, in processes of their own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and file systems")


def run(script: str, *arguments: object, before: tuple[str, ...] = ()) -> str:
    """What a script says in a process of its own."""
    command = [*before, sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ------------------------------------------------------------------------------ killed

# Every version of the file tells by its first bytes what the whole of it has to be.
_KILL_ONE = """
import os, random, signal, sys, time
from pathlib import Path
from xlperf.ooxml.files import write_file

def version(number):
    return number.to_bytes(4, "big") * (20_000 + number * 7919 % 60_000)

path, kills = Path(sys.argv[1]), int(sys.argv[2])
random.seed(7)
relics = 0
for turn in range(kills):
    process = os.fork()
    if not process:
        number = turn * 10_000
        while True:
            number += 1
            write_file(path, version(number))
    time.sleep(random.uniform(0, 0.008))
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    if path.exists():
        data = path.read_bytes()
        assert data == version(int.from_bytes(data[:4], "big")), turn
    others = set(os.listdir(path.parent)) - {path.name}
    assert len(others) <= 1, others
    relics += len(others)
write_file(path, b"last")
print(relics, os.listdir(path.parent))
"""


@posix
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    relics, left = run(_KILL_ONE, tmp_path / "表.xlsx", 250).split(maxsplit=1)
    assert int(relics) > 10  # so many were killed in the middle of writing
    assert left.strip() == "['表.xlsx']"


_KILL_BULK = """
import os, random, signal, sys, time
from dataclasses import replace
from pathlib import Path
from xlperf.bulk import fill_records, load_example
from xlperf.forms import Entry
from xlperf.resources import examples_root

out, kills, jobs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
template, records = load_example(examples_root() / "qiannan-2023")
copies = [
    replace(project, entries={**project.entries, "编号": Entry(f"{project.key}{number}")})
    for number in range(6)  # several groups of files, each of which takes its places at once
    for project in records.projects
]
records = replace(records, projects=tuple(copies))

def other(project):
    return replace(project, entries={**project.entries, "实施单位": Entry("另一单位")})

changed = replace(records, projects=tuple(map(other, records.projects)))
versions = []
for number, each in enumerate((records, changed)):
    start = time.monotonic()
    fill_records(template, each, out / str(number), jobs=jobs)
    seconds = time.monotonic() - start
    written = sorted((out / str(number)).iterdir())
    versions.append({path.name: path.read_bytes() for path in written})
assert versions[0] != versions[1] and len(versions[0]) == len(records.projects)

folder = out / "killed"
random.seed(7)
relics = unfinished = mixed = 0
for turn in range(kills):
    process = os.fork()
    if not process:
        os.setpgid(0, 0)
        fill_records(template, (changed, records)[turn % 2], folder, jobs=jobs)
        os._exit(0)
    time.sleep(random.uniform(0, seconds * 2))
    os.kill(process, signal.SIGKILL)
    unfinished += os.waitpid(process, 0)[1] != 0
    for _ in range(100):  # its workers end by themselves
        try:
            os.killpg(process, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        raise AssertionError("workers outlived the process that was killed")
    names = os.listdir(folder) if folder.exists() else []
    found = [name for name in names if name.endswith(".xlsx")]
    relics += len(names) - len(found)
    assert len(names) - len(found) <= jobs * len(versions[0]), names
    which = set()
    for name in found:
        data = (folder / name).read_bytes()
        assert data in (versions[0][name], versions[1][name]), (turn, name)
        which.add(data == versions[0][name])
    mixed += len(which) == 2
fill_records(template, records, folder, jobs=1)
assert {p.name: p.read_bytes() for p in folder.iterdir()} == versions[0]
print(unfinished, mixed, relics)
"""


@posix
def test_a_bulk_fill_that_is_killed_leaves_whole_workbooks(tmp_path: Path) -> None:
    unfinished, mixed, relics = map(int, run(_KILL_BULK, tmp_path, 120, 1).split())
    assert unfinished > 30
    assert mixed > 3  # folders in which both old and new workbooks stood
    assert relics > 0


@posix
def test_a_killed_bulk_fill_takes_its_processes_with_it(tmp_path: Path) -> None:
    unfinished, *_ = map(int, run(_KILL_BULK, tmp_path, 4, 2).split())
    assert unfinished > 0


# --------------------------------------------------------------------------- full disks

_FILL_UP = """
import os, sys
from pathlib import Path
from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.files import write_file

path = Path(sys.argv[1]) / "表.xlsx"
old, limit = b"old" * 5000, int(sys.argv[2])
write_file(path, old)
failed = 0
for size in range(16_000, limit * 4, limit // 16):
    try:
        write_file(path, b"n" * size)
        old = b"n" * size
    except WorkbookError as error:
        failed += 1
        assert error.diagnostics[0].code == "W103"
        print(error.diagnostics[0].message.zh)
    assert path.read_bytes() == old, size
    assert os.listdir(path.parent) == [path.name]
assert failed > 20
"""


def _private_disk(folder: Path) -> tuple[str, ...] | None:
    """What to run a script under so that it sees a disk of 256 KiB there; None where it cannot."""
    mount = f'mount -t tmpfs -o size=256k none "{folder}" && exec "$@"'
    command = ("unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    if not shutil.which("unshare"):
        return None
    tried = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if tried.returncode == 0 else None


@posix
def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    before = _private_disk(tmp_path)
    if before is None:
        pytest.skip("no private mounts here; the next test fills no disk but meets its limit")
    told = run(_FILL_UP, tmp_path, 262_144, before=before)
    assert set(told.splitlines()) == {"无法写入：磁盘空间不足"}


_LIMITED = (
    "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (262_144, 262_144))\n" + _FILL_UP
)


@posix
def test_a_limit_of_the_system_leaves_the_old_file(tmp_path: Path) -> None:
    told = run(_LIMITED, tmp_path, 262_144)
    assert set(told.splitlines()) == {"无法写入：文件超过系统允许的大小"}


_BULK_ON_FULL_DISK = """
import sys, zipfile
from pathlib import Path
from xlperf.bulk import fill_records, load_example
from xlperf.resources import examples_root

template, records = load_example(examples_root() / "shanghai-2023")
out = Path(sys.argv[1])
(out / "filler").write_bytes(bytes(int(sys.argv[2])))
outcomes = fill_records(template, records, out)
written = [outcome for outcome in outcomes if outcome.path]
failed = [outcome for outcome in outcomes if not outcome.path]
assert written and failed
assert all("磁盘空间不足" in outcome.problems[0].text() for outcome in failed)
assert {path for path in out.iterdir()} == {out / "filler", *(o.path for o in written)}
for outcome in written:
    assert zipfile.ZipFile(outcome.path).testzip() is None
"""


@posix
def test_a_bulk_fill_on_a_full_disk_says_which_workbooks_are_missing(tmp_path: Path) -> None:
    before = _private_disk(tmp_path)
    if before is None:
        pytest.skip("no private mounts here")
    run(_BULK_ON_FULL_DISK, tmp_path, 225_000, before=before)
