"""Deadlines and years: those of targets, of goals and of the payment plan."""
