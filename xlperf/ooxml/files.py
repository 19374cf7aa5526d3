"""Files on disk: read whole, and written whole or not at all."""

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from xlperf.diagnostic import Diagnostic, Message, Place, WorkbookError
from xlperf.ooxml import preflight
from xlperf.ooxml.preflight import DEFAULT, Limits

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

if sys.platform != "win32":
    import fcntl

_PREFIX, _SUFFIX = ".xlperf-", ".tmp"
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_GROUP, _FLUSHERS = 16, 4
"""Files that are flushed together, and how many at a time."""

_HELD = 64 << 20
"""Bytes of a group beyond which it takes no more files."""

_SURELY_ABANDONED = 3600.0
"""Seconds after which a temporary file is nobody's, where locks cannot tell."""

_REASONS = {
    errno.ENOENT: Message("文件或文件夹不存在", "no such file or folder"),
    errno.EISDIR: Message("这是文件夹", "it is a folder"),
    errno.ENOSPC: Message("磁盘空间不足", "no space left on the disk"),
    errno.EDQUOT: Message("磁盘配额已用完", "the disk quota is used up"),
    errno.EFBIG: Message("文件超过系统允许的大小", "the file is larger than the system allows"),
    errno.EROFS: Message("磁盘是只读的", "the disk is read-only"),
    errno.ENAMETOOLONG: Message("文件名过长", "the file name is too long"),
    errno.EACCES: Message("没有权限", "permission denied"),
    errno.EPERM: Message("没有权限", "permission denied"),
    errno.EEXIST: Message("同名的文件已存在", "a file of this name is there"),
    errno.ENOTDIR: Message("上级路径是文件，不是文件夹", "a part of the path is no folder"),
    errno.ELOOP: Message("链接循环", "the links lead in a circle"),
    errno.EINVAL: Message("路径无效", "the path is not valid"),
    errno.EIO: Message("磁盘读写出错", "the disk failed"),
    errno.EMFILE: Message("打开的文件过多", "too many files are open"),
    errno.EBUSY: Message("文件正被其他程序使用", "another program uses it"),
}


def read_file(path: Path, limits: Limits = DEFAULT) -> bytes:
    """The bytes of a file.

    Raises WorkbookError, with the path named, when it cannot be read, is too large, or is the lock
    file of a workbook.
    """
    try:
        if preflight.is_lock_name(path.name):
            raise preflight.LOCK.error()
        preflight.check_file_size(path.stat().st_size, limits)
        return path.read_bytes()
    except WorkbookError as error:
        raise WorkbookError(d.at(file=str(path)) for d in error.diagnostics) from error
    except OSError as error:
        denied = Message("没有读取权限", "permission denied")
        reason = denied if isinstance(error, PermissionError) else reason_of(error)
        raise WorkbookError(
            Diagnostic(
                "W104",
                Message(f"无法读取：{reason.zh}", f"cannot be read: {reason.en}"),
                place=Place(file=str(path)),
                fix=Message("请检查文件路径和权限", "check the path and its permissions"),
            )
        ) from error


def find_workbooks(
    paths: Iterable[str | Path], also: Callable[[Path], bool] = lambda folder: False
) -> list[Path]:
    """The paths, with every folder among them replaced by the workbooks in it; each file once.

    Folders are searched to the bottom; a folder itself is kept where `also` says so. Lock files and
    hidden files are left out. Workbooks in other formats are among them, to be told of.
    """
    found: dict[str, Path] = {}
    for path in map(Path, paths):
        chosen = [path]
        if path.is_dir():
            inside = sorted((path, *path.rglob("*")))
            chosen = [p for p in inside if (also(p) if p.is_dir() else _is_workbook(p))]
        for one in chosen:
            found.setdefault(os.path.realpath(one), one)
    return list(found.values())


def _is_workbook(path: Path) -> bool:
    known = path.suffix.lower() in preflight.SUFFIXES | preflight.FOREIGN_SUFFIXES
    return known and not path.name.startswith(("~$", ".")) and path.is_file()


def no_workbooks(path: str | Path) -> Diagnostic:
    """What to say where `find_workbooks` finds none."""
    return Diagnostic(
        "W107",
        Message("没有找到工作簿", "no workbook found"),
        place=Place(file=str(path)),
        fix=Message("请给出 .xlsx 文件，或含有这类文件的文件夹", "give .xlsx files or a folder"),
    )


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises WorkbookError where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fix = Message("请换一个位置后重试", "choose another place")
        raise _refused(path, reason_of(error), fix) from error


def write_file(path: Path, data: bytes, *, last: bool = True) -> None:
    """Put `data` into `path` so that a crash at any moment leaves the old file or the new one.

    The bytes go beside the target, are flushed to the disk, then take its name. The new name itself
    is flushed too, unless this is not the `last` file in its folder. Raises WorkbookError when the
    place cannot be written or the target is open in a spreadsheet program or read-only; the old
    file then stands as it was.
    """
    file = _NewFile(path, data)
    try:
        file.flush()
        file.take_place()
    finally:
        file.discard()
    if last:
        _flush_folder(path.parent)


def write_files(
    files: Iterable[tuple[Path, bytes] | None],
) -> Iterator[WorkbookError | None]:
    """`write_file` for many: what was wrong with each, or None once it is in its place, in order.

    Folders are made where they are missing; None among `files` writes nothing. Writing is mostly
    waiting for the disk, so threads flush one group of files, which takes little longer than
    flushing a single one, while the next group is taken from `files`.
    """
    from concurrent.futures import ThreadPoolExecutor

    files = iter(files)
    folders: set[Path] = set()
    group = _Group()
    try:
        with ThreadPoolExecutor(_FLUSHERS) as pool:
            while chunk := list(_chunk(files)):
                yield from group.finish()
                group = _Group()
                for file in chunk:
                    group.begin(file, folders)
                group.flush_in(pool)
            yield from group.finish()
    finally:
        group.discard()
        for folder in folders:
            _flush_folder(folder)


def _chunk(
    files: Iterator[tuple[Path, bytes] | None],
) -> Iterator[tuple[Path, bytes] | None]:
    """The next files, not too many to be held in memory."""
    size = 0
    for file in islice(files, _GROUP):
        yield file
        size += len(file[1]) if file else 0
        if size > _HELD:
            return


class _Group:
    """Files that are flushed together."""

    def __init__(self) -> None:
        self._files: list[_NewFile | WorkbookError | None] = []
        self._flushed: list[Future[None]] = []

    def begin(self, file: tuple[Path, bytes] | None, folders: set[Path]) -> None:
        """Write a file beside its place, the folder of which is made if it is not in `folders`."""
        begun: _NewFile | WorkbookError | None = None
        if file:
            folder = file[0].parent
            try:
                if folder not in folders:
                    make_folder(folder)
                    folders.add(folder)
                begun = _NewFile(*file)
            except WorkbookError as error:
                begun = error
        self._files.append(begun)

    def flush_in(self, pool: "ThreadPoolExecutor") -> None:
        files = [file for file in self._files if isinstance(file, _NewFile)]
        shares = [files[number::_FLUSHERS] for number in range(_FLUSHERS)]
        self._flushed = [pool.submit(_flush_all, share) for share in shares if share]

    def finish(self) -> Iterator[WorkbookError | None]:
        for flushed in self._flushed:
            flushed.result()
        for file in self._files:
            if not isinstance(file, _NewFile):
                yield file
                continue
            try:
                file.take_place()
                wrong = None
            except WorkbookError as error:
                wrong = error
            finally:
                file.discard()
            yield wrong

    def discard(self) -> None:
        for file in self._files:
            if isinstance(file, _NewFile):
                file.discard()


def _flush_all(files: "Iterable[_NewFile]") -> None:
    for file in files:
        file.flush()


class _NewFile:
    """The three steps of `write_file`: written beside its place, flushed, put into its place.

    `discard` has to be called in the end, whatever happens; a file that has taken its place stays.
    The first and the last step raise WorkbookError as `write_file` does. `flush` may be called from
    another thread.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        mode: int | None = None
        with contextlib.suppress(OSError):
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):  # what a link points to is replaced, not the link
                path = Path(os.path.realpath(path))
                mode = os.stat(path).st_mode
        folder, name = os.path.split(path)
        for lock in (f"~${name}", f".~lock.{name}#"):
            if os.path.lexists(os.path.join(folder, lock)):
                raise _open_elsewhere(path, lock)
        if mode is not None and not mode & 0o200:  # though the folder would let it be replaced
            raise _read_only(path)
        _sweep(path.parent)
        self._path = path
        self._handle, self._temporary = -1, ""
        self._unflushed: OSError | None = None
        try:
            self._handle, self._temporary = _temporary(folder)
            if mode is not None:
                os.chmod(self._temporary, mode & 0o777)
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except BaseException as error:  # also when interrupted
            self.discard()
            if isinstance(error, OSError):
                raise _cannot_write(path, error) from error
            raise

    def flush(self) -> None:
        """Wait until the bytes are on the disk; where that fails, the last step tells."""
        try:
            os.fsync(self._handle)
        except OSError as error:
            self._unflushed = error

    def take_place(self) -> None:
        try:
            if self._unflushed:
                raise self._unflushed
            if sys.platform == "win32":  # which renames closed files only
                self._close()
            os.replace(self._temporary, self._path)  # elsewhere under its lock
            self._temporary = ""
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def discard(self) -> None:
        self._close()
        if self._temporary:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _temporary(folder: str | Path) -> tuple[int, str]:
    """A new file in the folder, open and locked, so that no other process takes it for a relic."""
    while True:
        name = os.path.join(folder, _PREFIX + os.urandom(8).hex() + _SUFFIX)
        try:
            handle = os.open(name, _NEW, 0o666)
            if sys.platform == "win32":
                return handle, name
            with contextlib.suppress(OSError):  # some network drives know no locks
                fcntl.flock(handle, fcntl.LOCK_EX)
            if os.path.exists(name):
                return handle, name
        except FileExistsError:
            continue
        except KeyboardInterrupt:  # mostly it waits for the file to be there, which it then is
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        os.close(handle)  # swept away before it was locked


@lru_cache(maxsize=256)
def _sweep(folder: Path) -> None:
    """Remove what killed processes left in the folder; once in the life of this process."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        relics = [
            entry.path
            for entry in entries
            if entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX)
            if entry.is_file(follow_symlinks=False)
        ]
        for relic in relics:
            with contextlib.suppress(OSError):
                _remove_if_abandoned(relic)


def _remove_if_abandoned(name: str) -> None:
    if sys.platform == "win32":
        if time.time() - os.stat(name).st_mtime > _SURELY_ABANDONED:
            os.unlink(name)
        return
    handle = os.open(name, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # It may have become a finished file since it was listed.
        if os.path.samestat(os.stat(name), os.fstat(handle)):
            os.unlink(name)
    finally:
        os.close(handle)


def _flush_folder(folder: Path) -> None:
    """Make the names of the files in a folder last, where the system lets a folder be flushed."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _open_elsewhere(path: Path, lock: str) -> WorkbookError:
    return _refused(
        path,
        Message("该文件正在 Excel 或 WPS 中打开", "it is open in a spreadsheet program"),
        Message(
            f"请关闭该文件后重试；如并未打开，请删除同一文件夹中的“{lock}”",
            f"close it and try again; if it is not open, delete “{lock}” beside it",
        ),
    )


def _read_only(path: Path) -> WorkbookError:
    return _refused(
        path,
        Message("该文件是只读的", "the file is read-only"),
        Message(
            "请取消其只读属性，或换一个位置", "make it writable first, or choose another place"
        ),
    )


def _cannot_write(path: Path, error: OSError) -> WorkbookError:
    if isinstance(error, PermissionError):
        reason = Message(
            "没有写入权限，或该文件正被其他程序（如 Excel、WPS）打开",
            "permission denied, or another program such as Excel has it open",
        )
    else:
        reason = reason_of(error)
    fix = Message("请关闭该文件或换一个位置后重试", "close the file or choose another place")
    return _refused(path, reason, fix)


def _refused(path: Path, reason: Message, fix: Message) -> WorkbookError:
    return WorkbookError(
        Diagnostic(
            "W103",
            Message(f"无法写入：{reason.zh}", f"cannot be written: {reason.en}"),
            place=Place(file=str(path)),
            fix=fix,
        )
    )


def reason_of(error: OSError) -> Message:
    """Why the system refused, for a person."""
    number = error.errno or 0
    unknown = Message(f"系统错误 {number}", error.strerror or str(error))
    return _REASONS.get(number, unknown)
