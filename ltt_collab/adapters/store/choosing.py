"""Opens the database that the settings name."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from ltt_collab.adapters.store import postgres, sqlite
from ltt_collab.adapters.store.stores import Stores

OUTBOX = Path("ltt-collab.outbox")
"""Where writes wait for a PostgreSQL that is away: in the working directory, unless another place is named."""


def open_stores(url: str, outbox: str = "") -> AbstractAsyncContextManager[Stores]:
    """The stores of an SQLite file or a PostgreSQL database; ``outbox``: where writes wait, '' for the usual place.

    Raises:
        InvalidSettingError: the URL is of neither form.
        StoreUnavailableError: the database cannot be opened.
    """
    place = Path(outbox) if outbox else None
    if url.startswith("postgresql"):
        return postgres.open_postgres(url, outbox=place or OUTBOX)
    return sqlite.open_sqlite(url, outbox=place)
