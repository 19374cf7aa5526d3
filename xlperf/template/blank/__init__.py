"""Reading a blank form: which cell belongs to which printed label, as far as its layout tells."""

from collections.abc import Iterator
from dataclasses import replace

from xlperf.diagnostic import Message
from xlperf.template.blank.blocks import find_blocks
from xlperf.template.blank.page import Found, Page
from xlperf.template.blank.printed import CONSTANTS, money_unit
from xlperf.template.blank.singles import find_singles

__all__ = ["CONSTANTS", "Found", "Page", "find_all", "money_unit"]

_FEW = 0.2
_LOCKED = Message("单元格已锁定，其他填写处未锁定", "it is locked, unlike the other cells to fill")


def find_all(page: Page) -> list[Found]:
    """Everything that a page has cells for. Blocks take their cells first, then single labels."""
    find_blocks(page)
    find_singles(page)
    return list(_locked_doubted(page))


def _locked_doubted(page: Page) -> Iterator[Found]:
    """Where most cells to fill are unlocked, one that is locked may not be meant to be filled."""
    places = [(page.at(*found.corner) if found.corner else None) for found in page.found]
    locked = [bool(box and box.look.locked and not box.formula) for box in places]
    guarded = 0 < sum(locked) < _FEW * len(places)
    for found, doubtful in zip(page.found, locked, strict=True):
        yield replace(found, doubt=found.doubt or _LOCKED) if guarded and doubtful else found
