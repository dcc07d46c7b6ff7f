"""The HTTP door on a real socket, before rooms that live in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from ltt_collab.api.app import create_app
from ltt_collab.api.door import Readiness
from ltt_collab.api.server import serve
from tests.support.directory import MemoryDirectory

TOKEN = "t0ken-of-the-tests"


@dataclass
class RunningService:
    """A service that answers; ``http`` sends the token."""

    url: str
    app: FastAPI
    http: httpx.AsyncClient
    readiness: list[Readiness]


@asynccontextmanager
async def running_service(
    directory: MemoryDirectory, *, heartbeat: float = 15.0, port: int = 0
) -> AsyncIterator[RunningService]:
    """Serve the directory; use it inside a test, not a fixture: its task group belongs to one task."""
    readiness = [Readiness(ready=True)]
    app = create_app(directory, token=SecretStr(TOKEN), readiness=lambda: readiness[-1], heartbeat=heartbeat)
    async with (
        serve(app, "127.0.0.1", port) as served,
        httpx.AsyncClient(base_url=served.url, headers={"authorization": f"Bearer {TOKEN}"}, timeout=10) as http,
    ):
        yield RunningService(served.url, app, http, readiness)
