"""Rows of the indicator table for tests, and the ways in which people write numbers."""

from decimal import Decimal

from hypothesis import strategies as st

from xlperf.forms import Entry, Indicator


def row(target: str, actual: str, weight: Decimal | int | None) -> Indicator:
    points = Entry("") if weight is None else Entry(str(weight), Decimal(weight))
    return Indicator(
        {
            "三级指标": Entry("指标"),
            "指标值": Entry(target),
            "实际完成值": Entry(actual),
            "分值": points,
        }
    )


comparators = st.sampled_from(["≥", "≤", ">", "<", "="])

# Round numbers hide lost digits, so most of these are not.
AMOUNTS = st.one_of(
    st.integers(0, 1000).map(Decimal),
    st.decimals(0, 1000, places=2),
    st.decimals("0.000001", 100000, places=6),
)

# A unit as printed in the target → how an actual in it may be typed.
spelled = st.sampled_from(
    [
        ("万条", ["{}万条", "{}", "={}万条", "{}条", " {} 万条"]),
        ("%", ["{}%", "{}", "{} %", "{}(%)", "{}‰", "{}百分比"]),
        ("(%)", ["{}%", "{}(%)", "{}"]),
        ("‰", ["{}‰", "{}%", "{}"]),
        (" 个", ["{}个", "{}", "{} 个", "{}(个)"]),
        ("元", ["{}元", "{}", "{}万元", "{:,}元", "{} 万元", "{}亿元"]),
        ("万元", ["{}万元", "{}", "{}元", "{:,}元"]),
        ("元/次", ["{}元/次", "{}", "{}万元/次"]),
    ]
).map(lambda pair: (pair[0], st.sampled_from(pair[1])))
