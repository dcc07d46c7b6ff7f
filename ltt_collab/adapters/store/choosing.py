"""Opens the database that the settings name."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

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
        from ltt_collab.adapters.store.postgres import open_postgres  # noqa: PLC0415 - 5 MiB, for who has one

        return open_postgres(url, outbox=place or OUTBOX)
    from ltt_collab.adapters.store.sqlite import open_sqlite  # noqa: PLC0415 - as the other one

    return open_sqlite(url, outbox=place)
