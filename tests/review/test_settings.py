"""`xlperf.toml`: found upward, every key known, documented, and told when wrong."""

from dataclasses import fields
from pathlib import Path

import pytest

from xlperf.diagnostic import InputError, Severity
from xlperf.review import ReviewSettings, find_settings, load_settings, settings_for
from xlperf.rules import Stage

ROOT = Path(__file__).parents[2]


def test_the_nearest_file_upward_holds(tmp_path):
    inner = tmp_path / "a/b"
    inner.mkdir(parents=True)
    (tmp_path / "xlperf.toml").write_text('lang = "en"\n')
    assert find_settings(inner) == tmp_path / "xlperf.toml"
    (inner / "xlperf.toml").write_text("")
    assert find_settings(inner / "form.xlsx") == inner / "xlperf.toml"


def test_every_key_is_read(tmp_path):
    path = tmp_path / "xlperf.toml"
    path.write_text(
        'lang = "en"\npolicy = "办法.toml"\nselect = ["A", "C01"]\nignore = ["T"]\n'
        'severity = "warning"\nstage = "goal"\nwaivers = "../豁免.toml"\n',
        "utf-8",
    )
    assert load_settings(path) == ReviewSettings(
        "en",
        tmp_path / "办法.toml",
        ("A", "C01"),
        ("T",),
        Severity.WARNING,
        Stage.GOAL,
        tmp_path / "../豁免.toml",
    )


def test_a_shipped_policy_goes_by_its_name_unless_a_file_has_it(tmp_path):
    path = tmp_path / "xlperf.toml"
    path.write_text('policy = "zero"')
    assert load_settings(path).policy == Path("zero")
    (tmp_path / "zero").write_text("")
    assert load_settings(path).policy == tmp_path / "zero"


def test_options_go_before_the_file(tmp_path):
    (tmp_path / "xlperf.toml").write_text('lang = "en"\nselect = ["A"]\n')
    settings = settings_for(tmp_path, {"select": ("C",), "lang": None, "other": 1})
    assert (settings.lang, settings.select) == ("en", ("C",))


@pytest.mark.parametrize(
    "line",
    ['lang = "fr"', "select = 3", "select = [3]", "policy = 1", 'severity = "bad"', "unknown = 1"],
)
def test_a_wrong_key_or_value_is_named(tmp_path, line):
    path = tmp_path / "xlperf.toml"
    path.write_text(line)
    with pytest.raises(InputError) as caught:
        load_settings(path)
    assert line.split()[0] in caught.value.text()
    assert "xlperf.toml" in caught.value.text()


def test_every_key_is_documented():
    documented = (ROOT / "docs/settings.md").read_text("utf-8")
    for field in fields(ReviewSettings):
        assert f"| `{field.name}` |" in documented


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('lang = "fr"', ["设置项“lang”", "“fr”", "可用的值：zh、en"]),
        ('severity = "bad"', ["“bad”", "error、warning、info"]),
        ("stage = true", ["“true”", "goal", "both"]),
        ("select = [3]", ["“[3]”", "规则代码"]),
        ("limits = { file = 0 }", ['"file" = 0', "ratio"]),
        ("unknown = 1", ["没有设置项“unknown”", "lang、policy"]),
    ],
)
def test_what_a_setting_may_be_is_told(tmp_path, line, said):
    path = tmp_path / "xlperf.toml"
    path.write_text(line, "utf-8")
    with pytest.raises(InputError) as caught:
        load_settings(path)
    text = caught.value.text()
    assert [words for words in said if words not in text] == []
    assert "列" not in text.replace("列表", "")
    assert "'" not in text


def test_settings_saved_by_notepad_are_read(tmp_path):
    path = tmp_path / "xlperf.toml"
    path.write_bytes(b'\xef\xbb\xbflang = "en"\r\n')
    assert load_settings(path).lang == "en"
