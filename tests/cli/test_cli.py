"""The command line: what it prints, what it writes, how it exits."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import click
import openpyxl
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
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
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
    readmes = [(ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")]
    for _, command in commands(cli):
        for option in command.params:
            if isinstance(option, click.Option):
                name = "-o" if "-o" in option.opts else max(option.opts, key=len)
                assert all(name in readme for readme in readmes), name


def test_fill_names_the_workbooks_and_exits_clean(data, tmp_path):
    out = tmp_path / "自评表"
    result = run("fill", "guizhou_self_evaluation", data, "-o", out)
    assert len(list(out.iterdir())) == 8
    assert (out / "02_公积金12329短信服务费.xlsx").is_file()
    assert "已生成 8 个工作簿" in result.stdout
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
        "别的",
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


def test_a_fault_of_all_projects_is_told_once(data, tmp_path):
    path = data / "projects.csv"
    path.write_text(
        path.read_text("utf-8").replace("guizhou_self_evaluation/1", "guizhou_approval/1"), "utf-8"
    )
    result = run("fill", "guizhou_self_evaluation", data, "-o", tmp_path / "out", code=2)
    (line,) = result.stderr.splitlines()
    assert "8 个" in line


@pytest.mark.parametrize("layout", ["workbooks", "sheets"])
@pytest.mark.parametrize("below", ["", "below"])
def test_an_output_that_cannot_be_ends_with_2(data, tmp_path, below, layout):
    (tmp_path / "file").write_text("x")
    out = tmp_path / "file" / below
    result = run("fill", "guizhou_self_evaluation", data, "-o", out, "--layout", layout, code=2)
    assert "W103" in result.stderr
    assert str(tmp_path / "file") in result.stderr
    run("check", data, "-o", tmp_path / "file" / "report.txt", code=2)
    run("demo", "-o", out, code=2)


def test_data_that_is_not_there_is_told(tmp_path):
    result = run("fill", "guizhou_approval", tmp_path / "gone", "-o", tmp_path / "out", code=2)
    assert "路径不存在" in result.stderr
    english = run(
        "--lang", "en", "fill", "guizhou_approval", tmp_path / "gone", "-o", tmp_path / "o", code=2
    )
    assert "no such file" in english.stderr


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


@pytest.mark.parametrize("command", [("read", "-o", "back"), ("check",)], ids=lambda c: c[0])
def test_a_folder_without_workbooks_is_2_and_told(tmp_path, command):
    (tmp_path / "empty").mkdir()
    name, *options = command
    result = run(name, tmp_path / "empty", *options, code=2)
    assert "没有找到工作簿" in result.output + result.stderr


def test_projects_with_one_key_are_read_apart_and_told(data, tmp_path):
    for name in ("a", "b"):
        run("fill", "guizhou_self_evaluation", data, "-o", tmp_path / "forms" / name)
    result = run("read", tmp_path / "forms", "-o", tmp_path / "back", code=1)
    assert result.stderr.count("W108") == 8
    records = (tmp_path / "back" / "projects.csv").read_text("utf-8")
    assert "\n08-2," in records
    run("fill", "guizhou_self_evaluation", tmp_path / "back", "-o", tmp_path / "again")
    assert len(list((tmp_path / "again").iterdir())) == 16


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


@pytest.fixture
def forms(data, tmp_path) -> Path:
    run("fill", "guizhou_self_evaluation", data, "-o", tmp_path / "forms", "--scores", "given")
    return tmp_path / "forms"


def test_check_exits_1_with_findings_and_0_when_clean(forms):
    found = run("check", forms, code=1).stdout
    assert "A01" in found
    assert "^" in found
    run("check", forms, "--select", "P01")
    run("check", forms, "--select", "X99", code=2)
    run("check", forms / "gone", code=2)


def test_check_takes_severities_and_stages_by_name(forms):
    errors = run("check", forms, "--severity", "error", code=1).stdout
    assert "A01" in errors
    assert "C04" not in errors
    assert "A01" not in run("check", forms, "--stage", "goal", code=1).stdout


@pytest.mark.parametrize("options", [("--format", "xlsx"), ("--suggested",)])
def test_check_refuses_options_that_need_another(forms, options):
    before = {path: path.read_bytes() for path in forms.iterdir()}
    run("check", forms, *options, code=2)
    assert {path: path.read_bytes() for path in forms.iterdir()} == before


@pytest.mark.parametrize("style", ["text", "json", "sarif", "csv", "html"])
def test_check_writes_every_format(forms, tmp_path, style):
    out = tmp_path / f"report.{style}"
    run("check", forms, "--format", style, "-o", out, code=1)
    assert "A01" in out.read_text("utf-8")


def test_check_json_has_the_documented_shape(forms):
    result = json.loads(run("check", forms, "--format", "json", code=1).stdout)
    assert set(result) == {"findings", "summary"}
    fields = "code severity message file sheet cell document project indicator field value span fix"
    for finding in result["findings"]:
        assert set(finding) == set(fields.split())
    assert result["summary"]["forms"] == 8


def test_check_marks_copies_of_the_workbooks(forms, tmp_path):
    before = {path: path.read_bytes() for path in forms.iterdir()}
    result = run("check", forms, "--format", "xlsx", "-o", tmp_path / "marked", code=1)
    written = [Path(line) for line in result.stdout.splitlines()]
    assert len(written) == 8
    for path in written:
        assert "审核结果" in openpyxl.load_workbook(path).sheetnames
    assert {path: path.read_bytes() for path in forms.iterdir()} == before


def test_marked_copies_that_have_no_place_end_with_2(forms, tmp_path):
    (tmp_path / "file").write_text("x")
    result = run("check", forms, "--format", "xlsx", "-o", tmp_path / "file" / "marked", code=2)
    assert "W103" in result.stderr


def test_check_fix_mends_and_tells(forms):
    result = run("check", forms, "--fix", code=1)
    assert "→" in result.stderr
    assert "已修复 0 处" in run("check", forms, "--fix", code=1).stderr


QUOTED = [
    ('">=3,000元"', '"≥3,000元"'),
    ('"驻场,运维"人员', None),
    ('"≥3人', None),
    (">=3人", "≥3人"),
]


@pytest.mark.parametrize(("value", "mended"), QUOTED)
def test_check_fix_changes_the_cell_that_it_names_or_nothing(tmp_path, value, mended):
    (tmp_path / "projects.csv").write_text("编号,项目名称\n01,甲\n", "utf-8")
    table = tmp_path / "indicators.csv"
    text = f"编号,一级指标,二级指标,三级指标,指标值,说明\n01,产出指标,数量指标,人员,{value},>=3\n"
    table.write_text(text, "utf-8")
    result = run("check", tmp_path, "--fix", code=1 if mended else 2)
    assert table.read_text("utf-8") == (text.replace(value, mended) if mended else text)
    assert mended or "D114" in result.output + result.stderr


def test_settings_are_found_beside_the_forms(forms):
    (forms / "xlperf.toml").write_text('lang = "en"\nselect = ["A01"]\n')
    assert "printed total" in run("check", forms, code=1).stdout
    assert "总分" in run("check", forms, "--lang", "zh", code=1).stdout
    assert "总分" in run("--lang", "zh", "check", forms, code=1).stdout


def test_explain_tells_of_rules_and_values():
    assert "错误示例" in run("explain", "C02").stdout
    assert "Bad" in run("--lang", "en", "explain", "C02").stdout
    run("explain", "X99", code=2)
    assert "≤350元/天" in run("explain", "≤350 元/天").stdout
    lines = "≥95%\n每月至少一次\n\n有效保障\n"
    result = CliRunner().invoke(cli, ["explain", "-", "--format", "json"], input=lines)
    readings = [json.loads(line) for line in result.stdout.splitlines()]
    assert [r["kind"] for r in readings] == ["threshold", "frequency", "qualitative", "qualitative"]
    assert (readings[0]["comparator"], readings[0]["number"], readings[0]["unit"]) == ("≥", 95, "%")
    parts = "source kind comparator number scale unit per date qualifier canonical formula"
    assert set(parts.split()) <= set(readings[0])
    assert xlperf.parse("≥95%").as_dict() == readings[0]
