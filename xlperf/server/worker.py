"""A worker process: it takes orders one after the other until its input ends.

Run as `python -m xlperf.server.worker`. Its limits are its own, set before any workbook is opened.
When the front ends, however it ends, so does the input: the worker then drops what it is doing,
removes the service's folder and is gone.
"""

import atexit
import json
import os
import pickle
import queue
import shutil
import signal
import sys
import threading
import traceback
from typing import IO, Any

from xlperf.server.order import Order, Setup

if sys.platform != "win32":
    import resource

_SPARE_SECONDS = 600
"""Processor time beyond the timeout. The front ends an overrun first, and says so; a LibreOffice
that was started in one job must outlive many."""

_SECONDS_FOR_A_JOB_TO_END = 0.1


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the front, which lets jobs end
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no reply
    os.fsync = _keep_in_memory
    setup: Setup = pickle.load(sys.stdin.buffer)
    atexit.register(shutil.rmtree, setup.root, ignore_errors=True)  # after LibreOffice has ended
    orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
    idle = threading.Event()
    _limit_memory(setup.memory)
    _limit_time(setup.timeout)
    from xlperf.server import jobs

    jobs.warm_up()
    threading.Thread(target=_receive, args=(orders, idle, setup), daemon=True).start()
    idle.set()
    _reply(replies, outcome="ready")
    while order := orders.get():
        idle.clear()
        _limit_time(setup.timeout)
        try:
            reply = jobs.do(order, setup)
        except MemoryError:
            said: dict[str, Any] = {"outcome": "memory"}
        except Exception:
            traceback.print_exc()
            said = {"outcome": "defect"}
        else:
            said = {"outcome": "done", **reply._asdict()}
        os.chdir(setup.root)
        idle.set()
        _reply(replies, **said)


def _receive(
    orders: "queue.SimpleQueue[Order | None]", idle: threading.Event, setup: Setup
) -> None:
    while True:
        try:
            orders.put(pickle.load(sys.stdin.buffer))
        except EOFError:
            if not idle.wait(_SECONDS_FOR_A_JOB_TO_END):
                shutil.rmtree(setup.root, ignore_errors=True)
                os._exit(1)
            orders.put(None)
            return


def _keep_in_memory(fd: object) -> None:
    """No file of a job has to outlive a power cut, and waiting for the disk is most of its time."""


def _reply(replies: IO[str], **said: Any) -> None:
    replies.write(json.dumps(said) + "\n")
    replies.flush()


def _limit_memory(size: int) -> None:
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time(seconds: float) -> None:
    """Let the system end this process if it, or a LibreOffice that it starts, runs on alone."""
    if sys.platform != "win32":
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime + seconds) + _SPARE_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
