"""Single labels of a blank form: the cell right of them, below them, or a doubt."""

import re
from collections.abc import Sequence

from xlperf.diagnostic import Message
from xlperf.forms import canonical
from xlperf.template.blank.blocks import prefix_amounts
from xlperf.template.blank.page import Box, Page
from xlperf.template.blank.printed import (
    Role,
    gapped_labels,
    is_year_line,
    leaves_room,
    money_unit,
    read_label,
    single_name,
)

_UNITS = ("预算单位", "单位盖章", "部门名称", "单位名称")
_SCORES = ("指标.分值", "指标.得分")
_LONGEST_LABEL = 16
_PLAN = re.compile(r"(支出|用款|资金|预算)\S{0,4}(计划|进度)")
# Words that are amounts only among others.
_GENERAL = ("其他", "合计", "总计", "总额")
_CONNECTING = re.compile(r"[到至~—－-]")

_SHARED = Message("与另一个标签共用一个单元格", "another label has the same cell")
_PARTED = Message("填写处分为几段", "the place to fill in has several parts")
_REPEATED = Message("下方有多行空白，像是清单", "several blank rows below, as in a list")
_OVER = Message("可能是右侧各栏的总标签", "it may be the label of the columns beside it")
_TABULAR = Message("像是另一张小表中的一格", "it looks like a cell of another table")
_INSIDE = Message("标签与填写处在同一单元格", "label and answer share one cell")
_NO_CELL = Message("没有找到对应的空白单元格", "no blank cell found for it")
_NO_ROW = Message("没有资金来源一栏，暂按年度资金总额", "no funding row; taken as 年度资金总额")
_GENERAL_WORD = Message("上下没有其他金额", "there are no other amounts above or below")
_APART = Message("离指标表较远", "it stands far below the table")
_UNDRAWN = Message("单元格没有边框或格式", "the cell has no border or format")
_UNLABELLED = Message("单元格没有标签", "the cell has no label")
_UNKNOWN = Message("词汇表中没有这个标签", "the vocabulary has no such label")


def find_singles(page: Page) -> None:
    _find_year(page)
    labels = [box for box in page.texts if page.free(box) and not box.open]
    _find_plan(page, labels)
    _find_known(page, labels)
    _find_beside_tall(page, labels)
    _find_unit_line(page)
    _find_inside(page, labels)
    _find_unknown(page, labels)
    prefix_amounts(page)


def _find_year(page: Page) -> None:
    """The year below the title, where it has its label in a number format."""
    for box in page.boxes:
        code = box.look.number_format
        prints_year = "年度" in code and not re.search("[ymdhs]", code, re.IGNORECASE)
        if prints_year and (page.accepts(box) or (page.free(box) and box.number)):
            page.add("年度", box, code.replace('"', ""))


def _find_plan(page: Page, labels: Sequence[Box]) -> None:
    if not any(_PLAN.search("".join(box.text.split())) for box in page.texts):
        return
    for box in labels:
        if name := box.label.role(Role.PLAN):
            place, doubt = _cell_of(page, box)
            if place:
                page.add(f"支出计划.{name}", place, box.text, doubt)
                page.take([box])


def _find_known(page: Page, labels: Sequence[Box]) -> None:
    left = []
    scores = (f.area.bottom for f in page.found if f.area and f.label in _SCORES)
    below_scores = max(scores, default=page.bottom)
    for box in labels:
        name = single_name(box.label)
        if name is None or not page.free(box):
            continue
        place, doubt = _cell_of(page, box)
        if place is None:
            left.append((box, name))
            continue
        if Role.MONEY in box.label.roles and (len(box.label.roles) == 1 or _in_money(page, box)):
            name, doubt = f"资金.年度资金总额.{box.label.words}", doubt or _NO_ROW
        if Role.TOTAL in box.label.roles and box.area.top > below_scores:
            doubt = doubt or _APART
        if name.split(".")[1:2] and box.label.words in _GENERAL and not _among_amounts(page, box):
            doubt = doubt or _GENERAL_WORD
        page.add(name, place, box.text, doubt, vague=doubt is _REPEATED)
        page.take([box])
    top = page.top()
    for box, name in left:
        if box.area.top >= top:
            _find_answer(page, box, name)


def _cell_of(page: Page, box: Box) -> tuple[Box | None, Message | None]:
    """The cell that belongs to a label, and what speaks against it."""
    right, below = page.right(box), page.below(box)
    beside = page.accepts(right) and right.area.top == box.area.top
    of_a_block = bool(right.text) and right.area.bottom < box.area.bottom
    under = not of_a_block and below.aligned(box) and page.accepts(below)
    if beside and not (under and _heads_a_column(page, box)):
        return right, _doubt_beside(page, box, right, below if under else None)
    if under:
        after = page.below(below)
        if after.aligned(below) and page.usable(after) and not after.text:
            return below, _REPEATED
        if _has_label_beside(page, below):
            return below, _TABULAR
        # Beside a heading, 年度总体目标 and its like may be the label of the whole block.
        return below, _OVER if Role.BLOCK in box.label.roles and right.text else None
    return None, None


def _has_label_beside(page: Page, box: Box) -> bool:
    """Whether the cell on its left is a label of the same row."""
    left = page.left(box)
    return left is not None and bool(left.text) and not left.open and left.rows[0] == box.rows[0]


def _in_money(page: Page, box: Box) -> bool:
    """Whether it stands in a row of headings of amounts."""
    around = (page.left(box), page.right(box))
    return any(other is not None and other.label.role(Role.MONEY) for other in around)


def _printed(page: Page, box: Box) -> bool:
    """Whether anything is printed in its rows."""
    return any(other.text for other in page.in_rows(*box.rows))


def _among_amounts(page: Page, box: Box) -> bool:
    around = (page.above(box), page.below(box))
    return any(other is not None and other.label.role(Role.AMOUNT) for other in around)


def _heads_a_column(page: Page, box: Box) -> bool:
    left = page.left(box)
    return left is not None and bool(left.text) and left.height == box.height and not left.open


def _doubt_beside(page: Page, box: Box, right: Box, below: Box | None) -> Message | None:
    """What speaks against the cell right of a label; `below` could be its cell as well."""
    further, lower = page.right(right), page.at(right.area.bottom + 1, right.area.left)
    left = page.left(box)
    if leaves_room(box.text):
        return _either(box, right)
    if left and page.accepts(left) and _answers_stand_left(page, box):
        return _either(left, right)
    if below and below.drawn and not _has_label_beside(page, below) and _printed(page, below):
        return _either(right, below)
    if right.area.bottom > box.area.bottom:
        return _SHARED
    if right.area.bottom < box.area.bottom and page.accepts(lower):
        return _either(right, lower)
    if _CONNECTING.fullmatch(further.text.strip()):
        return _PARTED
    if page.accepts(further):
        if left and page.free(left) and left.rows == box.rows and single_name(left.label):
            return _either(right, further)
        if _is_below_heading(page, right) and _is_below_heading(page, further):
            return _TABULAR
        if further.width > right.width == 1 and further.look.locked <= right.look.locked:
            return _either(right, further)
    return None


def _answers_stand_left(page: Page, box: Box) -> bool:
    """Whether its row begins with a blank cell and ends with a label, so that each may be left."""
    row = page.in_rows(box.area.top, box.area.top)
    first = page.at(box.area.top, min(other.area.left for other in page.boxes))
    last = max(row, key=lambda other: other.area.left)
    return page.usable(first) and not first.text and single_name(last.label) is not None


def _is_below_heading(page: Page, box: Box) -> bool:
    above = page.above(box)
    return above is not None and above.aligned(box) and not above.open


def _find_answer(page: Page, box: Box, name: str) -> None:
    """A label without a blank cell: its answer may be printed already."""
    right = page.right(box)
    if right.text:
        around = (page.right(right), page.below(right))
        label = right.label.roles or gapped_labels(right.text) or any(map(page.accepts, around))
        beside = page.free(right) and right.area.top == box.area.top
        if beside and not (label or right.formula or right.crossed):
            page.add(name, right, box.text, right.holds())
        return
    known = Role.SINGLE in box.label.roles and Role.BLOCK not in box.label.roles
    section = not page.within(right)
    if known and not section and not gapped_labels(box.text):
        near = page.free(right) and not right.drawn
        page.add(name, right if near else None, box.text, _UNDRAWN if near else _NO_CELL)


def _find_beside_tall(page: Page, labels: Sequence[Box]) -> None:
    """The one blank cell beside a tall label that has other labels beside its first row."""
    for box in labels:
        name = box.label.role(Role.SINGLE)
        if not name or not page.free(box):
            continue
        rows = range(box.area.top + 1, box.area.bottom + 1)
        beside = [page.at(row, box.area.right + 1) for row in rows]
        places = list({other.area: other for other in beside if page.accepts(other)}.values())
        if len(places) == 1 and not _is_below_heading(page, places[0]):
            page.add(name, places[0], box.text)
            page.take([box])


def _find_unit_line(page: Page) -> None:
    """The unlabelled cell left of 单位：万元 under a title: the unit that the form is of."""
    if {canonical(label) for label in _UNITS} & {found.key for found in page.found}:
        return
    for box in page.texts:
        left = page.left(box)
        stated = money_unit(box.text) and "单位" in box.text
        if stated and left and left.drawn and left.area.left == 1 and page.accepts(left):
            doubt = _UNLABELLED if left.look.locked else None
            page.add("预算单位", left, box.text, doubt)


def _find_inside(page: Page, labels: Sequence[Box]) -> None:
    """Labels that leave room for their answer in their own cell."""
    top = page.top()
    for box in page.texts:
        if page.free(box) and box.area.top < top and is_year_line(box.text):
            page.add("年度", box, box.text, _INSIDE)
    for box in labels:
        if page.free(box) and not money_unit(box.text):
            for words in gapped_labels(box.text):
                if name := single_name(read_label(words)):
                    page.add(name, box, box.text, _INSIDE)


def _find_unknown(page: Page, labels: Sequence[Box]) -> None:
    """Short texts beside blank cells that the vocabulary does not have."""
    top = page.top()
    for box in labels:
        words = box.label.words
        if not words or len(words) > _LONGEST_LABEL or box.area.top < top or not page.free(box):
            continue
        if box.label.roles or money_unit(box.text) or _CONNECTING.fullmatch(words):
            continue
        place, doubt = _cell_of(page, box)
        if place and doubt is not _REPEATED:
            page.add(words, place, box.text, _UNKNOWN, vague=True)


def _either(one: Box, other: Box) -> Message:
    cells = one.area.text, other.area.text
    return Message("{} 与 {} 都可能是".format(*cells), "either {} or {}".format(*cells))
