"""Where the graph's memory is kept: a file beside the service's, tables beside the service's, or nowhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiosqlite
import anyio
import anyio.to_thread

from ltt_collab.model.errors import InvalidSettingError

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

CLOSE_SECONDS = 2.0
"""For closing a database while we are being cancelled."""

BESIDE = "-agent"
"""Added to the name of the service's SQLite file: two writers of one file would wait for each other."""

_POSTGRES = "langgraph.checkpoint.postgres.aio"


class Checkpoints:
    """Opens the store for one request: nothing is held open between two, so nothing needs to be closed at the end.

    Raises:
        InvalidSettingError: the URL is of no kind we know.
    """

    def __init__(self, url: str) -> None:
        self._scheme = urlsplit(url).scheme.partition("+")[0]
        if self._scheme not in {"", "sqlite", "postgresql"}:
            raise InvalidSettingError("LTT_DATABASE_URL", self._scheme, "use a sqlite or postgresql URL")
        self._path = beside(url) if self._scheme == "sqlite" else None
        self._dsn = "postgresql:" + url.partition(":")[2] if self._scheme == "postgresql" else ""
        self._memory: BaseCheckpointSaver[str] | None = None
        self._is_set_up = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[BaseCheckpointSaver[str]]:
        """The store."""
        if self._dsn:
            async with self._postgres() as saver:
                yield saver
        elif self._path is not None:
            async with self._sqlite(self._path) as saver:
                yield saver
        else:
            yield self.in_memory()

    def in_memory(self) -> BaseCheckpointSaver[str]:
        """A store that ends with us."""
        from langgraph.checkpoint.memory import InMemorySaver  # noqa: PLC0415

        if self._memory is None:
            self._memory = InMemorySaver()
        return self._memory

    @asynccontextmanager
    async def _sqlite(self, path: Path) -> AsyncIterator[BaseCheckpointSaver[str]]:
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver  # noqa: PLC0415

        with anyio.CancelScope(shield=True):
            connection = await aiosqlite.connect(path)
        try:
            yield AsyncSqliteSaver(connection)
        finally:
            # Its thread would keep the process alive.
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await connection.close()

    @asynccontextmanager
    async def _postgres(self) -> AsyncIterator[BaseCheckpointSaver[str]]:
        # Its client library is large: imported away from the loop that serves every room.
        saver_class: Any = (await anyio.to_thread.run_sync(import_module, _POSTGRES)).AsyncPostgresSaver
        async with saver_class.from_conn_string(self._dsn) as saver:
            if not self._is_set_up:
                await saver.setup()
                self._is_set_up = True
            yield saver


def beside(url: str) -> Path | None:
    """The file of our memory for the service's SQLite URL; None for a database in memory."""
    path = url.partition("///")[2].partition("?")[0]
    if not path or ":memory:" in path:
        return None
    file = Path(path)
    return file.with_name(f"{file.stem}{BESIDE}{file.suffix or '.sqlite'}")
