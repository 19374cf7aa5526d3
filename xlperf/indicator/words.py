"""The vocabulary of indicator values: every word that means something, and what it means.

The grammar, the parser and the documentation all read these tables, so a word is added in one
place. Words are written as they stand after folding: half-width, without spaces.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from xlperf.indicator.target import Comparator, Period

_Meaning = TypeVar("_Meaning")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _by_word(table: Mapping[_Meaning, str]) -> dict[str, _Meaning]:
    return {word: meaning for meaning, text in table.items() for word in text.split()}


_BEFORE: dict[Comparator, str] = {
    "≥": """
        ≥ >= => ≥= ≥≥ >或= (≥) (>=) 大于= 大于等于 大于或等于 大于或者等于 高于等于 高于或等于
        多于等于 多于或等于 超过或等于 优于或等于 不低于 不少于 不小于 不短于 不弱于 不差于
        不劣于 不亚于 不得低于 不得少于 不得小于 不应低于 不应少于 不应小于 不能低于 不能少于
        应不低于 应不少于 应不小于 应大于等于 至少 最少 最低 最小 最短 起码 保底 达到 达 达到了
        已达到 应达到 须达到 需达到 要达到 达到或超过 等于或大于
        """,
    "≤": """
        ≤ <= =< ≤= ≤≤ <或= (≤) (<=) 小于= 小于等于 小于或等于 小于或者等于 低于等于 低于或等于
        少于等于 少于或等于 不超过 不超 不超出 不高于 不大于 不多于 不长于 不晚于 未超过 不得超过
        不得高于 不得大于 不得多于 不应超过 不应高于 不应大于 不能超过 不能高于 应不超过 应不高于
        应不大于 应小于等于 至多 最多 最高 最大 最长 上限 上限为 不突破 控制在 控制到 控制于
        限制在 等于或小于
        """,
    ">": "> (>) 大于 高于 多于 超过 超出 超 突破 优于 逾 应大于 长于 好于",
    "<": "< (<) 小于 低于 少于 不足 不到 不满 短于 应小于 应低于",
    "=": "= == (=) 等于",
}
BEFORE = _by_word(_BEFORE)
"""Comparators before the number."""

_AFTER: dict[Comparator | None, str] = {
    "≥": "以上 及以上 或以上 含以上 及其以上 之上 + ≥ >= (≥)",
    "≤": "以下 及以下 或以下 含以下 及其以下 以内 之内 及以内 内 范围内 封顶 ≤ <= (≤)",
    ">": ">",
    "<": "<",
    None: "左右 上下",
}
AFTER = _by_word(_AFTER)
"""Comparators after the number; those without a meaning say that the number is approximate."""

APPROXIMATE = ("约", "大约", "大概", "近", "接近", "上", "将近", "约为")
"""Words before a number that is approximate."""

SCALES = _by_word(
    {
        Decimal(100): "百",
        Decimal(1000): "千",
        Decimal(10) ** 4: "w 万",
        Decimal(10) ** 5: "十万",
        Decimal(10) ** 6: "百万",
        Decimal(10) ** 7: "千万",
        Decimal(10) ** 8: "亿",
        Decimal(10) ** 9: "十亿",
        Decimal(10) ** 10: "百亿",
        Decimal(10) ** 11: "千亿",
        Decimal(10) ** 12: "万亿",
    }
)
"""The scale between a number and its unit."""

SHARES = {
    "百分之": "%",
    "千分之": "‰",
    "万分之": "‱",
    **dict.fromkeys(("¥", "人民币", "人民币¥", "RMB", "CNY"), "元"),
    **dict.fromkeys(("$", "US$", "USD"), "美元"),
}
"""Shares and currencies before the number, and the unit they mean."""

WHOLES = ("百分之百", "百分百")
"""Words for 100%."""

_PERIODS: dict[Period, str] = {
    "年": "年 年度",
    "半年": "半年 半年度",
    "季度": "季 季度",
    "月": "月 月份 月度",
    "旬": "旬",
    "周": "周 星期",
    "日": "天 日",
    "小时": "小时",
    "学年": "学年",
    "学期": "学期",
}
PERIODS = _by_word(_PERIODS)
"""The periods of a frequency."""

OCCASIONS = frozenset(_words("次 场 场次 期 回 轮 轮次 遍 趟 班次 批 批次"))
"""Units that count how often something happens: N of them per period is a frequency."""

SPELLINGS = _by_word(
    {
        "%": "百分比 %%",
        "‰": "千分之 千分比",
        "‱": "万分之",
        "元": "RMB CNY 人民币 元人民币 人民币元 块钱 元钱 元整 圆",
        "美元": "USD",
        "百分点": "个百分点 pp",
        "工作日": "个工作日",
        "自然日": "个自然日",
        "日历天": "个日历天 历天 日历日 个日历日",
        "小时": "个小时 h H",
        "分钟": "min",
        "秒": "s",
        "平方米": "㎡ m² m2 M² M2 平米",
        "平方公里": "km² km2",
        "立方米": "㎥ m³ m3 M³ M3 立方",
        "米": "m",
        "公里": "㎞ km KM Km",
        "厘米": "㎝ cm",
        "毫米": "㎜ mm",
        "千克": "㎏ kg KG Kg",
        "吨": "t",
        "℃": "°C",
    }
)
"""Spellings of a unit, and the canonical one."""

_UNITS = {
    "%": "% 1 ‰ 0.1 ‱ 0.01 成 10 比例 100",
    "元": "元 1",
    "秒": "秒 1 秒钟 1 分钟 60 小时 3600 天 86400 日 86400 自然日 86400 日历天 86400 周 604800",
    "月": "月 1 个月 1 季度 3 个季度 3 年 12 年度 12 个年度 12",
    "工作日": "工作日 1",
    "米": "米 1 延米 1 延长米 1 千米 1000 公里 1000 厘米 0.01 毫米 0.001",
    "平方米": "平方米 1 平方公里 1000000 平方千米 1000000 公顷 10000",
    "亩": "亩 1",
    "立方米": "立方米 1 方 1 升 0.001 毫升 0.000001",
    "千克": "千克 1 公斤 1 克 0.001 毫克 0.000001 斤 0.5 吨 1000",
    "千瓦": "千瓦 1 瓦 0.001 兆瓦 1000",
    "千瓦时": "千瓦时 1",
    "人": "人 1 名 1 位 1",
    "场": "场 1 场次 1",
    "批": "批 1 批次 1",
}
UNITS = {
    unit: (base, Decimal(factor))
    for base, table in _UNITS.items()
    for unit, factor in zip(_words(table)[::2], _words(table)[1::2], strict=True)
}
"""Units that convert exactly into a base unit; every other unit is its own base."""

MEASURE_WORDS = frozenset(
    _words(
        """
        个 名 位 人 项 套 台 件 次 家 户 所 座 条 份 场 期 批 辆 部 处 篇 册 本 幅 张 块 盏 株
        棵 头 只 匹 尾 羽 间 栋 幢 层 组 对 双 箱 盒 瓶 包 袋 类 种 支 艘 架 门 首 集 起 宗 例
        单 笔 班 节 卷 段 片 口 眼 孔 根 把 枚 顶 床 版 队 村 镇 乡 街 院 校 站 房 轮 回 趟 遍
        届 路 道 发
        """
    )
)
"""Measure words; a noun may follow (个管理部)."""

OTHER_UNITS = frozenset(
    _words(
        """
        分 人次 人月 人天 人日 人年 户次 车次 台次 台套 件次 班次 批次 场次 轮次 例次 床日 课时
        学时 学分 学期 学年 标段 平台 倍 度 级 星 方面 美元 港元 欧元 角 丝 里 海里 标准箱 车 船
        吨公里 人公里 千字 万字 字 页 点 比 百分点 指标 村次 家次 头份 羽份 粒 片次 桶 罐 筒 卡
        帧 秒次 工日 台班 人份 岁 代 环 维 步 杆 亩次 担 捆 车位 床位 工位 岗位 学位 席位 机位
        泊位 周岁 日龄 周龄 月龄
        """
    )
)
"""Other units that are common in these forms."""

KNOWN_UNITS = frozenset(UNITS) | frozenset(SPELLINGS) | MEASURE_WORDS | OTHER_UNITS | OCCASIONS

PRINTED_AS_TIME = frozenset(_words("年 年度 月 日 季度"))
"""Units that alone after a number may be a date: 12月 is December, 12个月 a duration."""

OF_A_YEAR = ("版", "款", "届", "级", "学年", "采暖", "供热", "供暖")
"""Beginnings of what a year stands before: 2024版, 2024级新生, 2024-2025学年."""

PROSE_LETTERS = frozenset("的了并且与及或和将被把已其该是为给让使未不")
"""Letters that no unit has: where one stands, the text is prose."""

PROSE_WORDS = _words(
    """
    完成 开展 通过 达到 提高 提升 降低 增加 减少 办理 审核 受理 申请 参加 参与 组织 举办 召开
    实现 确保 保障 促进 推进 推动 加强 落实 进行 支付 拨付 发放 纳入 覆盖 享受 获得 取得 建成
    新增 予以 控制 计划 任务 满意 确认 无理由 热线 联动 一遇 圈 账户 个人 行动 便利 核酸 连锁
    急救 报警 节气 宪法
    """
)
"""Words that no unit has, either."""

KEPT_LEADS = _words(
    """
    各 均 人均 户均 亩均 村均 平均 年均 月均 日均 场均 次均 每次 单次 单个 单价 总价 全年 年度
    当年 本年 全市 全县 全区 全省 新增 增幅 减幅 降幅 同比 环比 较上年 比上年 较上年度 比上年度
    较去年 比去年 增加 增长 提高 提升 上升 下降 降低 减少 缩短 压缩 节约 节省 提前 延长 超额 建成
    受益 服务 带动 接待 惠及 吸纳 递增 增收 增产 增效 就业 引进 覆盖 扶持 资助 救助 慰问 GDP
    """
)
"""Words before a number that say what it measures: kept as the qualifier."""

DROPPED_LEADS = _words(
    """
    完成 已完成 达成 实现 共 共计 合计 总计 总数 累计 计 计划 预计 预期 力争 争取 确保 保证 保障
    保持 介于 保持在 稳定在 维持在 为 是 在 约为 拟 已 应 须 可 原则上 控制 人民币
    """
)
"""Words before a number that add nothing to it."""

PROMISES = _words("力争 争取 确保 保证 保障 计划 预计 预期 实现 达到")
"""Words that open a label and add nothing to it."""

CHANGES = _words(
    """
    增长 增加 增幅 提高 提升 上升 下降 降低 降幅 减少 缩短 压缩 压减 节约 递增 递减 增收 提前
    """
)
"""Verbs that may stand after a label and before the number: 能耗降低3.2%."""

THINGS = _words(
    """
    乡镇 街道 社区 行政村 自然村 村庄 县区 学校 班级 教师 学生 老人 企业 单位 项目 门店 窗口 网点
    """
)
"""What is often counted against, beside units: 每乡镇≥2个."""

ACTIONS = _words(
    """
    开展 举办 召开 组织 采购 购置 新建 建设 发放 培训 印刷 制作 维修 维护 改造 更新 安装 编制
    种植 修建 硬化 出版 发布 检查 巡查 巡检 检测 监测 审计 出具 考核 结算 拨付 支付 缴纳 缴费
    缴存 保养 报送 上报 公示 公开 通报 督查 调度 盘点 清理 清洗 清运 抽查 抽检 评估 更换 汇总
    统计 编印 完成 进行 实施 及时 按时 定期 足额 全额 据实 对账 归集 演练 调研 走访 回访 维保
    消杀 消毒 保洁 收取 收缴 申报 备案 评比 评选 签订 提交 提供 配送 清扫 洒水 巡逻 值守 值班
    监控 跟踪 排查 整治 观测 采样 推送 宣传 轮训 轮换 运行 养护 上门 核查 复核 填报 缴交 供应
    免费 开放 体检 探访 家访 随访 复诊 义诊 产检 筛查 接种 学习 授课 参训 讲座 监督 执法 会商
    座谈 研讨 放映 演出 展览 展演 刊发 施肥 浇水 修剪 除草 防治 喷洒 投放 收集 转运 清掏 疏浚
    疏通 年检 校准 检定 备份 升级 巡护 巡河 巡库
    """
)
"""Verbs that may follow a period (按月发放) or stand before what is counted (举办培训班3期)."""

GRANTS = _words(
    """
    补助 补贴 补偿 奖励 奖补 资助 救助 慰问 发放 报销 收费 收取 缴费 缴纳 标准 费用 成本 费 金 款
    津贴 工资 单价 造价 投资 投入
    """
)
"""Words between what is counted and a sum of money: 每亩补助500元."""

DONE = _words(
    """
    完成 完工 竣工 开工 动工 建成 交付 验收 投入 启动 实现 上线 支付 拨付 发放 到位 结束 办结
    达到 通过 落实 实施 使用 签订 出具 提交 报送 上报 安装 采购 开展 运行 试运行 到账 兑付 兑现
    发布 印发 出台 申报 归还 缴纳 缴费 结算 整改 移交 举办 召开 开通 开馆 开放 下达 付款 开学
    办理 更新 公示 公开 公布 收回 清算 执行 组织 送达 到货 投入使用 投入运行 发放到位 拨付到位
    支付到位 投产 交工 收官
    """
)
"""Verbs that may follow a date."""

ADVERBS = _words(
    """
    全部 全面 按时 按期 如期 及时 顺利 基本 已经 已 均 确保 完全 保质 保量 正式 足额 统一 再次
    首次
    """
)
"""Adverbs before such a verb."""

TAILS = _words(
    """
    完成 已完成 达标 合格 覆盖 全覆盖 到位 发放 发放到位 落实 兑现 兑付 支付 拨付 拨付到位
    支付到位 办结 办理 办理完毕 响应 处理 处置 修复 解决 答复 回复 反馈 到达 到场 到位完成 满意
    及时 准确 执行 实现 通过 达到 出具 完成率 合规 投入使用 恢复 送达 受理 审结 整改 整改到位
    审核 完成验收 验收合格 有效 正常 服务 不间断 不间断运行 不间断服务 值守 值班 在线 监控 开放
    运行 保障 供应 覆盖率 缴纳 缴费 发放完毕 支付完毕 清零 化解 结案 归还 到账 交付 供货 安装
    通车 整治 上线 报送 上报 提交 缴入 划转 结清 清算 公示 公布 完成任务 完成目标 完成计划
    完成年度任务 完成年度目标 完成年度计划 完成目标任务 完成年度目标任务
    """
)
"""Words that may follow a quantity; they become its qualifier, a plain 完成 is dropped."""

MEASURED = _words(
    """
    率 度 数 量 额 比 占比 比例 比重 面积 长度 里程 时间 时长 时限 周期 成本 费用 单价 均价 价格
    标准 金额 人次 规模 产值 收入 值 指数 系数 误差 偏差 期限 年限 寿命 浓度 温度 湿度 高度 宽度
    深度 厚度 投资 支出 资金 总量 幅度 PH pH ph 金 费 款 津贴 补贴 补助 投入 强度 间隔 进度 得分
    评分 密度 人口 缺口 余额 结余 负荷 库容
    """
)
"""Endings of a label, such as 合格率, that may stand before a number without a comparator."""

DUE = _words(
    """
    于 已于 在 自 从 至 全年 截至 截止 截止到 截至到 截止至 不晚于 不迟于 不超过 最迟 最晚 最迟于
    最晚于 提前至 提前到 延至 延期至 推迟至 ≤ <= 确保 力争 计划 预计 预计于 拟于 完成时间
    完成时限 完成期限 时间 时限
    """
)
"""Words before a date."""

ERAS = _by_word(
    {
        "": "当年 当年度 本年 本年度 今年 该年 年度 年",
        "次年": "次年 翌年 下一年 下年 次年度",
        "次月": "次月 下月",
        "当月": "当月 本月",
        "首月": "首月 第一个月 第1个月 首个月",
        "末月": "末月 最后一个月 最后1个月",
    }
)
"""Words in place of a year or month: the current one means nothing, others are kept."""

YES = frozenset(
    _words(
        """
        是 有 通过 合格 达标 合规 符合 完成 已完成 一致 达到 满足 实现 已实现 已通过 全部通过
        全部完成 已达标 已达到
        """
    )
)
NO = frozenset(
    _words(
        """
        否 无 没有 未通过 不合格 不达标 不合规 不符合 未完成 不一致 未达到 未达标 不满足 未实现
        不通过 不是 未发生 不存在
        """
    )
)


def is_duration(unit: str) -> bool:
    return unit in UNITS and UNITS[unit][0] in ("秒", "月", "工作日")


def alternation(words: Iterable[str]) -> str:
    """A regular expression for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w)))


class Lazy:
    """A regular expression made of words, compiled when it is first used.

    Most processes read few kinds of values, or none, and compiling takes longer than reading.
    """

    def __init__(self, source: Callable[[], str]) -> None:
        self._source = source

    @cached_property
    def pattern(self) -> str:
        return self._source()

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    @cached_property
    def match(self) -> Callable[[str], re.Match[str] | None]:
        return self._compiled.match

    @cached_property
    def fullmatch(self) -> Callable[[str], re.Match[str] | None]:
        return self._compiled.fullmatch

    @cached_property
    def search(self) -> Callable[[str], re.Match[str] | None]:
        return self._compiled.search

    @cached_property
    def findall(self) -> Callable[[str], list[str]]:
        return self._compiled.findall
