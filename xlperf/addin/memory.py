"""What outlives a click: how the last action is taken back, and what the marks replaced.

Excel forgets its own undo after a macro, and each click may be a new Python process, so this stands
in files of the user: one for each workbook, with the cells that were changed and nothing else.
"""

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xlperf.addin.actions import Plan, Typed, plan_as_json, plan_of_json
from xlperf.addin.marks import Look, Looks, Spot
from xlperf.ooxml.files import make_folder, write_file

_FOLDER = "XLPERF_STATE"
"""The variable that names another folder for these files."""

_KEPT = 30 * 86_400.0
"""Seconds after which nobody undoes any more."""

Place = tuple[str, int, int]
"""Sheet, row and column of a cell."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What the last marking made of its cells, and what they looked like before it."""

    after: Looks = field(default_factory=dict)
    before: Looks = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """The last action: its button, its plan, and what its cells held and looked like afterwards.

    `marks` are those that were known before it.
    """

    button: str
    plan: Plan
    cells: Mapping[Place, Typed]
    looks: Looks
    marks: Marks


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one workbook."""

    done: Done | None = None
    marks: Marks = field(default_factory=Marks)


def folder() -> Path:
    """Where the add-in keeps its log and its memory: a folder of this user, on this machine."""
    if given := os.environ.get(_FOLDER):
        return Path(given)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "xlperf"
    if sys.platform == "darwin":
        return home / "Library/Application Support/xlperf"
    return Path(os.environ.get("XDG_STATE_HOME") or home / ".local/state") / "xlperf"


def recall(book: str) -> Memory:
    """What is known of the workbook of this full name; nothing where the file is not readable."""
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
        return _read(json.loads(_file(book).read_text("utf-8")))
    return Memory()


def keep(book: str, memory: Memory) -> None:
    """Remember this of the workbook. Raises WorkbookError where the file cannot be written."""
    make_folder(_file(book).parent)
    _forget_old()
    write_file(_file(book), json.dumps(_written(memory), ensure_ascii=False).encode())


def forget(book: str) -> None:
    """Remember nothing of the workbook, as far as the file can be removed."""
    with contextlib.suppress(OSError):
        _file(book).unlink(missing_ok=True)


def _file(book: str) -> Path:
    name = hashlib.sha256(os.path.normcase(book).encode()).hexdigest()[:32]
    return folder() / "undo" / f"{name}.json"


def _forget_old() -> None:
    oldest = time.time() - _KEPT
    for file in (folder() / "undo").glob("*.json"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < oldest:
                file.unlink()


def _written(memory: Memory) -> dict[str, Any]:
    done = memory.done
    return {
        "marks": _marks_written(memory.marks),
        "done": done
        and {
            "button": done.button,
            "plan": plan_as_json(done.plan),
            "cells": [[*place, typed] for place, typed in done.cells.items()],
            "looks": _looks_written(done.looks),
            "marks": _marks_written(done.marks),
        },
    }


def _read(data: Any) -> Memory:
    done = data["done"] and Done(
        data["done"]["button"],
        plan_of_json(data["done"]["plan"]),
        {(sheet, row, column): typed for sheet, row, column, typed in data["done"]["cells"]},
        _looks(data["done"]["looks"]),
        _marks(data["done"]["marks"]),
    )
    return Memory(done, _marks(data["marks"]))


def _marks_written(marks: Marks) -> list[Any]:
    return [_looks_written(marks.after), _looks_written(marks.before)]


def _marks(data: Any) -> Marks:
    return Marks(*map(_looks, data))


def _looks_written(looks: Looks) -> list[list[Any]]:
    return [[*spot, *look] for spot, look in looks.items()]


def _looks(rows: list[list[Any]]) -> Looks:
    return {Spot(sheet, cell): Look(colour, note) for sheet, cell, colour, note in rows}
