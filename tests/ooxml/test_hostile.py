"""Workbooks that are damaged or made to do harm: clear messages, no other error, no endless work.

Parts are cut, swapped and filled with nonsense; whatever is done, `InputError` is all that comes
out, and what is filled can be read again.
"""

import datetime
import io
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ooxml.small_workbook import small_workbook
from tests.template.forms import record, small_form
from xlperf import review
from xlperf.bulk import read_workbooks
from xlperf.diagnostic import InputError, WorkbookError
from xlperf.forms import Entry, Project
from xlperf.ooxml.annotate import Line, Listing, Mark, annotate
from xlperf.ooxml.package import Package
from xlperf.ooxml.preflight import Limits
from xlperf.ooxml.workbook import Workbook
from xlperf.tables import read_folder
from xlperf.template import Book, Template, read_forms, replace_texts, template_report
from xlperf.template.binding import bind

ROOT = Path(__file__).parents[2]

NASTY = (
    "", "-1", "0", "abc", "NaN", "inf", "-inf", "1e400", "1_0", "１", "99999999", "1048577",
    "16385", "2147483648", "9" * 40, "9" * 5000, "true", "s", "str", "shared", "array",
    "dataTable", "1:1", "A:A", "B2:A1", "A1:XFD1048576", "ZZZZ99999", "XFD1048577", "A1 " * 50,
    "A1:A2:A3", "$A$1", "'", "''", '"', "{1,2}", "#REF!", "(" * 3000, "-" * 3000, "'" * 5000,
    "SUM(" * 100, "A1+" * 2000 + "1", "rId999", "../../x", "/", "xl/workbook.xml", "xp.项目名称",
    "='表 1'!$A$1:$XFD$1048575", "='表 1'!$A$1:$A$1048575", "[$-804]", "0" * 300, "#" * 300,
    "\u202e", "=1+1", "&#1;", "</c>",
)  # fmt: skip
_VALUE = re.compile(r'\s[\w:]+="([^"]*)"|>([^<>]+)<')
_ELEMENT = re.compile(r"<(\w[\w:]*)(?:\s[^<>]*)?(?:/>|>[^<]*</\1>)")
_PLACES = st.floats(0, 1, exclude_max=True)


@st.composite
def damages(draw: st.DrawFn) -> Callable[[dict[str, bytes]], None]:
    """One thing done to the parts of a workbook."""
    kind = draw(st.sampled_from(["value"] * 6 + ["element", "cut", "lost", "swapped"]))
    part, place, other = draw(_PLACES), draw(_PLACES), draw(_PLACES)
    new, times = draw(st.sampled_from(NASTY)), draw(st.sampled_from([0, 2, 3]))

    def damage(parts: dict[str, bytes]) -> None:
        names = sorted(parts)
        name = names[int(part * len(names))]
        text = parts[name].decode("utf-8", "replace")
        found = list((_VALUE if kind == "value" else _ELEMENT).finditer(text)) or [None]
        match = found[int(place * len(found))]
        if kind == "lost":
            del parts[name]
            return
        if kind == "swapped":
            text = parts[names[int(other * len(names))]].decode("utf-8", "replace")
        elif kind == "cut":
            text = text[: int(place * len(text))]
        elif match and kind == "value":
            start, end = match.span(match.lastindex or 0)
            text = text[:start] + new.replace('"', "&quot;") + text[end:]
        elif match:
            text = text[: match.start()] + match[0] * times + text[match.end() :]
        parts[name] = text.encode()

    return damage


@pytest.fixture(scope="module")
def forms() -> list[bytes]:
    shipped = sorted((ROOT / "workbook_templates").glob("*.xlsx"))
    return [small_form(), *(path.read_bytes() for path in shipped)]


PROJECT = record({"项目名称": "某项目"}, [("产出指标", "数量指标", "台数", "10", "9")] * 5)
_bounded = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def use(data: bytes, folder: Path) -> None:
    """All that is done with workbooks; only InputError may come out, with something to say."""
    for attempt in (_read, _fill, _mend, _mark, _bind, _collect):
        error = _refusal(attempt, data)
        assert error is None or (error.text("zh") and error.text("en"))
    path = folder / "form.xlsx"
    path.write_bytes(data)
    review.fix([path], suggested=True)
    read_workbooks([path])


def _refusal(attempt: Callable[[bytes], None], data: bytes) -> InputError | None:
    try:
        attempt(data)
    except InputError as error:
        return error
    return None


def _read(data: bytes) -> None:
    read_forms(data)


def _fill(data: bytes) -> None:
    """Fill at three lengths; what is filled can always be read again."""
    template = Template(data)
    for count in (1, 3, 5):
        project = type(PROJECT)(PROJECT.entries, PROJECT.indicators[:count])
        try:
            filled = template.fill(project)
        except InputError:
            continue
        assert read_forms(filled)
    template_report(template)


def _mend(data: bytes) -> None:
    replace_texts(data, {"表 1": {(1, 1): "x", (8, 6): "5"}})


def _mark(data: bytes) -> None:
    package = Package.open(data)
    marks = [Mark(sheet.name, "B8", "FFAA00", "x") for sheet in Workbook.open(package).sheets]
    listing = Listing("审核结果", "", (("", 9.0),), 0, (Line(("x",), "FFAA00", None),))
    Workbook.open(annotate(package, marks, listing))


def _bind(data: bytes) -> None:
    bind(data, "form")


def _collect(data: bytes) -> None:
    Book(Template(data)).add(PROJECT, "甲")


@_bounded
@given(form=st.integers(0, 6), damage=st.lists(damages(), min_size=1, max_size=4))
def test_no_damage_to_a_part_raises_anything_else(
    form: int, damage: list[Callable[..., None]], forms: list[bytes], tmp_path: Path
) -> None:
    with zipfile.ZipFile(io.BytesIO(forms[form % len(forms)])) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    for step in damage:
        step(parts)
        if not parts:
            return
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name, content)
    use(file.getvalue(), tmp_path)


@_bounded
@given(
    flips=st.lists(st.tuples(_PLACES, st.integers(0, 255)), max_size=20),
    keep=st.one_of(st.just(1.0), _PLACES),
)
def test_no_damage_to_the_bytes_raises_anything_else(
    flips: list[tuple[float, int]], keep: float, forms: list[bytes], tmp_path: Path
) -> None:
    data = bytearray(forms[0])
    for place, value in flips:
        data[int(place * len(data))] = value
    use(bytes(data[: int(keep * len(data))]), tmp_path)


# ---------------------------------------------------------------------- bounded work


def _named(body: str) -> bytes:
    """A small form with this content of its sheet."""
    names = {
        "xp.项目名称": "S!$A$1", "xp.指标.三级指标": "S!$A$5:$A$7", "xp.指标.指标值": "S!$B$5:$B$7"
    }  # fmt: skip
    defined = (f'<definedName name="{name}">{area}</definedName>' for name, area in names.items())
    return small_workbook(body, names="".join(defined)).to_bytes()


def _rows(content: str, count: int, first: int = 8) -> str:
    """Rows with this content in column B."""
    kind = ' t="inlineStr"' if content.startswith("<is>") else ""
    numbers = range(first, first + count)
    rows = (f'<row r="{n}"><c r="B{n}"{kind}>{content}</c></row>' for n in numbers)
    return f"<sheetData>{''.join(rows)}</sheetData>"


QUOTE = "'"
# What may take long, as the content of a sheet whose table has the rows 5 to 7.
HUGE = {
    "columns over and over": (
        "<cols>" + '<col min="1" max="16384" width="9"/>' * 20_000 + "</cols><sheetData/>"
    ),
    "large merged areas, many": (
        "<sheetData/><mergeCells>" + '<mergeCell ref="A1:A200000"/>' * 5_000 + "</mergeCells>"
    ),
    "formulas that all read a long column": _rows("<f>SUM(A1:A100000)</f>", 300),
    "unknown formulas that do": _rows("<f>UNKNOWN(A1:A100000)</f>", 1000),
    "quotation marks without end": _rows(f"<f>{QUOTE * 8000}</f>", 30),
    "brackets without end": _rows(f"<f>{(QUOTE + '[') * 4000}</f>", 10),
    "formulas that share one": _rows('<f t="shared" si="0">A1</f>', 3000),
    "long texts": _rows(f"<is><t>{'每月≥1次' * 6000}</t></is>", 3, first=5),
}


@pytest.mark.parametrize("what", HUGE)
def test_what_is_huge_ends_in_time(what: str, tmp_path: Path) -> None:
    use(_named(HUGE[what]), tmp_path)


def test_shared_formulas_are_not_copied_without_end() -> None:
    master = f'<c r="A1"><f t="shared" si="0">{"A1+" * 2000}1</f></c>'
    copies = _rows('<f t="shared" si="0"/>', 300).replace("<sheetData>", "")
    data = _named(f'<sheetData><row r="1">{master}</row>{copies}')
    assert read_forms(data)
    with pytest.raises(WorkbookError, match="sheet1"):
        read_forms(data, Limits(part=1 << 20))


def _data_sheet(*rows: tuple[int, dict[str, str]]) -> str:
    cell = '<c r="{0}{1}" t="inlineStr"><is><t>{2}</t></is></c>'
    lines = (
        f'<row r="{number}">{"".join(cell.format(c, number, t) for c, t in cells.items())}</row>'
        for number, cells in rows
    )
    return f"<sheetData>{''.join(lines)}</sheetData>"


def test_a_stray_cell_at_the_end_of_a_sheet_costs_nothing(tmp_path: Path) -> None:
    headings, first = {"A": "编号", "B": "项目名称"}, {"A": "01", "B": "某项目"}
    sheet = _data_sheet((1, headings), (2, first), (1_048_576, {"XFD": "x"}))
    package = small_workbook(sheet, other=sheet)
    book = package.read("xl/workbook.xml").decode()
    book = book.replace('name="S"', 'name="项目"').replace('name="O"', 'name="指标"')
    path = tmp_path / "数据.xlsx"
    path.write_bytes(package.replace({"xl/workbook.xml": book.encode()}).to_bytes())
    projects, _ = read_folder(path)
    assert projects.headings[:2] == ("编号", "项目名称")
    assert [entry.text for entry in projects.rows[0][:2]] == ["01", "某项目"]


def test_many_names_of_one_table_are_told_apart_in_time() -> None:
    names = (f'<definedName name="xp.指标.n{n}">S!$A$5:$A$7</definedName>' for n in range(5000))
    data = small_workbook("<sheetData/>", names="".join(names)).to_bytes()
    assert len(Template(data).form.columns) == 5000


# --------------------------------------------------------------- values at the edges


def test_a_table_that_would_grow_beyond_the_sheet_names_the_sheet() -> None:
    last = 1_048_576
    area = f"$A${last - 5}:$A${last - 3}"
    names = f'<definedName name="xp.指标.三级指标">S!{area}</definedName>'
    template = Template(small_workbook("<sheetData/>", names=names).to_bytes())
    rows = [("产出指标", "数量指标", "台数", "10", "9")]
    assert read_forms(template.fill(record({}, rows * 6)))
    with pytest.raises(WorkbookError) as caught:
        template.fill(record({}, rows * 7))
    assert [(d.code, d.place.sheet) for d in caught.value.diagnostics] == [("W204", "S")]


def _dated(*, date1904: bool) -> bytes:
    """A form with a date, in cells that show dates as the official forms do."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"date_1904": date1904}) as book:
        look = book.add_format({"num_format": "yyyy/mm/dd"})
        book.add_worksheet("表").write_blank("A1", None, look)
        book.define_name("xp.填报日期", "=表!$A$1")
    return file.getvalue()


@pytest.mark.parametrize("date1904", [False, True])
@given(day=st.dates(datetime.date(1904, 1, 1), datetime.date(9999, 12, 31)))
def test_dates_are_right_in_both_calendars(date1904: bool, day: datetime.date) -> None:
    template = Template(_dated(date1904=date1904))
    project = record({"填报日期": day.isoformat()})
    data = template.fill(project)
    midnight = datetime.datetime.combine(day, datetime.time())
    # openpyxl takes the first day of the 1904 calendar for an hour.
    if day > datetime.date(1904, 1, 2):
        assert openpyxl.load_workbook(io.BytesIO(data))["表"]["A1"].value == midnight
    read = template.read(data).entry("填报日期")
    assert read.text == f"{day:%Y/%m/%d}".zfill(10)
    assert read.number == project.entry("填报日期").number


@pytest.mark.parametrize(
    ("date1904", "serial"), [(False, "0"), (False, "-5"), (True, "1461"), (True, "-1")]
)
def test_dates_before_the_calendar_name_the_cell(date1904: bool, serial: str) -> None:
    entry = Entry("很早", Decimal(serial))
    with pytest.raises(WorkbookError) as caught:
        Template(_dated(date1904=date1904)).fill(Project({"填报日期": entry}))
    assert [(d.code, d.place.cell) for d in caught.value.diagnostics] == [("F114", "A1")]
