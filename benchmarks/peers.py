"""The same forms filled by other libraries: openpyxl, excelize, xltpl, exceljs, xlsx-template.

Every contestant puts the same values into the same cells of the form as shipped and writes each
file durably (beside its place, fsync, rename), each round into a new folder. xlperf flushes groups
of files while it computes the next ones, as it does for its users; the others write one file after
the other, which for openpyxl is less than a fortieth of its time. None of the others inserts rows
with merges and formulas, keeps parts that it does not know, or computes formulas: what they leave
out is not held against them here. The floor is what nobody can avoid, one file after the other:
deflating the bytes that change, writing the file, fsync, rename. All run on one core.

`npm ci` in benchmarks/node_peers brings the two that run on node; without it they are left out, and
it is said.
"""

import io
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl

from benchmarks.fill import FORMS, copies, fill_all, floor, into_new_folders, with_rows
from benchmarks.measure import lasting_folder, medians, peak_memory, report
from tests.ooxml.hard_workbook import hard_workbook
from xlperf.bulk import find_template, load
from xlperf.forms import Kind, Project
from xlperf.ooxml.address import cell_name
from xlperf.ooxml.files import write_file
from xlperf.resources import examples_root
from xlperf.tables import Records
from xlperf.template import Template

ROUNDS = 5
GROWN = 27
MANY = 10_000
_HERE = Path(__file__).parent / "node_peers"
_REFERENCE = "openpyxl load-fill-save"

Cells = dict[str, float | str]


def cells_of(template: Template, project: Project) -> Cells:
    """What a fill puts where: cell → value, formulas of the form left alone."""
    form = template.form
    entries = [
        (cell_name(f.area.top, f.area.left), f.kind, project.entry(f.key))
        for f in form.scalars
        if f.key not in template.formula_labels
    ]
    for row, indicator in enumerate(project.indicators, start=form.first):
        entries += [
            (cell_name(row, f.area.left), f.kind, indicator.entry(f.key)) for f in form.columns
        ]
    return {
        cell: float(entry.number)
        if entry.number is not None and kind is not Kind.TEXT
        else entry.text
        for cell, kind, entry in entries
        if entry
    }


def with_placeholders(template: Path, sheet: str, marks: dict[str, str], out: Path) -> Path:
    """The form as libraries of placeholders want it: a mark in every cell to fill."""
    import excelize

    book = excelize.open_file(str(template))
    for cell, mark in marks.items():
        book.set_cell_value(sheet, cell, mark)
    book.save_as(str(out))
    book.close()
    return out


Fill = Callable[[Path], object]


def fillers(template: Template, cells: Cells, folder: Path) -> dict[str, Fill]:
    """The contestants, each filling FORMS files into a folder."""
    path, sheet = folder / "template.xlsx", template.form.sheet.name
    path.write_bytes(template.data)

    def with_openpyxl(out: Path, number: int) -> None:
        book = openpyxl.load_workbook(path)
        for cell, value in cells.items():
            book[sheet][cell].value = value
        file = io.BytesIO()
        book.save(file)
        write_file(out / f"{number}.xlsx", file.getvalue(), last=False)

    def with_excelize(out: Path, number: int) -> None:
        import excelize

        book = excelize.open_file(str(path))
        for cell, value in cells.items():
            book.set_cell_value(sheet, cell, value)
        temporary = out / f"{number}.tmp.xlsx"
        book.save_as(str(temporary))
        book.close()
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(out / f"{number}.xlsx")

    names = {cell: f"v{number}" for number, cell in enumerate(cells)}
    marks = {cell: f"{{{{{name}}}}}" for cell, name in names.items()}
    tagged = with_placeholders(path, sheet, marks, folder / "tagged.xlsx")
    payload = {name: cells[cell] for cell, name in names.items()}

    def with_xltpl(out: Path, number: int) -> None:
        from xltpl.writerx import BookWriter

        writer = BookWriter(str(tagged))
        writer.render_book(payloads=[payload | {"sheet_name": sheet}])
        file = io.BytesIO()
        writer.save(file)
        write_file(out / f"{number}.xlsx", file.getvalue(), last=False)

    def repeated(fill: Callable[[Path, int], None]) -> Fill:
        return lambda out: [fill(out, number) for number in range(FORMS)]

    able = {}
    for name, fill in (
        (_REFERENCE, with_openpyxl),
        ("excelize", with_excelize),
        ("xltpl", with_xltpl),
    ):
        try:
            fill(folder, 0)
            able[name] = repeated(fill)
        except Exception as error:  # whatever a peer's own way to fail is
            print(f"\n  {name} cannot fill this form: {type(error).__name__}: {error}")
    return able


def node_seconds(cells: Cells, folder: Path) -> dict[str, float]:
    """The best of three runs of the libraries on node: their own time for FORMS files."""
    if not (_HERE / "node_modules").is_dir() or not shutil.which("node"):
        print("\n  exceljs and xlsx-template left out: run `npm ci` in benchmarks/node_peers")
        return {}
    data = folder / "cells.json"
    data.write_text(json.dumps(cells), "utf-8")
    seconds = {}
    for library in ("exceljs", "xlsx-template"):
        command = ["node", "fill.js", library, str(folder / "template.xlsx"), str(data), str(FORMS)]
        runs = [
            subprocess.run(
                [*command, tempfile.mkdtemp(dir=folder)],
                cwd=_HERE,
                capture_output=True,
                text=True,
                check=False,
            )
            for _ in range(3)
        ]
        if any(run.returncode for run in runs):
            reason = re.search(r"^\w*Error: .*", runs[0].stderr, re.MULTILINE)
            print(f"\n  {library} cannot fill this form: {reason[0] if reason else '?'}")
            continue
        seconds[library] = min(float(run.stdout) / 1000 for run in runs)
    return seconds


def compare(template: Template, records: Records, title: str) -> None:
    project = records.projects[0]
    folder = lasting_folder()
    cells = cells_of(template, project)
    contestants = fillers(template, cells, folder)
    peer = contestants[_REFERENCE]

    def verified(out: Path) -> None:
        for path in fill_all(template, records, out):
            read = template.read(path.read_bytes())
            if len(read.indicators) != len(project.indicators):
                raise AssertionError("read back differs")

    def peer_verified(out: Path) -> None:
        peer(out)
        for path in out.iterdir():
            openpyxl.load_workbook(path)

    contestants |= {
        "xlperf": lambda out: fill_all(template, records, out),
        "floor: deflate, write, fsync": floor(template, project),
    }
    seconds = race(contestants, folder) | node_seconds(cells, folder)
    report(f"Durable fill, {title}", seconds, FORMS, "form", _REFERENCE)
    pair = {"openpyxl, loaded again": peer_verified, "xlperf, read back": verified}
    seconds = race(pair, folder)
    report(f"With verification, {title}", seconds, FORMS, "form", "openpyxl, loaded again")


def race(contestants: Mapping[str, Fill], folder: Path) -> dict[str, float]:
    work = {name: into_new_folders(folder, fill) for name, fill in contestants.items()}
    return medians(work, ROUNDS)


def compare_growth(template: Template, records: Records) -> None:
    """The table is grown; openpyxl inserts bare rows, which is all that it does."""
    form = template.form
    extra = GROWN - (form.last - form.first + 1)
    cells = cells_of(template, records.projects[0])

    def peer(out: Path) -> None:
        for number in range(FORMS):
            book = openpyxl.load_workbook(io.BytesIO(template.data))
            sheet = book[form.sheet.name]
            sheet.merged_cells.ranges.clear()
            sheet.insert_rows(form.last, extra)
            for cell, value in cells.items():
                sheet[cell].value = value
            file = io.BytesIO()
            book.save(file)
            write_file(out / f"{number}.xlsx", file.getvalue(), last=False)

    contestants = {_REFERENCE: peer, "xlperf": lambda out: fill_all(template, records, out)}
    seconds = race(contestants, lasting_folder())
    report(f"Durable fill, table grown to {GROWN} rows", seconds, FORMS, "form", _REFERENCE)


def memory_over_many(template: Template, project: Project) -> None:
    """Peak memory after a tenth and after all of MANY fills, of tables of varying length."""
    projects = [with_rows(project, 5 + number % 40) for number in range(40)]
    for number in range(MANY):
        template.fill(projects[number % 40])
        if number + 1 in (MANY // 10, MANY):
            print(f"\n  peak memory after {number + 1} fills: {peak_memory():.1f} MiB")


def main() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    template = find_template("guizhou_self_evaluation")
    records = load(template, examples_root() / "qiannan-2023")
    project = records.projects[1]
    hard = Template(hard_workbook(10))
    with_count = {count: copies(records, with_rows(project, count)) for count in (8, 10, GROWN)}
    compare(template, with_count[8], "self-evaluation form (13 parts)")
    compare(hard, with_count[10], "hard form (54 parts)")
    compare_growth(template, with_count[GROWN])
    memory_over_many(template, project)


if __name__ == "__main__":
    main()
