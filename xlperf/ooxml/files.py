"""Files on disk: read whole, and written whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

from xlperf.diagnostic import Diagnostic, Message, Place, WorkbookError


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises WorkbookError, with the path named, when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise WorkbookError(
            Diagnostic(
                "W104",
                Message(f"无法读取：{reason}", f"cannot be read: {reason}"),
                place=Place(file=str(path)),
                fix=Message("请检查文件路径和权限", "check the path and its permissions"),
            )
        ) from error


def write_file(path: Path, data: bytes) -> None:
    """Put `data` into `path` so that a crash at any moment leaves the old file or the new one.

    The bytes go beside the target, are flushed to the disk, then take its name. Raises
    WorkbookError when the place cannot be written; the old file then stands as it was.
    """
    lock = path.with_name("~$" + path.name)
    if lock.exists():
        raise _cannot_write(path, "该文件正在 Excel 中打开", "it is open in Excel")
    handle, temporary = -1, ""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".xlperf-", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        reason = error.strerror or str(error)
        raise _cannot_write(path, reason, reason) from error


def _mode(path: Path) -> int:
    """Permissions of the file that is replaced, or those that a new file gets."""
    with contextlib.suppress(OSError):
        return path.stat().st_mode & 0o777
    return 0o666 & ~_UMASK


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_UMASK = _umask()


def _cannot_write(path: Path, zh: str, en: str) -> WorkbookError:
    return WorkbookError(
        Diagnostic(
            "W103",
            Message(f"无法写入：{zh}", f"cannot be written: {en}"),
            place=Place(file=str(path)),
            fix=Message("请关闭该文件或换一个位置后重试", "close the file or choose another place"),
        )
    )
