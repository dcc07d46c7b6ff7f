"""The way of a command to the running service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ltt_collab.client import HttpClient
from ltt_collab.settings import Settings


@asynccontextmanager
async def running_service_client() -> AsyncIterator[HttpClient]:
    """A client of the service that the settings name (LTT_SERVICE_URL, LTT_API_TOKEN).

    Raises:
        InvalidSettingError
    """
    settings = Settings.read()
    async with HttpClient(settings.service_url, settings.api_token) as client:
        yield client
