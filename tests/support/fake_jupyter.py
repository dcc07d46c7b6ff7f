"""A small HTTP and WebSocket server that misbehaves on demand, and remembers who sent it what."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.support.scripted_tcp import scripted_tcp

_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0


@dataclass(frozen=True)
class Request:
    """What a client sent; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """What the fake answers."""

    status: int = 200
    json: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def to_bytes(self) -> bytes:
        """The answer as it goes over the wire."""
        body = self.body if self.body is not None else b"" if self.json is None else json.dumps(self.json).encode()
        lines = [f"HTTP/1.1 {self.status} X", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{key}: {value}" for key, value in self.headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def frame(kind: int, payload: bytes = b"", *, fin: bool = True, first_bits: int = 0) -> bytes:
    """One server frame."""
    head = bytes([(0x80 if fin else 0) | first_bits | kind])
    size = len(payload)
    if size < 126:
        return head + bytes([size]) + payload
    if size < 1 << 16:
        return head + b"\x7e" + struct.pack(">H", size) + payload
    return head + b"\x7f" + struct.pack(">Q", size) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame."""
    return frame(CLOSE, struct.pack(">H", code) + reason.encode())


@dataclass
class Line:
    """The fake's end of one WebSocket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def read_frame(self) -> tuple[int, bytes]:
        """Kind and payload of the client's next frame."""
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack(">H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", await self.reader.readexactly(8))
        mask = await self.reader.readexactly(4) if second & 0x80 else bytes(4)
        data = await self.reader.readexactly(size)
        return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))

    async def until_gone(self) -> None:
        """Return when the client has said goodbye or hung up; what it still sends is thrown away."""
        kind = BINARY
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while kind != CLOSE:
                kind, _ = await self.read_frame()
            await self.write(close_frame(1000))


Script = Callable[[Line], Awaitable[None]]
Behaviour = Callable[[Request], "Response | Script | None"]


@dataclass
class FakeJupyter:
    """A running fake; ``behaviour`` None for a request: read it and never answer."""

    behaviour: Behaviour
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"

    @property
    def url(self) -> str:
        """Base URL, with a trailing slash."""
        host = "localhost" if self.scheme == "https" else "127.0.0.1"
        return f"{self.scheme}://{host}:{self.port}/"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        request = await _read_request(reader)
        self.requests.append(request)
        answer = self.behaviour(request)
        line = Line(reader, writer)
        if isinstance(answer, Response):
            await line.write(answer.to_bytes())
        elif answer is None:
            await reader.read()
        else:
            await line.write(_upgrade(request))
            await answer(line)


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


def _upgrade(request: Request) -> bytes:
    key = base64.b64encode(hashlib.sha1(request.headers["sec-websocket-key"].encode() + _ACCEPT).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + key
        + b"\r\n\r\n"
    )


@asynccontextmanager
async def fake_jupyter(behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[FakeJupyter]:
    """Run a fake on a free port of loopback."""
    fake = FakeJupyter(behaviour, scheme="https" if tls else "http")
    async with scripted_tcp(fake.serve, tls=tls) as fake.port:
        yield fake
