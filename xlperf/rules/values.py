"""How a target is written: unit, comparator, spelling, completeness."""
