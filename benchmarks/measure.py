"""Rounds that alternate between the contestants, and medians of what they took.

The machines are shared: a neighbour's load falls on every contestant of a round alike, so ratios of
medians over alternating rounds hold where single times do not.
"""

import atexit
import gc
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

Work = Callable[[], object]


def medians(
    contestants: Mapping[str, Work], rounds: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of each contestant over `rounds` alternating rounds, after one to warm up.

    `time.process_time` as the clock leaves out what the neighbours take; it sees one process only.
    """
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    gc.collect()
    gc.freeze()
    for number in range(rounds + 1):
        for name, work in contestants.items():
            gc.collect()  # nobody clears up what another has left
            start = clock()
            work()
            if number:
                taken[name].append(clock() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


def lasting_folder() -> Path:
    """A new folder on the disk that the project lies on, removed when the program ends.

    Not before: for some minutes ext4 looks at every inode that was freed, and passes over it, so
    that to create a file takes ten or forty times as long after others have been removed.
    """
    path = Path(tempfile.mkdtemp(prefix=".bench-", dir=".")).absolute()
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def peak_memory() -> float:
    """The most memory that this process has held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(title: str, seconds: Mapping[str, float], per: int, unit: str, against: str) -> None:
    """One line for each contestant: time per unit, units per second, ratio to `against`."""
    print(f"\n{title}")
    for name, time_taken in seconds.items():
        each = time_taken / per
        ratio = seconds[against] / time_taken
        print(f"  {name:34}{each * 1e3:10.3f} ms/{unit}{1 / each:12.0f} {unit}s/s{ratio:9.1f} x")
