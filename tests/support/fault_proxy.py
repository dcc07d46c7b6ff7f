"""A TCP proxy on loopback that fails on demand, between two programs that do not know of it."""

from __future__ import annotations

import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

import anyio
from anyio.abc import SocketAttribute, SocketStream

CHUNK = 65_536
"""Bytes passed on at once."""

DELAY = 0.05
"""Seconds that a slow line holds each chunk back."""


class Fault(Enum):
    """What the line does to each chunk."""

    NONE = auto()
    BLACKHOLE = auto()
    SLOW = auto()
    SLICES = auto()


class _Link:
    """One connection through the proxy."""

    def __init__(self, proxy: FaultProxy, client: SocketStream) -> None:
        self._proxy, self._client = proxy, client
        self._server: SocketStream | None = None
        self._scope = anyio.CancelScope()
        self.lost_bytes = False
        self.request = b""

    async def serve(self) -> None:
        """Pass both ways until either end is gone."""
        self._proxy.links.add(self)
        try:
            with self._scope:
                async with self._client:
                    self._server = await anyio.connect_tcp("127.0.0.1", self._proxy.target_port)
                    async with self._server, anyio.create_task_group() as tasks:
                        tasks.start_soon(self._pump, self._client, self._server, name="to the server")
                        tasks.start_soon(self._pump, self._server, self._client, name="to the client")
        except OSError:
            pass  # nobody listens behind us: the client is hung up on, as by a port without a server
        finally:
            self._proxy.links.discard(self)

    def reset(self) -> None:
        """End it with RST both ways, in the midst of whatever is under way."""
        for stream in (self._client, self._server):
            if stream is not None:
                raw = stream.extra(SocketAttribute.raw_socket)
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._scope.cancel()

    async def _pump(self, source: SocketStream, sink: SocketStream) -> None:
        try:
            while True:
                chunk = await source.receive(CHUNK)
                self.request = self.request or chunk.partition(b"\r\n")[0]
                await self._pass(chunk, sink)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            self._scope.cancel()

    async def _pass(self, chunk: bytes, sink: SocketStream) -> None:
        match self._proxy.fault:
            case Fault.BLACKHOLE:
                self.lost_bytes = True
            case Fault.SLOW:
                await anyio.sleep(DELAY)
                await sink.send(chunk)
            case Fault.SLICES:
                for index in range(len(chunk)):
                    await sink.send(chunk[index : index + 1])
            case Fault.NONE:
                await sink.send(chunk)


@dataclass
class FaultProxy:
    """A running proxy; set ``fault`` to make it fail."""

    target_port: int
    port: int = 0
    fault: Fault = Fault.NONE
    links: set[_Link] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The base URL of the HTTP server behind it, with a trailing slash."""
        return f"http://127.0.0.1:{self.port}/"

    def reset_all(self) -> None:
        """Reset every connection there is; new ones are taken."""
        for link in tuple(self.links):
            link.reset()

    def reset(self, path: str) -> int:
        """Reset the connections whose first request has this in its path; how many there were."""
        found = [link for link in self.links if path.encode() in link.request]
        for link in found:
            link.reset()
        return len(found)

    def heal(self) -> None:
        """Pass again. A connection that lost bytes cannot go on and is reset, as by a router that forgot it."""
        self.fault = Fault.NONE
        for link in tuple(self.links):
            if link.lost_bytes:
                link.reset()


@asynccontextmanager
async def running_fault_proxy(target_port: int) -> AsyncIterator[FaultProxy]:
    """Listen on a free port before that one."""
    proxy = FaultProxy(target_port)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        proxy.port = listener.extra(SocketAttribute.local_port)

        async def serve(client: SocketStream) -> None:
            await _Link(proxy, client).serve()

        tasks.start_soon(listener.serve, serve, name="fault proxy")
        yield proxy
        tasks.cancel_scope.cancel()
