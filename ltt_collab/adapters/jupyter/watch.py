"""Which rooms are open on one server: its event stream, held for ever."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import anyio

from ltt_collab.adapters.jupyter.sightings import EventReader
from ltt_collab.model.errors import RoomError, RoomUnreachableError
from ltt_collab.ports.rooms import Channel, ChannelClosed, ChannelListener, RoomOpened, Sighting, WatchStateChanged

INBOX_BOUND = 1_000
"""Sightings that may wait for the watcher. Overflow: they are dropped and the open rooms are asked for anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPace:
    """Seconds. A silent server is pinged, and given up well within the 30 s that a half-open socket may last."""

    ping_after: float = 8.0
    dead_after: float = 24.0
    first_retry: float = 0.5
    last_retry: float = 15.0
    settled_after: float = 10.0


class WatchedServer(Protocol):
    """What the watch needs of a server."""

    async def dial_events(self, listener: ChannelListener) -> Channel:
        """Open the event stream.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        ...

    async def open_notebooks(self) -> Sequence[RoomOpened]:
        """The notebooks open now.

        Raises:
            RoomUnreachableError, RoomRefusedError
        """
        ...

    def own_channels(self, room: str) -> int:
        """How many channels of ours that room has."""
        ...


async def watch_server(server: WatchedServer, pace: WatchPace) -> AsyncIterator[Sighting]:
    """Sightings for ever; each time the server is reached ``live`` comes first, then what is open, then news.

    Invariants:
        1. Nothing between the snapshot and the stream is missed: the stream is open before the snapshot is asked for.
        2. A server that accepts and drops us is not hammered: only a connection that lasted resets the pace.
    """
    failures = 0
    said: str | None = None
    while True:
        began = time.monotonic()
        reason = ""
        try:
            async with aclosing(_one_connection(server, pace)) as sightings:
                async for sighting in sightings:
                    said = None
                    yield sighting
        except RoomError as error:
            reason = str(error)
        if time.monotonic() - began > pace.settled_after:
            failures = 0  # invariant 2
        if reason != said:
            said = reason
            yield WatchStateChanged(live=False, reason=reason)
        await anyio.sleep(_retry_delay(failures, pace))
        failures += 1


async def _one_connection(server: WatchedServer, pace: WatchPace) -> AsyncGenerator[Sighting, None]:
    """Sightings until the connection ends, by a RoomError."""
    inbox = _Inbox(server.own_channels)
    channel = await server.dial_events(inbox)
    try:
        opened = await server.open_notebooks()  # invariant 1
        yield WatchStateChanged(live=True)
        while True:
            for sighting in opened:
                yield sighting
            opened = ()
            while inbox.waiting:
                yield inbox.waiting.popleft()
            if inbox.take_overflow():
                opened = await server.open_notebooks()
            elif inbox.closed is not None:
                code = "without a farewell" if inbox.closed.code is None else f"with {inbox.closed.code}"
                raise RoomUnreachableError("the event stream", f"it ended {code} {inbox.closed.reason}".rstrip())
            elif not inbox.waiting:
                await _next_news(inbox, channel, pace)
    finally:
        channel.close()


async def _next_news(inbox: _Inbox, channel: Channel, pace: WatchPace) -> None:
    """Return when there is something to look at; ping a silent server.

    Raises:
        RoomUnreachableError: it has been silent for too long.
    """
    with anyio.move_on_after(pace.ping_after):
        await inbox.news()
        return
    if time.monotonic() - channel.last_heard > pace.dead_after:
        raise RoomUnreachableError("the event stream", f"no sign of life for {pace.dead_after:g} s")
    channel.ping()


def _retry_delay(failures: int, pace: WatchPace) -> float:
    """Exponential, and jittered so that a thousand watches do not come back in the same instant."""
    ceiling = min(pace.last_retry, pace.first_retry * 2.0 ** min(failures, 16))
    return random.uniform(0.5, 1.0) * ceiling


class _Inbox:
    """Takes what the stream brings, noise left out, until the watcher comes for it."""

    def __init__(self, own_channels: Callable[[str], int]) -> None:
        self.waiting: deque[Sighting] = deque()
        self.closed: ChannelClosed | None = None
        self._reader = EventReader(own_channels)
        self._overflowed = False
        self._news = anyio.Event()

    def frame_received(self, frame: bytes) -> None:
        """Keep what an event means."""
        for sighting in self._reader.read(frame):
            if len(self.waiting) >= INBOX_BOUND:
                self.waiting.clear()
                self._overflowed = True
            self.waiting.append(sighting)
            self._news.set()

    def channel_closed(self, closed: ChannelClosed) -> None:
        """Remember how it ended."""
        self.closed = closed
        self._news.set()

    def take_overflow(self) -> bool:
        """Whether something was dropped since the last time of asking."""
        overflowed, self._overflowed = self._overflowed, False
        return overflowed

    async def news(self) -> None:
        """Return at the next sighting or at the end."""
        self._news = anyio.Event()
        await self._news.wait()
