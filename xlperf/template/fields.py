"""The contract of a template: which `xp.` names a workbook carries and what they stand for.

A name that begins with `xp.` belongs to xlperf; every other name is the author's own. Names may be
scoped to the workbook or, where one workbook holds a sheet per project, to a sheet.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from xlperf.diagnostic import Diagnostic, Message, Place, Severity
from xlperf.forms import INDICATOR_PREFIX, KEY, Kind, canonical, kind_of
from xlperf.ooxml.address import Area, parse_area, split_sheet
from xlperf.ooxml.package import Package, relationships_part
from xlperf.ooxml.preflight import DEFAULT, Limits, check_form_table
from xlperf.ooxml.workbook import (
    DefinedName,
    Sheet,
    Workbook,
    string_constant,
    string_text,
    workbook_part,
)

PREFIX = "xp."
KEY_NAME = re.compile(
    rb"(<(?:\w+:)?definedName\b[^>]*\bname=(?:\"%b\"|'%b')[^>]*>)[^<]*(</)"
    % ((PREFIX + KEY).encode(), (PREFIX + KEY).encode())
)
"""The name `xp.编号` in a workbook part, its value between the groups."""


@dataclass(frozen=True, slots=True)
class Field:
    """One `xp.` name on cells: `label` as the template spells it, `key` its canonical form.

    The label of a table column is without 指标.; `area` is one merged cell, or the column's cells.
    """

    label: str
    key: str
    kind: Kind
    area: Area


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one form: where its constants, its single fields and its table stand.

    `columns` lie over the same rows, `first` to `last` (0 and 0 where there is no table). `scope`
    is the sheet index that its names are scoped to, None for names of the workbook.
    """

    sheet: Sheet
    constants: Mapping[str, str]
    scalars: tuple[Field, ...]
    columns: tuple[Field, ...]
    first: int
    last: int
    scope: int | None = None

    def scalar(self, key: str) -> Field | None:
        return next((field for field in self.scalars if field.key == key), None)

    def column(self, key: str) -> Field | None:
        return next((field for field in self.columns if field.key == key), None)


def find_forms(workbook: Workbook, limits: Limits = DEFAULT) -> tuple[list[Form], list[Diagnostic]]:
    """Every form that the workbook's names describe, and what is wrong with the names.

    A name with a problem is left out of its form and reported: the others still work. Raises
    WorkbookError for a table beyond the limits.
    """
    problems: list[Diagnostic] = []
    scopes: dict[int | None, list[DefinedName]] = {}
    for name in workbook.names:
        if name.name.lower().startswith(PREFIX):
            scopes.setdefault(name.sheet, []).append(name)
    shared = {label: value for label, value, _ in _constants(scopes.get(None, []))}
    sheets = {sheet.name.casefold(): sheet for sheet in reversed(workbook.sheets)}
    forms = []
    for scope, names in scopes.items():
        fields, sheet = _fields(names, sheets, limits, problems)
        if sheet is None:
            continue
        constants = shared | {label: value for label, value, _ in _constants(names)}
        scalars = tuple(f for f, is_column in fields if not is_column)
        table = [f for f, is_column in fields if is_column]
        columns, rows = _table(table, sheet, limits, problems)
        forms.append(Form(sheet, constants, scalars, columns, *rows, scope))
    return sorted(forms, key=lambda form: form.sheet.index), problems


def open_forms(package: Package) -> tuple[Workbook, list[Form], list[Diagnostic]]:
    """The workbook part of a package, and what `find_forms` says of it.

    Workbooks made from one template differ, as far as this goes, only in the value of `xp.编号`.
    So what is found is kept for the part without that value, which is then put into its place.
    Raises WorkbookError as `Workbook.open` and `find_forms` do.
    """
    names = tuple(package)
    root = names, package.packed(relationships_part(""))
    part = _main.get(root) or workbook_part(package)
    xml = package.read(part)
    found = KEY_NAME.search(xml)
    value = _plain(xml[found.end(1) : found.start(2)]) if found else None
    if found is None or value is None or KEY_NAME.search(xml, found.end()):
        shared, value = (xml, b""), None
    else:
        shared = xml[: found.end(1)], xml[found.start(2) :]
    links = package.packed(relationships_part(part))
    key = (root, part, links, shared, package.limits)
    if (known := _opened.get(key)) is None:
        workbook = Workbook.open(package)
        known = workbook, *find_forms(workbook, package.limits)
        if len(_opened) >= _MOST_OPENED:
            _opened.clear()
            _main.clear()
        if len(xml) <= _LARGEST_KEPT:
            _opened[key] = known
            _main[root] = part
    workbook, forms, problems = known
    return (
        workbook if value is None else _keyed_workbook(workbook, value),
        list(forms) if value is None else [_keyed_form(form, value) for form in forms],
        list(problems),
    )


def _keyed_workbook(workbook: Workbook, value: str) -> Workbook:
    text = string_text(value)
    names = (replace(n, text=text) if n.name == PREFIX + KEY else n for n in workbook.names)
    return replace(workbook, names=tuple(names))


def _keyed_form(form: Form, value: str) -> Form:
    return (
        replace(form, constants={**form.constants, KEY: value}) if KEY in form.constants else form
    )


_opened: dict[object, tuple[Workbook, list[Form], list[Diagnostic]]] = {}
_main: dict[object, str] = {}
_MOST_OPENED, _LARGEST_KEPT = 16, 100_000


def _plain(text: bytes) -> str | None:
    """The string that a name stands for, where its text holds nothing that XML would escape."""
    try:
        plain = text.decode()
    except UnicodeDecodeError:
        return None
    return string_constant(plain) if plain.isprintable() and "&" not in plain else None


def _constants(names: list[DefinedName]) -> Iterator[tuple[str, str, DefinedName]]:
    for name in names:
        if (value := string_constant(name.text)) is not None:
            yield name.name[len(PREFIX) :], value, name


def _fields(
    names: list[DefinedName],
    sheets: Mapping[str, Sheet],
    limits: Limits,
    problems: list[Diagnostic],
) -> tuple[list[tuple[Field, bool]], Sheet | None]:
    """The names on cells, those of table columns marked, and the sheet that most of them are on."""
    located = []
    for name in names:
        if string_constant(name.text) is None:
            if (place := _located(name, sheets)) is None:
                problems.append(_broken(name))
            elif name.text.count("$") < 2:
                problems.append(_relative(name))
            else:
                located.append((name, *place))
    if not located:
        return [], None
    home, _ = Counter(sheet for _, sheet, _ in located).most_common(1)[0]
    found: list[tuple[Field, bool]] = []
    seen: dict[str, str] = {}
    for name, sheet, area in located:
        if sheet != home:
            problems.append(_elsewhere(name, home, sheet))
            continue
        label = name.name[len(PREFIX) :]
        key = canonical(label)
        if key in seen:
            problems.append(_twice(name, seen[key]))
            continue
        seen[key] = name.name
        is_column = key.startswith(INDICATOR_PREFIX)
        if is_column:
            label, key = label.partition(".")[2], key.removeprefix(INDICATOR_PREFIX)
        elif area.size > limits.cells:
            problems.append(_vast(name, sheet))
            continue
        kind = kind_of(INDICATOR_PREFIX + key if is_column else key)
        found.append((Field(label, key, kind, area), is_column))
    found.sort(key=lambda item: (item[0].area.top, item[0].area.left))
    return found, home


def _located(name: DefinedName, sheets: Mapping[str, Sheet]) -> tuple[Sheet, Area] | None:
    """The sheet and the one area that a name refers to."""
    sheet_name, reference = split_sheet(name.text.strip().removeprefix("="))
    try:
        area = parse_area(reference)
    except ValueError:
        return None
    sheet = sheets.get(sheet_name.casefold())
    return None if sheet is None else (sheet, area)


def _table(
    columns: list[Field], sheet: Sheet, limits: Limits, problems: list[Diagnostic]
) -> tuple[tuple[Field, ...], tuple[int, int]]:
    """The columns that lie over the same rows as most of them, and those rows."""
    if not columns:
        return (), (0, 0)
    spans = [(field.area.top, field.area.bottom) for field in columns]
    rows, _ = Counter(spans).most_common(1)[0]
    for field, span in zip(columns, spans, strict=True):
        if span != rows:
            problems.append(_uneven(field, sheet, rows))
    kept = [f for f, span in zip(columns, spans, strict=True) if span == rows]
    size = sum(field.area.size for field in kept)
    check_form_table(rows[1] - rows[0] + 1, size, sheet.name, limits)
    return tuple(sorted(kept, key=lambda f: f.area.left)), rows


def _name_problem(code: str, name: str, message: Message, fix: Message) -> Diagnostic:
    return Diagnostic(code, message, place=Place(cell=name), severity=Severity.ERROR, fix=fix)


def _broken(name: DefinedName) -> Diagnostic:
    return _name_problem(
        "N101",
        name.name,
        Message(
            f"名称不指向一个单元格区域（{name.text}）",
            f"the name does not refer to one area of cells ({name.text})",
        ),
        Message(
            "请在名称管理器中重新指定引用位置或删除该名称",
            "set its reference again in the Name Manager, or delete the name",
        ),
    )


def _relative(name: DefinedName) -> Diagnostic:
    return _name_problem(
        "N108",
        name.name,
        Message(
            f"名称用了相对引用（{name.text}），插入行后会错位",
            f"the name refers to cells without $ ({name.text}) and would not follow inserted rows",
        ),
        Message("请改为绝对引用，例如 $B$5:$B$9", "write it with $, such as $B$5:$B$9"),
    )


def _vast(name: DefinedName, sheet: Sheet) -> Diagnostic:
    return _name_problem(
        "N109",
        name.name,
        Message(
            f"名称的区域过大（工作表“{sheet.name}”，{name.text}）",
            f"the name covers far too many cells ({name.text} on sheet “{sheet.name}”)",
        ),
        Message("请让名称只覆盖填报的单元格", "let it cover the cells to be filled only"),
    )


def _elsewhere(name: DefinedName, home: Sheet, sheet: Sheet) -> Diagnostic:
    return _name_problem(
        "N102",
        name.name,
        Message(
            f"名称在工作表“{sheet.name}”上，其余名称在“{home.name}”上",
            f"the name is on sheet “{sheet.name}”, the others are on “{home.name}”",
        ),
        Message(
            "一张表的名称应在同一工作表；多张表请使用工作表级名称",
            "keep the names of one form on one sheet; use sheet-scoped names for several forms",
        ),
    )


def _twice(name: DefinedName, other: str) -> Diagnostic:
    return _name_problem(
        "N103",
        name.name,
        Message(f"与 {other} 表示同一个字段", f"means the same field as {other}"),
        Message("请删除其中一个", "delete one of them"),
    )


def _uneven(field: Field, sheet: Sheet, rows: tuple[int, int]) -> Diagnostic:
    return Diagnostic(
        "N104",
        Message(
            f"{PREFIX}{INDICATOR_PREFIX}{field.label} 的行与其他指标列不同"
            f"（应为第 {rows[0]}–{rows[1]} 行）",
            f"xp.{INDICATOR_PREFIX}{field.label} does not cover the same rows as the other columns "
            f"(rows {rows[0]} to {rows[1]})",
        ),
        place=Place(sheet=sheet.name, cell=field.area.text),
        fix=Message("请让各指标列的名称覆盖相同的行", "let all column names cover the same rows"),
    )
