"""Filled workbooks per second, written durably, against openpyxl on the same form.

The work is the self-evaluation form as shipped (8 indicator rows, so that openpyxl, which cannot
insert rows with their merges and formulas, does the same). The floor is what no engine can avoid:
deflating the bytes that change, writing the file, fsync and rename.
"""

import io
import tempfile
from dataclasses import replace
from pathlib import Path

import openpyxl

from benchmarks.measure import medians, peak_memory, report
from xlperf.bulk import find_template, load
from xlperf.forms import Project
from xlperf.ooxml.files import write_file
from xlperf.ooxml.package import Package, PackageWriter
from xlperf.resources import examples_root, template_path
from xlperf.template import Template

FORMS = 20
ROUNDS = 7
GROWN = 27


def with_rows(project: Project, count: int) -> Project:
    indicators = project.indicators * (count // len(project.indicators) + 1)
    return replace(project, indicators=indicators[:count])


def fill_with_openpyxl(template: Path, project: Project, out: Path) -> None:
    """Load, set the same cells, save: the usual way to fill a form from Python."""
    book = openpyxl.load_workbook(template)
    for name, defined in book.defined_names.items():
        if not name.startswith("xp.") or "!" not in (defined.attr_text or ""):
            continue
        label = name.removeprefix("xp.")
        ((sheet, reference),) = defined.destinations
        cells = book[sheet][reference.replace("$", "")]
        if label.startswith("指标."):
            rows = cells if isinstance(cells, tuple) else ((cells,),)
            for row, indicator in zip(rows, project.indicators, strict=False):
                entry = indicator.entry(label.removeprefix("指标."))
                if type(row[0]).__name__ == "Cell":
                    row[0].value = float(entry.number) if entry.number is not None else entry.text
        else:
            first = cells[0][0] if isinstance(cells, tuple) else cells
            entry = project.entry(label)
            if entry and first.data_type != "f":
                first.value = float(entry.number) if entry.number is not None else entry.text
    file = io.BytesIO()
    book.save(file)
    write_file(out, file.getvalue(), last=False)


def changed_parts(before: bytes, after: bytes) -> dict[str, bytes]:
    old, new = Package.open(before), Package.open(after)
    return {
        name: new.read(name) for name in new if name not in old or new.read(name) != old.read(name)
    }


def main() -> None:
    template = find_template("guizhou_self_evaluation")
    path = template_path("guizhou_self_evaluation")
    project = load(template, examples_root() / "qiannan-2023").projects[1]
    with tempfile.TemporaryDirectory(dir=".") as folder:
        compare(template, path, with_rows(project, 8), Path(folder), f"{8} rows, as shipped")
        grown = with_rows(project, GROWN)
        compare(template, path, grown, Path(folder), f"table grown to {GROWN} rows", peer=False)
    print(f"\n  peak memory of this process: {peak_memory():.0f} MiB")


def compare(
    template: Template, path: Path, project: Project, out: Path, title: str, peer: bool = True
) -> None:
    filled = template.fill(project)
    parts = changed_parts(template.data, filled)
    rest = PackageWriter(Package.open(filled), parts)

    def durable(data: bytes, number: int) -> None:
        write_file(out / f"{number}.xlsx", data, last=False)

    def xlperf() -> None:
        for number in range(FORMS):
            durable(template.fill(project), number)

    def floor() -> None:
        for number in range(FORMS):
            durable(rest.write(parts), number)

    def peer_fill() -> None:
        for number in range(FORMS):
            fill_with_openpyxl(path, project, out / f"{number}.xlsx")

    contestants = {"openpyxl load-fill-save": peer_fill} if peer else {}
    contestants |= {"xlperf": xlperf, "floor: deflate, write, fsync": floor}
    seconds = medians(contestants, ROUNDS)
    first = next(iter(contestants))
    report(f"Durable fill, self-evaluation form, {title}", seconds, FORMS, "form", first)


if __name__ == "__main__":
    main()
