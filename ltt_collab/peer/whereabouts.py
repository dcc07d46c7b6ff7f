"""Where each learner was last in one notebook: the cell that a question in the chat is about."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ltt_collab.model.causes import learner_key
from ltt_collab.model.edits import (
    CellRemoved,
    CursorMoved,
    PeerJoined,
    PeerLeft,
    RoomEvent,
    RunFinished,
    RunStarted,
    SourceEdited,
)
from ltt_collab.model.ids import CellId, Username
from ltt_collab.model.presence import Author, AuthorKind

LEARNERS_KEPT = 200
"""Learners remembered per notebook; the one unseen longest is forgotten first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabout:
    """A learner was in that cell, as of ``at`` (Unix time in seconds)."""

    cell_id: CellId
    at: float


class Whereabouts:
    """Remembers each learner's last caret, edit or run.

    A caret that goes away says nothing new: JupyterLab takes it back when the learner turns to the chat. What a client
    did before its learner's name was told is that learner's.
    """

    def __init__(self) -> None:
        self._last: dict[str, Whereabout] = {}
        self._nameless = ""
        self.last_act = 0.0
        """When a human last did anything here (Unix time in seconds), by hand: an open page alone does nothing."""

    def of(self, username: Username) -> Whereabout | None:
        """Where that learner was last; None for one who did nothing here, or whose cell is gone.

        Where only one client did anything, and it is not known yet whose it is, it is taken for that learner's.
        """
        return self._last.get(username) or (self._last.get(self._nameless) if len(self._last) == 1 else None)

    def handle(self, event: RoomEvent) -> None:
        """Learn from what happened."""
        if event.author.kind is AuthorKind.LEARNER and not isinstance(event, PeerLeft):
            self.last_act = max(self.last_act, event.at)
        match event:
            case CursorMoved(selection=selection) if selection is not None:
                self._note(event, selection.cell_id)
            case SourceEdited(cell_id=cell) | RunStarted(cell_id=cell) | RunFinished(cell_id=cell):
                self._note(event, cell)
            case PeerJoined(author=author):
                self._name(author)
            case CellRemoved(cell_id=gone):
                for username in [name for name, last in self._last.items() if last.cell_id == gone]:
                    del self._last[username]
            case _:
                pass

    def _note(self, event: RoomEvent, cell: CellId) -> None:
        if event.author.kind is not AuthorKind.LEARNER:
            return
        learner = learner_key(event.author)
        self._last.pop(learner, None)
        self._last[learner] = Whereabout(cell_id=cell, at=event.at)
        if len(self._last) > LEARNERS_KEPT:
            del self._last[next(iter(self._last))]
        self._nameless = learner if event.author.username is None else ""

    def _name(self, learner: Author) -> None:
        seen = self._last.pop(learner_key(replace(learner, username=None)), None)
        self._nameless = ""
        known = self._last.get(learner_key(learner))
        if seen is not None and (known is None or known.at <= seen.at):
            self._last[learner_key(learner)] = seen
