"""Plots of a course: progress over time, hints and what became of them, checks."""
