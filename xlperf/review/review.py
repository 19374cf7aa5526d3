"""Reviewing: which forms there are, what the rules find on them, what can be mended."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from xlperf import tables, template
from xlperf.diagnostic import Diagnostic, InputError
from xlperf.ooxml.address import parse_cell
from xlperf.ooxml.files import find_workbooks, no_workbooks, read_file, write_file
from xlperf.ooxml.preflight import DEFAULT, Limits
from xlperf.review.settings import ReviewSettings
from xlperf.review.waivers import load_waivers, sort_out
from xlperf.rules import Finding, Fix, FormCase, Settings, choose, run
from xlperf.scoring import Policy

_PASSES = 10


@dataclass(frozen=True, slots=True)
class Review:
    """The findings on all forms, and what else has to be said.

    `problems` are files that could not be read, what in the others cannot be relied on, and waivers
    that match nothing; `waived` are the findings that a waiver accepts, with its reason. `forms`
    counts the forms that were read; `unread` and `unwritten` are files.
    """

    findings: tuple[Finding, ...]
    problems: tuple[Diagnostic, ...]
    waived: tuple[tuple[Finding, str], ...]
    forms: int
    unread: frozenset[str] = frozenset()
    unwritten: frozenset[str] = frozenset()


def check(paths: Iterable[str | Path], settings: ReviewSettings | None = None) -> Review:
    """Review every form in workbooks, folders and tables.

    A file that cannot be read is one of the problems; the others are reviewed. Raises InputError
    for settings, a policy or waivers that cannot be used.
    """
    settings = settings or ReviewSettings()
    rules = choose(settings.select, settings.ignore, settings.severity, settings.stage)
    policy = Policy.load(settings.policy)
    thresholds = Settings.load(settings.policy)
    waivers = load_waivers(settings.waivers)
    forms: list[FormCase] = []
    problems: list[Diagnostic] = []
    unread: set[str] = set()
    paths = list(paths)
    sources = find_sources(paths)
    if not sources:
        problems += map(no_workbooks, paths)
    for source in sources:
        try:
            read, wrong = _forms(source, policy, thresholds, settings.limits)
            forms += read
        except InputError as error:
            wrong = error.diagnostics
            unread.add(str(source))
        problems += [d if d.place.file else d.at(file=str(source)) for d in wrong]
    findings, waived, unused = sort_out(run(forms, rules), waivers, settings.waivers)
    return Review(
        tuple(findings), (*problems, *unused), tuple(waived), len(forms), frozenset(unread)
    )


def fix(
    paths: Iterable[str | Path], settings: ReviewSettings | None = None, *, suggested: bool = False
) -> tuple[list[Finding], Review]:
    """Mend in place what can be mended, and review again.

    Safe fixes are applied, suggested ones only on request. What comes back is every finding that
    was mended, in order, and the review of the files as they now are. Each file is replaced whole;
    one that cannot be written is a problem of the review.
    """
    paths = list(paths)
    kinds = {Fix.SAFE, Fix.SUGGEST} if suggested else {Fix.SAFE}
    limits = settings.limits if settings else DEFAULT
    mended: list[Finding] = []
    failed: dict[Path, list[Diagnostic]] = {}
    review = check(paths, settings)
    for _ in range(_PASSES):
        chosen: dict[tuple[str, str, str], Finding] = {}
        for finding in review.findings:
            place = finding.diagnostic.place
            if finding.rule.fix in kinds and finding.replacement is not None and place.cell:
                chosen.setdefault((place.file, place.sheet, place.cell), finding)
        done: list[Finding] = []
        for file, found in _by_file(chosen.values()):
            try:
                done += _mend(file, found, limits) if file not in failed else ()
            except InputError as error:
                failed[file] = [d.at(file=d.place.file or str(file)) for d in error.diagnostics]
        if not done:
            break
        mended += done
        review = check(paths, settings)
    problems = (*review.problems, *(d for found in failed.values() for d in found))
    return mended, replace(review, problems=problems, unwritten=frozenset(map(str, failed)))


def find_sources(paths: Iterable[str | Path]) -> list[Path]:
    """What to review, in order: workbooks, and folders that hold the two tables."""
    return find_workbooks(
        paths, lambda f: all((f / name).is_file() for name in tables.FILES.values())
    )


def _forms(
    source: Path, policy: Policy, thresholds: Settings, limits: Limits
) -> tuple[list[FormCase], Sequence[Diagnostic]]:
    """The forms of a workbook, of a workbook of tables, or of a folder of tables.

    And what in a workbook was not read as it should be. Raises InputError where nothing was.
    """
    if source.is_dir():
        return _from_tables(source, policy, thresholds, limits)
    data = read_file(source, limits)
    forms, wrong = template.read_forms(data, limits)
    if not forms and wrong:
        raise InputError(wrong)
    if not forms:
        if not tables.holds_tables(data, limits):
            raise InputError(template.no_form(source))
        return _from_tables(source, policy, thresholds, limits)
    document = source.parent.name
    cases = [FormCase(p, document, str(source), policy, thresholds) for _, p in forms]
    return cases, wrong


def _from_tables(
    source: Path, policy: Policy, thresholds: Settings, limits: Limits
) -> tuple[list[FormCase], Sequence[Diagnostic]]:
    """The projects without faults, and the faults of the others."""
    records = tables.build_records(*tables.read_folder(source, limits))
    sound = [project for project in records.projects if project.key not in records.faults]
    cases = [FormCase(p, source.stem, str(source), policy, thresholds) for p in sound]
    return cases, records.all_faults


def _by_file(findings: Iterable[Finding]) -> Iterator[tuple[Path, list[Finding]]]:
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(finding.diagnostic.place.file, []).append(finding)
    for file, chosen in files.items():
        yield Path(file), chosen


def _mend(file: Path, findings: list[Finding], limits: Limits) -> list[Finding]:
    """Write the replacements into a workbook or into CSV tables; the findings that were mended."""
    texts: dict[str, dict[tuple[int, int], str]] = {}
    for finding in findings:
        place = finding.diagnostic.place
        texts.setdefault(place.sheet, {})[parse_cell(place.cell)] = finding.replacement or ""
    written: set[tuple[str, tuple[int, int]]] = set()
    if file.is_dir():
        for sheet, changes in texts.items():
            path = file / sheet
            write_file(path, tables.replace_cells(read_file(path, limits), changes, path))
            written |= {(sheet, position) for position in changes}
    else:
        data, replaced = template.replace_texts(read_file(file, limits), texts, limits)
        if replaced:
            write_file(file, data)
        written = replaced
    return [
        finding
        for finding in findings
        if (finding.diagnostic.place.sheet, parse_cell(finding.diagnostic.place.cell)) in written
    ]
