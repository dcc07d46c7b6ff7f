"""How fast one client may call, and how much at once."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Generator
from contextlib import contextmanager

from ltt_collab.ports.clock import Clock

CLIENTS_KEPT = 10_000

CALLS_AT_ONCE = 50
"""Of one client: a call may wait for minutes, and each that waits takes memory."""


class CallRate:
    """A bucket of calls for each client, which fills steadily.

    Invariants:
        1. A client makes at most ``per_minute`` calls in a minute and a burst of a sixth of that at once.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        """``per_minute`` 0: no limit."""
        self._per_second, self._clock = per_minute / 60, clock
        self._burst = max(1.0, per_minute / 6)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_for(self, client: str) -> float:
        """0.0 if the client may call now, and the call is counted; else the seconds after which it may."""
        if self._per_second <= 0:
            return 0.0
        now = self._clock.monotonic()
        calls, at = self._buckets.pop(client, (self._burst, now))
        calls = min(self._burst, calls + (now - at) * self._per_second)
        short = 1.0 - calls
        self._buckets[client] = (calls if short > 0 else calls - 1.0, now)
        while len(self._buckets) > CLIENTS_KEPT:
            self._buckets.popitem(last=False)
        return max(0.0, short / self._per_second)


class CallsAtOnce:
    """Counts the calls of each client that are under way.

    Invariants:
        1. A client has at most ``CALLS_AT_ONCE``.
    """

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def one_more(self, client: str) -> Generator[bool]:
        """A call, while it is open; False where it is one too many."""
        if self._under_way[client] >= CALLS_AT_ONCE:
            yield False
            return
        self._under_way[client] += 1
        try:
            yield True
        finally:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]
