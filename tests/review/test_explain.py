"""How a value is explained: its problems, and values that come as lines of a file."""

import codecs
import json

import pytest
from click.testing import CliRunner

from xlperf.cli import cli
from xlperf.review import parse, read_lines
from xlperf.rules import RULES


def explain(*args: str, data: bytes = b"", code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["explain", *args], input=data)
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize(
    ("value", "codes"),
    [("90%-80%", ["V103"]), ("2025年2月30日", ["V101"]), ("≥95%（含", ["V105"]), ("≥95%", [])],
)
def test_problems_of_a_value_are_told(value, codes):
    reading = parse(value)
    assert [problem.code for problem in reading.problems] == codes
    assert [problem["code"] for problem in reading.as_dict()["problems"]] == codes
    assert all(code in explain(value) for code in codes)
    assert (
        json.loads(explain(value, "--format", "json"))["problems"]
        == (reading.as_dict()["problems"])
    )


def test_a_reversed_interval_has_no_formula():
    assert parse("80%-90%").formula
    assert parse("90%-80%").formula is None


@pytest.mark.parametrize("value", ["-5%", "--5", "-2~3℃"])
def test_a_value_may_look_like_an_option(value):
    assert explain(value).startswith(value)


@pytest.mark.parametrize("code", ["A01", "a01", " Ａ０１"])
def test_a_rule_is_found_in_any_case(code):
    assert explain(code).startswith("A01")
    rule = json.loads(explain(code, "--format", "json"))
    assert (rule["code"], rule["zh"], rule["bad"]) == (
        "A01",
        RULES["A01"].message.zh,
        list(RULES["A01"].bad),
    )


def test_a_code_that_no_rule_has_is_told():
    assert "X99" in explain("x99", code=2)


@pytest.mark.parametrize(
    "data",
    [
        "≥95%\n每月至少一次\n".encode(),
        codecs.BOM_UTF8 + "≥95%\r\n每月至少一次".encode(),
        "≥95%\n每月至少一次\n".encode("gb18030"),
    ],
)
def test_lines_come_in_any_usual_encoding(data):
    assert list(read_lines(data.splitlines(keepends=True))) == ["≥95%", "每月至少一次"]
    readings = [
        json.loads(line) for line in explain("-", "--format", "json", data=data).split("\n") if line
    ]
    assert [reading["kind"] for reading in readings] == ["threshold", "frequency"]
