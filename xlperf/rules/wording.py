"""Wording of names and texts, and traces of a bad scan."""

import re
from collections.abc import Iterator

from xlperf.diagnostic import Span
from xlperf.indicator import Deadline, Frequency, Target, base
from xlperf.rules.context import FormCase, IndicatorCase
from xlperf.rules.reading import TARGET, category, quantities, squeezed
from xlperf.rules.rule import BOTH, INFO, NO, SAFE, SUGGEST, WARNING, Fault, rule

LEVEL2, NAME = "二级指标", "三级指标"


_COMPANY = re.compile(r"[\W\d]")


@rule("T01", severity=INFO, stage=BOTH, fix=SUGGEST)
def typo(form: FormCase) -> Iterator[Fault]:
    """疑似错别字：{x} | Possible typo: {x}

    A short list of slips that are common in these forms (setting `typos`); no spelling checker.

    Bad:  产出指标/数量指标 完成领导交办的其它工作任务 ≥3项
    Bad:  实际完成情况=费用付清，截止2025年底无拖欠。
    Good: 资金用途=培训费，报名截止2025年3月底
    Good: 产出指标/数量指标 完成领导交办的其他工作任务 ≥3项
    """
    typos = form.settings.typos
    for at, label, text in form.texts:
        found = sorted((text.find(wrong), wrong) for wrong in typos if wrong and wrong in text)
        mended = text
        for _, wrong in found:
            mended = mended.replace(wrong, typos[wrong])
        for start, wrong in found:
            # Digits and punctuation only say in which company the word is wrong.
            shown = "→".join(_COMPANY.sub("", word) for word in (wrong, typos[wrong]))
            yield Fault(label, at=at, span=Span(start, start + len(wrong)), fix=mended, x=shown)


_DOCUMENT = re.compile(
    r"(?P<office>[^\W\da-zA-Z_]{2,})[(（\[［【](?P<year>(?:19|20)\d\d)[)）\]］】]"
    # What goes on after 号 is no building or bus line.
    r"(?=\s*第?\s*\d+\s*号(?:[文令函公通批会纪决意规要精和及等]|[\W\da-zA-Z_]|$))"
)
_NO_OFFICE = re.compile("(?:合同|协议|订单|工单|发票|批次)$")


@rule("T02", severity=INFO, stage=BOTH, fix=SAFE)
def document_number_in_other_brackets(form: FormCase) -> Iterator[Fault]:
    """文号括号应为〔〕：{x} | Document number should use 〔〕: {x}

    The year in the number of an official document stands in 〔〕 (GB/T 9704). Numbers of contracts
    follow their own rules.

    Bad:  产出指标/成本指标 采购单价 ≤5000元 指标值确定依据=唐财资（2023）3号文件
    Bad:  年度总体目标=按财预[2020]10号要求开展自评。
    Good: 产出指标/成本指标 采购单价 ≤5000元 指标值确定依据=唐财资〔2023〕3号文件
    Good: 产出指标/成本指标 采购单价 ≤5000元 指标值确定依据=采购合同（2023）3号
    """
    for at, label, text in form.texts:
        if "号" not in text:
            continue
        matches = [
            match for match in _DOCUMENT.finditer(text) if not _NO_OFFICE.search(match["office"])
        ]
        if not matches:
            continue
        mended = text
        for match in matches:
            mended = mended.replace(match[0], f"{match['office']}〔{match['year']}〕")
        for match in matches:
            start, end = match.start("year") - 1, match.end()
            yield Fault(label, at=at, span=Span(start, end), fix=mended, x=match[0])


_CONDITION = re.compile("(?:符合|满足|达到|遵守|按照|依照|执行).*(?:要求|规定|标准|条件|约定)$")
_GENERIC = frozenset(
    (
        *("数量", "质量", "时效", "成本", "效益", "满意度", "指标", "其他", "其它", "无", "项目"),
        *(
            "数量指标",
            "质量指标",
            "时效指标",
            "成本指标",
            "目标",
            "完成情况",
            "情况",
            "工作",
            "任务",
        ),
    )
)


@rule("T03", severity=INFO, stage=BOTH, fix=NO)
def name_is_no_indicator(indicator: IndicatorCase) -> Iterator[Fault]:
    """指标名称不是指标（缺少衡量对象）：{name} | Name is not an indicator: {name}

    The name says what is measured. “Meets the contract” with an amount of money beside it does not,
    nor does the name of the category.

    Bad:  产出指标/成本指标 符合合同付款条件要求 ≤160万元
    Bad:  产出指标/数量指标 数量 ≥5台
    Good: 产出指标/成本指标 运维服务采购支出 ≤160万元
    Good: 产出指标/成本指标 符合等级测评收费标准 符合
    Good: 产出指标/质量指标 出水水质达到一级标准 ≥95%
    """
    name = squeezed(indicator.name)
    units = {base(quantity)[1] for quantity in quantities(indicator.target)}
    money = "元" in units or (indicator.is_cost and "" in units)
    if name in _GENERIC or (money and _CONDITION.search(name)):
        yield Fault(NAME, name=indicator.name)


_SHARE = re.compile("(?<![效概频速功倍码])(?<!周转)(?<!分辨)(?<!生育)率$|占比$|比重$")
_COUNT = re.compile("(?:次数|人次|人数|户数|个数|台数|份数|场次|期数)$")
_MONEY = re.compile("(?<![缴收免付交])费$|(?:费用|单价|金额)$")
_TIME = re.compile("(?:时间|时限|时长|期限|时效)$")
_BY_HOW_MUCH = re.compile("缩短|压缩|减少|降低|节约|节省|提前|延长|时效$")
_IN_TIME = re.compile("(?:如期|按期|按时|及时|准时)完成(?:各项|全部)?(?:工作|任务|项目)*$")
_QUESTION = re.compile("是否")
_THINGS = frozenset(("元", "人", "次", "个", "项", "家", "户", "台", "套", "份", "件"))


@rule("T04", severity=INFO, stage=BOTH, fix=SUGGEST)
def name_and_value_disagree(indicator: IndicatorCase) -> Iterator[Fault]:
    """指标名称与指标值不对应：{name} / {v} | Name and value do not match: {name} / {v}

    A guess from the end of the name: a rate has a share, a number of times has a count, a fee has
    an amount, a time has a date or a duration, and “whether” has yes or no.

    Bad:  产出指标/数量指标 劳务派遣费 27人*12月
    Bad:  满意度指标/满意度指标 安全保障措施是否得到职工认可 ≥95%
    Bad:  产出指标/时效指标 如期完成 =100%
    Bad:  产出指标/质量指标 培训合格率 ≥50人
    Bad:  产出指标/时效指标 工程竣工时间 ≥95%
    Good: 产出指标/成本指标 劳务派遣费 ≤200万元
    Good: 产出指标/质量指标 公积金系统是否被成功入侵 否
    Good: 产出指标/时效指标 如期完成率 =100%
    Good: 产出指标/时效指标 故障响应时间 ≤30分钟
    Good: 产出指标/成本指标 取暖费 ≤100%
    Good: 效益指标/社会效益指标 压缩审批时间 ≥30%
    """
    if _disagree(squeezed(indicator.name), indicator.target):
        yield Fault(TARGET, name=indicator.name, v=indicator.target_text)


def _disagree(name: str, target: Target) -> bool:
    units = {base(quantity)[1] for quantity in quantities(target)} - {""}
    if isinstance(target, Deadline):
        return bool(_SHARE.search(name) or _COUNT.search(name))
    if not units or isinstance(target, Frequency):
        return False
    if _QUESTION.search(name):
        return True
    unit, _, per = min(units).partition("/")
    if _SHARE.search(name):
        return not per and unit in _THINGS
    if _COUNT.search(name):
        return unit in ("%", "元")
    if _MONEY.search(name):
        return unit in _THINGS - {"元"} or "·" in unit
    if _TIME.search(name):
        return unit in _THINGS or (unit == "%" and not _BY_HOW_MUCH.search(name))
    return bool(_IN_TIME.search(name))


_YEAR = r"(?<![\d,，.])(?:1\s?[,，]\s?99|2\s?[,，]\s?0\d)\d(?!\d)"
_SEPARATED = re.compile("[,，]")
_BROKEN_YEAR, _BROKEN_YEAR_ALONE = re.compile(rf"{_YEAR}(?=\s*年)"), re.compile(_YEAR)


def _joined(match: re.Match[str]) -> str:
    return "".join(filter(str.isdigit, match[0]))


@rule("O01", severity=WARNING, stage=BOTH, fix=SAFE)
def year_with_separator(form: FormCase) -> Iterator[Fault]:
    """年份被识别为 {x}，应为 {y} | Year read as {x}, should be {y}

    A scan, or a cell with a number format, turns 2023 into 2,023.

    Bad:  年度=2,023
    Bad:  产出指标/时效指标 完成时间 2,023年12月31日前
    Good: 年度=2023
    Good: 产出指标/数量指标 栽种数量 ≥2,023株
    """
    for at, label, text in form.texts:
        pattern = _BROKEN_YEAR_ALONE if label == "年度" else _BROKEN_YEAR
        found = list(pattern.finditer(text)) if _SEPARATED.search(text) else []
        mended = pattern.sub(_joined, text) if found else text
        for match in found:
            span = Span(match.start(), match.end())
            yield Fault(label, at=at, span=span, fix=mended, x=match[0], y=_joined(match))


_CATEGORY = re.compile("(?:数量|质量|时效|成本|经济效益|社会效益|生态效益|可持续影响)指标")
_INNER = ("数量", "质量", "时效", "经济效益", "社会效益", "生态效益", "可持续影响")
_SECTIONS = {
    "产出": ("数量", "质量", "时效", "成本"),
    "效益": ("经济效益", "社会效益", "生态效益", "可持续影响", "满意度"),
    "满意度": ("满意度",),
}


@rule("O02", severity=WARNING, stage=BOTH, fix=SUGGEST)
def shifted_row(indicator: IndicatorCase) -> Iterator[Fault]:
    """行结构错位（合并单元格丢失），请核对 | Row shifted by a lost merge; check

    A guess: the name of a category stands where an indicator, its value or the level above belongs,
    or a category stands in the wrong part of the table.

    Bad:  数量指标/培训次数 ≥4次
    Bad:  效益指标/提高工作积极性 社会效益指标 逐步提高
    Bad:  产出指标/社会效益指标 服务人次 ≥4万人次
    Good: 产出指标/数量指标 培训次数 ≥4次
    Good: 成本指标/社会成本指标 对周边居民的干扰 ≤2次
    Good: 效益指标/服务对象满意度指标 居民满意度 ≥90%
    """
    here, level1 = category(indicator), squeezed(indicator.level1).removesuffix("指标")
    inner = ({squeezed(indicator.name)} - {indicator.level2}) | {squeezed(indicator.target_text)}
    misplaced = here and here not in _SECTIONS.get(level1, (here,))
    if misplaced or level1 in _INNER or any(map(_CATEGORY.fullmatch, inner)):
        yield Fault(LEVEL2)
