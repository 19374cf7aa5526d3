"""Fronts that import on first use: each name is there, and a review loads no more than it needs."""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from xlperf.lazy import lazy_front

FRONTS = [
    "xlperf",
    *(f"xlperf.{name}" for name in ("expr", "review", "rules", "scoring", "tables", "template")),
]
UNUSED = {"xlperf.template.template", "xlperf.template.patching", "xlperf.ooxml.clone"}
UNUSED |= {"xlperf.scoring.functions", "xlperf.expr.parsing", "urllib.request", "tempfile"}


@pytest.mark.parametrize("package", FRONTS)
def test_every_name_of_a_front_is_found(package: str) -> None:
    module = importlib.import_module(package)
    assert not [name for name in module.__all__ if getattr(module, name, None) is None]


@pytest.mark.parametrize("package", FRONTS[1:])
def test_no_module_takes_the_place_of_a_name(package: str) -> None:
    """Importing a module puts it into its package, over a name that is the same."""
    module = importlib.import_module(package)
    for found in pkgutil.iter_modules(module.__path__, f"{package}."):
        importlib.import_module(found.name)
    assert not [name for name in module.__all__ if isinstance(getattr(module, name), ModuleType)]


def test_another_name_is_no_attribute() -> None:
    find = lazy_front("xlperf", scoring="Policy")
    with pytest.raises(AttributeError, match=r"xlperf.*Nothing"):
        find("Nothing")


def test_filling_knows_the_worksheet_functions_by_itself(tmp_path: Path) -> None:
    """They enter a table when their module is imported, which no other import may have done."""
    code = (
        "import sys, xlperf; done = xlperf.fill('guizhou_self_evaluation', sys.argv[1],"
        "out=sys.argv[2], formulas='udf'); sys.exit(int(done.path.isna().any()))"
    )
    example = Path(__file__).parents[1] / "examples" / "qiannan-2023"
    subprocess.run([sys.executable, "-c", code, str(example), str(tmp_path)], check=True)
    assert len(list(tmp_path.glob("*.xlsx"))) == 8


def test_a_review_loads_nothing_that_only_filling_needs(tmp_path: Path) -> None:
    code = (
        "import sys; from xlperf.review import check; check(sys.argv[1:]);"
        "sys.stdout.buffer.write(' '.join(sys.modules).encode())"
    )
    example = sorted((Path(__file__).parents[1] / "workbook_templates").glob("*.xlsx"))[0]
    run = subprocess.run(
        [sys.executable, "-c", code, str(example)], capture_output=True, check=True
    )
    assert not UNUSED & set(run.stdout.decode().split())
