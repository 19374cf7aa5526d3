"""Reviews to report on: made by hand, drawn at random, and found on the example forms."""

from hypothesis import strategies as st

from xlperf.diagnostic import Diagnostic, Message, Place, Severity, Span
from xlperf.review import Review
from xlperf.rules import RULES, Finding

HOSTILE = (
    '"quoted" & <b>bold</b>',
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    "一行\n二行\r\n三行\ttab",
    "=cmd|' /C calc'!A0",
    "＝1+1",
    "@SUM(A1)",
    "-1+2",
    ' =HYPERLINK("http://example.org")',
    "长" * 40_000,
    "\x1b[31m红\x1b[0m",
    "\x00\ud800\udfff\ufffe\u202e反\u2028行",
    "a,b;c\"d'e",
    "{0} {{1}} [链接](https://example.org)",
    "</xml>]]>",
    "_x0041_",
    "'=1",
    "",
)


PLACE = Place("自评表/01.xlsx", "自评表", "E17")


def finding(
    value: str = "27台",
    *,
    code: str = "C02",
    message: str | None = None,
    span: Span | None = None,
    replacement: str | None = None,
    place: Place = PLACE,
    project: str = "信息系统运维",
    indicator: str = "购置设备数量",
    field: str = "指标值",
) -> Finding:
    rule = RULES[code]
    said = f"定量指标缺少比较符号：{value}" if message is None else message
    english = f"Numeric target has no comparator: {value}" if message is None else message
    fix = replacement and Message(f"改为“{replacement}”", f"write “{replacement}”")
    diagnostic = Diagnostic(code, Message(said, english), span, place, rule.severity, fix or None)
    row = 0 if indicator else None
    return Finding(
        rule, diagnostic, "自评表", "01", project, indicator, row, field, value, replacement
    )


def review(*findings: Finding, forms: int = 1, **rest: tuple[object, ...]) -> Review:
    problems: tuple[Diagnostic, ...] = rest.get("problems", ())  # type: ignore[assignment]
    unread = frozenset(p.place.file for p in problems if p.severity is Severity.ERROR)
    return Review(findings, problems, rest.get("waived", ()), forms, unread)  # type: ignore[arg-type]


UNREADABLE = Diagnostic(
    "W101",
    Message("不是有效的 Excel 工作簿", "not a valid Excel workbook"),
    place=Place("自评表/坏.xlsx"),
    fix=Message("请另存为 .xlsx", "save it as .xlsx"),
)
UNUSED = Diagnostic(
    "R105",
    Message("第 2 条豁免没有对应的发现", "waiver 2 matches no finding"),
    place=Place("豁免.toml"),
    severity=Severity.WARNING,
)

texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=30), st.text("=+-@<>&\"'\n\t ", max_size=6)
)


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    value = draw(texts)
    ends = sorted(draw(st.tuples(*[st.integers(0, len(value))] * 2)))
    return finding(
        value,
        code=draw(st.sampled_from(sorted(RULES))),
        message=draw(texts),
        span=Span(*ends) if ends[0] < ends[1] and draw(st.booleans()) else None,
        replacement=draw(st.none() | texts.filter(bool)),
        place=Place(draw(texts), draw(texts), draw(st.sampled_from(["", "E17", "B2"]))),
        project=draw(texts),
        indicator=draw(texts),
        field=draw(texts),
    )


problems = st.builds(
    lambda text, file: Diagnostic("W101", Message(text, text), place=Place(file)), texts, texts
)
reviews = st.builds(
    Review,
    st.lists(findings(), max_size=5).map(tuple),
    st.lists(problems, max_size=2).map(tuple),
    st.lists(st.tuples(findings(), texts), max_size=2).map(tuple),
    st.integers(0, 99),
)
