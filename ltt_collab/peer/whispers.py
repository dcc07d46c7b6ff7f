"""What instructors say to learners themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from ltt_collab.model.errors import LttError
from ltt_collab.model.ids import CellId, RoomId, Username
from ltt_collab.model.suggestions import Answer, Rejected, RejectionReason, Shown
from ltt_collab.peer.auditing import Auditing
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.directory import RoomInfo
from ltt_collab.ports.privacy import AuditStore
from ltt_collab.ports.steering import Extent

log = structlog.get_logger(__name__)

LONGEST = 2_000
"""Characters of what an instructor may say at once: a screen of a notebook."""


class Whispers:
    """Implements ``ports.steering.Whispering`` over the peers that are in rooms now."""

    def __init__(
        self,
        peer_of: Callable[[RoomId], RoomPeer],
        rooms: Callable[[], Sequence[RoomInfo]],
        audit: AuditStore,
        clock: Clock,
    ) -> None:
        self._peer_of, self._rooms = peer_of, rooms
        self._auditing = Auditing(audit, clock)

    async def whisper(self, room: RoomId, cell: CellId | None, text: str, *, by: Username) -> Answer:
        """Write a note below a cell (None: where the learner is) that says who says it.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        peer = self._peer_of(room)
        if not text.strip() or len(text) > LONGEST:
            detail = f"{len(text)} characters; say something of 1 to {LONGEST}"
            return Rejected(reason=RejectionReason.TOO_LONG, detail=detail)
        answer = await peer.whisper(cell, text.strip(), by)
        if isinstance(answer, Shown):
            await self._auditing.note("learner.whispered", peer.info.learner or room, by=by)
        return answer

    async def broadcast(self, extent: Extent, text: str, *, by: Username) -> int:
        """The same to everybody whom it is about and who is there now; how many rooms got it."""
        reached = 0
        for info in self._rooms():
            try:
                peer = self._peer_of(info.id)
                if any(extent.covers(*each) for each in peer.presences()):
                    reached += isinstance(await self.whisper(info.id, None, text, by=by), Shown)
            except LttError as error:
                log.info("broadcast not shown in a room", room=info.id, reason=str(error))
        return reached
