"""Binding blank forms: those that ship with xlperf, and others after the layouts in use.

What belongs where stands in the drawings of `forms_blank`; nothing else may be named.
"""

import io
import re
import struct
import zlib
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ooxml.hard_workbook import hard_workbook
from tests.template.blank_forms import BlankForm, Token, draw_all, names, parts
from tests.template.forms import record
from xlperf import bulk
from xlperf.cli import cli
from xlperf.diagnostic import Severity, WorkbookError
from xlperf.forms import Project, canonical
from xlperf.ooxml.package import Package
from xlperf.ooxml.sheet import read_sheet, read_strings
from xlperf.ooxml.workbook import DefinedName, Workbook, with_names
from xlperf.resources import examples_root, shipped_templates
from xlperf.template import Template, replace_texts, template_report
from xlperf.template.binding import Binding, BoundForm, bind, bind_file
from xlperf.template.reading import read_forms

FORMS = names()
# A heading in the Hebei form has other words than its field, and nothing else leads to it.
NOT_FOUND = {
    f"xp.总体指标.{x}" for x in ("归集额", "住房消费支持额", "个人住房贷款发放额", "增值收益")
}
_NAME = re.compile(rb"<definedName name=\"xp\.[^<]*</definedName>")


def defined(data: bytes) -> dict[tuple[str, int | None], str]:
    workbook = Workbook.open(Package.open(data))
    return {(name.name, name.sheet): name.text for name in workbook.names}


def ours(data: bytes) -> dict[str, str]:
    return {name: text for (name, _), text in defined(data).items() if name.startswith("xp.")}


def unnamed(data: bytes) -> bytes:
    """A template as it was before it got its names."""
    package = Package.open(data)
    part = Workbook.open(package).part
    plain = _NAME.sub(b"", package.read(part))
    return package.replace({part: plain}).to_bytes()


def has_fields(data: bytes) -> bool:
    return not ours(data).keys() <= {"xp.模板", "xp.编号", "xp.金额单位"}


def cells(form: BoundForm) -> dict[str, str]:
    """Label → cell of what was bound, without the constants."""
    return {p.name[3:]: p.cell for p in form.bound if not p.cell.startswith('"')}


def one(binding: Binding) -> BoundForm:
    (form,) = binding.forms
    return form


# ------------------------------------------------------------------ the forms that ship


def test_the_cells_of_the_shipped_templates_are_found_and_no_others():
    wanted, found = {}, {}
    for path in shipped_templates():
        data = path.read_bytes()
        assert ours(unnamed(data)) == {}
        got = ours(bind(unnamed(data), path.stem).data)
        wanted |= {(path.stem, name): text for name, text in ours(data).items()}
        found |= {(path.stem, name): text for name, text in got.items()}
    assert {name for _, name in wanted.keys() - found.keys()} == NOT_FOUND
    assert found.items() <= wanted.items()
    assert len(found) >= 0.95 * len(wanted)


def test_a_heading_is_known_without_the_cached_value_of_its_formula():
    path = next(path for path in shipped_templates() if path.stem == "shanghai_declaration")
    book = openpyxl.load_workbook(path)
    book.defined_names.clear()
    file = io.BytesIO()
    book.save(file)
    made = bind(file.getvalue(), "x")
    assert cells(one(made))["项目总目标"] == "B11:D11"


@pytest.mark.parametrize("path", shipped_templates(), ids=lambda path: path.stem)
def test_a_template_that_has_its_names_keeps_them(path):
    data = path.read_bytes()
    again = bind(data, "other")
    assert defined(again.data) == defined(data)
    assert one(again).bound == ()
    assert len(one(again).kept) == len(ours(data))


# ------------------------------------------------------------------- other forms


@pytest.fixture(scope="module")
def decorations():
    """What real forms carry beside their cells."""

    def decorate(book, sheet):
        image = {"image_data": io.BytesIO(png()), "object_position": 2}
        sheet.insert_image("A1", "logo.png", image)
        sheet.insert_textbox("D30", "填表说明：请用黑色字体填写。")
        choices = {"validate": "list", "source": ["产出指标", "效益指标", "满意度指标"]}
        sheet.data_validation("B10:B20", choices)
        sheet.conditional_format("A1:J30", {"type": "no_blanks", "format": None})
        sheet.write_comment("A1", "单位领导签字", {"author": "财政局"})
        sheet.protect("", {"format_rows": True})
        sheet.repeat_rows(0)
        book.define_name("作者的名称", f"='{sheet.get_name()}'!$A$1")

    return decorate


@pytest.mark.parametrize("name", FORMS)
def test_a_blank_form_is_bound_as_drawn(name):
    form = BlankForm.load(name)
    bound = one(bind(draw_all(form), name))
    assert cells(bound) == {label: area.text for label, area in form.sure.items()}
    unsure = {(p.name[3:], p.cell) for p in bound.unsure if p.cell}
    assert unsure == {(label, a.text) for label, areas in form.unsure.items() for a in areas}
    assert all(p.doubt and p.doubt.zh and p.doubt.en for p in bound.unsure)
    constants = {p.name: p.cell for p in bound.bound if p.cell.startswith('"')}
    unit = {"xp.金额单位": f'"{form.unit}"'} if form.unit else {}
    assert constants == {"xp.模板": f'"{name}/1"', "xp.编号": '""'} | unit


@pytest.mark.parametrize("name", FORMS)
def test_without_borders_less_is_bound_but_nothing_wrongly(name):
    form = BlankForm.load(name)
    form.bare = True
    bound = one(bind(draw_all(form), name))
    assert cells(bound).items() <= {label: area.text for label, area in form.sure.items()}.items()


@pytest.mark.parametrize("unsure", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_what_is_bound_is_a_sound_template(name, unsure, decorations):
    blank = draw_all(BlankForm.load(name), decorate=decorations)
    made = bind(blank, name, unsure=unsure).data
    before, after = dict(parts(blank)), dict(parts(made))
    assert (
        list(before) == [part for part in after if part in before] or before.keys() == after.keys()
    )
    assert {part for part in after if after[part] != before.get(part)} == {"xl/workbook.xml"}
    assert defined(blank).items() <= defined(made).items()
    if has_fields(made):
        problems = template_report(Template(made, name)).problems
        assert [p for p in problems if p.severity is Severity.ERROR] == []


@pytest.mark.parametrize("name", [name for name in FORMS if BlankForm.load(name).sure])
def test_every_bound_cell_is_filled_and_read_back(name):
    form = BlankForm.load(name)
    blank = draw_all(form)
    template = Template(bind(blank, name).data)
    scalars = {f.key: sample(f.key) for f in template.form.scalars}
    columns = {f.key: sample("指标." + f.key) for f in template.form.columns}
    rows = [dict(columns), dict(columns)] if columns else []
    filled = template.fill(filled_record(scalars, rows))
    project = template.read(filled)
    assert {key: project.entry(key).text for key in scalars} == scalars
    assert [{k: i.entry(k).text for k in columns} for i in project.indicators] == rows
    # Nothing printed was lost, but for hints in the cells that were filled.
    inside = [*form.sure.values()]
    after = texts(filled)
    for area, text in form.texts.items():
        outside = all(not a.holds(area.top, area.left) for a in inside)
        below = template.form.last and area.top >= template.form.first
        if text and outside and not below:
            assert after[area.top, area.left] == text.replace("\\n", "\n")


def sample(key: str) -> str:
    if key.startswith("资金.") or key in ("总分", "分值合计", "指标.分值", "指标.得分"):
        return "12.5"
    if key.startswith("支出计划."):
        return "50%"
    if key == "年度":
        return "2025"
    return "2025-03-01" if "日期" in key else f"{key} 的内容"


def filled_record(scalars: dict[str, str], rows: list[dict[str, str]]) -> Project:
    labels = list(rows[0]) if rows else []
    return record(scalars, [[row[label] for label in labels] for row in rows], labels)


def texts(data: bytes) -> dict[tuple[int, int], str]:
    package = Package.open(data)
    workbook = Workbook.open(package)
    part = workbook.sheets[0].part
    strings = read_strings(package, workbook.shared_strings)
    found = read_sheet(package.read(part), part, strings).cells
    return {p: f"{c.value:g}" if isinstance(c.value, float) else c.value for p, c in found.items()}


# ------------------------------------------------------------- labels in other spellings

SPACES = st.sampled_from(["", " ", "\n", "　", "  "])
BEFORE = st.sampled_from(["", "一、", "（三）", "2．", "1.", "*", "①", "　　", "其中："])
BEHIND = st.sampled_from(["", "：", ":", "（盖章）", "（必填）：", "(元)", "【限100字】", " "])


@settings(max_examples=80)
@given(st.data())
def test_a_label_is_known_in_any_spelling(data):
    form = BlankForm.load("spread_labels")
    for area, text in form.texts.items():
        if text in PLAIN:
            inner = "".join(c + data.draw(SPACES) for c in text[:-1]) + text[-1]
            form.texts[area] = data.draw(BEFORE) + inner + data.draw(BEHIND)
    bound = one(bind(draw_all(form), "x"))
    assert cells(bound) == {label: area.text for label, area in form.sure.items()}


PLAIN = {"一 级 指 标", "二级\n指标", "三 级\n指 标", "【年度总体目标】"} | {
    text for text in BlankForm.load("spread_labels").texts.values() if "项" in text or "部" in text
}


# ------------------------------------------------------------------- several sheets, kept names


def test_each_form_of_a_workbook_gets_names_of_its_sheet():
    first, second = (BlankForm.load(n) for n in ("national_self_evaluation", "monitoring"))
    made = bind(draw_all(first, second), "两张表")
    assert [form.sheet for form in made.forms] == [first.title, second.title]
    scopes = {scope for (name, scope) in defined(made.data) if name.startswith("xp.")}
    assert scopes == {0, 1}
    assert [cells(f).keys() for f in made.forms] == [f.sure.keys() for f in (first, second)]
    read, _ = read_forms(made.data)
    assert [form.sheet.name for form, _ in read] == [first.title, second.title]


def test_lists_and_notes_are_no_forms():
    def draw(book):
        form = BlankForm.load("national_self_evaluation")
        box = book.add_format({"border": 1})
        notes = book.add_worksheet("填表说明")
        notes.write("A1", "1.项目名称：按批复的名称填写。")
        notes.write("A2", "2.实施单位：填写全称。")
        form.draw(book, "自评表")
        summary = book.add_worksheet("汇总表")
        summary.write_row("A1", ["序号", "项目名称", "主管部门", "实施单位", "年度", "得分"], box)
        for row in range(2, 20):
            summary.write_row(f"A{row}", [None] * 6, box)

    made = bind(book_of(draw), "x")
    assert one(made).sheet == "自评表"
    assert {scope for (name, scope) in defined(made.data) if name.startswith("xp.")} == {None}


def test_names_that_are_there_stay_and_are_not_proposed_again():
    form = BlankForm.load("monitoring")

    def draw(book):
        sheet = form.draw(book, "监控表")
        book.define_name("xp.项目名", "=监控表!$C$2:$L$2")
        book.define_name("xp.指标.三级指标", "=监控表!$D$11:$D$12")
        book.define_name("xp.年度总体目标", "=#REF!")
        book.define_name("xp.金额单位", '="元"')
        book.define_name("Print_me", "=监控表!$A$1")
        sheet.write("A1", "监控表")

    blank = book_of(draw)
    made = bind(blank, "x")
    assert defined(blank).items() <= defined(made.data).items()
    assert len(one(made).kept) == 4
    fields = Template(made.data).form
    assert fields.scalar("项目名称").label == "项目名"
    assert not {"项目名称", "年度总体目标"} & cells(one(made)).keys()
    assert {(c.area.top, c.area.bottom) for c in fields.columns} == {(11, 12)}
    assert fields.constants["金额单位"] == "元"


def test_a_form_beside_a_template_gets_names_of_its_sheet():
    def draw(book):
        BlankForm.load("spread_labels").draw(book, "甲")
        BlankForm.load("monitoring").draw(book, "乙")
        book.define_name("xp.项目名称", "=甲!$B$3:$D$3")

    made = bind(book_of(draw), "x")
    names = defined(made.data)
    assert ("xp.项目名称", None) in names
    assert ("xp.项目名称", 1) in names
    assert ("xp.主管部门", None) in names
    assert ("xp.主管部门", 0) not in names


@pytest.mark.parametrize("quote", ["a'b", "2024 年", "表!1"])
def test_sheet_names_are_quoted(quote):
    def draw(book):
        BlankForm.load("spread_labels").draw(book, quote)

    form = Template(bind(book_of(draw), "x").data).form
    assert form.sheet.name == quote
    assert form.scalar("项目名称")


def book_of(draw) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        draw(book)
    return file.getvalue()


# ------------------------------------------------------------------- what cannot be bound


@pytest.mark.parametrize(
    "draw",
    [
        lambda book: book.add_worksheet(),
        lambda book: book.add_worksheet().write("A1", "项目名称"),
        lambda book: book.add_worksheet().write_column(
            "A1", ["产出指标", "效益指标", "满意度指标"]
        ),
        lambda book: book.add_chartsheet() and book.add_worksheet(),
    ],
    ids=["empty", "one label", "a list of choices", "a chart"],
)
def test_a_workbook_without_a_form_is_told(draw):
    with pytest.raises(WorkbookError) as caught:
        bind(book_of(draw), "x")
    assert caught.value.diagnostics[0].code == "N110"


PRINTED = """
    项目名称 年度 一级指标 三级指标 指标值 得分 总分 全年预算数 执行率 年度资金总额 其他资金 3月底
    支出计划 产出指标 指标1： - （2025年度） 单位：元 备注 填报人：____电话：____
"""
CELLS = st.sampled_from([*PRINTED.split(), *"....... < ^".replace(".", ". ").split()])


@settings(max_examples=150)
@given(st.lists(st.lists(CELLS, min_size=4, max_size=6), min_size=3, max_size=9))
def test_any_sheet_gives_a_sound_template_or_is_refused(rows):
    blank = random_sheet(rows)
    for unsure in (False, True):
        try:
            made = bind(blank, "x", unsure=unsure)
        except WorkbookError:
            continue
        if has_fields(made.data):
            problems = template_report(Template(made.data)).problems
            assert [p.text() for p in problems if p.severity is Severity.ERROR] == []


def random_sheet(rows) -> bytes:
    form = BlankForm("随机")
    form.read([[token(x, r, c) for c, x in enumerate(row)] for r, row in enumerate(rows)])
    drawn: set[tuple[int, int]] = set()
    for area in list(form.texts):
        rows, columns = range(area.top, area.bottom + 1), range(area.left, area.right + 1)
        inside = {(row, column) for row in rows for column in columns}
        if drawn & inside:
            del form.texts[area]
        drawn |= inside
    return draw_all(form)


def token(text: str, row: int, column: int) -> Token:
    if text in "<^":
        return Token(text if (text == "<" and column) or (text == "^" and row) else "cell")
    return Token("cell", "" if text == "." else text)


# ------------------------------------------------------------------- the workbook part


def test_names_stand_in_order_and_everything_else_stays():
    def draw(book):
        sheet = book.add_worksheet("表")
        sheet.repeat_rows(0)
        sheet.print_area("A1:B2")
        book.define_name("zz", "=1")
        book.define_name("Mm", '="<&>"')
        book.set_calc_mode("manual")

    package = Package.open(book_of(draw))
    added = [
        DefinedName("xp.乙", '"a""<b>"'),
        DefinedName("nn", "表!$A$1", 0),
        DefinedName("XP.甲", "1"),
    ]
    made = with_names(package, added)
    names = [(n.name, n.text, n.sheet) for n in Workbook.open(made).names]
    assert [n[0] for n in names] == [
        "Mm", "nn", "_xlnm.Print_Area", "_xlnm.Print_Titles", "xp.乙", "XP.甲", "zz",
    ]  # fmt: skip
    assert ("xp.乙", '"a""<b>"', None) in names
    assert ("nn", "表!$A$1", 0) in names
    part = Workbook.open(package).part
    gone = re.compile(rb"<\?xml.*?\?>\s*|<definedNames>.*</definedNames>", re.DOTALL)
    assert gone.sub(b"", made.read(part)) == gone.sub(b"", package.read(part))


def test_the_first_names_of_a_workbook_stand_before_its_calculation():
    def draw(book):
        book.add_worksheet("表")

    package = Package.open(book_of(draw))
    made = with_names(package, [DefinedName("xp.甲", "表!$A$1")])
    tags = [child.tag.rpartition("}")[2] for child in made.xml("xl/workbook.xml")]
    assert tags.index("sheets") + 1 == tags.index("definedNames") == tags.index("calcPr") - 1


def test_a_signed_form_is_refused_unless_its_signature_may_go(tmp_path):
    package = Package.open(draw_all(BlankForm.load("monitoring")))
    signed = package.replace({"_xmlsignatures/sig1.xml": b"<Signature/>"}).to_bytes()
    with pytest.raises(WorkbookError, match="签名"):
        bind(signed, "x")
    made = bind(signed, "x", strip_signature=True)
    assert "_xmlsignatures/sig1.xml" not in Package.open(made.data)
    assert one(made).fillable


@pytest.mark.parametrize(
    ("given", "name"), [("甲表", "甲表/1"), ("甲表/3", "甲表/3"), ("\n", "monitoring/1")]
)
def test_the_template_is_called_as_it_is_told(given, name):
    assert Template(bind(draw_all(BlankForm.load("monitoring")), given).data).name == name


def test_the_command_says_what_it_did(tmp_path):
    for name, code in (("national_self_evaluation", 0), ("inside_labels", 1)):
        form = tmp_path / f"{name}.xlsx"
        form.write_bytes(draw_all(BlankForm.load(name)))
        out = tmp_path / f"{name}_out.xlsx"
        run = CliRunner().invoke(cli, ["template", "bind", str(form), "-o", str(out)])
        assert run.exit_code == code, run.output
        assert out.is_file()
        assert "标签与填写处在同一单元格" in run.output
    gone = CliRunner().invoke(
        cli, ["template", "bind", "gone.xlsx", "-o", str(tmp_path / "t.xlsx")]
    )
    assert gone.exit_code == 2
    assert "gone.xlsx" in gone.output


def test_macros_and_odd_parts_stay_as_they_are(tmp_path):
    blank = hard_workbook(10)
    form = tmp_path / "hard.xlsm"
    form.write_bytes(replace_texts(blank, {})[0])
    with pytest.raises(WorkbookError) as caught:
        bind_file(form, tmp_path / "t.xlsx")
    assert caught.value.diagnostics[0].code == "N111"
    bind_file(form, tmp_path / "t.xlsm", "名")
    before, after = dict(parts(form.read_bytes())), dict(parts((tmp_path / "t.xlsm").read_bytes()))
    assert {p for p in before | after if before.get(p) != after.get(p)} == {"xl/workbook.xml"}


# ------------------------------------------------------------------------- end to end


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 40, 40, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * 40 for _ in range(40)))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def test_a_bound_form_is_filled_with_an_example_and_read_back(tmp_path: Path, decorations):
    form, target = tmp_path / "自评表.xlsx", tmp_path / "模板.xlsx"
    form.write_bytes(draw_all(BlankForm.load("national_self_evaluation"), decorate=decorations))
    bind_file(form, target, "qiannan", unsure=True)
    projects, indicators = examples(tmp_path)
    answer = bulk.fill(target, projects, indicators, tmp_path / "out", scores="given")
    assert set(answer["problems"]) <= {""}
    back, rows = bulk.read(tmp_path / "out")
    assert len(back) == 8
    wanted = bulk.load(Template.open(target), projects, indicators).projects
    assert list(back["项目名称"]) == [project.name for project in wanted]
    assert list(rows["三级指标"]) == [i.level3 for project in wanted for i in project.indicators]
    scores = [i.entry("得分").number for project in wanted for i in project.indicators]
    assert list(rows["得分"].fillna(-1)) == [-1 if s is None else float(s) for s in scores]
    book = openpyxl.load_workbook(answer["path"][0])
    assert book.active["C3"].value == wanted[0].name


def examples(folder: Path) -> tuple[Path, Path]:
    """The tables of the self-evaluation example for a form that has another name and unit."""
    made = []
    for name in ("projects.csv", "indicators.csv"):
        text = (examples_root() / "qiannan-2023" / name).read_text("utf-8")
        text = text.replace("guizhou_self_evaluation/1", "qiannan/1").replace(",元,", ",万元,")
        made.append(folder / name)
        made[-1].write_text(text, "utf-8")
    return made[0], made[1]


@pytest.mark.parametrize("name", ["national_self_evaluation", "monitoring", "national_declaration"])
def test_office_finds_no_fault_in_a_bound_form(name, tmp_path, openxml, decorations):
    form, target = tmp_path / "form.xlsx", tmp_path / "bound.xlsx"
    form.write_bytes(draw_all(BlankForm.load(name), decorate=decorations))
    bind_file(form, target)
    verdict = openxml([form, target])
    assert verdict[target] == verdict[form]


def test_names_are_spelled_as_the_contract_says():
    for name in FORMS:
        form = BlankForm.load(name)
        for label in (*form.sure, *form.unsure):
            assert re.fullmatch(r"[\w.]+", label)
            assert canonical(label)
