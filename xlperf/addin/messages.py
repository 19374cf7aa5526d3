"""What the buttons say: questions, outcomes, and why something cannot be done."""

from xlperf.diagnostic import Diagnostic, Message, Place

TITLE = Message("xlperf 绩效", "xlperf")
STATUS = Message("xlperf：{}", "xlperf: {}")
CHECKING = Message("正在检查…", "checking …")
LOOKING_FOR_FIXES = Message("正在查找可以修复的问题…", "looking for what can be mended …")
FIXING = Message("正在修复…", "mending …")
CLEARING = Message("正在清除标记…", "clearing the marks …")
SCORING = Message("正在计算得分…", "scoring …")
EXPLAINING = Message("正在查看评分依据…", "looking into the score …")
READING_TABLES = Message("正在读取数据表…", "reading the tables …")
FILLING = Message("正在填充…", "filling …")
READING = Message("正在读取…", "reading …")
SUMMARISING = Message("正在汇总…", "summarising …")
BINDING = Message("正在识别栏目…", "looking for the fields …")
UNDOING = Message("正在撤销…", "undoing …")
CHOOSE_TABLE = Message(
    "选择数据表：含“项目”“指标”两张工作表的 Excel 文件，或 projects.csv",
    "Choose the tables: a workbook with the sheets 项目 and 指标, or projects.csv",
)
TABLES = Message("Excel 或 CSV 数据表", "Tables in Excel or CSV")
CHOOSE_TARGET = Message("选择存放新工作簿的文件夹", "Choose a folder for the new workbooks")
CHOOSE_FORMS = Message("选择存放绩效表的文件夹", "Choose the folder with the forms")
DATA = Message("数据", "data")
"""What the file is called that a folder is read into; it comes behind the folder's name."""

SUMMARY = Message("汇总", "summary")
PAGE = Message("staff.md", "staff.en.md")
AND = Message("、", ", ")
FAILED = Message(
    "没有完成，工作簿保持原样。\n请关闭正在编辑的单元格和对话框后再试一次；仍然不行，请把下面的文件交给管理员：\n{log}",
    "Not done; the workbook is as it was.\nLeave the cell or dialog that is open and try again. If "
    "that does not help, give this file to your administrator:\n{log}",
)
TORN = Message(
    "没有完成，也没能全部恢复。\n请不要保存，关闭工作簿后重新打开；并把下面的文件交给管理员：\n{log}",
    "Not done, and not all of it could be taken back.\nDo not save; close the workbook and open it "
    "again. Give this file to your administrator:\n{log}",
)
NOT_REMEMBERED = Message(
    "修改已完成，但无法记录，因此不能撤销。\n请把下面的文件交给管理员：\n{log}",
    "Done, but it could not be written down, so it cannot be undone.\nGive this file to your "
    "administrator:\n{log}",
)
CLEAN = Message("没有发现可以定位到单元格的问题。", "There is no finding in any cell.")
NOTHING_TO_FIX = Message(
    "没有可以自动修复的问题。其余问题请点“检查”后逐处核对。",
    "There is nothing that can be mended safely. Check, and look at the findings one by one.",
)
APPLY = Message("共 {count} 处，现在修改吗？", "{count} in all. Change them now?")
FIXED = Message("已修复 {count} 处。", "{count} mended.")
MORE = Message(
    "以上为第 {first} 至 {last} 处，共 {count} 处。\n\n"
    "是：现在全部修改\n否：看下一页\n取消：都不修改",
    "These are {first} to {last} of {count}.\n\nYes: change all of them now\nNo: on to the next "
    "page\nCancel: change none",
)
AND_MORE = Message("……另有 {count} 条，未列出", "… and {count} more, not listed here")
ANOTHER_PLACE = Message(
    "不能写在该文件夹旁边，请另选存放结果的文件夹",
    "Not beside that folder: choose another for the file",
)
WHICH = Message(
    "数据表中有 {count} 个项目。\n\n是：每个项目各生成一个工作簿\n否：只用其中一个项目填写本表",
    "There are {count} projects.\n\nYes: a workbook for each\nNo: fill this form with one of them",
)
REPLACE = Message(
    "该文件夹中已有 {count} 个同名的工作簿，会被替换，其中填写的内容将丢失：\n{names}\n\n"
    "仍要继续吗？",
    "{count} workbooks of these names are in the folder, and will be replaced with all that is in "
    "them:\n{names}\n\nGo on?",
)
KEY = Message("用哪个项目填写本表？请输入编号：\n{keys}", "Which project? Its key:\n{keys}")
FILLED = Message("已用项目“{key}”填写本表。", "The form is filled with project “{key}”.")
WRITTEN = Message(
    "{folder}\n{total} 个项目，已生成 {written} 个工作簿。",
    "{folder}\n{total} projects, {written} workbooks written.",
)
READ = Message(
    "读取 {count} 张表、{rows} 个指标，已写入并打开：\n{file}",
    "{count} forms with {rows} indicators read into:\n{file}",
)
SUMMARISED = Message(
    "汇总 {count} 张表，已写入并打开：\n{file}", "{count} forms summarised in:\n{file}"
)
UNDONE = Message("已撤销“{label}”。", "“{label}” is undone.")
SETTINGS = Message("设置文件：\n{file}", "The settings:\n{file}")
NEW_SETTINGS = Message(
    "已新建设置文件，对它所在文件夹中的表都有效：\n{file}",
    "New settings, which hold for the forms in this folder:\n{file}",
)
EMPTY_SETTINGS = """\
# xlperf 的设置，对本文件夹及其下各级文件夹中的绩效表有效。去掉行首的 # 即生效。
# Settings for the forms in this folder and below; a line counts without its first #.

# policy = "办法.toml"          # 评分办法
# severity = "warning"          # 只看警告和错误：error、warning、info
# ignore = ["C01"]              # 不检查的规则
# waivers = "豁免.toml"         # 已认可、不再提示的问题
# lang = "en"                   # 消息用英文 messages in English
"""
NO_NAMES = Diagnostic(
    "E111",
    Message(
        "本工作簿没有 xp. 名称，还不能检查、评分和填充",
        "the workbook has no xp. names: it cannot be checked, scored or filled yet",
    ),
    fix=Message(
        "空白表或自制的表请先点“绑定名称”；否则请使用下发的模板",
        "press 绑定名称 (bind) for a blank form or one of your own; else use the template issued",
    ),
)
MARKED = Diagnostic(
    "E112",
    Message(
        "工作簿中还有检查留下的标记，填充后会与内容不符",
        "there are marks of a check, which would not fit what is filled in",
    ),
    fix=Message(
        "请先点“清除标记”，再点“填充”", "press 清除标记 (clear marks) first, then fill the form"
    ),
)
NO_MARKS = Diagnostic(
    "E103",
    Message("本工作簿中没有检查留下的标记", "there are no marks of a check in this workbook"),
)
NOTHING_TO_UNDO = Diagnostic(
    "E104",
    Message("没有可以撤销的操作", "there is nothing to undo"),
    fix=Message(
        "每个工作簿只能撤销最近一次点击“绩效”按钮所做的修改",
        "of each workbook, only the last change by a button can be undone",
    ),
)
NO_FILE = Diagnostic(
    "E105",
    Message("工作簿还没有保存过，没有可放设置文件的文件夹", "the workbook was never saved"),
    fix=Message("请先保存工作簿，再点“设置”", "save it, then open the settings"),
)
PROTECTED_BOOK = Diagnostic(
    "E106",
    Message("工作簿的结构受保护，不能增减工作表", "the workbook's structure is protected"),
    fix=Message("请在“审阅”中撤销工作簿保护后再试", "unprotect the workbook under Review"),
)


def protected(sheet: str) -> Diagnostic:
    return Diagnostic(
        "E107",
        Message("工作表设有密码保护，不能修改", "the sheet is protected by a password"),
        place=Place(sheet=sheet),
        fix=Message("请在“审阅”中撤销工作表保护后再试", "unprotect the sheet under Review"),
    )


def filtered(sheet: str) -> Diagnostic:
    return Diagnostic(
        "E113",
        Message(
            "工作表正在筛选，有的行没有显示，不能修改",
            "the sheet is filtered: rows that are not shown cannot be changed",
        ),
        place=Place(sheet=sheet),
        fix=Message("请在“数据”中清除筛选后再试", "clear the filter under Data, then try again"),
    )


def no_table(file: str) -> Diagnostic:
    return Diagnostic(
        "E114",
        Message("这不是数据表", "these are no data tables"),
        place=Place(file=file),
        fix=Message(
            "请选择 projects.csv（同一文件夹中须有 indicators.csv），"
            "或含“项目”“指标”两张工作表的 Excel 文件",
            "choose projects.csv, with indicators.csv beside it, or a workbook with the sheets "
            "项目 and 指标",
        ),
    )


def changed_since(sheet: str, cell: str) -> Diagnostic:
    return Diagnostic(
        "E108",
        Message(
            "这里在上次操作之后又改过，不能撤销",
            "this was changed after the last action, which can no longer be undone",
        ),
        place=Place(sheet=sheet, cell=cell),
        fix=Message(
            "请直接修改；标记可点“清除标记”去掉", "change it by hand; marks can be cleared"
        ),
    )


def all_hidden(sheet: str) -> Diagnostic:
    return Diagnostic(
        "E110",
        Message("问题都在隐藏的工作表中", "all findings are on hidden sheets"),
        place=Place(sheet=sheet),
        fix=Message("请先取消隐藏该工作表，再点“下一处”", "unhide the sheet, then try again"),
    )


def no_such_key(key: str) -> Diagnostic:
    return Diagnostic(
        "E109",
        Message(f"数据表中没有编号为“{key}”的项目", f"the tables have no project “{key}”"),
        fix=Message("请核对编号后再试", "check the key and try again"),
    )
