"""What a note is, what marks it as ours, and where it and its line begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ltt_collab.model.cells import CellRole, Ownership
from ltt_collab.model.ids import CellId, SuggestionId, Username
from ltt_collab.model.text import source_hash

HASH_KEY = "hash"
"""Key beside the ownership's own in ``metadata.ltt``: fingerprint of the whole text that we wrote."""

WRITING_KEY = "writing"
"""Key there, while a note grows: the text that it is to have."""

PARAGRAPH = "\n\n"
"""Between two rungs of one note: a blank line, which Markdown reads as a new paragraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note to be written directly below the learner's cell ``about``, whose source must have ``expected_hash``."""

    suggestion: SuggestionId
    about: CellId
    expected_hash: str
    text: str
    rung: int = 1
    role: CellRole = CellRole.HINT
    author: Username | None = None
    """Whose words they are, where they are not the AI's."""

    def mark(self, us: Username) -> dict[str, Any]:
        """What a whole note of this carries in ``metadata.ltt``; it is ours where it says nothing else."""
        ownership = Ownership(
            role=self.role, suggestion=self.suggestion, about=self.about, rung=self.rung, author=self.author or us
        )
        return {**ownership.as_metadata(), HASH_KEY: source_hash(self.text)}


class Removal(StrEnum):
    """What became of a note that was to be removed."""

    REMOVED = "removed"
    RELEASED = "released"
    """Somebody had edited it: it stays, and is theirs."""
    GONE = "gone"
    """It was not there any more."""


def common_lines(one: str, other: str) -> str:
    """The whole lines that both begin with, line ends included."""
    common = ""
    for mine, theirs in zip(one.splitlines(keepends=True), other.splitlines(keepends=True), strict=False):
        if mine != theirs or not mine.endswith("\n"):
            break
        common += mine
    return common


def span_of_line(source: str, line: int) -> tuple[int, int]:
    """Code point offsets of a line's first letter and its end; a blank line is a caret at its end."""
    lines = source.split("\n")
    index = min(max(line, 1), len(lines)) - 1
    start = sum(len(text) + 1 for text in lines[:index])
    text = lines[index].rstrip()
    return start + len(text) - len(text.lstrip()), start + len(text)
