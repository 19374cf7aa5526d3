"""`xlperf score`: what it prints and how it exits."""

import shutil
from pathlib import Path

import click.testing
import pytest
from click.testing import CliRunner

import xlperf
from xlperf.bulk import Options, fill_records, load_example
from xlperf.cli import cli
from xlperf.resources import examples_root


def run(*args: object, code: int = 0) -> click.testing.Result:
    result = CliRunner().invoke(cli, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def forms(tmp_path: Path) -> Path:
    template, records = load_example(examples_root() / "qiannan-2023")
    fill_records(template, records, tmp_path / "自评表", Options("value", "given"))
    return tmp_path / "自评表"


def test_every_row_is_told_with_its_reason(forms: Path) -> None:
    said = run("score", forms).stdout
    assert "12/12 发送条数 ≥150万条 → 198.38万条  实际完成值达到指标值，得满分" in said
    assert "总分 99.96 优" in said
    assert "须说明原因：发送条数" in said
    english = run("--lang", "en", "score", forms).stdout
    assert "the actual reaches the target: full marks" in english
    assert "total 99.96 优" in english


def test_policies_go_by_name_or_file(forms: Path, tmp_path: Path) -> None:
    (tmp_path / "办法.toml").write_text("[quantitative]\nequals = 'exact'\n", "utf-8")
    run("score", forms, "--policy", "linear")
    run("score", forms, "--policy", tmp_path / "办法.toml", "--formulas", "value")
    unknown = run("score", forms, "--policy", "no_such_policy", code=2)
    assert "one_decimal" in unknown.stderr


def test_the_policy_of_the_settings_is_that_of_the_option(forms: Path, tmp_path: Path) -> None:
    data = shutil.copytree(examples_root() / "qiannan-2023", tmp_path / "数据")
    totals = []
    for name, options in (("default", []), ("named", ["--policy", "one_decimal"]), ("set", [])):
        if name == "set":
            (tmp_path / "xlperf.toml").write_text('policy = "one_decimal"\n', "utf-8")
        run("fill", "guizhou_self_evaluation", data, "-o", tmp_path / name, *options)
        _, indicators = xlperf.read(tmp_path / name)
        copy = shutil.copytree(forms, tmp_path / f"{name}_copy")
        said = CliRunner().invoke(cli, ["score", str(copy), *options]).stdout
        totals.append((list(indicators["得分"]), said.replace(str(copy), "")))
    assert totals[0] != totals[1] == totals[2]


def test_what_is_left_undone_is_1_and_nothing_done_is_2(forms: Path, tmp_path: Path) -> None:
    template, records = load_example(examples_root() / "qiannan-2023")
    blank = tmp_path / "待评"
    fill_records(template, records, blank, Options("value", "computed"))
    (forms / "00.xlsx").write_bytes(b"no workbook")
    assert "00.xlsx" in run("score", forms, code=1).stderr
    run("score", forms / "00.xlsx", code=2)
    run("score", tmp_path / "gone.xlsx", code=2)
