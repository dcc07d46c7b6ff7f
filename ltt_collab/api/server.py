"""Runs an app on a real socket, inside the caller's own structure: no signal handlers, a prompt stop."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio
import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from ltt_collab.api.door import Door
from ltt_collab.model.errors import InvalidSettingError

log = structlog.get_logger(__name__)

STOP_SECONDS = 2.0
"""From the wish to stop until the last connection is cut."""

GRACE_SECONDS = 1
"""Of these, for answers under way. Streams end at once."""

BACKLOG = 2048
"""Connections that may wait to be accepted, uvicorn's own figure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where an app can be reached; ``port`` is the real one."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The base URL, with a trailing slash; an address that means "all" is given as loopback."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: stopping is the caller's to decide."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = anyio.Event()
        self.finished = anyio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, and say so."""
        await super().startup(sockets)
        self.accepting.set()


@asynccontextmanager
async def serve(app: FastAPI, host: str, port: int, *, before: ASGIApp | None = None) -> AsyncIterator[Served]:
    """Serve ``app`` while the context is open; it accepts connections before the context is entered.

    ``before``: what takes requests first, and hands those for ``app`` on to it.

    Leaving, by cancellation too, ends open streams and takes at most ``STOP_SECONDS``.

    Raises:
        InvalidSettingError: the address or the port cannot be had.
    """
    listening = await _bind(host, port)
    server = _Server(_config(before or app))
    stopping = anyio.CancelScope(shield=True)

    async def run() -> None:
        # Shielded, so that a cancelled caller still gets the orderly stop below.
        try:
            with stopping:
                await server.serve(sockets=[listening])
        finally:
            listening.close()
            server.finished.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, name="http server")
        try:
            await server.accepting.wait()
            served = Served(host=host, port=listening.getsockname()[1])
            log.info("http server listens", url=served.url)
            yield served
        finally:
            door: Door = app.state.door
            door.closing.set()
            server.should_exit = True
            with anyio.move_on_after(STOP_SECONDS, shield=True):
                await server.finished.wait()
            stopping.cancel()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        http="h11",  # its rival, a fifth of a millisecond faster a request, takes headers of any length from anybody
        log_config=None,
        access_log=False,
        server_header=False,
        # A forwarded address is nothing that we use, and anybody may forge it.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


async def _bind(host: str, port: int) -> socket.socket:
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InvalidSettingError("LTT_PORT", port, f"{host} has it in use; choose another, or 0") from error
        if error.errno == errno.EACCES:
            raise InvalidSettingError("LTT_PORT", port, "this user may not use it; choose one over 1023") from error
        reason = error.strerror or str(error)
        raise InvalidSettingError("LTT_HOST", host, f"{reason}; choose an address of this machine") from error
