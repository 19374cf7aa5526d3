"""Every trouble that the doctor knows is made, in a made-up profile of Windows, and found."""

import json
import os
from pathlib import Path

import pytest
import xlwings

from tests.addin.profile import windows_profile
from xlperf.addin.build import build
from xlperf.addin.doctor import doctor
from xlperf.addin.install import install, settings_of
from xlperf.diagnostic import Severity

ROOT = Path(__file__).parents[2]
CLICK_TO_RUN = "HKLM\\SOFTWARE\\Microsoft\\Office\\ClickToRun\\Configuration"
POLICY = "HKCU\\Software\\Policies\\Microsoft\\Office\\16.0"
USER = "HKCU\\Software\\Microsoft\\Office\\16.0"
TRUSTED = "Excel\\Security\\Trusted Locations"
DISABLED = "\\\\xlstart\\xlperf.xlam".encode("utf-16-le")


@pytest.fixture(scope="module")
def addin():
    return build()


@pytest.fixture(autouse=True)
def installed_package(tmp_path_factory, monkeypatch):
    """The Python of the profile finds xlperf as if it was installed there."""
    folder = tmp_path_factory.mktemp("site")
    metadata = folder / "xlperf-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: xlperf\nVersion: 0\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT)]))


@pytest.fixture
def desktop(tmp_path, addin):
    """`desktop(registry)` is a computer where the add-in is installed and works."""

    def made(registry=None, **more):
        desktop = windows_profile(tmp_path, registry, **more)
        install(desktop, addin)
        library = f"xlwings64-{xlwings.__version__}.dll"
        (desktop.python.parent / library).write_bytes(b"")
        return desktop

    return made


def found(desktop):
    return [trouble.code for trouble in doctor(desktop)]


def test_a_sound_computer_has_no_trouble(desktop):
    assert (
        found(desktop({CLICK_TO_RUN: {"Platform": "x64"}, f"{USER}\\Common": {"VBAOff": 0}})) == []
    )


def test_nothing_installed(tmp_path):
    assert found(windows_profile(tmp_path)) == ["A201"]


def test_a_file_in_quarantine(desktop):
    computer = desktop()
    computer.addin.unlink()
    (trouble,) = doctor(computer)
    assert trouble.code == "A202"
    assert trouble.place.file == str(computer.addin)


def test_a_file_that_was_changed(desktop):
    computer = desktop()
    computer.addin.write_bytes(computer.addin.read_bytes() + b"\0")
    assert "A203" in found(computer)


@pytest.mark.parametrize("text", [b"", b'"USE UDF SERVER","True"\r\n', b"\xff\xff"])
def test_settings_without_a_python(desktop, text):
    computer = desktop()
    computer.settings.write_bytes(text)
    assert found(computer) == ["A203", "A204"]


def test_a_python_that_is_gone(desktop):
    computer = desktop()
    computer.meant(settings_of(computer)["INTERPRETER_WIN"]).unlink()
    assert found(computer) == ["A205"]


@pytest.mark.parametrize("answer", ["exit 1", "echo nothing", "echo '[]'"])
def test_a_python_that_does_not_run_or_has_no_xlperf(desktop, answer):
    computer = desktop()
    computer.python.write_text(f"#!/bin/sh\n{answer}\n")
    assert found(computer) == ["A206"]


def test_an_add_in_for_another_xlwings(desktop):
    computer = desktop()
    answer = json.dumps({"xlperf": "0", "xlwings": "0.1"})
    computer.python.write_text(f"#!/bin/sh\necho '{answer}'\n")
    (trouble,) = doctor(computer)
    assert trouble.code == "A207"
    assert "0.1" in trouble.message.zh
    assert xlwings.__version__ in trouble.message.zh


@pytest.mark.parametrize(
    "registry",
    [
        {CLICK_TO_RUN: {"Platform": "x86"}},
        {"HKLM\\SOFTWARE\\Microsoft\\Office\\16.0\\Outlook": {"Bitness": "x86"}},
    ],
)
def test_a_library_of_the_wrong_width(desktop, registry):
    computer = desktop(registry)
    (trouble,) = doctor(computer)
    assert trouble.code == "A208"
    library = computer.python.parent.parent / f"xlwings32-{xlwings.__version__}.dll"
    library.write_bytes(b"")
    assert found(computer) == []


@pytest.mark.parametrize(("zone", "codes"), [(0, []), (2, []), (3, ["A209"]), (4, ["A209"])])
def test_the_mark_of_the_web(desktop, zone, codes):
    computer = desktop()
    # A stream of a file is opened by this name.
    stream = Path(f"{computer.addin}:Zone.Identifier")
    stream.write_text(f"[ZoneTransfer]\r\nZoneId={zone}\r\n")
    assert found(computer) == codes


@pytest.mark.parametrize(
    ("registry", "codes", "severity"),
    [
        ({f"{POLICY}\\Common": {"VBAOff": 1}}, ["A210"], Severity.ERROR),
        ({f"{POLICY}\\Excel\\Security": {"VBAWarnings": 4}}, ["A210"], Severity.WARNING),
        ({f"{POLICY}\\Excel\\Security": {"vbawarnings": 3}}, ["A210"], Severity.WARNING),
        ({f"{USER}\\Excel\\Security": {"VBAWarnings": 4}}, ["A210"], Severity.WARNING),
        ({f"{USER}\\Excel\\Security": {"VBAWarnings": 2}}, [], None),
        (
            {
                f"{POLICY}\\Excel\\Security": {"VBAWarnings": 4},
                f"{POLICY}\\{TRUSTED}": {"AllLocationsDisabled": 1},
            },
            ["A210"],
            Severity.ERROR,
        ),
        (
            {
                f"{POLICY}\\Excel\\Security": {"BlockContentExecutionFromInternet": 1},
                f"{POLICY}\\{TRUSTED}": {"AllLocationsDisabled": 1},
            },
            ["A211"],
            Severity.ERROR,
        ),
        ({f"{POLICY}\\Excel\\Security": {"BlockContentExecutionFromInternet": 1}}, [], None),
    ],
)
def test_macros_that_a_policy_forbids(desktop, registry, codes, severity):
    troubles = doctor(desktop(registry))
    assert [trouble.code for trouble in troubles] == codes
    assert all(trouble.severity is severity for trouble in troubles)


@pytest.mark.parametrize(
    ("items", "codes"),
    [({"5A3F": b"\1\0" + DISABLED}, ["A212"]), ({"5A3F": b"another"}, []), ({"x": 1}, [])],
)
def test_an_add_in_that_excel_has_disabled(desktop, items, codes):
    assert found(desktop({f"{USER}\\Excel\\Resiliency\\DisabledItems": items})) == codes


def test_an_excel_that_runs(desktop):
    (trouble,) = doctor(desktop(running=True))
    assert trouble.code == "A213"
    assert trouble.severity is Severity.INFO


def test_every_trouble_has_its_remedy_in_both_languages(desktop):
    computer = desktop(
        {
            CLICK_TO_RUN: {"Platform": "x86"},
            f"{POLICY}\\Common": {"VBAOff": 1},
            f"{USER}\\Excel\\Resiliency\\DisabledItems": {"x": DISABLED},
        },
        running=True,
    )
    computer.addin.unlink()
    troubles = doctor(computer)
    assert len(troubles) == 5
    for trouble in troubles:
        assert trouble.fix
        assert not trouble.fix.zh.isascii()
        assert trouble.fix.en.isascii()
