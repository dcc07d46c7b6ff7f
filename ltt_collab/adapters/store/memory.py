"""Stores that live as long as the process: for tests, and for a service that is to leave no trace."""

from __future__ import annotations

from collections.abc import Sequence

from ltt_collab.adapters.store.stores import Stores
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import RoomId, Seq, SuggestionId, Username
from ltt_collab.ports.store import SuggestionRecord

EVENTS_KEPT = 10_000
"""Events kept per room, some hours of one learner; the oldest are dropped first."""


def memory_stores(*, events_kept: int = EVENTS_KEPT) -> Stores:
    """Empty stores in memory."""
    return Stores(wishes=MemoryWishes(), suggestions=MemorySuggestions(), events=MemoryEvents(events_kept))


class MemoryWishes:
    """``WishStore`` in memory."""

    def __init__(self) -> None:
        self._away: set[tuple[str, Username]] = set()
        self._introduced: set[tuple[str, Username]] = set()

    async def keep_away(self, server: str, username: Username) -> None:
        """Remember that the tutor must leave this learner's notebooks on that server."""
        self._away.add((server, username))

    async def welcome_back(self, server: str, username: Username) -> None:
        """Forget it."""
        self._away.discard((server, username))

    async def is_kept_away(self, server: str, username: Username) -> bool:
        """Whether the tutor must stay out."""
        return (server, username) in self._away

    async def introduce(self, server: str, username: Username) -> bool:
        """Record that the learner was told who reads what; True the first time only."""
        first = (server, username) not in self._introduced
        self._introduced.add((server, username))
        return first


class MemorySuggestions:
    """``SuggestionStore`` in memory."""

    def __init__(self) -> None:
        self._records: dict[SuggestionId, SuggestionRecord] = {}

    async def save(self, record: SuggestionRecord) -> None:
        """Insert or replace by suggestion id."""
        self._records[record.suggestion] = record

    async def of_room(self, room: RoomId) -> Sequence[SuggestionRecord]:
        """All that this room ever had, oldest first."""
        mine = [record for record in self._records.values() if record.room == room]
        return sorted(mine, key=lambda record: (record.at, record.suggestion))


class MemoryEvents:
    """``EventStore`` in memory, bounded per room."""

    def __init__(self, kept: int = EVENTS_KEPT) -> None:
        self._kept = kept
        self._rooms: dict[RoomId, dict[Seq, RoomEvent]] = {}

    async def append(self, events: Sequence[RoomEvent]) -> None:
        """Append in order; an event whose (room, seq) is there already is ignored."""
        for event in events:
            log = self._rooms.setdefault(event.room, {})
            log.setdefault(event.seq, event)
            while len(log) > self._kept:
                del log[next(iter(log))]  # appended in order, so the first is the oldest

    async def after(self, room: RoomId, seq: Seq, limit: int) -> Sequence[RoomEvent]:
        """Up to ``limit`` events with a greater seq, in order."""
        log = self._rooms.get(room, {})
        return [log[number] for number in sorted(number for number in log if number > seq)[:limit]]

    async def last_seq(self, room: RoomId) -> Seq:
        """The greatest seq stored, 0 for an unknown room."""
        return max(self._rooms.get(room, ()), default=Seq(0))
