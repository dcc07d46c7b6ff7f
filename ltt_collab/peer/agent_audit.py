"""What agents do goes into the audit, behind their backs: no answer to an agent waits for the database."""

from __future__ import annotations

import secrets

import anyio
import structlog

from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.model.ids import Username
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.privacy import AuditEntry, AuditStore

log = structlog.get_logger(__name__)

MOST_WAITING = 1_000
"""Entries that wait for the database; an agent that is faster still waits for its turn."""

WRITE_SECONDS = 5.0
"""For one entry when we stop; the store itself keeps on disk what the database does not take."""


class AgentAudit:
    """Notes what agents do; a database that is away stops nobody, and is said so in the log.

    Invariants:
        1. Each act is in the log before it is answered, and in the audit soon after, in the order of the acts.
        2. What waits when the service stops is written first.
    """

    def __init__(self, store: AuditStore | None) -> None:
        self._store = store
        self._send, self._receive = anyio.create_memory_object_stream[AuditEntry](MOST_WAITING)

    async def note(self, peer: RoomPeer, by: Username, action: str, detail: str) -> None:
        """``by`` did ``action`` in this room: to the log and, subject the room's learner, to the audit."""
        info = peer.info
        log.info("agent acted", agent=by, action=action, room=info.id, detail=detail)  # invariant 1
        if self._store is None:
            return
        entry = AuditEntry(
            id=secrets.token_hex(8),
            at=peer.around.clock.now(),
            actor=by,
            action=action,
            subject=info.learner or info.path,
            detail=f"{info.path}: {detail}",
        )
        await self._send.send(entry)

    async def run(self) -> None:
        """Write what was noted until cancelled, and then what still waits."""
        try:
            async for entry in self._receive:
                with anyio.CancelScope(shield=True):
                    await self._write(entry)
        finally:
            self._send.close()
            while self._receive.statistics().current_buffer_used:  # invariant 2
                with anyio.move_on_after(WRITE_SECONDS, shield=True):
                    await self._write(self._receive.receive_nowait())
            self._receive.close()

    async def _write(self, entry: AuditEntry) -> None:
        if self._store is None:
            return
        try:
            await self._store.append(entry)
        except StoreUnavailableError as error:
            log.warning("agent's act not in the audit", action=entry.action, reason=str(error))
