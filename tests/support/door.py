"""The HTTP door on a real socket, before rooms that live in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from ltt_collab.access.desk import Desk
from ltt_collab.access.gatekeeper import Gatekeeper, ServiceToken
from ltt_collab.access.school import School
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.api.app import create_app
from ltt_collab.api.door import Door, Readiness
from ltt_collab.api.server import serve
from ltt_collab.model.ids import Username
from ltt_collab.ports.identity import Authenticator
from ltt_collab.ports.learning import EnrolmentStore
from tests.support.directory import MemoryDirectory

TOKEN = "t0ken-of-the-tests"


async def nobody_is_away(_username: Username) -> None:
    """Welcome whoever it is: nobody was sent away."""


@dataclass
class RunningService:
    """A service that answers; ``http`` sends the token."""

    url: str
    app: FastAPI
    http: httpx.AsyncClient
    readiness: list[Readiness]
    welcomed: list[Username]
    announced: list[tuple[Username, str]]


@asynccontextmanager
async def running_service(
    directory: MemoryDirectory,
    *,
    heartbeat: float = 15.0,
    port: int = 0,
    others: Sequence[Authenticator] = (),
    school: Callable[[Gatekeeper], School] | None = None,
    enrolments: EnrolmentStore | None = None,
    desk: Desk | None = None,
) -> AsyncIterator[RunningService]:
    """Serve the directory; use it inside a test, not a fixture: its task group belongs to one task."""
    readiness = [Readiness(ready=True)]
    welcomed: list[Username] = []
    announced: list[tuple[Username, str]] = []

    async def welcome(username: Username) -> None:
        welcomed.append(username)

    door = Door(
        directory=directory,
        readiness=lambda: readiness[-1],
        welcome=welcome,
        heartbeat=heartbeat,
        insight=directory.insight,
        announce=lambda owner, name: announced.append((owner, name)),
    )
    gatekeeper = Gatekeeper([ServiceToken(SecretStr(TOKEN)), *others], SystemClock(), enrolments)
    app = create_app(door, gatekeeper=gatekeeper, school=None if school is None else school(gatekeeper), desk=desk)
    async with (
        serve(app, "127.0.0.1", port) as served,
        httpx.AsyncClient(base_url=served.url, headers={"authorization": f"Bearer {TOKEN}"}, timeout=10) as http,
    ):
        yield RunningService(served.url, app, http, readiness, welcomed, announced)
