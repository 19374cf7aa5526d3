"""A real service in a process of its own, on a free port of this machine."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from xlperf.bulk import Options, fill_records, load_example
from xlperf.resources import examples_root

ROOT = Path(__file__).parents[2]
TOKEN = "the-token-of-the-tests"


class Service:
    """A running `xlperf serve`; `said` is what it printed, errors included."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        self._url = ""
        self._listening = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if found := re.search(r"http://[^\s/]+:\d+", line):
                self._url = found[0]
                self._listening.set()
        self._listening.set()

    @property
    def url(self) -> str:
        self._listening.wait(120)
        assert self._url, self.said
        return self._url

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {TOKEN}", **headers},
            timeout=120,
            trust_env=False,
        )

    def workers(self) -> list[int]:
        listing = subprocess.run(
            ["ps", "--ppid", str(self.process.pid), "-o", "pid="],
            check=False,
            capture_output=True,
            text=True,
        )
        return [int(pid) for pid in listing.stdout.split()]

    def figure(self, name: str, **labels: str) -> float:
        """A figure of /metrics; 0 where it has not been counted."""
        said = ",".join(f'{label}="{value}"' for label, value in labels.items())
        wanted = f"{name}{{{said}}} " if said else f"{name} "
        with self.client() as client:
            lines = client.get("/metrics").text.splitlines()
        return next(
            (float(line.rpartition(" ")[2]) for line in lines if line.startswith(wanted)), 0
        )

    def end(self) -> int:
        """Ask it to end, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextlib.contextmanager
def running(folder: Path, *options: object, token: str | None = TOKEN) -> Iterator[Service]:
    """A service whose temporary files lie in `folder`; killed at the end if it runs still."""
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    environment.pop("XLPERF_TOKEN", None)
    if token:
        environment["XLPERF_TOKEN"] = token
    process = subprocess.Popen(
        [sys.executable, "-m", "xlperf", "--lang", "en", "serve", "--port", "0"]
        + [str(option) for option in options],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    service = Service(process)
    try:
        yield service
    finally:
        if process.poll() is None:
            service.end()


def eventually(true: Callable[[], object], seconds: float = 30) -> bool:
    """Whether something comes true before long."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def write_forms(out: Path) -> list[Path]:
    """Eight filled self-evaluations."""
    template, records = load_example(examples_root() / "qiannan-2023")
    outcomes = fill_records(template, records, out, Options(scores="given"))
    return [outcome.path for outcome in outcomes if outcome.path]
