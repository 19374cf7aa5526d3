"""What the sheets of the projects are called: as the data says, else by key and title."""

from collections.abc import Iterator

from xlperf.diagnostic import Diagnostic, Message
from xlperf.forms import Project
from xlperf.ooxml.sheet_names import SheetNames
from xlperf.ooxml.values import sheet_name_problem
from xlperf.ooxml.workbook import Workbook
from xlperf.tables import Records
from xlperf.template import Template

COLUMN = "工作表"
"""The column of the project table that names each project's sheet; blank where it does not."""


def note_bad_names(template: Template, records: Records) -> None:
    """Add a fault to every project whose sheet cannot be called as the data says."""
    others, given = SheetNames(_others(template)), SheetNames()
    for project in records.projects:
        if name := project.entry(COLUMN).text:
            found = _problem(name, others, given)
            if found:
                place = records.place(project, COLUMN)
                fault = Diagnostic(*found[:2], place=place, fix=found[2])
                records.faults.setdefault(project.key, []).append(fault)
            else:
                given.add(name)


def sheet_names(template: Template, records: Records) -> dict[str, str]:
    """A sheet name for every project by key, all of them valid and different."""
    names = {p.key: text for p in records.projects if (text := p.entry(COLUMN).text)}
    free = SheetNames((*_others(template), *names.values()))
    for project in records.projects:
        if project.key not in names:
            names[project.key] = free.free(f"{project.key}_{title_of(project)}".rstrip("_"))
    return names


def title_of(project: Project) -> str:
    return project.name or project.entry("部门名称").text


def _others(template: Template) -> Iterator[str]:
    """The sheets of the template beside the form."""
    sheets = Workbook.open(template.package).sheets
    return (sheet.name for sheet in sheets if sheet.part != template.form.sheet.part)


def _problem(
    name: str, others: SheetNames, given: SheetNames
) -> tuple[str, Message, Message] | None:
    """Code, message and remedy, where a sheet cannot have this name."""
    another = Message("请改用其他名称", "choose another name")
    if problem := sheet_name_problem(name):
        return "D115", problem, another
    if name in given:
        return (
            "D116",
            Message(f"工作表名称“{name}”重复", f"the sheet name “{name}” is given twice"),
            Message(
                "每个项目的工作表名称应唯一（不区分大小写和全角半角）",
                "give every sheet a name of its own (neither case nor width of letters counts)",
            ),
        )
    if name in others:
        return (
            "D117",
            Message(
                f"模板中已有名为“{name}”的工作表",
                f"the template has a sheet named “{name}” already",
            ),
            another,
        )
    return None
