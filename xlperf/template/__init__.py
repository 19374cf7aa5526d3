"""Official forms as templates: any workbook that carries `xp.` names can be filled and read."""

from xlperf.template.book import Book, FilledSheet
from xlperf.template.fields import Field, Form
from xlperf.template.filling import Filled, Formulas
from xlperf.template.patching import Content, Formula, Patching, Placed, replace_texts
from xlperf.template.reading import no_form, read_forms
from xlperf.template.report import Line, Report, template_report
from xlperf.template.template import Template

__all__ = [
    "Book",
    "Content",
    "Field",
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
    "read_forms",
    "replace_texts",
    "template_report",
]
