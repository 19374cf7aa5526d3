"""Installing the add-in for one user, and removing it without a trace.

A file in Excel's start folder needs no registry and no administrator, and Excel trusts that folder.
A manifest says what was written, by hash: only what is still as it was written is replaced or
removed. What somebody changed, or put there by other means, is left alone and told.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xlperf.addin import build
from xlperf.addin.desktop import Desktop
from xlperf.diagnostic import Diagnostic, Message, Place, Severity, WorkbookError
from xlperf.ooxml.files import make_folder, read_file, reason_of, write_file

UDF_MODULE = "xlperf.addin.udfs"


@dataclass(slots=True)
class Outcome:
    """What was done, line by line, and what was left undone."""

    done: list[Message] = field(default_factory=list)
    left: list[Diagnostic] = field(default_factory=list)

    def say(self, zh: str, en: str) -> None:
        self.done.append(Message(zh, en))


def install(desktop: Desktop, addin: bytes | None = None) -> Outcome:
    """Put the add-in (built now unless given), its settings and a manifest in their places.

    Raises WorkbookError when a place cannot be written, for instance while Excel has the add-in
    open, when the settings cannot hold the path of Python, and where something else lies in the
    place of the manifest.
    """
    before, outcome = _manifest(desktop), Outcome()
    manifest = dict(before)
    for path, data in _files(desktop, addin or build.build()).items():
        known, new = before.get(str(path), []), _hashed(data)
        if path.exists() and _hash(path) not in (*known, new):
            outcome.left.append(_kept(path))
            continue
        # Told first: what an interruption leaves behind, old or new, can be removed all the same.
        manifest[str(path)] = [*known, new]
        _write_manifest(desktop, manifest)
        make_folder(path.parent)
        write_file(path, data)
        manifest[str(path)] = [new]
        outcome.say(f"已写入 {path}", f"{path} written")
    _write_manifest(desktop, manifest)
    if desktop.is_excel_running():
        outcome.say("Excel 正在运行，请重启 Excel", "Excel is running: restart it")
    return outcome


def given(file: Path) -> bytes:
    """A built add-in. Raises WorkbookError for anything else: Excel opens what it starts with."""
    data = read_file(file)
    if not build.wrapper_version(file):
        raise WorkbookError(
            Diagnostic(
                "A108",
                Message("这不是 xlperf 加载项", "this is no add-in of xlperf"),
                place=Place(file=str(file)),
                fix=Message(
                    "请用 xlperf addin build 生成的文件，或去掉 --addin",
                    "give a file made by xlperf addin build, or leave out --addin",
                ),
            )
        )
    return data


def uninstall(desktop: Desktop) -> Outcome:
    """Remove what `install` wrote and nothing else.

    Raises WorkbookError where a file is in use, and where the manifest does not say what was
    written: nothing is removed then.
    """
    outcome, manifest = Outcome(), _manifest(desktop)
    for name, written in manifest.items():
        path = Path(name)
        if not path.exists():
            outcome.say(f"{path} 已不存在", f"{path} is gone already")
        elif not _is_ours(desktop, path):
            outcome.left.append(_elsewhere(path))
        elif _hash(path) not in written:
            outcome.left.append(_kept(path))
        else:
            _remove(path)
            outcome.say(f"已删除 {path}", f"{path} removed")
    if desktop.manifest.exists():
        _remove(desktop.manifest)
        for folder in {desktop.manifest.parent, desktop.settings.parent}:
            if folder.name == f".{build.PROJECT}" and not any(folder.iterdir()):
                folder.rmdir()
    if not manifest:
        outcome.say("没有安装记录，没有删除任何文件", "nothing was installed, nothing is removed")
        outcome.left += map(_kept, _present(desktop))
    return outcome


def settings_of(desktop: Desktop) -> dict[str, str]:
    """The settings as Excel reads them; none where the file is missing."""
    try:
        lines = desktop.settings.read_text(desktop.encoding).splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.strip('"').split('","') for line in lines)
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def changed_files(desktop: Desktop) -> Iterator[tuple[Path, bool]]:
    """Installed files that are no longer as they were written, and whether they exist."""
    for name, written in _manifest(desktop).items():
        path = Path(name)
        if not path.exists() or _hash(path) not in written:
            yield path, path.exists()


def is_installed(desktop: Desktop) -> bool:
    """Whether a manifest says so. Raises WorkbookError where something else lies in its place."""
    return bool(_manifest(desktop))


def interpreter_key(desktop: Desktop) -> str:
    return "INTERPRETER_WIN" if desktop.system == "win32" else "INTERPRETER_MAC"


def _files(desktop: Desktop, addin: bytes) -> dict[Path, bytes]:
    files = {desktop.settings: _settings(desktop), desktop.addin: addin}
    if desktop.system == "darwin":
        files[desktop.script] = build.mac_script()
    return files


def _settings(desktop: Desktop) -> bytes:
    """The settings as VBA's Input statement reads them, in the code page of the system."""
    python = desktop.python
    if desktop.system == "win32" and python.with_name("pythonw.exe").exists():
        python = python.with_name("pythonw.exe")  # no black window
    settings = {
        interpreter_key(desktop): desktop.told(python),
        "USE UDF SERVER": "True",
        "UDF MODULES": UDF_MODULE,
        # A module beside somebody's workbook must not be imported in place of a real one.
        "ADD_WORKBOOK_TO_PYTHONPATH": "False",
    }
    text = "".join(f'"{key}","{value}"\r\n' for key, value in settings.items())
    try:
        return text.encode(desktop.encoding)
    except UnicodeEncodeError as error:
        raise WorkbookError(
            Diagnostic(
                "A104",
                Message(
                    "Python 所在路径含有本机 Excel 宏无法识别的字符",
                    "the path of Python has characters that macros on this computer cannot read",
                ),
                place=Place(file=str(python)),
                fix=Message(
                    "请把 Python 装到只含英文字母的文件夹后重试",
                    "install Python into a folder with an ASCII name",
                ),
            )
        ) from error


def _manifest(desktop: Desktop) -> dict[str, list[str]]:
    """Path → the SHA-256 that it may have; nothing where there is no manifest.

    Raises WorkbookError for one that cannot be read or is somebody else's: following it, or writing
    over it, might harm what is not ours.
    """
    if not os.path.lexists(desktop.manifest):
        return {}
    try:
        files = json.loads(desktop.manifest.read_text("utf-8"))["files"]
        return {str(path): [str(digest) for digest in files[path]] for path in {**files}}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkbookError(_no_manifest(desktop, error)) from error


def _is_ours(desktop: Desktop, path: Path) -> bool:
    """Whether a file lies where `install` puts one, in this version or another."""
    if desktop.system == "darwin" and path.suffix == desktop.script.suffix:
        return path.parent == desktop.script.parent
    return path in (desktop.addin, desktop.settings)


def _present(desktop: Desktop) -> list[Path]:
    """What exists where `install` puts its files, whoever put it there."""
    places = [desktop.addin, desktop.settings]
    if desktop.system == "darwin":
        places.append(desktop.script)
    return [place for place in places if place.exists()]


def _write_manifest(desktop: Desktop, files: Mapping[str, list[str]]) -> None:
    make_folder(desktop.manifest.parent)
    text = json.dumps({"files": files}, ensure_ascii=False, indent=1)
    write_file(desktop.manifest, text.encode("utf-8"))


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WorkbookError(
            Diagnostic(
                "A105",
                Message("无法删除，可能正在使用", "it cannot be removed, perhaps it is in use"),
                place=Place(file=str(path)),
                fix=Message("请关闭 Excel 后重试", "close Excel and try again"),
            )
        ) from error


def _kept(path: Path) -> Diagnostic:
    return Diagnostic(
        "A103",
        Message(
            "该文件不是由安装程序写入，或写入后被改动，保留不动",
            "not written by the installer, or changed since: left as it is",
        ),
        place=Place(file=str(path)),
        severity=Severity.WARNING,
        fix=Message("不再需要时请自行删除，再重新运行", "remove it yourself and run this again"),
    )


def _elsewhere(path: Path) -> Diagnostic:
    return Diagnostic(
        "A110",
        Message(
            "安装记录中有该文件，但它不在本机加载项的位置，保留不动",
            "the record of the installation names it, but no file of the add-in belongs there: "
            "left as it is",
        ),
        place=Place(file=str(path)),
        severity=Severity.WARNING,
        fix=Message(
            "安装记录可能来自另一台电脑或另一个用户；确认不需要后自行删除该文件",
            "the record may be of another computer or user; remove the file yourself if nobody "
            "needs it",
        ),
    )


def _no_manifest(desktop: Desktop, error: Exception) -> Diagnostic:
    """The record is of no use: which files there are all the same, and what to do."""
    why = Message("内容不是 xlperf 的安装记录", "it is not a record of xlperf")
    if isinstance(error, OSError):
        reason = reason_of(error)
        why = Message(f"无法读取：{reason.zh}", f"it cannot be read: {reason.en}")
    files = _present(desktop)
    zh, en = "；没有发现加载项的文件", "; there are no files of the add-in"
    if files:
        zh = "；保留不动的文件：" + "、".join(map(str, files))
        en = "; left as they are: " + ", ".join(map(str, files))
    return Diagnostic(
        "A111",
        Message(
            f"安装记录不可用（{why.zh}），没有改动任何文件{zh}",
            f"the record of the installation is of no use ({why.en}); nothing was changed{en}",
        ),
        place=Place(file=str(desktop.manifest)),
        fix=Message(
            "请关闭 Excel，把安装记录"
            + ("和上述文件移走或删除；" if files else "移走或删除；")
            + "要继续使用，再运行 xlperf addin install",
            "close Excel, and move or delete the record"
            + (" and these files" if files else "")
            + "; to go on using the add-in, run xlperf addin install then",
        ),
    )


def _hash(path: Path) -> str:
    """Of what lies there; "" for a folder, and for what cannot be read."""
    try:
        return _hashed(path.read_bytes())
    except OSError:
        return ""


def _hashed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
