"""Versions and forks of notebooks, for agents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ltt_collab.model.errors import ForbiddenError, RoomRefusedError
from ltt_collab.model.ids import RoomId, ServerId, Username
from ltt_collab.peer.agent_audit import AgentAudit
from ltt_collab.peer.editing import expect_no_approval, page_of
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.files import LearnerFiles
from ltt_collab.ports.histories import DocumentHistories, Fork, KeepsHistories

MOST_FORKS = 5
"""Of one notebook: they live in the memory of the learner's server until somebody merges or deletes them."""

NOT_FOUND = 404


class AgentForks:
    """Implements ``ports.histories.RoomForks``.

    Invariants:
        1. What was changed in a fork comes into the learner's cells only where the operator lets agents edit them.
        2. A fork is merged into the notebook that it was made of, and no other.
    """

    def __init__(
        self,
        registry: Registry,
        audit: AgentAudit,
        files: Callable[[ServerId], LearnerFiles | None],
        *,
        learner_cells: bool = False,
    ) -> None:
        """``learner_cells``: the operator lets agents edit learners' cells."""
        self._registry, self._audit, self._files, self._learner_cells = registry, audit, files, learner_cells

    async def versions(self, room: RoomId) -> Sequence[float]:
        """When the versions of a notebook came to be.

        Raises:
            UnknownRoomError, RoomUnreachableError, RoomRefusedError
        """
        peer = self._registry.peer(room)
        return await self._histories(peer).versions(peer.path)

    async def fork(self, room: RoomId, *, synchronized: bool, by: Username) -> Fork:
        """Copy a notebook into a room of its own.

        Raises:
            UnknownRoomError, RoomReadOnlyError, ForbiddenError, RoomUnreachableError, RoomRefusedError
        """
        peer = self._registry.peer(room)
        page_of(peer)
        histories = self._histories(peer)
        if len(await histories.forks(peer.path)) >= MOST_FORKS:
            raise ForbiddenError("fork the notebook", f"it has {MOST_FORKS} forks; merge one, or delete it in Jupyter")
        made = await histories.fork(peer.path, f"by {by}", synchronized=synchronized)
        await self._audit.note(peer, by, "agent.forked", f"fork {made.id}")
        return made

    async def merge(self, room: RoomId, fork: str, *, by: Username) -> bool:
        """Bring a fork back; False when the notebook has no such fork.

        Raises:
            UnknownRoomError, RoomReadOnlyError, ForbiddenError, RoomUnreachableError, RoomRefusedError
        """
        peer = self._registry.peer(room)
        page = page_of(peer)
        if not self._learner_cells:  # invariant 1
            remedy = "a merge may change learners' cells, which the operator allows by LTT_AGENTS_EDIT_LEARNER_CELLS"
            raise ForbiddenError("merge a fork", remedy)
        expect_no_approval(peer, page, None)
        histories = self._histories(peer)
        if all(each.id != fork for each in await histories.forks(peer.path)):  # invariant 2
            return False
        await histories.merge(fork)
        await self._audit.note(peer, by, "agent.fork_merged", f"fork {fork}")
        return True

    def _histories(self, peer: RoomPeer) -> DocumentHistories:
        match self._files(peer.server_id):
            case KeepsHistories(histories=histories):
                return histories
            case _:
                raise RoomRefusedError(peer.server_id, NOT_FOUND, "this room server keeps no versions and no forks")
