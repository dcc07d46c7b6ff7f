"""Writes what happens in every room to the store, for replay and resume."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import anyio
import structlog

from ltt_collab.model.edits import DocumentRenamed, RoomEvent, RoomState, RoomStateChanged
from ltt_collab.model.errors import StoreUnavailableError, UnknownRoomError
from ltt_collab.model.ids import RoomId
from ltt_collab.peer.log import EventLog, Subscription
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.directory import RoomDirectory, RoomInfo
from ltt_collab.ports.store import EventStore, RoomStore
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)

GATHER = 0.5
"""Seconds in which events are gathered into one write: a crash costs no more than these."""

BATCH = 500
"""Events of one write: a second of 100 learners who type."""

BOUND = 50_000
"""Events that may wait: minutes of a class, about 20 MB; the newest are dropped beyond."""

RETRY_FIRST, RETRY_MOST = 1.0, 10.0
"""Seconds between two tries of a write that the store did not take."""

TRIES = 12
"""Tries of one batch, about two minutes, after which it is given up: it may be what the store cannot take."""

GOODBYE = 5.0
"""Seconds for the last events of all rooms when the service stops."""


class _Waiting(Subscription):
    """What waits to be written. Unlike other listeners it is not ended when it is slow: it drops, and counts."""

    __slots__ = ("_hear", "_limit", "full")

    def __init__(self, limit: int, hear: Callable[[RoomEvent], None]) -> None:
        super().__init__(limit)
        self._limit, self._hear = limit, hear
        self.full = anyio.Event()

    def __len__(self) -> int:
        return len(self._queue)

    def offer(self, event: RoomEvent) -> None:
        """Queue one event, or count that it is dropped."""
        self._hear(event)
        if len(self._queue) >= self._limit:
            metrics.EVENTS_UNRECORDED.inc()
            return
        super().offer(event)
        if len(self._queue) >= BATCH:
            self.full.set()

    def take(self) -> Sequence[RoomEvent]:
        """The oldest events, a batch at most."""
        queue: deque[RoomEvent] = self._queue
        self.full = anyio.Event()
        return [queue.popleft() for _ in range(min(BATCH, len(queue)))]

    async def any(self) -> None:
        """Wait until there is an event."""
        if not self._queue:
            self._wake = anyio.Event()
            await self._wake.wait()
            self._wake = None


class Recorder:
    """Appends the events of all rooms to the store, in batches; it listens from its making on.

    Invariants:
        1. No room ever waits for the store: what cannot be queued is dropped, counted, and seen in the record as a
           gap in the numbers.
        2. A batch that the store does not take is tried again; later events wait behind it.
    """

    def __init__(
        self, events: EventLog, store: EventStore, rooms: RoomStore, directory: RoomDirectory, clock: Clock
    ) -> None:
        self._store, self._rooms, self._directory, self._clock = store, rooms, directory, clock
        self._waiting = _Waiting(BOUND, self._hear)
        self._placed: set[RoomId] = set()
        self._unsaved: dict[RoomId, RoomInfo] = {}
        self._batch: Sequence[RoomEvent] = ()
        events.listeners.append(self._waiting)
        events.keepers.append(self._waiting)

    async def run(self) -> None:
        """Write until cancelled; ``close`` writes the rest."""
        while True:
            await self._waiting.any()
            with anyio.move_on_after(GATHER):
                while len(self._waiting) < BATCH:
                    await self._waiting.full.wait()
            self._batch = self._waiting.take()
            await self._write_stubbornly()

    async def close(self) -> None:
        """Write what still waits, within ``GOODBYE`` seconds, also when we are being cancelled."""
        with anyio.move_on_after(GOODBYE, shield=True):
            while self._batch or len(self._waiting):
                self._batch = self._batch or self._waiting.take()
                try:
                    await self._write()
                except StoreUnavailableError as error:
                    self._give_up(error)
        lost = len(self._batch) + len(self._waiting)
        if lost:
            metrics.EVENTS_UNRECORDED.inc(lost)
            log.warning("last events not recorded", events=lost)

    async def _write_stubbornly(self) -> None:
        """Write the batch, or give it up after ``TRIES`` (invariant 2)."""
        pause = RETRY_FIRST
        for left in reversed(range(TRIES)):
            try:
                await self._write()
            except StoreUnavailableError as error:
                if not left:
                    self._give_up(error)
                    return
                log.warning("events not recorded yet", events=len(self._batch), reason=str(error))
            else:
                return
            await self._clock.sleep(pause)
            pause = min(2 * pause, RETRY_MOST)

    async def _write(self) -> None:
        for room, info in tuple(self._unsaved.items()):
            await self._rooms.save(room, info.server, info.path)
            if self._unsaved.get(room) is info:
                del self._unsaved[room]
        await self._store.append(self._batch)
        metrics.EVENTS_RECORDED.inc(len(self._batch))
        self._batch = ()

    def _give_up(self, error: StoreUnavailableError) -> None:
        metrics.EVENTS_UNRECORDED.inc(len(self._batch))
        log.error("events not recorded", events=len(self._batch), reason=str(error))
        self._batch = ()

    def _hear(self, event: RoomEvent) -> None:
        """Note where a room is, when that is new; now, because a short visit is over before anything is written."""
        match event:
            case RoomStateChanged(state=RoomState.LEFT, room=room):
                self._placed.discard(room)  # or the set would grow for as long as the service lives
            case DocumentRenamed(room=room, path=path):
                self._note_place(room, path)
            case _ if event.room not in self._placed:
                self._note_place(event.room, None)
            case _:
                pass

    def _note_place(self, room: RoomId, path: str | None) -> None:
        with suppress(UnknownRoomError):
            info = self._directory.find(room)
            self._unsaved[room] = info if path is None else replace(info, path=path)
            self._placed.add(room)
