"""What survives a restart: wishes of learners, suggestions and their outcome, room events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import CellId, RoomId, Seq, SuggestionId, Username
from ltt_collab.model.suggestions import EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionRecord:
    """One suggestion as it is remembered; ``at`` is Unix time in seconds; ``ended`` None while it lives.

    ``learner``: whom it was for (``model.causes.learner_key``), '' if unknown. ``note_cell``: our cell, if it has one.
    """

    suggestion: SuggestionId
    room: RoomId
    about: CellId
    cause_key: str
    rung: int
    at: float
    ended: EndReason | None = None
    learner: str = ""
    note_cell: CellId | None = None


class WishStore(Protocol):
    """What learners asked of the tutor, kept until they take it back."""

    async def keep_away(self, server: str, username: Username) -> None:
        """Remember that the tutor must leave this learner's notebooks on that server."""
        ...

    async def welcome_back(self, server: str, username: Username) -> None:
        """Forget it."""
        ...

    async def is_kept_away(self, server: str, username: Username) -> bool:
        """Whether the tutor must stay out."""
        ...

    async def introduce(self, server: str, username: Username) -> bool:
        """Record that the learner was told who reads what; True the first time only."""
        ...


class SuggestionStore(Protocol):
    """Suggestions and their outcome."""

    async def save(self, record: SuggestionRecord) -> None:
        """Insert or replace by suggestion id."""
        ...

    async def of_room(self, room: RoomId) -> Sequence[SuggestionRecord]:
        """All that this room ever had, oldest first."""
        ...


class EventStore(Protocol):
    """The durable log of a room, for replay and resume."""

    async def append(self, events: Sequence[RoomEvent]) -> None:
        """Append in order; an event whose (room, seq) is there already is ignored."""
        ...

    async def after(self, room: RoomId, seq: Seq, limit: int) -> Sequence[RoomEvent]:
        """Up to ``limit`` events with a greater seq, in order."""
        ...

    async def last_seq(self, room: RoomId) -> Seq:
        """The greatest seq stored, 0 for an unknown room."""
        ...
