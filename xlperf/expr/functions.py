"""Logic, totals and questions; and the place where all worksheet functions come together.

`registry` says how one is written. Importing this module enters all of them into `FUNCTIONS`.
"""

from itertools import chain

from xlperf.expr import (  # enter theirs into the table
    criteria,
    databases,
    dates,
    finance,
    lookups,
    mathematics,
    matrices,
    statistics,
    texts,
)
from xlperf.expr.registry import (
    ANY,
    FUNCTIONS,
    Area,
    Function,
    area_of,
    cells,
    conditions,
    function,
    numbers,
    plain,
    total,
    whole,
)
from xlperf.expr.values import (
    DIV0,
    ERROR_CODES,
    NA,
    VALUE,
    ExcelError,
    Fault,
    Value,
    doubt,
    finite,
    floor,
    logical,
    number,
    order,
    text,
)

__all__ = [
    "FUNCTIONS",
    "Area",
    "Function",
    "criteria",
    "databases",
    "dates",
    "finance",
    "function",
    "lookups",
    "mathematics",
    "matrices",
    "statistics",
    "texts",
]

# ------------------------------------------------------------------------------------ logic


@function("IF", 2, 3, spread=False)
def _if(condition: Value, then: Value, otherwise: Value = False) -> Value:
    return then if logical(condition) else otherwise


@function("IFERROR", 2, spread=False)
def _iferror(value: Value, instead: Value) -> Value:
    return instead if isinstance(value, ExcelError) else value


@function("IFNA", 2, spread=False)
def _ifna(value: Value, instead: Value) -> Value:
    return instead if value == NA else value


@function("IFS", 2, ANY, spread=False)
def _ifs(*pairs: Value) -> Value:
    if len(pairs) % 2:
        raise Fault(VALUE)
    for condition, then in zip(pairs[::2], pairs[1::2], strict=True):
        if logical(condition):
            return then
    raise Fault(NA)


@function("SWITCH", 3, ANY, spread=False)
def _switch(value: Value, *cases: Value) -> Value:
    if isinstance(value, ExcelError):
        raise Fault(value)
    for case, then in zip(cases[::2], cases[1::2], strict=False):
        if (value is None) != (case is None):
            doubt("SWITCH ∅")
        if order(value, case) == 0 and type(value) is type(case):
            return then
    if len(cases) % 2:
        return cases[-1]
    raise Fault(NA)


@function("CHOOSE", 2, ANY, spread=False)
def _choose(index: Value, *choices: Value) -> Value:
    if not 1 <= (place := whole(index)) <= len(choices):
        raise Fault(VALUE)
    return choices[place - 1]


@function("NOT", 1)
def _not(value: Value) -> Value:
    return not logical(value)


@function("AND", 1, ANY, takes="(r)")
def _and(*args: Value | Area) -> Value:
    return all(_conditions(args))


@function("OR", 1, ANY, takes="(r)")
def _or(*args: Value | Area) -> Value:
    return any(_conditions(args))


@function("XOR", 1, ANY, takes="(r)")
def _xor(*args: Value | Area) -> Value:
    return sum(_conditions(args)) % 2 == 1


def _conditions(args: tuple[Value | Area, ...]) -> list[bool]:
    if not (found := conditions(args)):
        raise Fault(VALUE)
    return found


# ------------------------------------------------------------------------------------ totals


@function("SUM", 1, ANY, takes="(r)")
def _sum(*args: Value | Area) -> Value:
    return finite(total(numbers(args)))


@function("AVERAGE", 1, ANY, takes="(r)")
def _average(*args: Value | Area) -> Value:
    found = numbers(args)
    if not found:
        raise Fault(DIV0)
    return finite(total(found) / len(found))


@function("PRODUCT", 1, ANY, takes="(r)")
def _product(*args: Value | Area) -> Value:
    found = numbers(args)
    result = 1.0 if found else 0.0
    for each in found:
        result *= each
    return finite(result)


@function("SUMSQ", 1, ANY, takes="(r)")
def _sumsq(*args: Value | Area) -> Value:
    return finite(total(value * value for value in numbers(args)))


@function("MIN", 1, ANY, takes="(r)")
def _min(*args: Value | Area) -> Value:
    return min(numbers(args), default=0.0)


@function("MAX", 1, ANY, takes="(r)")
def _max(*args: Value | Area) -> Value:
    return max(numbers(args), default=0.0)


@function("COUNT", 1, ANY, takes="(r)")
def _count(*args: Value | Area) -> Value:
    return float(sum(_counts(arg) for arg in args))


def _counts(arg: Value | Area) -> int:
    if isinstance(arg, tuple):
        return sum(type(value) is float for value in cells(arg))
    try:
        number(arg)
    except Fault:
        return 0
    return 1


@function("COUNTA", 1, ANY, takes="(r)")
def _counta(*args: Value | Area) -> Value:
    areas = [arg if isinstance(arg, tuple) else ((True,),) for arg in args]
    return float(sum(value is not None for area in areas for value in cells(area)))


@function("COUNTBLANK", 1, takes="r")
def _countblank(area: Value | Area) -> Value:
    if not isinstance(area, tuple):
        raise Fault(VALUE)
    return float(sum(value is None or value == "" for value in cells(area)))


@function("SUMPRODUCT", 1, ANY, takes="(a)")
def _sumproduct(*args: Value | Area) -> Value:
    areas = [area_of(arg) for arg in args]
    if any((len(area), len(area[0])) != (len(areas[0]), len(areas[0][0])) for area in areas):
        for value in chain.from_iterable(map(cells, areas)):
            if isinstance(value, ExcelError):
                raise Fault(value)
        raise Fault(VALUE)
    products = []
    for row in zip(*areas, strict=True):
        for values in zip(*row, strict=True):
            product = 1.0
            for value in values:
                if isinstance(value, ExcelError):
                    raise Fault(value)
                product *= value if type(value) is float else 0.0
            products.append(product)
    return finite(total(products))


_AGGREGATES = """
AVERAGE COUNT COUNTA MAX MIN PRODUCT STDEV.S STDEV.P SUM VAR.S VAR.P MEDIAN MODE.SNGL
LARGE SMALL PERCENTILE.INC QUARTILE.INC PERCENTILE.EXC QUARTILE.EXC
"""
_FIRST_WITH_PLACE = 14
_IGNORE_ERRORS, _IGNORE_NOTHING = 6, 4


@function("AGGREGATE", 3, ANY, takes="vv(a)")
def _aggregate(code: Value, how: Value, *args: Value | Area) -> Value:
    which, option, names = whole(code), whole(how), _AGGREGATES.split()
    if not 1 <= which <= len(names):
        raise Fault(VALUE)
    if option not in (_IGNORE_ERRORS, _IGNORE_NOTHING):
        doubt(f"AGGREGATE({which},{option})")  # hidden rows, other subtotals
    areas = [area_of(arg) for arg in args]
    if option == _IGNORE_ERRORS:
        areas = [
            tuple(tuple(None if isinstance(v, ExcelError) else v for v in row) for row in area)
            for area in areas
        ]
    total_of = FUNCTIONS[names[which - 1]].scalar
    if which < _FIRST_WITH_PLACE:
        return total_of(*areas)
    if len(args) != 2:
        raise Fault(VALUE)
    return total_of(areas[0], next(cells(area_of(args[1]))))


@function("HYPERLINK", 1, 2, spread=False)
def _hyperlink(target: Value, shown: Value = None) -> Value:
    if isinstance(target, ExcelError):
        raise Fault(target)
    return target if shown is None else shown


@function("ROWS", 1, takes="r")
def _rows(area: Value | Area) -> Value:
    return float(len(_reference(area)))


@function("COLUMNS", 1, takes="r")
def _columns(area: Value | Area) -> Value:
    return float(len(_reference(area)[0]))


def _reference(area: Value | Area) -> Area:
    if isinstance(area, ExcelError):
        raise Fault(area)
    if not isinstance(area, tuple):
        raise Fault(VALUE)
    return area


@function("ROW COLUMN", 0, 1, takes="r", placed=True)
def _place(_: Value | Area = None) -> Value:
    raise AssertionError("answered before anything is computed")


@function("SUBTOTAL", 2, ANY, takes="v(r)", placed=True)
def _subtotal(*_: Value | Area) -> Value:
    raise AssertionError("told apart by its first argument before anything is computed")


@function("OFFSET", 3, 5, takes="rvvvv", placed=True)
@function("INDIRECT", 1, 2, placed=True)
@function("LET", 3, ANY, placed=True)
@function("SINGLE", 1, placed=True)
@function("ANCHORARRAY", 1, takes="r", placed=True)
@function("RANGE… MEET…", 2, takes="rr", placed=True)
@function("UNION…", 2, ANY, takes="(r)", placed=True)
def _reference_by_values(*_: Value | Area) -> Value:
    raise AssertionError("settled before anything is computed")


# -------------------------------------------------------------------------------- questions


@function("N", 1, spread=False)
def _n(value: Value) -> Value:
    return 0.0 if isinstance(value, str) else number(value)


@function("T", 1, spread=False)
def _t(value: Value) -> Value:
    if isinstance(value, ExcelError):
        raise Fault(value)
    return value if isinstance(value, str) else ""


@function("NA", 0)
def _na() -> Value:
    raise Fault(NA)


@function("ISNUMBER", 1)
def _isnumber(value: Value) -> Value:
    return type(value) is float


@function("ISTEXT", 1)
def _istext(value: Value) -> Value:
    return isinstance(value, str)


@function("ISNONTEXT", 1)
def _isnontext(value: Value) -> Value:
    return not isinstance(value, str)


@function("ISLOGICAL", 1)
def _islogical(value: Value) -> Value:
    return isinstance(value, bool)


@function("ISBLANK", 1)
def _isblank(value: Value) -> Value:
    return value is None


@function("ISERROR", 1)
def _iserror(value: Value) -> Value:
    return isinstance(value, ExcelError)


@function("ISERR", 1)
def _iserr(value: Value) -> Value:
    return isinstance(value, ExcelError) and value != NA


@function("ISNA", 1)
def _isna(value: Value) -> Value:
    return value == NA


@function("ISEVEN", 1)
def _iseven(value: Value) -> Value:
    return _parity(value) == 0


@function("ISODD", 1)
def _isodd(value: Value) -> Value:
    return _parity(value) == 1


def _parity(value: Value) -> int:
    return abs(whole(plain(value))) % 2


@function("ERROR.TYPE", 1)
def _error_type(value: Value) -> Value:
    if not isinstance(value, ExcelError):
        raise Fault(NA)
    if value.code not in _ERROR_TYPES:
        doubt(f"ERROR.TYPE({value})")
        raise Fault(NA)
    return float(_ERROR_TYPES.index(value.code) + 1)


_ERROR_TYPES = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A")
assert set(_ERROR_TYPES) == set(ERROR_CODES)


@function("TYPE", 1)
def _type(value: Value) -> Value:
    if isinstance(value, ExcelError):
        return 16.0
    if isinstance(value, bool):
        return 4.0
    return 2.0 if isinstance(value, str) else 1.0


@function("ADDRESS", 2, 5)
def _address(
    row: Value, column: Value, kind: Value = 1.0, a1: Value = True, sheet: Value = None
) -> Value:
    if kind is None:
        doubt("ADDRESS ∅")  # left out between commas
    y, x, fixed = whole(row), whole(column), whole(kind)
    if not (1 <= y <= 1_048_576 and 1 <= x <= 16_384 and 1 <= fixed <= 4):
        raise Fault(VALUE)
    if sheet is not None or not logical(a1):
        doubt("ADDRESS")
    letters = ""
    while x:
        x, letter = divmod(x - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{'$' * (fixed in (1, 3))}{letters}{'$' * (fixed in (1, 2))}{y}"


@function("INT", 1)
def _int(value: Value) -> Value:
    exact = number(value)
    if (result := floor(exact)) > exact:
        doubt(f"INT({text(exact)})")
    return result
