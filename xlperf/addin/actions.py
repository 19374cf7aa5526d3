"""What can be done to an open workbook, as data: each action is one thing that Excel is told.

A plan holds the actions of one click together with those that take them back. Both are in two
parts. The *structure* (sheets and rows that come or go) has to be taken back step by step. The
*contents* only say what shall stand where; to say it twice, or of what never changed, does no harm.
That is why a plan that fails half-way can be taken back without knowing how far the contents got.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args

Typed = str | float | bool | None
"""What goes into a cell as if it were typed: `=` begins a formula, `'` text; None is blank."""


# ---------------------------------------------------------------------------------- structure


@dataclass(frozen=True, slots=True)
class RenameSheet:
    sheet: str
    name: str

    @property
    def inverse(self) -> "RenameSheet":
        return RenameSheet(self.name, self.sheet)


@dataclass(frozen=True, slots=True)
class InsertRows:
    """`count` rows come in before the row `at`; they look like the row above."""

    sheet: str
    at: int
    count: int

    @property
    def inverse(self) -> "RemoveRows":
        return RemoveRows(self.sheet, self.at, self.count)


@dataclass(frozen=True, slots=True)
class RemoveRows:
    sheet: str
    at: int
    count: int

    @property
    def inverse(self) -> "InsertRows":
        return InsertRows(self.sheet, self.at, self.count)


@dataclass(frozen=True, slots=True)
class AddSheet:
    """A new last sheet, its columns that many characters wide, the texts in them wrapped."""

    sheet: str
    widths: tuple[float, ...]

    @property
    def inverse(self) -> "RemoveSheet":
        return RemoveSheet(self.sheet, self.widths)


@dataclass(frozen=True, slots=True)
class RemoveSheet:
    sheet: str
    widths: tuple[float, ...]

    @property
    def inverse(self) -> "AddSheet":
        return AddSheet(self.sheet, self.widths)


# ----------------------------------------------------------------------------------- contents


@dataclass(frozen=True, slots=True)
class SetCells:
    """A rectangle of cells; `rows` from its upper left corner."""

    sheet: str
    top: int
    left: int
    rows: tuple[tuple[Typed, ...], ...]

    def cells(self) -> dict[tuple[int, int], Typed]:
        return {
            (self.top + r, self.left + c): typed
            for r, row in enumerate(self.rows)
            for c, typed in enumerate(row)
        }


@dataclass(frozen=True, slots=True)
class Merge:
    """One merged area; or, `across`, one in each row of the area."""

    sheet: str
    area: str
    across: bool = False


@dataclass(frozen=True, slots=True)
class Unmerge:
    """No merged cells in the areas of an address such as `A3:A5,B3:C3`."""

    sheet: str
    areas: str


@dataclass(frozen=True, slots=True)
class SetHeight:
    """Rows of one height, in points, or None to fit what they hold; `rows` is as `3:3,7:9`."""

    sheet: str
    rows: str
    points: float | None


@dataclass(frozen=True, slots=True)
class SetName:
    """A name of the Name Manager, of the workbook or of one `sheet`; None removes it."""

    name: str
    refers_to: str | None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class SetColour:
    """Cells of one fill, as RRGGBB, or None for none; `cells` is an address such as `B3,D7`."""

    sheet: str
    cells: str
    colour: str | None


@dataclass(frozen=True, slots=True)
class SetNote:
    """The note on a cell; None for no note."""

    sheet: str
    cell: str
    text: str | None


@dataclass(frozen=True, slots=True)
class SetLink:
    """A cell that leads to a place of the workbook such as `'自评表'!B3`, and says `text`."""

    sheet: str
    cell: str
    place: str
    text: str


Structure = RenameSheet | InsertRows | RemoveRows | AddSheet | RemoveSheet
Content = SetCells | Merge | Unmerge | SetHeight | SetName | SetColour | SetNote | SetLink
Action = Structure | Content


@dataclass(frozen=True, slots=True)
class Plan:
    """The actions of one click, structure first, and the contents as they were before."""

    structure: tuple[Structure, ...] = ()
    contents: tuple[Content, ...] = ()
    former: tuple[Content, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.structure or self.contents)

    @property
    def inverse(self) -> "Plan":
        back = tuple(action.inverse for action in reversed(self.structure))
        return Plan(back, self.former, self.contents)

    def sheets(self, kinds: tuple[type[Action], ...] = ()) -> set[str]:
        """The sheets whose cells or rows it changes, under the names that they have before.

        With `kinds`, only those that actions of these kinds change.
        """
        new = {a.name: a.sheet for a in self.structure if isinstance(a, RenameSheet)}
        added = {a.sheet for a in self.structure if isinstance(a, AddSheet)}
        actions = (*self.structure, *self.contents)
        touched = {
            a.sheet
            for a in actions
            if a.sheet and (isinstance(a, kinds) if kinds else not isinstance(a, SetName))
        }
        return {new.get(sheet, sheet) for sheet in touched} - added

    def moves_sheets(self) -> bool:
        """Whether sheets come, go or are renamed."""
        return any(isinstance(a, AddSheet | RemoveSheet | RenameSheet) for a in self.structure)


def joined(*plans: Plan) -> Plan:
    """One plan for several, each made for what those before it leave."""
    return Plan(
        tuple(a for plan in plans for a in plan.structure),
        tuple(a for plan in plans for a in plan.contents),
        tuple(a for plan in reversed(plans) for a in plan.former),
    )


# -------------------------------------------------------------------------------------- as JSON

_KINDS: dict[str, type[Action]] = {
    kind.__name__: kind for kind in (*get_args(Structure), *get_args(Content))
}


def plan_as_json(plan: Plan) -> dict[str, Any]:
    return {part.name: list(map(_as_json, getattr(plan, part.name))) for part in fields(plan)}


def plan_of_json(data: Mapping[str, Any]) -> Plan:
    """The plan that `plan_as_json` wrote. Raises LookupError or TypeError for anything else."""
    return Plan(*(tuple(map(_of_json, data[part.name])) for part in fields(Plan)))


def _as_json(action: Action) -> list[Any]:
    return [type(action).__name__, *(getattr(action, field.name) for field in fields(action))]


def _of_json(data: list[Any]) -> Any:
    kind, *values = data
    return _KINDS[kind](*map(_frozen, values))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
