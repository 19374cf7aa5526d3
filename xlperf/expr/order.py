"""What formulas read, and the order in which they can be computed."""

from collections.abc import Collection, Hashable, Iterator, Mapping
from typing import TypeVar

from xlperf.expr.tree import Binary, Call, Cell, Expr, Range, Ref, Unary

_Key = TypeVar("_Key", bound=Hashable)


def references_in(tree: Expr) -> Iterator[Cell | Range | Ref]:
    """The cells, ranges and names in a formula, from left to right."""
    match tree:
        case Cell() | Range() | Ref():
            yield tree
        case Unary(_, operand):
            yield from references_in(operand)
        case Binary(_, left, right):
            yield from references_in(left)
            yield from references_in(right)
        case Call(_, args):
            for arg in args:
                yield from references_in(arg)


def levels(precedents: Mapping[_Key, Collection[_Key]]) -> dict[_Key, int]:
    """How many formulas stand one upon another below each, lowest first.

    `precedents` has for each formula the formulas that it reads, each once. Those that read
    themselves, be it through others, and all that stand upon them, are left out. Chains may be of
    any length.
    """
    followers: dict[_Key, list[_Key]] = {}
    for key, read in precedents.items():
        for precedent in read:
            followers.setdefault(precedent, []).append(key)
    waiting = {key: len(read) for key, read in precedents.items()}
    ready = [key for key, count in waiting.items() if not count]
    found = dict.fromkeys(ready, 0)
    for key in ready:  # which grows on the way
        for follower in followers.get(key, ()):
            waiting[follower] -= 1
            if not waiting[follower]:
                found[follower] = found[key] + 1
                ready.append(follower)
    return found
