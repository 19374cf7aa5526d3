"""Marked copies of the reviewed workbooks, on disk."""

from pathlib import Path

from xlperf.diagnostic import Lang
from xlperf.ooxml.files import read_file, write_file
from xlperf.report.workbook import marked_workbook
from xlperf.review import Review
from xlperf.rules import Finding


def write_marked(review: Review, out: Path, lang: Lang = "zh") -> list[Path]:
    """Write a marked copy of every workbook with findings into the folder `out`.

    Where `out` ends in .xlsx or .xlsm and one workbook has findings, it is that copy itself. Data
    tables have no marked copy. The reviewed workbooks stay as they are, unless `out` is their own
    folder. Raises WorkbookError when a copy cannot be written.
    """
    found: dict[Path, list[Finding]] = {}
    for finding in review.findings:
        file = Path(finding.diagnostic.place.file)
        if file.is_file():
            found.setdefault(file, []).append(finding)
    single = len(found) == 1 and out.suffix.lower() in (".xlsx", ".xlsm")
    written = []
    for file, findings in found.items():
        target = out if single else out / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, marked_workbook(read_file(file), findings, lang))
        written.append(target)
    return written
