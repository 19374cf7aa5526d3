"""Services and forms that the tests share."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.service import Service, running, write_forms


@pytest.fixture(scope="session")
def service(tmp_path_factory) -> Iterator[Service]:
    """A service with a token, for tests that leave it as it was."""
    with running(tmp_path_factory.mktemp("service"), "--workers", 2, "--upload", 1) as started:
        yield started


@pytest.fixture
def client(service) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


@pytest.fixture(scope="session")
def forms(tmp_path_factory) -> list[Path]:
    return write_forms(tmp_path_factory.mktemp("forms"))
