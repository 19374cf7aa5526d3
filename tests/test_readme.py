"""The README does what it says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from xlperf.resources import examples_root

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_script_runs_and_fills_every_form(readme, tmp_path):
    text = (ROOT / readme).read_text("utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(script.strip().splitlines()) <= 6
    shutil.copytree(examples_root() / "qiannan-2023", tmp_path / "examples/qiannan-2023")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, env=environment)
    assert len(list((tmp_path / "out/script").glob("*.xlsx"))) == 8


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_first_screen_shows_the_result_and_the_commands(readme):
    first = "\n".join((ROOT / readme).read_text("utf-8").splitlines()[:14])
    assert "docs/images/self_evaluation.png" in first
    assert "make demo" in first
    assert "xlperf fill" in first
    assert (ROOT / "docs/images/self_evaluation.png").stat().st_size > 10_000
