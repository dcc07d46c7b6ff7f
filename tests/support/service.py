"""`ltt serve` as a child process, as an operator starts it."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, free_port

START_LIMIT = 60.0
"""Seconds the service may take to be ready on two busy cores."""


@dataclass
class Service:
    """One running `ltt serve`."""

    port: int
    token: str
    process: subprocess.Popen[bytes]
    log: Path
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        self.http = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=10)

    @property
    def url(self) -> str:
        """Base URL, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    async def ready(self) -> None:
        """Return once the service watches its Jupyter server.

        Raises:
            AssertionError: it ended or did not get ready in time; the message carries the end of its log.
        """

        async def answers() -> bool:
            assert self.process.poll() is None, "it ended"
            with suppress(httpx.TransportError):
                return (await self.http.get("/api/v1/ready")).status_code == httpx.codes.OK
            return False

        try:
            await eventually(answers, within=START_LIMIT)
        except AssertionError as error:
            raise AssertionError(f"the service did not get ready:\n{self.log.read_text()[-6000:]}") from error

    async def rooms(self) -> list[dict[str, Any]]:
        """The open rooms."""
        return list((await self.http.get("/api/v1/rooms")).json())

    async def room(self, path: str) -> dict[str, Any]:
        """The open, live room of a path, waited for."""

        async def live() -> dict[str, Any] | None:
            rooms = await self.rooms()
            return next((room for room in rooms if room["path"] == path and room["state"] == "live"), None)

        found: dict[str, Any] | None = await eventually(
            live, within=15, what=f"the tutor in the room of {path}\n{self.log.read_text()[-3000:]}"
        )
        assert found is not None
        return found

    async def stop(self, patience: float = 10.0) -> int:
        """Interrupt it as Ctrl-C does; the exit code (SIGKILL after ``patience`` seconds)."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with anyio.move_on_after(patience):
                await anyio.to_thread.run_sync(self.process.wait, abandon_on_cancel=True)
        if self.process.poll() is None:
            self.process.kill()
        return self.process.wait()


def service_environment(jupyter_url: str, jupyter_token: str, home: Path, port: int, token: str) -> dict[str, str]:
    """What `ltt serve` is told."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("JUPYTER", "LTT_"))}
    return environment | {
        "HOME": str(home),
        "LTT_JUPYTER_URL": jupyter_url,
        "LTT_JUPYTER_TOKEN": jupyter_token,
        "LTT_DATABASE_URL": f"sqlite+aiosqlite:///{home / 'ltt.db'}",
        "LTT_API_TOKEN": token,
        "LTT_PORT": str(port),
        "LTT_LOG_FORMAT": "json",
        "LTT_LOG_LEVEL": "debug",
    }


@asynccontextmanager
async def running_service(
    jupyter: Jupyter, home: Path, *, settings: Mapping[str, str] | None = None, jupyter_url: str | None = None
) -> AsyncIterator[Service]:
    """Start `ltt serve` for that Jupyter server (or for ``jupyter_url``, a proxy before it)."""
    home.mkdir(parents=True, exist_ok=True)
    port, token = free_port(), secrets.token_hex(16)
    environment = service_environment(jupyter_url or jupyter.url, jupyter.token, home, port, token)
    log = home / f"service-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "ltt_collab", "serve"],
            env=environment | dict(settings or {}),
            stdout=out,
            stderr=out,
        )
    service = Service(port, token, process, log)
    try:
        await service.ready()
        yield service
    finally:
        with anyio.CancelScope(shield=True):
            await service.http.aclose()
            await service.stop()
