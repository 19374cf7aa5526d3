"""The ribbon: every button there is, and every callback a macro of the right signature."""

import re
import runpy
from pathlib import Path

import pytest
from lxml import etree

from xlperf.addin.build import modules
from xlperf.resources import macros

ROOT = Path(__file__).parents[2]
UI = "{http://schemas.microsoft.com/office/2009/07/customui}"
BUTTONS = {
    "check": "检查", "next_finding": "下一处", "fix": "修复", "score": "计算得分",
    "explain_score": "评分依据", "fill": "填充", "read": "读取", "summarise": "汇总",
    "bind": "绑定名称", "undo": "撤销", "clear_marks": "清除标记", "settings": "设置",
    "help_page": "帮助",
}  # fmt: skip
SIGNATURES = {
    "onLoad": r"\w+ As IRibbonUI",
    "onAction": r"\w+ As IRibbonControl",
    "getEnabled": r"\w+ As IRibbonControl, ByRef \w+",
}


@pytest.fixture(scope="module")
def ribbon():
    return etree.parse(macros() / "ribbon.xml").getroot()


def test_every_action_has_its_button(ribbon):
    (tab,) = ribbon.iter(f"{UI}tab")
    assert tab.get("label") == "绩效"
    buttons = [(button.get("tag"), button.get("label")) for button in ribbon.iter(f"{UI}button")]
    assert dict(buttons) == BUTTONS
    assert len(buttons) == len(BUTTONS)
    names = [element.get("id") for element in ribbon.iter() if element.get("id")]
    assert len(set(names)) == len(names)


def test_every_button_says_what_it_does_and_has_a_picture_of_office(ribbon):
    for button in ribbon.iter(f"{UI}button"):
        for told in ("screentip", "supertip"):
            assert re.search("[一-鿿]", button.get(told)), button.get("id")
        assert button.get("supertip").endswith("。")
        assert button.get("imageMso")
    pictures = [button.get("imageMso") for button in ribbon.iter(f"{UI}button")]
    assert len(set(pictures)) == len(pictures)


def test_every_callback_is_a_sub_of_the_right_signature(ribbon):
    (source,) = (text for name, text in modules().items() if name == "XlperfRibbon")
    asked = {
        (attribute, element.get(attribute))
        for element in ribbon.iter()
        for attribute in element.attrib
        if attribute in SIGNATURES or attribute.startswith(("get", "on"))
    }
    assert {attribute for attribute, _ in asked} == set(SIGNATURES)
    for attribute, name in asked:
        assert re.search(rf"(?m)^Public Sub {name}\({SIGNATURES[attribute]}\)\r?$", source), name


def test_only_settings_and_help_are_never_grey(ribbon):
    free = {b.get("tag") for b in ribbon.iter(f"{UI}button") if b.get("getEnabled") is None}
    assert free == {"settings", "help_page"}


def test_a_click_runs_the_function_of_the_tag(ribbon):
    source = modules()["XlperfRibbon"]
    assert 'RunPython "from xlperf.addin import buttons; buttons." & control.Tag & "()"' in source
    (changing,) = re.findall(r"(?m)^ +Case (\".*\")", source)
    assert {tag.strip('" ') for tag in changing.split(",")} < BUTTONS.keys()


def test_the_picture_is_drawn_from_the_buttons(ribbon):
    svg, _ = runpy.run_path(str(ROOT / "docs/draw_ribbon.py"))["draw"]()
    shown = [element.text for element in etree.fromstring(svg).iter("{*}text")]
    for element in ribbon.iter(f"{UI}button", f"{UI}group", f"{UI}tab"):
        assert element.get("label") in shown
    assert (ROOT / "docs/images/ribbon.png").stat().st_size > 10_000
