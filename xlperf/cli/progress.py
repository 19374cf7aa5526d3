"""How far a long command is: a bar while it runs, a line when it is interrupted."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from xlperf.bulk import Progress
from xlperf.diagnostic import Lang, Message


@contextmanager
def progress_of(total: int, lang: Lang) -> Iterator[Progress]:
    """A progress bar on a terminal, nothing in a pipe; how far it got when it is interrupted."""
    done = 0
    with _bar(total) as show:

        def step(now: int, of: int) -> None:
            nonlocal done
            done = now
            show(now, of)

        try:
            yield step
        except KeyboardInterrupt:
            if done:  # processes report their share when it is finished, so it may be more
                so_far = Message(
                    f"至少已完成 {done} 个项目（共 {total} 个）",
                    f"at least {done} of {total} projects done",
                )
                click.echo(so_far.text(lang), err=True)
            raise


@contextmanager
def _bar(total: int) -> Iterator[Progress]:
    if not sys.stderr.isatty():
        yield lambda done, _: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done, _: bar.update(task, completed=done)
