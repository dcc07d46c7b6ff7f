"""``TokenStore`` in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select, update

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.model.identity import Principal
from ltt_collab.ports.identity import TokenRecord

_PRINCIPAL = TypeAdapter(Principal)


class SqlTokens:
    """``TokenStore`` in SQL. Nothing waits in the outbox: a token that cannot be kept is not issued."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, record: TokenRecord) -> None:
        """Insert; an id that is there already is replaced."""
        values = {
            "id": record.id,
            "digest": record.digest,
            "principal": _PRINCIPAL.dump_json(record.principal).decode(),
            "at": record.at,
            "expires": record.expires,
            "revoked": record.revoked,
            "note": record.note,
        }
        async with self._database.writing("save a token") as connection:
            statement = insert(connection, schema.tokens).values(values)
            await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    async def find(self, digest: str) -> TokenRecord | None:
        """The token with that digest."""
        query = select(schema.tokens).where(schema.tokens.c.digest == digest)
        async with self._database.reading("look up a token") as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else _record(dict(row))

    async def select(self) -> Sequence[TokenRecord]:
        """All of them, oldest first."""
        query = select(schema.tokens).order_by(schema.tokens.c.at, schema.tokens.c.id)
        async with self._database.reading("list tokens") as connection:
            return [_record(dict(row)) for row in (await connection.execute(query)).mappings()]

    async def revoke(self, token: str, at: float) -> bool:
        """End the token of that id; False when there is none or it was ended before."""
        table = schema.tokens
        statement = update(table).where(table.c.id == token, table.c.revoked.is_(None)).values(revoked=at)
        async with self._database.writing("revoke a token") as connection:
            return (await connection.execute(statement)).rowcount == 1


def _record(row: dict[str, Any]) -> TokenRecord:
    return TokenRecord(**row | {"principal": _PRINCIPAL.validate_json(row["principal"])})
