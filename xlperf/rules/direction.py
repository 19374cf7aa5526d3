"""Comparators that point the wrong way."""
