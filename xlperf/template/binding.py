"""From a blank official form to a template: which cell belongs to which printed label.

A form is laid out for people, so what belongs together has to be read from where it stands: the
cell right of a label or below a heading, rows and columns of the funding block, the indicator
table. What is plain becomes an `xp.` name; what is not is a proposal with its doubt, and is only
written when asked for.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from xlperf.diagnostic import Diagnostic, Message, WorkbookError
from xlperf.forms import INDICATOR_PREFIX, KEY, canonical
from xlperf.ooxml.address import Area, cell_name
from xlperf.ooxml.package import Package
from xlperf.ooxml.sheet import read_sheet, read_strings
from xlperf.ooxml.styles import Styles
from xlperf.ooxml.workbook import (
    DefinedName,
    Sheet,
    Workbook,
    string_text,
    with_names,
)
from xlperf.template.fields import PREFIX, Form, find_forms
from xlperf.template.printed import (
    CONSTANTS,
    Box,
    Grid,
    Label,
    Role,
    gapped_labels,
    is_year_line,
    leaves_room,
    money_units,
    read_label,
)

_LEVELS = ("一级指标", "二级指标")
_NAMES = {"一级指标", "二级指标", "三级指标", "分项名称"}
_ANCHORS = _NAMES | {"指标值", "实际完成值", "绩效指标描述"}
_TARGETS = {"指标值", "实际完成值"}
_TOTALS = {"分值": "分值合计", "得分": "总分"}
_RATES = {"执行率", "分值", "得分", "权重"}
_UNITS = ("预算单位", "单位盖章", "部门名称", "单位名称")
_ENOUGH, _TOTALS_WITHIN = 3, 3
_LONGEST_LEVEL, _LONGEST_LABEL = 30, 16
_PERIOD = re.compile(r"中期|长期|实施期|年度|当年|本年|项目")
_CONNECTING = re.compile(r"[到至~—－-]")

# What most forms have: of each group one field at least.
_USUAL = (
    ("项目名称", "部门名称", "单位名称"),
    ("实施单位", "预算单位", "单位盖章", "部门名称", "单位名称"),
    ("主管部门", "预算单位", "部门名称", "单位名称"),
    ("年度",),
    ("资金",),
    ("年度总体目标", "预期目标", "总体绩效目标", "项目年度目标", "年度绩效目标"),
    *((INDICATOR_PREFIX + label,) for label in ("一级指标", "二级指标", "三级指标", "指标值")),
)
_USUAL_SCORED = (
    *((INDICATOR_PREFIX + label,) for label in ("实际完成值", "分值", "得分")),
    ("总分",),
)
_SCORED = {INDICATOR_PREFIX + label for label in ("实际完成值", "得分")}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A name for a place on a form, and the printed text that speaks for it.

    `cell` is the address, the value in quotes for a constant, "" where no cell was found. `doubt`
    says why it is not certain; None for what is.
    """

    name: str
    cell: str
    label: str
    doubt: Message | None = None


@dataclass(frozen=True, slots=True)
class BoundForm:
    """What became of one form: names that were written, kept, or left undecided.

    `missing` are fields that most forms have and this one does not show.
    """

    sheet: str
    bound: tuple[Proposal, ...]
    kept: tuple[Proposal, ...]
    unsure: tuple[Proposal, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """A form made into a template: the workbook, and the report of each form in it."""

    data: bytes
    forms: tuple[BoundForm, ...]


def bind(data: bytes, name: str, *, unsure: bool = False) -> Binding:
    """Give the cells of a blank form their `xp.` names; only the workbook part changes.

    `name` becomes `xp.模板` as `name/1`. With `unsure` the doubtful proposals are written too, as
    far as they do not contradict another name. Names that are there stay. Where several sheets
    look like forms, their names are scoped to the sheet.

    Raises WorkbookError when the workbook cannot be read or no sheet looks like a form.
    """
    package = Package.open(data)
    workbook = Workbook.open(package)
    strings = read_strings(package, workbook.shared_strings)
    styles = Styles.open(package, workbook.styles)
    existing = {form.sheet.index: form for form in find_forms(workbook)[0]}
    read = []
    for sheet in workbook.sheets:
        grid = Grid(read_sheet(package.read(sheet.part), sheet.part, strings), styles)
        form = existing.get(sheet.index)
        read.append(_Reading(sheet, grid, form, _settled(_Finder(grid, form).found, form)))
    chosen = [r for r in read if r.form or r.is_form] or [r for r in read if r.is_doubtful_form]
    if not chosen:
        raise WorkbookError(_no_form())
    names: list[DefinedName] = []
    forms = []
    for reading in chosen:
        scope = _scope(reading, alone=len(chosen) == 1, existing=existing.values())
        own, report = reading.named(name, scope, workbook.names, unsure=unsure)
        names += own
        forms.append(report)
    return Binding(with_names(package, names).to_bytes() if names else data, tuple(forms))


def _scope(reading: "_Reading", *, alone: bool, existing: Iterable[Form]) -> int | None:
    if reading.form:
        return reading.form.scope
    taken = any(form.scope is None for form in existing)
    return None if alone and not taken else reading.sheet.index


# ------------------------------------------------------------------------ what a sheet holds


@dataclass(frozen=True, slots=True)
class _Found:
    """A proposal before it has a scope: the label without `xp.`, its place, what is printed.

    `vague`: the words are no known label, or the cells look like those of a list.
    """

    label: str
    area: Area | None
    printed: str
    doubt: Message | None = None
    vague: bool = False

    @property
    def key(self) -> str:
        return canonical(self.label)

    @property
    def corner(self) -> tuple[int, int] | None:
        return self.area and (self.area.top, self.area.left)

    @property
    def proposal(self) -> Proposal:
        cell = self.area.text if self.area else ""
        return Proposal(PREFIX + self.label, cell, " ".join(self.printed.split()), self.doubt)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One sheet as it was read: the form that its names make already, and what was found."""

    sheet: Sheet
    grid: Grid
    form: Form | None
    found: Sequence[_Found]

    @property
    def is_form(self) -> bool:
        sure = [f for f in self.found if not f.doubt]
        table = any(f.label.startswith(INDICATOR_PREFIX) for f in sure)
        single = any(not f.label.startswith(INDICATOR_PREFIX) for f in sure)
        return single and (table or len(sure) >= _ENOUGH)

    @property
    def is_doubtful_form(self) -> bool:
        return sum(bool(f.area) and not f.vague for f in self.found) >= _ENOUGH

    def named(
        self, template: str, scope: int | None, names: Sequence[DefinedName], *, unsure: bool
    ) -> tuple[list[DefinedName], BoundForm]:
        """The names to write, and the report."""
        kept = [n for n in names if n.name.lower().startswith(PREFIX) and n.sheet in (scope, None)]
        there = {canonical(n.name[len(PREFIX) :]) for n in kept}
        found = [f for f in self.found if f.key not in there]
        written = _without_conflicts(found) if unsure else [f for f in found if not f.doubt]
        constants = [(f, v) for f, v in self._constants(template) if f.key not in there]
        left = [f for f in found if f not in written]
        own = [DefinedName(PREFIX + f.label, string_text(v), scope) for f, v in constants]
        for item in written:
            if item.area:
                text = _reference(self.sheet.name, item.area)
                own.append(DefinedName(PREFIX + item.label, text, scope))
        report = BoundForm(
            self.sheet.name,
            (
                *(replace(f.proposal, cell=string_text(v)) for f, v in constants),
                *(f.proposal for f in written),
            ),
            tuple(Proposal(n.name, n.text, "") for n in kept),
            tuple(f.proposal for f in left),
            tuple(_missing({f.key for f in found if f.area} | there)),
        )
        return own, report

    def _constants(self, template: str) -> Iterator[tuple[_Found, str]]:
        clean = "".join(c for c in template if c.isprintable()) or self.sheet.name
        yield _Found("模板", None, ""), f"{clean[:200]}/1"
        yield _Found(KEY, None, ""), ""
        stated = [(unit, box) for box in self.grid.texts for unit in money_units(box.text)]
        if len({unit for unit, _ in stated}) == 1:
            unit, box = stated[0]
            yield _Found("金额单位", None, box.text), unit


def _reference(sheet: str, area: Area) -> str:
    corners = [cell_name(area.top, area.left), cell_name(area.bottom, area.right)]
    absolute = [re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", corner) for corner in dict.fromkeys(corners)]
    quoted = sheet.replace("'", "''")
    return f"'{quoted}'!{':'.join(absolute)}"


def _missing(keys: set[str]) -> Iterator[str]:
    usual = (*_USUAL, *_USUAL_SCORED) if keys & _SCORED else _USUAL
    for group in usual:
        present = {key for key in keys if key in group or key.split(".")[0] in group}
        if not present and not {canonical(label) for label in group} & keys:
            yield group[0]


def _settled(found: Sequence[_Found], form: Form | None) -> list[_Found]:
    """What was found, without what the form has names for, contradictions turned into doubts."""
    taken = {(f.area.top, f.area.left) for f in (*form.scalars, *form.columns)} if form else set()
    found = [f for f in found if f.key not in CONSTANTS and f.corner not in taken]
    sure = [f for f in found if not f.doubt]
    labels, corners = Counter(f.key for f in sure), Counter(f.corner for f in sure)
    settled: list[_Found] = []
    for item in found:
        if not item.doubt and labels[item.key] > 1:
            item = replace(item, doubt=_twice(labels[item.key]))
        elif not item.doubt and corners[item.corner] > 1:
            item = replace(item, doubt=_SHARED)
        elif item.doubt and labels[item.key]:
            continue
        if item not in settled:
            settled.append(item)
    return sorted(settled, key=lambda f: f.corner or (0, 0))


def _without_conflicts(found: Sequence[_Found]) -> list[_Found]:
    """All that can be written side by side; what is sure comes first."""
    kept: list[_Found] = []
    for item in sorted(found, key=lambda f: f.doubt is not None):
        if item.area and all(item.key != k.key and item.corner != k.corner for k in kept):
            kept.append(item)
    return sorted(kept, key=lambda f: f.corner or (0, 0))


# ---------------------------------------------------------------------------------- finding


@dataclass(frozen=True, slots=True)
class _Column:
    """A heading of the indicator table and the name of its column."""

    name: str
    heading: Box


class _Finder:
    """Reads one sheet. Blocks come first and take their cells, so that single labels leave them."""

    def __init__(self, grid: Grid, form: Form | None) -> None:
        self.found: list[_Found] = []
        self._grid = grid
        self._taken: set[Area] = set()
        self._rows = (form.first, form.last) if form and form.columns else None
        self._find_table()
        self._find_funding()
        self._find_year()
        singles = [box for box in grid.texts if self._free(box) and not box.open]
        self._find_plan(singles)
        self._find_singles(singles)
        self._find_beside_tall(singles)
        self._find_unit_line()
        self._find_unknown(singles)
        self._prefix_amounts()

    def _free(self, box: Box) -> bool:
        return box.area not in self._taken

    def _take(self, boxes: Iterable[Box]) -> None:
        self._taken.update(box.area for box in boxes)

    def _takes_content(self, box: Box) -> bool:
        return self._free(box) and self._grid.usable(box)

    def _add(
        self,
        label: str,
        place: Box | None,
        printed: str,
        doubt: Message | None = None,
        *,
        vague: bool = False,
    ) -> None:
        if place:
            self._take([place])
        area = place.area if place else None
        self.found.append(_Found(label, area, printed, doubt, vague))

    # ------------------------------------------------------------------ the indicator table

    def _find_table(self) -> None:
        rows = range(1, self._grid.bottom + 1)
        tables = [(row, headings) for row in rows if (headings := self._headings(row))]
        if len(tables) > 1:
            # Forms with targets of several years print one table each; the yearly one is filled.
            yearly = [t for t in tables if "年度" in self._beside(t[1])]
            others = [t for t in tables if _PERIOD.search(self._beside(t[1])) and t not in yearly]
            if len(yearly) == 1 and len(others) == len(tables) - 1:
                for row, headings in others:
                    self._take(self._grid.in_rows(row, self._last_row(row + 1, headings)))
                tables = yearly
        doubt = _tables(len(tables)) if len(tables) > 1 else None
        for row, headings in tables:
            self._bind_table(row, headings, doubt)

    def _beside(self, headings: Sequence[Box]) -> str:
        side = self._grid.left(headings[0])
        return "".join(side.text.split()) if side else ""

    def _headings(self, row: int) -> list[Box]:
        """The headings that end in this row, from the first column on; none if it is no table."""
        boxes = [b for b in self._grid.ending_at(row) if not b.hint and not b.number]
        names = {b.label.roles.get(Role.COLUMN) for b in boxes} & _ANCHORS
        if names & set(_LEVELS) or "三级指标" in names:
            boxes = [b for b in boxes if Role.BLOCK not in b.label.roles]
            anchors = [b for b in boxes if b.label.roles.get(Role.COLUMN) in _ANCHORS]
        else:
            anchors = [b for b in boxes if b.label.roles.keys() & {Role.COLUMN, Role.BLOCK}]
        if not names & _NAMES or len(anchors) < 2:
            return []
        return boxes[boxes.index(anchors[0]) :]

    def _bind_table(self, row: int, headings: list[Box], doubt: Message | None) -> None:
        grid = self._grid
        top = min(box.area.top for box in headings)
        columns = self._columns(headings, top)
        boxes = [column.heading for column in columns]
        # A row of its own, such as that of 预算执行率, may come before the rows that are all alike.
        first = next((r for r in (row + 1, row + 2) if self._fits(r, boxes)), row + 1)
        last = self._last_row(first, boxes)
        if last < first:
            self._add(INDICATOR_PREFIX + "三级指标", None, headings[0].text, doubt or _NO_ROWS)
            self._take(grid.in_rows(top, row))
            return
        doubt = doubt or self._table_doubt(columns, first, last) or self._doubled(columns)
        self._take(grid.in_rows(top, last))
        first, last = self._rows or (first, last)
        for column in columns:
            left = column.heading.area.left
            area = Area(first, left, last, left)
            label = INDICATOR_PREFIX + column.name
            self.found.append(_Found(label, area, column.heading.text, doubt))
        self._bind_totals(last + 1, columns, doubt)

    def _fits(self, row: int, headings: Iterable[Box]) -> bool:
        """Whether cells that begin in this row stand below all headings."""
        below = ((self._grid.at(row, h.area.left), h) for h in headings)
        return all(box.aligned(h) and box.area.top == row for box, h in below)

    def _columns(self, headings: Iterable[Box], top: int) -> list[_Column]:
        """Columns with their names. A name that stands twice tells the periods apart if it can."""
        columns = [
            _Column(name, heading)
            for heading in headings
            if (name := self._column_name(heading, top)) and name != "序号"
        ]
        counts = Counter(column.name for column in columns)
        return [
            replace(c, name=self._period(c.heading) + c.name) if counts[c.name] > 1 else c
            for c in columns
        ]

    def _column_name(self, heading: Box, top: int) -> str:
        label = heading.label
        if name := label.roles.get(Role.COLUMN):
            return name
        over = self._grid.above(heading)
        if over and over.text and over.area.top >= top:
            roles = over.label.roles
            plain = roles.keys() & {Role.BLOCK, Role.SINGLE} or roles.get(Role.COLUMN) in _TARGETS
            if not plain:
                return f"{over.label.words}_{label.words}"
        return label.words

    def _period(self, heading: Box) -> str:
        """中期 for a column below 中期目标, nothing for one below 年度目标."""
        box = self._grid.above(heading)
        while box and not _PERIOD.search(box.text):
            box = self._grid.above(box)
        match = _PERIOD.search(box.text) if box else None
        return match[0] if match and match[0] not in ("年度", "当年", "本年") else ""

    def _last_row(self, first: int, headings: Sequence[Box]) -> int:
        if not headings:
            return first - 1
        limit = self._grid.bottom
        side = self._grid.left(self._grid.at(first, headings[0].area.left))
        if side and side.text and side.area.bottom > side.area.top:
            limit = min(limit, side.area.bottom)
        row = first
        while row <= limit and self._is_table_row(row, first, headings):
            row += 1
        return row - 1

    def _is_table_row(self, row: int, first: int, headings: Sequence[Box]) -> bool:
        grid = self._grid
        boxes = [grid.at(row, heading.area.left) for heading in headings]
        side = grid.left(boxes[0])
        for box in (side, *boxes[:2]):
            if box and box.area.top == row and box.text and self._ends_table(box):
                return False
        for box, heading in zip(boxes, headings, strict=True):
            if not box.aligned(heading) or box.area.top < first:
                return False
        if not any(box.text for box in boxes):
            same = any(
                box.look == grid.at(first, box.area.left).look and box.drawn for box in boxes
            )
            return same or grid.bare
        return True

    def _ends_table(self, box: Box) -> bool:
        words = "".join(box.text.split())
        long = len(words) > _LONGEST_LEVEL or re.search("[：:。；]", words)
        ends = box.label.roles.keys() & {Role.TOTAL, Role.SINGLE}
        return not box.hint and bool(ends or long)

    def _table_doubt(self, columns: Sequence[_Column], first: int, last: int) -> Message | None:
        """Why these rows may not be there to be filled."""
        for column in columns:
            if column.name in _LEVELS:
                continue
            for row in range(first, last + 1):
                box = self._grid.at(row, column.heading.area.left)
                if box.height > 1:
                    return _tall(column.heading.label.words)
                if not box.open and not (box.number and column.name == "分值"):
                    return _printed_rows(box)
        return None

    def _doubled(self, columns: Sequence[_Column]) -> Message | None:
        counts = Counter(canonical(INDICATOR_PREFIX + column.name) for column in columns)
        name, count = counts.most_common(1)[0]
        return _doubled(name.removeprefix(INDICATOR_PREFIX), count) if count > 1 else None

    def _bind_totals(self, row: int, columns: Sequence[_Column], doubt: Message | None) -> None:
        """The row soon below the table that adds up weights and scores."""
        grid = self._grid
        below = (box for box in grid.texts if row <= box.area.top < row + _TOTALS_WITHIN)
        printed = next((box for box in below if Role.TOTAL in box.label.roles), None)
        targets = {_TOTALS[c.name]: c.heading for c in columns if c.name in _TOTALS}
        if printed is None or not targets:
            return
        right = grid.right(printed)
        for target, heading in targets.items():
            box = grid.at(printed.area.top, heading.area.left)
            if box is not printed and box.aligned(heading):
                if not box.crossed:
                    unsure = doubt or (None if grid.usable(box) else _holds(box))
                    self._add(target, box, printed.text, unsure)
            elif box is right and self._takes_content(box):
                self._add(target, box, printed.text, doubt or _CROOKED)
        self._take(grid.in_rows(printed.area.top, printed.area.bottom))

    # ------------------------------------------------------------------ the funding block

    def _find_funding(self) -> None:
        for row in range(1, self._grid.bottom):
            for run in self._runs(row):
                if not self._bind_funding(run, Role.MONEY, Role.AMOUNT):
                    self._bind_funding(run, Role.AMOUNT, Role.MONEY)

    def _runs(self, row: int) -> list[list[Box]]:
        """Headings that end in this row and stand side by side without a gap."""
        runs: list[list[Box]] = []
        for box in self._grid.ending_at(row):
            if box.open or box.number or box.crossed or not self._free(box):
                continue
            if runs and runs[-1][-1].area.right + 1 == box.area.left:
                runs[-1].append(box)
            else:
                runs.append([box])
        return runs

    def _bind_funding(self, run: list[Box], across: Role, down: Role) -> bool:
        """A block of amounts, where `run` heads its columns; whether it is one."""
        grid = self._grid
        first = run[0].area.bottom + 1
        while run and grid.at(first, run[0].area.left).label.words:
            run = run[1:]
        amounts = [b for b in run if _role(b.label, across) not in (None, *_RATES)]
        if not amounts or sum(_role(b.label, across) is not None for b in run) < 2:
            return False
        rows = list(self._funding_rows(first, run))
        if not any(_role(label.label, down) for label, _ in rows):
            return False
        for label, boxes in rows:
            for heading, box in zip(run, boxes, strict=True):
                pair = [_role(label.label, down) or label.label.words]
                pair.append(_role(heading.label, across) or heading.label.words)
                row, column = pair if down is Role.AMOUNT else pair[::-1]
                if box.crossed or box.area.top != label.area.top:
                    continue
                doubt = None if self._takes_content(box) else _holds(box)
                if not _role(heading.label, across):
                    doubt = doubt or _NO_AMOUNT
                self._add(f"资金.{row}.{column}", box, f"{label.text} / {heading.text}", doubt)
        last = rows[-1][0].area.bottom
        self._take(grid.in_rows(run[0].area.top, last))
        return True

    def _funding_rows(self, row: int, run: Sequence[Box]) -> Iterator[tuple[Box, list[Box]]]:
        """Row labels left of the first column, each with the cells of its columns."""
        grid, left = self._grid, run[0].area.left - 1
        while left and row <= grid.bottom:
            label = grid.at(row, left)
            boxes = [grid.at(row, b.area.left) for b in run]
            roles = label.label.roles.keys()
            single = Role.SINGLE in roles and Role.AMOUNT not in roles
            if not label.label.words or label.open or label.area.top != row or single:
                return
            if not all(box.aligned(b) for box, b in zip(boxes, run, strict=True)):
                return
            if not any(box.open or box.crossed for box in boxes):
                return
            yield label, boxes
            row = label.area.bottom + 1

    def _prefix_amounts(self) -> None:
        """Amounts that stand twice: those in the list below 年度资金总额 begin with 年度."""
        counts = Counter(f.label for f in self.found if f.label.startswith("资金."))
        for index, item in enumerate(self.found):
            if counts[item.label] > 1 and item.area and item.label.endswith(".金额"):
                row = item.label.split(".")[1]
                if prefix := self._list_period(item.area):
                    self.found[index] = replace(item, label=f"资金.{prefix}{row}.金额")

    def _list_period(self, area: Area) -> str:
        """The period that the head of a list of amounts names, as a prefix of their names."""
        box = self._grid.left(self._grid.at(area.top, area.left))
        while box and Role.AMOUNT in box.label.roles:
            if "总额" in box.label.words:
                match = _PERIOD.search(box.label.words)
                return match[0] if match and match[0] != "项目" else ""
            box = self._grid.above(box)
        return ""

    # ------------------------------------------------------------------ single labels

    def _input(self, box: Box) -> tuple[Box | None, Message | None]:
        """The cell that belongs to a label, and what speaks against it."""
        grid = self._grid
        right, below = grid.right(box), grid.below(box)
        beside = self._takes_content(right) and right.area.top == box.area.top
        heading = not (right.text and right.area.bottom < box.area.bottom)
        under = heading and below.aligned(box) and self._takes_content(below)
        if beside and under and self._heads_a_column(box):
            beside = False
        if beside:
            return right, self._doubt_beside(box, right, below if under else None)
        if under:
            after = grid.below(below)
            repeated = after.aligned(below) and grid.usable(after) and not after.text
            return below, _REPEATED if repeated else None
        return None, None

    def _heads_a_column(self, box: Box) -> bool:
        left = self._grid.left(box)
        return left is not None and bool(left.text) and left.height == box.height and not left.open

    def _doubt_beside(self, box: Box, right: Box, below: Box | None) -> Message | None:
        """What speaks against the cell right of a label; `below` could be its cell as well."""
        grid = self._grid
        further, lower = grid.right(right), grid.at(right.area.bottom + 1, right.area.left)
        if leaves_room(box.text):
            return _two_places(box, right)
        if below and below.drawn and any(b.text for b in grid.in_rows(*below.rows)):
            return _two_places(right, below)
        if right.area.bottom > box.area.bottom:
            return _SHARED
        if right.area.bottom < box.area.bottom and self._takes_content(lower):
            return _two_places(right, lower)
        if _CONNECTING.fullmatch(further.text.strip()):
            return _PARTED
        if self._takes_content(further):
            if self._is_below_heading(right) and self._is_below_heading(further):
                return _TABULAR
            if further.width > right.width == 1 and further.look.locked <= right.look.locked:
                return _two_places(right, further)
        return None

    def _is_below_heading(self, box: Box) -> bool:
        above = self._grid.above(box)
        return above is not None and above.aligned(box) and not above.open

    def _find_answered(self, box: Box, name: str) -> None:
        """A label without a blank cell: its answer is printed already, or it has none."""
        right = self._grid.right(box)
        if right.text and self._free(right) and right.area.top == box.area.top:
            around = (self._grid.right(right), self._grid.below(right))
            labelled = right.label.roles or gapped_labels(right.text) or right.formula
            if not labelled and not right.crossed and not any(map(self._takes_content, around)):
                self._add(name, right, box.text, _holds(right))
        elif Role.SINGLE in box.label.roles and Role.BLOCK not in box.label.roles:
            if not gapped_labels(box.text) and not right.text:
                self._add(name, None, box.text, _NO_CELL)

    def _find_plan(self, boxes: Iterable[Box]) -> None:
        if not any("计划" in "".join(box.text.split()) for box in self._grid.texts):
            return
        for box in boxes:
            if name := box.label.roles.get(Role.PLAN):
                place, doubt = self._input(box)
                if place:
                    self._add(f"支出计划.{name}", place, box.text, doubt)
                    self._take([box])

    def _find_singles(self, boxes: Iterable[Box]) -> None:
        left = []
        for box in boxes:
            name = _single_name(box.label)
            if name is None or not self._free(box):
                continue
            place, doubt = self._input(box)
            if place is None:
                left.append((box, name))
                continue
            if box.label.roles.keys() == {Role.MONEY}:
                doubt = doubt or _NO_ROW
            self._add(name, place, box.text, doubt, vague=doubt is _REPEATED)
            self._take([box])
        for box, name in left:
            if box.area.top >= self._top():
                self._find_answered(box, name)

    def _top(self) -> int:
        """The row where the form begins; what stands above is its title."""
        return min((f.area.top for f in self.found if f.area), default=0)

    def _find_beside_tall(self, boxes: Iterable[Box]) -> None:
        """The one blank cell beside a tall label that has other labels beside its first row."""
        for box in boxes:
            name = box.label.roles.get(Role.SINGLE)
            if not name or not self._free(box) or box.height < 2:
                continue
            rows = range(box.area.top + 1, box.area.bottom + 1)
            beside = [self._grid.at(row, box.area.right + 1) for row in rows]
            places = {b.area: b for b in beside if self._takes_content(b)}
            if len(places) == 1:
                (place,) = places.values()
                over = self._grid.above(place)
                if not (over and over.text and over.aligned(place)):
                    self._add(name, place, box.text)
                    self._take([box])

    def _find_year(self) -> None:
        for box in self._grid.boxes:
            if box.asks_year and self._takes_content(box):
                self._add("年度", box, box.look.number_format.replace('"', ""))
            elif box.text and self._free(box) and is_year_line(box.text):
                self._add("年度", box, box.text, _INSIDE)

    def _find_unit_line(self) -> None:
        """The unlabelled cell left of 单位：万元 under a title: the unit that the form is of."""
        if any(canonical(label) in {f.key for f in self.found} for label in _UNITS):
            return
        for box in self._grid.texts:
            left = self._grid.left(box)
            if money_units(box.text) and "单位" in box.text and left and left.drawn:
                if self._takes_content(left) and left.area.left == 1:
                    doubt = _UNLABELLED if left.look.locked else None
                    self._add("预算单位", left, box.text, doubt)

    def _find_unknown(self, boxes: Sequence[Box]) -> None:
        """Answers inside the label's own cell, and labels that the vocabulary does not have."""
        first = self._top()
        for box in boxes:
            if not self._free(box) or money_units(box.text):
                continue
            for words in gapped_labels(box.text):
                if name := _single_name(read_label(words)):
                    self._add(name, box, box.text, _INSIDE)
            words = box.label.words
            named = box.label.roles or not words or _CONNECTING.fullmatch(words)
            if named or len(words) > _LONGEST_LABEL or box.area.top < first or not self._free(box):
                continue
            place, doubt = self._input(box)
            if place and doubt is not _REPEATED:
                self._add(words, place, box.text, _UNKNOWN, vague=True)


def _role(label: Label, role: Role) -> str | None:
    if role is Role.AMOUNT and Role.BLOCK in label.roles:
        return None
    return label.roles.get(role)


def _single_name(label: Label) -> str | None:
    """The name of the one cell that such a label has."""
    if name := label.roles.get(Role.SINGLE) or label.roles.get(Role.TOTAL):
        return name
    if name := _role(label, Role.AMOUNT):
        return f"资金.{name}.金额"
    if name := _role(label, Role.MONEY):
        return f"资金.年度资金总额.{name}"
    return None


# ----------------------------------------------------------------------------------- doubts

_SHARED = Message("与另一个标签共用一个单元格", "another label has the same cell")
_PARTED = Message("填写处分为几段", "the place to fill in has several parts")
_REPEATED = Message("下方有多行空白，像是清单", "several blank rows below, as in a list")
_INSIDE = Message("标签与填写处在同一单元格", "label and answer share one cell")
_NO_CELL = Message("没有找到对应的空白单元格", "no blank cell found for it")
_NO_ROW = Message("没有资金来源一栏，暂按年度资金总额", "no funding row; taken as 年度资金总额")
_NO_AMOUNT = Message("不像金额栏", "does not look like a column of amounts")
_NO_ROWS = Message("表头下没有看得出的空白行", "no blank rows to be seen below the headings")
_CROOKED = Message("与表头的列不一致", "it does not stand in the columns of the headings")
_TABULAR = Message("像是另一张小表中的一格", "it looks like a cell of another table")
_UNLABELLED = Message("单元格没有标签", "the cell has no label")
_UNKNOWN = Message("词汇表中没有这个标签", "the vocabulary has no such label")


def _twice(count: int) -> Message:
    return Message(f"这个标签出现 {count} 处", f"the label stands in {count} places")


def _tables(count: int) -> Message:
    return Message(f"有 {count} 个指标表", f"there are {count} indicator tables")


def _two_places(one: Box, other: Box) -> Message:
    cells = one.area.text, other.area.text
    return Message("{} 与 {} 都可能是".format(*cells), "either {} or {}".format(*cells))


def _doubled(name: str, count: int) -> Message:
    return Message(f"“{name}”列出现 {count} 次", f"there are {count} columns {name}")


def _tall(name: str) -> Message:
    return Message(f"“{name}”列有纵向合并的单元格", f"column {name} has cells merged downwards")


def _holds(box: Box) -> Message:
    words = " ".join(box.text.split())[:20]
    return Message(f"单元格中已印有“{words}”", f"the cell prints “{words}” already")


def _printed_rows(box: Box) -> Message:
    words, cell = " ".join(box.text.split())[:20], box.area.text
    return Message(f"表中已印有内容（{cell}“{words}”）", f"the rows print text ({cell} “{words}”)")


def _no_form() -> Diagnostic:
    return Diagnostic(
        "N110",
        Message(
            "工作簿中没有看得出的填报表（找不到带空白单元格的标签）",
            "no sheet looks like a form: no labels with blank cells were found",
        ),
        fix=Message(
            "请在名称管理器中为各填报单元格定义 xp. 名称，例如 xp.项目名称",
            "define xp. names such as xp.项目名称 for the cells to fill, in the Name Manager",
        ),
    )
