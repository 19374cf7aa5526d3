"""What the service is told when it starts."""

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from xlperf.review import ReviewSettings

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """How the service listens, and what one request may cost it.

    `workers` are processes that do jobs, `queue` the requests that may wait for one (or be on their
    way in). Of one request, `upload` bounds the bytes of its body, `timeout` the seconds that its
    upload and its job may take each, `memory` the address space of the worker in bytes. `templates`
    is a folder of templates that are offered beside the shipped ones. `review` are the settings of
    xlperf.toml, with the limits of a workbook.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = os.cpu_count() or 1
    token: str | None = None
    templates: Path | None = None
    upload: int = 100 * MEBIBYTE
    timeout: float = 60.0
    memory: int = 2048 * MEBIBYTE
    queue: int = 100
    review: ReviewSettings = field(default_factory=ReviewSettings)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
