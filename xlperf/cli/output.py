"""What `-o` may be: a file's ending says what is in it, and a folder is not called like a file.

Asked before any work is done, so that nobody waits for a file that no program opens.
"""

from collections.abc import Sequence
from pathlib import Path

from xlperf.cli.usage import Misuse
from xlperf.diagnostic import Message

WORKBOOKS = (".xlsx", ".xlsm")
_FILES = frozenset(
    {
        *WORKBOOKS, ".xltx", ".xltm", ".xlam", ".xls", ".xlt", ".xlsb", ".ods", ".et", ".ett",
        ".csv", ".tsv", ".txt", ".json", ".sarif", ".html", ".htm", ".xml", ".toml", ".md",
        ".doc", ".docx", ".wps", ".pdf", ".ofd", ".zip", ".rar", ".7z",
    }
)  # fmt: skip
"""Endings that make a name one of a file; others, as in 2025.自评, may be a folder's."""

_REPORTS = {
    "json": (".json",),
    "sarif": (".sarif", ".json"),
    "csv": (".csv",),
    "html": (".html", ".htm"),
}
"""The endings of each style of report; text may end as it likes, but not like another kind."""

_TEXTS = frozenset({".txt", ".md"})
_STYLE_OF = {ending: style for style, endings in _REPORTS.items() for ending in endings[:1]}
_STYLE_OF |= dict.fromkeys(WORKBOOKS, "xlsx")


def expect_file(out: Path, endings: Sequence[str], what: Message) -> None:
    """Raises Misuse unless `out` is the name of a file that ends so; `what` is written there."""
    if out.is_dir():
        hint = Message("它是已有的文件夹", "which is a folder")
    elif out.suffix.lower() not in endings:
        name = _named(out, endings[0])
        hint = Message(f"请改为 {name}", f"name it {name}")
    else:
        return
    zh, en = "、".join(endings), " or ".join(endings)
    raise Misuse(
        Message(
            f"-o 写出{what.zh}，应为以 {zh} 结尾的文件，而不是 {out}；{hint.zh}",
            f"-o is {what.en}, a file that ends in {en}, and not {out}; {hint.en}",
        )
    )


def expect_folder(out: Path, or_else: Message | None = None) -> None:
    """Raises Misuse where `out` is called like a file; `or_else` says how a file can be had."""
    if _is_file_name(out):
        hint = or_else or Message("请改用不带扩展名的名称", "leave out the ending")
        raise Misuse(
            Message(
                f"-o 应为文件夹，而 {out} 是文件名；{hint.zh}",
                f"-o is a folder, and {out} is the name of a file; {hint.en}",
            )
        )


def expect_file_or_folder(out: Path, endings: Sequence[str], what: Message) -> None:
    """Raises Misuse where `out` is called like a file of another kind."""
    if _is_file_name(out):
        expect_file(out, endings, what)


def expect_copies(out: Path, sources: Sequence[Path]) -> None:
    """Raises Misuse unless `out` is a folder, or ends as the only one of the workbooks does."""
    if not sources or not _is_file_name(out):
        return
    if len(sources) > 1:
        expect_folder(
            out,
            Message(
                f"共有 {len(sources)} 个工作簿，写不进一个文件",
                f"{len(sources)} workbooks do not go into one file",
            ),
        )
    ending = sources[0].suffix.lower()
    expect_file(out, [ending], Message("工作簿的副本", "a copy of the workbook"))


def expect_report(out: Path, style: str) -> None:
    """Raises Misuse where `out` does not end as a report of this style does."""
    what = Message(f" {style} 格式的报告", f"a report as {style}")
    ending = out.suffix.lower()
    if style in _REPORTS:
        expect_file(out, _REPORTS[style], what)
    elif ending in _FILES - _TEXTS:
        name, meant = _named(out, ".txt"), _STYLE_OF.get(ending, "html")
        raise Misuse(
            Message(
                f"-o 写出{what.zh}，而 {out} 不是文本文件的名称；"
                f"请改为 {name}，或加上 --format {meant}",
                f"-o is {what.en}, and {out} is not the name of a text; "
                f"name it {name}, or add --format {meant}",
            )
        )


def _named(out: Path, ending: str) -> Path:
    known = out.suffix.lower() in _FILES
    return out.with_suffix(ending) if known else out.with_name(out.name + ending)


def _is_file_name(out: Path) -> bool:
    return out.suffix.lower() in _FILES and not out.is_dir()
