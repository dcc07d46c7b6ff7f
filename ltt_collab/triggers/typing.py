"""Who is typing."""

from __future__ import annotations

from ltt_collab.model.causes import learner_key
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import RunFinished, RunStarted, SourceEdited
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import AuthorKind

_ANYBODY = "?"
"""Stands for an author who cannot be told: whoever it is, is typing."""


class Typing:
    """Knows until when each learner counts as typing.

    Invariants:
        1. A learner is typing until ``quiet`` seconds after the last keystroke in any cell.
        2. A run is a boundary: it ends the typing in its cell, whoever typed.
        3. An edit whose author is unknown counts as everybody's.
    """

    def __init__(self, quiet: float) -> None:
        self._quiet = quiet
        self._last: dict[tuple[str, CellId], float] = {}

    def handle(self, event: Happening) -> None:
        """Learn from what happened."""
        match event:
            case SourceEdited(author=author, cell_id=cell) if author.kind is AuthorKind.LEARNER:
                self._note(learner_key(author), cell, event.at)
            case SourceEdited(author=author, cell_id=cell) if author.kind is AuthorKind.UNKNOWN:
                self._note(_ANYBODY, cell, event.at)
            case RunStarted(cell_id=cell) | RunFinished(cell_id=cell):
                for key in [key for key in self._last if key[1] == cell]:  # invariant 2
                    del self._last[key]
            case _:
                pass

    def until(self, learner: str, now: float) -> float | None:
        """When the learner will have been quiet for long enough; None: is quiet now."""
        last = max((at for (who, _), at in self._last.items() if who in {learner, _ANYBODY}), default=None)
        if last is None or last + self._quiet <= now:
            return None
        return last + self._quiet

    def _note(self, learner: str, cell: CellId, at: float) -> None:
        # Old entries say nothing any more; without this there would be one per cell and learner for ever.
        for key in [key for key, last in self._last.items() if last + self._quiet < at]:
            del self._last[key]
        self._last[learner, cell] = at
