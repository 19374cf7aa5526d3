"""What every test may ask for: judges from outside, and the source material where it is at hand."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.oracles import ORACLES, openxml
from tests.oracles.libreoffice import LibreOffice

_REQUIRE = "XLPERF_REQUIRE_ORACLES"

# A slow machine is no fault of the code. Where nobody looks on, every run tries the same examples.
hypothesis.settings.register_profile(
    "xlperf", deadline=None, derandomize="CI" in os.environ, print_blob=True
)
hypothesis.settings.load_profile("xlperf")


@pytest.fixture(scope="session")
def libreoffice() -> Iterator[LibreOffice]:
    """One warm LibreOffice for all the tests of this process."""
    with LibreOffice() as judge:
        yield judge


@pytest.fixture(scope="session", name="openxml")
def _openxml() -> Callable[[Iterable[Path]], dict[Path, list[openxml.Error]]]:
    """The Open XML SDK validator: `openxml(paths)` gives the errors of every path."""
    return openxml.validate


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the source documents and their transcription; not part of the project."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the source documents are not at hand")
    return folder


def _oracles(item: pytest.Item) -> list[str]:
    """The judges that a test marks or asks for by fixture."""
    marked = [str(name) for mark in item.iter_markers("oracle") for name in mark.args]
    if unknown := set(marked) - ORACLES.keys():
        raise pytest.UsageError(f"{item.nodeid}: no such oracle: {', '.join(sorted(unknown))}")
    asked = [name for name in getattr(item, "fixturenames", ()) if name in ORACLES]
    return sorted({*marked, *asked})


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    parallel = config.pluginmanager.hasplugin("xdist")
    for item in items:
        if "libreoffice" in _oracles(item) and parallel:
            # One LibreOffice at a time: they are large, and starting one takes seconds.
            item.add_marker(pytest.mark.xdist_group("libreoffice"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in _oracles(item):
        if reason := ORACLES[name]():
            line = f"{reason}: make oracles"
            if os.environ.get(_REQUIRE) == "1":
                pytest.fail(line, pytrace=False)
            pytest.skip(line)
