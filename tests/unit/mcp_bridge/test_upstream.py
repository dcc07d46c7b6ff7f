"""What the relay reads of the service: events, however they are cut."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ltt_collab.mcp_bridge.upstream import event_data

STREAM = (
    b'event: message\r\ndata: {"a":1}\r\n\r\n: still there\n\ndata:\n\nid: 7\ndata: one\ndata:two \xc3\xa9\n\ndata: cut'
)


@pytest.mark.proves("mcp:stdio-proxy")
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_events_are_read_however_they_are_cut(size: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(STREAM), size):
            yield STREAM[at : at + size]

    assert [data async for data in event_data(pieces())] == [b'{"a":1}', b"one\ntwo \xc3\xa9"]
