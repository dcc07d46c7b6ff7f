"""Makes the tables of this version, in one transaction, one service at a time.

Only a database of another version needs the revisions, and with them Alembic (7 MiB, 150 ms): one that is empty gets
the tables as ``schema`` has them, one that is of this version stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

from anyio import to_thread
from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ltt_collab.adapters.store.schema import metadata

NEWEST = "0005"
"""The revision that makes what ``schema`` has; a test compares them."""

LOCK = 0x4C54545F636F6C6C
"""The advisory lock of PostgreSQL that whoever migrates holds: 'LTT_coll'."""

_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table, as Alembic makes it."""


async def upgrade(engine: AsyncEngine, to: str = NEWEST) -> None:
    """Make the tables of revision ``to``; data stay. Another service that does so at the same time is waited for.

    A database of the time before revisions is taken as it is: the first revision makes only what is missing.
    """
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK:d})")
        else:
            # Not at the first write: what we read before decides what we write.
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        if to != NEWEST or not await connection.run_sync(_stands):
            await connection.run_sync(await to_thread.run_sync(_runner, to))
        await connection.commit()


def _stands(connection: Connection) -> bool:
    """Whether the newest tables are there, if need be because the database was empty and they were made."""
    there = inspect(connection).get_table_names()
    if _version.name in there:
        return connection.scalars(select(_version.c.version_num)).all() == [NEWEST]
    if there:
        return False
    metadata.create_all(connection)
    _version.create(connection)
    connection.execute(insert(_version).values(version_num=NEWEST))
    return True


def _runner(to: str) -> Callable[[Connection], None]:
    """What runs the revisions; takes some 150 ms, so away from the event loop."""
    from ltt_collab.adapters.store.migrations.revisions import (  # noqa: PLC0415 - few databases need Alembic
        revisions,
        run_revisions,
    )

    script = revisions()
    return lambda connection: run_revisions(connection, script, to)
