"""Marked workbooks: what was there stays, what was added is found by other readers."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment

from tests.ooxml.hard_workbook import hard_workbook
from tests.ooxml.office_parts import FIRST, SHEET
from tests.ooxml.small_workbook import small_workbook
from tests.ooxml.test_package import entries
from xlperf.diagnostic import WorkbookError
from xlperf.ooxml.annotate import Line, Listing, Mark, annotate
from xlperf.ooxml.package import Package
from xlperf.ooxml.sheet import read_sheet
from xlperf.ooxml.workbook import MAIN

pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")

RED, YELLOW = "FFC7CE", "FFEB9C"
HEADINGS = (("程度", 8.0), ("位置", 20.0), ("内容", 20.0))


def listing(*lines: Line, name: str = "审核结果") -> Listing:
    return Listing(name, "共几处", HEADINGS, 1, lines)


def marked(data: bytes, *marks: Mark, lines: tuple[Line, ...] = ()) -> bytes:
    return annotate(Package.open(data), marks, listing(*lines)).to_bytes()


def opened(data: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), keep_vba=True)


def form() -> bytes:
    """Two sheets with formatted, merged and protected cells; the second has notes and a button."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    look = {"border": 1, "num_format": "0.00%", "locked": False, "font_name": "楷体", "bold": True}
    for name in ("自评's 表", "第二张"):
        sheet = book.add_worksheet(name)
        sheet.set_column("F:F", 30, book.add_format({"italic": True}))
        sheet.set_row(8, 20, book.add_format({"underline": 1}))
        sheet.write("A1", "甲", book.add_format(look))
        sheet.write("B2", 0.5, book.add_format(look))
        sheet.write_formula("C3", "=B2*2", None, 1)
        sheet.merge_range("B4:C6", "合并", book.add_format({"border": 2}))
        sheet.protect("secret")
    sheet.write_comment("A1", "原有批注", {"author": "甲", "visible": True})
    sheet.write_comment("D9", "另一批注")
    sheet.insert_button("H3", {"caption": "按钮"})
    book.close()
    return file.getvalue()


def test_a_marked_cell_keeps_its_look_and_content_but_for_the_fill():
    before = opened(form())["自评's 表"]
    data = marked(form(), Mark("自评's 表", "B2", RED, "一"), Mark("自评's 表", "C3", YELLOW, "二"))
    after = opened(data)["自评's 表"]
    for address, colour in (("B2", RED), ("C3", YELLOW)):
        old, new = before[address], after[address]
        assert new.fill.fill_type == "solid"
        assert new.fill.fgColor.rgb == "FF" + colour
        for part in ("font", "border", "number_format", "protection", "alignment"):
            assert repr(getattr(new, part)) == repr(getattr(old, part))
        assert new.value == old.value
    assert repr(after["A1"].fill) == repr(before["A1"].fill)
    assert after.protection.sheet
    assert after["B2"].comment.text == "一"
    assert openpyxl.load_workbook(io.BytesIO(data), data_only=True)["自评's 表"]["C3"].value == 1


def test_parts_without_a_mark_stay_the_very_same_bytes():
    data = form()
    before, after = entries(data), entries(marked(data, Mark("第二张", "A1", RED, "注")))
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {
        "[Content_Types].xml",
        "xl/_rels/workbook.xml.rels",
        "xl/workbook.xml",
        "xl/styles.xml",
        "xl/worksheets/sheet2.xml",
        "xl/drawings/vmlDrawing1.vml",
        "xl/comments1.xml",
    }
    assert set(after) - set(before) == {"xl/worksheets/sheet3.xml"}


def test_of_a_marked_sheet_only_the_cell_and_the_drawing_change():
    data = form()
    part = "xl/worksheets/sheet1.xml"
    before = entries(data)[part][1]
    after = entries(marked(data, Mark("自评's 表", "A1", RED, "注")))[part][1]
    old = re.search(rb'<c r="A1" s="\d+"', before)
    assert old
    restored, count = re.subn(rb'<c s="\d+" r="A1"', old[0], after)
    assert count == 1
    restored = re.sub(rb"<legacyDrawing xmlns:r=[^>]*>", b"", restored)
    assert restored == before


def test_notes_that_were_there_stay_and_grow():
    data = marked(form(), Mark("第二张", "A1", RED, "新注"), Mark("第二张", "B2", RED, "别的"))
    sheet = opened(data)["第二张"]
    assert sheet["A1"].comment.text == "原有批注\n\n新注"
    assert sheet["D9"].comment.text == "另一批注"
    assert sheet["B2"].comment.text == "别的"
    before = drawing_of(form())
    after = drawing_of(data)
    assert after.count("<x:Visible") == before.count("<x:Visible") == 1
    assert after.count('ObjectType="Button"') == 1
    assert bottom(after, 0, 0) > bottom(before, 0, 0)
    assert bottom(after, 8, 3) == bottom(before, 8, 3)


def drawing_of(data: bytes, name: str = "xl/drawings/vmlDrawing1.vml") -> str:
    return entries(data)[name][1].decode()


def bottom(vml: str, row: int, column: int) -> tuple[int, int]:
    """Row and offset at which the box of a note ends."""
    shapes = re.findall(r"<x:ClientData.*?</x:ClientData>", vml, re.DOTALL)
    place = f"<x:Row>{row}</x:Row>", f"<x:Column>{column}</x:Column>"
    (shape,) = [s for s in shapes if all(p in re.sub(r"\s", "", s) for p in place)]
    anchor = re.search(r"<x:Anchor>([^<]*)", shape)
    assert anchor
    values = [int(value) for value in anchor[1].split(",")]
    assert len(values) == 8
    return values[6], values[7]


def test_a_long_note_has_a_higher_box():
    short, long = "短", "这一指标的目标值没有计量单位，请补充。" * 9
    heights = [
        bottom(drawing_of(marked(form(), Mark("自评's 表", "A1", RED, t)), VML_2), 0, 0)
        for t in (short, long)
    ]
    assert heights[1] > heights[0]


def test_a_note_is_no_longer_than_excel_allows():
    marks = [Mark("第二张", "B2", RED, "长" * 20_000)] * 2
    sheet = opened(marked(form(), *marks))["第二张"]
    assert len(sheet["B2"].comment.text) == 32_767
    assert bottom(drawing_of(marked(form(), *marks)), 1, 1) < (40, 0)


VML_2 = "xl/drawings/vmlDrawing2.vml"


def test_notes_that_openpyxl_wrote_stay():
    book = openpyxl.Workbook()
    book.active.title = "表"
    book.active["A1"] = "甲"
    book.active["A1"].comment = Comment("旧注", "乙")
    file = io.BytesIO()
    book.save(file)
    sheet = opened(
        marked(file.getvalue(), Mark("表", "A1", RED, "新注"), Mark("表", "C7", RED, "二"))
    )
    assert sheet["表"]["A1"].comment.text == "旧注\n\n新注"
    assert sheet["表"]["C7"].comment.text == "二"


def test_a_mark_on_a_merged_area_goes_to_its_first_cell():
    marks = [Mark("第二张", cell, colour, cell) for cell, colour in (("C6", RED), ("B4", YELLOW))]
    sheet = opened(marked(form(), *marks))["第二张"]
    assert sheet["B4"].fill.fgColor.rgb == "FF" + RED
    assert sheet["B4"].comment.text == "C6\n\nB4"
    assert sheet["B4"].border.left.style == "medium"


def test_a_cell_that_is_not_there_takes_the_look_of_its_row_or_column():
    marks = [Mark("自评's 表", cell, RED, "空") for cell in ("F2", "F9", "K12")]
    sheet = opened(marked(form(), *marks))["自评's 表"]
    assert sheet["F2"].font.italic
    assert sheet["F9"].font.underline == "single"
    assert not sheet["F9"].font.italic
    assert all(sheet[mark.cell].fill.fgColor.rgb == "FF" + RED for mark in marks)
    assert sheet["F2"].value is None


def test_the_listing_has_every_line_and_leads_to_the_cells():
    lines = (
        Line(("错误", "自评's 表!B2", "=1+1"), RED, ("自评's 表", "B2")),
        Line(("警告", "", "无处可去\n第二行"), YELLOW, None),
    )
    book = opened(marked(form(), lines=lines))
    assert book.sheetnames == ["自评's 表", "第二张", "审核结果"]
    sheet = book["审核结果"]
    assert sheet["A1"].value == "共几处"
    rows = [[cell.value for cell in row] for row in sheet["A2:C4"]]
    assert rows == [
        ["程度", "位置", "内容"],
        ["错误", "自评's 表!B2", "=1+1"],
        ["警告", None, "无处可去\n第二行"],
    ]
    assert sheet["C3"].data_type == "s"
    assert sheet["B3"].hyperlink.location == "'自评''s 表'!B2"
    assert sheet["B4"].hyperlink is None
    assert [sheet[c].fill.fgColor.rgb for c in ("A3", "A4")] == ["FF" + RED, "FF" + YELLOW]
    assert sheet.freeze_panes == "A3"
    assert sheet.print_title_rows == "$2:$2"
    assert sheet.auto_filter.ref == "A2:C4"
    assert sheet.row_dimensions[4].height > sheet.row_dimensions[3].height


def test_a_workbook_can_be_marked_again():
    once = marked(form(), Mark("自评's 表", "B2", RED, "一"))
    book = opened(marked(once, Mark("自评's 表", "B2", YELLOW, "二")))
    assert book.sheetnames[2:] == ["审核结果", "审核结果 (2)"]
    assert book["自评's 表"]["B2"].comment.text == "一\n\n二"
    assert book["自评's 表"]["B2"].fill.fgColor.rgb == "FF" + YELLOW


def test_names_of_sheets_differ_in_more_than_case():
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    book.add_worksheet("REVIEW")
    book.close()
    package = annotate(Package.open(file.getvalue()), (), listing(name="Review"))
    assert opened(package.to_bytes()).sheetnames == ["REVIEW", "Review (2)"]


def test_more_notes_than_one_block_of_numbers_holds():
    marks = [Mark("第二张", f"K{row}", RED, "注") for row in range(1, 1101)]
    marks += [Mark("自评's 表", f"K{row}", RED, "注") for row in range(1, 1101)]
    data = marked(form(), *marks)
    drawings = [drawing_of(data), drawing_of(data, VML_2)]
    numbers = [re.findall(r'id="_x0000_s(\d+)"', vml) for vml in drawings]
    assert [len(n) for n in numbers] == [1103, 1100]
    assert len({*numbers[0], *numbers[1]}) == 2203
    for vml, own in zip(drawings, numbers, strict=True):
        blocks = re.search(r'idmap [^>]*data="([^"]*)"', vml)
        assert blocks
        assert {int(n) // 1024 for n in own} == {int(b) for b in blocks[1].split(",")}
    assert sum(c.comment is not None for row in opened(data)["第二张"] for c in row) == 1102


def repacked(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    parts = {name: content for name, (_, content) in entries(data).items()}
    change(parts)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def without_styles() -> bytes:
    def strip(parts: dict[str, bytes]) -> None:
        del parts["xl/styles.xml"]
        for name in ("[Content_Types].xml", "xl/_rels/workbook.xml.rels"):
            parts[name] = re.sub(rb"<[^<]*styles.xml[^>]*>", b"", parts[name])
        for number in (1, 2):
            name = f"xl/worksheets/sheet{number}.xml"
            parts[name] = re.sub(rb' (s|style)="\d+"', b"", parts[name])

    return repacked(form(), strip)


def test_a_workbook_without_styles_gets_some():
    book = opened(marked(without_styles(), Mark("第二张", "A1", RED, "注")))
    assert book["第二张"]["A1"].fill.fgColor.rgb == "FF" + RED
    assert book["第二张"]["B2"].fill.fill_type is None


def test_a_sheet_in_another_spelling_of_xml_can_be_marked():
    """A prefix for every element, cells without addresses, no rows at all."""

    def respell(parts: dict[str, bytes]) -> None:
        parts["xl/worksheets/sheet1.xml"] = (
            f'<?xml version="1.0"?><x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row><x:c><x:v>1'
            "</x:v></x:c><x:c><x:v>2</x:v></x:c></x:row></x:sheetData>"
            '<x:conditionalFormatting sqref="A1"><x:cfRule type="expression" priority="1">'
            '<x:formula>1</x:formula><x:extLst><x:ext uri="u"/></x:extLst></x:cfRule>'
            '</x:conditionalFormatting><x:extLst><x:ext uri="v"/></x:extLst></x:worksheet>'
        ).encode()
        parts["xl/worksheets/sheet2.xml"] = (
            f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>'.encode()
        )

    marks = [Mark("自评's 表", "B1", RED, "注"), Mark("第二张", "C3", RED, "注")]
    data = marked(repacked(form(), respell), *marks)
    sheet = entries(data)["xl/worksheets/sheet1.xml"][1]
    assert re.search(rb"</conditionalFormatting><legacyDrawing [^>]*/><extLst>", sheet)
    book = opened(data)
    assert book["自评's 表"]["B1"].value == 2
    assert book["自评's 表"]["B1"].fill.fgColor.rgb == "FF" + RED
    assert book["第二张"]["C3"].comment.text == "注"


@pytest.mark.parametrize("text", ["a\x00b", "_x0041_", "<b>&amp;", "行\r\n行", "\ud800", "=1"])
def test_a_note_says_what_it_was_given(text):
    data = marked(form(), Mark("自评's 表", "A1", RED, text))
    root = entries(data)["xl/comments2.xml"][1].decode()
    shown = re.search(r"<t [^>]*>(.*?)</t>", root, re.DOTALL)
    assert shown
    inline = f'<c r="A1" t="inlineStr"><is><t>{shown[1]}</t></is></c>'
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row>{inline}</row></sheetData></worksheet>'
    cell = read_sheet(sheet.encode(), "s", ()).cell((1, 1))
    assert cell
    assert cell.value == text.replace("\r\n", "\n")


def test_a_lost_drawing_is_damage_that_is_told():
    body = '<sheetData/><legacyDrawing r:id="rId9"/>'
    package = small_workbook(body)
    with pytest.raises(WorkbookError, match="sheet1"):
        annotate(package, [Mark("S", "A1", RED, "注")], listing())


# --- What Office and LibreOffice say -----------------------------------------------------------

HARD_MARKS = (
    Mark(SHEET, "B3", RED, "有旧批注"),
    Mark(SHEET, f"C{FIRST}", YELLOW, "有会话"),
    Mark(SHEET, f"E{FIRST + 2}", RED, "表格中"),
    Mark(SHEET, "Z99", RED, "空白处"),
    Mark("汇总", "D1", YELLOW, "公式"),
    Mark("Third", "A1", YELLOW, "空表"),
)
LINES = tuple(
    Line(("错误", f"{m.sheet}!{m.cell}", m.note), m.colour, (m.sheet, m.cell)) for m in HARD_MARKS
)


@pytest.fixture(scope="module")
def workbooks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("marked")
    hard = hard_workbook(10)
    marks = [Mark("自评's 表", "B2", RED, "一"), Mark("第二张", "C5", YELLOW, "二")]
    made = {
        "hard_before.xlsm": hard,
        "hard_after.xlsm": marked(hard, *HARD_MARKS, lines=LINES),
        "form.xlsx": marked(form(), *marks, lines=LINES[:2]),
        "bare.xlsx": marked(without_styles(), *marks),
        "again.xlsx": marked(marked(form(), *marks), *marks),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in made}


def test_the_validator_finds_no_new_fault(openxml, workbooks):
    faults = openxml(workbooks.values())
    assert faults[workbooks["hard_after.xlsm"]] == faults[workbooks["hard_before.xlsm"]]
    assert faults[workbooks["form.xlsx"]] == []
    assert faults[workbooks["bare.xlsx"]] == []
    assert faults[workbooks["again.xlsx"]] == []


def test_libreoffice_calculates_as_before(libreoffice, workbooks):
    before, after = (workbooks[f"hard_{when}.xlsm"] for when in ("before", "after"))
    values = libreoffice.recalculate([before, after])
    assert values[after].pop("审核结果", {}) == {}
    assert values[after] == values[before]


def test_libreoffice_keeps_every_note(libreoffice, workbooks, tmp_path):
    saved = tmp_path / "saved.xlsx"
    libreoffice.load_save(workbooks["form.xlsx"], saved)
    book = openpyxl.load_workbook(saved)
    assert book["第二张"]["B4"].comment.text == "二"
    assert book["第二张"]["A1"].comment.text == "原有批注"
    assert book["自评's 表"]["B2"].comment.text == "一"
    assert book["审核结果"]["B3"].hyperlink.location


def test_everything_of_a_hard_workbook_is_still_there():
    data = hard_workbook(10)
    before, after = entries(data), entries(marked(data, *HARD_MARKS))
    assert set(before) < set(after)
    comments = opened(marked(data, *HARD_MARKS))[SHEET]
    assert comments["B3"].comment.text.endswith("top\n\n有旧批注")
    assert comments[f"G{FIRST + 10}"].comment.text.endswith("total")
    vml = next(c.decode() for n, (_, c) in after.items() if n.endswith(".vml") and b"Checkbox" in c)
    numbers = re.findall(r'<v:shape id="_x0000_s(\d+)"', vml)
    assert len(numbers) == len(set(numbers))
    assert (
        after["xl/threadedComments/threadedComment1.xml"]
        == before["xl/threadedComments/threadedComment1.xml"]
    )
