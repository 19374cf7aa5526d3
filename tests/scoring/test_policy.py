"""A policy file holds what departs from the default, and nothing that makes no sense."""

import re
from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.scoring.rows import row
from xlperf.diagnostic import InputError
from xlperf.scoring import Policy, score, shipped_policies
from xlperf.scoring.policy import SETTINGS, Band

DEFAULT = Policy.default()
FOLDER = Path(__file__).parents[2] / "xlperf/scoring/policies"
GUIDE = Path(__file__).parents[2] / "docs/scoring.md"


def write(folder: Path, text: str) -> Path:
    path = folder / "办法.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_default_is_the_common_practice() -> None:
    assert dict(DEFAULT.weights) == {
        "预算执行率": 10,
        "产出指标": 50,
        "效益指标": 30,
        "满意度指标": 10,
    }
    assert (DEFAULT.at_most, DEFAULT.equals, DEFAULT.places) == ("ratio", "at_least", 2)
    assert DEFAULT.bands == (Band(100, 80), Band(80, 60), Band(60, 0))  # type: ignore[arg-type]
    assert dict(DEFAULT.grades) == {"优": 90, "良": 80, "中": 60, "差": 0}
    assert (DEFAULT.execution_below, DEFAULT.deviation_from) == (Decimal("0.9"), Decimal("1.3"))
    assert Policy.load() is Policy.load(None) is DEFAULT


def test_a_file_changes_only_what_it_names(tmp_path: Path) -> None:
    assert Policy.load(write(tmp_path, "")) == DEFAULT
    path = write(tmp_path, '[quantitative]\nat_most = "zero"\n[rounding]\nplaces = 1\n')
    assert Policy.load(path) == replace(DEFAULT, at_most="zero", places=1)
    path = write(tmp_path, '[grades]\n"合格" = 59.5\n"不合格" = 0\n')
    assert Policy.load(path).grades == (("合格", Decimal("59.5")), ("不合格", 0))
    path = write(tmp_path, '[weights]\n"预算执行率" = 10\n"产出指标" = 60\n"成本指标" = 30\n')
    assert dict(Policy.load(path).weights)["成本指标"] == 30


@pytest.mark.parametrize(
    ("text", "code", "names"),
    [
        ('[quantitative]\nat_most = "half"', "X403", "quantitative.at_most"),
        ("[quantitative]\nequals = true", "X403", "quantitative.equals"),
        ("[quantitative]\nat_mots = 1", "X402", "quantitative.at_mots"),
        ("quantitative = 1", "X402", "quantitative"),
        ("[round]\nplaces = 2", "X402", "round.places"),
        ("[rounding]\nplaces = 5", "X403", "rounding.places"),
        ("[rounding]\nplaces = true", "X403", "rounding.places"),
        ("[rounding]\nplaces = [2]", "X403", "rounding.places"),
        ('[weights]\n"产出指标" = 90', "X403", "weights"),
        ('[weights]\n"产出指标" = "100"', "X403", "weights"),
        ("weights = 100", "X403", "weights"),
        ('[grades]\n"良" = 80\n"优" = 90\n"差" = 0', "X403", "grades"),
        ('[grades]\n"优" = 90', "X403", "grades"),
        ("[grades]", "X403", "grades"),
        ("[qualitative]\nbands = [[100, 80], [70, 0]]", "X403", "qualitative.bands"),
        ("[qualitative]\nbands = [[90, 0]]", "X403", "qualitative.bands"),
        ("[qualitative]\nbands = []", "X403", "qualitative.bands"),
        ("[qualitative]\nbands = [[100, 50, 0]]", "X403", "qualitative.bands"),
        ("[qualitative]\nbands = 3", "X403", "qualitative.bands"),
        ("[qualitative]\nwords = 3", "X403", "qualitative.words"),
        ('[qualitative]\nwords = ["优"]', "X403", "qualitative.words"),
        ('[qualitative]\nwords = [["优"], [""]]', "X403", "qualitative.words"),
        ('[qualitative]\nwords = [["优"], ["良", "优"]]', "X403", "qualitative.words"),
        ("[explanations]\nexecution_below = -1", "X403", "explanations.execution_below"),
        ("[explanations]\ndeviation_from = nan", "X403", "explanations.deviation_from"),
        ("[explanations]\ndeviation_from = inf", "X403", "explanations.deviation_from"),
        ("[weights", "X401", ""),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, code: str, names: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        Policy.load(path)
    (fault,) = caught.value.diagnostics
    assert fault.code == code
    assert fault.place.file == str(path)
    for lang in ("zh", "en"):
        assert names in fault.text(lang)
        assert str(path) in fault.text(lang)


def test_every_fault_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "[rounding]\nplaces = 9\n[quantitative]\nat_most = 1\nmore = 2\n")
    with pytest.raises(InputError) as caught:
        Policy.load(path)
    assert [fault.code for fault in caught.value.diagnostics] == ["X403", "X403", "X402"]


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"没有\.toml"):
        Policy.load(tmp_path / "没有.toml")
    (tmp_path / "坏.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError):
        Policy.load(tmp_path / "坏.toml")


@pytest.mark.parametrize(
    ("changed", "target", "actual", "points"),
    [
        ({"at_most": "ratio"}, "≤4次", "5次", "9.6"),
        ({"at_most": "linear"}, "≤4次", "5次", "9"),
        ({"at_most": "linear"}, "≤4次", "8次", "0"),
        ({"at_most": "linear"}, "≤4次", "9次", "0"),
        ({"at_most": "zero"}, "≤4次", "4次", "12"),
        ({"at_most": "zero"}, "≤4次", "5次", "0"),
        ({"at_most": "zero"}, "<4次", "4次", "0"),
        ({"at_most": "zero"}, "3~4次", "5次", "0"),
        ({"at_most": "linear"}, "±10%", "-12%", "9.6"),
        ({"equals": "exact"}, "=4次", "5次", "0"),
        ({"equals": "exact"}, "=4次", "4次", "12"),
        ({"equals": "exact"}, "≥4次", "5次", "12"),
        ({"places": 0}, "≤4次", "5次", "10"),
        ({"places": 4}, "≥7次", "5次", "8.5714"),
    ],
)
def test_the_settings_decide(
    changed: dict[str, object], target: str, actual: str, points: str
) -> None:
    policy = replace(DEFAULT, **changed)  # type: ignore[arg-type]
    assert score(row(target, actual, 12), policy).value == Decimal(points)


@pytest.mark.parametrize("name", shipped_policies())
def test_every_policy_that_ships_is_loaded_by_name_and_says_where_it_is_from(name: str) -> None:
    policy = Policy.load(name)
    assert policy.name == name
    assert (policy == DEFAULT) == (name == "default")
    assert "来源：" in (FOLDER / f"{name}.toml").read_text("utf-8")
    assert f"`{name}`" in GUIDE.read_text("utf-8")


def test_the_policies_depart_as_they_say() -> None:
    assert Policy.load("linear") == replace(DEFAULT, at_most="linear")
    assert Policy.load("zero") == replace(DEFAULT, at_most="zero", equals="exact")
    assert dict(Policy.load("cost").weights)["成本指标"] == 20
    assert Policy.load("one_decimal").grades[0].name == "优秀"


def test_a_file_of_the_user_has_no_name_and_unknown_names_are_told(tmp_path: Path) -> None:
    assert Policy.load(write(tmp_path, "[rounding]\nplaces = 1\n")).name == ""
    with pytest.raises(InputError, match=r"linear.*one_decimal"):
        Policy.load("no_such_policy")


def test_every_setting_is_documented() -> None:
    settings = {f.name for f in fields(Policy) if f.compare}
    assert {setting.field for setting in SETTINGS.values()} == settings
    headings = GUIDE.read_text("utf-8")
    assert [key for key in SETTINGS if f"`{key}`" not in headings] == []


def test_a_file_saved_by_notepad_is_read(tmp_path: Path) -> None:
    path = tmp_path / "办法.toml"
    path.write_bytes(b"\xef\xbb\xbf[rounding]\r\nplaces = 1\r\n")
    assert Policy.load(path) == replace(DEFAULT, places=1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[rounding]\nplaces 2", "第 2 行第 8 列不符合 TOML 语法"),
        (b"[rounding", "文件末尾不符合 TOML 语法"),
        ("[舍入]".encode("gb18030"), "不是 UTF-8 编码"),
        (None, "不存在"),
    ],
)
def test_why_a_file_cannot_be_read_is_said_in_chinese(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "办法.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        Policy.load(path)
    (fault,) = caught.value.diagnostics
    assert said in fault.message.zh
    assert not re.search("[A-Za-z]{4}", fault.message.zh.replace("TOML", ""))
