"""Worker processes: each does one job at a time, and is replaced when it dies, overruns or is old.

Every worker has pipes of its own, so that one that is killed at any moment can neither take another
one's order with it nor leave a lock behind; that is why no pool of a library stands here.
"""

import asyncio
import contextlib
import json
import logging
import math
import os
import pickle
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import xlperf
from xlperf.server import problems
from xlperf.server.order import Order, Reply, Setup
from xlperf.server.settings import MEBIBYTE, Settings

_JOBS_OF_A_WORKER = 5000
"""After them it is replaced: memory that some library keeps does not grow for ever."""

_DISK = 2048 * MEBIBYTE
"""Bytes that the files of one job may take, its uploads among them."""

_LOOKS_EVERY = 1.0
_SECONDS_TO_START = 120.0
_SECONDS_TO_END = 15.0  # that of a LibreOffice included
_KILL, _TERMINATE = 9, 15
"""Signals, by their numbers where a system lacks their names."""
_LONGEST_WAIT = 60
_WEIGHT = 0.1
"""Of the newest job in the average time of jobs."""

_log = logging.getLogger("xlperf.server")


class Pool:
    """The workers, and the requests that are on their way to one."""

    def __init__(self, settings: Settings, replaced: Callable[[str], None] = lambda why: None):
        """`replaced` is told why, whenever a worker is: died, timeout, memory, disk, gone, old."""
        self.root = Path(tempfile.mkdtemp(prefix="xlperf-serve-"))
        self.draining = False
        self.admitted = 0
        self.busy = 0
        self._settings = settings
        self._replaced = replaced
        self._setup = pickle.dumps(
            Setup(
                self.root,
                settings.memory,
                settings.timeout,
                settings.templates,
                settings.review,
            )
        )
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._workers: list[_Worker] = []
        self._returning: set[asyncio.Future[None]] = set()
        self._average = 0.1

    async def start(self) -> None:
        """Start the workers and wait until they are ready. Raises OSError where one cannot be."""
        self._workers = [_Worker(self._setup, self.root) for _ in range(self._settings.workers)]
        await asyncio.gather(*(worker.ready() for worker in self._workers))
        for worker in self._workers:
            self._idle.put_nowait(worker)

    async def close(self) -> None:
        await asyncio.gather(*(worker.end() for worker in self._workers))
        shutil.rmtree(self.root, ignore_errors=True)

    @property
    def waiting(self) -> int:
        return self.admitted - self.busy

    @contextlib.contextmanager
    def admission(self) -> Iterator[None]:
        """A place for one request, from its upload to its answer.

        Raises Problem where the service is ending or has no place left.
        """
        if self.draining:
            raise problems.draining()
        if self.admitted >= self._settings.workers + self._settings.queue:
            raise problems.overloaded(self.waiting, self._soon())
        self.admitted += 1
        try:
            yield
        finally:
            self.admitted -= 1

    def _soon(self) -> int:
        """Seconds until those that wait now should be done."""
        seconds = self.admitted * self._average / self._settings.workers
        return min(max(math.ceil(seconds), 1), _LONGEST_WAIT)

    async def run(self, order: Order) -> Reply:
        """Have a worker do the job. Raises Problem where it cannot; if cancelled, it is dropped."""
        worker = await self._idle.get()
        self.busy += 1
        start = time.monotonic()
        try:
            return await self._done(worker, order)
        finally:
            self._average += _WEIGHT * (time.monotonic() - start - self._average)
            self.busy -= 1
            if worker.starting:  # the next job is for whoever is ready first
                returning = asyncio.ensure_future(self._return(worker))
                self._returning.add(returning)
                returning.add_done_callback(self._returning.discard)
            else:
                self._idle.put_nowait(worker)

    async def _return(self, worker: "_Worker") -> None:
        with contextlib.suppress(OSError):
            await worker.ready()
        self._idle.put_nowait(worker)

    async def _done(self, worker: "_Worker", order: Order) -> Reply:
        reason = "gone"
        try:
            said = await worker.ask(order, self._settings.timeout)
            reason = said["outcome"]
        except TimeoutError:
            reason = "timeout"
            raise problems.overrun(self._settings.timeout) from None
        except _OvergrownError:
            reason = "disk"
            raise problems.overgrown(_DISK) from None
        except _DiedError as death:
            reason = "died"
            raise (
                problems.killed() if death.code in (-_KILL, -_TERMINATE) else problems.crashed()
            ) from None
        finally:
            if reason in ("done", "defect") and worker.jobs >= _JOBS_OF_A_WORKER:
                reason = "old"
            if reason not in ("done", "defect"):
                if reason != "old":
                    _log.warning("%s: worker %d replaced: %s", order.work, worker.pid, reason)
                self._replaced(reason)
                worker.replace()
        match said["outcome"]:
            case "memory":
                raise problems.too_heavy(self._settings.memory)
            case "defect":
                raise problems.defect()
        return Reply(said["status"], said["media_type"], said["name"])


class _DiedError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"the worker ended with {code}")
        self.code = code


class _OvergrownError(Exception):
    pass


class _Worker:
    """A place for one process; another one takes it when the first is replaced."""

    def __init__(self, setup: bytes, root: Path) -> None:
        self._setup = setup
        self._root = root
        self._home = ""  # where a process keeps what is its own, such as LibreOffice's profile
        self._starting = asyncio.ensure_future(self._start())
        self.jobs = 0
        self.pid = 0

    @property
    def starting(self) -> bool:
        return not self._starting.done()

    async def ready(self) -> asyncio.subprocess.Process:
        """The process, ready for an order; a new one where that of before is dead.

        Raises OSError when none can be started.
        """
        with contextlib.suppress(OSError):
            process = await asyncio.shield(self._starting)
            if process.returncode is None:
                return process
        self._starting = asyncio.ensure_future(self._start())
        return await asyncio.shield(self._starting)

    async def ask(self, order: Order, seconds: float) -> dict[str, Any]:
        """What the process says to an order.

        Raises TimeoutError, _DiedError, _OvergrownError. It must then be replaced, as when this is
        cancelled: the process may be at work still.
        """
        try:
            process = await self.ready()
        except OSError as error:
            raise _DiedError(-_TERMINATE) from error
        assert process.stdin
        assert process.stdout
        self.jobs += 1
        with contextlib.suppress(ConnectionError):  # its death is told below
            process.stdin.write(pickle.dumps(order))
            await process.stdin.drain()
        line = b""
        async with asyncio.timeout(seconds):
            reading = asyncio.ensure_future(process.stdout.readline())
            try:
                while not reading.done():
                    await asyncio.wait({reading}, timeout=_LOOKS_EVERY)
                    if _size(order.folder) > _DISK:
                        raise _OvergrownError
                line = reading.result()
            finally:
                reading.cancel()
        if not line.endswith(b"\n"):
            raise _DiedError(await process.wait())
        said: dict[str, Any] = json.loads(line)
        return said

    def replace(self) -> None:
        """Kill the process and start another one; nobody waits for it until there is an order."""
        before, self._starting = (
            self._starting,
            asyncio.ensure_future(self._restart(self._starting)),
        )
        before.cancel()

    async def _restart(
        self, before: "asyncio.Future[asyncio.subprocess.Process]"
    ) -> asyncio.subprocess.Process:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await _kill(await before)
        return await self._start()

    async def end(self) -> None:
        """End the process in an orderly way if it is idle, else by force."""
        with contextlib.suppress(OSError):
            process = await self._starting
            assert process.stdin
            process.stdin.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SECONDS_TO_END):
                    await process.wait()
            await _kill(process)

    async def _start(self) -> asyncio.subprocess.Process:
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)
        self._home = tempfile.mkdtemp(dir=self._root, prefix="worker-")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "xlperf.server.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=_environment(self._home),
        )
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(self._setup)
            async with asyncio.timeout(_SECONDS_TO_START):
                await process.stdin.drain()
                line = await process.stdout.readline()
        except BaseException as error:
            await _kill(process)
            if isinstance(error, (TimeoutError, ConnectionError)):
                raise OSError("a worker process did not start") from error
            raise
        if not line:
            code = await process.wait()
            raise OSError(f"a worker process ended with {code} before it was ready")
        self.jobs, self.pid = 0, process.pid
        return process


async def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        for pid in (*_descendants(process.pid), process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, _KILL)
    await process.wait()


def _descendants(pid: int) -> list[int]:
    """Where Linux tells: the processes that a process has started (LibreOffice), and theirs."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return []
    return [each for child in map(int, told.split()) for each in (*_descendants(child), child)]


def _environment(home: str) -> dict[str, str]:
    """Without the token, with this very xlperf; one thread for each worker's arithmetic."""
    here = str(Path(xlperf.__file__).resolve().parents[1])
    paths = [os.path.abspath(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    kept = {name: value for name, value in os.environ.items() if name != "XLPERF_TOKEN"}
    return {
        **kept,
        "TMPDIR": home,
        "PYTHONPATH": os.pathsep.join([here, *paths]),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total
