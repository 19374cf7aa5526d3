"""What each button does, without Excel: a snapshot in, a plan and a message out.

Every function here calls the one that the command line calls, on the copy of the open workbook, and
turns the outcome into actions. `BUTTONS` is the one table of what stands on the ribbon.
"""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from xlperf import bulk, review, summary
from xlperf.addin import messages
from xlperf.addin.actions import Plan
from xlperf.addin.difference import difference
from xlperf.addin.snapshot import Snapshot
from xlperf.bulk.score import ScoredForm, score_data
from xlperf.diagnostic import Diagnostic, InputError, Lang, Message, TableError
from xlperf.ooxml.address import parse_cell
from xlperf.ooxml.annotate import Listing, Mark
from xlperf.report import marks_and_listing
from xlperf.review import ReviewSettings
from xlperf.rules import Finding
from xlperf.scoring import Policy
from xlperf.tables import Records
from xlperf.template import Template
from xlperf.template.binding import bind as bind_form

_GAPS = re.compile(r"(?<=\S) {2,}")


class Applies(StrEnum):
    """Where a button can be pressed."""

    ALWAYS = "always"
    BOOK = "book"
    """While a workbook is open."""
    FORM = "form"
    """While the workbook carries `xp.` names."""
    CHANGED = "changed"
    """While there is something to undo."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button of the ribbon: `xlperf.addin.buttons` has a function of its name."""

    name: str
    label: str
    screentip: str
    supertip: str
    applies: Applies

    @property
    def named(self) -> Message:
        """What a message calls it: the label that is printed, and in English what that means."""
        return Message(self.label, f"{self.label} ({self.name.replace('_', ' ')})")


BUTTONS = (
    Button(
        "check", "检查", "检查本表",
        "按审核规则检查本表：有问题的单元格标色并加批注，另列出问题清单。", Applies.FORM,
    ),
    Button(
        "next_finding", "下一处", "转到下一处问题",
        "选中下一个有问题的单元格，并说明问题和改法。", Applies.FORM,
    ),
    Button(
        "fix", "修复", "修复可以放心修复的问题",
        "先逐处列出原内容和修改后的内容，确认后才修改。", Applies.FORM,
    ),
    Button(
        "clear_marks", "清除标记", "清除检查留下的标记",
        "去掉检查时加的颜色、批注和问题清单；您自己的批注保持不变。", Applies.FORM,
    ),
    Button(
        "score", "计算得分", "计算本表的得分",
        "按评分办法写入各指标的得分公式、总分和自评结论；须由人工评分的留空。", Applies.FORM,
    ),
    Button(
        "explain_score", "评分依据", "所选指标为什么是这个得分",
        "说明所选一行的指标值如何理解、按哪一条办法计分。", Applies.FORM,
    ),
    Button(
        "fill", "填充", "用数据表填充",
        "选择数据表，填充本表，或为每个项目各生成一份。", Applies.FORM,
    ),
    Button(
        "read", "读取", "把填好的表读成数据表",
        "选择文件夹，把其中各份表的内容读到一张表里。", Applies.BOOK,
    ),
    Button(
        "summarise", "汇总", "汇总各份表",
        "选择文件夹，汇总其中各份表的资金、得分和自评结论。", Applies.BOOK,
    ),
    Button(
        "bind", "绑定名称", "让本表可以填充和检查",
        "按表中的栏目名称给单元格起名（以 xp. 开头）；拿不准的只列出，不写入。", Applies.BOOK,
    ),
    Button(
        "undo", "撤销", "撤销上一次操作",
        "恢复到上一次点击“绩效”按钮之前。Excel 自带的撤销不能撤销这些操作。", Applies.CHANGED,
    ),
    Button(
        "settings", "设置", "打开设置文件",
        "打开本表所用的设置文件 xlperf.toml：评分办法、审核规则等；没有时新建一份。",
        Applies.BOOK,
    ),
    Button("help_page", "帮助", "打开使用说明", "说明每个按钮的用法。", Applies.ALWAYS),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """The review of the workbook, and how it is marked."""

    review: review.Review
    marks: tuple[Mark, ...]
    listing: Listing
    lang: Lang

    def message(self, sheet: str) -> Message:
        """What was found; `sheet` is the one that lists it."""
        count = len(self.review.findings)
        if not count:
            return Message("没有发现问题。", "Nothing found.")
        return Message(
            f"发现 {count} 处问题：有问题的单元格已标色并加批注，清单在工作表“{sheet}”中。\n"
            "点“下一处”逐处查看，点“修复”修复可以放心修复的，点“清除标记”去掉标记。",
            f"{count} findings: the cells are marked, and listed on “{sheet}”.\n下一处 goes to "
            "the next one, 修复 mends what can be mended safely, 清除标记 takes the marks away.",
        )


def check(snapshot: Snapshot) -> Checked:
    """What `xlperf check FILE --format xlsx` finds and marks. Raises InputError for no form."""
    settings = snapshot.settings()
    refuse_no_form(snapshot)
    with snapshot.on_disk() as file:
        found = review.check([file], settings)
    if not found.forms:
        raise InputError(here(found.problems))
    marks, listing = marks_and_listing(found.findings, settings.lang)
    return Checked(found, tuple(marks), listing, settings.lang)


def next_finding(snapshot: Snapshot) -> tuple[Finding, int, int] | None:
    """The finding behind the selected cell, its number and how many there are; None for none.

    Behind the last comes the first; those that stand in no cell come at the end of the list only.
    Raises InputError where all stand on sheets that are hidden, which Excel goes to none of.
    """
    checked, hidden = check(snapshot), snapshot.hidden()
    sheets: list[str] = []
    placed: dict[tuple[int, int, int], Finding] = {}
    unseen: list[str] = []
    for finding in checked.review.findings:
        place = finding.diagnostic.place
        if place.sheet in hidden:
            unseen.append(place.sheet)
        elif place.sheet and place.cell:
            if place.sheet not in sheets:
                sheets.append(place.sheet)
            placed.setdefault((sheets.index(place.sheet), *parse_cell(place.cell)), finding)
    if not placed:
        if unseen:
            raise InputError(messages.all_hidden(unseen[0]))
        return None
    order = sorted(placed)
    home = sheets.index(snapshot.sheet) if snapshot.sheet in sheets else -1
    chosen = next((key for key in order if key > (home, *snapshot.cell)), order[0])
    return placed[chosen], order.index(chosen) + 1, len(order)


def fix(snapshot: Snapshot) -> tuple[list[Finding], Plan]:
    """What `xlperf check FILE --fix` mends, and the plan for it. Raises InputError for no form."""
    refuse_no_form(snapshot)
    with snapshot.on_disk() as file:
        mended, found = review.fix([file], snapshot.settings())
        after = file.read_bytes()
    if not found.forms or found.unwritten:
        raise InputError(here(found.problems))
    return mended, difference(snapshot.data, after) if mended else Plan()


def score(snapshot: Snapshot) -> tuple[list[ScoredForm], tuple[Diagnostic, ...], Plan]:
    """What `xlperf score FILE` writes, with the policy of xlperf.toml.

    Raises InputError where there is nothing to score.
    """
    settings = snapshot.settings()
    refuse_no_form(snapshot)
    policy = Policy.load(settings.policy)
    after, forms, noticed = score_data(snapshot.data, policy, "native", settings.limits)
    return forms, tuple(noticed), difference(snapshot.data, after)


def score_message(forms: Sequence[ScoredForm], noticed: Iterable[Diagnostic], lang: Lang) -> str:
    """What a person has to score, totals, what has to be explained, and what is odd."""
    lines = []
    for form in forms:
        said = list(form.lines(lang))
        left = [row for row in form.rows if row.state == "open"]
        lines.append(said[0])
        if left:
            cells = messages.AND.text(lang).join(row.indicator.cells["得分"] for row in left)
            lines.append(
                Message(
                    f"  须由人工评分 {len(left)} 处：{cells}",
                    f"  {len(left)} left for a person to score: {cells}",
                ).text(lang)
            )
        lines += said[1 + len(form.rows) :]
    return "\n".join([*lines, *(d.text(lang) for d in noticed)])


def explain_score(snapshot: Snapshot) -> str:
    """Why the selected indicator has its score; of the whole form where none is selected.

    The lines are those of `xlperf score` and of `xlperf explain` for the indicator's value.
    """
    settings = snapshot.settings()
    forms, noticed, _ = score(snapshot)
    for form in forms:
        said = list(form.lines(settings.lang))
        for row, line in zip(form.rows, said[1:], strict=False):
            rows = {parse_cell(cell)[0] for cell in row.indicator.cells.values()}
            if form.project.sheet == snapshot.sheet and max(rows) == snapshot.cell[0]:
                read = review.parse(row.indicator.target).lines(settings.lang)
                parts = [f"  {label}  {text}" for label, text in read]
                return "\n".join([line.strip(), "", row.indicator.target, *parts])
    hint = Message(
        "选中某个指标所在的行再点，可看该指标的评分依据。",
        "Select a row of the table to see why its score is so.",
    )
    lines = [line for form in forms for line in form.lines(settings.lang)]
    problems = [d.text(settings.lang) for d in noticed]
    return "\n".join([*lines, *problems, "", hint.text(settings.lang)])


def records_for(snapshot: Snapshot, source: Path) -> tuple[Template, Records]:
    """The open workbook as a template, and the data tables as its records.

    Raises InputError as `xlperf fill` does: for a workbook that is no form, and for faulty tables.
    """
    refuse_no_form(snapshot)
    template = Template(snapshot.data, snapshot.name, limits=snapshot.settings().limits)
    records = bulk.load(template, source)
    if records.faults:
        raise TableError(records.all_faults)
    return template, records


def fill(
    snapshot: Snapshot, template: Template, records: Records, key: str
) -> tuple[bulk.Outcome, Plan]:
    """Fill the open form with one project, as `xlperf fill` fills a workbook with it.

    Raises InputError where that cannot be.
    """
    (project,) = (project for project in records.projects if project.key == key)
    one = replace(records, projects=(project,))
    with tempfile.TemporaryDirectory(prefix="xlperf-") as folder:
        (outcome,) = fill_each(snapshot, template, one, Path(folder))
        if outcome.path is None:
            raise InputError(here(outcome.problems))
        return outcome, difference(snapshot.data, outcome.path.read_bytes())


def fill_each(
    snapshot: Snapshot,
    template: Template,
    records: Records,
    folder: Path,
    progress: bulk.Progress | None = None,
) -> list[bulk.Outcome]:
    """A workbook for each project, as `xlperf fill` writes it, with the policy of xlperf.toml."""
    options = bulk.Options(policy=Policy.load(snapshot.settings().policy))
    return bulk.fill_records(template, records, folder, options, progress=progress)


def bind(snapshot: Snapshot) -> tuple[list[str], Plan]:
    """The names that `xlperf template bind` writes, and its report. Raises InputError."""
    bound = bind_form(snapshot.data, Path(snapshot.name).stem)
    lang = snapshot.settings().lang
    said = (line for form in bound.forms for line in form.lines(lang))
    lines = [_GAPS.sub("  ", line) for line in said]  # a dialog has no columns to align
    return lines, difference(snapshot.data, bound.data)


def summarise(folder: Path, settings: ReviewSettings) -> tuple[bytes, summary.Summary]:
    """The workbook that `xlperf summary FOLDER -o FILE` writes, with the policy of xlperf.toml.

    Raises InputError where no form can be read.
    """
    found = summary.summarise([folder], Policy.load(settings.policy), settings.limits)
    if not found.forms:
        raise InputError(found.problems)
    return summary.summary_workbook(found), found


def refuse_no_form(snapshot: Snapshot) -> None:
    """Raises InputError for a workbook without `xp.` names, or with none that is of use."""
    faults = snapshot.names_at_fault()
    if faults is None:
        raise InputError(messages.NO_NAMES)
    if faults:
        raise InputError(faults)


def here(problems: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics without the file, which is a copy: the open workbook is meant."""
    return [problem.at(file="") for problem in problems]
