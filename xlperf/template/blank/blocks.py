"""The blocks of a blank form: the indicator table, and the funding block of rows and columns."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from xlperf.diagnostic import Message
from xlperf.forms import INDICATOR_PREFIX, canonical
from xlperf.ooxml.address import Area
from xlperf.template.blank.page import Box, Found, Page
from xlperf.template.blank.printed import Role

# The columns whose cells a fill merges downwards, so that the blank form may print them merged.
_LEVELS = ("一级指标", "二级指标")
_NAMES = {"一级指标", "二级指标", "三级指标", "分项名称"}
_ANCHORS = _NAMES | {"指标值", "实际完成值", "绩效指标描述"}
_VALUES = {"指标值", "实际完成值"}
_TOTALS = {"分值": "分值合计", "得分": "总分"}
_RATES = {"执行率", "分值", "得分", "权重"}
_COUNTED = "序号"
_LONGEST_LEVEL = 30
_TOTALS_WITHIN = 3  # rows below the table
_PERIOD = re.compile(r"中期|长期|实施期|年度|当年|本年|项目")
_THIS_YEAR = ("年度", "当年", "本年")

_NO_ROWS = Message("表头下没有看得出的空白行", "no blank rows to be seen below the headings")
_ONE_ROW = Message("看不出表格有几行，暂取一行", "no end of the table to be seen; one row taken")
_CROOKED = Message("与表头的列不一致", "it does not stand in the columns of the headings")
_NO_AMOUNT = Message("不像金额栏", "it does not look like a column of amounts")


def find_blocks(page: Page) -> None:
    _find_table(page)
    _find_funding(page)


# ------------------------------------------------------------------------ the indicator table


@dataclass(frozen=True, slots=True)
class _Column:
    """A heading of the indicator table and the name of its column."""

    name: str
    heading: Box


def _find_table(page: Page) -> None:
    rows = range(1, page.bottom + 1)
    tables = [(row, headings) for row in rows if (headings := _headings(page, row))]
    # A form with targets of several years prints one table for each; the yearly one is filled.
    yearly = [table for table in tables if "年度" in _beside(page, table[1])]
    others = [t for t in tables if t not in yearly and _PERIOD.search(_beside(page, t[1]))]
    if len(yearly) == 1 and len(others) == len(tables) - 1:
        for row, headings in others:
            page.take(page.in_rows(row, _last_row(page, row + 1, headings)))
        tables = yearly
    doubt = _several(len(tables)) if len(tables) > 1 else None
    for row, headings in tables:
        _bind_table(page, row, headings, doubt)


def _beside(page: Page, headings: Sequence[Box]) -> str:
    side = page.left(headings[0])
    return "".join(side.text.split()) if side else ""


def _headings(page: Page, row: int) -> list[Box]:
    """The headings that end in this row, from the first column on; none if it is no table."""
    boxes = [box for box in page.ending_at(row) if not box.hint and not box.number]
    names = {box.label.role(Role.COLUMN) for box in boxes} & _ANCHORS
    if names & {*_LEVELS, "三级指标"}:
        boxes = [box for box in boxes if Role.BLOCK not in box.label.roles]
        anchors = [box for box in boxes if box.label.role(Role.COLUMN) in _ANCHORS]
    else:
        anchors = [box for box in boxes if box.label.roles.keys() & {Role.COLUMN, Role.BLOCK}]
    if not names & _NAMES or len(anchors) < 2:
        return []
    return boxes[boxes.index(anchors[0]) :]


def _bind_table(page: Page, row: int, headings: list[Box], doubt: Message | None) -> None:
    top = min(box.area.top for box in headings)
    columns = list(_columns(page, headings, top))
    boxes = [column.heading for column in columns]
    # A row of its own, such as that of 预算执行率, may come before the rows that are all alike.
    first = next((r for r in (row + 1, row + 2) if _fits(page, r, boxes)), row + 1)
    last = _last_row(page, first, boxes)
    if last < first and page.bare and _fits(page, first, boxes):
        last, doubt = first, doubt or _ONE_ROW
    if last < first:
        page.add(INDICATOR_PREFIX + "三级指标", None, headings[0].text, doubt or _NO_ROWS)
        page.take(page.in_rows(top, row))
        return
    doubt = doubt or _table_doubt(page, columns, first, last) or _doubled(columns)
    page.take(page.in_rows(top, last))
    first, last = page.table_rows or (first, last)
    for column in columns:
        left = column.heading.area.left
        label = INDICATOR_PREFIX + column.name
        area = Area(first, left, last, left)
        page.found.append(Found(label, area, column.heading.text, doubt))
    _bind_totals(page, last + 1, columns, doubt)


def _columns(page: Page, headings: Iterable[Box], top: int) -> Iterator[_Column]:
    """Columns with their names; where a name stands twice, the period tells them apart."""
    columns = [_Column(_column_name(page, heading, top), heading) for heading in headings]
    counts = Counter(column.name for column in columns)
    for column in columns:
        if counts[column.name] > 1:
            yield replace(column, name=_told_apart(page, column))
        elif column.name and column.name != _COUNTED:
            yield column


def _told_apart(page: Page, column: _Column) -> str:
    """Another name for a column whose name is not its own: by its period, or as it is printed."""
    if period := _period_above(page, column.heading):
        return period + column.name
    printed = column.heading.label.words
    known = canonical(INDICATOR_PREFIX + printed) == INDICATOR_PREFIX + column.name
    return column.name if known else printed


def _column_name(page: Page, heading: Box, top: int) -> str:
    label = heading.label
    if name := label.role(Role.COLUMN):
        return name
    over = page.above(heading)
    if over and over.text and over.area.top >= top:
        of_a_group = over.label.roles.keys() & {Role.BLOCK, Role.SINGLE}
        if not of_a_group and over.label.role(Role.COLUMN) not in _VALUES:
            return f"{over.label.words}_{label.words}"
    return label.words


def _period_above(page: Page, heading: Box) -> str:
    """中期 for a column below 中期目标, nothing for one below 年度目标."""
    box = page.above(heading)
    while box and not _PERIOD.search(box.text):
        box = page.above(box)
    match = _PERIOD.search(box.text) if box else None
    return match[0] if match and match[0] not in _THIS_YEAR else ""


def _fits(page: Page, row: int, headings: Iterable[Box]) -> bool:
    """Whether cells that begin in this row stand below all headings."""
    below = ((page.at(row, heading.area.left), heading) for heading in headings)
    return all(box.aligned(heading) and box.area.top == row for box, heading in below)


def _last_row(page: Page, first: int, headings: Sequence[Box]) -> int:
    """The last row that is laid out as the headings are; the one above `first` if there is none."""
    limit = page.bottom
    side = page.left(page.at(first, headings[0].area.left))
    if side and side.text and side.area.top < first:
        limit = min(limit, side.area.bottom)
    row = first
    while row <= limit and _is_table_row(page, row, first, headings):
        row += 1
    return row - 1


def _is_table_row(page: Page, row: int, first: int, headings: Sequence[Box]) -> bool:
    boxes = [page.at(row, heading.area.left) for heading in headings]
    for box in (page.left(boxes[0]), *boxes[:2]):
        if box and box.text and box.area.top == row and _ends_table(box):
            return False
    for box, heading in zip(boxes, headings, strict=True):
        if not box.aligned(heading) or box.area.top < first:
            return False
    if page.bare or any(box.text for box in boxes):
        return True
    return any(box.drawn and box.look == page.at(first, box.area.left).look for box in boxes)


def _ends_table(box: Box) -> bool:
    """Whether a text at the beginning of a row is no level of indicators."""
    words = "".join(box.text.split())
    sentence = len(words) > _LONGEST_LEVEL or re.search("[：:。；]", words)
    known = box.label.roles.keys() & {Role.TOTAL, Role.SINGLE}
    return not box.hint and bool(known or sentence)


def _table_doubt(page: Page, columns: Sequence[_Column], first: int, last: int) -> Message | None:
    """Why the rows may not be there to be filled."""
    for column in columns:
        boxes = [page.at(row, column.heading.area.left) for row in range(first, last + 1)]
        if column.name in _LEVELS:
            continue
        if any(box.height > 1 for box in boxes):
            return _merged(column.heading.label.words)
        for box in boxes:
            if not box.open and not (box.number and column.name == "分值"):
                return _printed(box)
    return None


def _bind_totals(page: Page, row: int, columns: Sequence[_Column], doubt: Message | None) -> None:
    """The row soon below the table that adds up weights and scores."""
    below = (box for box in page.texts if row <= box.area.top < row + _TOTALS_WITHIN)
    printed = next((box for box in below if Role.TOTAL in box.label.roles), None)
    targets = {_TOTALS[c.name]: c.heading for c in columns if c.name in _TOTALS}
    if printed is None or not targets:
        return
    right = page.right(printed)
    for target, heading in targets.items():
        box = page.at(printed.area.top, heading.area.left)
        if box is not printed and box.aligned(heading):
            if not box.crossed:
                against = None if page.usable(box) else box.holds()
                page.add(target, box, printed.text, doubt or against)
        elif box is right and page.accepts(box):
            page.add(target, box, printed.text, doubt or _CROOKED)
    page.take(page.in_rows(*printed.rows))


# --------------------------------------------------------------------------- the funding block


def _find_funding(page: Page) -> None:
    for row in range(1, page.bottom):
        for run in _runs(page, row):
            if not _bind_funding(page, run, Role.MONEY, Role.AMOUNT):
                _bind_funding(page, run, Role.AMOUNT, Role.MONEY)


def _runs(page: Page, row: int) -> list[list[Box]]:
    """Headings that end in this row and stand side by side without a gap."""
    runs: list[list[Box]] = []
    for box in page.ending_at(row):
        if box.open or box.number or box.crossed or not page.free(box):
            continue
        if runs and runs[-1][-1].area.right + 1 == box.area.left:
            runs[-1].append(box)
        else:
            runs.append([box])
    return runs


def _bind_funding(page: Page, run: list[Box], across: Role, down: Role) -> bool:
    """A block of amounts whose columns `run` heads; whether it is one."""
    first = run[0].area.bottom + 1
    while run and page.at(first, run[0].area.left).label.words:
        run = run[1:]
    headings = [box.label.role(across) for box in run]
    if len(headings) - headings.count(None) < 2 or not set(headings) - {None, *_RATES}:
        return False
    rows = list(_funding_rows(page, first, run))
    if not any(label.label.role(down) for label, _ in rows):
        return False
    for label, boxes in rows:
        row = label.label.role(down) or label.label.words
        for heading, box in zip(run, boxes, strict=True):
            column = heading.label.role(across) or heading.label.words
            source, kind = (row, column) if down is Role.AMOUNT else (column, row)
            if box.crossed or box.area.top != label.area.top:
                continue
            doubt = None if page.accepts(box) else box.holds()
            if not heading.label.role(across):
                doubt = doubt or _NO_AMOUNT
            page.add(f"资金.{source}.{kind}", box, f"{label.text} / {heading.text}", doubt)
    page.take(page.in_rows(run[0].area.top, rows[-1][0].area.bottom))
    return True


def _funding_rows(page: Page, row: int, headings: Sequence[Box]) -> Iterator[tuple[Box, list[Box]]]:
    """Row labels left of the first column, each with the cells of its columns."""
    while row <= page.bottom:
        label = page.left(page.at(row, headings[0].area.left))
        while label and not label.text and label.area.left > 1:
            label = page.left(label)
        if label is None:
            return
        boxes = [page.at(row, heading.area.left) for heading in headings]
        single = Role.SINGLE in label.label.roles and not label.label.role(Role.AMOUNT)
        if not label.label.words or label.open or label.area.top != row or single:
            return
        if not all(box.aligned(h) for box, h in zip(boxes, headings, strict=True)):
            return
        if not any(box.open or box.crossed for box in boxes):
            return
        yield label, boxes
        row = label.area.bottom + 1


def prefix_amounts(page: Page) -> None:
    """Amounts that stand twice: those in the list below 年度资金总额 begin with 年度."""
    counts = Counter(found.label for found in page.found if found.label.startswith("资金."))
    for index, found in enumerate(page.found):
        if counts[found.label] > 1 and found.area and found.label.endswith(".金额"):
            row = found.label.split(".")[1]
            prefix = _list_period(page, page.at(found.area.top, found.area.left))
            page.found[index] = replace(found, label=f"资金.{prefix}{row}.金额")


def _list_period(page: Page, amount: Box) -> str:
    """The period that the head of a list of amounts names, as a prefix of their names."""
    box = page.left(amount)
    while box and Role.AMOUNT in box.label.roles:
        if "总额" in box.label.words:
            match = _PERIOD.search(box.label.words)
            return match[0] if match and match[0] != "项目" else ""
        box = page.above(box)
    return ""


# ------------------------------------------------------------------------------------ doubts


def _several(count: int) -> Message:
    return Message(f"有 {count} 个指标表", f"there are {count} indicator tables")


def _doubled(columns: Sequence[_Column]) -> Message | None:
    counts = Counter(canonical(INDICATOR_PREFIX + column.name) for column in columns)
    key, count = counts.most_common(1)[0]
    name = key.removeprefix(INDICATOR_PREFIX)
    if count == 1:
        return None
    return Message(f"“{name}”列出现 {count} 次", f"there are {count} columns {name}")


def _merged(name: str) -> Message:
    return Message(f"“{name}”列有纵向合并的单元格", f"column {name} has cells merged downwards")


def _printed(box: Box) -> Message:
    words, cell = " ".join(box.text.split())[:20], box.area.text
    return Message(f"表中已印有内容（{cell}“{words}”）", f"the rows print text ({cell} “{words}”)")
