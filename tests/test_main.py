"""The entry point in a terminal whose code page lacks some characters."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(encoding: str, *args: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "xlperf", *args],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize("args", [("explain", "≥95m²›é"), ("explain", "C02"), ("explain", "X99")])
def test_output_never_fails_on_a_character(encoding, args):
    done = run(encoding, *args)
    assert done.returncode == (2 if "X99" in args else 0)
    assert b"Traceback" not in done.stderr
    assert done.stdout or done.stderr
    if encoding == "utf-8" and "C02" not in args and "X99" not in args:
        assert args[1] in done.stdout.decode("utf-8")


def test_what_a_code_page_has_is_printed():
    assert "≥95%" in run("gbk", "explain", "≥95%").stdout.decode("gbk")
