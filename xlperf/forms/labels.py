"""The vocabulary of the forms: known labels, their spellings, and what kind of content each takes.

The vocabulary is open. A label that is not listed is a plain field: text, or an amount below 资金.
"""

import datetime
import math
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache

from xlperf.diagnostic import Diagnostic, Message
from xlperf.forms.record import Entry

INDICATOR_PREFIX = "指标."
KEY = "编号"


class Kind(StrEnum):
    """What an entry holds."""

    TEXT = "text"
    NUMBER = "number"
    PERCENT = "percent"
    DATE = "date"


# Canonical label → other spellings of it on official forms. Scalar fields, then table columns.
KNOWN_LABELS: dict[str, tuple[str, ...]] = {
    "编号": (),
    "模板": (),
    "金额单位": (),
    "项目名称": ("项目名",),
    "项目编码": ("项目代码",),
    "主管部门": ("主管部门及代码", "主管部门名称"),
    "实施单位": ("项目单位", "项目实施单位"),
    "预算单位": ("单位编码及名称",),
    "单位盖章": ("填报单位", "填报单位盖章"),
    "填报日期": ("填报时间",),
    "联系人": ("填报人", "项目负责人"),
    "联系电话": (),
    "年度": ("预算年度", "填报年度"),
    "项目性质": (),
    "项目类别": ("项目类型", "项目属性"),
    "计划开始日期": ("项目开始日期",),
    "计划完成日期": ("项目完成日期",),
    "资金用途": ("预算规模及资金用途",),
    "年度总体目标": ("年度目标", "绩效目标", "总体目标"),
    "项目总目标": ("项目总体目标", "中期目标"),
    "预期目标": ("年初预期目标", "年初设定目标"),
    "实际完成情况": ("目标实际完成情况", "全年实际完成情况"),
    "分值合计": ("总分值",),
    "总分": ("合计得分", "总得分"),
    "自评结论": ("自评等级", "评价等级"),
    "指标.一级指标": ("指标.一级",),
    "指标.二级指标": ("指标.二级",),
    "指标.三级指标": ("指标.三级", "指标.指标名称"),
    "指标.指标值": (
        "指标.年度指标值",
        "指标.年度指标值A",
        "指标.年度项目指标值",
        "指标.目标值",
        "指标.年度目标值",
        "指标.计划指标值",
    ),
    "指标.实际完成值": (
        "指标.实际完成值B",
        "指标.全年完成值",
        "指标.全年实际值",
        "指标.实际值",
        "指标.完成值",
    ),
    "指标.分值": ("指标.权重",),
    "指标.得分": ("指标.自评得分", "指标.实际得分"),
    "指标.未完成原因分析": (
        "指标.偏差原因",
        "指标.偏差原因分析",
        "指标.偏差原因及改进措施",
        "指标.偏差原因分析及改进措施",
        "指标.未完成原因",
        "指标.未完成原因及改进措施",
        "指标.未完成原因分析及改进措施",
    ),
    "指标.绩效指标描述": ("指标.指标描述",),
    "指标.指标值确定依据": ("指标.确定依据",),
    "指标.说明": ("指标.备注",),
}

_NUMBERS = {"年度", "分值合计", "总分", "指标.分值", "指标.得分"}
_DATES = {"填报日期", "计划开始日期", "计划完成日期"}
# Characters that a workbook name cannot hold, and the `_` that stands for them.
_SEPARATORS = re.compile(r"[\s_\-—–()（）\[\]［］【】〔〕、/／\\%％:：,，;；·＊*]+")
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?|[+-]?\.\d+")
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?")
_EPOCH = datetime.date(1899, 12, 30).toordinal()


def _folded(label: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", label)).casefold()


_CANONICAL = {
    _folded(spelling): label
    for label, others in KNOWN_LABELS.items()
    for spelling in (label, *others)
}


@lru_cache(maxsize=4096)
def canonical(label: str) -> str:
    """The one name for a label: 年度指标值(A) → 指标值; an unknown label loses only separators.

    `label` is without the `xp.` prefix; table columns begin with 指标. and so does the answer.
    """
    folded = _folded(label)
    return _CANONICAL.get(folded, folded)


def nearest_label(label: str) -> str | None:
    """The known label that an unknown one is probably a slip of."""
    key = canonical(label)
    if key in KNOWN_LABELS or label.startswith(("资金.", "支出计划.")):
        return None
    prefix = INDICATOR_PREFIX if key.startswith(INDICATOR_PREFIX) else ""
    plain = key.removeprefix(prefix)
    known = [
        label.removeprefix(prefix)
        for label in KNOWN_LABELS
        if label.startswith(INDICATOR_PREFIX) == bool(prefix)
    ]
    similar = [label for label in known if abs(len(label) - len(plain)) <= 1]
    import difflib  # only for names that are slips

    near = difflib.get_close_matches(plain, similar, n=1, cutoff=0.75)
    return prefix + near[0] if near else None


@lru_cache(maxsize=4096)
def kind_of(label: str) -> Kind:
    """What the field of this canonical label holds."""
    if label in _NUMBERS or label.startswith("资金."):
        return Kind.NUMBER
    if label.startswith("支出计划."):
        return Kind.PERCENT
    if label in _DATES:
        return Kind.DATE
    return Kind.TEXT


def read_entry(label: str, text: str) -> Entry | Diagnostic:
    """The entry that `text` from a data table makes in the field of this canonical label.

    Numbers may have thousands separators and full-width digits; percentages need their sign; dates
    are 2024/02/05, 2024-02-05 or 2024年2月5日. Anything else in such a field is a diagnostic.
    """
    kind = kind_of(label)
    plain = unicodedata.normalize("NFKC", text).strip()
    if kind is Kind.TEXT or not plain:
        return Entry(text if kind is Kind.TEXT else "")
    if kind is Kind.DATE:
        if match := _DATE.fullmatch(plain):
            try:
                day = datetime.date(*map(int, match.groups()))
            except ValueError:
                return _unreadable(label, text, "日期", "a date", "2025-12-31")
            if day.year >= 1900:
                return Entry(plain, date_entry(day).number)
        return _unreadable(label, text, "日期", "a date", "2025-12-31")
    percent = kind is Kind.PERCENT
    if percent and not plain.endswith("%"):
        return _unreadable(label, text, "百分数", "a percentage", "50%")
    digits = plain.removesuffix("%").strip() if percent else plain
    if not _NUMBER.fullmatch(digits):
        if percent:
            return _unreadable(label, text, "百分数", "a percentage", "50%")
        return _unreadable(label, text, "数字", "a number", "1600000 或 1,600,000.00")
    try:
        number = Decimal(digits.replace(",", ""))
    except InvalidOperation:  # pragma: no cover - the pattern admits only what Decimal reads
        return _unreadable(label, text, "数字", "a number", "1600000")
    if not math.isfinite(float(number)):
        return _too_large(label)
    return Entry(plain, number / 100 if percent else number)


def number_entry(number: Decimal) -> Entry:
    """The entry of a number, printed without exponent and trailing zeros: 58.50 → 58.5."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return Entry("0" if text in ("-0", "") else text, number)


def date_entry(day: datetime.date) -> Entry:
    """The entry of a day; before 1900 it is text, since Excel has no such dates."""
    text = f"{day.year:04}-{day.month:02}-{day.day:02}"
    if day.year < 1900:
        return Entry(text)
    serial = day.toordinal() - _EPOCH
    # Excel has a 29 February 1900, so earlier days count one less.
    return Entry(text, Decimal(serial if serial > 60 else serial - 1))


def _too_large(label: str) -> Diagnostic:
    return Diagnostic(
        "X101",
        Message(f"{label}的数字过大", f"the number of {label} is too large"),
        fix=Message("请改正该数字", "correct the number"),
    )


def _unreadable(label: str, text: str, zh: str, en: str, example: str) -> Diagnostic:
    label = label.removeprefix(INDICATOR_PREFIX)
    return Diagnostic(
        "X101",
        Message(f"{label}应为{zh}，填的是“{text}”", f"{label} must be {en}, not “{text}”"),
        fix=Message(
            f"请改为{zh}，例如 {example}", f"write it like {example.replace(' 或 ', ' or ')}"
        ),
    )
