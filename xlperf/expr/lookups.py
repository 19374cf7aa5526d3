"""Worksheet functions that look something up in a range.

A search goes by kind: a number is never found among texts. Where the entries are not in order, a
search in order finds what Excel finds as it halves the range; where kinds are mixed too, that is
not known and the answer is a doubt.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from xlperf.expr.criteria import has_wildcard, wildcard
from xlperf.expr.registry import Area, area_of, function, whole
from xlperf.expr.values import (
    NA,
    REF,
    VALUE,
    ExcelError,
    Fault,
    Value,
    doubt,
    kind_of,
    logical,
    number,
    rank,
    same_number,
)

_Key = tuple[int, float | str | bool]
_MOST = 64


def _key(value: Value) -> _Key:
    return kind_of(value), value.lower() if isinstance(value, str) else value  # type: ignore[return-value]


class _Line:
    """A row or a column that is searched, indexed on first use."""

    def __init__(self, values: Sequence[Value]) -> None:
        self.values = values
        self._places: dict[_Key, int] | None = None
        self._kinds: dict[int, tuple[list[int], list[Value]]] = {}
        self._sorted: dict[int, bool] = {}

    def exact(self, wanted: Value) -> int | None:
        """The first place that holds this value."""
        if isinstance(wanted, str) and has_wildcard(wanted):
            match = wildcard(wanted).fullmatch
            found = (p for p, v in enumerate(self.values) if isinstance(v, str) and match(v))
            return next(found, None)
        if self._places is None:
            self._places = {}
            for place, value in enumerate(self.values):
                if value is not None and not isinstance(value, ExcelError):
                    self._places.setdefault(_key(value), place)
        at = self._places.get(_key(wanted))
        if at is None and type(wanted) is float and not wanted.is_integer():
            for value in self.values:
                if type(value) is float:
                    same_number(value, wanted)  # a doubt where they only look the same
        return at

    def at_most(self, wanted: Value) -> int | None:
        """The last place of what is not above this value, where the entries ascend.

        Where they do not, what Excel finds as it halves the range again and again.
        """
        places, values = self._of_kind(kind_of(wanted))
        key = _order_key(wanted)
        if len(places) < len(self.values) and not self._is_sorted(kind_of(wanted)):
            doubt("LOOKUP ↓")
        low, high = 0, len(values) - 1
        while low <= high:
            middle = (low + high) // 2
            here = _order_key(values[middle])
            if isinstance(wanted, str):
                rank(values[middle], wanted)
            if here == key:  # to the last of equal neighbours
                while middle + 1 < len(values) and _order_key(values[middle + 1]) == key:
                    middle += 1
                return places[middle]
            low, high = (low, middle - 1) if here > key else (middle + 1, high)  # type: ignore[operator]
        return places[high] if high >= 0 else None

    def at_least(self, wanted: Value) -> int | None:
        """The last place before the first of what is below this value, where entries descend.

        A doubt where they do not, or where several of them are equal there.
        """
        places, values = self._of_kind(kind_of(wanted))
        if any(rank(a, b) < 0 for a, b in pairwise(values)):
            doubt("MATCH -1")
        above = [place for place, value in enumerate(values) if rank(value, wanted) >= 0]
        if len(above) > 1 and rank(values[above[-1]], values[above[-2]]) == 0:
            doubt("MATCH -1 =")
        return places[above[-1]] if above else None

    def _of_kind(self, kind: int) -> tuple[list[int], list[Value]]:
        known = self._kinds.get(kind)
        if known is None:
            places = [
                place
                for place, value in enumerate(self.values)
                if value is not None
                and not isinstance(value, ExcelError)
                and kind_of(value) == kind
            ]
            known = self._kinds[kind] = places, [self.values[place] for place in places]
        return known

    def _is_sorted(self, kind: int) -> bool:
        if kind not in self._sorted:
            keys = map(_order_key, self._of_kind(kind)[1])
            self._sorted[kind] = all(a <= b for a, b in pairwise(keys))  # type: ignore[operator]
        return self._sorted[kind]


def _order_key(value: Value) -> float | str | bool:
    return value.lower() if isinstance(value, str) else value  # type: ignore[return-value]


_lines: dict[tuple[int, int], tuple[Area, _Line]] = {}


def _column(area: Area, place: int = 0) -> _Line:
    """A column of an area, indexed once for all who search the very same area."""
    return _known(area, place, lambda: [row[place] for row in area])


def _row(area: Area) -> _Line:
    return _known(area, -1, lambda: area[0])


def _known(area: Area, place: int, values: Callable[[], Sequence[Value]]) -> _Line:
    known = _lines.get((id(area), place))
    if known is None or known[0] is not area:
        if len(_lines) >= _MOST:
            _lines.clear()
        known = _lines[id(area), place] = area, _Line(values())
    return known[1]


def _line(arg: Value | Area) -> _Line:
    """A range of one row or one column."""
    area = area_of(arg)
    if len(area[0]) == 1:
        return _column(area)
    if len(area) != 1:
        raise Fault(NA)
    return _row(area)


def _wanted(value: Value) -> Value:
    if isinstance(value, ExcelError):
        raise Fault(value)
    return 0.0 if value is None else value


def _table(arg: Value | Area) -> Area:
    if isinstance(arg, ExcelError):
        raise Fault(arg)
    return area_of(arg)


@function("VLOOKUP", 3, 4, takes="vrvv")
def _vlookup(value: Value, table: Value | Area, column: Value, nearest: Value = True) -> Value:
    area, wanted, place = _table(table), _wanted(value), whole(column)
    if place < 1:
        raise Fault(VALUE)
    if place > len(area[0]):
        raise Fault(REF)
    line = _column(area)
    return area[_at(line, wanted, logical(nearest))][place - 1]


@function("HLOOKUP", 3, 4, takes="vrvv")
def _hlookup(value: Value, table: Value | Area, row: Value, nearest: Value = True) -> Value:
    area, wanted, place = _table(table), _wanted(value), whole(row)
    if place < 1:
        raise Fault(VALUE)
    if place > len(area):
        raise Fault(REF)
    return area[place - 1][_at(_row(area), wanted, logical(nearest))]


def _at(line: _Line, wanted: Value, nearest: bool) -> int:
    found = line.at_most(wanted) if nearest else line.exact(wanted)
    if found is None:
        raise Fault(NA)
    return found


@function("LOOKUP", 2, 3, takes="vaa")
def _lookup(value: Value, sought: Value | Area, given: Value | Area = None) -> Value:
    wanted, area = _wanted(value), _table(sought)
    across = len(area[0]) > len(area)
    if given is None:
        line = _row(area) if across else _column(area)
        result = area[-1] if across else tuple(row[-1] for row in area)
    else:
        line = _line(area)
        other = _table(given)
        if min(len(other), len(other[0])) != 1:
            raise Fault(NA)
        result = other[0] if len(other) == 1 else tuple(row[0] for row in other)
    place = _at(line, wanted, True)
    if place >= len(result):
        doubt("LOOKUP")
        raise Fault(NA)
    return result[place]


@function("MATCH", 2, 3, takes="vrv")
def _match(value: Value, sought: Value | Area, how: Value = 1.0) -> Value:
    line, wanted, way = _line(_table(sought)), _wanted(value), number(how)
    if way == 0:
        place = line.exact(wanted)
    else:
        place = line.at_most(wanted) if way > 0 else line.at_least(wanted)
    if place is None:
        raise Fault(NA)
    return float(place + 1)


@function("INDEX", 2, 3, takes="rvv")
def _index(table: Value | Area, row: Value, column: Value = None) -> Value:
    area = _table(table)
    y, x = whole(row), whole(column)
    if column is None and len(area) == 1:
        y, x = 1, y
    elif column is None and len(area[0]) == 1:
        x = 1
    if y < 0 or x < 0:
        raise Fault(VALUE)
    y = 1 if y == 0 and len(area) == 1 else y
    x = 1 if x == 0 and len(area[0]) == 1 else x
    if y > len(area) or x > len(area[0]):
        raise Fault(REF)
    if y == 0 or x == 0:
        doubt("INDEX 0")  # a whole row or column
        raise Fault(VALUE)
    return area[y - 1][x - 1]


@function("XLOOKUP", 3, 6, takes="vrrvvv")
def _xlookup(
    value: Value,
    sought: Value | Area,
    given: Value | Area,
    instead: Value = None,
    how: Value = 0.0,
    direction: Value = 1.0,
) -> Value:
    line, result = _line(_table(sought)), _table(given)
    place = _searched(line, _wanted(value), whole(how), whole(direction))
    if place is None:
        return NA if instead is None else instead
    flat = result[0] if len(result) == 1 else [row[0] for row in result]
    if len(flat) != len(line.values) or min(len(result), len(result[0])) != 1:
        doubt("XLOOKUP")
        raise Fault(VALUE)
    return flat[place]


@function("XMATCH", 2, 4, takes="vrvv")
def _xmatch(value: Value, sought: Value | Area, how: Value = 0.0, direction: Value = 1.0) -> Value:
    line = _line(_table(sought))
    place = _searched(line, _wanted(value), whole(how), whole(direction))
    if place is None:
        raise Fault(NA)
    return float(place + 1)


def _searched(line: _Line, wanted: Value, how: int, direction: int) -> int | None:
    if direction not in (1, -1) or how not in (-1, 0, 1, 2):
        doubt("XLOOKUP")
        raise Fault(VALUE)
    if how == 2 and isinstance(wanted, str):
        sought = _Line(line.values[::direction])
        place = sought.exact(wanted)
    else:
        place = _first(line.values[::direction], wanted, how)
    if place is None:
        return None
    return place if direction == 1 else len(line.values) - 1 - place


def _first(values: Sequence[Value], wanted: Value, how: int) -> int | None:
    """The first equal one; else, of those above (1) or below (-1), the first of the nearest."""
    kind, best = kind_of(wanted), None
    for place, value in enumerate(values):
        if value is None or isinstance(value, ExcelError) or kind_of(value) != kind:
            continue
        if _key(value) == _key(wanted):
            return place
        if how not in (1, -1) or rank(value, wanted) * how < 0:
            continue
        if best is None or rank(value, values[best]) * how < 0:
            best = place
    return best
