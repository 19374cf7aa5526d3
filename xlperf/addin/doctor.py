"""Why the buttons or the worksheet functions do not work, and what to do: the usual troubles.

Each check is one function that yields what it found; a sound computer yields nothing.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from xlperf.addin.build import FILE_NAME, wrapper_version
from xlperf.addin.desktop import Desktop, versions_of
from xlperf.addin.install import changed_files, interpreter_key, is_installed, settings_of
from xlperf.diagnostic import Diagnostic, Message, Place, Severity

_OFFICES = ("16.0", "15.0", "14.0")
_POLICIES = "HKCU\\Software\\Policies\\Microsoft\\Office"
_USER = "HKCU\\Software\\Microsoft\\Office"
_INSTALL = Message("请运行 xlperf addin install", "run xlperf addin install")
_ASK = "请联系单位的信息管理员："
_ONLY_SIGNED, _NO_MACROS = 3, 4
_INTERNET = b"ZoneId=3"
_RESTRICTED = b"ZoneId=4"


def doctor(desktop: Desktop) -> list[Diagnostic]:
    """Every trouble found, the gravest first within its kind; empty where all is well.

    Raises WorkbookError where the record of the installation is of no use.
    """
    if not is_installed(desktop):
        said = Message("加载项没有安装", "the add-in is not installed")
        return [Diagnostic("A201", said, fix=_INSTALL)]
    return [found for check in _CHECKS for found in check(desktop)]


def _files(desktop: Desktop) -> Iterator[Diagnostic]:
    for path, exists in changed_files(desktop):
        if exists:
            said = Message("安装后被改动过", "it was changed after it was installed")
            fix = Message(
                "如非本人所改，请删除该文件后重新运行 xlperf addin install",
                "unless you changed it, delete it and run xlperf addin install",
            )
            yield Diagnostic("A203", said, None, Place(str(path)), Severity.WARNING, fix)
        else:
            said = Message(
                "已安装的文件不见了，可能被杀毒软件隔离",
                "an installed file is gone; security software may have put it in quarantine",
            )
            fix = Message(
                "请在杀毒软件中恢复并信任该文件，或重新运行 xlperf addin install",
                "restore it there and trust it, or run xlperf addin install",
            )
            yield Diagnostic("A202", said, place=Place(str(path)), fix=fix)


def _python(desktop: Desktop) -> Iterator[Diagnostic]:
    told = settings_of(desktop).get(interpreter_key(desktop), "")
    if not told:
        said = Message("设置中没有 Python 的位置", "the settings do not say where Python is")
        fix = Message("请删除该文件后重新运行 xlperf addin install", "delete it and install again")
        yield Diagnostic("A204", said, place=Place(str(desktop.settings)), fix=fix)
        return
    python = desktop.meant(told)
    if not python.exists():
        said = Message("加载项所用的 Python 不存在", "the Python that the add-in uses is gone")
        fix = Message(
            "请重新安装 Python 和 xlperf，再运行 xlperf addin install",
            "install Python and xlperf once more, then run xlperf addin install",
        )
        yield Diagnostic("A205", said, place=Place(str(python)), fix=fix)
        return
    found = versions_of(python)
    if found is None:
        said = Message(
            "加载项所用的 Python 无法运行，或其中没有装 xlperf",
            "the Python that the add-in uses does not run, or has no xlperf",
        )
        fix = Message(
            "请用该 Python 重新安装 xlperf，再运行 xlperf addin install",
            "install xlperf into that Python, then run xlperf addin install",
        )
        yield Diagnostic("A206", said, place=Place(str(python)), fix=fix)
        return
    yield from _versions(desktop, found["xlwings"])
    yield from _bitness(desktop, python, found["xlwings"])


def _versions(desktop: Desktop, installed: str) -> Iterator[Diagnostic]:
    wrapped = wrapper_version(desktop.addin)
    if wrapped != installed and desktop.addin.exists():
        said = Message(
            f"加载项对应 xlwings {wrapped or '（无法识别）'}，而 Python 中装的是 {installed}",
            f"the add-in is for xlwings {wrapped or '(unknown)'}, Python has {installed}",
        )
        yield Diagnostic("A207", said, place=Place(str(desktop.addin)), fix=_INSTALL)


def _bitness(desktop: Desktop, python: Path, xlwings: str) -> Iterator[Diagnostic]:
    """Excel loads a library of xlwings into itself, so that one must have Excel's own width."""
    bits = {"x86": "32", "x64": "64"}.get(_excel_platform(desktop))
    if desktop.system != "win32" or bits is None:
        return
    library = f"xlwings{bits}-{xlwings}.dll"
    # Beside python.exe, or above the folder of scripts of a virtual environment.
    if not any((folder / library).exists() for folder in (python.parent, python.parent.parent)):
        said = Message(
            f"Excel 是 {bits} 位的，而 Python 旁缺少对应的 {library}",
            f"Excel is of {bits} bits, and there is no {library} beside Python",
        )
        fix = Message(
            "请用该 Python 运行 pip install --force-reinstall xlwings",
            "run pip install --force-reinstall xlwings with that Python",
        )
        yield Diagnostic("A208", said, place=Place(str(python.parent)), fix=fix)


def _excel_platform(desktop: Desktop) -> str:
    installed = desktop.registry("HKLM\\SOFTWARE\\Microsoft\\Office\\ClickToRun\\Configuration")
    if "Platform" in installed:
        return str(installed["Platform"])
    keys = (f"HKLM\\SOFTWARE\\Microsoft\\Office\\{office}\\Outlook" for office in _OFFICES)
    return next((str(v["Bitness"]) for k in keys if "Bitness" in (v := desktop.registry(k))), "")


def _mark_of_the_web(desktop: Desktop) -> Iterator[Diagnostic]:
    if desktop.system != "win32":
        return
    try:
        stream = Path(f"{desktop.addin}:Zone.Identifier").read_bytes()
    except OSError:
        return
    if _INTERNET in stream or _RESTRICTED in stream:
        said = Message(
            "该文件带有“来自互联网”的标记，Excel 会阻止其中的宏",
            "the file is marked as coming from the Internet: Excel blocks its macros",
        )
        fix = Message(
            "请右击该文件，选“属性”，勾选“解除锁定”，或重新运行 xlperf addin install",
            "open its properties and unblock it, or run xlperf addin install",
        )
        yield Diagnostic("A209", said, place=Place(str(desktop.addin)), fix=fix)


def _policies(desktop: Desktop) -> Iterator[Diagnostic]:
    """What an administrator, or the user, has forbidden; Excel's start folder is trusted else."""
    trusted, common, security = "Security\\Trusted Locations", "Common", "Excel\\Security"
    if _value(desktop, "VBAOff", (_POLICIES, _USER), common) == 1:
        said = Message("组策略关闭了 Office 的 VBA", "a policy turns VBA off in Office")
        fix = Message(_ASK + "取消 VBAOff", "ask your administrator to lift VBAOff")
        yield Diagnostic("A210", said, fix=fix)
    level = _value(desktop, "VBAWarnings", (_POLICIES, _USER), security)
    untrusted = _value(desktop, "AllLocationsDisabled", (_POLICIES, _USER), f"Excel\\{trusted}")
    if level in (_ONLY_SIGNED, _NO_MACROS):
        severity = Severity.ERROR if untrusted == 1 else Severity.WARNING
        said = Message(
            "Excel 的宏设置为" + ("禁用所有宏" if level == _NO_MACROS else "只运行有签名的宏"),
            "Excel runs " + ("no macros" if level == _NO_MACROS else "signed macros only"),
        )
        fix = Message(
            "请在“文件 → 选项 → 信任中心”中放开，或确认 XLSTART 在受信任位置中；如由组策略设定，"
            + _ASK
            + "VBAWarnings",
            "change it in the Trust Center, or keep XLSTART a trusted location; where a policy "
            "sets VBAWarnings, ask your administrator",
        )
        yield Diagnostic("A210", said, severity=severity, fix=fix)
    blocked = _value(desktop, "blockcontentexecutionfrominternet", (_POLICIES,), security)
    if untrusted == 1 and blocked == 1:
        said = Message(
            "组策略停用了受信任位置，并阻止来自互联网的文件运行宏",
            "policies disable trusted locations, and block macros in files from the Internet",
        )
        fix = Message(
            _ASK + "AllLocationsDisabled、blockcontentexecutionfrominternet",
            "ask your administrator to lift AllLocationsDisabled, or to sign the add-in",
        )
        yield Diagnostic("A211", said, fix=fix)


def _value(desktop: Desktop, name: str, roots: tuple[str, ...], path: str) -> Any:
    """A registry value of any Office, whatever its case, policies before the user's own setting."""
    for root in roots:
        for office in _OFFICES:
            values = desktop.registry(f"{root}\\{office}\\{path}")
            for found, value in values.items():
                if found.casefold() == name.casefold():
                    return value
    return None


def _disabled(desktop: Desktop) -> Iterator[Diagnostic]:
    """Excel keeps a list of what it thinks has made it crash."""
    wanted = FILE_NAME.encode("utf-16-le")
    for office in _OFFICES:
        items = desktop.registry(f"{_USER}\\{office}\\Excel\\Resiliency\\DisabledItems")
        if any(isinstance(item, bytes) and wanted in item.lower() for item in items.values()):
            said = Message("Excel 已把加载项列为禁用项目", "Excel has disabled the add-in")
            fix = Message(
                "请在“文件 → 选项 → 加载项”下方的“管理：禁用项目”中启用，再重启 Excel",
                "enable it in Options, Add-ins, Manage: Disabled Items, and restart Excel",
            )
            yield Diagnostic("A212", said, fix=fix)


def _running(desktop: Desktop) -> Iterator[Diagnostic]:
    if desktop.is_excel_running():
        said = Message(
            "Excel 正在运行，安装之后的改动要重启 Excel 才生效",
            "Excel is running: what was installed since it started takes effect when it restarts",
        )
        fix = Message("请关闭所有 Excel 窗口后再打开", "close all windows of Excel, open it again")
        yield Diagnostic("A213", said, severity=Severity.INFO, fix=fix)


_CHECKS: tuple[Callable[[Desktop], Iterator[Diagnostic]], ...] = (
    _files,
    _python,
    _mark_of_the_web,
    _policies,
    _disabled,
    _running,
)
