"""The parts of Windows that xlwings' UDF server imports, as stand-ins that do nothing.

All else of the server, its conversion of values above all, is xlwings' own code. Importing a module
of Windows is what fails elsewhere; what the modules would do is never asked for by a call.
"""

import ctypes
import datetime
import importlib
import sys
from types import ModuleType
from unittest.mock import MagicMock

import pytest

_MODULES = (
    "pythoncom", "pywintypes", "win32api", "win32con", "win32event", "win32gui", "win32process",
    "win32timezone", "win32com", "win32com.client", "win32com.client.dynamic", "win32com.server",
    "win32com.server.dispatcher", "win32com.server.policy", "win32com.server.util",
)  # fmt: skip


class ComError(Exception):
    """What pywin32 raises."""


class ComTime(datetime.datetime):
    """A date as pywin32 hands it over."""


def udf_server(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, ModuleType]:
    """The COM server of xlwings, and `xlperf.addin.udfs` imported as on Windows."""
    import xlwings

    for name in _MODULES:
        monkeypatch.setitem(sys.modules, name, MagicMock(name=name))
    sys.modules["pythoncom"].__file__ = ""
    pywintypes = sys.modules["pywintypes"]
    pywintypes.com_error, pywintypes.TimeType = ComError, ComTime  # type: ignore[attr-defined]
    client = sys.modules["win32com.client"]
    for kind in ("CDispatch", "CoClassBaseClass", "DispatchBaseClass"):
        setattr(client, kind, type(kind, (), {}))
    win32com = sys.modules["win32com"]
    win32com.client = client  # type: ignore[attr-defined]
    win32com.server = sys.modules["win32com.server"]  # type: ignore[attr-defined]
    win32com.server.util.unwrap.side_effect = ComError  # type: ignore[attr-defined]
    for name in ("windll", "oledll", "PyDLL"):
        monkeypatch.setattr(ctypes, name, MagicMock(), raising=False)
    for name in ("_win32patch", "_xlwindows", "udfs", "com_server"):
        monkeypatch.delitem(sys.modules, f"xlwings.{name}", raising=False)
    windows = importlib.import_module("xlwings._xlwindows")
    monkeypatch.setattr(xlwings, "_xlwindows", windows, raising=False)
    engine = xlwings.Engine(impl=windows.engine)
    monkeypatch.setattr(xlwings, "engines", {"excel": engine})
    udfs = importlib.import_module("xlwings.udfs")
    monkeypatch.setattr(xlwings, "func", udfs.xlfunc)
    monkeypatch.setattr(xlwings, "arg", udfs.xlarg)
    monkeypatch.delitem(sys.modules, "xlperf.addin.udfs", raising=False)
    served = importlib.import_module("xlperf.addin.udfs")
    server = importlib.import_module("xlwings.com_server")
    monkeypatch.setitem(sys.modules, "xlperf.addin.udfs", served)
    for name in ("_win32patch", "_xlwindows", "udfs", "com_server"):
        monkeypatch.setitem(sys.modules, f"xlwings.{name}", sys.modules[f"xlwings.{name}"])
    return server, served


def com_range(cells: object) -> MagicMock:
    """Cells as VBA hands them over by reference: an area as rows, a single cell as itself."""
    area = cells if isinstance(cells, tuple) else ((cells,),)
    found = MagicMock(Value=cells)
    found.Rows.Count, found.Columns.Count = len(area), len(area[0])
    kind = found._oleobj_.GetTypeInfo.return_value.GetTypeAttr.return_value
    kind.iid = sys.modules["pywintypes"].IID.return_value
    return found
