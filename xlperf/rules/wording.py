"""Wording of names and texts, and traces of a bad scan."""
