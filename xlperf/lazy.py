"""Fronts of packages that import a name on its first use.

A package's front names all that it offers; a review needs little of what fills and recalculates
forms, and the start of Python is a good part of a short run.
"""

import importlib
import sys
from collections.abc import Callable


def lazy_front(package: str, **homes: str) -> Callable[[str], object]:
    """The `__getattr__` of a package: `lazy_front(__name__, book="Book FilledSheet")`.

    A name must not be that of a module of the package, which an import would put in its place.
    """
    places = {name: module for module, names in homes.items() for name in names.split()}

    def find(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{places[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return find
