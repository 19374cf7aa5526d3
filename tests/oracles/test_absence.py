"""An absent judge is named: the test that needs it is skipped, or fails where it must run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDS_LIBREOFFICE = (
    "tests/oracles/test_libreoffice.py::test_a_workbook_that_is_not_there_is_refused"
)


@pytest.mark.parametrize(("require", "outcome"), [("0", "1 skipped"), ("1", "1 error")])
def test_an_absent_judge_is_named(tmp_path: Path, require: str, outcome: str) -> None:
    # No program is found on a path that leads nowhere.
    env = {**os.environ, "PATH": str(tmp_path), "XLPERF_REQUIRE_ORACLES": require}
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", NEEDS_LIBREOFFICE]
    run = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert outcome in run.stdout
    assert "LibreOffice Calc is not installed: make oracles" in run.stdout
    assert (run.returncode == 0) == (require == "0")
