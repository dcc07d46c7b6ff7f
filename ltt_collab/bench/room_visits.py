"""Joins many rooms of one room server, and measures while people type there."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import anyio

from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.bench.observers import Arrivals, Observer
from ltt_collab.bench.room_process import RoomServerProcess
from ltt_collab.ports.rooms import Channel

DIALS = 32
"""Rooms joined at once: enough to keep one core busy, few enough for every backlog."""

GRACE = 5.0
"""Seconds that the last keystroke may take to arrive before it counts as lost."""

RoomT = TypeVar("RoomT", bound=Observer)


class Bench:
    """One run against one room server."""

    def __init__(self, server: RoomServerProcess) -> None:
        self._server = server
        self._jupyter = JupyterServer.at(server.url, "bench")
        self._channels: list[Channel] = []

    async def close(self) -> None:
        """Hang up everywhere."""
        for channel in self._channels:
            channel.close()
        await self._jupyter.aclose()

    async def join(self, make: Callable[[int], RoomT], numbers: Sequence[int]) -> list[RoomT]:
        """Join these rooms; returns once all are synced."""
        rooms: list[RoomT] = [make(number) for number in numbers]
        limiter = anyio.CapacityLimiter(DIALS)
        async with anyio.create_task_group() as tasks:
            for number, room in zip(numbers, rooms, strict=True):
                tasks.start_soon(self._join, number, room, limiter, name=f"join {number}")
        return rooms

    async def type(
        self, rooms: Sequence[Observer], *, rate: float, first: int, count: int
    ) -> tuple[float, list[float], int, float]:
        """Let people type in all rooms: CPU µs per edit, latencies in ms, lost edits, the generator's lateness."""
        arrivals = Arrivals(len(rooms), count)
        for room in rooms:
            room.begin(arrivals)
        return await self.measure(arrivals, rooms=len(rooms), rate=rate, first=first)

    async def measure(
        self, arrivals: Arrivals, *, rooms: int, rate: float, first: int
    ) -> tuple[float, list[float], int, float]:
        """Let people type while ``arrivals`` fills; the same figures."""
        count = arrivals.keystrokes
        before = time.process_time()
        sent, late = await self._server.type(rooms=rooms, rate=rate, first=first, count=count)
        with anyio.move_on_after(GRACE):
            await arrivals.complete.wait()
        cpu = (time.process_time() - before) / len(sent) * 1e6
        latencies = [(there - then) * 1000 for there, then in zip(arrivals.times, sent, strict=True) if there]
        return cpu, latencies, len(sent) - len(latencies) + arrivals.surplus, late

    async def _join(self, number: int, room: Observer, limiter: anyio.CapacityLimiter) -> None:
        async with limiter:
            channel = await self._jupyter.dial(f"json:notebook:{number}", None, room.listener)
            self._channels.append(channel)
            room.attach(channel)
            with anyio.fail_after(30):
                await room.ready.wait()
