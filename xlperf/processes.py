"""Worker processes of the library: however the program ends, they end with it.

Ctrl-C reaches them as well as the program. A worker that it ends while it waits for work, or hands
in what it did, would leave a pool that waits forever; so it only ends the work itself.
"""

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

_Result = TypeVar("_Result")


def end_with_parent() -> None:
    """End this process when the one that started it is gone; what a pool calls in each worker.

    A parent that is killed cannot end its processes, and they would wait for work forever.
    """
    signal.signal(signal.SIGINT, _interrupt)
    threading.Thread(target=_watch, daemon=True).start()


def interruptible(work: Callable[..., _Result], *args: Any, **options: Any) -> _Result:
    """What `work` gives, called by a pool in a worker; KeyboardInterrupt after a Ctrl-C."""
    _state["working"] = True
    try:
        if _state["interrupted"]:
            raise KeyboardInterrupt
        return work(*args, **options)
    finally:
        _state["working"] = False


_state = {"working": False, "interrupted": False}


def _interrupt(_: int, __: FrameType | None) -> None:
    _state["interrupted"] = True
    if _state["working"]:
        raise KeyboardInterrupt


def _watch() -> None:
    import multiprocessing  # slow to load, and most runs have one process

    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
