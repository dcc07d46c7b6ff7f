"""HTTP between the relay and its service: kept connections, and nothing lost or told twice when they break."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from ltt_collab.mcp_bridge.exchange import Connection, Exchange
from tests.support.deadlines import eventually

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"6\r\ndata: \r\n5\r\none\n\n\r\n0\r\n\r\n"
)


class PlayedServer:
    """Answers each request with the next of ``answers``, in pieces of ``size``; an empty one hangs up."""

    def __init__(self, *answers: bytes, size: int = 1_000_000) -> None:
        self.answers, self.size = list(answers), size
        self.connections = 0
        self.requests: list[bytes] = []
        self.hang_up = anyio.Event()

    async def serve(self, stream: SocketStream) -> None:
        self.connections += 1
        async with stream, anyio.create_task_group() as tasks:
            tasks.start_soon(self._end, stream)
            try:
                while True:
                    self.requests.append(await stream.receive())
                    answer = self.answers.pop(0)
                    for at in range(0, len(answer), self.size):
                        await stream.send(answer[at : at + self.size])
                    if not answer:
                        break
            except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
                pass
            tasks.cancel_scope.cancel()

    async def _end(self, stream: SocketStream) -> None:
        await self.hang_up.wait()
        await stream.aclose()


@asynccontextmanager
async def asking(server: PlayedServer) -> AsyncGenerator[Exchange]:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, server.serve)
        port = listener.extra(SocketAttribute.local_port)
        with closing(Exchange(f"http://127.0.0.1:{port}/mcp?compat=native", None)) as exchange:
            yield exchange
        tasks.cancel_scope.cancel()


async def ask(exchange: Exchange, body: bytes = b"{}") -> tuple[int, bytes]:
    connection = await exchange.connection()
    async with exchange.asked(connection, "POST", {"authorization": "Bearer t"}, body) as answer:
        return answer.status, await answer.body()


@pytest.mark.proves("mcp:stdio-proxy")
@pytest.mark.parametrize("size", [1, 7, 1_000_000])
async def test_answers_are_read_however_they_are_cut_over_one_kept_connection(size: int) -> None:
    server = PlayedServer(OK, STREAM, OK, size=size)
    async with asking(server) as exchange:
        assert [await ask(exchange) for _ in range(3)] == [(200, b"{}"), (200, b"data: one\n\n"), (200, b"{}")]
    assert server.connections == 1
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /mcp?compat=native HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"\r\nauthorization: Bearer t\r\ncontent-length: 2" in head
    assert body == b"{}"


@pytest.mark.proves("mcp:stdio-proxy")
async def test_a_connection_that_the_service_closed_meanwhile_is_not_used_again() -> None:
    server = PlayedServer(OK, OK)
    async with asking(server) as exchange:
        assert await ask(exchange) == (200, b"{}")
        kept = await exchange.connection()
        assert kept.is_free
        async with exchange.asked(kept, "POST", {}, b"{}") as answer:
            await answer.body()
        server.hang_up.set()
        await eventually(lambda: not kept.is_free)
        server.hang_up, server.answers = anyio.Event(), [OK]
        assert await ask(exchange) == (200, b"{}")
    assert server.connections == 2


@pytest.mark.proves("mcp:stdio-proxy")
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", b"SSH-2.0-hello\r\n\r\n"])
async def test_a_request_that_has_no_whole_answer_is_an_error_and_is_not_sent_again(answer: bytes) -> None:
    server = PlayedServer(answer, b"")
    async with asking(server) as exchange:
        if answer.startswith(b"HTTP"):
            server.hang_up.set()
        with pytest.raises(OSError):  # noqa: PT011 - each system has its own words for it
            await ask(exchange)
    assert len(server.requests) == 1


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    server = PlayedServer(b"HTTP/1.1 500 Oops\r\nconnection: close\r\n\r\nsorry")
    async with asking(server) as exchange:
        connection = await exchange.connection()
        async with exchange.asked(connection, "POST", {}, b"{}") as answer:
            server.hang_up.set()
            assert (answer.status, await answer.body()) == (500, b"sorry")
        assert not connection.is_free


async def test_an_answer_that_nobody_reads_waits_in_the_network() -> None:
    size = 64 * 1024 * 1024
    server = PlayedServer(f"HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n".encode() + b"x" * size)
    async with asking(server) as exchange:
        connection = await exchange.connection()
        async with exchange.asked(connection, "POST", {}, b"{}") as answer:
            await eventually(lambda: _is_held_up(connection))
            assert sum([len(piece) async for piece in answer.pieces()]) == size


async def test_nobody_there_is_an_error() -> None:
    exchange = Exchange("http://127.0.0.1:1/mcp", None)
    with pytest.raises(OSError, match=r".+"):
        await exchange.connection()


def _is_held_up(connection: Connection) -> bool:
    return connection.unread_bytes > 0 and not connection.is_reading
