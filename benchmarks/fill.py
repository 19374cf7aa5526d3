"""Filled workbooks per second, written durably, against openpyxl on the same form.

The work is the self-evaluation form as shipped (8 indicator rows, so that openpyxl, which cannot
insert rows with their merges and formulas, does the same). Every round goes into a new folder.
xlperf runs as `xlperf fill --scores given` does: it flushes files in groups while it computes the
next ones, and a form counts once it is on the disk under its name. The floor is what no engine can
avoid, one form after the other: deflating the bytes that change, writing the file, fsync, rename.
"""

import io
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl

from benchmarks.measure import lasting_folder, medians, peak_memory, report
from xlperf.bulk import Options, fill_records, find_template, load
from xlperf.forms import KEY, Entry, Project
from xlperf.ooxml.files import write_file
from xlperf.ooxml.package import Package, PackageWriter
from xlperf.resources import examples_root, template_path
from xlperf.tables import Records
from xlperf.template import Template

FORMS = 48
ROUNDS = 7
GROWN = 27


def with_rows(project: Project, count: int) -> Project:
    indicators = project.indicators * (count // len(project.indicators) + 1)
    return replace(project, indicators=indicators[:count])


def copies(records: Records, project: Project) -> Records:
    """FORMS projects that differ in their key."""
    keyed = (
        replace(project, entries={**project.entries, KEY: Entry(f"{number:03}")})
        for number in range(FORMS)
    )
    return replace(records, projects=tuple(keyed))


def fill_all(template: Template, records: Records, out: Path) -> list[Path]:
    """The files of a bulk fill, all of them written."""
    outcomes = fill_records(template, records, out, Options(scores="given"))
    paths = [outcome.path for outcome in outcomes if outcome.path]
    if len(paths) < len(outcomes):
        raise AssertionError("not all were written")
    return paths


def into_new_folders(folder: Path, fill: Callable[[Path], object]) -> Callable[[], object]:
    """`fill`, each time into a new folder in `folder`."""
    return lambda: fill(Path(tempfile.mkdtemp(dir=folder)))


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


def floor(template: Template, project: Project) -> Callable[[Path], None]:
    """Writes FORMS files with nothing computed: the changed parts only deflated."""
    filled = template.fill(project)
    parts = changed_parts(template.data, filled)
    rest = PackageWriter(Package.open(filled), parts)

    def write(out: Path) -> None:
        for number in range(FORMS):
            write_file(out / f"{number}.xlsx", rest.write(parts), last=False)

    return write


def main() -> None:
    template = find_template("guizhou_self_evaluation")
    path = template_path("guizhou_self_evaluation")
    records = load(template, examples_root() / "qiannan-2023")
    shipped, grown = (copies(records, with_rows(records.projects[1], n)) for n in (8, GROWN))
    folder = lasting_folder()
    compare(template, path, shipped, folder, "8 rows, as shipped")
    compare(template, path, grown, folder, f"table grown to {GROWN} rows", peer=False)
    print(f"\n  peak memory of this process: {peak_memory():.0f} MiB")


def compare(
    template: Template, path: Path, records: Records, folder: Path, title: str, peer: bool = True
) -> None:
    def peer_fill(out: Path) -> None:
        for project in records.projects:
            fill_with_openpyxl(path, project, out / f"{project.key}.xlsx")

    contestants = {"openpyxl load-fill-save": peer_fill} if peer else {}
    contestants |= {
        "xlperf": lambda out: fill_all(template, records, out),
        "floor: deflate, write, fsync": floor(template, records.projects[0]),
    }
    contestants = {name: into_new_folders(folder, fill) for name, fill in contestants.items()}
    seconds = medians(contestants, ROUNDS)
    first = next(iter(contestants))
    report(f"Durable fill, self-evaluation form, {title}", seconds, FORMS, "form", first)


if __name__ == "__main__":
    main()
