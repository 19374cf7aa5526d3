"""What the ribbon calls: one function a button, by `xlperf.addin.buttons.NAME()`.

Each takes the workbook that called. What goes wrong is told in a message; a fault of ours is told
as one, with the place of the log that has the details. Nothing is ever raised into Excel.
"""

import contextlib
import datetime
import functools
import itertools
import os
import subprocess
import sys
import traceback
import webbrowser
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import xlwings as xw

from xlperf import bulk, resources
from xlperf.addin import commands, dialogs, memory, messages
from xlperf.addin.actions import InsertRows, Merge, Plan, RemoveRows, SetCells, Unmerge, joined
from xlperf.addin.difference import typed_cells
from xlperf.addin.host import Host, TornError
from xlperf.addin.marks import (
    Looks,
    clear_plan,
    is_marked,
    listed,
    looks_with_marks,
    looks_without_marks,
    mark_plan,
    marked,
)
from xlperf.addin.memory import Done, Marks, Memory
from xlperf.addin.page import html_page
from xlperf.addin.snapshot import Protection, Snapshot
from xlperf.bulk.file_names import file_names
from xlperf.diagnostic import Diagnostic, InputError, Lang, Message, WorkbookError
from xlperf.ooxml.address import cell_name
from xlperf.ooxml.files import make_folder, write_file
from xlperf.review.settings import FILE_NAME, find_settings
from xlperf.tables import FILES, Records
from xlperf.template import Template

_NOT_FILTERED = (SetCells, InsertRows, RemoveRows, Merge, Unmerge)
"""What is not done on a sheet on which a filter hides rows."""

_LOG_BYTES = 1_000_000
_ADDIN = ".xlam"

Press = Callable[[Host], None]


def _button(press: Press) -> Callable[[], None]:
    """The function that VBA calls: `press` with the workbook that called, and nothing raised."""

    @functools.wraps(press)
    def pressed() -> None:
        host: Host | None = None
        try:
            host = Host(xw.Book.caller())
            host.refuse_others()
            press(host)
        except InputError as error:
            _tell(host, dialogs.listed(error.diagnostics, _lang(host)))
        except TornError as error:
            _tell(host, messages.TORN.text(_lang(host)).format(log=_log(press.__name__, error)))
        except Exception as error:
            _tell(host, messages.FAILED.text(_lang(host)).format(log=_log(press.__name__, error)))

    return pressed


# ------------------------------------------------------------------------------------- review


@_button
def check(host: Host) -> None:
    with host.busy(messages.CHECKING):
        snapshot = host.snapshot()
        checked = commands.check(snapshot)
        known = memory.recall(host.key).marks
        now = host.notes()
        cleared = looks_without_marks(now, known.after, known.before)
        clearing = clear_plan(snapshot.data, cleared, {**now, **host.looks(listed(snapshot.data))})
        wanted = marked(snapshot.data, checked.marks)
        before = {**host.looks(wanted.keys() - cleared.keys()), **cleared}
        after = looks_with_marks(wanted, before)
        gone = {step.sheet for step in clearing.structure}
        names = [name for name in host.sheet_names() if name not in gone]
        found = bool(checked.listing.lines)
        marking = mark_plan(after, before, checked.listing, names) if found else Plan()
        marks = Marks(after, {spot: before[spot] for spot in after})
        looks = {**cleared, **after}
        _carry_out(host, snapshot, "check", joined(clearing, marking), looks, marks)
    sheet = next((step.sheet for step in marking.structure), "")
    problems = commands.here(checked.review.problems)
    _say(host, [checked.message(sheet).text(checked.lang)], problems, checked.lang)


@_button
def next_finding(host: Host) -> None:
    snapshot = host.snapshot()
    found = commands.next_finding(snapshot)
    lang = snapshot.settings().lang
    if found is None:
        host.tell(messages.CLEAN.text(lang))
        return
    finding, number, total = found
    place = finding.diagnostic.place
    host.select(place.sheet, place.cell)
    host.tell(f"{number} / {total}  {finding.code}\n{finding.diagnostic.at(file='').text(lang)}")


@_button
def fix(host: Host) -> None:
    with host.busy(messages.LOOKING_FOR_FIXES):
        snapshot = host.snapshot()
        mended, plan = commands.fix(snapshot)
    lang = snapshot.settings().lang
    if not mended:
        host.tell(messages.NOTHING_TO_FIX.text(lang))
        return
    _to_lift(snapshot, plan)  # before questions that would be for nothing
    if dialogs.agreed(host, [dialogs.preview(f, snapshot.sheet) for f in mended]):
        with host.busy(messages.FIXING):
            _carry_out(host, snapshot, "fix", plan)
        host.tell(messages.FIXED.text(lang).format(count=len(mended)))


@_button
def clear_marks(host: Host) -> None:
    snapshot, known = host.snapshot(), memory.recall(host.key).marks
    now = host.notes()
    cleared = looks_without_marks(now, known.after, known.before)
    plan = clear_plan(snapshot.data, cleared, {**now, **host.looks(listed(snapshot.data))})
    if not plan:
        raise InputError(messages.NO_MARKS)
    with host.busy(messages.CLEARING):
        _carry_out(host, snapshot, "clear_marks", plan, cleared, Marks())


# ------------------------------------------------------------------------------------- scores


@_button
def score(host: Host) -> None:
    with host.busy(messages.SCORING):
        snapshot = host.snapshot()
        forms, noticed, plan = commands.score(snapshot)
        _carry_out(host, snapshot, "score", plan)
    lang = snapshot.settings().lang
    host.tell(commands.score_message(forms, commands.here(noticed), lang))


@_button
def explain_score(host: Host) -> None:
    with host.busy(messages.EXPLAINING):
        said = commands.explain_score(host.snapshot())
    host.tell(said)


# --------------------------------------------------------------------------------------- data


@_button
def fill(host: Host) -> None:
    with host.busy(messages.READING):
        snapshot = host.snapshot()
        commands.refuse_no_form(snapshot)
        if is_marked(snapshot.data, host.notes()):
            raise InputError(messages.MARKED)
    chosen = host.choose_table(messages.CHOOSE_TABLE)
    if chosen is None:
        return
    with host.busy(messages.READING_TABLES):
        is_csv = chosen.suffix.lower() == ".csv"
        if is_csv and chosen.name.lower() not in FILES.values():
            raise InputError(messages.no_table(str(chosen)))
        template, records = commands.records_for(snapshot, chosen.parent if is_csv else chosen)
    keys = [project.key for project in records.projects]
    lang = snapshot.settings().lang
    question = messages.WHICH.text(lang).format(count=len(keys))
    each = False if len(keys) == 1 else host.choice(question)
    if each is None:
        return
    if each:
        _fill_each(host, snapshot, template, records)
        return
    key = keys[0] if len(keys) == 1 else _chosen_key(host, template, keys, lang)
    if key is None:
        return
    with host.busy(messages.FILLING):
        outcome, plan = commands.fill(snapshot, template, records, key)
        _carry_out(host, snapshot, "fill", plan)
    said = messages.FILLED.text(lang).format(key=key)
    _say(host, [said], (*records.notes, *commands.here(outcome.problems)), lang)


def _fill_each(host: Host, snapshot: Snapshot, template: Template, records: Records) -> None:
    folder = host.choose_folder(messages.CHOOSE_TARGET)
    if folder is None:
        return
    lang = snapshot.settings().lang
    there = [n for n in file_names(records, template.suffix).values() if (folder / n).exists()]
    names = "\n".join(dialogs.some(there))
    question = messages.REPLACE.text(lang).format(count=len(there), names=names)
    if there and not host.agrees(question):
        return
    with host.busy(messages.FILLING):
        outcomes = commands.fill_each(snapshot, template, records, folder, host.progress)
    written = sum(outcome.path is not None for outcome in outcomes)
    said = messages.WRITTEN.text(lang).format(folder=folder, total=len(outcomes), written=written)
    problems = [*records.notes, *(p for outcome in outcomes for p in outcome.problems)]
    _say(host, [said], problems, lang)


def _chosen_key(host: Host, template: Template, keys: list[str], lang: Lang) -> str | None:
    own = template.form.constants.get("编号", "")
    named = messages.AND.text(lang).join(dialogs.some(keys))
    answer = host.ask(messages.KEY.text(lang).format(keys=named), own if own in keys else keys[0])
    if answer is None:
        return None
    if answer.strip() not in keys:
        raise InputError(messages.no_such_key(answer.strip()))
    return answer.strip()


@_button
def read(host: Host) -> None:
    folder = host.choose_folder(messages.CHOOSE_FORMS)
    if folder is None:
        return
    with host.busy(messages.READING):
        settings = host.snapshot().settings()
        reading = bulk.read_workbooks([folder], settings.limits)
        if not reading.files:
            raise InputError(reading.problems)
        out = _written_beside(
            host,
            folder,
            messages.DATA,
            lambda out: bulk.write_tables(reading.projects, reading.indicators, out),
        )
        if out is None:
            return
        host.open(out)
    said = messages.READ.text(settings.lang).format(
        count=len(reading.projects), rows=len(reading.indicators), file=out
    )
    _say(host, [said], reading.problems, settings.lang)


@_button
def summarise(host: Host) -> None:
    folder = host.choose_folder(messages.CHOOSE_FORMS)
    if folder is None:
        return
    with host.busy(messages.SUMMARISING):
        settings = host.snapshot().settings()
        data, found = commands.summarise(folder, settings)
        out = _written_beside(host, folder, messages.SUMMARY, lambda out: write_file(out, data))
        if out is None:
            return
        host.open(out)
    said = messages.SUMMARISED.text(settings.lang).format(count=len(found.forms), file=out)
    _say(host, [said], found.problems, settings.lang)


def _written_beside(
    host: Host, folder: Path, what: Message, write: Callable[[Path], object]
) -> Path | None:
    """Write a workbook beside the folder, not inside: the next reading must not find it.

    Where that cannot be, as beside a whole drive, the person is asked for a place; None where they
    name none. Raises WorkbookError where that place will not do either.
    """
    out = _free_file(host, folder, folder.parent, what)
    if folder.name:
        with contextlib.suppress(WorkbookError):
            write(out)
            return out
    place = host.choose_folder(messages.ANOTHER_PLACE)
    if place is None:
        return None
    out = _free_file(host, folder, place, what)
    write(out)
    return out


def _free_file(host: Host, folder: Path, place: Path, what: Message) -> Path:
    """Excel opens no two workbooks of one name."""
    for number in itertools.chain([""], itertools.count(2)):
        name = "_".join(filter(None, [folder.name, what.text(host.lang)]))
        out = place / f"{name}{number}.xlsx"
        if not (out.exists() or host.has_open(out.name)):
            return out
    raise AssertionError("numbers do not end")


@_button
def bind(host: Host) -> None:
    with host.busy(messages.BINDING):
        snapshot = host.snapshot()
        lines, plan = commands.bind(snapshot)
        _carry_out(host, snapshot, "bind", plan)
    host.tell("\n".join(lines))


# ------------------------------------------------------------------------------------ the rest


@_button
def undo(host: Host) -> None:
    known = memory.recall(host.key)
    done = known.done
    if done is None:
        raise InputError(messages.NOTHING_TO_UNDO)
    with host.busy(messages.UNDOING):
        snapshot = host.snapshot()
        back = done.plan.inverse
        protections = _to_lift(snapshot, back)
        _refuse_changed(host, snapshot, done)
        host.carry_out(back, protections)
        with _remembering(host, "undo"):
            memory.keep(host.key, Memory(None, done.marks))
    labels = {button.name: button.named for button in commands.BUTTONS}
    # Another version may have had other buttons.
    label = labels.get(done.button, Message(done.button, done.button)).text(host.lang)
    host.tell(messages.UNDONE.text(host.lang).format(label=label))


@_button
def settings(host: Host) -> None:
    path = host.path
    if path is None or path.suffix.lower() == _ADDIN:  # with nothing open, the add-in has called
        raise InputError(messages.NO_FILE)
    file = find_settings(path)
    said = messages.SETTINGS
    if file is None:
        file, said = path.parent / FILE_NAME, messages.NEW_SETTINGS
        write_file(file, messages.EMPTY_SETTINGS.encode("utf-8"))
    _show(file)
    host.tell(said.text(host.lang).format(file=file))


@_button
def help_page(host: Host) -> None:
    page = memory.folder() / "staff.html"
    make_folder(page.parent)
    source = resources.document(messages.PAGE.text(host.lang))
    text = html_page(source.read_text("utf-8"), source.parent, host.lang)
    write_file(page, text.encode("utf-8"))
    webbrowser.open(page.as_uri())


def _show(file: Path) -> None:
    """A text file in the system's editor, as far as there is one.

    By its full path: Windows looks for a bare name in the current folder too.
    """
    if sys.platform == "win32":
        notepad = Path(os.environ.get("SYSTEMROOT", "C:\\Windows"), "System32", "notepad.exe")
        subprocess.Popen([notepad, file])
    elif sys.platform == "darwin":
        subprocess.Popen(["/usr/bin/open", "-t", file])


# ------------------------------------------------------------------------------ plans, undone


def _carry_out(
    host: Host,
    snapshot: Snapshot,
    button: str,
    plan: Plan,
    looks: Looks | None = None,
    marks: Marks | None = None,
) -> None:
    """Do what the plan says, and remember how to undo it. Raises InputError where it may not be.

    `looks` are those of the cells that it marks or clears, `marks` the ones to remember from now.
    """
    if not plan:
        return
    protections = _to_lift(snapshot, plan)
    known = memory.recall(host.key).marks
    host.carry_out(plan, protections)
    with _remembering(host, button):
        held = typed_cells(host.snapshot().data, plan)
        done = Done(button, plan, held, looks or {}, known)
        memory.keep(host.key, Memory(done, known if marks is None else marks))


@contextlib.contextmanager
def _remembering(host: Host, button: str) -> Iterator[None]:
    """What cannot be remembered is said: the workbook is changed all the same."""
    try:
        yield
    except Exception as error:
        memory.forget(host.key)
        log = _log(button, error)
        _tell(host, messages.NOT_REMEMBERED.text(_lang(host)).format(log=log))


def _to_lift(snapshot: Snapshot, plan: Plan) -> list[Protection]:
    """The protections in the way of a plan.

    Raises InputError for those that take a password, and for sheets that are filtered.
    """
    sheets, structure = snapshot.protections()
    concerned = [protection for protection in sheets if protection.sheet in plan.sheets()]
    wrong = [messages.protected(p.sheet) for p in concerned if p.password]
    wrong += map(messages.filtered, sorted(snapshot.filtered() & plan.sheets(_NOT_FILTERED)))
    if structure and plan.moves_sheets():
        wrong.append(messages.PROTECTED_BOOK)
    if wrong:
        raise InputError(wrong)
    return concerned


def _refuse_changed(host: Host, snapshot: Snapshot, done: Done) -> None:
    held = typed_cells(snapshot.data, done.plan)
    changed = [place for place, typed in done.cells.items() if held.get(place, typed) != typed]
    missing = done.cells.keys() - held.keys()
    spots = [spot for spot in done.looks if spot.sheet in host.sheet_names()]
    looks = host.looks(spots)
    repainted = [spot for spot in done.looks if looks.get(spot) != done.looks[spot]]
    cells = [(sheet, cell_name(row, column)) for sheet, row, column in [*changed, *missing]]
    if first := next(iter([*cells, *repainted]), None):
        raise InputError(messages.changed_since(*first))


def _say(host: Host, lines: list[str], problems: Iterable[Diagnostic], lang: Lang) -> None:
    host.tell("\n".join(filter(None, [*lines, dialogs.listed(list(problems), lang)])))


def _tell(host: Host | None, text: str) -> None:
    """As a dialog where there is an Excel to show one; it is in the log otherwise."""
    with contextlib.suppress(Exception):  # Excel itself is gone, or answers no more
        if host is not None:
            host.tell(text, wrong=True)
        elif (app := xw.apps.active) is not None:
            app.alert(text, messages.TITLE.text(), "ok", "critical")


def _lang(host: Host | None) -> Lang:
    return host.lang if host is not None else "zh"


def _log(button: str, error: BaseException) -> Path:
    """Write down what happened; the file."""
    file = memory.folder() / "xlperf.log"
    details = "".join(traceback.format_exception(error))
    with contextlib.suppress(OSError):  # no place for a log is no reason to say nothing
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.stat().st_size > _LOG_BYTES:
            file.replace(file.with_suffix(".old.log"))
        with file.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S} {button}\n{details}\n")
    return file
