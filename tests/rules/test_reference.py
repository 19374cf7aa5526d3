"""The reference page, which the rules themselves write.

Write it anew with

    XLPERF_WRITE_SNAPSHOTS=1 pytest tests/rules/test_reference.py
"""

import os
from dataclasses import fields
from pathlib import Path

from xlperf.rules import RULES, Settings
from xlperf.rules.reference import explain, page

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_says_what_the_rules_say() -> None:
    text = page()
    if os.environ.get("XLPERF_WRITE_SNAPSHOTS"):
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text


def test_every_rule_and_every_setting_is_on_the_page() -> None:
    text = page()
    for code in RULES:
        assert f"\n### {code}\n" in text
    for setting in fields(Settings):
        assert f"| `{setting.name}` |" in text


def test_a_rule_explains_itself() -> None:
    assert explain(RULES["A08"]).startswith("A08 score_above_weight (错误, 自评, 需人工处理)\n\n")
    text = explain(RULES["A08"], "en")
    assert text.startswith("A08 score_above_weight (error, self-evaluation, by hand)\n\n")
    assert "得分 {s} 超过分值 {w}\nScore {s} exceeds weight {w}" in text
    assert "Bad:\n  产出指标/数量指标 购置设备数量 ≥27台 → 30台 分值=10 得分=11" in text
