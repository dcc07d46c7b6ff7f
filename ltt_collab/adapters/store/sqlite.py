"""The stores in one SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine

from ltt_collab.adapters.store.database.connection import translated
from ltt_collab.adapters.store.opening import opened, parse_url
from ltt_collab.adapters.store.stores import Stores

DRIVER = "sqlite+aiosqlite"

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another writer: longer than any write of ours takes, shorter than people's patience."""


@asynccontextmanager
async def open_sqlite(
    url: str, *, busy_timeout: float = BUSY_TIMEOUT, max_pages: int | None = None, outbox: Path | None = None
) -> AsyncIterator[Stores]:
    """The stores of one file, made with its directory and tables if need be; closed at the end.

    ``url`` is ``sqlite+aiosqlite:///<path>``; without a path the stores live in memory. A file that
    has ``max_pages`` pages (of 4 KiB) takes no more: what does not fit waits in the outbox. ``outbox``: its file, by
    default the database's with ``.outbox`` behind it.

    Raises:
        InvalidSettingError: the URL is not of that form.
        StoreUnavailableError: the file cannot be opened or is no database of ours.
    """
    address = parse_url(url, DRIVER, f"{DRIVER}:///<path> for an SQLite file")
    file = _file(address)
    engine = create_async_engine(address, connect_args={"timeout": busy_timeout}, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", partial(_prepare, max_pages=max_pages))
    what = f"open {file or 'a database in memory'}"
    if file is not None:
        outbox = outbox or file.with_name(file.name + ".outbox")
        with translated(what):
            # For our eyes only: the log holds what learners wrote.
            await anyio.Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with opened(engine, outbox, what) as stores:
        yield stores


def _file(address: URL) -> Path | None:
    return Path(address.database) if address.database and address.database != ":memory:" else None


def _prepare(connection: Any, _: object, *, max_pages: int | None) -> None:
    """Set up each new connection."""
    cursor = connection.cursor()
    # Readers do not wait for the writer; with WAL a commit survives a killed process, only the last ones before a
    # power cut may be lost, and the file is never torn.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    # What was deleted is overwritten with zeros: a learner's deleted data are really gone.
    cursor.execute("PRAGMA secure_delete = ON")
    if max_pages is not None:
        cursor.execute(f"PRAGMA max_page_count = {max_pages:d}")
    cursor.close()
