"""The recordings that are being watched, kept read."""

from __future__ import annotations

from collections import OrderedDict

import anyio

from ltt_collab.model.ids import RoomId, Seq
from ltt_collab.ports.store import EventStore, RoomStore, SessionRecord
from ltt_collab.web.replay.recording import Recording, record_of

MOST = 8
"""Recordings kept, of about 10 MB each; the one unused longest gives way."""


class Shelf:
    """Reads a session once for all who watch it; one that went on meanwhile is read anew."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[RoomId, Seq], Recording] = OrderedDict()
        self._turn = anyio.Lock()

    def kept(self, room: RoomId, first_seq: Seq) -> Recording | None:
        """The recording that begins with that event, as far as it was read; None when it has to be read."""
        return self._kept.get((room, first_seq))

    async def take(self, events: EventStore, rooms: RoomStore, session: SessionRecord) -> Recording:
        """The recording of that session.

        Raises:
            StoreUnavailableError
        """
        key = (session.room, session.first_seq)
        async with self._turn:  # reading takes a second of processor time: one after the other
            kept = self._kept.get(key)
            if kept is None or kept.session.last_seq != session.last_seq:
                kept = self._kept[key] = await record_of(events, rooms, session)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
            return kept
