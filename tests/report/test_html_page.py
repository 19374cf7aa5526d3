"""The page: self-contained, readable by everyone, and true to what was found."""

import base64
import hashlib
import json
import re

import pytest

from tests.report.reviews import HOSTILE, UNREADABLE, finding, review
from tests.report.test_render import Page
from xlperf.diagnostic import Place, Span
from xlperf.report import render


@pytest.fixture(scope="module")
def page(reviewed) -> str:
    return render(reviewed, "html")


def test_the_page_needs_nothing_else(page):
    assert not re.search(r"\b(?:src|srcset|action)=|url\(|@import|https?:", page)
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', page))


def test_its_policy_allows_its_own_style_and_script_alone(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert policy[1].startswith("default-src 'none';")
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert "unsafe" not in policy[1]
    assert not re.search(r"<[^>]+ style=", page)


def test_the_counts_are_those_of_the_summary(reviewed, page):
    summary = json.loads(render(reviewed, "json"))["summary"]
    found = Page(page)
    rules = {row[0]: int(row[3]) for row in found.body("rules")}
    assert rules | {problem.code: 1 for problem in reviewed.problems} == summary["by_rule"]
    projects = [row[-1] for row in found.body("projects")]
    assert sorted(map(int, projects)) == sorted(summary["by_project"].values())
    tiles = [int(number) for number in re.findall(r"<dd>(\d+)</dd>", page)]
    keys = ("forms", "errors", "warnings", "infos", "waived", "unreadable", "unwritten")
    assert tiles == [summary[key] for key in keys]


def test_links_lead_to_the_projects(page):
    found = Page(page)
    ids = [attrs["id"] for tag, attrs in found.elements if tag == "section" and "id" in attrs]
    links = [attrs["href"] for tag, attrs in found.elements if tag == "a"]
    assert links == [f"#{name}" for name in ids]
    assert len(set(ids)) == len(ids) > 10


@pytest.mark.parametrize(("lang", "name"), [("zh", "zh-CN"), ("en", "en")])
def test_the_page_says_its_language_and_heads_its_tables(reviewed, lang, name):
    found = Page(render(reviewed, "html", lang))
    assert next(attrs for tag, attrs in found.elements if tag == "html") == {"lang": name}
    heads = [attrs for tag, attrs in found.elements if tag == "th"]
    assert heads
    assert all(attrs["scope"] == "col" for attrs in heads)


def test_the_span_is_marked_in_the_value():
    text = render(review(finding("约<27台>", span=Span(1, 4))), "html")
    assert '<span class="value">约<mark>&lt;27</mark>台&gt;</span>' in text


@pytest.mark.parametrize("value", HOSTILE)
def test_values_are_text(value):
    found = Page(render(review(finding(value, span=Span(0, 3) if value else None)), "html"))
    plain = Page(render(review(finding("27台", span=Span(0, 3))), "html"))
    blank = [] if value.strip() else ["mark"]
    tags = [tag for tag, _ in found.elements]
    assert sorted(set(tags) | set(blank)) == sorted({tag for tag, _ in plain.elements})


def test_a_form_on_two_sheets_names_them_with_the_cells():
    places = [Place("a.xlsx", sheet, "E17") for sheet in ("目标表", "自评表")]
    found = Page(render(review(*(finding(place=place) for place in places)), "html"))
    assert [row[1] for row in found.body("findings")] == ["目标表!E17", "自评表!E17"]
    assert len(found.body("projects")) == 1


def test_a_clean_review_says_so():
    text = render(review(forms=9), "html")
    assert "共审核 9 张表；没有发现问题。" in text
    assert Page(text).rows == {}
    unread = Page(render(review(forms=0, problems=(UNREADABLE,)), "html"))
    assert unread.body("problems") == [
        ["错误 W101", "自评表/坏.xlsx", "不是有效的 Excel 工作簿建议：请另存为 .xlsx"]
    ]


def test_every_colour_of_text_can_be_read_on_its_ground(page):
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", page))
    pairs = [(name, f"{name}-back") for name in ("error", "warning", "info")]
    pairs += [("ink", "paper"), ("soft", "paper")]
    for front, back in pairs:
        assert contrast(colours[front], colours[back]) >= 4.5, (front, back)
    assert contrast("#ffffff", colours["head"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 measures it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
