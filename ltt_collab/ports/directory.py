"""The open rooms, as doors and agents reach them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import RoomEvent, RoomState
from ltt_collab.model.ids import CellId, RoomId, Seq, ServerId, Username
from ltt_collab.model.suggestions import Answer, Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomInfo:
    """One open room. ``learner``: the first human seen in it, None before anyone is."""

    id: RoomId
    server: ServerId
    learner: Username | None
    path: str
    state: RoomState
    last_seq: Seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why help was or was not given; ``at`` is Unix time in seconds."""

    at: float
    about: CellId | None
    decision: str
    because: str


class RoomDirectory(Protocol):
    """Every open room of this service."""

    def rooms(self) -> Sequence[RoomInfo]:
        """The open rooms, ordered by server and path."""
        ...

    def find(self, room: str) -> RoomInfo:
        """The room of that id or, failing that, the one room of that path.

        Raises:
            UnknownRoomError
        """
        ...

    async def snapshot(self, room: RoomId) -> Notebook:
        """The notebook now; events with ``seq`` greater than its own continue from it.

        Raises:
            UnknownRoomError
        """
        ...

    def events(self, room: RoomId | None, *, after: Seq | None = None) -> AsyncIterator[RoomEvent]:
        """Events for ever, in order: of one room, or of all (then ``after`` must be None).

        ``after`` None: only what happens from now on. Iteration ends when the room is left for good.

        Raises:
            UnknownRoomError, ResumePointGoneError, SubscriberTooSlowError
        """
        ...

    async def propose(self, room: RoomId, draft: Draft) -> Answer:
        """Put a draft before the gate and, if it passes, show it.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...

    async def decline(self, room: RoomId, cause_key: str, reply_to: str = "") -> None:
        """Say that nothing (more) will be proposed about a request, so that others are not held up by it.

        ``reply_to``: that of the request; one cause may be asked about in the chat while a note about it is written.

        Raises:
            UnknownRoomError
        """
        ...

    def decisions(self, room: RoomId) -> Sequence[Decision]:
        """The latest decisions about help in that room, oldest first, a bounded number.

        Raises:
            UnknownRoomError
        """
        ...
