"""Courses in use: who is at which task, what was checked, what was delivered."""
