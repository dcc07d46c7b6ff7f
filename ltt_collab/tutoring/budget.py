"""How much unasked help a learner gets in an hour."""

from __future__ import annotations

from collections import deque

HOUR = 3600.0
"""Seconds of the sliding window."""

DEFAULT_LIMIT = 12
"""Unasked hints per learner and hour: one in five minutes, and a learner is still the one who works."""


class Budget:
    """Counts unasked hints per learner over the last hour.

    Invariants:
        1. Never more than ``limit`` hints of one learner within any hour.
        2. At most ``limit`` times are remembered per learner; learners without one in the last hour are forgotten.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT, window: float = HOUR) -> None:
        self.limit = limit
        self._window = window
        self._spent: dict[str, deque[float]] = {}

    def allows(self, learner: str, now: float) -> bool:
        """Whether one more hint fits into the hour that ends at ``now`` (Unix time in seconds)."""
        return self.spent(learner, now) < self.limit  # invariant 1

    def spend(self, learner: str, at: float) -> None:
        """Count one hint."""
        self._forget(at)
        self._spent.setdefault(learner, deque(maxlen=max(self.limit, 1))).append(at)

    def spent(self, learner: str, now: float) -> int:
        """Hints of the hour that ends at ``now``."""
        return sum(at > now - self._window for at in self._spent.get(learner, ()))

    def _forget(self, now: float) -> None:
        # invariant 2; the newest is last, unless a clock was set back, and then it is forgotten a little later
        for learner in [name for name, times in self._spent.items() if times[-1] <= now - self._window]:
            del self._spent[learner]
