"""What survives a restart: wishes of learners, suggestions and their outcome, rooms and their events.

Courses and progress are in ``ports.learning``, audit and personal data in ``ports.privacy``. Every method of these
three modules raises ``StoreUnavailableError`` when the database cannot answer. A method marked *kept* loses nothing
then: what it was given waits in an outbox on disk, in order, and is written when the database is back; it raises only
when the outbox is full or away too. Reading shows what is in the database, not what still waits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import CellId, RoomId, Seq, ServerId, SuggestionId, Username
from ltt_collab.model.suggestions import EndReason, Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionRecord:
    """One suggestion as it is remembered; ``at`` is Unix time in seconds; ``ended`` None while it lives.

    ``ended_at``: when it ended, None while it lives or where that is not known. ``text``: as shown, '' if not kept.
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
    placement: Placement = Placement.NOTE
    text: str = ""
    ended_at: float | None = None


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

    async def mute(self, server: str, username: Username, *, muted: bool) -> None:
        """Remember that this learner wants no unasked help, or wants it again; kept."""
        ...

    async def is_muted(self, server: str, username: Username) -> bool:
        """Whether this learner wants no unasked help."""
        ...

    async def introduce(self, server: str, username: Username) -> bool:
        """Record that the learner was told who reads what; True the first time only."""
        ...


class SuggestionStore(Protocol):
    """Suggestions and their outcome."""

    async def save(self, record: SuggestionRecord) -> None:
        """Insert or replace by suggestion id; kept."""
        ...

    async def end(self, suggestion: SuggestionId, reason: EndReason, at: float) -> None:
        """Record why and when it ended; an unknown one is none of our business; kept."""
        ...

    async def of_room(self, room: RoomId) -> Sequence[SuggestionRecord]:
        """All that this room ever had, oldest first."""
        ...

    async def of_learner(self, learner: Username) -> Sequence[SuggestionRecord]:
        """All that were for this learner, oldest first."""
        ...

    async def about(
        self, cells: Collection[CellId], *, after: Username | None = None, learners: int = 100
    ) -> Sequence[SuggestionRecord]:
        """All about these cells of up to ``learners`` learners, whose names come after ``after``: by learner and time.

        What was for nobody who is known is left out.
        """
        ...


class EventStore(Protocol):
    """The durable log of a room, for replay and resume."""

    async def append(self, events: Sequence[RoomEvent]) -> None:
        """Append in order, all or none; an event whose (room, seq) is there already is ignored; kept."""
        ...

    async def after(self, room: RoomId, seq: Seq, limit: int) -> Sequence[RoomEvent]:
        """Up to ``limit`` events with a greater seq, in order."""
        ...

    async def last_seq(self, room: RoomId) -> Seq:
        """The greatest seq stored, 0 for an unknown room."""
        ...

    async def between(self, room: RoomId, since: float, until: float, *, after: Seq, limit: int) -> Sequence[RoomEvent]:
        """Up to ``limit`` events with ``since <= at < until`` and a greater seq than ``after``, in order of seq."""
        ...

    async def prune(self, *, before: float, keep: int | None = None) -> int:
        """Drop events older than ``before`` and, with ``keep``, the oldest ones over that many a room; how many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRecord:
    """A room that was recorded: its latest path, its events' first and last time, how many there are, whose they are.

    Times are Unix times in seconds, 0 without events; ``learners``: in order of appearance.
    """

    room: RoomId
    server: ServerId
    path: str
    first_at: float
    last_at: float
    events: int
    learners: tuple[Username, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """An unbroken stretch of work in one room: its events' first and last seq and time."""

    room: RoomId
    first_seq: Seq
    last_seq: Seq
    first_at: float
    last_at: float


SESSION_GAP = 1_800.0
"""Seconds without an event after which work in a room counts as another session: half an hour, as web analytics do."""


class RoomStore(Protocol):
    """Which rooms were recorded, open or not."""

    async def save(self, room: RoomId, server: ServerId, path: str) -> None:
        """Remember where a room is or, said again, where it is now; kept."""
        ...

    async def find(self, room: str) -> RoomRecord | None:
        """The room of that id, else the latest of that path, else None."""
        ...

    async def recorded(
        self, *, learner: Username | None = None, since: float = 0.0, limit: int = 100
    ) -> Sequence[RoomRecord]:
        """Rooms with events not older than ``since``, the latest first; with ``learner`` only theirs."""
        ...

    async def sessions(self, room: RoomId) -> Sequence[SessionRecord]:
        """The sessions of a room, oldest first; ``SESSION_GAP`` parts them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreState:
    """How the database does: ``waiting`` writes in the outbox; ``reason``: why they wait, '' when nothing does."""

    available: bool
    waiting: int
    reason: str = ""


class StoreUpkeep(Protocol):
    """What the stores need done while a service runs."""

    async def run(self) -> None:
        """Write what waits in the outbox whenever the database is back; until cancelled."""
        ...

    def state(self) -> StoreState:
        """How the database does, as far as the last write told."""
        ...
