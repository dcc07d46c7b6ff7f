"""An agent that hears every event of the service, and can wait for one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import anyio

from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.client import Client
from ltt_collab.model.edits import RoomEvent, RoomState, RoomStateChanged

PATIENCE = 20.0
"""Seconds that an event may take; what takes longer is broken, not slow."""


class Hearing:
    """Keeps what it hears. Each event says itself when it happened (``at``, Unix time in seconds)."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stirred = anyio.Event()
        self.events: list[RoomEvent] = []

    async def listen(self) -> None:
        """Hear until cancelled."""
        async with aclosing(self._client.events()) as events:
            async for event in events:
                self.events.append(event)
                self._stirred.set()

    async def until(self, done: Callable[[], bool], what: str) -> None:
        """Return once ``done()``; it is asked after each event.

        Raises:
            BenchmarkError: it was not in time.
        """
        with anyio.move_on_after(PATIENCE):
            while not done():
                self._stirred = anyio.Event()
                await self._stirred.wait()
            return
        raise BenchmarkError(f"the service did not tell of {what} within {PATIENCE:.0f} s")

    async def first(self, wanted: Callable[[RoomEvent], bool], what: str, *, after: int = 0) -> RoomEvent:
        """The first event of that kind, heard already or still to come, ``after`` so many.

        Raises:
            BenchmarkError: it did not come in time.
        """
        found: list[RoomEvent] = []
        read = after

        def look() -> bool:
            nonlocal read
            found.extend(event for event in self.events[read:] if wanted(event))
            read = len(self.events)
            return bool(found)

        await self.until(look, what)
        return found[0]


@asynccontextmanager
async def hearing(client: Client) -> AsyncIterator[Hearing]:
    """Somebody who hears everything while the context is open."""
    async with anyio.create_task_group() as tasks:
        heard = Hearing(client)
        tasks.start_soon(heard.listen, name="hear all rooms")
        yield heard
        tasks.cancel_scope.cancel()


def is_live(event: RoomEvent) -> bool:
    """Whether the event says that our peer is in a room and its copy is up to date."""
    return isinstance(event, RoomStateChanged) and event.state is RoomState.LIVE
