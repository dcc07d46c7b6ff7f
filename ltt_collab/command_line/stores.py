"""The database, for the commands that work straight on it, whether a service runs or not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from ltt_collab.model.errors import InvalidSettingError

if TYPE_CHECKING:
    from ltt_collab.adapters.store.stores import Stores


@asynccontextmanager
async def service_stores(database: str | None) -> AsyncIterator[Stores]:
    """The stores of the service, by its settings; ``database`` goes before LTT_DATABASE_URL.

    Raises:
        InvalidSettingError, StoreUnavailableError
    """
    from ltt_collab.adapters.store.choosing import open_stores  # noqa: PLC0415 - help needs no SQLAlchemy
    from ltt_collab.settings import Settings  # noqa: PLC0415 - nor a file of settings

    settings = Settings.read(database_url=database)
    path = settings.database_url.partition(":///")[2]
    if settings.database_url.startswith("sqlite") and not await anyio.Path(path).is_file():
        # Opening it would make it, and "nothing is kept" would be said of the wrong file.
        remedy = "there is no such file; name the service's"
        raise InvalidSettingError("LTT_DATABASE_URL", settings.database_url, remedy)
    async with open_stores(settings.database_url, settings.outbox) as stores:
        yield stores
