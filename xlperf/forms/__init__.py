"""The record of one form: what is written in its fields, and what the fields are called.

The printed label is the name everywhere (workbook name, table heading, message). This package
holds that vocabulary and the types `Entry`, `Indicator`, `Funding` and `Project` that carry a
form's content between tables, workbooks and checks. It knows nothing of files.
"""

from xlperf.forms.labels import (
    INDICATOR_PREFIX,
    KEY,
    KNOWN_LABELS,
    Kind,
    canonical,
    date_entry,
    kind_of,
    nearest_label,
    number_entry,
    read_entry,
)
from xlperf.forms.record import BLANK, Entry, Funding, Indicator, Project

__all__ = [
    "BLANK",
    "INDICATOR_PREFIX",
    "KEY",
    "KNOWN_LABELS",
    "Entry",
    "Funding",
    "Indicator",
    "Kind",
    "Project",
    "canonical",
    "date_entry",
    "kind_of",
    "nearest_label",
    "number_entry",
    "read_entry",
]
