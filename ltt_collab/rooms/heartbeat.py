"""One timer for all rooms: renewals, departures, and who has gone silent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

import anyio

from ltt_collab.ports.clock import Clock

TICK = 1.0
"""Seconds between two beats: the coarsest that keeps a silence of at most 30 s."""

PING_AFTER = 10.0
"""Seconds of silence after which we ask for a sign of life; an honest server answers in milliseconds."""

SILENT_AFTER = 28.0
"""Seconds of silence that mean a half-open connection: two pings unanswered, and with ``TICK`` still within 30 s."""

SYNC_LIMIT = 10.0
"""Seconds that a room may take to bring us up to date; it takes milliseconds, on a loaded server up to one second."""

EXPIRE_EVERY = 3.0
"""Seconds between two looks for stale participants, as y-protocols has it."""

LATE = 5.0
"""Seconds by which a beat must be late to mean that we ourselves were suspended or blocked."""

SLICE = 20
"""Rooms that beat in a row before other work gets its turn: 0.3 ms, less than ten keystrokes take."""

SPREAD = TICK / 2
"""Seconds over which a beat is spread at most, however many rooms there are: in one go 2,000 would take 30 ms."""

PAUSE = 0.005
"""Seconds between two slices, if there are not too many for ``SPREAD``."""


class Due(Enum):
    """What a room must do now."""

    RENEW = auto()
    EXPIRE = auto()
    PING = auto()
    DECLARE_SILENT = auto()
    DECLARE_UNSYNCED = auto()


@dataclass(slots=True, kw_only=True)
class Pulse:
    """When one room is due for what. ``since``: when its channel opened, or when we last lost and asked for sync.

    Invariants:
        1. A time in which we ourselves did not run is not held against the other side.
    """

    since: float
    pinged: float = 0.0
    expired: float = 0.0
    excused_until: float = 0.0

    def due(self, now: float, *, last_heard: float, is_synced: bool, renewal_due: bool) -> tuple[Due, ...]:
        """What is due at ``now`` (monotonic seconds), most urgent first; asking notes it as done."""
        heard = max(last_heard, self.since, self.excused_until)
        if now - heard >= SILENT_AFTER:
            return (Due.DECLARE_SILENT,)
        if not is_synced and now - max(self.since, self.excused_until) >= SYNC_LIMIT:
            return (Due.DECLARE_UNSYNCED,)
        due = []
        if now - max(heard, self.pinged) >= PING_AFTER:
            self.pinged = now
            due.append(Due.PING)
        if renewal_due:
            due.append(Due.RENEW)
        if now - self.expired >= EXPIRE_EVERY:
            self.expired = now
            due.append(Due.EXPIRE)
        return tuple(due)

    def excuse(self, now: float) -> None:
        """Begin all patience anew (invariant 1)."""
        self.excused_until = now
        self.pinged = 0.0


class Beating(Protocol):
    """A room with a pulse."""

    def beat(self, now: float) -> None:
        """Do what is due; must not raise."""
        ...

    def excuse(self, now: float, seconds: float) -> None:
        """Forgive the silence of the last ``seconds``: it was ours."""
        ...


class Heartbeat:
    """Beats for every room that was added."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rooms: dict[Beating, None] = {}
        self._last = clock.monotonic()

    def __len__(self) -> int:
        return len(self._rooms)

    def add(self, room: Beating) -> None:
        """Let a room beat from now on."""
        self._rooms[room] = None

    def discard(self, room: Beating) -> None:
        """Let a room rest; does nothing for one that is not here."""
        self._rooms.pop(room, None)

    async def run(self) -> None:
        """Beat until cancelled."""
        self._last = self._clock.monotonic()
        spent = 0.0
        while True:
            await self._clock.sleep(TICK - spent)
            begun = self._clock.monotonic()
            await self.beat_all()
            spent = min(self._clock.monotonic() - begun, SPREAD)

    async def beat_all(self) -> None:
        """One beat of every room, a few at a time."""
        now = self._clock.monotonic()
        late, self._last = now - self._last - TICK, now
        rooms = tuple(self._rooms)
        pause = min(PAUSE, SPREAD * SLICE / max(len(rooms), 1))
        for count, room in enumerate(rooms, start=1):
            if room not in self._rooms:
                continue  # it ended while others had their turn
            if late >= LATE:
                room.excuse(now, late)
            room.beat(now)
            if count % SLICE == 0:
                await anyio.sleep(pause)
