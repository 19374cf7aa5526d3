"""Worksheet functions of lists with headings: DSUM and its like, with conditions in cells."""

from collections.abc import Callable

from xlperf.expr.criteria import test_of
from xlperf.expr.registry import FUNCTIONS, Area, area_of, function
from xlperf.expr.values import NUM, VALUE, ExcelError, Fault, Value, doubt, number, text


def _chosen(table: Value | Area, field: Value, conditions: Value | Area) -> list[Value]:
    """What the field's column holds in the rows that meet one of the rows of conditions."""
    area, asked = area_of(table), area_of(conditions)
    headings = [_folded(value) for value in area[0]]
    place = _column(headings, field)
    names = [_folded(value) for value in asked[0]]
    lost = any(name and name not in headings for name in names)
    under = zip(names, *asked[1:], strict=True)
    nameless = any(not name and any(each is not None for each in rest) for name, *rest in under)
    if lost or nameless or len(asked) < 2:
        doubt("D… ?")  # a condition that is a formula
        raise Fault(VALUE)
    tests: list[list[tuple[int, Callable[[Value], bool]]]] = [
        [
            (headings.index(name), _test(value))
            for name, value in zip(names, row, strict=True)
            if name and value is not None
        ]
        for row in asked[1:]
    ]
    return [
        row[place]
        for row in area[1:]
        if any(all(test(row[at]) for at, test in each) for each in tests)
    ]


def _folded(value: Value) -> str:
    return "" if value is None else text(value).casefold()


def _column(headings: list[str], field: Value) -> int:
    if field is None:
        doubt("D… ∅")
        raise Fault(VALUE)
    if isinstance(field, str):
        if field.casefold() not in headings:
            raise Fault(VALUE)
        return headings.index(field.casefold())
    place = int(number(field))
    if not 1 <= place <= len(headings):
        raise Fault(VALUE)
    return place - 1


def _test(condition: Value) -> Callable[[Value], bool]:
    """As COUNTIF has it, but a text alone means all that begin with it."""
    if isinstance(condition, str) and condition and condition[0] not in "=<>":
        if condition[0] in "0123456789.+-(" or condition.upper() in ("TRUE", "FALSE"):
            doubt(condition)  # whether it means the text or what the text says
        return test_of(condition + "*")
    if condition == "":
        doubt("D… “”")  # whether it is no condition
    if isinstance(condition, str) and len(condition) > 2 and condition.startswith("<>"):
        doubt(condition)  # whether it means all that begin with the text
    if isinstance(condition, ExcelError):
        raise Fault(condition)
    return test_of(condition)


def _database(name: str, of: str) -> None:
    def scalar(table: Value | Area, field: Value, conditions: Value | Area) -> Value:
        found = _chosen(table, field, conditions)
        return FUNCTIONS[of].scalar(tuple((value,) for value in found) or ((None,),))

    function(name, 3, takes="rvr")(scalar)


_TOTALS = "SUM COUNT COUNTA AVERAGE MAX MIN PRODUCT STDEV STDEVP VAR VARP"
for _name in _TOTALS.split():
    _database(f"D{_name}", _name)


@function("DGET", 3, takes="rvr")
def _dget(table: Value | Area, field: Value, conditions: Value | Area) -> Value:
    found = _chosen(table, field, conditions)
    if len(found) != 1:
        raise Fault(NUM if found else VALUE)
    return found[0]
