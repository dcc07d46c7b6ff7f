"""One room's wake-ups."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from ltt_collab.peer.timers import Timers


class Alarms:
    """Wakes a room at every time that any of its parts asked for.

    Its parts do not know of each other: a burst of typing that ends soon must not swallow the later time at which help
    was to be looked at again, nor a later time a sooner one. Each part has at most a few outstanding, so few are kept.

    Invariants:
        1. ``ring`` is called at or soon after each time asked for, once for all that are due.
        2. Nothing rings after ``cancel``.
    """

    def __init__(self, timers: Timers, ring: Callable[[float], None]) -> None:
        """``ring``: called with the Unix time in seconds."""
        self._timers = timers
        self._ring = ring
        self._times: list[float] = []

    def wake_at(self, when: float) -> None:
        """Ring at that time (Unix time in seconds) too."""
        if when not in self._times:
            heapq.heappush(self._times, when)
            self._arm()

    def cancel(self) -> None:
        """Forget every time (invariant 2)."""
        self._times.clear()
        self._timers.cancel(self)

    def _arm(self) -> None:
        self._timers.wake(self, self._times[0], self._due)

    def _due(self, now: float) -> None:
        while self._times and self._times[0] <= now:
            heapq.heappop(self._times)
        if self._times:
            self._arm()  # before the ring, which may raise: the next time is kept whatever this one brings
        self._ring(now)
