"""Stores that live as long as the process: for tests, and for a service that is to leave no trace."""

from __future__ import annotations

import anyio

from ltt_collab.adapters.store.held import Holder
from ltt_collab.adapters.store.memory_audit import MemoryAudit, MemoryPersonalData
from ltt_collab.adapters.store.memory_classroom import (
    MemoryCourses,
    MemoryEnrolments,
    MemoryProgress,
    MemorySubmissions,
    MemoryValidations,
)
from ltt_collab.adapters.store.memory_hints import MemoryHints
from ltt_collab.adapters.store.memory_rooms import (
    EVENTS_KEPT,
    MemoryEvents,
    MemoryFeedback,
    MemoryRooms,
    MemorySuggestions,
    MemoryWishes,
)
from ltt_collab.adapters.store.memory_steers import MemorySteers
from ltt_collab.adapters.store.memory_tokens import MemoryTokens
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.ports.store import StoreState


def memory_stores(*, events_kept: int = EVENTS_KEPT) -> Stores:
    """Empty stores in memory."""
    wishes, suggestions, feedback = MemoryWishes(), MemorySuggestions(), MemoryFeedback()
    events, progress, audit = MemoryEvents(events_kept), MemoryProgress(), MemoryAudit()
    rooms = MemoryRooms(events)
    enrolments, submissions, validations = MemoryEnrolments(), MemorySubmissions(), MemoryValidations(progress)
    holders: list[Holder] = [wishes, enrolments, progress, submissions, validations, suggestions, feedback, rooms]
    return Stores(
        wishes=wishes,
        suggestions=suggestions,
        events=events,
        rooms=rooms,
        courses=MemoryCourses(),
        enrolments=enrolments,
        progress=progress,
        submissions=submissions,
        validations=validations,
        feedback=feedback,
        audit=audit,
        personal=MemoryPersonalData(holders, audit),
        tokens=MemoryTokens(),
        steers=MemorySteers(),
        hints=MemoryHints(),
        upkeep=MemoryUpkeep(),
    )


class MemoryUpkeep:
    """``StoreUpkeep`` for stores that are never away."""

    async def run(self) -> None:
        """Nothing to do; until cancelled."""
        await anyio.sleep_forever()

    def state(self) -> StoreState:
        """Always there."""
        return StoreState(available=True, waiting=0)
