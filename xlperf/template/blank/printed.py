"""Which label a printed text is.

Official forms print one label in many ways: spaces between the characters, line breaks, numbering,
colons, notes and units in brackets. What counts as which label stands in one table, `_PATTERNS`.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from xlperf.forms import INDICATOR_PREFIX, KEY, KNOWN_LABELS

CONSTANTS = (KEY, "模板", "金额单位")


class Role(Enum):
    """What a printed label can be on a form; some words can be several things."""

    SINGLE = auto()
    """It names one cell."""
    AMOUNT = auto()
    """It names an amount of the funding tree."""
    MONEY = auto()
    """It heads a column of the funding block."""
    PLAN = auto()
    """It heads a share of the spending plan."""
    COLUMN = auto()
    """It heads a column of the indicator table."""
    TOTAL = auto()
    """It begins the row of totals below the table."""
    BLOCK = auto()
    """It stands beside or over a block of other labels and has no cell of its own."""


def _known_singles() -> Iterator[str]:
    for label, others in KNOWN_LABELS.items():
        if not label.startswith(INDICATOR_PREFIX) and label not in CONSTANTS:
            yield from (label, *others)


_KNOWN_COLUMNS = {
    spelling.removeprefix(INDICATOR_PREFIX): label.removeprefix(INDICATOR_PREFIX)
    for label, others in KNOWN_LABELS.items()
    if label.startswith(INDICATOR_PREFIX)
    for spelling in (label, *others)
}

# Role, the name it gives ("" for the name as printed), and the printed words without spaces,
# numbering and notes in brackets.
_PATTERNS: tuple[tuple[Role, str, str], ...] = (
    (Role.SINGLE, "资金用途", "预算规模及资金用途"),
    (Role.SINGLE, "", "|".join(_known_singles())),
    (
        Role.SINGLE,
        "",
        "(部门|单位|部门单位)名称|(预算部门|填报部门|(资金使用|用款|承担)单位)(名称)?",
    ),
    (Role.SINGLE, "", "(总体|年度|部门整体|项目年度|项目|部门)绩效目标|(项目)?绩效总目标"),
    (Role.SINGLE, "", "(长期|总|本年度|项目年度)目标|年度履职目标|(年度)?(绩效)?目标完成情况"),
    (Role.SINGLE, "", "工作保障措施|资金用途|项目(实施)?期限?|(项目)?(实施|执行)(周期|期限?)"),
    (Role.SINGLE, "", "项目(起止|实施)(时间|日期|年限)|项目(概况|概述|内容|背景|依据)"),
    (Role.SINGLE, "", "(项目)?立项的?(依据|情况)|项目实施(内容|计划|内容及过程概述)|政策依据"),
    (Role.SINGLE, "", "项目负责人(及(联系)?(电话|方式))?|(单位|部门|财务)负责人|联系方式|审核人"),
    (Role.SINGLE, "", "主管部门(编码|代码)|(预算)?单位(编码|代码)|单位职能概述"),
    (Role.SINGLE, "", "(主要)?(存在的?)?(主要)?问题((及|和)原因)?(分析)?|(有关)?建议"),
    (
        Role.SINGLE,
        "",
        "(下一步)?(改进|整改)(措施|意见)|评价结论|(其他)?(需要?)?说明的?(问题|事项)|备注|说明",
    ),
    (Role.SINGLE, "", "填表人|经办人"),
    (Role.SINGLE, "填报日期", "填表(日期|时间)"),
    (Role.SINGLE, "总分", "自评(总分|得分|总得分|分)|评价(得分|总分)|得分合计"),
    (Role.AMOUNT, "", "预算数|总额|总计|合计|其他|基本支出|项目支出"),
    (Role.AMOUNT, "", r"\D{0,16}(资金|拨款|补助|(本级|财政)安排|经费|总额|总金额|预算金额)"),
    (Role.AMOUNT, "", r"\D{0,16}(结转|结余|((结余|结转|事业|经营|其他|管理的)收入))"),
    (Role.MONEY, "", r".{0,8}(预算|执行|支出|决算|到位|下达|调整)(数|金额|额)|(年初|全年)预算"),
    (Role.MONEY, "", "金额|.{0,8}执行率|分值|得分|权重"),
    (Role.PLAN, "", r"\d{1,2}月[底末份]|第?[一二三四1-4]季度[底末]?"),
    *((Role.COLUMN, name, spelling) for spelling, name in _KNOWN_COLUMNS.items()),
    (Role.COLUMN, "三级指标", "(绩效|三级|具体)?指标(名称|内容)|具体指标"),
    (Role.COLUMN, "指标值", "(年度|全年|年初|年初设定|预期|计划|绩效|设定)*(指标|目标)值|预期值"),
    (Role.COLUMN, "实际完成值", "(全年|年度)?(实际)?(完成|实现)(值|情况|指标值)"),
    (Role.COLUMN, "分值", "(指标|标准)?(分值|权重|分值权重)"),
    (Role.COLUMN, "得分", "(指标|自评|评价)?得分|自评分|评分"),
    (Role.COLUMN, "未完成原因分析", "[^因]*(偏差|未完成|未达标|未实现)[^因]*(原因|分析).*"),
    (Role.COLUMN, "指标值确定依据", "(指标值?)?(确定|设定|设置)依据"),
    (Role.COLUMN, "", "分项名称"),
    (Role.TOTAL, "总分", "总分|合计|总计|总得分|合计得分|得分合计"),
    (Role.BLOCK, "", "(年度|项目|部门|长期|中期|年度总体)?绩效(指标|目标)|(项目)?年度绩效指标"),
    (Role.BLOCK, "", "(项目|部门|部门预算|年度)?资金(情况|来源|申请)?|(年度)?(资金|预算)执行情况"),
    (Role.BLOCK, "", ".*支出计划|预算规模及资金用途|项目基本情况|(总体|年度总体)目标"),
)
_COMPILED = tuple((role, name, re.compile(pattern)) for role, name, pattern in _PATTERNS)
_ANY = re.compile("|".join(pattern for _, _, pattern in _PATTERNS))

_CIRCLED = re.compile(r"[①-⑳⓪❶-❿]")
_NUMBERING = re.compile(
    r"\(?[一二三四五六七八九十]{1,3}\)|[一二三四五六七八九十]{1,3}[、.]|\(?\d{1,2}\)|\d{1,2}[、.](?!\d)"
)
_MARK = re.compile(r"[-–—―─*★☆▲△●○■◆·•※]+|其中:?")
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")
_HEADED = re.compile(r"^【([^【】]+)】")
_BRACKETS = re.compile(r"[()\[\]【】〔〕/、]")
_NAME_GAPS = re.compile(r"\W+")
_HINT = re.compile(r"((年度|总体|绩效)?(指标|目标|任务)[\dnN]+[:.]?|\d+[.、]|[.…·]+|[xX×]+)+")
_DASH = re.compile(r"[-–—―─/\\]+")
_GAP = r"(?:_+|\s{4,}|(?:\s*\d*\s*[年月日]){2,3}\s*)"
_GAPPED = re.compile(rf"([^\s:：_，。；;]{{2,14}})\s*[:：](?:{_GAP}|\s{{2,}}|\s*(?=\Z|\n))")
_SPREAD = re.compile(r"(?<=[\u4e00-\u9fff])\s(?=[\u4e00-\u9fff])")
_ROOM = re.compile(rf"[:：]{_GAP}")
_YEAR_LINE = re.compile(r"\(?[\s_]*(20\d\d|[xX×*]{2,4}|20[xX×*_\s]{1,4})?[\s_]*\)?\s*年度?\s*\)?")
_MONEY_UNIT = re.compile(r"(?:单位[:：]|[（(])\s*(?:人民币)?\s*(万元|元)(?![/／或])")


@dataclass(frozen=True, slots=True)
class Label:
    """A printed text as a label: what it can be, by role the name it gives, and its bare words."""

    roles: Mapping[Role, str]
    words: str

    def role(self, role: Role) -> str | None:
        """The name it gives in this role. What has a block to itself is no amount in it."""
        if role is Role.AMOUNT and Role.BLOCK in self.roles:
            return None
        return self.roles.get(role)


def read_label(text: str) -> Label:
    """The label that a text is; without roles and words where it is none."""
    return _read_label(text) if len(text) <= _LONGEST_TEXT else NO_LABEL


NO_LABEL = Label({}, "")
_LONGEST_TEXT = 60


def single_name(label: Label) -> str | None:
    """The name of the one cell that belongs to the label; None where it is no such label."""
    if name := label.role(Role.SINGLE):
        return name
    if name := label.role(Role.AMOUNT):
        return f"资金.{name}.金额"
    if name := label.role(Role.MONEY):
        return f"资金.年度资金总额.{name}"
    return None


@lru_cache(maxsize=4096)
def _read_label(text: str) -> Label:
    folded = _HEADED.sub(r"\1", _stripped(_folded(text)))
    bare = _stripped(_BRACKETED.sub("", folded))
    whole = _stripped(_BRACKETS.sub("", folded))
    for variant in (bare, whole):
        if variant and _ANY.fullmatch(variant):
            roles: dict[Role, str] = {}
            for role, name, pattern in _COMPILED:
                if role not in roles and pattern.fullmatch(variant):
                    roles[role] = name or _spelled(variant)
            return Label(roles, _spelled(variant))
    return Label({}, _spelled(bare))


def _spelled(words: str) -> str:
    """Words as a part of a workbook name: what Excel forbids there is `_`."""
    return _NAME_GAPS.sub("_", words).strip("_")


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", _CIRCLED.sub("", text))
    return re.sub(r"[\s_]+", "", plain)


def _stripped(text: str) -> str:
    """Without numbering and marks before it, colons and stars behind it."""
    previous = None
    while text != previous:
        previous = text
        text = text.rstrip(":*,;。")
        if match := _NUMBERING.match(text) or _MARK.match(text):
            text = text[match.end() :]
    return text


def is_hint(text: str) -> bool:
    """Whether it is only there to be written over: 指标1：, 目标1：, ……."""
    return bool(_HINT.fullmatch(_folded(text)))


def is_dash(text: str) -> bool:
    """Whether it says that nothing belongs here."""
    return bool(_DASH.fullmatch(_folded(text)))


def gapped_labels(text: str) -> list[str]:
    """The words before each gap that a text leaves to be written in: 填报人：____ 电话：____."""
    return [match[1] for match in _GAPPED.finditer(_SPREAD.sub("", text))]


def leaves_room(text: str) -> bool:
    """Whether a label leaves room for the answer behind its colon, in its own cell."""
    return bool(_ROOM.search(text))


def is_year_line(text: str) -> bool:
    """A line such as （2025年度） or （    年度）, with the year inside."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return bool(_YEAR_LINE.fullmatch(plain) and re.search(r"[(\d_*×]", plain))


def money_unit(text: str) -> str | None:
    """The money unit that a text states: 单位：万元, 项目资金（元）."""
    match = _MONEY_UNIT.search(text)
    return match[1] if match else None
