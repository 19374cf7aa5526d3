"""A review of real workbooks: the forms of two published documents, filled and read back."""

from pathlib import Path

import pytest

from xlperf.bulk import Options, fill_records, load_example
from xlperf.resources import examples_root
from xlperf.review import Review, check


@pytest.fixture(scope="session")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("forms")
    for document in ("qiannan-2023", "shanghai-2023"):
        template, records = load_example(examples_root() / document)
        fill_records(template, records, folder / document, Options(scores="given"))
    (folder / "坏.xlsx").write_bytes(b"PK")
    return folder


@pytest.fixture(scope="session")
def reviewed(forms: Path) -> Review:
    return check([forms])
