"""Agents' writes and runs, in the rooms that they may see, as far as their token allows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import cast

from ltt_collab.model.errors import ForbiddenError, UnknownCourseError, UnknownRoomError
from ltt_collab.model.identity import Sight
from ltt_collab.model.ids import CellId, RoomId, Username
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.ports.classroom import RoomChecks, TaskAt, ValidationRecord
from ltt_collab.ports.directory import RoomDirectory
from ltt_collab.ports.editing import NewCell, RoomEditing, RoomRunning, Written
from ltt_collab.ports.histories import Fork, RoomForks
from ltt_collab.ports.kernels import KernelInfo, KernelOutput, Limits


class _Scope:
    """What one agent may do where.

    Invariants:
        1. A room that they may not see is unknown, whatever is asked of it.
        2. Who may only read neither writes nor runs; who may not execute uses no kernel.
        3. An agent acts under its own name only.
    """

    def __init__(self, directory: RoomDirectory, sight: Sight) -> None:
        self._directory, self._sight = directory, sight

    def itself(self, by: Username) -> Username:
        if by != self._sight.principal.name:
            raise ForbiddenError(f"act as {by!r}", "an agent acts under its own name only")  # invariant 3
        return by

    def known(self, room: RoomId) -> RoomId:
        if self._directory.find(room).id != room:
            raise UnknownRoomError(room)
        return room  # invariant 1

    def expect_writer(self, what: str) -> None:
        if not self._sight.principal.may_write:
            raise ForbiddenError(what, "the token is for reading only")  # invariant 2

    def expect_executor(self, what: str) -> None:
        if not self._sight.principal.may_execute:
            raise ForbiddenError(what, "the token does not allow to run code")  # invariant 2


class ScopedEditing:
    """A ``ports.editing.RoomEditing`` for one agent."""

    def __init__(self, editing: RoomEditing, directory: RoomDirectory, sight: Sight) -> None:
        """``directory``: the scoped one, which tells what they may see."""
        self._editing, self._scope = editing, _Scope(directory, sight)

    async def insert(self, room: RoomId, new: NewCell, *, by: Username) -> Written:
        """Put a cell of the agent's into the notebook."""
        self._scope.expect_writer("insert a cell")
        return await self._editing.insert(self._scope.known(room), new, by=self._scope.itself(by))

    async def rewrite(self, room: RoomId, cell: CellId, source: str, expected_hash: str, *, by: Username) -> Written:
        """Give a cell of the agent's own another source."""
        self._scope.expect_writer("edit a cell")
        return await self._editing.rewrite(
            self._scope.known(room), cell, source, expected_hash, by=self._scope.itself(by)
        )

    async def delete(self, room: RoomId, cell: CellId, *, by: Username) -> None:
        """Delete a cell of the agent's own."""
        self._scope.expect_writer("delete a cell")
        await self._editing.delete(self._scope.known(room), cell, by=self._scope.itself(by))

    async def propose(self, room: RoomId, draft: Draft) -> Answer:
        """Put a draft of the agent's before the gate."""
        self._scope.expect_writer("propose a suggestion")
        self._scope.itself(draft.author)
        return await self._editing.propose(self._scope.known(room), draft)

    async def undo(self, room: RoomId, *, by: Username, most: int | None = None) -> Sequence[CellId]:
        """Take back the agent's latest writes."""
        self._scope.expect_writer("undo writes")
        return await self._editing.undo(self._scope.known(room), by=self._scope.itself(by), most=most)

    async def point(self, room: RoomId, cell: CellId, line: int, expected_hash: str, *, by: Username) -> None:
        """Select a line of a cell."""
        self._scope.expect_writer("point at a line")
        await self._editing.point(self._scope.known(room), cell, line, expected_hash, by=self._scope.itself(by))


class ScopedRunning:
    """A ``ports.editing.RoomRunning`` for one agent."""

    def __init__(self, running: RoomRunning, directory: RoomDirectory, sight: Sight) -> None:
        """``directory``: the scoped one, which tells what they may see."""
        self._running, self._scope = running, _Scope(directory, sight)

    async def execute(
        self, room: RoomId, code: str, *, limits: Limits, cell: CellId | None = None, by: Username
    ) -> AsyncIterator[KernelOutput]:
        """Run code in the notebook's kernel."""
        self._scope.expect_executor("run code")
        if cell is not None:
            self._scope.expect_writer("show a run in a cell")
        outputs = self._running.execute(
            self._scope.known(room), code, limits=limits, cell=cell, by=self._scope.itself(by)
        )
        async with aclosing(cast("AsyncGenerator[KernelOutput]", outputs)) as closing:
            async for output in closing:
                yield output

    async def execute_aside(
        self, room: RoomId, code: str, *, limits: Limits, by: Username
    ) -> AsyncIterator[KernelOutput]:
        """Run code in a sandbox."""
        self._scope.expect_executor("run code")
        outputs = self._running.execute_aside(self._scope.known(room), code, limits=limits, by=self._scope.itself(by))
        async with aclosing(cast("AsyncGenerator[KernelOutput]", outputs)) as closing:
            async for output in closing:
                yield output

    async def kernel(self, room: RoomId) -> KernelInfo | None:
        """The notebook's kernel."""
        return await self._running.kernel(self._scope.known(room))

    async def interrupt(self, room: RoomId, *, by: Username) -> None:
        """Stop what runs there."""
        self._scope.expect_executor("interrupt a kernel")
        await self._running.interrupt(self._scope.known(room), by=self._scope.itself(by))

    async def restart(self, room: RoomId, *, by: Username) -> None:
        """Restart the kernel."""
        self._scope.expect_executor("restart a kernel")
        await self._running.restart(self._scope.known(room), by=self._scope.itself(by))


class ScopedChecks:
    """A ``ports.classroom.RoomChecks`` for one agent; of a course that is not theirs nothing is checked."""

    def __init__(self, checks: RoomChecks, directory: RoomDirectory, sight: Sight) -> None:
        """``directory``: the scoped one, which tells what they may see."""
        self._checks, self._sight, self._scope = checks, sight, _Scope(directory, sight)

    async def check(self, room: RoomId, at: TaskAt, *, key: str, by: Username) -> ValidationRecord:
        """Check a task in that room."""
        self._scope.expect_executor("run a check")
        if not self._sight.principal.may_see_course(at.course):
            raise UnknownCourseError(at.course)
        return await self._checks.check(self._scope.known(room), at, key=key, by=self._scope.itself(by))


class ScopedForks:
    """A ``ports.histories.RoomForks`` for one agent."""

    def __init__(self, forks: RoomForks, directory: RoomDirectory, sight: Sight) -> None:
        """``directory``: the scoped one, which tells what they may see."""
        self._forks, self._scope = forks, _Scope(directory, sight)

    async def versions(self, room: RoomId) -> Sequence[float]:
        """When the versions of a notebook came to be."""
        return await self._forks.versions(self._scope.known(room))

    async def fork(self, room: RoomId, *, synchronized: bool, by: Username) -> Fork:
        """Copy a notebook into a room of its own."""
        self._scope.expect_writer("fork a notebook")
        return await self._forks.fork(self._scope.known(room), synchronized=synchronized, by=self._scope.itself(by))

    async def merge(self, room: RoomId, fork: str, *, by: Username) -> bool:
        """Bring a fork back."""
        self._scope.expect_writer("merge a fork")
        return await self._forks.merge(self._scope.known(room), fork, by=self._scope.itself(by))
