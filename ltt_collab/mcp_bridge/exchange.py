"""HTTP to the one service that ``ltt mcp`` relays to: kept connections, and nothing between them and the caller.

A general client takes half a millisecond for each request, more than all the rest of the relay; what it is for (other
hosts, proxies, redirects, cookies) must not happen here: each would carry the token to somebody else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ssl import SSLContext
from typing import cast
from urllib.parse import urlsplit

import anyio
from httptools import HttpParserError, HttpResponseParser

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 660.0
"""A run may take 600 s and print nothing."""

MOST_UNREAD = 1024 * 1024
"""Bytes of an answer that wait for us; more are left to the network."""

BODILESS = frozenset({204, 304})


class Answer:
    """What came back, head first; ``headers`` by their names in lower case."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.status = 0
        self.headers: dict[str, str] = {}

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes.

        Raises:
            OSError: it broke off.
        """
        while (piece := await self._connection.next_piece()) is not None:
            yield piece

    async def body(self) -> bytes:
        """The whole body.

        Raises:
            OSError: it broke off.
        """
        return b"".join([piece async for piece in self.pieces()])


class Connection(asyncio.Protocol):
    """One connection, for one request after the other.

    Invariants:
        1. It is used again only after a whole answer that allows it, and only while the service has not hung up.
        2. No more than ``MOST_UNREAD`` bytes and one read wait for the caller.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser: HttpResponseParser | None = None
        self._lost: OSError | None = None
        self._is_kept = True
        self._begin()

    @property
    def is_free(self) -> bool:
        """Invariant 1."""
        return self._is_kept and self._lost is None and self._transport is not None and not self._transport.is_closing()

    @property
    def unread_bytes(self) -> int:
        """What waits for the caller."""
        return self._size

    @property
    def is_reading(self) -> bool:
        """Whether more is taken from the network."""
        return self._transport is not None and self._transport.is_reading()

    async def ask(self, request: bytes) -> Answer:
        """Send a request; its answer, as far as its head.

        Raises:
            OSError: there is none.
        """
        assert self._transport is not None, "it is connected first"
        self._begin()
        self._parser, self._is_kept = HttpResponseParser(self), False
        answer = self._answer = Answer(self)
        self._transport.write(request)
        while not self._has_head:
            await self._next()
        return answer

    async def next_piece(self) -> bytes | None:
        """What came of the body; None at its end.

        Raises:
            OSError: it broke off.
        """
        while not self._unread:
            if self._complete:
                return None
            await self._next()
        piece = self._unread.popleft()
        self._size -= len(piece)
        if self._size <= MOST_UNREAD and not self.is_reading and self._transport is not None:
            self._transport.resume_reading()
        return piece

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    # What the event loop says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none of asyncio's classes

    def data_received(self, data: bytes) -> None:
        """Read on."""
        try:
            if self._parser is None or self._complete:
                raise ConnectionError("the service spoke unasked")
            self._parser.feed_data(data)
        except (HttpParserError, ConnectionError) as error:
            self._fail(ConnectionError(f"no HTTP is spoken there: {error}"))
            self.close()
        if self._size > MOST_UNREAD and self.is_reading and self._transport is not None:
            self._transport.pause_reading()  # invariant 2
        self._stirred.set()

    def connection_lost(self, error: Exception | None) -> None:
        """Say so to whoever waits; without a length the end of the connection is that of the body."""
        if self._has_head and not self._has_end and error is None:
            self._complete = True
        self._fail(error if isinstance(error, OSError) else ConnectionResetError("the service hung up"))
        self._stirred.set()

    # What the parser says.

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The head is there."""
        assert self._parser is not None
        answer = self._answer
        answer.status = self._parser.get_status_code()
        known = {"content-length", "transfer-encoding"} & answer.headers.keys()
        self._has_head, self._has_end = True, bool(known) or answer.status in BODILESS

    def on_body(self, piece: bytes) -> None:
        """Keep a piece."""
        self._unread.append(piece)
        self._size += len(piece)

    def on_message_complete(self) -> None:
        """That was all."""
        assert self._parser is not None
        self._complete, self._is_kept = True, self._parser.should_keep_alive()

    def _begin(self) -> None:
        self._answer = Answer(self)
        self._has_head = self._has_end = self._complete = False
        self._unread: deque[bytes] = deque()
        self._size = 0
        self._stirred = anyio.Event()

    def _fail(self, error: OSError) -> None:
        self._lost = self._lost or error

    async def _next(self) -> None:
        """Wait for anything more.

        Raises:
            OSError: nothing more comes.
        """
        if self._lost is not None:
            raise self._lost
        self._stirred = anyio.Event()
        with anyio.fail_after(SILENCE_SECONDS):
            await self._stirred.wait()


class Exchange:
    """Requests to one URL.

    Invariants:
        1. A request is written once, and only to a connection that stands: what cannot have arrived may be tried again.
    """

    def __init__(self, url: str, tls: SSLContext | None) -> None:
        parts = urlsplit(url)
        self._host, self._tls = parts.hostname or "", tls
        self._port = parts.port or (443 if self._tls else 80)
        self._place = parts.netloc.rpartition("@")[2]
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._free: list[Connection] = []

    async def connection(self) -> Connection:
        """One that stands: a kept one, else a new one.

        Raises:
            OSError: the service cannot be reached.
        """
        while self._free:
            kept = self._free.pop()
            if kept.is_free:
                return kept
            kept.close()
        with anyio.fail_after(CONNECT_SECONDS):
            _, made = await asyncio.get_running_loop().create_connection(
                Connection, self._host, self._port, ssl=self._tls
            )
        return made

    @asynccontextmanager
    async def asked(
        self, connection: Connection, method: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AsyncGenerator[Answer]:
        """The answer to a request; the connection is kept if the answer was read to its end.

        Raises:
            OSError: it broke off.
        """
        given = {"host": self._place, **headers} | ({"content-length": str(len(body))} if method == "POST" else {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        try:
            yield await connection.ask(f"{method} {self._target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body)
        finally:
            if connection.is_free:
                self._free.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Hang up all that is kept."""
        for each in self._free:
            each.close()
        self._free.clear()
