"""``SteerStore`` in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import delete, select

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.ports.steering import Extent, Steer

_STEER, _EXTENT = TypeAdapter(Steer), TypeAdapter(Extent)


class SqlSteers:
    """``SteerStore`` in SQL. Nothing waits in the outbox: whoever ordered it is told, and it holds all the same."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, steer: Steer) -> None:
        """Insert, in place of the one about the same extent."""
        values = {"extent": _key(steer.extent), "body": _STEER.dump_json(steer).decode(), "at": steer.at}
        async with self._database.writing("save an order") as connection:
            statement = insert(connection, schema.steers).values(values)
            await connection.execute(statement.on_conflict_do_update(index_elements=["extent"], set_=values))

    async def remove(self, extent: Extent) -> bool:
        """Forget the one about exactly this extent; False when there is none."""
        statement = delete(schema.steers).where(schema.steers.c.extent == _key(extent))
        async with self._database.writing("lift an order") as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def all(self) -> Sequence[Steer]:
        """All of them, oldest first."""
        query = select(schema.steers.c.body).order_by(schema.steers.c.at, schema.steers.c.extent)
        async with self._database.reading("look up orders") as connection:
            return [_STEER.validate_json(body) for body in (await connection.execute(query)).scalars()]


def _key(extent: Extent) -> str:
    return _EXTENT.dump_json(extent).decode()
