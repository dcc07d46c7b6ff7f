"""Courses as files: reads a folder into values, says what is wrong with it and where, and what may be released."""
