"""A worker process: it takes orders one after the other until its input ends.

Run as `python -m xlperf.server.worker`. Its limits are its own, set before any workbook is opened.
When the front dies, however it dies, the input ends: the worker then removes the service's folder
and is gone.
"""

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

_SPARE_SECONDS = 5
"""Processor time beyond the timeout: the front ends an overrun first, and says so."""


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the front, which lets jobs end
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no reply
    setup: Setup = pickle.load(sys.stdin.buffer)
    orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
    _limit_memory(setup.memory)
    _limit_time(setup.timeout)
    from xlperf.server import jobs

    jobs.warm_up()
    threading.Thread(target=_receive, args=(orders, setup), daemon=True).start()
    _reply(replies, outcome="ready")
    while True:
        order = orders.get()
        _limit_time(setup.timeout)
        try:
            status, media_type, name = jobs.do(order, setup)
        except MemoryError:
            _reply(replies, outcome="memory")
        except Exception:
            traceback.print_exc()
            _reply(replies, outcome="defect")
        else:
            _reply(replies, outcome="done", status=status, media_type=media_type, name=name)
        os.chdir(setup.root)


def _receive(orders: "queue.SimpleQueue[Order]", setup: Setup) -> None:
    while True:
        try:
            order = pickle.load(sys.stdin.buffer)
        except EOFError:
            shutil.rmtree(setup.root, ignore_errors=True)
            os._exit(0)
        orders.put(order)


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
