"""Reasons: missing where one is due, given where none is, or at odds with the data."""
