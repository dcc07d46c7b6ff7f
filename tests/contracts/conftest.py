"""The stores of every database, for one contract suite."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.adapters.store.postgres import open_postgres
from ltt_collab.adapters.store.sqlite import open_sqlite
from ltt_collab.adapters.store.stores import Stores
from tests.support.postgres import Postgres

OpenStores = Callable[[], AbstractAsyncContextManager[Stores]]

TEMPLATE = "ltt_template"
"""A database with our tables, copied for each test: faster than making them."""


@pytest.fixture(scope="session")
def with_tables(postgres: Postgres) -> Postgres:
    """The server, with the template made."""

    async def make() -> None:
        async with open_postgres(postgres.url(TEMPLATE)):
            pass

    postgres.execute(f"CREATE DATABASE {TEMPLATE}")
    asyncio.run(make())
    return postgres


@asynccontextmanager
async def in_memory() -> AsyncIterator[Stores]:
    yield memory_stores()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def open_stores(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStores:
    """Opens the stores of one database; again: the same database, but for memory."""
    match request.param:
        case "memory":
            return in_memory
        case "sqlite":
            return lambda: open_sqlite(f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}")
        case _:
            url = request.getfixturevalue("with_tables").new_url(like=TEMPLATE)
            return lambda: open_postgres(url, outbox=tmp_path / "outbox")


@pytest.fixture
async def stores(open_stores: OpenStores) -> AsyncIterator[Stores]:
    """Empty stores."""
    async with open_stores() as opened:
        yield opened
