"""What the workbooks of many projects are called, on any system."""

import re

from xlperf.bulk.sheet_names import title_of
from xlperf.diagnostic import Diagnostic, Message, TableError
from xlperf.forms import KEY
from xlperf.tables import Records

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
_NAME_BYTES = 200


def file_names(records: Records, suffix: str) -> dict[str, str]:
    """A file name for every project. Raises TableError when two would have the same."""
    names: dict[str, str] = {}
    taken: dict[str, str] = {}
    for project in records.projects:
        title = title_of(project)
        name = file_name(f"{project.key}_{title}" if title else project.key, suffix)
        if other := taken.get(name.casefold()):
            raise TableError(
                Diagnostic(
                    "D112",
                    Message(
                        f"项目“{project.key}”与“{other}”的输出文件名相同：{name}",
                        f"projects “{project.key}” and “{other}” give the same file name: {name}",
                    ),
                    place=records.place(project, KEY),
                    fix=Message("请修改其中一个编号", "change one of the keys"),
                )
            )
        taken[name.casefold()] = project.key
        names[project.key] = name
    return names


def file_name(title: str, suffix: str = ".xlsx") -> str:
    """`title` as a name that Windows, Linux and macOS accept, with its suffix."""
    safe = _FORBIDDEN.sub("_", " ".join(title.split())).strip(" .")
    if _RESERVED.fullmatch(safe):
        safe = f"_{safe}"
    safe = safe.encode("utf-8", "replace")[:_NAME_BYTES].decode("utf-8", "ignore").rstrip(" .")
    return (safe or "_") + suffix
