"""Every open room of this service, by id and by path."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import RoomEvent, RoomState
from ltt_collab.model.errors import UnknownRoomError
from ltt_collab.model.ids import RoomId, Seq, ServerId, Username
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.peer.log import EventLog
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.directory import Decision, RoomInfo
from ltt_collab.telemetry import metrics


class Registry:
    """Implements ``ports.directory.RoomDirectory`` over the peers that are in rooms now."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._peers: dict[RoomId, RoomPeer] = {}

    def __contains__(self, room: RoomId) -> bool:
        return room in self._peers

    def add(self, peer: RoomPeer) -> None:
        """A peer is about to join its room."""
        self._peers[peer.stamp.room] = peer

    def remove(self, peer: RoomPeer) -> None:
        """It has left."""
        self._peers.pop(peer.stamp.room, None)

    def peers(self) -> Sequence[RoomPeer]:
        """All peers, in no order."""
        return tuple(self._peers.values())

    def of_server(self, server: ServerId) -> Sequence[RoomPeer]:
        """The peers on one server."""
        return [peer for peer in self._peers.values() if peer.info.server == server]

    def at(self, server: ServerId, path: str) -> RoomPeer | None:
        """The peer of a path on a server."""
        return next((peer for peer in self.of_server(server) if peer.info.path == path), None)

    def visited_by(self, username: Username) -> Sequence[RoomPeer]:
        """The peers in rooms where that learner is."""
        return [
            peer for peer in self._peers.values() if any(human.username == username for human in peer.people.humans())
        ]

    def steered(self) -> None:
        """The standing orders of people have changed: tell every room."""
        for peer in tuple(self._peers.values()):
            peer.steered()

    def released(self) -> None:
        """Other releases of courses are taught than before: tell every room."""
        for peer in tuple(self._peers.values()):
            peer.renew()

    async def propose_approved(self, room: RoomId, draft: Draft) -> Answer:
        """Show a draft that a person has approved.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        return await self.peer(room).propose(draft, approved=True)

    def count(self) -> None:
        """Bring the gauge of open rooms up to date."""
        states = [peer.info.state for peer in self._peers.values()]
        for state in RoomState:
            metrics.ROOMS.labels(state.value).set(states.count(state))

    # ports.directory.RoomDirectory

    def rooms(self) -> Sequence[RoomInfo]:
        """The open rooms, ordered by server and path."""
        return sorted((peer.info for peer in self._peers.values()), key=lambda info: (info.server, info.path))

    def find(self, room: str) -> RoomInfo:
        """The room of that id or, failing that, the one room of that path.

        Raises:
            UnknownRoomError
        """
        peer = self._peers.get(RoomId(room))
        if peer is not None:
            return peer.info
        found = [info for info in self.rooms() if info.path == room]
        if len(found) != 1:
            raise UnknownRoomError(room)
        return found[0]

    async def snapshot(self, room: RoomId) -> Notebook:
        """The notebook now.

        Raises:
            UnknownRoomError
        """
        return self.peer(room).snapshot()

    async def events(self, room: RoomId | None, *, after: Seq | None = None) -> AsyncIterator[RoomEvent]:
        """Events for ever, in order: of one room, or of all.

        Raises:
            UnknownRoomError, ResumePointGoneError, SubscriberTooSlowError
        """
        source = self._log if room is None else self.peer(room).log
        subscription = self._log.subscribe() if room is None else self.peer(room).log.subscribe(after)
        try:
            async for event in subscription:
                yield event
        finally:
            source.unsubscribe(subscription)

    async def propose(self, room: RoomId, draft: Draft) -> Answer:
        """Put a draft before the gate and, if it passes, show it.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        return await self.peer(room).propose(draft)

    async def decline(self, room: RoomId, cause_key: str, reply_to: str = "") -> None:
        """Say that nothing will be proposed about a request.

        Raises:
            UnknownRoomError
        """
        self.peer(room).decline(cause_key, reply_to)

    def decisions(self, room: RoomId) -> Sequence[Decision]:
        """The latest decisions about help in that room, oldest first.

        Raises:
            UnknownRoomError
        """
        return self.peer(room).decisions()

    def peer(self, room: RoomId) -> RoomPeer:
        """The peer of a room.

        Raises:
            UnknownRoomError
        """
        peer = self._peers.get(room)
        if peer is None:
            raise UnknownRoomError(room)
        return peer
