"""The six blank forms: what the build script promises to everything that reads a template."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

FOLDER = Path(__file__).parents[2] / "workbook_templates"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LEVELS = ["一级指标", "二级指标", "三级指标"]
FUNDING_ROWS = ["年度资金总额", "财政拨款", "本级安排", "上级补助", "其他"]
FUNDING_COLUMNS = ["年初预算数", "全年预算数", "全年执行数"]
PLAIN_FUNCTIONS = {
    *("IF", "AND", "OR", "SUM", "COUNT", "COUNTA", "ROUND", "MIN", "MAX", "YEAR", "CHAR"),
    "IFERROR",
}


@dataclass(frozen=True, slots=True)
class Contract:
    """What one form offers under `xp.` names, written without that prefix."""

    sheet: str
    title: str
    money_unit: str
    inputs: list[str]
    computed: list[str]
    columns: list[str]
    rows: int = 8
    side_label: bool = True
    formats: dict[str, str] = field(default_factory=dict)


CONTRACTS = {
    "guizhou_approval": Contract(
        sheet="批复表",
        title="项目支出绩效目标批复表",
        money_unit="元",
        inputs=[
            *("年度", "项目名称", "主管部门及代码", "实施单位", "年度总体目标"),
            *("资金.上级补助.金额", "资金.本级安排.金额", "资金.其他资金.金额"),
        ],
        computed=["资金.资金总额.金额", "资金.财政拨款.金额"],
        columns=[*LEVELS, "指标值", "说明"],
        formats={"年度": '"（"0"年度）"', "资金.资金总额.金额": "#,##0.00", "指标.指标值": "@"},
    ),
    "guizhou_self_evaluation": Contract(
        sheet="自评表",
        title="项目支出绩效目标自评表",
        money_unit="元",
        inputs=[
            *("年度", "单位盖章", "填报日期", "项目名称", "主管部门及代码", "实施单位"),
            *(f"资金.{row}.{column}" for row in FUNDING_ROWS[2:] for column in FUNDING_COLUMNS),
            *("资金.年度资金总额.分值", "预期目标", "实际完成情况", "联系人"),
        ],
        computed=[
            *(f"资金.{row}.{column}" for row in FUNDING_ROWS[:2] for column in FUNDING_COLUMNS),
            *("资金.年度资金总额.执行率", "资金.年度资金总额.得分"),
            *("分值合计", "总分", "自评结论"),
        ],
        columns=[*LEVELS, "指标值", "实际完成值", "分值", "得分", "未完成原因分析"],
        formats={
            "填报日期": "yyyy/mm/dd",
            "资金.年度资金总额.执行率": "0.00",
            "指标.实际完成值": "@",
            "指标.得分": "General",
        },
    ),
    "hebei_project_target": Contract(
        sheet="绩效目标表",
        title="预算项目绩效目标表",
        money_unit="万元",
        inputs=[
            *("预算单位", "项目编码", "项目名称", "资金用途", "绩效目标"),
            *("资金.财政资金.金额", "资金.其他资金.金额"),
            *(f"支出计划.{month}月底" for month in (3, 6, 10, 12)),
        ],
        computed=["资金.预算数.金额"],
        columns=[*LEVELS, "绩效指标描述", "指标值", "指标值确定依据"],
        side_label=False,
        formats={"支出计划.6月底": "0%", "资金.预算数.金额": "0.00", "项目编码": "@"},
    ),
    "hebei_department_target": Contract(
        sheet="部门绩效目标",
        title="部门整体绩效目标",
        money_unit="",
        inputs=[
            *("年度", "部门名称", "总体绩效目标", "工作保障措施"),
            *("总体指标.归集额", "总体指标.住房消费支持额"),
            *("总体指标.个人住房贷款发放额", "总体指标.增值收益"),
        ],
        computed=[],
        columns=["分项名称", "绩效目标", "绩效指标"],
        rows=3,
        side_label=False,
    ),
    "tianjin_project_target": Contract(
        sheet="绩效目标表",
        title="项目绩效目标表",
        money_unit="万元",
        inputs=[
            *("预算单位", "项目名称", "资金用途", "绩效目标"),
            *("资金.财政资金.金额", "资金.其他资金.金额"),
        ],
        computed=["资金.预算数.金额"],
        columns=[*LEVELS, "绩效指标描述", "指标值"],
        side_label=False,
        formats={"资金.财政资金.金额": "0.00"},
    ),
    "shanghai_declaration": Contract(
        sheet="申报表",
        title="财政项目支出绩效目标申报表",
        money_unit="元",
        inputs=[
            *("年度", "项目名称", "项目性质", "项目类别", "主管部门", "实施单位"),
            *("计划开始日期", "计划完成日期", "项目总目标", "年度总体目标"),
            *("资金.财政资金.金额", "资金.其他资金.金额", "资金.当年财政拨款.金额"),
            *("资金.上年结转资金.金额", "资金.年度其他资金.金额"),
        ],
        computed=["资金.项目资金总额.金额", "资金.年度资金申请总额.金额"],
        columns=[*LEVELS, "指标值"],
        formats={"计划开始日期": "yyyy-mm-dd", "资金.年度资金申请总额.金额": "#,##0.00"},
    ),
}


@dataclass(frozen=True, slots=True)
class Blank:
    """A committed form beside its contract."""

    key: str
    contract: Contract
    book: Workbook
    sheet: Worksheet

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.key}.xlsx"

    def area(self, name: str) -> tuple[int, int, int, int]:
        """First column, first row, last column, last row of a name."""
        sheet, _, address = self.book.defined_names[f"xp.{name}"].attr_text.rpartition("!")
        assert sheet == f"'{self.contract.sheet}'"
        left, top, right, bottom = range_boundaries(address.replace("$", ""))
        return left, top, right, bottom

    def first_cell(self, name: str) -> Cell:
        left, top, _, _ = self.area(name)
        return self.sheet.cell(top, left)

    @property
    def table_rows(self) -> range:
        _, top, _, bottom = self.area(f"指标.{self.contract.columns[0]}")
        return range(top, bottom + 1)

    def merges(self) -> set[tuple[int, int, int, int]]:
        return {merged.bounds for merged in self.sheet.merged_cells.ranges}

    def cells(self) -> list[Cell]:
        """Every cell drawn; of a merged area only the first, since openpyxl restyles the rest."""
        cells = (cell for row in self.sheet.iter_rows() for cell in row)
        return [cell for cell in cells if cell.has_style and not isinstance(cell, MergedCell)]

    def formulas(self) -> dict[str, str]:
        return {cell.coordinate: cell.value for cell in self.cells() if cell.data_type == "f"}

    def xml_cells(self) -> Iterator[ET.Element]:
        with zipfile.ZipFile(self.path) as package:
            sheet = ET.fromstring(package.read("xl/worksheets/sheet1.xml"))
        return sheet.iter(f"{MAIN}c")


@pytest.fixture(params=CONTRACTS)
def blank(request: pytest.FixtureRequest) -> Iterator[Blank]:
    book = load_workbook(FOLDER / f"{request.param}.xlsx")
    contract = CONTRACTS[request.param]
    yield Blank(request.param, contract, book, book[contract.sheet])
    book.close()


def build(folder: Path) -> dict[str, Path]:
    folder.mkdir()
    command = [sys.executable, str(FOLDER / "build.py"), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return {path.stem: path for path in folder.iterdir()}


def test_building_twice_gives_the_same_bytes_and_the_committed_forms(tmp_path: Path) -> None:
    first, second = build(tmp_path / "first"), build(tmp_path / "second")

    assert first.keys() == second.keys() == CONTRACTS.keys()
    assert {path.stem for path in FOLDER.glob("*.xlsx")} == CONTRACTS.keys()
    for key, path in first.items():
        assert path.read_bytes() == second[key].read_bytes()
        # Part by part: another release of zlib packs the same parts into other bytes.
        assert parts(path) == parts(FOLDER / path.name), f"run build.py again: {key}"


def parts(path: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as package:
        return [(name, package.read(name)) for name in package.namelist()]


def test_names_are_those_of_the_contract(blank: Blank) -> None:
    contract = blank.contract
    constants = {"编号": '""', "模板": f'"{blank.key}/1"'}
    if contract.money_unit:
        constants["金额单位"] = f'"{contract.money_unit}"'
    columns = [f"指标.{column}" for column in contract.columns]
    expected = {*constants, *contract.inputs, *contract.computed, *columns}

    assert set(blank.book.defined_names) == {f"xp.{name}" for name in expected}
    for name, value in constants.items():
        assert blank.book.defined_names[f"xp.{name}"].attr_text == value
    assert blank.book.sheetnames == [contract.sheet]


def test_a_field_is_one_cell_or_one_merged_area(blank: Blank) -> None:
    for name in blank.contract.inputs + blank.contract.computed:
        left, top, right, bottom = blank.area(name)
        assert (left, top) == (right, bottom) or (left, top, right, bottom) in blank.merges(), name


def test_table_columns_lie_over_the_same_rows(blank: Blank) -> None:
    contract = blank.contract
    areas = [blank.area(f"指标.{column}") for column in contract.columns]

    assert len(blank.table_rows) == contract.rows
    assert {(top, bottom) for _, top, _, bottom in areas} == {
        (blank.table_rows[0], blank.table_rows[-1])
    }
    assert all(left == right for left, _, right, _ in areas)
    assert [left for left, *_ in areas] == sorted({left for left, *_ in areas})


def test_table_rows_are_all_alike(blank: Blank) -> None:
    styles = {cell.attrib["r"]: cell.get("s") for cell in blank.xml_cells()}

    def look(row: int) -> object:
        merges = {(m[0], m[2]) for m in blank.merges() if m[1] == m[3] == row}
        row_styles = [styles[cell.coordinate] for cell in blank.sheet[row]]
        return merges, row_styles, blank.sheet.row_dimensions[row].height

    assert all(look(row) == look(blank.table_rows[0]) for row in blank.table_rows)


def test_only_the_side_label_is_merged_over_the_table_rows(blank: Blank) -> None:
    top, bottom = blank.table_rows[0], blank.table_rows[-1]
    tall = {m for m in blank.merges() if m[1] != m[3] and m[3] >= top and m[1] <= bottom}

    assert tall == ({(1, top - 1, 1, bottom)} if blank.contract.side_label else set())
    for left, row, *_ in tall:
        assert blank.sheet.cell(row, left).value.replace("\n", "") == "绩效指标"


def test_inputs_are_blank_and_alone_unlocked(blank: Blank) -> None:
    contract = blank.contract
    areas = [blank.area(name) for name in contract.inputs]
    table_columns = [blank.area(f"指标.{column}") for column in contract.columns]
    last_column = blank.sheet.max_column
    next_column = [left for left, *_ in table_columns[1:]] + [last_column + 1]
    areas += [
        (left, top, following - 1, bottom)
        for (left, top, _, bottom), following in zip(table_columns, next_column, strict=True)
    ]
    expected = {
        (row, column)
        for left, top, right, bottom in areas
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
    }
    cells = [cell for row in blank.sheet.iter_rows() for cell in row]

    assert {(c.row, c.column) for c in cells if not c.protection.locked} == expected
    assert all(blank.sheet.cell(*place).value is None for place in expected)


def test_formulas_are_plain_and_show_nothing_on_a_blank_form(blank: Blank) -> None:
    formulas = blank.formulas()
    named = {blank.first_cell(name).coordinate for name in blank.contract.computed}
    headings = {
        "hebei_project_target": "绩效目标表",
        "tianjin_project_target": "绩效目标表",
        "shanghai_declaration": "项目总目标",
    }

    assert named <= formulas.keys()
    assert len(formulas.keys() - named) == (blank.key in headings)
    for formula in formulas.values():
        assert set(re.findall(r"([A-Z]+)\(", formula)) <= PLAIN_FUNCTIONS
        assert "xp." not in formula
    for cell in blank.xml_cells():
        if cell.find(f"{MAIN}f") is not None:
            shown = cell.findtext(f"{MAIN}v")
            assert cell.get("t") == "str"
            assert shown == ("" if cell.attrib["r"] in named else headings[blank.key])


FORMULAS = [
    (
        "guizhou_approval",
        "资金.资金总额.金额",
        '=IF(AND({资金.财政拨款.金额}="",{资金.其他资金.金额}=""),"",'
        "ROUND(SUM({资金.财政拨款.金额})+{资金.其他资金.金额},2))",
    ),
    (
        "hebei_project_target",
        "资金.预算数.金额",
        '=IF(AND({资金.财政资金.金额}="",{资金.其他资金.金额}=""),"",'
        "ROUND({资金.财政资金.金额}+{资金.其他资金.金额},6))",
    ),
    (
        "guizhou_self_evaluation",
        "资金.年度资金总额.得分",
        '=IF(OR({资金.年度资金总额.分值}="",{资金.年度资金总额.执行率}=""),"",'
        "ROUND({资金.年度资金总额.分值}*MIN(1,"
        "{资金.年度资金总额.全年执行数}/{资金.年度资金总额.全年预算数}),2))",
    ),
    (
        "guizhou_self_evaluation",
        "分值合计",
        '=IF(COUNT({指标.分值},{资金.年度资金总额.分值})=0,"",'
        "ROUND(SUM({指标.分值},{资金.年度资金总额.分值}),2))",
    ),
    (
        "guizhou_self_evaluation",
        "总分",
        '=IF(COUNT({指标.得分},{资金.年度资金总额.得分})=0,"",'
        "ROUND(SUM({指标.得分},{资金.年度资金总额.得分}),2))",
    ),
    (
        "guizhou_self_evaluation",
        "自评结论",
        '=IF({总分}="","",IF({总分}>=90,"优",IF({总分}>=80,"良",IF({总分}>=60,"中","差"))))',
    ),
]


@pytest.mark.parametrize(
    ("blank", "name", "formula"),
    FORMULAS,
    indirect=["blank"],
    ids=[name for _, name, _ in FORMULAS],
)
def test_a_formula_speaks_of_the_right_cells(blank: Blank, name: str, formula: str) -> None:
    def address(match: re.Match[str]) -> str:
        first = blank.first_cell(match[1])
        if not match[1].startswith("指标."):
            return str(first.coordinate)
        return f"{first.coordinate}:{first.column_letter}{blank.table_rows[-1]}"

    assert blank.first_cell(name).value == re.sub(r"\{([^}]+)\}", address, formula)


def test_page_is_a4_portrait_one_page_wide(blank: Blank) -> None:
    sheet = blank.sheet

    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "portrait")
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToWidth in {None, 1}
    one_page = blank.key in {"guizhou_approval", "guizhou_self_evaluation"}
    assert sheet.page_setup.fitToHeight == (None if one_page else 0)
    assert sheet.print_options.horizontalCentered
    assert "&P" in sheet.oddFooter.center.text
    assert "&N" in sheet.oddFooter.center.text


def test_whole_form_is_printed_with_the_table_heading_on_every_page(blank: Blank) -> None:
    sheet, heading = blank.sheet, blank.table_rows[0] - 1

    assert sheet.print_title_rows == f"${heading}:${heading}"
    assert sheet.print_area.rpartition("!")[2].replace("$", "") == sheet.dimensions


def test_columns_fill_the_width_of_the_page(blank: Blank) -> None:
    width = 0.0
    for column in blank.sheet.column_dimensions.values():
        width += column.width * (column.max - column.min + 1)
    # A digit of the default font is 8 pixels wide, and a pixel is 1/96 inch.
    inches = width * 8 / 96
    margins = blank.sheet.page_margins

    assert 0.97 < inches / (210 / 25.4 - margins.left - margins.right) <= 1


def test_sheet_is_protected_without_a_password(blank: Blank) -> None:
    protection = blank.sheet.protection

    assert protection.sheet
    assert not protection.password
    assert not protection.formatRows
    assert not protection.formatColumns
    assert not protection.selectLockedCells


def test_levels_and_grade_offer_lists_that_refuse_nothing(blank: Blank) -> None:
    checks = blank.sheet.data_validations.dataValidation
    lists = {str(c.sqref): c for c in checks if c.type == "list"}
    expected = {}
    for name, word in (
        ("指标.一级指标", "产出指标"),
        ("指标.二级指标", "时效指标"),
        ("自评结论", "良"),
    ):
        if f"xp.{name}" in blank.book.defined_names:
            left, top, right, bottom = blank.area(name)
            first, last = blank.sheet.cell(top, left), blank.sheet.cell(bottom, right)
            expected[f"{first.coordinate}:{last.coordinate}"] = word

    assert lists.keys() == expected.keys()
    for address, word in expected.items():
        assert word in lists[address].formula1.strip('"').split(",")
        assert not lists[address].showErrorMessage


def test_amounts_refuse_text(blank: Blank) -> None:
    checks = blank.sheet.data_validations.dataValidation
    decimal = " ".join(str(c.sqref) for c in checks if c.type == "decimal" and c.showErrorMessage)

    for name in blank.contract.inputs:
        if name.startswith("资金."):
            assert blank.first_cell(name).coordinate in re.split(r"[ :]", decimal), name


def test_fonts_are_those_of_official_forms(blank: Blank) -> None:
    title, *others = blank.cells()

    assert title.font.name == "黑体"
    assert 16 <= title.font.size <= 18
    for cell in others:
        section = isinstance(cell.value, str) and re.match("[一二三]、", cell.value)
        assert cell.font.name == ("黑体" if section else "宋体"), cell.coordinate
        assert 10 <= cell.font.size <= 11
        assert cell.font.charset == 134
        assert cell.alignment.vertical == "center"


def test_text_wraps_inside_thin_borders(blank: Blank) -> None:
    for cell in blank.cells():
        if cell.number_format == "@":
            assert cell.alignment.wrap_text, cell.coordinate
        if blank.table_rows[0] - 1 <= cell.row <= blank.table_rows[-1]:
            edges = cell.border.left, cell.border.right, cell.border.top, cell.border.bottom
            assert {edge.style for edge in edges} == {"thin"}, cell.coordinate


def test_number_formats_print_as_the_form_does(blank: Blank) -> None:
    formats = {name: blank.first_cell(name).number_format for name in blank.contract.formats}

    assert formats == blank.contract.formats


@pytest.mark.parametrize(
    ("blank", "block", "num_format"),
    [
        ("guizhou_approval", "E6:G10", "#,##0"),
        ("guizhou_self_evaluation", "D7:F11", "0"),
    ],
    indirect=["blank"],
)
def test_whole_amounts_print_without_decimals(blank: Blank, block: str, num_format: str) -> None:
    (condition,) = blank.sheet.conditional_formatting
    (rule,) = condition.rules
    corner = block.partition(":")[0]

    assert str(condition.sqref) == block
    assert rule.formula == [f"{corner}=ROUND({corner},0)"]
    assert rule.dxf.numFmt.formatCode == num_format
    covered = range_boundaries(block)
    for name in blank.contract.inputs + blank.contract.computed:
        left, top, _, _ = blank.area(name)
        amount = name.startswith("资金.") and not name.endswith(("分值", "执行率", "得分"))
        inside = covered[0] <= left <= covered[2] and covered[1] <= top <= covered[3]
        assert inside == amount, name


def test_properties_name_the_form_and_no_person(blank: Blank) -> None:
    properties = blank.book.properties

    assert properties.title == blank.contract.title
    assert properties.creator == properties.lastModifiedBy == "xlperf"
