"""The open rooms as one person may see them: what is not theirs is not there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import ForbiddenError, UnknownRoomError
from ltt_collab.model.identity import Sight
from ltt_collab.model.ids import CellId, RoomId, Seq
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.model.tasks import Fact, TaskBrief, Trial
from ltt_collab.ports.directory import Decision, RoomDirectory, RoomInfo
from ltt_collab.ports.insight import RoomInsight


class ScopedDirectory:
    """A ``ports.directory.RoomDirectory`` that shows the rooms of the learners that somebody may see.

    Invariants:
        1. Whether a room exists is not told to those who may not see it: it is unknown, as one that is not open.
        2. Who may not write proposes and declines nothing.
    """

    def __init__(self, directory: RoomDirectory, sight: Sight) -> None:
        self._directory, self._sight = directory, sight

    def rooms(self) -> Sequence[RoomInfo]:
        """The rooms that they may see, ordered by server and path."""
        return [info for info in self._directory.rooms() if self._sight.sees(info.learner)]

    def find(self, room: str) -> RoomInfo:
        """The room of that id or, failing that, the one room of that path among those that they may see.

        Raises:
            UnknownRoomError
        """
        seen = self.rooms()
        found = [info for info in seen if info.id == room] or [info for info in seen if info.path == room]
        if len(found) != 1:
            raise UnknownRoomError(room)  # invariant 1
        return found[0]

    async def snapshot(self, room: RoomId) -> Notebook:
        """The notebook now.

        Raises:
            UnknownRoomError
        """
        return await self._directory.snapshot(self._known(room))

    async def events(self, room: RoomId | None, *, after: Seq | None = None) -> AsyncIterator[RoomEvent]:
        """Events for ever, in order: of one room, or of all that they may see.

        Raises:
            UnknownRoomError, ResumePointGoneError, SubscriberTooSlowError
        """
        events = self._directory.events(None if room is None else self._known(room), after=after)
        visible: dict[RoomId, bool] = {}
        try:
            async for event in events:
                # Asked anew until somebody was seen in the room: a room whose learner is not known is nobody's yet.
                if room is not None or visible.get(event.room):
                    yield event
                elif self._is_visible(event.room):
                    visible[event.room] = True
                    yield event
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def propose(self, room: RoomId, draft: Draft) -> Answer:
        """Put a draft before the gate.

        Raises:
            UnknownRoomError, UnknownCellError, ForbiddenError
        """
        self._expect_writer("propose a suggestion")
        return await self._directory.propose(self._known(room), draft)

    async def decline(self, room: RoomId, cause_key: str, reply_to: str = "") -> None:
        """Say that nothing will be proposed about a request.

        Raises:
            UnknownRoomError, ForbiddenError
        """
        self._expect_writer("decline a request for help")
        await self._directory.decline(self._known(room), cause_key, reply_to)

    def decisions(self, room: RoomId) -> Sequence[Decision]:
        """Why help was or was not given.

        Raises:
            UnknownRoomError
        """
        return self._directory.decisions(self._known(room))

    def _known(self, room: RoomId) -> RoomId:
        if not self._is_visible(room):
            raise UnknownRoomError(room)
        return room

    def _is_visible(self, room: RoomId) -> bool:
        # By id, not over the list: this is asked about every event of every room.
        try:
            info = self._directory.find(room)
        except UnknownRoomError:
            return False
        return info.id == room and self._sight.sees(info.learner)

    def _expect_writer(self, what: str) -> None:
        if not self._sight.principal.may_write:
            raise ForbiddenError(what, "the token is for reading only")  # invariant 2


class ScopedInsight:
    """A ``ports.insight.RoomInsight`` for the rooms that somebody may see, and the kernels that they may use."""

    def __init__(self, insight: RoomInsight, directory: RoomDirectory, sight: Sight) -> None:
        """``directory``: the scoped one, which tells what they may see."""
        self._insight, self._directory, self._sight = insight, directory, sight

    async def facts(self, room: RoomId, cell: CellId, expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        """Evaluate read-only expressions silently in the learner's kernel.

        Raises:
            UnknownRoomError, UnknownCellError, ForbiddenError
        """
        self._expect_executor("ask a kernel")
        return await self._insight.facts(self._known(room), cell, expressions)

    async def try_code(self, room: RoomId, cell: CellId, replacement: str) -> Trial:
        """Try the notebook up to that cell with another source in it.

        Raises:
            UnknownRoomError, UnknownCellError, ForbiddenError
        """
        self._expect_executor("try code")
        return await self._insight.try_code(self._known(room), cell, replacement)

    async def task(self, room: RoomId, cell: CellId) -> TaskBrief | None:
        """The task that the cell belongs to.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        return await self._insight.task(self._known(room), cell)

    async def read_terminal(self, room: RoomId, cell: CellId) -> str:
        """The learner's terminal, where the task says that it is read.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        return await self._insight.read_terminal(self._known(room), cell)

    def _known(self, room: RoomId) -> RoomId:
        info = self._directory.find(room)
        if info.id != room:
            raise UnknownRoomError(room)
        return room

    def _expect_executor(self, what: str) -> None:
        if not self._sight.principal.may_execute:
            raise ForbiddenError(what, "the token does not allow to run code")
