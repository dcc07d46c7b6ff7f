"""``AuditStore`` in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.adapters.store.database.journal import Journal, Writing
from ltt_collab.adapters.store.database.pages import page
from ltt_collab.ports.privacy import AuditEntry


class SqlAudit:
    """``AuditStore`` in SQL."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        journal.knows(_APPEND)

    async def append(self, *entries: AuditEntry) -> None:
        """Add entries, in one transaction; one whose id is there already is ignored."""
        if entries:
            await self._journal.write(_APPEND, [asdict(entry) for entry in entries])

    async def select(
        self, *, subject: str | None = None, actor: str | None = None, after: str | None = None, limit: int = 100
    ) -> Sequence[AuditEntry]:
        """A page ordered by (at, id), which goes on after the entry with id ``after``."""
        query = page(schema.audit, {"subject": subject, "actor": actor}, after=after, limit=limit)
        async with self._database.reading("read the audit") as connection:
            return [AuditEntry(**row) for row in (await connection.execute(query)).mappings()]


async def note(connection: AsyncConnection, rows: Any) -> None:
    """Add an entry, or a list of them, within a transaction."""
    await connection.execute(insert(connection, schema.audit).values(rows).on_conflict_do_nothing())


_APPEND = Writing(name="audit", what="write the audit", apply=note)
