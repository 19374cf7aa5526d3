"""xlperf fills, reads, scores and checks the official Excel forms of public budget performance.

This is the front door: what scripts may rely on is named in `__all__`. Everything is imported on
first use, so that `import xlperf` costs next to nothing.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlperf.bulk import fill, read, score
    from xlperf.diagnostic import InputError, TableError, WorkbookError, XlperfError
    from xlperf.review import parse
    from xlperf.scoring import Policy
    from xlperf.template import Template

__version__ = "0.1.0"

__all__ = [
    "InputError",
    "Policy",
    "TableError",
    "Template",
    "WorkbookError",
    "XlperfError",
    "__version__",
    "fill",
    "parse",
    "read",
    "score",
]

_HOMES = {
    "InputError": "diagnostic",
    "Policy": "scoring",
    "TableError": "diagnostic",
    "Template": "template",
    "WorkbookError": "diagnostic",
    "XlperfError": "diagnostic",
    "fill": "bulk",
    "parse": "review",
    "read": "bulk",
    "score": "bulk",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
