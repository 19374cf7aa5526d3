"""The example tables: their shape, their numbers and, beside the source documents, their facts.

Everything else is tested on these tables, so a slip here would hide a slip elsewhere. The
transcription and the published texts do not ship; tests that need them are skipped without them.
"""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
SOURCES = Path(__file__).parents[2] / "shared"

Row = dict[str, str]

PROJECT_TARGET_FUNDING = ["资金.预算数.金额", "资金.财政资金.金额", "资金.其他资金.金额"]
LEVELS = ["一级指标", "二级指标", "三级指标"]
YEAR_TOTAL = "资金.年度资金总额."

# folder: template, money unit, projects, indicators, project columns after the key, table columns
FOLDERS: dict[str, tuple[str, str | None, int, int, list[str], list[str]]] = {
    "qiannan-2025": (
        "guizhou_approval/1", "元", 9, 92,
        ["年度", "项目名称", "主管部门及代码", "实施单位", "资金.资金总额.金额",
         "资金.财政拨款.金额", "资金.上级补助.金额", "资金.本级安排.金额", "资金.其他资金.金额",
         "年度总体目标"],
        [*LEVELS, "指标值", "说明"],
    ),
    "qiannan-2023": (
        "guizhou_self_evaluation/1", "元", 8, 84,
        ["年度", "单位盖章", "填报日期", "项目名称", "主管部门及代码", "实施单位",
         *(YEAR_TOTAL + column
           for column in ("年初预算数", "全年预算数", "全年执行数", "分值", "执行率", "得分")),
         *(f"资金.{row}.{column}"
           for row in ("财政拨款", "本级安排", "上级补助", "其他")
           for column in ("年初预算数", "全年预算数", "全年执行数")),
         "预期目标", "实际完成情况", "分值合计", "总分", "自评结论", "联系人"],
        [*LEVELS, "指标值", "实际完成值", "分值", "得分", "未完成原因分析"],
    ),
    "tangshan-2025": (
        "hebei_project_target/1", "万元", 19, 108,
        ["预算单位", "项目编码", "项目名称", *PROJECT_TARGET_FUNDING, "资金用途",
         *(f"支出计划.{month}月底" for month in (3, 6, 10, 12)), "绩效目标"],
        [*LEVELS, "绩效指标描述", "指标值", "指标值确定依据"],
    ),
    "tangshan-2025/department": (
        "hebei_department_target/1", None, 1, 3,
        ["年度", "部门名称", "总体绩效目标", "总体指标.归集额", "总体指标.住房消费支持额",
         "总体指标.个人住房贷款发放额", "总体指标.增值收益", "工作保障措施"],
        ["分项名称", "绩效目标", "绩效指标"],
    ),
    "tianjin-2024": (
        "tianjin_project_target/1", "万元", 13, 111,
        ["预算单位", "项目名称", *PROJECT_TARGET_FUNDING, "资金用途", "绩效目标"],
        [*LEVELS, "绩效指标描述", "指标值"],
    ),
    "shanghai-2023": (
        "shanghai_declaration/1", "元", 8, 143,
        ["年度", "项目名称", "项目性质", "项目类别", "主管部门", "实施单位", "计划开始日期",
         "计划完成日期", "资金.项目资金总额.金额", "资金.年度资金申请总额.金额",
         "资金.财政资金.金额", "资金.当年财政拨款.金额", "资金.上年结转资金.金额",
         "资金.其他资金.金额", "资金.年度其他资金.金额", "项目总目标", "年度总体目标"],
        [*LEVELS, "指标值"],
    ),
}  # fmt: skip

NUMBERS = {"年度", "分值", "得分", "分值合计", "总分"}
CANONICAL = re.compile(r"(0|[1-9]\d*)(\.\d*[1-9])?")
DATES = {"填报日期": r"\d{4}/\d\d/\d\d", "计划开始日期": r"\d{4}-\d\d-\d\d",
         "计划完成日期": r"\d{4}-\d\d-\d\d"}  # fmt: skip

PROSE = {
    "年度总体目标", "预期目标", "实际完成情况", "项目总目标", "绩效目标", "总体绩效目标",
    "工作保障措施", "资金用途", "说明", "未完成原因分析", "绩效指标描述", "指标值确定依据",
}  # fmt: skip
NAMES = {"项目名称", "三级指标", "指标值"}
LONGEST_SHARED_RUN = 19

folders = pytest.mark.parametrize("folder", FOLDERS)
DOCUMENTS = [folder for folder in FOLDERS if "/" not in folder]
documents = pytest.mark.parametrize("folder", DOCUMENTS)


@cache
def table(folder: str, name: str) -> list[Row]:
    with (EXAMPLES / folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True, restval="", restkey="surplus"))


def heading(folder: str, name: str) -> list[str]:
    with (EXAMPLES / folder / name).open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def tables(folder: str) -> list[Row]:
    return table(folder, "projects.csv") + table(folder, "indicators.csv")


def is_number(column: str) -> bool:
    return column in NUMBERS or column.startswith("资金.")


# --- the tables by themselves


@folders
def test_headings_are_those_of_the_template(folder: str) -> None:
    _, unit, _, _, fields, columns = FOLDERS[folder]
    key = ["编号", "模板", "金额单位"] if unit else ["编号", "模板"]
    assert heading(folder, "projects.csv") == key + fields
    assert heading(folder, "indicators.csv") == ["编号", *columns]


@folders
def test_counts_template_and_unit(folder: str) -> None:
    template, unit, projects, indicators, _, _ = FOLDERS[folder]
    assert len(table(folder, "projects.csv")) == projects
    assert len(table(folder, "indicators.csv")) == indicators
    for row in table(folder, "projects.csv"):
        assert (row["模板"], row.get("金额单位")) == (template, unit)


def test_counts_of_all_documents() -> None:
    assert sum(len(table(folder, "projects.csv")) for folder in DOCUMENTS) == 57
    assert sum(len(table(folder, "indicators.csv")) for folder in DOCUMENTS) == 538


@folders
def test_every_project_has_indicators_and_every_indicator_a_project(folder: str) -> None:
    keys = [row["编号"] for row in table(folder, "projects.csv")]
    assert keys == [f"{number:02d}" for number in range(1, len(keys) + 1)]
    assert list(dict.fromkeys(row["编号"] for row in table(folder, "indicators.csv"))) == keys


@folders
def test_files_are_plain_utf8_with_unix_line_ends(folder: str) -> None:
    for name in ("projects.csv", "indicators.csv"):
        content = (EXAMPLES / folder / name).read_bytes()
        assert not content.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in content
        assert content.endswith(b"\n")
        assert not content.endswith(b"\n\n")


@folders
def test_rows_are_complete_and_cells_trimmed(folder: str) -> None:
    for row in tables(folder):
        assert "surplus" not in row
        for column, text in row.items():
            assert text == text.strip(), (row["编号"], column)


@folders
def test_numbers_dates_and_shares_are_canonical(folder: str) -> None:
    for row in tables(folder):
        for column, text in row.items():
            where = (row["编号"], column, text)
            if is_number(column) and text:
                assert CANONICAL.fullmatch(text), where
            if column in DATES:
                assert re.fullmatch(DATES[column], text), where
            if column.startswith("支出计划.") and text:
                assert re.fullmatch(r"(0|[1-9]\d?|100)%", text), where


@folders
def test_goals_are_numbered_one_a_line(folder: str) -> None:
    mark = re.compile(r"^(?:目标(\d)：|(\d)[.)]|（([一二三四五六七八])）)", re.MULTILINE)
    for row in tables(folder):
        for column in PROSE & row.keys():
            marks = [next(filter(None, found)) for found in mark.findall(row[column])]
            order = ["一二三四五六七八".find(m) + 1 or int(m) for m in marks]
            assert order == list(range(1, len(order) + 1)), (row["编号"], column)


@folders
def test_nobody_is_named_or_can_be_called(folder: str) -> None:
    phone = re.compile(r"(?<!\d)(1[3-9]\d{9}|(0\d{2,3}[- ]?)?[2-8]\d{6,7})(?!\d)")
    for row in tables(folder):
        assert not row.get("联系人")
        for column, text in row.items():
            if not is_number(column) and column != "项目编码":
                assert not phone.search(text), (row["编号"], column, text)


def test_department_figures() -> None:
    (department,) = table("tangshan-2025/department", "projects.csv")
    figures = [text for column, text in department.items() if column.startswith("总体指标.")]
    assert figures == ["115亿元", "突破100亿元", "50亿元", "超6亿元"]
    assert all(figure in department["总体绩效目标"] for figure in figures)


def test_figures_of_a_year_that_rules_look_for() -> None:
    done = table("qiannan-2023", "projects.csv")[2]["实际完成情况"]
    assert all(figure in done for figure in ("4304户", "140995.58万元", "141%"))
    shanghai = table("shanghai-2023", "projects.csv")
    late = [row["编号"] for row in shanghai if "2022" in row["项目总目标"] + row["年度总体目标"]]
    assert late == ["01", "02", "03", "05"]


# --- beside the source documents


@cache
def source(folder: str) -> dict[str, Any]:
    path = SOURCES / "data" / "source_forms.json"
    if not path.is_file():
        pytest.skip("the transcription of the source documents is not beside this project")
    order = ("qiannan-2025", "qiannan-2023", "tangshan-2025", "tianjin-2024", "shanghai-2023")
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))["documents"][order.index(folder)]
    return document


@cache
def published() -> str:
    paths = sorted((SOURCES / "seeds").glob("*.txt"))
    if not paths:
        pytest.skip("the published texts of the source documents are not beside this project")
    return "\n".join(path.read_text("utf-8") for path in paths)


def number(printed: str) -> Decimal | None:
    return Decimal(printed.replace(",", "")) if printed.strip("- ") else None


def amounts(funding_row: dict[str, str]) -> list[str]:
    """The figures of one printed funding row, from left to right."""
    if "left_label" in funding_row:
        left = [funding_row["left"]] if funding_row["left_label"] else []
        return [*left, funding_row["right"]]
    if "amount" in funding_row:
        return [funding_row["amount"]]
    columns = ["initial_budget", "full_year_budget", "executed"]
    if funding_row["label"].startswith("年度资金总额"):
        columns += ["weight", "exec_rate", "score"]
    return [funding_row[column] for column in columns]


@documents
def test_indicators_are_as_printed(folder: str) -> None:
    columns = {
        "target": "指标值",
        "actual": "实际完成值",
        "level3": "三级指标",
        "basis": "指标值确定依据",
    }
    remarks = {"description": "绩效指标描述", "note": "说明", "reason": "未完成原因分析"}
    printed = [
        (f"{project['seq']:02d}", row) for project in source(folder)["projects"]
        for row in project["indicators"]
    ]  # fmt: skip
    for (key, there), here in zip(printed, table(folder, "indicators.csv"), strict=True):
        assert here["编号"] == key
        for name, column in columns.items():
            assert here.get(column) == there.get(name), (key, column)
        for name, column in {"weight": "分值", "score": "得分"}.items():
            assert number(here.get(column, "")) == number(there.get(name, "")), (key, column)
        for name, column in {"level1": "一级指标", "level2": "二级指标"}.items():
            # line-wrap spaces, the only thing a level name may lose
            assert here[column] == "".join(there[name].split()), (key, column)
        for name, column in remarks.items():
            ours, theirs = here.get(column, ""), there.get(name, "")
            if len(cjk(theirs)) <= LONGEST_SHARED_RUN:
                assert ours == theirs, (key, column)
            else:
                assert 0 < len(ours) < len(theirs), (key, column)


@documents
def test_facts_of_projects_are_as_printed(folder: str) -> None:
    columns = {
        "project_name": ["项目名称"], "department": ["主管部门及代码", "主管部门"],
        "unit": ["实施单位"], "unit_code_name": ["预算单位"], "project_code": ["项目编码"],
        "stamp_unit": ["单位盖章"], "fill_date": ["填报日期"], "project_nature": ["项目性质"],
        "project_category": ["项目类别"], "plan_start": ["计划开始日期"],
        "plan_end": ["计划完成日期"], "grade": ["自评结论"],
    }  # fmt: skip
    rows = table(folder, "projects.csv")
    for there, here in zip(source(folder)["projects"], rows, strict=True):
        assert there["funding"]["unit"] == here["金额单位"]
        for name in columns.keys() & there.keys():
            found = [here[column] for column in columns[name] if column in here]
            assert found == [there[name]], name
        funding = [text for column, text in here.items() if column.startswith("资金.")]
        printed = [text for row in there["funding"]["rows"] for text in amounts(row)]
        assert [*map(number, funding)] == [*map(number, printed)], here["编号"]
        plan = [text for column, text in here.items() if column.startswith("支出计划.")]
        assert plan == [
            point["value"] for point in there.get("spending_plan", {}).get("points", [])
        ]
        if "year_line" in there:
            assert here["年度"] == re.sub(r"\D", "", there["year_line"])
        if "total" in there:
            assert number(here["分值合计"]) == number(there["total"]["weight"])
            assert number(here["总分"]) == number(there["total"]["score"])


def cjk(text: str) -> str:
    return re.sub(r"[^\u4e00-\u9fff]", "", text)


def runs(text: str) -> set[str]:
    """Every run just too long to be shared, counted over characters without punctuation."""
    size, text = LONGEST_SHARED_RUN + 1, cjk(text)
    return {text[start : start + size] for start in range(len(text) - size + 1)}


@folders
def test_prose_is_not_the_sources(folder: str) -> None:
    theirs = runs(published())
    for document in DOCUMENTS:
        for project in source(document)["projects"]:
            theirs.update(*(runs(goal["text"]) for goal in project["goals"]))
    named = {run for row in tables(folder) for column in NAMES & row.keys()
             for run in runs(row[column])}  # fmt: skip
    for row in tables(folder):
        for column in PROSE & row.keys():
            assert not (runs(row[column]) - named) & theirs, (row["编号"], column)


def test_nobody_named_in_the_sources_is_named_here() -> None:
    people = set(re.findall(r"联系人[:：]\s*(\S+)", published()))
    assert people
    ours = "".join(text for folder in FOLDERS for row in tables(folder) for text in row.values())
    assert not any(person in ours for person in people)


def test_a_copied_sentence_would_be_found() -> None:
    sentence = "这是一句写得很长、足以超过上限的示例文字，用来说明照抄会被发现。"
    assert runs(sentence) & runs("前文" + sentence.replace("，", "\n") + "后文")
    assert not runs(sentence) & runs("这是一句写得很长的话，与示例并不相同，也没有照抄。")
