"""The command line: what it prints, what it writes, how it exits."""

import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import xlperf
from xlperf.cli import cli
from xlperf.resources import examples_root

ROOT = Path(__file__).parents[2]
EXAMPLE = "qiannan-2023"


def run(*args: object, code: int = 0) -> click.testing.Result:
    result = CliRunner().invoke(cli, [str(arg) for arg in args])
    assert result.exit_code == code, result.output
    return result


def commands(group: click.Group, path: tuple[str, ...] = ()):
    for name, command in group.commands.items():
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.fixture
def data(tmp_path) -> Path:
    return shutil.copytree(examples_root() / EXAMPLE, tmp_path / "data")


@pytest.mark.parametrize(("name", "command"), [pytest.param(*c, id=c[0]) for c in commands(cli)])
def test_every_command_has_help_with_an_example_and_is_documented(name, command):
    assert command.help
    assert "Example:" in command.help
    assert f"xlperf {name.split()[0]}" in command.help
    if not isinstance(command, click.Group):
        for readme in ("README.md", "README.zh-CN.md"):
            assert f"`xlperf {name}" in (ROOT / readme).read_text("utf-8")


def test_every_option_is_documented():
    readme = (ROOT / "README.md").read_text("utf-8")
    for _, command in commands(cli):
        for option in command.params:
            if isinstance(option, click.Option):
                assert any(f"{name}" in readme for name in option.opts), option.opts


def test_fill_names_the_workbooks_and_exits_clean(data, tmp_path):
    out = tmp_path / "自评表"
    result = run("fill", "guizhou_self_evaluation", data, "-o", out)
    assert len(list(out.iterdir())) == 8
    assert (out / "02_公积金12329短信服务费.xlsx").is_file()
    assert "8" in result.stdout
    assert str(out) in result.stdout


def test_two_processes_write_what_one_writes(data, tmp_path):
    run("fill", "guizhou_self_evaluation", data, "-o", tmp_path / "one")
    run("fill", "guizhou_self_evaluation", data, "-o", tmp_path / "two", "--jobs", 2)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


WRONG = {
    "missing column": (
        "indicators.csv",
        "三级指标",
        "三级",
        ["indicators.csv", "第 1 行", "三级指标"],
    ),
    "one key twice": ("projects.csv", "\n02,", "\n01,", ["projects.csv", "第 3 行", "编号", "01"]),
    "no such project": ("indicators.csv", "\n02,", "\n99,", ["indicators.csv", "编号", "99"]),
    "text for a number": ("projects.csv", "1980298.62", "约198万", ["第 2 行", "约198万"]),
    "another template": (
        "projects.csv",
        "guizhou_self_evaluation/1",
        "guizhou_approval/1",
        ["模板", "guizhou_approval/1"],
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_table_ends_with_2_and_leaves_nothing(data, tmp_path, file, old, new, said):
    edit(data / file, old, new)
    out = tmp_path / "out"
    result = run("fill", "guizhou_self_evaluation", data, "-o", out, code=2)
    for words in said:
        assert words in result.stderr
    assert "Traceback" not in result.output
    assert not out.exists()


def test_an_unknown_template_is_told_with_the_known_ones(data, tmp_path):
    result = run("fill", "no_such_form", data, "-o", tmp_path / "out", code=2)
    assert "no_such_form" in result.stderr
    assert "guizhou_approval" in result.stderr
    english = run("--lang", "en", "fill", "no_such_form", data, "-o", tmp_path / "o", code=2)
    assert "no such template" in english.stderr


def test_read_is_the_inverse_of_fill(data, tmp_path):
    run("fill", "guizhou_self_evaluation", data, "-o", tmp_path / "out", "--scores", "given")
    run("read", tmp_path / "out", "-o", tmp_path / "back")
    for name in ("projects.csv", "indicators.csv"):
        assert (tmp_path / "back" / name).read_bytes() == (data / name).read_bytes()


def test_a_bad_workbook_does_not_stop_the_others(data, tmp_path):
    out = tmp_path / "out"
    run("fill", "guizhou_self_evaluation", data, "-o", out)
    (out / "00_坏.xlsx").write_bytes(b"no workbook")
    result = run("read", out, "-o", tmp_path / "back", code=1)
    assert "00_坏.xlsx" in result.stderr
    assert len((tmp_path / "back" / "projects.csv").read_text("utf-8").splitlines()) >= 9


def test_nothing_readable_is_2(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"")
    run("read", tmp_path / "a.xlsx", "-o", tmp_path / "back", code=2)
    run("read", tmp_path / "gone.xlsx", "-o", tmp_path / "back", code=2)
    assert not (tmp_path / "back").exists()


def test_templates_are_listed_shown_and_checked(tmp_path):
    names = run("template", "list").stdout
    for name in ("guizhou_approval", "hebei_department_target", "shanghai_declaration"):
        assert name in names
    shown = run("template", "show", "guizhou_self_evaluation").stdout
    assert "xp.指标.得分" in shown
    assert "xp.资金.年度资金总额.执行率" in shown
    run("template", "check", "guizhou_self_evaluation")
    (tmp_path / "plain.xlsx").write_bytes(b"PK")
    run("template", "check", tmp_path / "plain.xlsx", code=2)


def test_version_comes_without_loading_anything_heavy():
    code = "import sys; sys.argv=['xlperf','--version']; import xlperf.__main__ as m; m.main(); "
    code += "assert not {'click','lxml','pandas'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"xlperf {xlperf.__version__}\n"
    assert run("--version").stdout == done.stdout
