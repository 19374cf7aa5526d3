"""Reading a blank form: which cell belongs to which printed label, as far as its layout tells."""

from xlperf.template.blank.blocks import find_blocks
from xlperf.template.blank.page import Found, Page
from xlperf.template.blank.printed import CONSTANTS, money_unit
from xlperf.template.blank.singles import find_singles

__all__ = ["CONSTANTS", "Found", "Page", "find_all", "money_unit"]


def find_all(page: Page) -> list[Found]:
    """Everything that a page has cells for. Blocks take their cells first, then single labels."""
    find_blocks(page)
    find_singles(page)
    return page.found
