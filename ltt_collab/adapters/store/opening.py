"""Opens the stores of whichever database the settings name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from anyio import to_thread
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine

from ltt_collab.adapters.store.database.connection import Database, translated
from ltt_collab.adapters.store.database.journal import Journal
from ltt_collab.adapters.store.database.stores import sql_stores
from ltt_collab.adapters.store.migrations.upgrade import upgrade
from ltt_collab.adapters.store.outbox import Outbox
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.model.errors import InvalidSettingError

GOODBYE = 5.0
"""Seconds that closing a database may take, also when we are being cancelled."""


def parse_url(url: str, driver: str, form: str) -> URL:
    """The parts of a database's URL; ``form`` shows what it should look like.

    Raises:
        InvalidSettingError: it is not one of that driver; a password in it is not repeated.
    """
    try:
        address = make_url(url)
    except ArgumentError:
        address = None
    if address is None or address.drivername != driver:
        shown = "[not a URL]" if address is None else address.render_as_string(hide_password=True)
        raise InvalidSettingError("LTT_DATABASE_URL", shown, f"write {form}")
    return address


@asynccontextmanager
async def opened(engine: AsyncEngine, outbox: Path | None, what: str) -> AsyncIterator[Stores]:
    """The stores behind an engine, their tables brought up to date; what waited in the outbox is written first.

    Raises:
        StoreUnavailableError: ``what`` cannot be done; or the outbox cannot be had.
    """
    try:
        with translated(what):
            await upgrade(engine)
        database = Database(engine)
        with translated("keep an outbox"):
            box = None if outbox is None else await to_thread.run_sync(Outbox, outbox)
        journal = Journal(database, box)
        try:
            stores = sql_stores(database, journal)
            await journal.drain()
            yield stores
        finally:
            with anyio.move_on_after(GOODBYE, shield=True):
                await journal.close()
    finally:
        with anyio.move_on_after(GOODBYE, shield=True):
            await engine.dispose()
