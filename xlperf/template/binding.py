"""From a blank official form to a template: the `xp.` names that its cells get.

What the form's layout says plainly is written. What it does not is proposed with the reason for
the doubt, and only written when asked for. `blank` reads the layout.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlperf.diagnostic import Diagnostic, Lang, Message, Place, WorkbookError
from xlperf.forms import INDICATOR_PREFIX, KEY, canonical
from xlperf.ooxml import trust
from xlperf.ooxml.address import Area, cell_name
from xlperf.ooxml.files import read_file, write_file
from xlperf.ooxml.package import Package
from xlperf.ooxml.sheet import read_sheet, read_strings
from xlperf.ooxml.styles import Styles
from xlperf.ooxml.workbook import (
    DefinedName,
    Sheet,
    Workbook,
    string_constant,
    string_text,
    with_names,
)
from xlperf.template.blank import CONSTANTS, Found, Page, find_all, money_unit
from xlperf.template.fields import PREFIX, Form, find_forms

_ENOUGH = 3
_LONGEST_NAME = 200

# What most forms have: of each group one field at least. The first stands for the group.
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
    """A name for a place on a form, and the printed words that speak for it.

    `cell` is the address, the value in quotes for a constant, "" where no cell was found. `doubt`
    says why it is not certain; None for what is.
    """

    name: str
    cell: str
    label: str
    doubt: Message | None = None


@dataclass(frozen=True, slots=True)
class BoundForm:
    """What became of one form: names that were written, were there before, or are left undecided.

    `missing` are fields that most forms have and this one does not show.
    """

    sheet: str
    bound: tuple[Proposal, ...]
    kept: tuple[Proposal, ...]
    unsure: tuple[Proposal, ...]
    missing: tuple[str, ...]

    @property
    def fillable(self) -> bool:
        """Whether any cell has a name, so that there is something to fill."""
        return any(not p.cell.startswith('"') for p in (*self.bound, *self.kept))

    def lines(self, lang: Lang = "zh") -> Iterator[str]:
        """The report as a person reads it, one name a line."""
        yield Message(f"工作表“{self.sheet}”", f"Sheet “{self.sheet}”").text(lang)
        for heading, proposals in (
            (_BOUND, self.bound),
            (_KEPT, self.kept),
            (_UNSURE, self.unsure),
        ):
            if proposals:
                yield f"{heading.text(lang)} {len(proposals)}"
            for p in proposals:
                places = _wide(p.name, 44) + _wide(p.cell, 10) + _wide(p.label, 24)
                yield f"  {places}{p.doubt.text(lang) if p.doubt else ''}".rstrip()
        if self.missing:
            listed = ("、" if lang == "zh" else ", ").join(self.missing)
            yield f"{_MISSING.text(lang)} {listed}"


_BOUND = Message("已绑定的名称", "names bound")
_KEPT = Message("原有的名称，保持不变", "names that were there and stay")
_UNSURE = Message("不确定、未写入", "unsure, not written")
_MISSING = Message("没有找到的常用字段：", "usual fields not found:")


def _wide(text: str, width: int) -> str:
    """The text and at least a space behind it, up to this many columns of a terminal."""
    used = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return text + " " * max(width - used, 1)


@dataclass(frozen=True, slots=True)
class Binding:
    """A form made into a template: the workbook, and the report of each form in it."""

    data: bytes
    forms: tuple[BoundForm, ...]


def bind_file(
    form: Path, out: Path, name: str = "", *, unsure: bool = False, strip_signature: bool = False
) -> tuple[BoundForm, ...]:
    """Write the template that `bind` makes of a form; its name is that of the file unless given.

    Raises WorkbookError as `bind` does, and when `out` cannot be written.
    """
    if form.suffix.lower() != out.suffix.lower():
        raise WorkbookError(_other_suffix(form, out))
    data = read_file(form)
    try:
        made = bind(data, name or form.stem, unsure=unsure, strip_signature=strip_signature)
    except WorkbookError as error:
        raise WorkbookError(d.at(file=str(form)) for d in error.diagnostics) from error
    write_file(out, made.data)
    return made.forms


def bind(data: bytes, name: str, *, unsure: bool = False, strip_signature: bool = False) -> Binding:
    """Give the cells of a blank form their `xp.` names; only the workbook part changes.

    `name` becomes `xp.模板`, as `name/1` where it has no version. With `unsure` the doubtful
    proposals are written too, as far as they do not contradict another name. Names that are there
    stay. Where several sheets look like forms, their names are scoped to the sheet.

    Raises WorkbookError when the workbook cannot be read, is signed, or has no sheet that looks
    like a form.
    """
    package = Package.open(data)
    if trust.has_signature(package):
        if not strip_signature:
            raise trust.signed()
        package = trust.strip_signature(package)
    workbook = Workbook.open(package)
    pages = _read(package, workbook)
    forms = [page for page in pages if page.form or page.is_form]
    forms = forms or [page for page in pages if page.is_doubtful_form]
    if not forms:
        raise WorkbookError(_no_form())
    taken = any(page.form and page.form.scope is None for page in pages)
    several = len(forms) > 1 or taken
    names: list[DefinedName] = []
    reports = []
    for page in forms:
        scope = page.form.scope if page.form else page.sheet.index if several else None
        own, report = _bind_form(page, scope, workbook.names, name, unsure=unsure)
        names += own
        reports.append(report)
    made = with_names(package, names) if names else package
    return Binding(made.to_bytes(), tuple(reports))


@dataclass(frozen=True, slots=True)
class _SheetRead:
    """One sheet as it was read: the form that its names make already, and what was found."""

    sheet: Sheet
    form: Form | None
    found: Sequence[Found]
    units: frozenset[tuple[str, str]]

    @property
    def is_form(self) -> bool:
        sure = [found.label for found in self.found if not found.doubt]
        columns = [label for label in sure if label.startswith(INDICATOR_PREFIX)]
        return len(sure) > len(columns) and (bool(columns) or len(sure) >= _ENOUGH)

    @property
    def is_doubtful_form(self) -> bool:
        return sum(bool(found.area) and not found.vague for found in self.found) >= _ENOUGH


def _read(package: Package, workbook: Workbook) -> list[_SheetRead]:
    strings = read_strings(package, workbook.shared_strings)
    styles = Styles.open(package, workbook.styles)
    existing = {form.sheet.index: form for form in find_forms(workbook)[0]}
    pages = []
    for sheet in workbook.sheets:
        form = existing.get(sheet.index)
        rows = (form.first, form.last) if form and form.columns else None
        page = Page(read_sheet(package.read(sheet.part), sheet.part, strings), styles, rows)
        stated = ((money_unit(box.text), box.text) for box in page.texts)
        units = frozenset((unit, text) for unit, text in stated if unit)
        pages.append(_SheetRead(sheet, form, _settled(find_all(page), form), units))
    return pages


def _settled(found: Sequence[Found], form: Form | None) -> list[Found]:
    """What was found, without what the form has names for, contradictions turned into doubts."""
    taken = {(f.area.top, f.area.left) for f in (*form.scalars, *form.columns)} if form else set()
    found = [f for f in found if f.key not in CONSTANTS and f.corner not in taken]
    sure = [f for f in found if not f.doubt]
    labels: dict[str, list[str]] = {}
    for item in sure:
        labels.setdefault(item.key, []).append(item.label)
    corners = Counter(f.corner for f in sure)
    settled: dict[Found, None] = {}
    for item in found:
        same = labels.get(item.key, [])
        if item.doubt and same:
            continue
        # Of several labels of one meaning, the one spelled as in the vocabulary is meant.
        meant = len(same) == 1 or (item.label == item.key and same.count(item.label) == 1)
        if not item.doubt and not meant:
            item = replace(item, doubt=_repeated(same))
        elif not item.doubt and corners[item.corner] > 1:
            item = replace(item, doubt=_SHARED)
        settled[item] = None
    return sorted(settled, key=_place)


def _place(found: Found) -> tuple[int, int]:
    return found.corner or (0, 0)


def _bind_form(
    page: _SheetRead,
    scope: int | None,
    names: Iterable[DefinedName],
    template: str,
    *,
    unsure: bool,
) -> tuple[list[DefinedName], BoundForm]:
    """The names to write for one form, and the report."""
    ours = [n for n in names if n.name.lower().startswith(PREFIX)]
    kept = [n for n in ours if n.sheet == scope or (n.sheet is None and _is_constant(n))]
    there = {canonical(n.name[len(PREFIX) :]) for n in kept}
    found = [item for item in page.found if item.key not in there]
    chosen = _compatible(found) if unsure else [item for item in found if not item.doubt]
    bound = [
        (Proposal(PREFIX + label, text, printed), text)
        for label, text, printed in _constants(page, template)
        if label not in there
    ]
    for item in chosen:
        if item.area:
            bound.append((_proposal(item), _reference(page.sheet.name, item.area)))
    report = BoundForm(
        page.sheet.name,
        tuple(proposal for proposal, _ in bound),
        tuple(Proposal(name.name, name.text, "") for name in kept),
        tuple(_proposal(item) for item in found if item not in chosen),
        tuple(_missing({item.key for item in found if item.area} | there)),
    )
    return [DefinedName(proposal.name, text, scope) for proposal, text in bound], report


def _is_constant(name: DefinedName) -> bool:
    """Whether it is one for all forms of the workbook; other names belong to one form."""
    return string_constant(name.text) is not None


def _compatible(found: Sequence[Found]) -> list[Found]:
    """All that can be written side by side; what is sure comes first.

    No two have one meaning or one cell, and the columns of the table have the same rows.
    """
    chosen: list[Found] = []
    rows: set[tuple[int, int]] = set()
    for item in sorted(found, key=lambda f: f.doubt is not None):
        if item.area and all(item.key != c.key and item.corner != c.corner for c in chosen):
            if item.key.startswith(INDICATOR_PREFIX):
                rows = rows or {(item.area.top, item.area.bottom)}
                if (item.area.top, item.area.bottom) not in rows:
                    continue
            chosen.append(item)
    return sorted(chosen, key=_place)


def _constants(page: _SheetRead, template: str) -> Iterator[tuple[str, str, str]]:
    """Label, text of the name, and the printed words that it comes from."""
    plain = "".join(c for c in template if c.isprintable())[:_LONGEST_NAME]
    version = "" if re.search(r"/\d+$", plain) else "/1"
    yield "模板", string_text((plain or page.sheet.name) + version), ""
    yield KEY, string_text(""), ""
    if len({unit for unit, _ in page.units}) == 1:
        unit, printed = min(page.units)
        yield "金额单位", string_text(unit), _one_line(printed)


def _proposal(found: Found) -> Proposal:
    cell = found.area.text if found.area else ""
    return Proposal(PREFIX + found.label, cell, _one_line(found.printed), found.doubt)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _reference(sheet: str, area: Area) -> str:
    corners = [cell_name(area.top, area.left), cell_name(area.bottom, area.right)]
    absolute = [re.sub(r"([A-Z]+)(\d+)", r"$\1$\2", corner) for corner in dict.fromkeys(corners)]
    quoted = sheet.replace("'", "''")
    return f"'{quoted}'!{':'.join(absolute)}"


def _missing(keys: set[str]) -> Iterator[str]:
    present = keys | {key.partition(".")[0] for key in keys}
    usual = (*_USUAL, *_USUAL_SCORED) if keys & _SCORED else _USUAL
    for group in usual:
        if not present & {*group, *map(canonical, group)}:
            yield group[0]


_SHARED = Message("与另一个标签共用一个单元格", "another label has the same cell")


def _repeated(labels: Sequence[str]) -> Message:
    if len(set(labels)) == 1:
        count = len(labels)
        return Message(f"这个标签出现 {count} 处", f"the label stands in {count} places")
    return Message(f"{'、'.join(labels)} 表示同一项内容", f"{', '.join(labels)} mean the same")


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


def _other_suffix(form: Path, out: Path) -> Diagnostic:
    return Diagnostic(
        "N111",
        Message(
            f"输出文件的扩展名应与表单相同（{form.suffix}）",
            f"the file to write must end as the form does ({form.suffix})",
        ),
        place=Place(file=str(out)),
        fix=Message(
            f"请改为 {out.with_suffix(form.suffix).name}",
            f"write to {out.with_suffix(form.suffix).name}",
        ),
    )
