"""Running rules over forms: which rules, in which order, and what comes out.

The findings come in the order of document, form and row, whatever order the forms came in.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from xlperf.diagnostic import Diagnostic, InputError, Message, Severity, Span
from xlperf.rules.context import AllForms, FormCase, IndicatorCase
from xlperf.rules.rule import RULES, Case, Fault, Fix, Rule, Scope, Stage

_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.ERROR: 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault in its place: the rule, the diagnostic, and the field it is about.

    `project` is the name of the project and `key` its 编号; `indicator` is the indicator's name, ""
    where the field belongs to the form as a whole, and `row` its position in the table. `value` is
    the field's text; `replacement` the text that would mend it, None where a person must decide.
    """

    rule: Rule
    diagnostic: Diagnostic
    document: str
    key: str
    project: str
    indicator: str
    row: int | None
    field: str
    value: str
    replacement: str | None

    @property
    def code(self) -> str:
        return self.rule.code

    @property
    def severity(self) -> Severity:
        return self.rule.severity

    @property
    def span(self) -> Span | None:
        return self.diagnostic.span


def choose(
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    severity: Severity = Severity.INFO,
    stage: Stage = Stage.BOTH,
) -> tuple[Rule, ...]:
    """The rules to run: codes or beginnings of codes (`A`, `C0`), at least of this severity.

    A stage leaves out the rules of the other stage. Raises InputError for a code that no rule has.
    """
    for code in (*select, *ignore):
        if not any(known.startswith(code) for known in RULES):
            raise InputError(_unknown(code))
    return tuple(
        rule
        for code, rule in sorted(RULES.items())
        if (not select or code.startswith(tuple(select)))
        and not (ignore and code.startswith(tuple(ignore)))
        and _RANK[rule.severity] >= _RANK[severity]
        and (stage is Stage.BOTH or rule.stage in (stage, Stage.BOTH))
    )


def run(forms: Iterable[FormCase], rules: Iterable[Rule] | None = None) -> list[Finding]:
    """The findings of `rules` (all, unless told) on `forms`, in a fixed order."""
    ordered = tuple(sorted(forms, key=_form_order))
    places = {form: position for position, form in enumerate(ordered)}
    found = [
        (places[_form(at)], finding)
        for rule in (choose() if rules is None else rules)
        for at, finding in _apply(rule, ordered)
    ]
    found.sort(key=lambda pair: (pair[0], _finding_order(pair[1])))
    return [finding for _, finding in found]


def _form_order(form: FormCase) -> tuple[str, ...]:
    project = form.project
    return (form.document, project.key, form.file, project.sheet, project.name)


def _finding_order(finding: Finding) -> tuple[int, str, str, int, str]:
    row = -1 if finding.row is None else finding.row
    start = finding.span.start if finding.span else -1
    return (row, finding.code, finding.field, start, finding.diagnostic.message.zh)


def _apply(rule: Rule, forms: AllForms) -> Iterator[tuple[Case, Finding]]:
    if rule.stage is Stage.SELF_EVALUATION:
        forms = tuple(form for form in forms if form.self_evaluation)
    match rule.scope:
        case Scope.INDICATOR:
            for form in forms:
                for indicator in form.indicators:
                    for fault in rule.check(indicator):
                        yield indicator, _placed(rule, fault, indicator)
        case Scope.FORM:
            for form in forms:
                for fault in rule.check(form):
                    yield form, _placed(rule, fault, fault.at or form)
        case Scope.ALL:
            for fault in rule.check(forms):
                if fault.at is None:
                    raise TypeError(f"{rule.code} compares forms, so its faults must say where")
                yield fault.at, _placed(rule, fault, fault.at)


def _placed(rule: Rule, fault: Fault, at: Case) -> Finding:
    if fault.fix is not None and rule.fix is Fix.NO:
        raise TypeError(f"{rule.code} has no fix, but offers one")
    form = _form(at)
    row = at.row if isinstance(at, IndicatorCase) else None
    value = at.text(fault.label)
    replacement = None if fault.fix == value else fault.fix
    diagnostic = Diagnostic(
        rule.code,
        rule.say(fault.params),
        fault.span,
        at.place(fault.label),
        rule.severity,
        None if replacement is None else _change(replacement),
    )
    return Finding(
        rule,
        diagnostic,
        form.document,
        form.project.key,
        form.name,
        at.name if row is not None else "",
        row,
        fault.label,
        value,
        replacement,
    )


def _form(at: Case) -> FormCase:
    return at.form if isinstance(at, IndicatorCase) else at


def _change(text: str) -> Message:
    return Message(f"改为“{text}”", f"write “{text}”")


def _unknown(code: str) -> Diagnostic:
    return Diagnostic(
        "R203",
        Message(f"没有规则 {code}", f"there is no rule {code}"),
        fix=Message(
            f"可用的规则：{'、'.join(sorted(RULES))}", f"rules: {', '.join(sorted(RULES))}"
        ),
    )
