"""Recalculated workbooks per second, xlsx in and xlsx out, against the other engines.

The work is the self-evaluation form of 27 rows with other numbers in each, and a summary of
5,000 formulas. The floor is what no engine can avoid: to read the sheet, put other bytes in the
place of the values, deflate and write it.
"""

import io
import random
import tempfile
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import xlsxwriter

from benchmarks.fill import GROWN, with_rows
from benchmarks.measure import medians, report
from xlperf.bulk import find_template, load
from xlperf.forms import number_entry
from xlperf.recalc import Book, recalculate
from xlperf.recalc.compiled import Compiled
from xlperf.resources import examples_root

BATCH = 200
ROUNDS = 5


def filled(count: int) -> list[bytes]:
    """Self-evaluations of 27 rows, each with its own actual values."""
    template = find_template("guizhou_self_evaluation")
    project = with_rows(load(template, examples_root() / "qiannan-2023").projects[1], GROWN)
    rng = random.Random(5)
    books = []
    for _ in range(count):
        entries = dict(project.entries)
        for row in ("财政拨款", "其他", "本级安排", "上级补助"):
            label = f"资金.{row}.全年执行数"
            if label in entries:
                entries[label] = number_entry(Decimal(rng.randrange(10**8)) / 100)
        book = Book(template.fill(replace(project, entries=entries)))
        # As a workbook comes in whose values are those of another year.
        books.append(book.with_values(dict.fromkeys(book.formulas, 0.0)))
    return books


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
        book = Book(data)
        parts = {sheet.part: book.package.read(sheet.part) for sheet in book.workbook.sheets}
        changed = {name: part.replace(b"</v>", b"</v>") for name, part in parts.items()}
        book.package.replace(changed).to_bytes()


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


def main() -> None:
    books = filled(BATCH)
    libreoffice = [outcome.engine for outcome in recalculate(books[:1], "libreoffice")]
    few = 10
    contestants = {
        "formulas, loads to write": partial(with_formulas, books[:1]),
        "formualizer's own recalculate": partial(with_formualizer, books[:few]),
        "compiled": partial(recalculate, books, "compiled"),
        "compiled, one warm workbook": partial(recalculate, books[:1], "compiled"),
        "floor: read, patch, write": partial(floor, books[:few]),
    }
    if libreoffice == ["libreoffice"]:
        contestants["libreoffice, warm"] = partial(recalculate, books[:few], "libreoffice")
    sizes = {"compiled": BATCH, "formulas, loads to write": 1, "compiled, one warm workbook": 1}
    seconds = medians(contestants, ROUNDS)
    each = {name: taken / sizes.get(name, few) for name, taken in seconds.items()}
    title = f"Recalculation, self-evaluation form, {GROWN} rows, batch of {BATCH}"
    report(title, each, 1, "book", "formulas, loads to write")

    data = [summary()]
    assert not Compiled().refuses(Book(data[0]))
    contestants = {
        "formualizer's own recalculate": partial(with_formualizer, data),
        "compiled": partial(recalculate, data, "compiled"),
        "floor: read, patch, write": partial(floor, data),
    }
    seconds = medians(contestants, ROUNDS)
    report("Recalculation, 5,000 formulas", seconds, 1, "book", "formualizer's own recalculate")


if __name__ == "__main__":
    main()
