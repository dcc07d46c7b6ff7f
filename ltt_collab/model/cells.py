"""A notebook as values: cells, outputs, who owns a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from ltt_collab.model.courses import TaskMark
from ltt_collab.model.ids import CellId, RoomId, Seq, SuggestionId, Username
from ltt_collab.model.text import source_hash

OWNERSHIP_KEY = "ltt"
"""The key under a cell's metadata that marks the cell as ours."""


class CellType(StrEnum):
    """nbformat's cell types."""

    CODE = "code"
    MARKDOWN = "markdown"
    RAW = "raw"


class CellRole(StrEnum):
    """What a cell of ours is for."""

    HINT = "hint"
    STATUS = "status"
    PROPOSAL = "proposal"
    WHISPER = "whisper"
    """What an instructor says; it stays until the learner deletes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """The content of ``metadata.ltt``: this cell is ours, and why it exists.

    ``written``: hash of the source as we left it, '' while unknown; another source means that a learner edited it.
    ``writing``: the whole text while it is being typed, so that half of it is known as ours whoever died meanwhile.
    """

    role: CellRole
    suggestion: SuggestionId
    about: CellId
    rung: int
    author: Username
    written: str = ""
    writing: str = ""

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> Self | None:
        """Read a cell's ownership; None when the cell is not ours or the mark is malformed."""
        mark = metadata.get(OWNERSHIP_KEY)
        if not isinstance(mark, Mapping):
            return None
        try:
            return cls(
                role=CellRole(mark["role"]),
                suggestion=SuggestionId(str(mark["suggestion"])),
                about=CellId(str(mark["about"])),
                rung=int(mark["rung"]),
                author=Username(str(mark["author"])),
                written=str(mark.get("hash", "")),
                writing=str(mark.get("writing", "")),
            )
        except (KeyError, ValueError, TypeError):
            return None

    def as_metadata(self) -> dict[str, Any]:
        """The mark as it is written into the document."""
        mark = {
            "role": self.role.value,
            "suggestion": self.suggestion,
            "about": self.about,
            "rung": self.rung,
            "author": self.author,
        }
        kept = {"hash": self.written, "writing": self.writing}
        return mark | {key: value for key, value in kept.items() if value}

    def is_unfinished(self, source: str) -> bool:
        """Whether the source is a part of the text that was being typed, and no letter of anybody else."""
        return source_hash(source) != self.written and self.writing.startswith(source) and self.writing != ""


class OutputType(StrEnum):
    """nbformat's output types."""

    STREAM = "stream"
    DISPLAY_DATA = "display_data"
    EXECUTE_RESULT = "execute_result"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output of a code cell, text only and size-capped.

    ``text``: the stream's text, the ``text/plain`` of a display, or the joined traceback.
    ``truncated``: True when ``text`` was cut at the cap. ``error_name`` and ``error_value``
    are set for errors only; ``mime_types`` for displays and results.
    """

    type: OutputType
    text: str = ""
    stream: str = ""
    mime_types: tuple[str, ...] = ()
    error_name: str = ""
    error_value: str = ""
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell as it stood at one moment."""

    id: CellId
    type: CellType
    source: str
    execution_count: int | None = None
    running: bool = False
    outputs: tuple[Output, ...] = ()
    ownership: Ownership | None = None
    tags: tuple[str, ...] = ()
    task: TaskMark | None = None

    @property
    def hash(self) -> str:
        """Fingerprint of the source, the precondition of every write about this cell."""
        return source_hash(self.source)

    @property
    def error(self) -> Output | None:
        """The error output, if the last run raised."""
        return next((o for o in self.outputs if o.type is OutputType.ERROR), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """A whole notebook as it stood at one moment: ``seq`` is the last event it includes (0: none yet)."""

    room: RoomId
    path: str
    cells: tuple[Cell, ...]
    seq: Seq = Seq(0)
    language: str = "python"

    def cell(self, cell_id: CellId) -> Cell | None:
        """The cell of that id, or None."""
        return next((cell for cell in self.cells if cell.id == cell_id), None)
