"""Start-up: what `import xlperf` and `xlperf --version` cost over an empty Python."""

import subprocess
import sys
from pathlib import Path

from benchmarks.measure import medians, report

ROUNDS = 15


def main() -> None:
    script = str(Path(sys.executable).with_name("xlperf"))
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import xlperf'": [sys.executable, "-c", "import xlperf"],
        "xlperf --version": [script, "--version"],
    }
    contestants = {
        name: lambda command=command: subprocess.run(command, check=True, capture_output=True)
        for name, command in commands.items()
    }
    report("Start-up", medians(contestants, ROUNDS), 1, "start", "python -c pass")


if __name__ == "__main__":
    main()
