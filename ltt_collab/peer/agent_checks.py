"""Checks tasks for agents, by the rules of an agent's run."""

from __future__ import annotations

import hashlib
import secrets

import anyio

from ltt_collab.model.errors import NotWorkingOnItError
from ltt_collab.model.ids import RoomId, Username
from ltt_collab.model.validations import ValidationMode
from ltt_collab.peer.agent_audit import AgentAudit
from ltt_collab.peer.editing import page_of
from ltt_collab.peer.registry import Registry
from ltt_collab.ports.classroom import Classroom, TaskAt, ValidationRecord


class AgentChecks:
    """Implements ``ports.classroom.RoomChecks``.

    Invariants:
        1. A check enters a kernel only where an agent's code might: nobody sent us away, paused us, or has left.
        2. It is made in the room that was named, for the learner of that room.
        3. A check that began is in the audit, however it ended, without a word of the learner's.
    """

    def __init__(self, registry: Registry, audit: AgentAudit, classroom: Classroom) -> None:
        self._registry, self._audit, self._classroom = registry, audit, classroom

    async def check(self, room: RoomId, at: TaskAt, *, key: str, by: Username) -> ValidationRecord:
        """Check a task in that room, live, for its learner.

        Raises:
            UnknownRoomError, RoomReadOnlyError, UnknownCourseError, UnknownTaskError, NotWorkingOnItError
        """
        peer = self._registry.peer(room)
        page_of(peer)  # invariant 1
        learner = peer.info.learner
        if learner is None:
            raise NotWorkingOnItError("nobody", at.task, peer.path)
        what = f"task {at.course}/{at.task}"
        try:
            record = await self._classroom.validate(
                at.course,
                at.task,
                learner,
                ValidationMode.LIVE,
                key=_key(by, room, key),
                room=room,  # invariant 2
            )
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self._audit.note(peer, by, "agent.checked", f"{what}, broken off")  # invariant 3
            raise
        outcome = "under way" if record.verdict is None else record.verdict.outcome.value
        await self._audit.note(peer, by, "agent.checked", f"{what}, {outcome}")
        return record


def _key(by: Username, room: RoomId, key: str) -> str:
    """The classroom knows keys by learner only; an agent's holds for itself and one notebook."""
    if not key:
        return secrets.token_hex(8)
    return hashlib.blake2b(f"{by} {room} {key}".encode(), digest_size=16).hexdigest()
