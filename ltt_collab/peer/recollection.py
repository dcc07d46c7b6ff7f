"""What an earlier life of ours knew of a room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.model.ids import RoomId, Username
from ltt_collab.peer.people import People
from ltt_collab.peer.surroundings import Surroundings
from ltt_collab.ports.store import RoomStore, SuggestionRecord

log = structlog.get_logger(__name__)


class Recollection:
    """Looks up once, before the room is joined; a store that is away leaves us with less, and says so in the log."""

    def __init__(self, around: Surroundings, room: RoomId) -> None:
        self._around, self._room = around, room
        self.suggestions: Sequence[SuggestionRecord] = ()

    async def recall(self, people: People, meet: Callable[[Username], None]) -> None:
        """Remember the room's suggestions, and its one learner, whom ``meet`` hears of."""
        try:
            self.suggestions = await self._around.suggestions.of_room(self._room)
        except StoreUnavailableError as error:
            log.warning("earlier suggestions not remembered", room=self._room, reason=str(error))
        if people.sighted is None and self._around.rooms is not None:
            learner = await self._only_learner(self._around.rooms)
            if learner is not None:
                people.sight(learner)
                meet(learner)

    async def _only_learner(self, rooms: RoomStore) -> Username | None:
        """Whom to take for whoever sits here until they show themselves.

        After a restart nobody is named for 15 s; who muted us, or stands on the second rung, does so in these, too.
        """
        try:
            record = await rooms.find(self._room)
        except StoreUnavailableError as error:
            log.warning("earlier learners not remembered", room=self._room, reason=str(error))
            return None
        return record.learners[0] if record is not None and len(record.learners) == 1 else None
