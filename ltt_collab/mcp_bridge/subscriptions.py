"""Who is told when a resource changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import anyio
import structlog

from ltt_collab.mcp_bridge.changes import as_change, is_change
from ltt_collab.mcp_bridge.resources import Address
from ltt_collab.model.errors import SubscriberTooSlowError
from ltt_collab.model.identity import Sight
from ltt_collab.model.ids import RoomId
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.directory import RoomDirectory

log = structlog.get_logger(__name__)

SEND_SECONDS = 2.0
"""For one notification: a client that takes none for so long is not told any more."""

Tell = Callable[[str, dict[str, Any]], Awaitable[bool]]
"""Tells a client that a URI changed, and what; False when it is not there any more."""


@dataclass(eq=False, slots=True)
class Subscriber:
    """One client, what it subscribed to, and whom it may see; ``session`` '': it ends with the request that it came by.

    ``heard``: when it last asked for anything, by the monotonic clock.
    """

    sight: Sight
    tell: Tell
    uris: set[str] = field(default_factory=set)
    session: str = ""
    heard: float = 0.0


class Subscriptions:
    """Tells clients what changes.

    Invariants:
        1. Whether a client may see a room is looked up for each change.
        2. A client that does not take what it is told is dropped, and holds up the others for ``SEND_SECONDS`` once.
        3. A session's subscriptions end with it: when it says so, or when it asked nothing for as long as the SDK keeps
           an idle session. The SDK tells nobody that one has ended, and drops what it is sent in silence.
    """

    def __init__(self, directory: RoomDirectory, clock: Clock, idle_seconds: float) -> None:
        self._directory, self._clock, self._idle_seconds = directory, clock, idle_seconds
        self._subscribers: set[Subscriber] = set()
        self._of_sessions: dict[str, Subscriber] = {}
        self._asking: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._subscribers)

    def of(self, session: str) -> Subscriber | None:
        """A session's."""
        return self._of_sessions.get(session)

    def add(self, subscriber: Subscriber) -> None:
        """Tell it from now on."""
        self._forget_idle()
        self._subscribers.add(subscriber)
        if subscriber.session:
            subscriber.heard = self._clock.monotonic()
            self._of_sessions[subscriber.session] = subscriber

    def remove(self, subscriber: Subscriber) -> None:
        """Tell it no more."""
        self._subscribers.discard(subscriber)
        if self._of_sessions.get(subscriber.session) is subscriber:
            del self._of_sessions[subscriber.session]

    def end(self, session: str) -> None:
        """A session is over."""
        subscriber = self.of(session)
        if subscriber is not None:
            self.remove(subscriber)

    @contextmanager
    def asking(self, session: str, sight: Sight) -> Generator[None]:
        """While it is open, a request of that session is under way, of somebody who may see this much by now."""
        self._asking[session] += 1
        subscriber = self.of(session)
        if subscriber is not None:
            subscriber.sight = sight
        try:
            yield
        finally:
            self._asking[session] -= 1
            if not self._asking[session]:
                del self._asking[session]
            subscriber = self.of(session)
            if subscriber is not None:
                subscriber.heard = self._clock.monotonic()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            try:
                async with aclosing(cast("Any", self._directory.events(None))) as events:
                    async for event in events:
                        if self._subscribers and is_change(event):
                            await self._told(event.room, as_change(event))
            except SubscriberTooSlowError as error:
                log.warning("change notifications fell behind", reason=str(error))

    async def _told(self, room: RoomId, change: dict[str, Any]) -> None:
        learner = next((info.learner for info in self._directory.rooms() if info.id == room), None)
        for subscriber in tuple(self._subscribers):
            if not subscriber.sight.sees(learner):  # invariant 1
                continue
            for uri in _touched(subscriber.uris, room, change["cell_id"]):
                told = False
                with anyio.move_on_after(SEND_SECONDS):
                    told = await subscriber.tell(uri, change)
                if not told:  # invariant 2
                    self.remove(subscriber)
                    break

    def _forget_idle(self) -> None:
        """Invariant 3."""
        before = self._clock.monotonic() - self._idle_seconds
        for subscriber in tuple(self._of_sessions.values()):
            if subscriber.session not in self._asking and subscriber.heard < before:
                self.remove(subscriber)


def _touched(uris: Sequence[str] | set[str], room: RoomId, cell: str | None) -> Iterator[str]:
    for uri in tuple(uris):
        address = Address.parse(uri)
        if address.room == room and address.cell in {None, cell}:
            yield uri
