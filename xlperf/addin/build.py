"""The add-in as a file: `xlperf.xlam`, made of `macros/` and what is generated, on any system.

Excel is not needed: pyOpenVBA writes the VBA project, `ooxml` the package around it. xlwings' own
module comes from the xlwings that is installed, so that the two never differ. Its standalone form
is taken, as that reads its settings from where the add-in lies, never from the workbook that is
open: a workbook that somebody sent cannot say which program a button starts. Only what Python is
told of is the workbook that is open. All modules compile in LibreOffice too, which is how the
add-in is tested as users get it. The same input gives the same bytes.
"""

import re
import tempfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import xlperf
from xlperf import resources
from xlperf.addin import wrappers
from xlperf.diagnostic import Diagnostic, Message, WorkbookError
from xlperf.ooxml.archive import read_entries, stored
from xlperf.ooxml.package import CONTENT_TYPES, Package, PackageWriter
from xlperf.ooxml.preflight import DEFAULT

FILE_NAME = "xlperf.xlam"
PROJECT = "xlperf"
"""What xlwings' settings are filed under, apart from those of xlwings' own add-in."""

_ADAPTED = (
    ('Const PROJECT_NAME As String = "xlwings"', f'Const PROJECT_NAME As String = "{PROJECT}"'),
    ('"BOOK_CALLER", ThisWorkbook', '"BOOK_CALLER", XlperfCaller()'),
    ('ParameterString + "|" + ThisWorkbook.Name', 'ParameterString + "|" + XlperfCaller().Name'),
    ('" --wb=" & """" & ThisWorkbook.Name', '" --wb=" & """" & XlperfCaller().Name'),
    ('" -B -c ""import sys, os;"', '" -B -P -c ""import sys, os;"'),
    (
        '"import xlwings.utils;xlwings.utils.prepare_sys_path(\\""" & PYTHONPATH & "\\"");'
        "import xlwings;",
        '"import xlwings;',
    ),
    (
        '" -B -c ""import xlwings.utils;xlwings.utils.prepare_sys_path(\\""" & PYTHONPATH & '
        '"\\""); " & PythonCommand',
        '" -B -P -c """ & PythonCommand',
    ),
    (
        'PYTHON_WIN = "cmd.exe " & ConsoleSwitch & " /K " & Chr(34) & Chr(34) & PYTHON_WIN',
        'PYTHON_WIN = Environ("SystemRoot") & "\\System32\\cmd.exe " & ConsoleSwitch & " /K " & '
        "Chr(34) & Chr(34) & PYTHON_WIN",
    ),
    ('AppleScriptTask("xlwings-" & XLWINGS_VERSION', 'AppleScriptTask("xlperf-" & XLWINGS_VERSION'),
    ("run 'xlwings runpython install' in a terminal", "run 'xlperf addin install' in a terminal"),
)
"""What of the module of xlwings is written otherwise: where it finds settings, who has called.

Also what Python is started with: the folder that Excel is in, perhaps one that somebody sent, must
be searched for no program and no module. `-P` keeps it from `sys.path`; `prepare_sys_path` would
put it there again, as an empty entry, and do nothing else, as the settings name no other folder.
"""

_SCRIPT_ADAPTED = (
    (
        r"""-c \"import xlwings.utils;xlwings.utils.prepare_sys_path('" & PYTHONPATH & "');" & """,
        r"""-P -c \"" & """,
    ),
)
"""The same for the script that starts Python on a Mac."""

_OTHER_OFFICE = (
    "Function GetUdfModules(Optional wb As Variant)",
    "Function GetDirectoryPath(Optional wb As Variant)",
    'If InStr(GetDirectoryPath(), "://") = 0 Then',
)
_PORTABLE = (
    # For Word, Access and PowerPoint: the module itself says that its program is Excel.
    *((line, f"'{line}") for line in _OTHER_OFFICE),
    # A variable is declared once; on a Mac too it is called late, like the object of Windows.
    (
        "    #If Mac Then\n    Dim d As Dictionary\n    Set d = New Dictionary\n"
        "    #Else\n    Dim d As Object\n",
        "    Dim d As Object\n    #If Mac Then\n    Set d = New Dictionary\n    #Else\n",
    ),
    # Each of two branches opens a block that is closed once: LibreOffice has two to close.
    (
        "     MkDir ParentFolder(sFileName)\n  End If\n",
        "     MkDir ParentFolder(sFileName)\n  End If\n  #If False Then\n  End If\n  #End If\n",
    ),
    # The value of a constant in an Enum is a number; Excel's names stand for these.
    ("VBA.vbBinaryCompare", "0"),
    ("VBA.vbTextCompare", "1"),
    ("VBA.vbDatabaseCompare", "2"),
)
"""What LibreOffice would not compile, and the same for Excel in words that it does compile.

LibreOffice (7.4) takes `#If`, `#Else` and `#End If` for comments and compiles every branch, and one
module that does not compile keeps all others from running. An xlwings that has other words here
makes as good an add-in for Excel, so that none of these is required.
"""

_WRAPPER_VERSION = re.compile(r'XLWINGS_VERSION As String = "([^"]+)"')
_NOT_COMPILED = bytes.fromhex("CC61FFFF000000")
"""The stream that tells of compiled code: of no version, and none there ([MS-OVBA] 2.3.4.1).

Under the version that pyOpenVBA leaves there, an Excel of that very version may look for some.
"""

_XLWINGS, _DICTIONARY, _WORKBOOK = "xlwings", "Dictionary", "ThisWorkbook"

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.microsoft.com/office"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_BOOK_TYPE = "application/vnd.ms-excel.addin.macroEnabled.main+xml"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def build() -> bytes:
    """The add-in as a file. Raises WorkbookError where the installed xlwings is of another kind."""
    return package(modules())


def package(sources: Mapping[str, str]) -> bytes:
    """An add-in with the ribbon and these VBA modules."""
    parts = {name: (_HEAD + xml).encode() for name, xml in _parts().items()}
    parts["xl/vbaProject.bin"] = _project(sources)
    parts["customUI/customUI14.xml"] = (resources.macros() / "ribbon.xml").read_bytes()
    return PackageWriter(Package({}), ()).write(
        {name: stored(data) for name, data in parts.items()}
    )


def modules() -> dict[str, str]:
    """The VBA source by module name, with the line ends of VBA: ours, the generated, xlwings'."""
    found = {path.stem: path.read_text("ascii") for path in resources.macros().glob("*.bas")}
    found[wrappers.MODULE] = wrappers.functions_module()
    found[_WORKBOOK] = (resources.macros() / f"{_WORKBOOK}.cls").read_text("ascii")
    found |= _xlwings_modules()
    return {name: "\r\n".join(found[name].splitlines()) + "\r\n" for name in sorted(found)}


def wrapper_version(addin: Path) -> str:
    """The version of xlwings that a built add-in speaks to; "" where it has no such module."""
    from pyopenvba import ExcelFile, PyOpenVBAError

    try:
        read_entries(addin.read_bytes(), DEFAULT)
        with ExcelFile(addin) as book:
            match = _WRAPPER_VERSION.search(book.get_module(_XLWINGS))
    except (WorkbookError, PyOpenVBAError, KeyError, OSError):
        return ""
    return match[1] if match else ""


def _xlwings_modules() -> dict[str, str]:
    """The module of xlwings filed under our name, and the class that it needs on a Mac."""
    folder = xlwings_folder()
    try:
        module = (folder / "xlwings.bas").read_text("ascii")
        dictionary = (folder / "addin" / "Dictionary.cls").read_text("ascii")
    except OSError as error:
        raise _unknown_xlwings() from error
    module = _adapted(module, _ADAPTED)
    for theirs, ours in _PORTABLE:
        module, dictionary = module.replace(theirs, ours), dictionary.replace(theirs, ours)
    return {_XLWINGS: module, _DICTIONARY: dictionary}


def mac_script() -> bytes:
    """The script through which Excel for Mac may start Python, of the xlwings that is installed.

    Raises WorkbookError where that is of another kind.
    """
    script = xlwings_folder() / f"xlwings-{version('xlwings')}.applescript"
    try:
        return _adapted(script.read_text("utf-8"), _SCRIPT_ADAPTED).encode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unknown_xlwings() from error


def _adapted(source: str, changes: Iterable[tuple[str, str]]) -> str:
    for theirs, ours in changes:
        if source.count(theirs) != 1:
            raise _unknown_xlwings()
        source = source.replace(theirs, ours)
    return source


def xlwings_folder() -> Path:
    """Where xlwings is installed; it is found without being imported."""
    spec = find_spec("xlwings")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent


def _unknown_xlwings() -> WorkbookError:
    installed = version("xlwings")
    return WorkbookError(
        Diagnostic(
            "A101",
            Message(
                f"已安装的 xlwings {installed} 缺少生成加载项所需的内容",
                f"the installed xlwings {installed} lacks what the add-in is made of",
            ),
            fix=Message(
                "请重新安装 xlperf 及其依赖", "install xlperf and its dependencies once more"
            ),
        )
    )


def _project(sources: Mapping[str, str]) -> bytes:
    """The VBA project (vbaProject.bin) of these modules, without compiled code."""
    from pyopenvba import ExcelFile, VBAModuleKind
    from pyopenvba.cfb import CFB

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, FILE_NAME)
        with ExcelFile.create_new(path) as book:
            project = book.vba_project()
            project.delete_module("Module1")
            for name, source in sources.items():
                if name == _WORKBOOK:
                    book.set_module(name, source)
                else:
                    other = source.startswith("VERSION ")
                    kind = VBAModuleKind.other if other else VBAModuleKind.standard
                    project.add_module(name, source, kind=kind)
            book.save()
        with ExcelFile(path) as book:
            project_file = CFB.from_bytes(book.vba_project_bytes())
    project_file.write_stream_in_storage("VBA", "_VBA_PROJECT", _NOT_COMPILED)
    data: bytes = project_file.to_bytes()
    return data


def _parts() -> dict[str, str]:
    """The workbook around the project: one sheet, on which the add-in writes what it told Excel."""
    types = {
        "/xl/workbook.xml": _BOOK_TYPE,
        "/xl/worksheets/sheet1.xml": f"{_SHEET_TYPE}.worksheet+xml",
        "/xl/styles.xml": f"{_SHEET_TYPE}.styles+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
    }
    overrides = "".join(
        f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in types.items()
    )
    return {
        CONTENT_TYPES: (
            f'<Types xmlns="{_PACKAGE}/content-types">'
            f'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
            f'<Default Extension="rels" '
            f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
        ),
        "_rels/.rels": _relationships(
            (f"{_RELATED}/officeDocument", "xl/workbook.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
            (f"{_OFFICE}/2007/relationships/ui/extensibility", "customUI/customUI14.xml"),
        ),
        "xl/_rels/workbook.xml.rels": _relationships(
            (f"{_RELATED}/worksheet", "worksheets/sheet1.xml"),
            (f"{_RELATED}/styles", "styles.xml"),
            (f"{_OFFICE}/2006/relationships/vbaProject", "vbaProject.bin"),
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}">'
            f'<workbookPr codeName="{_WORKBOOK}"/><bookViews><workbookView/></bookViews>'
            f'<sheets><sheet name="{PROJECT}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/worksheets/sheet1.xml": (
            f'<worksheet xmlns="{_MAIN}"><sheetPr codeName="Sheet1"/><sheetData>'
            f'<row r="1"><c r="A1" t="inlineStr"><is><t>xlperf {xlperf.__version__}</t></is></c>'
            f"</row></sheetData></worksheet>"
        ),
        "xl/styles.xml": (
            f'<styleSheet xmlns="{_MAIN}">'
            f'<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
            f'<fills count="2"><fill><patternFill patternType="none"/></fill>'
            f'<fill><patternFill patternType="gray125"/></fill></fills>'
            f'<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
            f'<cellXfs count="1"><xf/></cellXfs></styleSheet>'
        ),
        "docProps/core.xml": (
            f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>xlperf 绩效</dc:title>"
            f"<dc:description>绩效目标和自评表的填充、检查、评分与汇总</dc:description>"
            f"</cp:coreProperties>"
        ),
    }


def _relationships(*links: tuple[str, str]) -> str:
    each = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(links, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'
