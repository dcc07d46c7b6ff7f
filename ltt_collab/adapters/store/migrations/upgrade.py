"""Runs the revisions that a database lacks, in one transaction, one service at a time."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from anyio import to_thread
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

LOCK = 0x4C54545F636F6C6C
"""The advisory lock of PostgreSQL that whoever migrates holds: 'LTT_coll'."""


@cache
def _script() -> ScriptDirectory:
    """The revisions of this package, all read in: a blocking act of some 10 ms, once a process."""
    config = Config()
    here = Path(__file__).parent
    config.set_main_option("script_location", str(here).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    list(script.walk_revisions())
    return script


def head() -> str:
    """The newest revision."""
    return str(_script().get_current_head())


async def upgrade(engine: AsyncEngine, to: str = "head") -> None:
    """Make the tables of revision ``to``; data stay. Another service that does so at the same time is waited for.

    A database of the time before revisions is taken as it is: the first revision makes only what is missing.
    """
    script = await to_thread.run_sync(_script)
    async with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK:d})")
        else:
            # Not at the first write: what we read before decides what we write.
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        await connection.run_sync(_run, script, to)
        await connection.commit()


def _run(connection: Connection, script: ScriptDirectory, to: str) -> None:
    def steps(revision: Any, _: MigrationContext) -> list[RevisionStep]:
        return script._upgrade_revs(to, revision)  # as Alembic's own ``command.upgrade`` does

    with EnvironmentContext(Config(), script, fn=steps, destination_rev=to) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
