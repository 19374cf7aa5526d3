"""`xlperf addin …`: making the Excel add-in and putting it in its place."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xlperf.cli.output import expect_file, expect_folder
from xlperf.cli.telling import input_errors, say
from xlperf.cli.usage import Misuse
from xlperf.diagnostic import Lang, Message, Severity
from xlperf.ooxml.files import make_folder, write_file

if TYPE_CHECKING:
    from xlperf.addin.install import Outcome

_PLATFORMS = ("win_amd64", "win32", "win_arm64")


@click.group(name="addin")
def addin_group() -> None:
    """Build, install, remove and examine the add-in for Excel.

    Example:

        xlperf addin install
    """


@addin_group.command(name="build")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), default="xlperf.xlam", show_default=True
)
@click.pass_obj
def addin_build(lang: Lang, out: Path) -> None:
    """Build the add-in; Excel is not needed, and the same input gives the same bytes.

    Example:

        xlperf addin build -o xlperf.xlam
    """
    from xlperf.addin.build import build

    expect_file(out, [".xlam"], Message("加载项", "the add-in"))
    with input_errors(lang):
        make_folder(out.parent)
        write_file(out, build())
        click.echo(Message(f"已写出 {out}", f"{out} written").text(lang))


@addin_group.command(name="install")
@click.option(
    "--addin",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Install this file instead of building the add-in.",
)
@click.pass_obj
def addin_install(lang: Lang, addin: Path | None) -> None:
    """Install the add-in for this user, with this Python; administrator rights are not needed.

    Exits 1 when a file was left alone because somebody else wrote or changed it.

    Example:

        xlperf addin install
    """
    from xlperf.addin.desktop import Desktop
    from xlperf.addin.install import given, install

    with input_errors(lang):
        desktop = Desktop.here()
        _tell(install(desktop, given(addin) if addin else None), lang)


@addin_group.command(name="uninstall")
@click.pass_obj
def addin_uninstall(lang: Lang) -> None:
    """Remove the files that the installation wrote, and nothing else.

    Exits 1 when a file was left alone because somebody else wrote or changed it, and 2 when the
    record of the installation is of no use.

    Example:

        xlperf addin uninstall
    """
    from xlperf.addin.desktop import Desktop
    from xlperf.addin.install import uninstall

    with input_errors(lang):
        _tell(uninstall(Desktop.here()), lang)


@addin_group.command(name="doctor")
@click.pass_obj
def addin_doctor(lang: Lang) -> None:
    """Say why the add-in does not work, and what to do.

    Exits 1 when an error was found.

    Example:

        xlperf addin doctor
    """
    from xlperf.addin.desktop import Desktop
    from xlperf.addin.doctor import doctor

    with input_errors(lang):
        found = doctor(Desktop.here())
        say(found, lang)
        if not found:
            click.echo(Message("没有发现问题", "nothing wrong found").text(lang))
        sys.exit(any(trouble.severity is Severity.ERROR for trouble in found))


@addin_group.command(name="bundle")
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The folder.")
@click.option("--python", default="3.12", show_default=True, help="Python of the desktop.")
@click.option("--platform", type=click.Choice(_PLATFORMS), default=_PLATFORMS[0], show_default=True)
@click.option(
    "--wheel",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The wheel of xlperf itself; built or fetched unless given.",
)
@click.pass_obj
def addin_bundle(lang: Lang, out: Path, python: str, platform: Any, wheel: Path | None) -> None:
    """Collect all that a Windows desktop without internet needs, with a script that installs it.

    Example:

        xlperf addin bundle --python 3.12 --platform win_amd64 -o 离线安装
    """
    from xlperf.addin.bundle import Target, bundle

    expect_folder(out)
    if not re.fullmatch(r"3\.\d+", python):
        raise Misuse(Message("--python 应写作 3.12 这样的版本号", "--python is a version as 3.12"))
    with input_errors(lang):
        files = bundle(Target(python, platform), out, wheel)
        zh, en = f"{out}：{len(files)} 个文件", f"{out}: {len(files)} files"
        click.echo(Message(zh, en).text(lang))


def _tell(outcome: "Outcome", lang: Lang) -> None:
    for line in outcome.done:
        click.echo(line.text(lang))
    say(outcome.left, lang)
    sys.exit(bool(outcome.left))
