"""The words of friendly-traceback, where the learner's environment has it, for errors that no rule of ours knows."""

from __future__ import annotations

import re

from ltt_collab.model.edits import RunError

MOST_WORDS = 60
"""Of an explanation: beyond, it lists attributes or quotes a docstring."""

_KNOWS_NOTHING = ("No information is known", "I do not recognize", "Please report", "I have no information")
_GUESS = re.compile(r"\bI am guessing that\b|\bI guess that\b|\bI suspect that\b")
_ABOUT_ITSELF = re.compile(r"https?://|`www\(|\bfriendly\b|\bREPL\b", re.IGNORECASE)


def cause_in_words(told: str, error: RunError) -> str:
    """The cause of this error in whole sentences; '' where nothing is known of it, or the last error is another."""
    about, _, cause = told.partition("\n\n")
    name = error.name.rsplit(".", 1)[-1]
    if about.strip() != f"{name}: {error.value}".strip() or any(sign in cause for sign in _KNOWS_NOTHING):
        return ""
    paragraph = " ".join(cause.strip().split("\n\n")[0].split())
    if _ABOUT_ITSELF.search(paragraph) or len(paragraph.split()) > MOST_WORDS:
        return ""
    return _GUESS.sub("It seems that", paragraph)
