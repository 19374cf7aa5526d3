"""Every style tells of every finding, whatever stands in the forms."""

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from tests.report.reviews import HOSTILE, UNREADABLE, UNUSED, finding, review, reviews
from xlperf.diagnostic import Place, Span
from xlperf.report import STYLES, render
from xlperf.report.items import items_of, visible
from xlperf.review import Review

CJK = re.compile("[\u2e80-\uffef]")


class Page(HTMLParser):
    """The rows of the tables of a page by the table's class, its elements, its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._table = ""
        self._in_cell = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self._table = dict(attrs)["class"] or ""
            self.rows.setdefault(self._table, [])
        elif tag == "tr":
            self.rows[self._table].append([])
        elif tag == "td":
            self.rows[self._table][-1].append("")
            self._in_cell = True

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[self._table][-1][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            self._in_cell = False

    def body(self, table: str) -> list[list[str]]:
        """The rows of all tables of this class, without those of headings."""
        return [row for row in self.rows.get(table, []) if row]


def hidden(text: str) -> set[str]:
    """Characters that show nothing: control characters, halves of pairs, marks of direction."""
    return {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}


def paired(text: str) -> str:
    """The text with halves of a pair that stand together made one character, as JSON reads them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@settings(max_examples=60)
@given(reviews)
def test_every_finding_stands_in_every_style(found: Review) -> None:
    items = items_of(found, "zh")
    codes = [item.code for item in items]
    for style in STYLES:
        render(found, style).encode()

    listed = json.loads(render(found, "json"))["findings"]
    assert [entry["code"] for entry in listed] == codes
    assert [entry["value"] for entry in listed] == [paired(item.value) for item in items]

    rows = table(render(found, "csv"))
    assert [row["代码"] for row in rows] == codes
    for row in rows:
        for text in row.values():
            assert not text.lstrip().startswith(tuple("=+-@＝＋－＠"))
            assert not hidden(text)

    (run,) = json.loads(render(found, "sarif"))["runs"]
    assert [r["ruleId"] for r in run["results"] if "suppressions" not in r] == codes
    assert len(run["results"]) == len(codes) + len(found.waived)

    page = Page(render(found, "html"))
    shown = [row[0].split()[1] for row in page.body("findings") + page.body("problems")]
    assert sorted(shown) == sorted(codes)
    assert len(page.body("waived")) == len(found.waived)
    assert sum(tag == "script" for tag, _ in page.elements) == 1
    assert not any(tag == "img" for tag, _ in page.elements)
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)

    blocks = render(found, "text").split("\n\n")
    assert len(blocks) == len(codes) + 1
    for code, block in zip(codes, blocks, strict=False):
        assert f" {code} " in block.splitlines()[0]
    assert not hidden("".join(blocks).replace("\n", ""))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_same_review_gives_the_same_report(reviewed, style, lang):
    once = render(reviewed, style, lang)
    assert once == render(reviewed, style, lang)
    assert once.endswith("\n")
    assert not once.endswith("\n\n")


@pytest.mark.parametrize("style", STYLES)
def test_all_that_was_found_on_the_example_forms_is_said(reviewed, style):
    assert len(reviewed.findings) > 50
    text = render(reviewed, style)
    for found in reviewed.findings:
        assert found.code in text
        assert found.diagnostic.place.cell in text
    for problem in reviewed.problems:
        assert problem.code in text
        assert "坏.xlsx" in text or style == "sarif"


def test_english_reports_have_no_chinese_of_their_own():
    plain = {"project": "IT", "indicator": "devices", "field": "target"}
    one = finding("27", replacement="≥27", place=Place("a.xlsx", "S", "E17"), **plain)
    bad = UNREADABLE.at(file="b.xlsx")
    found = review(one, problems=(bad,), waived=((one, "accepted"),))
    document = one.document
    for style in STYLES:
        text = render(found, style, "en").replace(document, "")
        if style == "sarif":
            continue  # the help of a rule speaks both languages
        if style == "html":
            text = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
        assert not CJK.search(text.replace("\ufeff", "")), style


# --- text --------------------------------------------------------------------------------------


def test_text_points_into_the_value():
    found = review(
        finding("约27台（套）", span=Span(1, 3), replacement="≥27台"),
        finding("", code="C09", message="指标值为空"),
        problems=(UNREADABLE, UNUSED),
        waived=((finding(), "已说明"),),
        forms=3,
    )
    assert render(found, "text") == (
        "自评表/01.xlsx:自评表!E17 警告 C02 定量指标缺少比较符号：约27台（套）\n"
        "  01 信息系统运维 › 购置设备数量 · 指标值\n"
        "    约27台（套）\n"
        "      ^^\n"
        "  建议：改为“≥27台”\n"
        "\n"
        "自评表/01.xlsx:自评表!E17 错误 C09 指标值为空\n"
        "  01 信息系统运维 › 购置设备数量 · 指标值\n"
        "\n"
        "自评表/坏.xlsx 错误 W101 不是有效的 Excel 工作簿\n"
        "  建议：请另存为 .xlsx\n"
        "\n"
        "豁免.toml 警告 R105 第 2 条豁免没有对应的发现\n"
        "\n"
        "共审核 3 张表；错误 2，警告 2；另有 1 处已豁免；1 个文件无法读取。\n"
    )


@pytest.mark.parametrize(
    ("value", "span", "line", "caret"),
    [
        ("≥27 台", Span(4, 5), "≥27 台", "    ^^"),
        ("１２％以上", Span(0, 3), "１２％以上", "^^^^^^"),
        ("e\u0301é27", Span(3, 5), "e\u0301é27", "  ^^"),
        ("目标1\n目标2：提升\n目标3", Span(8, 10), "目标2：提升", "       ^^^^"),
        ("两行\n都算", Span(0, 5), "两行", "^^^^"),
        ("行尾\n", Span(2, 3), "行尾", "    ^"),
        ("a\tb", Span(2, 3), "a␉b", "  ^"),
        (
            "x" * 100 + "中" + "y" * 100,
            Span(100, 101),
            "…" + "x" * 28 + "中" + "y" * 29 + "…",
            " " * 29 + "^^",
        ),
        ("中" + "y" * 100, Span(0, 1), "中" + "y" * 58 + "…", "^^"),
        ("y" * 100, None, "y" * 59 + "…", None),
        ("\n 第二行", None, " 第二行", None),
    ],
)
def test_carets_stand_below_what_is_meant(value, span, line, caret):
    lines = render(review(finding(value, message="x", span=span)), "text").splitlines()
    assert lines[2] == "    " + line
    if caret is None:
        assert "^" not in lines[3]
    else:
        assert lines[3] == "    " + caret


@pytest.mark.parametrize(
    ("found", "zh", "en"),
    [
        (review(forms=3), "共审核 3 张表；没有发现问题。", "3 forms reviewed; nothing found."),
        (review(forms=1), "共审核 1 张表；没有发现问题。", "1 form reviewed; nothing found."),
        (review(forms=0), "没有找到可审核的绩效表。", "There is no form to review."),
        (
            review(waived=((finding(), "r"),)),
            "共审核 1 张表；没有发现问题；另有 1 处已豁免。",
            "1 form reviewed; nothing found; 1 waived.",
        ),
    ],
)
def test_a_clean_review_is_one_friendly_line(found, zh, en):
    assert render(found, "text", "zh") == zh + "\n"
    assert render(found, "text", "en") == en + "\n"


def test_a_terminal_is_given_nothing_to_obey():
    for value in HOSTILE:
        text = render(review(finding(value, span=None)), "text")
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_signs_for_what_has_none_keep_the_length():
    for value in HOSTILE:
        assert len(visible(value)) == len(value)
    assert visible("甲　乙\u00a0é≥①") == "甲　乙\u00a0é≥①"


# --- JSON --------------------------------------------------------------------------------------


def test_json_has_the_documented_keys():
    span = Span(0, 2)
    found = review(
        finding(span=span, replacement="≥27台"), problems=(UNREADABLE,), waived=((finding(), "r"),)
    )
    text = render(found, "json")
    assert "购置设备数量" in text
    assert text.startswith('{\n  "findings"')
    assert json.loads(text) == {
        "findings": [
            {
                "code": "C02",
                "severity": "warning",
                "message": "定量指标缺少比较符号：27台",
                "file": "自评表/01.xlsx",
                "sheet": "自评表",
                "cell": "E17",
                "document": "自评表",
                "project": "信息系统运维",
                "indicator": "购置设备数量",
                "field": "指标值",
                "value": "27台",
                "span": [0, 2],
                "fix": "≥27台",
            },
            {
                "code": "W101",
                "severity": "error",
                "message": "不是有效的 Excel 工作簿",
                "file": "自评表/坏.xlsx",
                **dict.fromkeys(
                    ("sheet", "cell", "document", "project", "indicator", "field", "value"), ""
                ),
                "span": None,
                "fix": "请另存为 .xlsx",
            },
        ],
        "summary": {
            "forms": 1,
            "errors": 1,
            "warnings": 1,
            "infos": 0,
            "waived": 1,
            "unreadable": 1,
            "unwritten": 0,
            "by_rule": {"C02": 1, "W101": 1},
            "by_project": {"信息系统运维": 1},
        },
    }


def test_the_summary_counts_what_is_listed(reviewed):
    document = json.loads(render(reviewed, "json"))
    found, summary = document["findings"], document["summary"]
    for severity in ("error", "warning", "info"):
        count = sum(entry["severity"] == severity for entry in found)
        assert summary[f"{severity}s"] == count
    assert sum(summary["by_rule"].values()) == len(found)
    assert sum(summary["by_project"].values()) == len(found) - len(reviewed.problems)
    assert summary["unreadable"] == 1
    assert summary["forms"] == 16
    for entry in found:
        start, end = entry["span"] or (0, 0)
        assert 0 <= start <= end <= len(entry["value"])


def test_a_file_with_several_problems_is_one_file():
    found = review(problems=(UNREADABLE, UNREADABLE, UNUSED))
    assert json.loads(render(found, "json"))["summary"]["unreadable"] == 1


# --- CSV ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [v for v in HOSTILE if v.lstrip().startswith(tuple("=-@＝"))])
def test_csv_holds_no_formula(value):
    (row,) = table(render(review(finding(value)), "csv"))
    assert row["填报内容"] == "'" + value


def test_csv_is_for_excel():
    text = render(review(finding('a,"b"\n' + "长" * 40_000)), "csv")
    assert text.startswith("\ufeff严重程度,代码,问题,文件,")
    assert text.count("\r\n") == text.count("\n") == 2
    (row,) = table(text)
    assert row["填报内容"].startswith('a,"b"⏎长')
    assert all(len(cell) < 32_767 for cell in row.values())
