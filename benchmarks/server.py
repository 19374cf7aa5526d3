"""The service under load and under attack: `python -m benchmarks.server`.

Clients and service share the machine, so requests per second are a lower bound.
"""

import contextlib
import os
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.server import load
from tests.server.hostile import HOSTILE, memory_hog
from tests.server.service import TOKEN, Service, running

CLIENTS, SECONDS = 200, 30
_WORKERS = os.cpu_count() or 1
_TIMEOUT = 10
_CLIENTS_BESIDE, _SECONDS_BESIDE = 20, 8


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for queue in (2 * CLIENTS, 50):
            _under_load(folder, queue)
        _under_attack(folder)


def _under_load(folder: Path, queue: int) -> None:
    print(f"\nservice: {CLIENTS} clients for {SECONDS} s, {_WORKERS} workers, --queue {queue}")
    with running(folder / f"queue{queue}", "--workers", _WORKERS, "--queue", queue) as service:
        load.run(service.url, 10, 1)  # warm
        before, start, used = _memory(service), time.monotonic(), _processor(service)
        figures = load.run(service.url, CLIENTS, SECONDS)
        taken, after = time.monotonic() - start, _memory(service)
        front, all_of_it = (b - a for a, b in zip(used, _processor(service), strict=True))
    _print(figures, taken)
    each = 1e3 / len(figures.seconds)
    print(
        f"  processor time of a request: {front * each:.1f} ms front, "
        f"{(all_of_it - front) * each:.1f} ms workers"
    )
    print(f"  memory of front and workers: {before} before, {after} after")


def _under_attack(folder: Path) -> None:
    print(f"\nservice: what an attack costs, with {_CLIENTS_BESIDE} honest clients beside")
    options = ("--workers", max(_WORKERS, 2), "--timeout", _TIMEOUT, "--memory", 1024)
    with running(folder / "attack", *options, "--queue", 2 * CLIENTS) as service:
        load.run(service.url, 10, 1)
        for name, make in {**HOSTILE, "memory hog": memory_hog}.items():
            data = make()
            address = "/v1/fill?template=guizhou_approval" if make is memory_hog else "/v1/recalc"
            part = "data" if make is memory_hog else "workbook"
            with _honest_beside(service), service.client(**{"Accept-Language": "en"}) as client:
                start = time.monotonic()
                answer = client.post(address, files={part: ("b.xlsx", data)})
                said = f"{answer.status_code} in {time.monotonic() - start:.2f} s"
            if answer.status_code != 200:
                said += f", {answer.json()['diagnostics'][0]['code']}"
            print(f"  {name} ({len(data) >> 10} KiB): {said}")
        with _honest_beside(service):
            os.kill(service.workers()[0], signal.SIGKILL)
            print("  kill -9 of a worker")
        with _honest_beside(service), _slow_uploads(service, 50) as answers:
            time.sleep(_TIMEOUT + 1)
        print(f"  50 slow uploads: {dict(answers)}")
        reasons = ("timeout", "memory", "died", "disk", "gone", "old")
        name = "xlperf_workers_replaced_total"
        print(
            "  workers replaced:",
            {why: int(n) for why in reasons if (n := service.figure(name, reason=why))},
        )


@contextlib.contextmanager
def _honest_beside(service: Service) -> Iterator[None]:
    done: list[load.Figures] = []
    beside = threading.Thread(
        target=lambda: done.append(load.run(service.url, _CLIENTS_BESIDE, _SECONDS_BESIDE))
    )
    beside.start()
    time.sleep(1)
    yield
    beside.join()
    _print(done[0], _SECONDS_BESIDE)


@contextlib.contextmanager
def _slow_uploads(service: Service, count: int) -> Iterator[Counter[str]]:
    """Uploads that send their first bytes and then nothing; what each is answered."""
    answers: Counter[str] = Counter()
    place = ("127.0.0.1", int(service.url.rpartition(":")[2]))
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(place)) for _ in range(count)]
        for one in slow:
            one.sendall(
                b"POST /v1/read HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n"
                b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n--b"
            )
        yield answers
        for one in slow:
            one.settimeout(_TIMEOUT)
            answers[one.recv(12).decode().removeprefix("HTTP/1.1 ")] += 1


def _print(figures: load.Figures, taken: float) -> None:
    count = len(figures.seconds)
    shares = ", ".join(
        f"{name} {figures.share(part) * 1e3:.0f} ms"
        for name, part in (("median", 0.5), ("95 %", 0.95), ("99 %", 0.99), ("longest", 1))
    )
    print(
        f"    {count} requests, {count / taken:.0f} a second, {figures.lost} lost, "
        f"{figures.wrong} wrong, tried again {dict(figures.again)}; {shares}"
    )


def _memory(service: Service) -> str:
    pids = [service.process.pid, *service.workers()]
    sizes = [_resident(pid) for pid in pids]
    return f"{sizes[0]} + {' + '.join(map(str, sizes[1:]))} MiB"


def _processor(service: Service) -> tuple[float, float]:
    """Seconds of processor time: of the front, and of it with its workers, ended ones too."""
    front, ended = _times(service.process.pid)
    return front, front + ended + sum(_times(pid)[0] for pid in service.workers())


def _times(pid: int) -> tuple[float, float]:
    """Seconds of a process itself, and of its children that have ended."""
    stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    own, system, children, theirs = map(int, stat.rpartition(")")[2].split()[11:15])
    tick = os.sysconf("SC_CLK_TCK")
    return (own + system) / tick, (children + theirs) / tick


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) >> 10


if __name__ == "__main__":
    main()
