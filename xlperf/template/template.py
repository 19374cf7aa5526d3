"""A template, compiled once and filled many times.

Compiling works out which parts change, splits them into literal bytes and slots, and sorts the
formulas that depend on a field. Filling evaluates those formulas, so that every formula cell that
is written carries its right cached value, and joins the pieces. A table of another length is
compiled once per length, from a package whose rows were inserted or removed.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from xlperf.diagnostic import (
    Diagnostic,
    InputError,
    Message,
    Place,
    Severity,
    WorkbookError,
)
from xlperf.forms import Project
from xlperf.ooxml import trust
from xlperf.ooxml.files import read_file
from xlperf.ooxml.package import Package, damaged
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.ooxml.renaming import rename_sheet
from xlperf.ooxml.rows import RowEdit, resize_rows
from xlperf.ooxml.workbook import (
    Workbook,
    as_workbook,
    file_suffix,
    without_calculation_chain,
)
from xlperf.template.fields import Form, find_forms
from xlperf.template.filling import Filled, Filling, FillRequest, Formulas, compute
from xlperf.template.layout import Layout
from xlperf.template.reading import read_forms

_LAYOUTS_KEPT = 64


class Template:
    """An official form that carries `xp.` names. `name` is its `xp.模板`, such as `x/1`, or "".

    What is filled is always a workbook, though the template be an .xltx or .xltm; `suffix` is the
    one that its file name needs.
    """

    def __init__(
        self,
        data: bytes,
        file: str = "",
        *,
        limits: Limits = DEFAULT,
        strip_signature: bool = False,
    ) -> None:
        """Raises WorkbookError when `data` is no workbook or carries no form.

        A digital signature is refused, or removed where that is asked for.
        """
        try:
            package = Package.open(data, limits)
            self._stripped = trust.has_signature(package)
            if self._stripped:
                if not strip_signature:
                    raise trust.signed()
                package = trust.strip_signature(package)
                data = package.to_bytes()
            self.package = without_calculation_chain(as_workbook(package))
            self.suffix = file_suffix(package)
            workbook = Workbook.open(self.package)
            forms, problems = find_forms(workbook, limits)
        except InputError as error:
            raise WorkbookError([d.at(file=file) for d in error.diagnostics]) from error
        if not forms:
            raise WorkbookError(_no_names(file))
        self.data = data
        self.limits = limits
        self.file = file
        self.form: Form = forms[0]
        self._unfilled = forms[1:]
        self.problems: tuple[Diagnostic, ...] = tuple(p.at(file=file) for p in problems)
        self._layouts: OrderedDict[int, Layout] = OrderedDict()

    @classmethod
    def open(
        cls, path: str | Path, *, limits: Limits = DEFAULT, strip_signature: bool = False
    ) -> "Template":
        """Compile the workbook at `path`. Raises WorkbookError when it cannot be used."""
        data = read_file(Path(path), limits)
        return cls(data, str(path), limits=limits, strip_signature=strip_signature)

    @property
    def name(self) -> str:
        return self.form.constants.get("模板", "")

    @cached_property
    def notices(self) -> tuple[Diagnostic, ...]:
        """What a person should know of before trusting it.

        Links to elsewhere, a lost signature, forms beside the one that is filled.
        """
        noticed = [trust.stripped()] if self._stripped else []
        if self._unfilled:
            noticed.append(_several(self.form, self._unfilled))
        return tuple(n.at(file=self.file) for n in (*noticed, *trust.notices(self.package)))

    @cached_property
    def formula_labels(self) -> frozenset[str]:
        """Canonical labels of the single fields whose cell holds a formula of the template."""
        layout = self.layout(self.form.last - self.form.first + 1)
        return frozenset(key for key, slot in layout.scalars.items() if slot.formula)

    def read(self, workbook: bytes) -> Project:
        """The record of a workbook that was made from this template.

        The names inside the workbook are followed, so rows and columns may have moved. Raises
        WorkbookError when it cannot be read or carries no form.
        """
        forms, _ = read_forms(workbook, self.limits)
        if not forms:
            raise WorkbookError(_no_names(""))
        return forms[0][1]

    def fill(self, project: Project, formulas: Formulas | None = None) -> bytes:
        """The finished workbook of one project, with `formulas` in its table cells."""
        return self.render(project, formulas).data

    def render(
        self, project: Project, formulas: Formulas | None = None, *, sheet: str = ""
    ) -> Filled:
        """Fill, and tell what the form's formulas came to and where the data departs from them.

        `sheet` is another name for the form's sheet, one that `sheet_name_problem` has none with.

        Raises WorkbookError when a value cannot stand in a cell or the table cannot be resized.
        """
        (filled,) = self.render_all([FillRequest(project, formulas or {}, sheet)])
        if isinstance(filled, InputError):
            raise filled
        return filled

    def render_all(self, requests: Sequence[FillRequest]) -> Iterator[Filled | InputError]:
        """`render` for several projects, whose formulas are computed together.

        Gives an error in the place of a workbook that cannot be.
        """
        begun: list[tuple[Filling | InputError, str]] = []
        alike: dict[Layout, list[Filling]] = {}
        for project, formulas, sheet in requests:
            try:
                layout = self.layout(max(len(project.indicators), 1))
                filling = Filling(layout, project, formulas)
            except InputError as error:
                begun.append((error, sheet))
            else:
                begun.append((filling, sheet))
                alike.setdefault(layout, []).append(filling)
        for fillings in alike.values():
            compute(fillings)
        for one, sheet in begun:
            try:
                yield one if isinstance(one, InputError) else self._finished(one, sheet)
            except InputError as error:
                yield error

    def _finished(self, filling: Filling, sheet: str) -> Filled:
        filled = filling.workbook()
        if not sheet:
            return filled
        package = Package.open(filled.data, self.limits)
        data = rename_sheet(package, self.form.sheet.part, sheet).to_bytes()
        noticed = tuple(diagnostic.at(sheet=sheet) for diagnostic in filled.diagnostics)
        return replace(filled, data=data, diagnostics=noticed)

    def layout(self, count: int) -> Layout:
        """The compiled form whose table has `count` rows."""
        form = self.form
        if not form.columns:
            count = 0
        if count in self._layouts:
            self._layouts.move_to_end(count)
            return self._layouts[count]
        package = self.package
        own = form.last - form.first + 1
        if form.columns and count != own:
            self.layout(own)  # tells of a sheet that is damaged or too large, as no edit does
            edit = RowEdit(form.first, form.last, count)
            try:
                package = resize_rows(package, form.sheet.part, edit)
            except ValueError as error:  # an address or number that is none, in any part
                raise damaged(form.sheet.part) from error
        layout = self._layouts[count] = Layout(package, form.scope)
        if len(self._layouts) > _LAYOUTS_KEPT:
            self._layouts.popitem(last=False)
        return layout


def _several(form: Form, others: list[Form]) -> Diagnostic:
    zh = "、".join(f"“{other.sheet.name}”" for other in others)
    en = ", ".join(f"“{other.sheet.name}”" for other in others)
    return Diagnostic(
        "N114",
        Message(
            f"模板中有 {len(others) + 1} 张表，只填写工作表“{form.sheet.name}”上的一张，"
            f"{zh}保持原样",
            f"the template holds {len(others) + 1} forms; only the one on “{form.sheet.name}” is "
            f"filled, those on {en} stay as they are",
        ),
        severity=Severity.WARNING,
        fix=Message("请把每张表存为单独的模板", "make each form a template of its own"),
    )


def _no_names(file: str) -> Diagnostic:
    return Diagnostic(
        "N100",
        Message(
            "工作簿中没有 xp. 名称，不是 xlperf 模板",
            "the workbook carries no xp. names, so it is no xlperf template",
        ),
        place=Place(file=file),
        fix=Message(
            "请在名称管理器中为各填报单元格定义 xp. 名称，例如 xp.项目名称",
            "define xp. names such as xp.项目名称 for the cells to fill, in the Name Manager",
        ),
    )
