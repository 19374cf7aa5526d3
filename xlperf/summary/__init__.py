"""A department's forms in one workbook: money, scores, grades, and what fell short.

summary = summarise(["自评表/"])
Path("汇总表.xlsx").write_bytes(summary_workbook(summary))
"""

from xlperf.summary.collect import FormRow, IndicatorRow, Section, Summary, summarise
from xlperf.summary.text import lines
from xlperf.summary.workbook import summary_workbook

__all__ = [
    "FormRow",
    "IndicatorRow",
    "Section",
    "Summary",
    "lines",
    "summarise",
    "summary_workbook",
]
