"""Remembers what was once made of a tree: its program, its text.

The same rule is evaluated and printed for thousands of rows. A tree is found by identity, since
hashing it costs as much as walking it; holding the tree keeps its identity its own.
"""

from collections.abc import Callable
from typing import TypeVar

from xlperf.expr.tree import Expr

_Made = TypeVar("_Made")
_MOST = 4096


def by_identity(make: Callable[[Expr], _Made]) -> Callable[[Expr], _Made]:
    """The function `make`, called once for each tree; the memory is emptied when it is full."""
    made: dict[int, tuple[Expr, _Made]] = {}

    def recall(expr: Expr) -> _Made:
        known = made.get(id(expr))
        if known is None:
            if len(made) >= _MOST:
                made.clear()
            known = made[id(expr)] = expr, make(expr)
        return known[1]

    return recall
