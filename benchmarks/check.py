"""Reading values and reviewing forms.

A value's floor is one compiled regular expression that recognises comparator, number and unit and
understands nothing else. Reviewing a form, read included, stands beside openpyxl's load of the same
files, after which nothing would have been understood yet.
"""

import csv
import re
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
FLOOR = "one regular expression"
_FLOOR = re.compile(r"\s*([≥≤><=＝])?\s*(\d+(?:\.\d+)?)\s*([^\d\s].*)?")


def distinct_values() -> list[str]:
    found = set()
    for folder in example_folders():
        with (folder / "indicators.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                found |= {row.get("指标值") or "", row.get("实际完成值") or ""}
    return sorted(found - {""})


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

        contestants = {"openpyxl load": load, "xlperf check, no value seen before": review}
        seconds = medians(contestants, ROUNDS)
        report("Reviewing all forms of the examples", seconds, len(files), "form", "openpyxl load")
        commands = {
            "openpyxl load": "import glob\nfrom openpyxl import load_workbook\n"
            f"for f in glob.glob({folder!r} + '/**/*.xlsx', recursive=True): load_workbook(f)",
            "xlperf check": f"from xlperf.review import check; check([{folder!r}])",
        }
        contestants = {
            name: lambda code=code: subprocess.run([sys.executable, "-c", code], check=True)
            for name, code in commands.items()
        }
        seconds = medians(contestants, 3)
        report("The same in new processes", seconds, len(files), "form", "openpyxl load")
    print(f"\n  peak memory of this process: {peak_memory():.0f} MiB")


if __name__ == "__main__":
    main()
