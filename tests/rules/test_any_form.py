"""Whatever a person typed into a form, every rule has an answer, and the same one twice."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules.conftest import load_examples
from xlperf.diagnostic import Diagnostic
from xlperf.forms import INDICATOR_PREFIX, Entry, Indicator, Project, number_entry, read_entry
from xlperf.rules import FormCase, run

FORMS = [form.project.entries for form in load_examples()]
ROWS = [row.record.entries for form in load_examples() for row in form.indicators]
PRINTED = sorted({entry.text for entries in (*FORMS, *ROWS) for entry in entries.values()})
FIELDS = sorted({label for entries in FORMS for label in entries})
COLUMNS = sorted({label for entries in ROWS for label in entries})

texts = st.one_of(
    st.sampled_from(PRINTED),
    st.text(max_size=12),
    st.text("0123456789.%％≥≤=万亿元年月日底前~-（）()", max_size=12),
    st.builds(lambda one, other: one[: len(one) // 2] + other, *[st.sampled_from(PRINTED)] * 2),
)
numbers = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-100, max_value=200, places=2),
    st.decimals(allow_nan=False, allow_infinity=False),
)


def entry(label: str) -> st.SearchStrategy[Entry]:
    """What a workbook may hold in this field: any text, a number behind it or not."""

    def read(text: str) -> Entry:
        found = read_entry(label, text)
        return Entry(text) if isinstance(found, Diagnostic) else found

    return st.one_of(texts.map(read), numbers.map(number_entry), st.builds(Entry, texts, numbers))


def entries(labels: list[str], prefix: str) -> st.SearchStrategy[dict[str, Entry]]:
    chosen = {label: entry(prefix + label) for label in labels}
    return st.fixed_dictionaries({}, optional=chosen)


indicators = entries(COLUMNS, INDICATOR_PREFIX).map(Indicator)
projects = st.builds(Project, entries(FIELDS, ""), st.lists(indicators, max_size=4).map(tuple))


@settings(max_examples=60)
@given(st.lists(projects, max_size=3))
def test_no_form_breaks_a_rule(found: list[Project]) -> None:
    forms = [FormCase(project, "any", f"{i}.xlsx") for i, project in enumerate(found)]
    findings = run(forms)
    assert [f.diagnostic for f in findings] == [f.diagnostic for f in run(forms)]
    for finding in findings:
        span = finding.span
        assert span is None or 0 <= span.start < span.end <= len(finding.value)


def test_numbers_of_any_size_are_met() -> None:
    huge = number_entry(Decimal("1e4000"))
    row = Indicator(
        {"指标值": Entry("≥1个"), "实际完成值": Entry("9" * 150), "分值": huge, "得分": huge}
    )
    fields = {"总分": huge, "自评结论": Entry("优"), "金额单位": Entry("元")}
    funding = {label: huge for label in FIELDS if label.startswith("资金.")}
    assert run([FormCase(Project({**fields, **funding}, (row,)))])
