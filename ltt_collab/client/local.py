"""The door for an agent in the service's own process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import CellId, RoomId, Seq
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.model.tasks import Fact, TaskBrief, Trial
from ltt_collab.ports.directory import Decision, RoomDirectory, RoomInfo
from ltt_collab.ports.insight import NoInsight, RoomInsight


class LocalRoomClient:
    """One room of a directory in this process; see ``client.door.RoomClient``."""

    def __init__(self, directory: RoomDirectory, insight: RoomInsight, room: RoomId) -> None:
        self._directory, self._insight, self._id = directory, insight, room

    @property
    def id(self) -> RoomId:
        """The room's id."""
        return self._id

    async def snapshot(self) -> Notebook:
        """The notebook now."""
        return await self._directory.snapshot(self._id)

    def events(self, *, after: Seq | None = None) -> AsyncGenerator[RoomEvent, None]:
        """Every event after that one; None: from now on."""
        return _closing(self._directory.events(self._id, after=after))

    async def propose(self, draft: Draft) -> Answer:
        """Put a draft before the gate."""
        return await self._directory.propose(self._id, draft)

    async def decline(self, cause_key: str, reply_to: str = "") -> None:
        """Say that nothing will be proposed about a request."""
        await self._directory.decline(self._id, cause_key, reply_to)

    async def decisions(self) -> Sequence[Decision]:
        """Why help was or was not given."""
        return self._directory.decisions(self._id)

    async def facts(self, cell: CellId, expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        """Evaluate read-only expressions silently in the learner's kernel."""
        return await self._insight.facts(self._id, cell, expressions)

    async def try_code(self, cell: CellId, replacement: str) -> Trial:
        """Try the notebook up to that cell with another source in it."""
        return await self._insight.try_code(self._id, cell, replacement)

    async def task(self, cell: CellId) -> TaskBrief | None:
        """The task that the cell belongs to."""
        return await self._insight.task(self._id, cell)

    async def read_terminal(self, cell: CellId) -> str:
        """The learner's terminal, where the task says that it is read."""
        return await self._insight.read_terminal(self._id, cell)


class LocalClient:
    """The rooms of a directory in this process; see ``client.door.Client``."""

    def __init__(self, directory: RoomDirectory, insight: RoomInsight | None = None) -> None:
        """``insight`` None: the rooms' documents are all that there is to know."""
        self._directory, self._insight = directory, insight or NoInsight()

    async def rooms(self) -> Sequence[RoomInfo]:
        """The open rooms."""
        return self._directory.rooms()

    async def room(self, room: str) -> LocalRoomClient:
        """The room of that id or path."""
        return LocalRoomClient(self._directory, self._insight, self._directory.find(room).id)

    def events(self) -> AsyncGenerator[RoomEvent, None]:
        """What happens from now on in every room."""
        return _closing(self._directory.events(None))


async def _closing(events: AsyncIterator[RoomEvent]) -> AsyncGenerator[RoomEvent, None]:
    """The same events; closing this ends the subscription at once, not when somebody collects garbage."""
    try:
        async for event in events:
            yield event
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()
