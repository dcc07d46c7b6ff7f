"""Who is told when a resource changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import anyio
import structlog

from ltt_collab.mcp_bridge.arguments import BadArgumentError
from ltt_collab.mcp_bridge.changes import as_change, is_change
from ltt_collab.mcp_bridge.resources import Address
from ltt_collab.model.errors import SubscriberTooSlowError, UnknownRoomError
from ltt_collab.model.identity import Sight
from ltt_collab.model.ids import RoomId
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.directory import RoomDirectory

log = structlog.get_logger(__name__)

SEND_SECONDS = 2.0
"""For one notification: a client that takes none for so long is not told any more."""

MISSED: dict[str, Any] = {"seq": None, "kind": "missed", "cell_id": None, "author": None}
"""What is told of a notebook after more changed at once than we could follow: it is to be read again."""

MOST_WATCHED = 200
"""Resources that one client may watch one by one: each is looked at when its notebook changes."""

Tell = Callable[[str, dict[str, Any]], Awaitable[bool]]
"""Tells a client that a URI changed, and what; False when it is not there any more. An error is taken for that too."""


@dataclass(eq=False, slots=True)
class Subscriber:
    """One client, what it subscribed to, and whom it may see; ``session`` '': it ends with the request that it came by.

    ``heard``: when it last asked for anything, by the monotonic clock.
    """

    sight: Sight
    tell: Tell
    session: str = ""
    heard: float = 0.0
    watched: dict[str, Address] = field(default_factory=dict)

    def watch(self, uri: str) -> Address:
        """Add a resource.

        Raises:
            BadArgumentError
        """
        if uri not in self.watched and len(self.watched) >= MOST_WATCHED:
            remedy = f"{MOST_WATCHED} resources are watched already; subscribe to whole notebooks instead of cells"
            raise BadArgumentError("uri", uri, remedy)
        address = self.watched[uri] = Address.parse(uri)
        return address


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
        self._of_rooms: dict[RoomId, set[Subscriber]] = {}
        self._of_sessions: dict[str, Subscriber] = {}
        self._asking: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._subscribers)

    def of(self, session: str) -> Subscriber | None:
        """A session's."""
        return self._of_sessions.get(session)

    def add(self, subscriber: Subscriber) -> None:
        """Tell it from now on; once more where it watches something new."""
        self._forget_idle()
        self._subscribers.add(subscriber)
        for address in subscriber.watched.values():
            self._of_rooms.setdefault(address.room, set()).add(subscriber)
        if subscriber.session:
            subscriber.heard = self._clock.monotonic()
            self._of_sessions[subscriber.session] = subscriber

    def remove(self, subscriber: Subscriber) -> None:
        """Tell it no more."""
        self._subscribers.discard(subscriber)
        for room in [room for room, watching in self._of_rooms.items() if subscriber in watching]:
            self._of_rooms[room].discard(subscriber)
            if not self._of_rooms[room]:
                del self._of_rooms[room]
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
                        if event.room in self._of_rooms and is_change(event):
                            await self._told(event.room, as_change(event))
            except SubscriberTooSlowError as error:
                log.warning("change notifications fell behind", reason=str(error))
                for room in tuple(self._of_rooms):
                    await self._told(room, MISSED)

    async def _told(self, room: RoomId, change: dict[str, Any]) -> None:
        try:
            learner = self._directory.find(room).learner
        except UnknownRoomError:
            return
        for subscriber in tuple(self._of_rooms.get(room, ())):
            if not subscriber.sight.sees(learner):  # invariant 1
                continue
            for uri, address in tuple(subscriber.watched.items()):
                touched = address.cell in {None, change["cell_id"]} or change is MISSED
                if address.room != room or not touched:
                    continue
                # Others may have waited for this turn: it may have left meanwhile.
                if subscriber in self._subscribers and not await _is_told(subscriber, uri, change):
                    self.remove(subscriber)  # invariant 2

    def _forget_idle(self) -> None:
        """Invariant 3."""
        before = self._clock.monotonic() - self._idle_seconds
        for subscriber in tuple(self._of_sessions.values()):
            if subscriber.session not in self._asking and subscriber.heard < before:
                self.remove(subscriber)


async def _is_told(subscriber: Subscriber, uri: str, change: dict[str, Any]) -> bool:
    told = False
    try:
        with anyio.move_on_after(SEND_SECONDS):
            told = await subscriber.tell(uri, change)
    # One client's trouble, whatever it is, must not end what tells all the others.
    except Exception as error:  # noqa: BLE001
        log.info("a client is told no more", uri=uri, kind=type(error).__name__)
    return told
