"""Entry point of the command line; answers `--version` without loading anything."""

import sys


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        from xlperf import __version__

        sys.stdout.write(f"xlperf {__version__}\n")
        return
    from xlperf.cli import cli

    cli()


if __name__ == "__main__":
    main()
