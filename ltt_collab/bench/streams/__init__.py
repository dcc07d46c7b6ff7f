"""Recorded and made-up sessions of learners, each labelled stuck or not, as text."""
