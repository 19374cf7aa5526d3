"""Where templates, examples and macros lie: in the installed package, or in the source tree."""

from pathlib import Path

from xlperf.diagnostic import Diagnostic, Message, Place, WorkbookError

_PACKAGE = Path(__file__).parent


def _folder(name: str) -> Path:
    installed = _PACKAGE / "data" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def shipped_templates() -> list[Path]:
    return sorted(_folder("workbook_templates").glob("*.xlsx"))


def example_folders() -> list[Path]:
    """Every folder of example tables."""
    return sorted(path.parent for path in _folder("examples").rglob("projects.csv"))


def examples_root() -> Path:
    return _folder("examples")


def macros() -> Path:
    """The folder of the add-in's ribbon and VBA modules."""
    return _folder("macros")


def document(name: str) -> Path:
    """A page of the documentation, with its pictures beside it."""
    return _folder("docs") / name


def template_path(name: str | Path) -> Path:
    """The file of a template given by path, or by the name of a shipped one (`guizhou_approval`).

    Raises WorkbookError when there is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = shipped_templates()
    for candidate in shipped:
        if candidate.stem == str(name).removesuffix(".xlsx"):
            return candidate
    names = [candidate.stem for candidate in shipped]
    raise WorkbookError(
        Diagnostic(
            "W105",
            Message(f"找不到模板：{name}", f"no such template: {name}"),
            place=Place(file=str(name)),
            fix=Message(
                f"请给出模板文件的路径，或内置模板名：{'、'.join(names)}",
                f"give the path of a template or a shipped name: {', '.join(names)}",
            ),
        )
    )
