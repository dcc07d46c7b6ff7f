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

GATHER = 0.1
"""Seconds from the first entry that waits until all that wait are written: one commit for many acts of a busy agent."""

WRITE_SECONDS = 5.0
"""For what waits when we stop; the store itself keeps on disk what the database does not take."""


class AgentAudit:
    """Notes what agents do; a database that is away stops nobody, and is said so in the log.

    Invariants:
        1. Each act is in the log before it is answered, and in the audit ``GATHER`` later, in the order of the acts.
        2. What waits when the service stops is written first.
    """

    def __init__(self, store: AuditStore | None) -> None:
        self._store = store
        self._held: list[AuditEntry] = []
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
        try:
            self._send.send_nowait(entry)  # whoever waits for the answer waits for no turn of the loop
        except anyio.WouldBlock:
            await self._send.send(entry)

    async def run(self) -> None:
        """Write what was noted until cancelled, and then what still waits."""
        try:
            async for entry in self._receive:
                self._held.append(entry)
                await anyio.sleep(GATHER)
                with anyio.CancelScope(shield=True):
                    await self._write()
        finally:
            self._send.close()
            with anyio.move_on_after(WRITE_SECONDS, shield=True):
                await self._write()  # invariant 2
            self._receive.close()

    async def _write(self) -> None:
        while self._receive.statistics().current_buffer_used:
            self._held.append(self._receive.receive_nowait())
        entries, self._held = self._held, []
        if self._store is None or not entries:
            return
        try:
            await self._store.append(*entries)
        except StoreUnavailableError:
            for entry in entries:  # one that is refused takes no other along
                await self._write_alone(self._store, entry)

    async def _write_alone(self, store: AuditStore, entry: AuditEntry) -> None:
        try:
            await store.append(entry)
        except StoreUnavailableError as error:
            log.warning("agent's act not in the audit", action=entry.action, reason=str(error))
