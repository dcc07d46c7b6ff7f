"""The stores in one SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import create_async_engine

from ltt_collab.adapters.store.schema import metadata
from ltt_collab.adapters.store.sql import Database, sql_stores, translated
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.model.errors import InvalidSettingError

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another writer: longer than any write of ours takes, shorter than people's patience."""

GOODBYE = 5.0
"""Seconds that closing the file may take, also when we are being cancelled."""


@asynccontextmanager
async def open_sqlite(
    url: str, *, busy_timeout: float = BUSY_TIMEOUT, max_pages: int | None = None
) -> AsyncIterator[Stores]:
    """The stores of one file, made with its directory and tables if need be; closed at the end.

    ``url`` is ``sqlite+aiosqlite:///<path>``; without a path the stores live in memory. A file that
    has ``max_pages`` pages (of 4 KiB) takes no more: the stores say that it is full.

    Raises:
        InvalidSettingError: the URL is not of that form.
        StoreUnavailableError: the file cannot be opened or is no database of ours.
    """
    address = _parse(url)
    engine = create_async_engine(address, connect_args={"timeout": busy_timeout})
    event.listen(engine.sync_engine, "connect", partial(_prepare, max_pages=max_pages))
    try:
        database = Database(engine)
        what = f"open {address.database or 'a database in memory'}"
        with translated(what):
            await _make_directory(address)
        async with database.writing(what) as connection:
            await connection.run_sync(metadata.create_all)
        yield sql_stores(database)
    finally:
        with anyio.move_on_after(GOODBYE, shield=True):
            await engine.dispose()


def _parse(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        address = None
    if address is None or address.drivername != "sqlite+aiosqlite":
        raise InvalidSettingError("LTT_DATABASE_URL", url, "write sqlite+aiosqlite:///<path> for an SQLite file")
    return address


async def _make_directory(address: URL) -> None:
    if address.database and address.database != ":memory:":
        # For our eyes only: the log holds what learners wrote.
        await anyio.Path(address.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _prepare(connection: Any, _: object, *, max_pages: int | None) -> None:
    """Set up each new connection."""
    cursor = connection.cursor()
    # Readers do not wait for the writer; with WAL a commit survives a killed process, only the last ones before a
    # power cut may be lost, and the file is never torn.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    if max_pages is not None:
        cursor.execute(f"PRAGMA max_page_count = {max_pages:d}")
    cursor.close()
