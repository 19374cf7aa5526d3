"""Worker processes of the library: however the program ends, they end with it."""

import os
import threading


def end_with_parent() -> None:
    """End this process when the one that started it is gone; what a pool calls in each worker.

    A parent that is killed cannot end its processes, and they would wait for work forever.
    """
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    import multiprocessing  # slow to load, and most runs have one process

    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
