"""What the relay reads of the service: events, however they are cut, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
from pydantic import SecretStr

from ltt_collab.mcp_bridge.exchange import Exchange
from ltt_collab.mcp_bridge.upstream import Upstream, event_data
from ltt_collab.model.errors import ServiceLostError, ServiceUnreachableError

STREAM = (
    b'event: message\r\ndata: {"a":1}\r\n\r\n: still there\n\ndata:\n\nid: 7\ndata: one\ndata:two \xc3\xa9\n\ndata: cut'
)


HELLO = {"jsonrpc": "2.0", "id": "ltt-mcp", "result": {"protocolVersion": "2025-06-18"}}


async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A service that opens a session and dies with the first call in it."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        message = json.loads(await reader.readexactly(length))
        if message["method"] == "tools/call":
            break
        body = json.dumps(HELLO).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nmcp-session-id: s\r\n")
        writer.write(b"content-length: %d\r\n\r\n" % len(body) + body)
    writer.close()


@pytest.mark.proves("mcp:stdio-proxy")
async def test_a_call_that_was_sent_is_not_said_to_have_met_nobody() -> None:
    server = await asyncio.start_server(dying, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    said: list[bytes] = []
    with closing(Exchange(url, None)) as exchange:
        upstream = Upstream(exchange, url, SecretStr("t"))
        await upstream.begin({})
        with pytest.raises(ServiceLostError, match="may have been carried out: try again"):
            await upstream.send(b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}', said.append)
        server.close()
        await server.wait_closed()
        with pytest.raises(ServiceUnreachableError, match="is it running"):
            await upstream.send(b'{"jsonrpc": "2.0", "id": 2, "method": "tools/call"}', said.append)
    assert said == []


@pytest.mark.proves("mcp:stdio-proxy")
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_events_are_read_however_they_are_cut(size: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(STREAM), size):
            yield STREAM[at : at + size]

    assert [data async for data in event_data(pieces())] == [b'{"a":1}', b"one\ntwo \xc3\xa9"]
