"""The thresholds and lists of the review rules: settings, not code.

They stand in the table `[rules]` of the policy file; a key that is missing there has the value
below.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from xlperf.diagnostic import Diagnostic, InputError, Message
from xlperf.scoring.policy import read_toml


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is a key of `[rules]`; the reference page prints the text in its comment."""

    tolerance: Decimal = Decimal("0.01")
    """Two sums that differ by no more than this are equal (points, or the form's money unit)."""

    yearly_cost_gap: Decimal = Decimal("0.3")
    """B02: a cost for the year may lie this share of the budget below or above it."""

    payment_gap_months: int = 3
    """Y04: the last payment and the deadline of the work may lie this many months apart."""

    flat_plan_points: int = 3
    """P02: a spending plan that stands still at so many points in a row is flat."""

    equals: str = "="
    """C03: the house spelling of the equals sign, = or ＝."""

    unit_columns: tuple[str, ...] = ("度量单位", "计量单位", "指标单位", "单位")
    """C01: columns that state the unit of a bare number."""

    comparator_columns: tuple[str, ...] = ("指标性质", "计算符号", "运算符号", "比较符号", "符号")
    """C02: columns that state the comparator of a bare number."""

    unitless: tuple[str, ...] = (
        "系数",
        "指数",
        "比值",
        "师生比",
        "生师比",
        "容积率",
        "生育率",
        "pH",
    )
    """C01: indicators with such a word in their name need no unit."""

    more_is_better: tuple[str, ...] = (
        *("合格率", "满意度", "满意率", "完成率", "覆盖率", "达标率", "通过率", "及时率", "准确率"),
        *("正常率", "成功率", "增长率", "使用率", "利用率", "知晓率", "参与率", "就业率", "优良率"),
        *("处置率", "修复率", "响应率", "归集", "收入", "产值", "税收", "增收", "增值收益", "招商"),
        *("引资", "营业额", "销售额", "目标任务", "节支率", "节约率", "节能率"),
    )
    """C07, D01: more of these is welcome, so they have no upper limit."""

    less_is_better: tuple[str, ...] = (
        *("投诉", "事故", "故障", "违规", "违约", "违法", "违纪", "逾期", "差错", "误差", "偏差"),
        *("失误", "错误", "流失", "漏损", "损失", "损耗", "丢失", "破损", "伤亡", "死亡", "发病"),
        *("发案", "案发", "上访", "信访", "污染", "排放", "能耗", "耗能", "耗电", "耗水", "返贫"),
        *(
            "不合格",
            "不达标",
            "不满意",
            "不良",
            "未完成",
            "未达",
            "超标",
            "超支",
            "超期",
            "延期",
            "延误",
        ),
        *("退件", "退货", "恶性", "中断", "停机", "宕机", "泄露", "泄漏", "缺陷", "漏洞", "火灾"),
        *("隐患", "灾害", "精简", "压减", "压缩", "三公", "发文", "等待", "拥堵"),
    )
    """C06, C07, D01, D02: of these, less is better."""

    level1_names: tuple[str, ...] = (
        *("产出指标", "效益指标", "满意度指标", "成本指标", "预算执行率", "预算执行指标"),
        *("投入指标", "过程指标", "决策指标", "管理指标", "履职效能指标", "管理效率指标"),
        *("运行成本指标", "社会效应指标", "可持续发展能力指标", "服务对象满意度指标"),
    )
    """S02: standard names of level 1; 指标 at the end may be missing."""

    required_categories: tuple[str, ...] = ("数量", "质量", "时效", "成本", "效益", "满意度")
    """S01: what the indicators of a project must cover."""

    heavy_weight: Decimal = Decimal(30)
    """S09: a single indicator should carry fewer points than this."""

    clone_projects: int = 3
    """S05: in so many projects the same name with the same value is no coincidence."""

    vague_words: tuple[str, ...] = (
        *("有效", "有所", "明显", "显著", "较大", "较好", "较高", "良好", "优秀", "不断", "逐步"),
        *("逐年", "进一步", "提升", "提高", "加强", "增强", "增加", "改善", "完善", "促进", "推动"),
        *("保障", "保持", "维持", "长期", "健全", "基本", "平稳", "稳定", "及时", "准确", "充分"),
        *("持续", "全面", "合理", "按时保质", "清晰", "有序", "完整", "便利", "足额"),
    )
    """Q01: words of degree, which leave open how much is enough."""

    shared_goal_words: tuple[str, ...] = (
        *("公积金", "住房", "中心", "业务", "工作", "项目", "单位", "服务", "系统", "保障", "正常"),
        *("运行", "完成", "使用", "提高", "提升", "目标", "年度", "进行", "开展", "相关", "需要"),
        *("全市", "全县", "全区", "全省", "照常", "满足", "高效", "便捷", "群众", "良好", "确保"),
        *("实现", "有效", "进一步", "任务"),
    )
    """S07: words that a goal and an indicator may share without being about the same thing."""

    typos: Mapping[str, str] = field(
        default_factory=lambda: {
            "其它": "其他",
            "帐户": "账户",
            "帐目": "账目",
            "对帐": "对账",
            "登陆系统": "登录系统",
            "登陆平台": "登录平台",
            "。截止20": "。截至20",
            "，截止20": "，截至20",
            "；截止20": "；截至20",
            "截止目前": "截至目前",
            "布署": "部署",
            "通迅": "通讯",
            "既使": "即使",
            "收益面": "受益面",
            "反映时长": "响应时长",
            "率通过率": "通过率",
            "复盖": "覆盖",
            "再接再励": "再接再厉",
        }
    )
    """T01: common typos, and what is meant."""

    @classmethod
    def load(cls, policy: Path | None = None) -> Self:
        """The settings in a policy file, or the defaults. Raises InputError that names the file."""
        if policy is None:
            return cls()
        try:
            return cls.of(read_toml(policy).get("rules", {}))
        except InputError as error:
            raise InputError([d.at(file=str(policy)) for d in error.diagnostics]) from error

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Self:
        """The settings of a `[rules]` table. Raises InputError for a wrong key or value."""
        if not isinstance(table, Mapping):
            raise InputError(_unknown("rules", ["[rules]"]))
        standard = cls()
        known = {entry.name: getattr(standard, entry.name) for entry in fields(cls)}
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in known:
                raise InputError(_unknown(key, sorted(known)))
            values[key] = _converted(key, value, known[key])
        return cls(**values)


def _converted(key: str, value: Any, default: Any) -> Any:
    """`value` in the type of `default`; a bool is no number, a string no list."""
    match default, value:
        case _, bool():
            pass
        case Decimal(), int() | float() | Decimal() if math.isfinite(value) and value >= 0:
            return Decimal(str(value))
        case int(), int() if value >= 0:
            return value
        case str(), str():
            return value
        case tuple(), list() if all(isinstance(item, str) for item in value):
            return tuple(value)
        case Mapping(), dict():
            (sample, *_) = default.values()
            return {name: _converted(f"{key}.{name}", item, sample) for name, item in value.items()}
    raise InputError(
        Diagnostic(
            "R202",
            Message(
                f"[rules] {key} 的值不可用：{as_toml(value)}",
                f"[rules] {key} cannot be {as_toml(value)}",
            ),
            fix=Message(
                f"例如 {key} = {as_toml(default)}", f"for example {key} = {as_toml(default)}"
            ),
        )
    )


def as_toml(value: Any) -> str:
    """A setting as a policy file writes it."""
    match value:
        case Mapping():
            pairs = (f"{as_toml(name)} = {as_toml(item)}" for name, item in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case tuple() | list():
            return f"[{', '.join(map(as_toml, value))}]"
        case str():
            import json  # only for the reference and for messages of wrong settings

            return json.dumps(value, ensure_ascii=False)
        case bool():
            return str(value).lower()
    return str(value)


def _unknown(key: str, known: list[str]) -> Diagnostic:
    return Diagnostic(
        "R201",
        Message(f"[rules] 没有设置项 {key}", f"[rules] has no setting {key}"),
        fix=Message(f"可用的设置项：{'、'.join(known)}", f"settings: {', '.join(known)}"),
    )
