"""Recalculated workbooks per second, xlsx in and xlsx out, against the other engines.

The work is the self-evaluation form of 27 rows as `xlperf fill` writes it, each score a formula,
with other actual values in each; and a summary of 5,000 formulas. All contestants work in memory
but those that know files only; nobody flushes to the disk. The floor is what no engine can avoid:
to read the sheet, put other bytes in the place of the values, deflate and write it.
"""

import contextlib
import io
import random
import re
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import xlsxwriter

from benchmarks.fill import GROWN, with_rows
from benchmarks.measure import medians, report
from tests.oracles.libreoffice import LibreOffice
from xlperf.bulk import fill_records, find_template, load
from xlperf.forms import Entry, Indicator
from xlperf.ooxml.package import Package
from xlperf.recalc import Book, recalculate
from xlperf.recalc.compiled import Compiled
from xlperf.resources import examples_root

BATCH = 200
ROUNDS = 5
FEW = 10
ACTUAL = "实际完成值"


def filled(count: int) -> list[bytes]:
    """Self-evaluations of 27 rows, each with its own key, numbers and texts."""
    template = find_template("guizhou_self_evaluation")
    records = load(template, examples_root() / "qiannan-2023")
    project = with_rows(records.projects[1], GROWN)
    rng = random.Random(5)
    projects = tuple(
        replace(
            project,
            entries={**project.entries, "编号": Entry(f"P{number:03}")},
            indicators=tuple(other(indicator, rng) for indicator in project.indicators),
        )
        for number in range(count)
    )
    with tempfile.TemporaryDirectory() as folder:
        done = fill_records(template, replace(records, projects=projects), Path(folder))
        books = [Book(outcome.path.read_bytes()) for outcome in done if outcome.path]
    # As a workbook comes in whose values are those of another year.
    return [book.with_values(dict.fromkeys(book.formulas, 0.0)) for book in books]


def other(indicator: Indicator, rng: random.Random) -> Indicator:
    """The indicator with another actual value: 198.38万条 becomes 143.02万条."""
    text = indicator.entry(ACTUAL).text
    text = re.sub(r"[0-9.]+", lambda n: f"{float(n[0]) * rng.uniform(0.5, 1.2):.2f}", text, count=1)
    return replace(indicator, entries={**indicator.entries, ACTUAL: Entry(text)})


def summary(rows: int = 500, columns: int = 10) -> bytes:
    """A summary of 5,000 formulas: for each row, sums, shares, ratios and a grade."""
    file = io.BytesIO()
    rng = random.Random(5)
    with xlsxwriter.Workbook(file) as workbook:
        sheet = workbook.add_worksheet("汇总")
        for row in range(1, rows + 1):
            for column in range(columns - 2):
                sheet.write(row, column, round(rng.uniform(1, 100), 2))
            at = row + 1
            formulas = [
                f"=SUM(A{at}:H{at})", f"=ROUND(I{at}/8,2)", f"=A{at}-B{at}", f"=MAX(A{at}:H{at})",
                f"=MIN(A{at}:H{at})", f"=IF(B{at}=0,0,ROUND(A{at}/B{at}*100,2))",
                f"=C{at}*D{at}", f"=I{at}/SUM(I$2:I${rows + 1})", f"=ROUND(E{at}*1.06,2)",
                f'=IF(J{at}>=90,"优",IF(J{at}>=80,"良",IF(J{at}>=60,"中","差")))',
            ]  # fmt: skip
            for place, formula in enumerate(formulas):
                sheet.write_formula(row, columns - 2 + place, formula)
    return file.getvalue()


def floor(books: list[bytes]) -> None:
    for data in books:
        package = Package.open(data)
        sheets = [name for name in package if name.startswith("xl/worksheets/sheet")]
        changed = {name: package.read(name).replace(b"</v>", b"</v>") for name in sheets}
        package.replace(changed).to_bytes()


def with_formualizer(books: list[bytes]) -> None:
    import formualizer

    for data in books:
        formualizer.recalculate_xlsx_bytes(data)


def with_formulas(books: list[bytes]) -> None:
    import formulas

    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(books):
            path = Path(folder, f"{number}.xlsx")
            path.write_bytes(data)
            model = formulas.ExcelModel().loads(str(path)).finish()
            model.calculate()
            model.write(dirpath=folder)


def with_libreoffice(office: LibreOffice, books: list[bytes]) -> None:
    """Load, calculating anew, and store: what a script of its own does through UNO."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "book.xlsx"), Path(folder, "done.xlsx")
        for data in books:
            path.write_bytes(data)
            office.load_save(path, out)
            out.read_bytes()


def main() -> None:
    books = filled(BATCH)
    few = books[:FEW]
    assert {outcome.engine for outcome in recalculate(books, "compiled")} == {"compiled"}
    contestants = {
        "formulas, loads to write": (partial(with_formulas, books[:1]), 1),
        "formualizer's own recalculate": (partial(with_formualizer, few), FEW),
        f"compiled, {BATCH} at once": (partial(recalculate, books, "compiled"), BATCH),
        "compiled, one warm workbook": (partial(one_by_one, few), FEW),
        "floor: read, patch, write": (partial(floor, books), BATCH),
    }
    with contextlib.ExitStack() as stack:
        if recalculate(few[:1], "libreoffice")[0].engine:
            office = stack.enter_context(LibreOffice())
            contestants |= {
                "libreoffice, load to store": (partial(with_libreoffice, office, few), FEW),
                # Values only, which are then patched in: what the engine of that name does.
                "libreoffice, values only": (partial(recalculate, few, "libreoffice"), FEW),
            }
        seconds = medians({name: work for name, (work, _) in contestants.items()}, ROUNDS)
    each = {name: taken / contestants[name][1] for name, taken in seconds.items()}
    title = f"Recalculation, self-evaluation form, {GROWN} rows"
    report(title, each, 1, "book", "formulas, loads to write")

    data = [summary()]
    assert not Compiled().refuses(Book(data[0]))
    seconds = medians(
        {
            "formualizer's own recalculate": partial(with_formualizer, data),
            "compiled": partial(recalculate, data, "compiled"),
            "floor: read, patch, write": partial(floor, data),
        },
        ROUNDS * 3,
    )
    report("Recalculation, 5,000 formulas", seconds, 1, "book", "formualizer's own recalculate")


def one_by_one(books: list[bytes]) -> None:
    for data in books:
        recalculate([data], "compiled")


if __name__ == "__main__":
    main()
