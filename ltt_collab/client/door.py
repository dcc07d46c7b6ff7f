"""What an agent can do, wherever it runs; one contract suite holds every implementation to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import CellId, RoomId, Seq
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.model.tasks import Fact, TaskBrief, Trial
from ltt_collab.ports.directory import Decision, RoomInfo


class RoomClient(Protocol):
    """One open room; also a ``ports.tutor.TutorContext``.

    Over HTTP every method may also raise ``NotAuthorizedError`` and ``ServiceError``.
    """

    @property
    def id(self) -> RoomId:
        """The room's id."""
        ...

    async def snapshot(self) -> Notebook:
        """The notebook now; follow the room after its ``seq`` to miss nothing.

        Raises:
            UnknownRoomError
        """
        ...

    def events(self, *, after: Seq | None = None) -> AsyncGenerator[RoomEvent, None]:
        """Every event after that one, once and in order; None: from now on. Ends when the room is left for good.

        A lost connection is resumed from the last event, without a gap and without a duplicate. Who stops before the
        end closes it: ``async with aclosing(room.events()) as events``.

        Raises:
            UnknownRoomError
            ResumePointGoneError: begin again from a snapshot.
            SubscriberTooSlowError: the events read so far are whole; more would have been lost.
        """
        ...

    async def propose(self, draft: Draft) -> Answer:
        """Put a draft before the gate; returns when it is shown, held or rejected.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...

    async def decline(self, cause_key: str, reply_to: str = "") -> None:
        """Say that nothing (more) will be proposed about a request, so that nobody waits for it any longer.

        ``reply_to``: that of the request, '' for one that did not come by chat.

        Raises:
            UnknownRoomError
        """
        ...

    async def decisions(self) -> Sequence[Decision]:
        """Why help was or was not given, oldest first.

        Raises:
            UnknownRoomError
        """
        ...

    async def facts(self, cell: CellId, expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        """Evaluate read-only expressions silently in the learner's kernel, after a run of theirs; {} when it may not.

        Only names, attributes, items, literals and a few pure calls (``len``, ``type``, ``sorted``, ``df.head()``…)
        pass; anything else is answered with a ``Fact.error`` and never reaches the kernel.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...

    async def try_code(self, cell: CellId, replacement: str) -> Trial:
        """Run the notebook up to that cell, with the cell's source replaced, in a scratch kernel of the service.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...

    async def task(self, cell: CellId) -> TaskBrief | None:
        """The task that the cell belongs to; None when it is no task's.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...

    async def read_terminal(self, cell: CellId) -> str:
        """The learner's terminal, where the task says that it is read; '' otherwise.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...


class Client(Protocol):
    """The open rooms of one service."""

    async def rooms(self) -> Sequence[RoomInfo]:
        """The open rooms, ordered by server and path."""
        ...

    async def room(self, room: str) -> RoomClient:
        """The room of that id or, failing that, the one room of that path.

        Raises:
            UnknownRoomError
        """
        ...

    def events(self) -> AsyncGenerator[RoomEvent, None]:
        """What happens from now on in every room, each room's events in order, rooms that open later included.

        Raises:
            ResumePointGoneError, SubscriberTooSlowError
        """
        ...
