"""What the front and a worker say to each other.

The front sends a `Setup` and then `Order`s as pickles; a worker answers each with one line of JSON,
since nothing that has touched a foreign workbook is trusted with a pickle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from xlperf.diagnostic import Lang
from xlperf.review import ReviewSettings

Work = Literal["recalc", "check", "score", "fill", "read", "templates"]

IN, OUT, ANSWER = "in", "out", "answer"
"""In the folder of a job: uploaded files, what is made of them, and the body of the answer."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker is told first. `root` is the folder of the whole service."""

    root: Path
    memory: int
    timeout: float
    templates: Path | None
    review: ReviewSettings


@dataclass(frozen=True, slots=True)
class Order:
    """One job: `files` are names in the folder `in`, by the name of their part."""

    work: Work
    folder: Path
    files: Mapping[str, tuple[str, ...]]
    options: Mapping[str, Any]
    lang: Lang


class Reply(NamedTuple):
    """The answer lies in the job's folder; `name` is that of the file to save it as, or ""."""

    status: int
    media_type: str
    name: str
