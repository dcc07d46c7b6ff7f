"""One timer for all rooms."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

import anyio
import structlog
from anyio.lowlevel import checkpoint

from ltt_collab.ports.clock import Clock

log = structlog.get_logger(__name__)

TURN = 0.002
"""Seconds of callbacks in a row before other work gets its turn: when a class stops typing, all bursts end at once."""

Wake = Callable[[float], None]
"""Called with the Unix time in seconds once a time has come; must not block, and should not raise."""


class Timers:
    """Calls back at given times; one task for however many rooms.

    Invariants:
        1. A key has at most one pending time: asking again keeps the earlier one.
        2. A callback runs at or after its time, never before, and never after ``cancel``.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, object]] = []
        self._pending: dict[object, tuple[float, Wake]] = {}
        self._order = count()
        self._changed = anyio.Event()

    def wake(self, key: object, when: float, wake: Wake) -> None:
        """Call ``wake`` at or soon after ``when`` (Unix time in seconds)."""
        pending = self._pending.get(key)
        if pending is not None and pending[0] <= when:  # invariant 1
            return
        self._pending[key] = (when, wake)
        heapq.heappush(self._heap, (when, next(self._order), key))
        if self._heap[0][0] == when:
            self._changed.set()

    def cancel(self, key: object) -> None:
        """Forget a key's pending time (invariant 2)."""
        self._pending.pop(key, None)

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            self._changed = anyio.Event()
            while self._fire_due():
                await checkpoint()
            if not self._heap:
                await self._changed.wait()
                continue
            with anyio.move_on_after(max(self._heap[0][0] - self._clock.now(), 0)):
                await self._changed.wait()

    def _fire_due(self) -> bool:
        """Call back for ``TURN``; whether more may be due."""
        now, begun = self._clock.now(), self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            if self._clock.monotonic() - begun >= TURN:
                return True
            when, _, key = heapq.heappop(self._heap)
            pending = self._pending.get(key)
            if pending is not None and pending[0] == when:
                del self._pending[key]
                try:
                    pending[1](now)
                # One room's bug must not stop the timer of all others.
                except Exception:
                    log.exception("timer failed")
        return False
