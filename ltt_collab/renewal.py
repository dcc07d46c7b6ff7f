"""Secrets that are read again while the service runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio.to_thread
from pydantic import SecretStr

from ltt_collab.settings import FILED, Settings, variable
from ltt_collab.settings_files import read_secret
from ltt_collab.telemetry.logging import hide

Reader = Callable[[], Awaitable[str]]


def hub_token_reader(settings: Settings) -> Reader | None:
    """What reads our token at the hub again, None where it stands in no file."""
    return _reader(settings, "hub_token")


def api_token_reader(settings: Settings) -> Reader | None:
    """What reads the API's token again, None where it stands in no file."""
    return _reader(settings, "api_token")


def _reader(settings: Settings, field: str) -> Reader | None:
    where = FILED[field]
    path: str = getattr(settings, where)
    if not path:
        return None

    async def read() -> str:
        secret = await anyio.to_thread.run_sync(read_secret, variable(where), path)
        hide(SecretStr(secret))  # before anybody can log it
        return secret

    return read
