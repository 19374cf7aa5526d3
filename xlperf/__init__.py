"""xlperf fills, reads, scores and checks the official Excel forms of public budget performance.

This is the front door: what scripts may rely on is named in `__all__`. Everything is imported on
first use, so that `import xlperf` costs next to nothing.
"""

from typing import TYPE_CHECKING

from xlperf.lazy import lazy_front

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

__getattr__ = lazy_front(
    __name__,
    bulk="fill read score",
    diagnostic="InputError TableError WorkbookError XlperfError",
    review="parse",
    scoring="Policy",
    template="Template",
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
