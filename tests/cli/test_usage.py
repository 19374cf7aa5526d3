"""Misuse of the command line and Ctrl-C, told in the language of the messages."""

import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from xlperf.cli import cli
from xlperf.resources import examples_root

MISUSE = [
    (["fill"], "缺少参数 TEMPLATE", "Missing argument"),
    (["fill", "a", "b"], "缺少选项 -o / --out", "Missing option"),
    (["chek"], "没有命令“chek”", "No such command"),
    (["template", "lst"], "没有命令“lst”", "No such command"),
    (["check", "--formt", "x"], "没有选项 --formt。是否应为 --format", "No such option"),
    (["--lng", "x"], "没有选项 --lng", "No such option"),
    (["check", "x", "--format", "pdf"], "可用的值：text、json", "is not one of"),
    (["fill", "a", "b", "-o", "c", "--jobs", "0"], "不小于 1 的整数", "range"),
    (["fill", "a", "b", "c", "-o", "d"], "多余的参数：c", "unexpected extra argument"),
    (["check", "x", "-o"], "选项 -o 缺少值", "requires an argument"),
    (["check", "--fix=1", "x"], "选项 --fix 不带值", "does not take a value"),
    (["check", "x", "--format", "xlsx"], "须用 -o 指定文件夹", "needs -o"),
    (["check", "x", "--suggested"], "须与 --fix 同用", "goes with --fix"),
    (["recalc", "x", "-o", "y", "--in-place"], "不能同用", "exclude each other"),
]


@pytest.mark.parametrize(("args", "chinese", "english"), MISUSE, ids=lambda v: str(v)[:30])
def test_misuse_is_told_in_the_language_of_the_messages(args, chinese, english):
    told = CliRunner().invoke(cli, args)
    assert told.exit_code == 2
    assert chinese in told.stderr
    assert english not in told.stderr
    told = CliRunner().invoke(cli, ["--lang", "en", *args])
    assert told.exit_code == 2
    assert english in told.stderr
    assert chinese not in told.stderr


def test_check_has_its_own_language_option():
    assert "Missing argument" in CliRunner().invoke(cli, ["check", "--lang", "en"]).stderr
    assert "Missing argument" in CliRunner().invoke(cli, ["check", "--lang=en"]).stderr


@pytest.mark.parametrize(("lang", "said"), [("zh", "已中断"), ("en", "interrupted")])
def test_an_interruption_says_how_far_it_got(tmp_path, monkeypatch, lang, said):
    def interrupted(template, records, out, options, jobs, progress):
        progress(3, 8)
        raise KeyboardInterrupt

    monkeypatch.setattr("xlperf.cli.fill.fill_records", interrupted)
    args = ["fill", "guizhou_self_evaluation", str(examples_root() / "qiannan-2023")]
    told = CliRunner().invoke(cli, ["--lang", lang, *args, "-o", str(tmp_path / "out")])
    assert told.exit_code == 130
    assert said in told.stderr
    assert "3" in told.stderr
    assert "Aborted" not in told.output


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_ends_a_waiting_command_with_130():
    process = subprocess.Popen(
        [sys.executable, "-m", "xlperf", "explain", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write("≥95%\n".encode())
    process.stdin.flush()
    process.stdout.readline()  # it is running now
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "已中断" in stderr.decode("utf-8")
