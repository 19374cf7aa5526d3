"""Reviewing: forms from workbooks and tables put before the rules, findings out, fixes back in."""

from typing import TYPE_CHECKING

from xlperf.lazy import lazy_front
from xlperf.review.review import Review, check, find_sources, fix
from xlperf.review.settings import ReviewSettings, find_settings, load_settings, settings_for

if TYPE_CHECKING:
    from xlperf.review.explain import Explained, parse, read_lines

__all__ = [
    "Explained",
    "Review",
    "ReviewSettings",
    "check",
    "find_settings",
    "find_sources",
    "fix",
    "load_settings",
    "parse",
    "read_lines",
    "settings_for",
]

__getattr__ = lazy_front(
    __name__,
    explain="Explained parse read_lines",
)
