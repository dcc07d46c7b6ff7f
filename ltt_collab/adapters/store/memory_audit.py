"""The audit, export and deletion, in memory."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from ltt_collab.adapters.store.held import Holder
from ltt_collab.model.ids import Username
from ltt_collab.ports.privacy import DATA_DELETED, DATA_EXPIRED, DATA_EXPORTED, AuditEntry

_ENTRY = TypeAdapter(AuditEntry)


class MemoryAudit:
    """``AuditStore`` in memory."""

    def __init__(self) -> None:
        self._entries: dict[str, AuditEntry] = {}

    async def append(self, *entries: AuditEntry) -> None:
        """Add entries; one whose id is there already is ignored."""
        for entry in entries:
            self._entries.setdefault(entry.id, entry)

    async def select(
        self, *, subject: str | None = None, actor: str | None = None, after: str | None = None, limit: int = 100
    ) -> Sequence[AuditEntry]:
        """A page ordered by (at, id), which goes on after the entry with id ``after``."""
        found = sorted(self._entries.values(), key=lambda entry: (entry.at, entry.id))
        if after is not None:
            last = self._entries.get(after)
            found = [entry for entry in found if last is not None and (entry.at, entry.id) > (last.at, last.id)]
        return [entry for entry in found if subject in {None, entry.subject} and actor in {None, entry.actor}][:limit]


class MemoryPersonalData:
    """``PersonalData`` over all that holds any."""

    def __init__(self, holders: Sequence[Holder], audit: MemoryAudit) -> None:
        self._holders, self._audit = holders, audit

    async def export(self, learner: Username, *, actor: str, at: float) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """Every record, as (kind, JSON-ready record) pairs, kind after kind."""
        await self._note(at, actor, DATA_EXPORTED, learner)
        held = [pair for holder in self._holders for pair in holder.of(learner)]
        for pair in sorted(held, key=lambda pair: pair[0]):
            yield pair
        for entry in await self._audit.select(subject=learner, limit=len(held) + 1_000):
            yield "audit", _ENTRY.dump_python(entry, mode="json")

    async def delete(self, learner: Username, *, actor: str, at: float) -> Mapping[str, int]:
        """Remove all of it for good; how many records of each kind."""
        counts = dict(Counter(kind for holder in self._holders for kind, _ in holder.of(learner)))
        for holder in self._holders:
            holder.forget(learner)
        await self._note(at, actor, DATA_DELETED, learner, counts)
        return counts

    async def expire(self, *, before: float, at: float) -> Mapping[str, int]:
        """Remove what is older than ``before``."""
        gone = {kind: number for holder in self._holders for kind, number in holder.expire(before).items() if number}
        if gone:
            await self._note(at, "service", DATA_EXPIRED, "everybody", gone)
        return gone

    async def _note(
        self, at: float, actor: str, action: str, subject: str, counts: Mapping[str, int] | None = None
    ) -> None:
        detail = ", ".join(f"{number} {kind}" for kind, number in (counts or {}).items())
        identity = f"a-{secrets.token_hex(8)}"
        entry = AuditEntry(id=identity, at=at, actor=actor, action=action, subject=subject, detail=detail)
        await self._audit.append(entry)
