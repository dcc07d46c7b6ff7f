"""The way of a command to the running service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltt_collab.client import HttpClient


@asynccontextmanager
async def running_service_client() -> AsyncIterator[HttpClient]:
    """A client of the service that the settings name (LTT_SERVICE_URL, LTT_API_TOKEN).

    Raises:
        InvalidSettingError
    """
    from ltt_collab.client import HttpClient  # noqa: PLC0415 - help needs no httpx
    from ltt_collab.settings import Settings  # noqa: PLC0415 - nor a file of settings

    settings = Settings.read()
    async with HttpClient(settings.service_url, settings.api_token) as client:
        yield client
