"""Official forms as templates: any workbook that carries `xp.` names can be filled and read."""

from typing import TYPE_CHECKING

from xlperf.lazy import lazy_front

if TYPE_CHECKING:
    from xlperf.template.book import Book, FilledSheet
    from xlperf.template.fields import Field, Form
    from xlperf.template.filling import Filled, FillRequest, Formulas
    from xlperf.template.patching import Content, Formula, Patching, Placed, replace_texts
    from xlperf.template.reading import no_form, read_files, read_forms
    from xlperf.template.report import Line, Report, template_report
    from xlperf.template.template import Template

__all__ = [
    "Book",
    "Content",
    "Field",
    "FillRequest",
    "Filled",
    "FilledSheet",
    "Form",
    "Formula",
    "Formulas",
    "Line",
    "Patching",
    "Placed",
    "Report",
    "Template",
    "no_form",
    "read_files",
    "read_forms",
    "replace_texts",
    "template_report",
]

__getattr__ = lazy_front(
    __name__,
    book="Book FilledSheet",
    fields="Field Form",
    filling="Filled FillRequest Formulas",
    patching="Content Formula Patching Placed replace_texts",
    reading="no_form read_files read_forms",
    report="Line Report template_report",
    template="Template",
)
