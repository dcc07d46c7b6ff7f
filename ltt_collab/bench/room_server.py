"""A minimal room server that types in all its rooms; runs in a process of its own.

It speaks the sync protocol of jupyter-collaboration over WebSocket and nothing else. Orders come as JSON lines on
stdin (``{"rooms", "rate", "first", "count", "times"}``), answers go as JSON lines to stdout: ``{"port"}`` at the start,
``{"sent", "late_p99_ms"}`` after each order. When each keystroke was sent is written into the file ``times``
(``time.monotonic()`` as doubles, room by room), which machine-wide clocks make comparable.
"""

from __future__ import annotations

import json
import mmap
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import heapify, heapreplace
from pathlib import Path

import anyio
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from ltt_collab.bench.keystrokes import make_typing
from ltt_collab.bench.measures import percentile, raise_file_limit
from ltt_collab.rooms.varints import length_prefixed

SYNC_STEP1, SYNC_STEP2, SYNC_UPDATE = b"\x00\x00", b"\x00\x01", b"\x00\x02"
EMPTY_STATE = b"\x00"

TICK = 0.001
"""Seconds that the generator waits at least once it is ahead: a timer for each keystroke would cost it half a core."""

START = 0.2
"""Seconds from an order to the first keystroke: the observer has begun to wait by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Type the keystrokes ``first`` … ``first + count`` in that many rooms, ``rate`` a second in each."""

    rooms: int
    rate: float
    first: int
    count: int
    times: str


class Rooms:
    """Who is connected to which room, and what is sent there."""

    def __init__(self, cells: int, keystrokes: int) -> None:
        typing = make_typing(cells, keystrokes)
        self.state_frame = SYNC_STEP2 + length_prefixed(typing.state)
        self.frames = [SYNC_UPDATE + length_prefixed(update) for update in typing.updates]
        self.transports: dict[int, WSTransport] = {}

    def listener(self, request: WSUpgradeRequest) -> WSListener:
        """The handler of one connection; the room's number is the last part of its name."""
        path = request.path.decode().split("?")[0]
        return RoomConnection(self, int(path.rsplit(":", 1)[1]))

    async def type(self, order: Order) -> dict[str, float]:
        """Carry out an order; returns what was sent and how late against the plan."""
        late: list[float] = []
        with _shared_times(order.times) as times:
            for due, room, stroke in _plan(order, time.monotonic() + START):
                wait = due - time.monotonic()
                if wait > 0:
                    await anyio.sleep(max(wait, TICK))
                now = time.monotonic()
                times[room * order.count + stroke - order.first] = now
                self.transports[room].send(WSMsgType.BINARY, self.frames[stroke])
                late.append(now - due)
        return {"sent": len(late), "late_p99_ms": percentile(late, 99) * 1000}


class RoomConnection(WSListener):
    """One client of one room: brought up to date, then only spoken to."""

    def __init__(self, rooms: Rooms, room: int) -> None:
        self._rooms = rooms
        self._room = room

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Ask what the client has, as the real server does."""
        self._rooms.transports[self._room] = transport
        transport.send(WSMsgType.BINARY, SYNC_STEP1 + length_prefixed(EMPTY_STATE))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer a STEP1 with the whole notebook."""
        if frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()
        elif frame.get_payload_as_bytes()[:2] == SYNC_STEP1:
            transport.send(WSMsgType.BINARY, self._rooms.state_frame)


@contextmanager
def _shared_times(path: str) -> Iterator[memoryview[float]]:
    with Path(path).open("r+b") as file, mmap.mmap(file.fileno(), 0) as shared:
        times = memoryview(shared).cast("d")
        try:
            yield times
        finally:
            times.release()


def _plan(order: Order, begin: float) -> Iterator[tuple[float, int, int]]:
    """When to send which keystroke to which room: rooms are spread evenly over the interval."""
    interval = 1 / order.rate
    queue = [(begin + interval * room / order.rooms, room, order.first) for room in range(order.rooms)]
    heapify(queue)
    end = order.first + order.count
    for _ in range(order.rooms * order.count):
        due, room, stroke = queue[0]
        yield due, room, stroke
        following = (due + interval, room, stroke + 1) if stroke + 1 < end else (float("inf"), room, stroke)
        heapreplace(queue, following)


async def serve(cells: int, keystrokes: int) -> None:
    """Serve until stdin ends."""
    rooms = Rooms(cells, keystrokes)
    server = await ws_create_server(rooms.listener, "127.0.0.1", 0, max_frame_size=1 << 26, backlog=1024)
    async with server:
        _say({"port": server.sockets[0].getsockname()[1]})
        async for line in anyio.wrap_file(sys.stdin):
            _say(await rooms.type(Order(**json.loads(line))))


def _say(answer: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise_file_limit()
    anyio.run(serve, int(sys.argv[1]), int(sys.argv[2]), backend_options={"use_uvloop": True})
