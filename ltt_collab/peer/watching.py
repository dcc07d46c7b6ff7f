"""Lets instructors look at a notebook through our presence in its room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import structlog

from ltt_collab.model.errors import UnknownCellError, UnknownRoomError
from ltt_collab.model.ids import CellId, ClientId, RoomId, Username
from ltt_collab.model.presence import Participant
from ltt_collab.peer.room import RoomPeer

log = structlog.get_logger(__name__)


class Watching:
    """Implements ``ports.watching.RoomWatching`` over the peers that are in rooms now.

    Invariants:
        1. The flag stands as long as anybody watches, and goes with the last one.
        2. A sleeping document is not woken to see where carets are: nobody has moved one for minutes.
    """

    def __init__(self, peer_of: Callable[[RoomId], RoomPeer], *, visibly: bool = True) -> None:
        """``visibly``: whether learners are told."""
        self._peer_of, self._visibly = peer_of, visibly
        self._watchers: Counter[RoomId] = Counter()

    @property
    def is_visible(self) -> bool:
        """Whether learners are told."""
        return self._visibly

    def present(self, room: RoomId) -> Sequence[Participant]:
        """Everybody who is visible in the room, us first."""
        peer = self._peer_of(room)
        page, us = peer.page, peer.around.user
        if page is None or page.provider is None:
            return ()
        presence = page.provider.presence
        client = ClientId(page.provider.client)
        if page.replica.is_asleep:  # invariant 2
            others = [Participant(client=each, user=user) for each, user in presence.users()]
            return [Participant(client=client, user=us), *others]
        return [Participant(client=client, user=us, selection=presence.own_selection()), *presence.humans()]

    def output(self, room: RoomId, cell: CellId, index: int) -> Mapping[str, Any]:
        """The MIME bundle of one output; {} when there is none."""
        page = self._peer_of(room).page
        try:
            return {} if page is None else page.view.output_data(cell, index)
        except UnknownCellError:
            return {}

    @contextmanager
    def watch(self, room: RoomId, *, by: Username) -> Generator[None]:
        """While it is open the learner sees that an instructor watches."""
        self._watchers[room] += 1
        self._tell(room)
        log.info("room watched", room=room, by=by)
        try:
            yield
        finally:
            self._watchers[room] -= 1
            if not self._watchers[room]:
                del self._watchers[room]
            self._tell(room)
            log.info("room watched no more", room=room, by=by)

    def _tell(self, room: RoomId) -> None:
        if not self._visibly:
            return
        try:
            self._peer_of(room).show_watching(watching=self._watchers[room] > 0)  # invariant 1
        except UnknownRoomError:
            log.debug("nobody to tell of watching", room=room)
