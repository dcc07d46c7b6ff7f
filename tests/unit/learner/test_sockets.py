"""Frames leave at once on every WebSocket of a real Tornado server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from ltt_learner.sockets import PromptSockets, StreamServer
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketClientConnection, WebSocketHandler, websocket_connect

from tests.support.deadlines import eventually


class Echo(WebSocketHandler):
    """Answers with the state of its own socket's option."""

    async def on_message(self, message: str | bytes) -> None:
        """Look at the socket now, long after the handshake."""
        assert self.ws_connection is not None
        stream = cast("IOStream", self.ws_connection.stream)
        option = stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        await self.write_message("prompt" if option else "delayed")


@pytest.fixture
async def server() -> AsyncIterator[tuple[HTTPServer, str]]:
    """A server with one WebSocket, and its address."""
    running = HTTPServer(Application([("/", Echo)]))
    listening, port = bind_unused_port()
    running.add_socket(listening)
    yield running, f"ws://127.0.0.1:{port}/"
    running.stop()
    await running.close_all_connections()


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[WebSocketClientConnection]:
    """A client's connection, closed to its end."""
    line = await websocket_connect(address)
    yield line
    line.close()
    async with asyncio.timeout(5):
        while line.protocol is not None and await line.read_message() is not None:
            pass


async def answer(line: WebSocketClientConnection) -> str | bytes | None:
    """What the server says of its socket."""
    await line.write_message("?")
    async with asyncio.timeout(5):
        return await line.read_message()


@pytest.mark.proves("learner:nodelay")
async def test_a_websocket_stays_prompt_after_its_handshake(server: tuple[HTTPServer, str]) -> None:
    running, address = server
    sockets = PromptSockets()
    sockets.watch(cast("StreamServer", running))
    async with connected(address) as line:
        assert await answer(line) == "prompt"
    assert sockets.accepted == 1


async def test_without_us_tornado_delays_it(server: tuple[HTTPServer, str]) -> None:
    # Should this fail one day, Tornado has changed and the hook can go.
    async with connected(server[1]) as line:
        assert await answer(line) == "delayed"


@pytest.mark.proves("learner:clean-stop")
async def test_open_connections_can_be_ended(server: tuple[HTTPServer, str]) -> None:
    running, address = server
    sockets = PromptSockets()
    sockets.watch(cast("StreamServer", running))
    async with connected(address) as line:
        await answer(line)
        assert sockets.close_all() == 1
        async with asyncio.timeout(5):
            assert await line.read_message() is None
    await eventually(lambda: sockets.close_all() == 0)
