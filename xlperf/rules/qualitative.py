"""Targets in prose."""
