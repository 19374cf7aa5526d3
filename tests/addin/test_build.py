"""The built add-in, judged by olevba, the Open XML SDK, LibreOffice and an interpreter of VBA."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import olefile
import pytest
import xlwings
from lxml import etree
from oletools.olevba import VBA_Parser
from pyopenvba.apps.excel import ExcelApplication
from pyopenvba.interpreter._preprocess import strip_directives

from xlperf.addin import build as building
from xlperf.addin import wrappers
from xlperf.addin.install import UDF_MODULE
from xlperf.resources import macros
from xlperf.scoring.functions import WORKSHEET_FUNCTIONS

ROOT = Path(__file__).parents[2]
THEIRS = ("xlwings", "Dictionary")
RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


@pytest.fixture(scope="module")
def addin(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("addin") / "xlperf.xlam"
    path.write_bytes(building.build())
    return path


def sources(path: Path) -> dict[str, str]:
    """Module → its source, as olevba reads it."""
    parser = VBA_Parser(str(path))
    try:
        return {Path(file).stem: code for _, _, file, code in parser.extract_macros()}
    finally:
        parser.close()


def lines(source: str) -> list[str]:
    """The lines that a person writes, without the attributes that Excel keeps beside them."""
    kept = [line for line in source.splitlines() if not line.startswith(("Attribute ", "VERSION "))]
    return "\n".join(kept).replace("BEGIN\n  MultiUse = -1  'True\nEND\n", "").strip().split("\n")


def test_the_source_reads_back_as_it_was_written(addin):
    read = sources(addin)
    assert sorted(read) == sorted([*building.modules(), "Sheet1"])
    for path in (*macros().glob("*.bas"), *macros().glob("*.cls")):
        assert lines(read[path.stem]) == lines(path.read_text("ascii"))
    assert lines(read[wrappers.MODULE]) == lines(wrappers.functions_module())
    assert not lines(read["Sheet1"])[0]


PLATFORMS = {
    "Windows": {},
    "32 bit": {"Win64": False},
    "before 2010": {"Win64": False, "VBA7": False},
    "Mac": {"Win64": False, "Win32": False, "Mac": True},
}


def compiled(source: str, platform: str) -> list[str]:
    """The lines of a module that Excel compiles there: one branch of every #If, no comments."""
    directives = re.sub(r"(?m)^(\s*#.*?) *'.*$", r"\1", source)
    kept = strip_directives(directives, constants=PLATFORMS[platform])
    return [line for line in map(str.strip, lines(kept)) if line and not line.startswith("'")]


def changes(theirs: Path, ours: str, platform: str) -> dict[str, str]:
    before, after = compiled(theirs.read_text("ascii"), platform), compiled(ours, platform)
    pairs = zip(before, after, strict=True)
    return {old: new for old, new in pairs if old != new}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_excel_compiles_what_xlwings_wrote_but_for_settings_caller_and_start(addin, platform):
    folder, read = Path(xlwings.__file__).parent, sources(addin)
    changed = changes(folder / "xlwings.bas", read["xlwings"], platform)
    declared = changed.pop("Dim d As Dictionary", None)
    assert declared == ("Dim d As Object" if platform == "Mac" else None)
    start = re.compile("-B -c|cmd.exe|AppleScriptTask|runpython")  # see test_start.py
    started = [old for old in changed if start.search(old)]
    assert len(started) == (5 if platform == "Mac" else 3)
    for old in started:
        del changed[old]
    for old, new in changed.items():
        assert new.replace("XlperfCaller()", "ThisWorkbook") == old.replace('"xlwings"', '"xlperf"')
    assert len(changed) == 3
    assert changes(folder / "addin" / "Dictionary.cls", read["Dictionary"], platform) == {
        "BinaryCompare = VBA.vbBinaryCompare": "BinaryCompare = 0",
        "TextCompare = VBA.vbTextCompare": "TextCompare = 1",
        "DatabaseCompare = VBA.vbDatabaseCompare": "DatabaseCompare = 2",
    }


def test_xlwings_is_not_copied_into_the_project():
    shipped = {path.name for path in macros().iterdir()}
    assert shipped == {"ribbon.xml", "ThisWorkbook.cls", "XlperfCalls.bas", "XlperfRibbon.bas"}


def test_the_source_is_ascii_and_keeps_to_the_limits_of_vba(addin):
    for name, source in sources(addin).items():
        assert source.isascii(), name
        assert max(map(len, source.splitlines())) < 1024, name
        assert not re.search(r"(?:.* _\r?\n){25}", source), name
        if name not in (*THEIRS, "Sheet1"):
            assert "Option Explicit" in source, name


def test_no_module_has_the_name_of_a_procedure(addin):
    found = sources(addin)
    names = [
        name.casefold()
        for source in found.values()
        for name in re.findall(r"(?m)^(?:Public |Private )?(?:Sub|Function) (\w+)", source)
    ]
    assert not {name.casefold() for name in found} & set(names)
    ours = [name for name in names if name.startswith(("xlperf", "xp_"))]
    assert len(ours) == len(set(ours))


def test_every_worksheet_function_is_a_function_of_vba(addin):
    source = sources(addin)[wrappers.MODULE]
    for function in WORKSHEET_FUNCTIONS.values():
        (taken,) = re.findall(rf"Public Function {function.name}\((.*)\)", source)
        names = [("Optional " * a.optional) + a.name for a in function.arguments]
        assert taken.split(", ") == names
        assert f'XlperfCall("{function.name}", Array(' in source
    assert f'XLPy.CallUDF("{UDF_MODULE}", ' in sources(addin)["XlperfCalls"]


RESERVED = """
    and any as boolean byref byte byval call case const currency date declare dim do double each
    else empty end enum eqv erase error event exit false for function get global gosub goto if imp
    implements in input integer is let lbound len like line lock long loop lset me mod new next
    not nothing null object on open option optional or paramarray preserve print private property
    public put redim rem resume return rset seek select set single spc static step stop string sub
    tab then time to true type typeof ubound unlock until variant wend while width with write xor
"""


def test_no_argument_has_a_name_that_vba_keeps_for_itself():
    names = {a.name.casefold() for f in WORKSHEET_FUNCTIONS.values() for a in f.arguments}
    assert not names & set(RESERVED.split())


def test_every_part_has_a_type_and_every_relationship_a_part(addin):
    with zipfile.ZipFile(addin) as package:
        names = set(package.namelist())
        types = etree.fromstring(package.read("[Content_Types].xml"))
        overrides = {e.get("PartName").lstrip("/") for e in types if e.get("PartName")}
        endings = {e.get("Extension") for e in types if e.get("Extension")}
        assert overrides <= names
        assert all(name in overrides or name.rpartition(".")[2] in endings for name in names)
        reached = set()
        for rels in (name for name in names if name.endswith(".rels")):
            base = Path(rels).parent.parent
            for link in etree.fromstring(package.read(rels)).iter(RELATIONSHIP):
                reached.add((base / link.get("Target")).as_posix())
        described = {n for n in names if n == "[Content_Types].xml" or n.endswith(".rels")}
        assert reached == names - described
        assert b"addin.macroEnabled" in package.read("[Content_Types].xml")
        assert package.read("customUI/customUI14.xml") == (macros() / "ribbon.xml").read_bytes()


def test_the_validator_has_nothing_to_say(addin, openxml):
    assert openxml([addin]) == {addin: []}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('size="large"', 'size="huge"'),
        ("getEnabled=", "getEnabeld="),
        ("onLoad=", "onLaod="),
        ('label="帮助"', 'label="帮助" colour="red"'),
        ("<ribbon>", "<ribbon><tab/>"),
    ],
)
def test_the_validator_sees_a_wrong_ribbon(addin, openxml, tmp_path, old, new):
    wrong = tmp_path / "wrong.xlam"
    with zipfile.ZipFile(addin) as package, zipfile.ZipFile(wrong, "w") as out:
        for name in package.namelist():
            data = package.read(name)
            if name == "customUI/customUI14.xml":
                assert old.encode() in data
                data = data.replace(old.encode(), new.encode(), 1)
            out.writestr(name, data)
    assert any("customUI" in error.part for error in openxml([wrong])[wrong])


def test_the_project_says_that_nothing_is_compiled(addin):
    """[MS-OVBA] 2.3.4.1: under another version Excel may look for what was compiled."""
    with zipfile.ZipFile(addin) as package:
        project = olefile.OleFileIO(package.read("xl/vbaProject.bin"))
    assert project.openstream("VBA/_VBA_PROJECT").read() == b"\xcc\x61\xff\xff\0\0\0"
    assert not [name for name in project.listdir() if name[-1].startswith("__SRP_")]


def test_the_same_input_gives_the_same_bytes(tmp_path):
    built = []
    for number, zone in enumerate(("UTC", "Asia/Shanghai")):
        folder = tmp_path / str(number)
        folder.mkdir()
        environment = {"PYTHONPATH": str(ROOT), "TZ": zone, "PYTHONHASHSEED": str(number)}
        script = (
            "import sys, time; time.time = lambda: 1e9 * (1 + int(sys.argv[1]))\n"
            "from xlperf.addin.build import build; open('a.xlam', 'wb').write(build())"
        )
        subprocess.run(
            [sys.executable, "-c", script, str(number)],
            cwd=folder,
            env=os.environ | environment,
            check=True,
        )
        built.append((folder / "a.xlam").read_bytes())
    assert built[0] == built[1]


def test_libreoffice_runs_a_macro_of_every_module_of_ours(addin, libreoffice):
    listed = {
        f"A{row}": function.name
        for row, function in enumerate(WORKSHEET_FUNCTIONS.values(), wrappers.FIRST_ROW)
    }
    shown = libreoffice.run_macros(addin, ["XlperfFunctions.XlperfDescribeAll"])
    assert shown.items() >= listed.items()
    for row, function in enumerate(WORKSHEET_FUNCTIONS.values(), wrappers.FIRST_ROW):
        assert shown[f"B{row}"] == function.help.zh
        for column, argument in zip("CDEF", function.arguments, strict=False):
            assert shown[f"{column}{row}"] == argument.help.zh
    shown = libreoffice.run_macros(addin, ["XlperfCalls.XlperfTryErrors"])
    assert (shown["B3"], shown["C3"]) == ("1.5", "x")
    shown = libreoffice.run_macros(addin, ["XlperfRibbon.XlperfTryRibbon"])
    assert (shown["B2"], shown["C2"]) == ("FALSE", "FALSE")
    shown = libreoffice.run_macros(addin, ["ThisWorkbook.Workbook_Open"])
    assert shown["B1"].startswith("Microsoft Excel")
    assert shown.items() >= listed.items()


@pytest.mark.parametrize("name", building.modules())
def test_libreoffice_would_show_a_module_that_does_not_compile(libreoffice, tmp_path, name):
    texts = building.modules()
    texts[name] += "Public Sub XlperfBroken()\r\n    Next j j\r\nEnd Sub\r\n"
    path = tmp_path / "broken.xlam"
    path.write_bytes(building.package(texts))
    assert "B3" not in libreoffice.run_macros(path, ["XlperfCalls.XlperfTryErrors"])


@pytest.fixture
def interpreter():
    """A second reader of our standard modules, which does not keep errors to itself."""
    app = ExcelApplication()
    app.add_workbook()
    for name, source in building.modules().items():
        if name.startswith("Xlperf"):
            # It has no cell that calls; who called does not matter to what is tested.
            app.add_module(source.replace("Application.Caller", "Nothing"), name=name)
    return app


def test_texts_of_errors_become_errors(interpreter):
    interpreter.run("XlperfTryErrors")
    sheet = interpreter.sheet(1)
    row = [str(sheet.value(f"{column}3")) for column in "ABCDE"]
    assert row == ["Error 2042", "1.5", "x", "Error 2007", "Error 2036"]


FAKE_PYTHON = """\
Public Function CallUDF(script, called, args, book, caller)
    If called = "XP_GRADE" Then Err.Raise 1000, Description:="Python is gone"
    If called = "XP_RATE" Then CallUDF = "#DIV/0!"
    If called = "XP_SCORE" Then CallUDF = args(2) & "/" & UBound(args) & "/" & IsMissing(args(3))
End Function
"""


@pytest.fixture
def with_python(interpreter):
    """The same, with a stand-in for the object by which VBA speaks to Python."""
    interpreter.add_module(FAKE_PYTHON, name="FakePython", kind="class")
    interpreter.add_module(
        "Public Function XLPy()\n    Set XLPy = New FakePython\nEnd Function\n", name="xlwings"
    )
    return interpreter


@pytest.mark.parametrize(
    ("called", "args", "answer"),
    [
        ("XP_SCORE", ("≥95%", 0.9, 10), "10/3/True"),
        ("XP_RATE", (1, 0), "Error 2007"),
        ("XP_GRADE", (90,), "Error 2015"),
    ],
)
def test_a_wrapper_hands_its_arguments_to_python_and_shows_the_answer(
    with_python, called, args, answer
):
    assert str(with_python.run(called, *args)) == answer


def test_a_name_that_begins_with_xp_makes_a_form(interpreter):
    answers = []
    add = 'Public Sub Bind(called)\nActiveWorkbook.Names.Add called, "=Sheet1!$A$1"\nEnd Sub\n'
    interpreter.add_module(add, name="Binding")
    for name in ("xpress", "xp.模板"):
        interpreter.run("XlperfTryRibbon")
        answers.append(interpreter.sheet(1).value("B2"))
        interpreter.run("Bind", name)
    interpreter.run("XlperfTryRibbon")
    answers.append(interpreter.sheet(1).value("B2"))
    assert answers == [False, False, True]


def test_the_message_that_vba_says_itself_is_chinese(interpreter):
    assert "xlperf addin doctor" in interpreter.run("XlperfNoPython")
    assert interpreter.run("XlperfNoPython").startswith("无法启动 Python")


def test_the_version_of_the_wrapper_is_read_from_the_add_in(addin, tmp_path):
    assert building.wrapper_version(addin) == xlwings.__version__
    other = tmp_path / "other.xlam"
    other.write_bytes(b"no add-in")
    assert building.wrapper_version(other) == ""
    assert building.wrapper_version(tmp_path / "none.xlam") == ""


PRESS = """\
Public Sub Press(tag)
    Dim control As New FakeControl, answer
    control.Tag = tag
    XlperfClick control
    XlperfOnForm control, answer
    Range("F1").Value = answer
    XlperfOnBook control, answer
    Range("F2").Value = answer
    XlperfAfterChange control, answer
    Range("F3").Value = answer
End Sub
"""
RUN_PYTHON = """\
Public Function RunPython(command)
    Range("F4").Value = command
End Function
"""


@pytest.mark.parametrize(("tag", "changes"), [("check", True), ("next_finding", False)])
def test_a_click_runs_python_and_lights_up_undo_where_it_may_have_changed(
    interpreter, tag, changes
):
    interpreter.add_module("Public Tag As String\n", name="FakeControl", kind="class")
    interpreter.add_module(PRESS, name="Pressing")
    interpreter.add_module(RUN_PYTHON, name="xlwings")
    interpreter.run("Press", tag)
    sheet = interpreter.sheet(1)
    command = f"from xlperf.addin import buttons; buttons.{tag}()"
    assert [sheet.value(f"F{row}") for row in (1, 2, 3, 4)] == [False, True, changes, command]


def test_a_python_that_does_not_start_is_told_in_chinese(interpreter):
    failing = RUN_PYTHON.replace('Range("F4").Value', 'Err.Raise 1, Description:="no DLL"\n    x')
    interpreter.add_module("Public Tag As String\n", name="FakeControl", kind="class")
    interpreter.add_module(PRESS, name="Pressing")
    interpreter.add_module(failing, name="xlwings")
    interpreter.run("Press", "check")
    ((_, prompt, title, _),) = interpreter.dialogs
    assert prompt.startswith("无法启动 Python")
    assert prompt.endswith("no DLL")
    assert title == "xlperf"
    assert interpreter.sheet(1).value("F3") is False
