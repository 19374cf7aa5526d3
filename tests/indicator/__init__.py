"""Tests of the language of indicator values; the cases stand in `cases/`, one value a line."""
