"""Entry point of the command line; answers `--version` without loading anything."""

import codecs
import io
import sys


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        from xlperf import __version__

        sys.stdout.write(f"xlperf {__version__}\n")
        return
    for stream in (sys.stdout, sys.stderr):
        _print_anything(stream)
    from xlperf.cli import cli

    cli()


def _print_anything(stream: object) -> None:
    """Let `?` stand for what the code page of the terminal lacks: › and ² on Chinese Windows."""
    if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
        stream.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
