"""An Excel made of openpyxl, with a filled form open in it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlwings as xw

from tests.addin import openpyxl_engine
from tests.addin.workbooks import fill_examples

Open = Callable[[Path], Any]


@pytest.fixture(scope="session")
def filled(tmp_path_factory) -> dict[str, list[Path]]:
    """Every example as a workbook, by the name of its form."""
    return fill_examples(tmp_path_factory.mktemp("filled"))


@pytest.fixture
def excel(tmp_path, monkeypatch) -> openpyxl_engine.App:
    monkeypatch.setenv("XLPERF_STATE", str(tmp_path / "state"))
    return openpyxl_engine.register()


@pytest.fixture
def open_copy(excel, tmp_path) -> Open:
    """Open a copy of a file, as the workbook from which buttons are pressed, saved as it is."""

    def open_(file: Path) -> Any:
        home = tmp_path / "open" / file.parent.name
        home.mkdir(parents=True, exist_ok=True)
        path = Path(shutil.copy(file, home))
        book = xw.Book(path)
        book.api.SaveCopyAs(str(path))  # openpyxl keeps not all: on disk lies what is open
        excel.copies = 0
        book.set_mock_caller()
        return book

    yield open_
    if hasattr(xw.Book, "_mock_caller"):
        del xw.Book._mock_caller
