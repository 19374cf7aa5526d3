"""Builds the six blank official forms: `python workbook_templates/build.py [FOLDER]`.

To xlperf a form is data: a workbook with `xp.` names. These six are written by a script, not kept
by hand, so that names, formulas and page set-up stay alike and a change can be read as text.
Building twice gives the same bytes.
"""

import sys
from pathlib import Path

from drawing import (
    AMOUNT,
    CAPTION,
    CAPTION_TEXT,
    CENTS,
    DAY,
    LABEL,
    LEFT_LABEL,
    NOTE,
    NUMBER,
    PERCENT,
    POINTS,
    PROSE,
    RIGHT_CAPTION,
    SECTION,
    SHARE,
    SUBTITLE,
    TEXT,
    THOUSANDS,
    TITLE,
    YEAR,
    Cell,
    Column,
    Form,
    choices,
    computed,
    field,
    label,
)

LEVEL1 = choices("产出指标", "效益指标", "满意度指标", "成本指标")
LEVEL2_WORDS = (
    "数量指标",
    "质量指标",
    "时效指标",
    "成本指标",
    "经济效益指标",
    "社会效益指标",
    "生态效益指标",
    "可持续影响指标",
)
LEVEL2 = choices(*LEVEL2_WORDS, "满意度指标")
LEVEL2_SERVED = choices(*LEVEL2_WORDS, "服务对象满意度指标")
GRADES = choices("优", "良", "中", "差")


def guizhou_approval() -> Form:
    """贵州：项目支出绩效目标批复表。"""
    form = Form(
        "guizhou_approval",
        "批复表",
        "项目支出绩效目标批复表",
        one_page=True,
        widths_mm=(22, 22, 26, 22, 22, 32, 30),
        money_unit="元",
    )

    def amount(printed: str, row: str, formula: str = "") -> None:
        name = f"资金.{row}.金额"
        value = (
            computed(formula, THOUSANDS, name=name, across=3)
            if formula
            else field(name, THOUSANDS, across=3, check=AMOUNT)
        )
        form.row(19, label(printed, across=3, style=LEFT_LABEL), value)

    form.row(36, label("项目支出绩效目标批复表", across=7, style=TITLE))
    form.row(22, field("年度", SUBTITLE, across=7, check=YEAR))
    form.row(30, label("项目名称"), field("项目名称", across=6))
    form.row(
        36,
        label("主管部门\n及代码"),
        field("主管部门及代码", across=3),
        label("实施单位"),
        field("实施单位", across=2),
    )
    form.row(24, label("资金来源", down=6), label("年度资金情况", across=6))
    whole = subtotal("资金.其他资金.金额", parts=("资金.财政拨款.金额",))
    amount("资金总额(元)：", "资金总额", whole)
    amount("　财政拨款", "财政拨款", subtotal("资金.上级补助.金额", "资金.本级安排.金额"))
    amount("　　其中：上级补助", "上级补助")
    amount("　　　　　本级安排", "本级安排")
    amount("　其他资金", "其他资金")
    form.print_whole_numbers("#,##0", "资金.资金总额.金额", "资金.其他资金.金额")
    form.row(48, label("年度总体\n目标"), field("年度总体目标", PROSE, across=6))
    form.table(
        Column("一级指标", TEXT, check=LEVEL1),
        Column("二级指标", TEXT, check=LEVEL2),
        Column("三级指标", TEXT, across=2),
        Column("指标值", TEXT),
        Column("说明", NOTE),
        side="绩\n效\n指\n标",
        height=20,
    )
    return form


def guizhou_self_evaluation() -> Form:
    """贵州：项目支出绩效目标自评表，带预算执行率、总分和自评结论的公式。"""
    form = Form(
        "guizhou_self_evaluation",
        "自评表",
        "项目支出绩效目标自评表",
        one_page=True,
        widths_mm=(10, 18, 22, 33, 21, 31, 11, 12, 18),
        money_unit="元",
    )
    weight, rate, score = (f"资金.年度资金总额.{column}" for column in ("分值", "执行率", "得分"))
    budget, executed = "资金.年度资金总额.全年预算数", "资金.年度资金总额.全年执行数"

    def funding(
        printed: str,
        row: str,
        *marks: Cell,
        inputs: tuple[str, ...] = (),
        parts: tuple[str, ...] = (),
    ) -> None:
        def amount(column: str) -> Cell:
            name = f"资金.{row}.{column}"
            if not inputs:
                return field(name, CENTS, check=AMOUNT)
            formula = subtotal(
                *(f"资金.{part}.{column}" for part in inputs),
                parts=tuple(f"资金.{part}.{column}" for part in parts),
            )
            return computed(formula, CENTS, name=name)

        form.row(
            19,
            label(printed, across=2, style=LEFT_LABEL),
            *(amount(column) for column in ("年初预算数", "全年预算数", "全年执行数")),
            *(marks or (label("-"), label("-"), label("-"))),
        )

    form.row(36, label("项目支出绩效目标自评表", across=9, style=TITLE))
    form.row(22, field("年度", SUBTITLE, across=9, check=YEAR))
    form.row(
        22,
        label("单位（盖章）：", across=2, style=CAPTION),
        field("单位盖章", CAPTION_TEXT, across=3),
        label("填报日期：", style=RIGHT_CAPTION),
        field("填报日期", CAPTION | {"num_format": "yyyy/mm/dd"}, across=3, check=DAY),
    )
    form.row(28, label("项目名称", across=2), field("项目名称", across=7))
    form.row(
        36,
        label("主管部门及代码", across=2),
        field("主管部门及代码", across=2),
        label("实施单位"),
        field("实施单位", across=4),
    )
    form.row(
        32,
        label("项目\n资金\n(元)", down=6),
        label("资金来源", across=2),
        label("年初预算数"),
        label("全年预算数\n(A)"),
        label("全年执行数\n(B)"),
        label("分值"),
        label("执行率"),
        label("得分"),
    )
    funding(
        "年度资金总额:",
        "年度资金总额",
        field(weight, NUMBER, check=POINTS),
        computed(
            f'IF(OR([{budget}]="",[{executed}]="",[{budget}]=0),"",'
            f"ROUND([{executed}]/[{budget}]*100,2))",
            CENTS,
            name=rate,
        ),
        computed(
            f'IF(OR([{weight}]="",[{rate}]=""),"",'
            f"ROUND([{weight}]*MIN(1,[{executed}]/[{budget}]),2))",
            name=score,
        ),
        inputs=("其他",),
        parts=("财政拨款",),
    )
    funding("　财政拨款:", "财政拨款", inputs=("本级安排", "上级补助"))
    funding("　-----本级安排:", "本级安排")
    funding("　-----其中:上级补助:", "上级补助")
    funding("　其他:", "其他")
    form.print_whole_numbers("0", "资金.年度资金总额.年初预算数", "资金.其他.全年执行数")
    form.row(
        24,
        label("年度\n总体\n目标", down=2),
        label("预期目标", across=4),
        label("实际完成情况", across=4),
    )
    form.row(48, field("预期目标", PROSE, across=4), field("实际完成情况", PROSE, across=4))
    form.table(
        Column("一级指标", TEXT, check=LEVEL1),
        Column("二级指标", TEXT, check=LEVEL2),
        Column("三级指标", TEXT),
        Column("指标值", TEXT, heading="年度指标值\n(A)"),
        Column("实际完成值", TEXT, heading="实际完成值\n(B)"),
        Column("分值", NUMBER, check=POINTS),
        Column("得分", NUMBER, check=POINTS),
        Column("未完成原因分析", NOTE, heading="未完成\n原因分析"),
        side="绩效\n指标",
        height=20,
        heading_height=32,
    )
    form.row(
        26,
        label("总分", across=6),
        computed(_total("分值", weight), name="分值合计"),
        computed(_total("得分", score), name="总分"),
        label(""),
    )
    grade = 'IF([总分]="","",IF([总分]>=90,"优",IF([总分]>=80,"良",IF([总分]>=60,"中","差"))))'
    form.row(
        26,
        label("自评结论", across=2),
        computed(grade, LABEL, name="自评结论", across=7, check=GRADES),
    )
    form.row(
        24, label("联系人：", across=2, style=CAPTION), field("联系人", CAPTION_TEXT, across=7)
    )
    return form


def hebei_project_target() -> Form:
    """河北：预算项目绩效目标表，带支出计划。"""
    form = Form(
        "hebei_project_target",
        "绩效目标表",
        "预算项目绩效目标表",
        widths_mm=(24, 24, 15, 14, 24, 15, 30, 30),
        money_unit="万元",
    )
    form.row(40, computed('[项目名称]&"绩效目标表"', TITLE, across=8, shows="绩效目标表"))
    form.row(
        24,
        field("预算单位", CAPTION_TEXT, across=6),
        label("单位：万元", across=2, style=RIGHT_CAPTION),
    )
    form.row(
        32,
        label("项目编码"),
        field("项目编码", across=3),
        label("项目名称"),
        field("项目名称", across=3),
    )
    _budget_and_purpose(form, across=(2, 1, 1), purpose_across=7)
    form.row(
        24,
        label("资金支出计划\n（%）", down=2),
        label("3月底", across=2),
        label("6月底", across=2),
        label("10月底", across=2),
        label("12月底"),
    )
    form.row(
        24,
        field("支出计划.3月底", PERCENT, across=2, check=SHARE),
        field("支出计划.6月底", PERCENT, across=2, check=SHARE),
        field("支出计划.10月底", PERCENT, across=2, check=SHARE),
        field("支出计划.12月底", PERCENT, check=SHARE),
    )
    form.row(64, label("绩效目标"), field("绩效目标", PROSE, across=7))
    form.row(12)
    form.table(
        Column("一级指标", TEXT, check=LEVEL1),
        Column("二级指标", TEXT, check=LEVEL2_SERVED),
        Column("三级指标", TEXT, across=2),
        Column("绩效指标描述", TEXT, across=2),
        Column("指标值", TEXT),
        Column("指标值确定依据", TEXT),
    )
    return form


def tianjin_project_target() -> Form:
    """天津：项目绩效目标表。"""
    form = Form(
        "tianjin_project_target",
        "绩效目标表",
        "项目绩效目标表",
        widths_mm=(24, 25, 33, 25, 22, 23, 24),
        money_unit="万元",
    )
    form.row(40, computed('[项目名称]&"绩效目标表"', TITLE, across=7, shows="绩效目标表"))
    form.row(
        24,
        field("预算单位", CAPTION_TEXT, across=5),
        label("单位：万元", across=2, style=RIGHT_CAPTION),
    )
    form.row(30, label("项目名称"), field("项目名称", across=6))
    _budget_and_purpose(form, across=(1, 1, 1), purpose_across=6)
    form.row(64, label("绩效目标"), field("绩效目标", PROSE, across=6))
    form.row(12)
    form.table(
        Column("一级指标", TEXT, check=LEVEL1),
        Column("二级指标", TEXT, check=LEVEL2_SERVED),
        Column("三级指标", TEXT),
        Column("绩效指标描述", TEXT, across=2),
        Column("指标值", TEXT, across=2),
    )
    return form


def hebei_department_target() -> Form:
    """河北：部门整体绩效目标。"""
    form = Form(
        "hebei_department_target",
        "部门绩效目标",
        "部门整体绩效目标",
        widths_mm=(44, 44, 22, 22, 44),
    )
    overall = (
        ("归集额", "归集额", 1),
        ("支持住房消费额", "住房消费支持额", 1),
        ("个人住房贷款发放额", "个人住房贷款发放额", 2),
        ("增值收益", "增值收益", 1),
    )
    form.row(40, label("部门整体绩效目标", across=5, style=TITLE))
    form.row(22, field("年度", SUBTITLE, across=5, check=YEAR))
    form.row(30, label("部门名称"), field("部门名称", across=4))
    form.row(28, label("一、总体绩效目标", across=5, style=SECTION))
    form.row(100, field("总体绩效目标", PROSE, across=5))
    form.row(24, *(label(printed, across=across) for printed, _, across in overall))
    form.row(
        28,
        *(field(f"总体指标.{name}", across=across) for _, name, across in overall),
    )
    form.row(28, label("二、分项绩效目标", across=5, style=SECTION))
    form.table(
        Column("分项名称", TEXT),
        Column("绩效目标", PROSE, across=2),
        Column("绩效指标", PROSE, across=2),
        rows=3,
        height=48,
    )
    form.row(28, label("三、工作保障措施", across=5, style=SECTION))
    form.row(120, field("工作保障措施", PROSE, across=5))
    return form


def shanghai_declaration() -> Form:
    """上海：财政项目支出绩效目标申报表。"""
    form = Form(
        "shanghai_declaration",
        "申报表",
        "财政项目支出绩效目标申报表",
        widths_mm=(24, 28, 28, 24, 29, 18, 25),
        money_unit="元",
    )
    day = NUMBER | {"num_format": "yyyy-mm-dd"}

    def amount(row: str, across: int, formula: str = "", down: int = 1) -> Cell:
        name = f"资金.{row}.金额"
        if formula:
            return computed(formula, THOUSANDS, name=name, across=across)
        return field(name, THOUSANDS, across=across, down=down, check=AMOUNT)

    form.row(36, label("财政项目支出绩效目标申报表", across=7, style=TITLE))
    form.row(22, field("年度", SUBTITLE, across=7, check=YEAR))
    form.row(
        32,
        label("项目名称"),
        field("项目名称", across=2),
        label("项目性质"),
        field("项目性质"),
        label("项目类别"),
        field("项目类别"),
    )
    form.row(
        32,
        label("主管部门"),
        field("主管部门", across=2),
        label("实施单位"),
        field("实施单位", across=3),
    )
    form.row(
        32,
        label("计划开始\n日期"),
        field("计划开始日期", day, across=2, check=DAY),
        label("计划完成\n日期"),
        field("计划完成日期", day, across=3, check=DAY),
    )
    form.row(
        24,
        label("项目资金\n(元)", down=4),
        label("项目资金总额"),
        amount("项目资金总额", 1, subtotal("资金.财政资金.金额", "资金.其他资金.金额")),
        label("年度资金申请总额", across=2),
        amount(
            "年度资金申请总额",
            2,
            subtotal("资金.当年财政拨款.金额", "资金.上年结转资金.金额", "资金.年度其他资金.金额"),
        ),
    )
    form.row(
        24,
        label("其中：财政资金", down=2),
        amount("财政资金", 1, down=2),
        label("其中：当年财政拨款", across=2),
        amount("当年财政拨款", 2),
    )
    form.row(24, label("上年结转资金", across=2), amount("上年结转资金", 2))
    form.row(
        24,
        label("其他资金"),
        amount("其他资金", 1),
        label("其他资金", across=2),
        amount("年度其他资金", 2),
    )
    years = '"（"&YEAR([计划开始日期])&"年-"&YEAR([计划完成日期])&"年）"'
    heading = (
        f'IF(OR([计划开始日期]="",[计划完成日期]=""),"项目总目标","项目总目标"&CHAR(10)&{years})'
    )
    form.row(
        34,
        label("项目\n绩效\n目标", down=2),
        computed(heading, LABEL, across=3, shows="项目总目标"),
        label("年度总体目标", across=3),
    )
    form.row(64, field("项目总目标", PROSE, across=3), field("年度总体目标", PROSE, across=3))
    form.table(
        Column("一级指标", TEXT, check=LEVEL1),
        Column("二级指标", TEXT, check=LEVEL2_SERVED),
        Column("三级指标", TEXT, across=2),
        Column("指标值", TEXT, heading="年度(/项目)指标值", across=2),
        side="绩效\n指标",
        height=26,
    )
    return form


def subtotal(*inputs: str, parts: tuple[str, ...] = (), digits: int = 2) -> str:
    """The formula of an amount that is the sum of others; blank while all of these are blank.

    `parts` are subtotals themselves and may show "", which SUM takes as 0. Inputs are added with
    +, so that text typed for an amount gives #VALUE! and not a total that leaves it out.
    """
    blank = ",".join(f'[{name}]=""' for name in (*parts, *inputs))
    terms = [f"SUM([{name}])" for name in parts] + [f"[{name}]" for name in inputs]
    return f'IF(AND({blank}),"",ROUND({"+".join(terms)},{digits}))'


def _total(column: str, execution: str) -> str:
    """The formula of a table column's sum with the budget execution's own points."""
    cells = f"[指标.{column}],[{execution}]"
    return f'IF(COUNT({cells})=0,"",ROUND(SUM({cells}),2))'


def _budget_and_purpose(form: Form, *, across: tuple[int, int, int], purpose_across: int) -> None:
    """The two rows that Hebei and Tianjin share; six digits keep an amount of 万元 whole."""
    total, fiscal, other = (f"资金.{row}.金额" for row in ("预算数", "财政资金", "其他资金"))
    form.row(
        32,
        label("预算规模及\n资金用途", down=2),
        label("预算数"),
        computed(subtotal(fiscal, other, digits=6), CENTS, name=total, across=across[0]),
        label("其中：财政\n资金"),
        field(fiscal, CENTS, across=across[1], check=AMOUNT),
        label("其他资金"),
        field(other, CENTS, across=across[2], check=AMOUNT),
    )
    form.row(40, field("资金用途", PROSE, across=purpose_across))


FORMS = (
    guizhou_approval,
    guizhou_self_evaluation,
    hebei_project_target,
    hebei_department_target,
    tianjin_project_target,
    shanghai_declaration,
)


def main(folder: Path) -> None:
    for form in FORMS:
        form().save(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
