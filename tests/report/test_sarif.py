"""SARIF: what the schema of version 2.1.0 says of the objects that are written, and its markup."""

import json
import re

import pytest

from tests.report.reviews import UNREADABLE, UNUSED, finding, review
from xlperf.diagnostic import Place
from xlperf.report import render

# Object → key → what it holds: another object, [objects], or a type. A star is a key that must be.
SCHEMA = {
    "log": {"$schema": str, "version*": str, "runs*": ["run"]},
    "run": {"tool*": "tool", "language": str, "columnKind": str, "results": ["result"]},
    "tool": {"driver*": "driver"},
    "driver": {"name*": str, "version": str, "rules": ["rule"]},
    "rule": {
        "id*": str,
        "name": str,
        "shortDescription": "text",
        "fullDescription": "text",
        "help": "text",
        "defaultConfiguration": "configuration",
    },
    "text": {"text*": str},
    "configuration": {"level": str},
    "result": {
        "ruleId": str,
        "ruleIndex": int,
        "level": str,
        "message*": "text",
        "locations": ["location"],
        "suppressions": ["suppression"],
        "properties": dict,
    },
    "location": {"physicalLocation": "physical", "logicalLocations": ["logical"]},
    "physical": {"artifactLocation": "artifact"},
    "artifact": {"uri": str},
    "logical": {"name": str, "fullyQualifiedName": str, "kind": str},
    "suppression": {"kind*": str, "status": str, "justification": str},
}
VALUES = {
    "level": {"none", "note", "warning", "error"},
    "kind": {"inSource", "external", "cell"},
    "status": {"accepted", "underReview", "rejected"},
    "columnKind": {"utf16CodeUnits", "unicodeCodePoints"},
    "version": {"2.1.0", "0.1.0"},
}


def check(value: object, kind: object, path: str = "log") -> None:
    if isinstance(kind, list):
        assert isinstance(value, list), path
        for number, item in enumerate(value):
            check(item, kind[0], f"{path}[{number}]")
    elif isinstance(kind, str):
        assert isinstance(value, dict), path
        keys = {key.rstrip("*"): inner for key, inner in SCHEMA[kind].items()}
        assert set(value) <= set(keys), path
        for key in SCHEMA[kind]:
            assert not key.endswith("*") or key.rstrip("*") in value, f"{path}.{key}"
        for key, inner in value.items():
            check(inner, keys[key], f"{path}.{key}")
            if key in VALUES:
                assert inner in VALUES[key], f"{path}.{key}"
    else:
        assert isinstance(value, kind), path  # type: ignore[arg-type]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_structure_is_that_of_the_schema(reviewed, lang):
    check(json.loads(render(reviewed, "sarif", lang)), "log")
    others = review(problems=(UNREADABLE, UNUSED), waived=((finding(), "已说明"),))
    check(json.loads(render(others, "sarif", lang)), "log")
    check(json.loads(render(review(), "sarif", lang)), "log")


def test_every_result_of_a_rule_points_to_the_rule(reviewed):
    (run,) = json.loads(render(reviewed, "sarif"))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({f.code for f in reviewed.findings})
    for result in run["results"]:
        if "ruleIndex" in result:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        else:
            assert result["ruleId"] in {problem.code for problem in reviewed.problems}
    for rule in rules:
        assert rule["fullDescription"]["text"]
        assert "错误示例" in rule["help"]["text"]
        assert not re.search(r"(?<!\{)\{(?!\{)", rule["help"]["text"].replace("{{", ""))


def test_a_result_says_where_and_what():
    one = finding(replacement="≥27台")
    result = results(one)[0]
    assert result["level"] == "warning"
    assert result["message"]["text"] == "定量指标缺少比较符号：27台 — 改为“≥27台”"
    (location,) = result["locations"]
    uri = location["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "%E8%87%AA%E8%AF%84%E8%A1%A8/01.xlsx"
    (cell,) = location["logicalLocations"]
    assert cell == {"name": "E17", "fullyQualifiedName": "自评表!E17", "kind": "cell"}
    assert result["properties"]["fix"] == "≥27台"


def test_a_waived_finding_is_suppressed():
    (result,) = json.loads(render(review(waived=((finding(), "已说明"),)), "sarif"))["runs"][0][
        "results"
    ]
    assert result["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "已说明"}
    ]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a b/c#?.xlsx", "a%20b/c%23%3F.xlsx"),
        ("a:b.xlsx", "a%3Ab.xlsx"),
        ("/data/表.xlsx", "file:///data/%E8%A1%A8.xlsx"),
        ("\udcff.xlsx", "%ED%B3%BF.xlsx"),
    ],
)
def test_files_are_uris(file, uri):
    result = results(finding(place=Place(file, "S", "A1")))[0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("第{0}项", "第{{0}}项"),
        ("[见](https://example.org)", r"\[见\](https://example.org)"),
        ("文号[2024]1号", "文号[2024]1号"),
    ],
)
def test_values_are_no_markup(message, text):
    assert results(finding(message=message))[0]["message"]["text"] == text


def results(*findings):
    return json.loads(render(review(*findings), "sarif"))["runs"][0]["results"]
