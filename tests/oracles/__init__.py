"""Judges from outside: programs that know Excel's files better than our own tests could.

A test asks for one by its fixture (`libreoffice`, `openxml`) or names it with
`@pytest.mark.oracle("poppler")`; where the judge is absent, tests/conftest.py skips or fails it.

    libreoffice  calculates, prints, inserts rows
    openxml      the Open XML SDK: does the workbook keep to Office's own schema?
    poppler      shows the pages of a PDF
"""

from collections.abc import Callable

from tests.oracles import libreoffice, openxml, poppler

# Name of the judge → what keeps it from judging here, None where it is ready.
ORACLES: dict[str, Callable[[], str | None]] = {
    "libreoffice": libreoffice.absence,
    "openxml": openxml.absence,
    "poppler": poppler.absence,
}
