"""Reading values and reviewing forms.

A value's floor is one compiled regular expression that recognises comparator, number and unit and
understands nothing else. Reviewing a form, read included, stands beside openpyxl's load of the same
files, after which nothing would have been understood yet.
"""

import csv
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl

from benchmarks.measure import medians, peak_memory, report
from xlperf.bulk import Options, fill_records, load_example
from xlperf.indicator import parser
from xlperf.resources import example_folders, examples_root
from xlperf.review import check

ROUNDS = 7
FLOOR, PEER = "one regular expression", "openpyxl load"
_FLOOR = re.compile(r"\s*([≥≤><=＝])?\s*(\d+(?:\.\d+)?)\s*([^\d\s].*)?")


def distinct_values() -> list[str]:
    found = set()
    for folder in example_folders():
        with (folder / "indicators.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found |= {row.get("指标值") or "", row.get("实际完成值") or ""}
    return sorted(found - {""})


def in_new_processes(files: list[Path], folder: str) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds of whole processes, and of the pass over the forms after the imports.

    Seconds of the processor, which a neighbour's load touches less than those of the clock.
    """
    work = {
        PEER: ("from openpyxl import load_workbook", "for f in sys.argv[1:]: load_workbook(f)"),
        "xlperf check": ("from xlperf.review import check", f"check([{folder!r}])"),
    }
    passes: dict[str, list[float]] = {name: [] for name in work}
    wholes: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):
        for name, (imports, run) in work.items():
            code = (
                f"import sys, time\n{imports}\nbegun = time.process_time()\n{run}\n"
                "ended = time.process_time(); print(ended - begun, ended)"
            )
            command = [sys.executable, "-c", code, *map(str, files)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            of_pass, of_whole = map(float, done.stdout.split())
            passes[name].append(of_pass)
            wholes[name].append(of_whole)
    whole, first = (
        {name: statistics.median(taken) for name, taken in found.items()}
        for found in (wholes, passes)
    )
    return whole, first


def main() -> None:
    values = distinct_values()

    def parse() -> None:
        parser._parse.cache_clear()
        for value in values:
            parser.parse(value)

    def recognise() -> None:
        for value in values:
            _FLOOR.fullmatch(value)

    contestants = {FLOOR: recognise, "xlperf, no value seen before": parse}
    seconds = medians(contestants, ROUNDS * 3)
    report("Reading distinct indicator values", seconds, len(values), "value", FLOOR)

    with tempfile.TemporaryDirectory() as folder:
        for example in example_folders():
            template, records = load_example(example)
            out = Path(folder) / example.relative_to(examples_root())
            fill_records(template, records, out, Options(scores="given"))
        files = sorted(Path(folder).rglob("*.xlsx"))

        def load() -> None:
            for file in files:
                openpyxl.load_workbook(file).close()

        def review() -> None:
            parser._parse.cache_clear()
            check([folder])

        contestants = {PEER: load, "xlperf check, no value seen before": review}
        seconds = medians(contestants, ROUNDS)
        report("Reviewing all forms, warm", seconds, len(files), "form", PEER)
        whole, first = in_new_processes(files, folder)
        report("The first pass of a new process, imports apart", first, len(files), "form", PEER)
        report("New processes from start to end", whole, len(files), "form", PEER)
    print(f"\n  peak memory of this process: {peak_memory():.0f} MiB")


if __name__ == "__main__":
    main()
