"""Scoring in place: what is written, what stays, what is said, and LibreOffice's opinion."""

import io
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import openpyxl
import pytest

import xlperf
from tests.oracles.libreoffice import LibreOffice
from xlperf.bulk import Options, fill_book, fill_records, load_example, score_workbooks
from xlperf.diagnostic import InputError
from xlperf.forms import BLANK, Entry, Project, number_entry
from xlperf.resources import examples_root
from xlperf.scoring import Policy, shipped_policies
from xlperf.tables import Records
from xlperf.template import Formula, Patching, read_forms

SHEET = "自评表"
TEMPLATE, RECORDS = load_example(examples_root() / "qiannan-2023")
DEFAULT = Policy.default()


def filled(folder: Path, *projects: Project) -> Path:
    """Workbooks as a person hands them in: the printed scores as values."""
    records = Records(projects or RECORDS.projects)
    fill_records(TEMPLATE, records, folder, Options("value", "given"))
    return folder


def with_rows(*rows: tuple[str, str, int, str]) -> Project:
    """The second project with these rows: target, actual, weight, score."""
    project = RECORDS.projects[1]
    model = project.indicators[0]
    indicators = [
        replace(
            model,
            entries={
                **model.entries,
                "三级指标": Entry(f"指标{number}"),
                "指标值": Entry(target),
                "实际完成值": Entry(actual),
                "分值": number_entry(Decimal(weight)),
                "得分": number_entry(Decimal(score)) if score.isdigit() else Entry(score),
            },
        )
        for number, (target, actual, weight, score) in enumerate(rows, 1)
    ]
    dropped = ("总分", "自评结论", "分值合计")
    entries = {k: BLANK if k in dropped else v for k, v in project.entries.items()}
    return replace(project, entries=entries, indicators=tuple(indicators))


def one(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def cells(path: Path) -> dict[str, object]:
    sheet = openpyxl.load_workbook(path)[SHEET]
    return {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if cell.value}


def formulas_of(path: Path) -> dict[str, str]:
    sheet = openpyxl.load_workbook(path)[SHEET]
    return {c.coordinate: c.value for row in sheet.iter_rows() for c in row if c.data_type == "f"}


def test_formulas_come_in_and_the_rest_stays(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    scoring = score_workbooks([folder])
    assert not scoring.problems
    assert [form.total.text for form in scoring.forms[:2]] == ["98.87", "99.96"]
    for path, old in before.items():
        parts = zipfile.ZipFile(path).namelist()
        changed = [part for part in parts if _part(path.read_bytes(), part) != _part(old, part)]
        assert changed in ([], ["xl/worksheets/sheet1.xml"])
    second = folder / "02_公积金12329短信服务费.xlsx"
    assert str(cells(second)["H15"]).startswith("=IF(OR(G15=")
    assert cells(second)["H20"] == 30


def _part(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name)


@pytest.mark.parametrize("formulas", ["native", "value"])
def test_scoring_twice_changes_nothing(tmp_path: Path, formulas: str) -> None:
    folder = filled(tmp_path)
    score_workbooks([folder], DEFAULT, formulas)  # type: ignore[arg-type]
    once = {path: path.read_bytes() for path in folder.iterdir()}
    score_workbooks([folder], DEFAULT, formulas)  # type: ignore[arg-type]
    assert {path: path.read_bytes() for path in folder.iterdir()} == once


def test_who_decides_a_score(tmp_path: Path) -> None:
    project = with_rows(
        ("≥100次", "50次", 20, "20"),
        ("有效保障", "有效保障", 20, "17"),
        ("有效保障", "部分达成年度指标并具有一定效果", 20, "19"),
        ("有效保障", "有效保障", 20, ""),
        ("≥3次", "", 10, ""),
    )
    (form,) = score_workbooks([filled(tmp_path, project)]).forms
    assert [row.state for row in form.rows] == ["computed", "kept", "kept", "open", "open"]
    assert [row.score for row in form.rows] == [10, 17, 19, None, None]
    assert form.rows[2].result.allowed == (12, 16)
    assert not form.complete
    said = "\n".join(form.lines())
    for words in (
        "原为 20",
        "保留人工评分，但不在此档",
        "可评 12 至 16 分",
        "待评分",
        "须说明原因",
    ):
        assert words in said
    assert "kept as given" in "\n".join(form.lines("en"))


def test_what_does_not_apply_is_dropped_and_comes_back(tmp_path: Path) -> None:
    project = with_rows(
        ("≥4次", "4次", 50, ""), ("≥4次", "2次", 30, ""), ("≥4次", "不适用", 10, "7")
    )
    path = one(filled(tmp_path, project))
    (form,) = score_workbooks([path]).forms
    execution = form.execution.number
    assert execution is not None
    wanted = ((50 + 15 + execution) * 100 / 90).quantize(Decimal("0.01"))
    assert form.total.number == wanted
    assert (form.rows[2].state, form.rows[2].score) == ("dropped", None)
    assert cells(path)["H17"] == "不适用"
    assert "*100/(SUM(" in str(cells(path)["H18"])

    data = path.read_bytes()
    path.write_bytes(Patching(data).write({(SHEET, (17, 6)): "3次", (SHEET, (17, 8)): ""})[0])
    (form,) = score_workbooks([path]).forms
    assert form.total.number == 50 + 15 + Decimal("7.5") + execution
    assert "*100" not in str(cells(path)["H18"])


def test_calls_of_the_worksheet_functions(tmp_path: Path) -> None:
    project = with_rows(
        ("≤4次", "5次", 40, ""), ("每季度≥1次", "每年3次", 20, ""), ("优质", "优质", 30, "27")
    )
    path = one(filled(tmp_path, project))
    blank = {(SHEET, at): "" for at in ((7, 8), (19, 3))}
    path.write_bytes(Patching(path.read_bytes()).write(dict(blank))[0])
    (form,) = score_workbooks([path], Policy.load("linear"), "udf").forms
    assert [row.score for row in form.rows] == [30, 15, 27]
    there = cells(path)
    assert there["H15"] == '=XP_SCORE(E15,F15,G15,"linear")'
    assert there["H17"] == 27
    assert there["H7"] == '=IFERROR(ROUND(XP_RATE(F7,E7)*100,2),"")'
    assert there["C19"] == '=XP_GRADE(H18,"linear")'
    assert form.grade.text == "良"
    assert read_forms(path.read_bytes())[0][0][1].indicators[0].score == 30


def test_a_policy_of_ones_own_has_no_calls(tmp_path: Path) -> None:
    path = one(filled(tmp_path, with_rows(("≤4次", "5次", 90, ""))))
    before = path.read_bytes()
    with pytest.raises(InputError, match="native"):
        score_workbooks([path], replace(DEFAULT, places=0, name=""), "udf")
    assert path.read_bytes() == before


def test_formulas_that_carry_no_value_are_computed_first(tmp_path: Path) -> None:
    path = one(filled(tmp_path, with_rows(("≤4次", "5次", 40, ""), ("≥4次", "4次", 50, ""))))
    book = openpyxl.load_workbook(path)  # saves no values of formulas
    book[SHEET]["G15"] = "=90-G16"
    book.save(path)
    (form,) = score_workbooks([path]).forms
    assert [row.score for row in form.rows] == [32, 50]
    assert form.total.number == 82 + (form.execution.number or 0)


def test_several_forms_in_one_workbook(tmp_path: Path) -> None:
    path = tmp_path / "汇总.xlsx"
    fill_book(TEMPLATE, RECORDS, path, Options("value", "given"))
    scoring = score_workbooks([path])
    assert not scoring.problems
    assert [form.total.text for form in scoring.forms[:2]] == ["98.87", "99.96"]
    assert len({form.project.sheet for form in scoring.forms}) == len(RECORDS.projects)


def test_a_form_without_formulas_gets_them(tmp_path: Path) -> None:
    path = one(filled(tmp_path, with_rows(("≥4次", "3次", 90, ""))))
    blank = {(SHEET, at): "" for at in ((7, 8), (7, 9), (16, 8), (17, 3))}
    path.write_bytes(Patching(path.read_bytes()).write(dict(blank))[0])
    policy = Policy.load("one_decimal")
    (form,) = score_workbooks([path], policy).forms
    assert form.total.number == Decimal("67.5") + (form.execution.number or 0)
    assert form.grade.text == "一般"
    there = cells(path)
    assert all(str(there[cell]).startswith("=IF(") for cell in ("H7", "I7", "H16", "C17"))
    values = openpyxl.load_workbook(path, data_only=True)[SHEET]
    assert values["H7"].value == 99.63


def test_a_formula_of_the_form_that_departs_is_told_and_stays(tmp_path: Path) -> None:
    path = one(filled(tmp_path, with_rows(("≥4次", "3次", 90, ""))))
    path.write_bytes(
        Patching(path.read_bytes()).write({(SHEET, (16, 8)): Formula("SUM(H15:H15)")})[0]
    )
    scoring = score_workbooks([path])
    assert [fault.code for fault in scoring.problems] == ["F103"]
    assert cells(path)["H16"] == "=SUM(H15:H15)"


def test_shared_formulas_outlive_the_one_they_share(tmp_path: Path) -> None:
    path = one(filled(tmp_path, with_rows(("≥4次", "3次", 50, ""), ("优质", "优质", 40, "30"))))
    data = path.read_bytes()
    sheet = _part(data, "xl/worksheets/sheet1.xml").decode()
    style = sheet.split('r="H16" s="')[1].split('"')[0]
    for row, body in ((15, 't="shared" ref="H15:H16" si="0">G15-1'), (16, 't="shared" si="0">')):
        start = sheet.index(f'<c r="H{row}"')
        end = min(sheet.index("/>", start) + 2, sheet.index("</c>", start) + 4)
        cell = f'<c r="H{row}" s="{style}"><f {body}</f><v>39</v></c>'
        sheet = sheet[:start] + cell + sheet[end:]
    with zipfile.ZipFile(tmp_path / "shared.xlsx", "w") as package:
        for name in zipfile.ZipFile(path).namelist():
            part = _part(data, name)
            package.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else part)
    (form,) = score_workbooks([tmp_path / "shared.xlsx"]).forms
    assert [row.state for row in form.rows] == ["computed", "kept"]
    assert cells(tmp_path / "shared.xlsx")["H16"] == "=G16-1"


def test_a_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    folder = filled(tmp_path / "表", with_rows(("≥4次", "3次", 90, "")))
    (folder / "00.xlsx").write_bytes(b"no workbook")
    template, records = load_example(examples_root() / "qiannan-2025")
    fill_records(template, Records(records.projects[:1]), folder)
    scoring = score_workbooks([folder])
    assert len(scoring.forms) == 1
    assert len(scoring.problems) == 2
    assert all(fault.place.file for fault in scoring.problems)
    assert any(fault.code == "W145" for fault in scoring.problems)


@pytest.mark.parametrize("policy", ["default", "linear", "zero", "cost", "one_decimal"])
def test_libreoffice_sees_the_same(tmp_path: Path, policy: str, libreoffice: LibreOffice) -> None:
    project = with_rows(
        ("≤4次", "5次", 30, ""),
        ("=97.31%", "96.17%", 23, ""),
        ("≤1.37万元", "14139.83元", 17, ""),
        ("优", "优", 20, "19"),
        ("≥3", "不涉及", 5, ""),
    )
    folder = filled(tmp_path / "a", project, *RECORDS.projects[2:])
    path = folder / "02_公积金12329短信服务费.xlsx"
    blank = {(SHEET, at): "" for at in ((7, 8), (7, 9), (20, 8), (21, 3))}
    path.write_bytes(Patching(path.read_bytes()).write(dict(blank))[0])
    scoring = score_workbooks([folder], Policy.load(policy))
    assert len(scoring.forms) == 7
    judged = libreoffice.recalculate(sorted(folder.iterdir()))
    for path, sheets in judged.items():
        cached = openpyxl.load_workbook(path, data_only=True)[SHEET]
        for cell, formula in formulas_of(path).items():
            assert (cached[cell].value or "") == (sheets[SHEET][cell] or ""), (cell, formula)


def test_libreoffice_sees_the_same_of_random_forms(
    tmp_path: Path, libreoffice: LibreOffice
) -> None:
    chance = Random(20250102)
    for number in range(12):
        rows = [
            (
                f"{chance.choice('≥≤=<>')}{chance.uniform(0.5, 900):.{chance.randrange(7)}f}个",
                chance.choice(
                    ["不适用", *[f"{chance.uniform(0, 900):.{chance.randrange(7)}f}个"] * 6]
                ),
                chance.randrange(1, 40),
                "",
            )
            for _ in range(chance.randrange(2, 9))
        ]
        project = with_rows(*rows)
        spent = {"资金.本级安排.全年执行数": number_entry(Decimal(chance.randrange(10**7)) / 100)}
        project = replace(project, entries=project.entries | spent)
        path = one(filled(tmp_path / str(number), project))
        total = (15 + len(rows), 8)
        blank = {(SHEET, at): "" for at in ((7, 8), (7, 9), total, (total[0] + 1, 3))}
        path.write_bytes(Patching(path.read_bytes()).write(dict(blank))[0])
        assert score_workbooks([path], Policy.load(chance.choice(shipped_policies()))).forms
    paths = sorted(tmp_path.rglob("*.xlsx"))
    for path, sheets in libreoffice.recalculate(paths).items():
        cached = openpyxl.load_workbook(path, data_only=True)[SHEET]
        for cell, formula in formulas_of(path).items():
            assert (cached[cell].value or "") == (sheets[SHEET][cell] or ""), (cell, formula)


def test_forms_read_back_as_they_were_scored(tmp_path: Path) -> None:
    path = one(filled(tmp_path, with_rows(("≥4次", "3次", 90, ""))))
    (form,) = score_workbooks([path]).forms
    ((_, project),), _ = read_forms(path.read_bytes())
    assert project.entry("总分") == form.total
    assert project.indicators[0].score == form.rows[0].score == Decimal("67.5")


def test_the_front_door_scores_too(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    (folder / "damaged.xlsx").write_bytes(b"no workbook")
    table = xlperf.score(folder)
    assert list(table.columns) == ["key", "path", "sheet", "total", "grade", "open", "problems"]
    (damaged,) = table[table["problems"] != ""].to_dict("records")
    assert damaged["path"] == str(folder / "damaged.xlsx")
    done = table[table["problems"] == ""]
    assert list(done["total"][:2]) == [98.87, 99.96]
    assert list(done["grade"][:2]) == ["优", "优"]
    forms = score_workbooks([folder]).forms
    assert list(done["open"]) == [sum(r.state == "open" for r in form.rows) for form in forms]
    assert [Path(path).is_file() for path in done["path"]] == [True] * len(forms)


def test_calls_work_where_nothing_else_was_imported(tmp_path: Path) -> None:
    filled(tmp_path, RECORDS.projects[0])
    code = "from xlperf.bulk import score_workbooks as s; print(len(s(['.'], None, 'udf').forms))"
    environment = {**os.environ, "PYTHONPATH": str(Path(xlperf.__file__).parent.parent)}
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=True
    )
    assert ran.stdout.strip() == b"1"
