"""The thresholds and lists of the review rules: settings, not code.

They stand in the table `[rules]` of the policy file; a key that is missing there has the value
below.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Self

from xlperf.diagnostic import Diagnostic, InputError, Message


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is a key of `[rules]`; the reference page prints the text in its comment."""

    tolerance: Decimal = Decimal("0.01")
    """Two sums that differ by no more than this are equal (points, or the form's money unit)."""

    yearly_cost_gap: Decimal = Decimal("0.3")
    """B02: a cost for the year may lie this share of the budget below or above it."""

    payment_gap_months: int = 3
    """Y04: the last payment and the deadline of the work may lie this many months apart."""

    flat_plan_points: int = 3
    """P02: a spending plan that stands still at so many points in a row is flat."""

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Self:
        """The settings of a `[rules]` table. Raises InputError for a wrong key or value."""
        known = {entry.name: entry for entry in fields(cls)}
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in known:
                raise InputError(_unknown(key, sorted(known)))
            values[key] = _converted(key, value, known[key].default)
        return cls(**values)


def _converted(key: str, value: Any, default: Any) -> Any:
    """`value` in the type of `default`; a bool is no number, a string no list."""
    if isinstance(default, Decimal) and isinstance(value, (int, float)) and value is not True:
        return Decimal(str(value))
    if isinstance(default, tuple) and isinstance(value, list):
        return tuple(value)
    if isinstance(default, int) and isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InputError(
        Diagnostic(
            "R102",
            Message(f"[rules] {key} 的值不可用：{value}", f"[rules] {key} cannot be {value}"),
            fix=Message(f"例如 {key} = {_toml(default)}", f"for example {key} = {_toml(default)}"),
        )
    )


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return str(value)


def _unknown(key: str, known: list[str]) -> Diagnostic:
    return Diagnostic(
        "R101",
        Message(f"[rules] 没有设置项 {key}", f"[rules] has no setting {key}"),
        fix=Message(f"可用的设置项：{'、'.join(known)}", f"settings: {', '.join(known)}"),
    )
