"""The stores in a PostgreSQL database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy.ext.asyncio import create_async_engine

from ltt_collab.adapters.store.database.connection import expect_bare
from ltt_collab.adapters.store.opening import opened, parse_url
from ltt_collab.adapters.store.stores import Stores

DRIVER = "postgresql+asyncpg"

CONNECT_SECONDS = 5.0
"""For a connection: a server in the same network answers in milliseconds, one that is away never."""

COMMAND_SECONDS = 60.0
"""For a statement: deleting a learner's year takes seconds."""

CONNECTIONS = 10
"""At once, of one service: PostgreSQL allows 100 by default, for all."""


@asynccontextmanager
async def open_postgres(url: str, *, outbox: Path | None = None) -> AsyncIterator[Stores]:
    """The stores of one database, its tables made if need be; the connections are closed at the end.

    ``url`` is ``postgresql+asyncpg://user:password@host/database``; the database itself must be there. ``outbox``: the
    file for what cannot be written while the server is away; without one such writes are errors.

    Raises:
        InvalidSettingError: the URL is not of that form.
        StoreUnavailableError: the server cannot be reached or refuses us.
    """
    address = parse_url(url, DRIVER, f"{DRIVER}://user:password@host/database")
    expect_bare(asyncpg.PostgresError, asyncpg.InterfaceError)
    engine = create_async_engine(
        address,
        connect_args={"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS},
        pool_pre_ping=True,  # connections of before a restart of the server are replaced, not failed with
        pool_size=CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,
    )
    async with opened(engine, outbox, f"open {address.host or 'PostgreSQL'}/{address.database or ''}") as stores:
        yield stores
