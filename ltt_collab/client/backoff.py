"""How long to wait before trying again."""

from __future__ import annotations

import random

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 10.0
"""A service that came back is found within so many seconds."""


class Backoff:
    """Doubling waits with jitter, so that many agents do not come back at the same moment."""

    def __init__(self, first: float = FIRST_SECONDS, longest: float = LONGEST_SECONDS) -> None:
        self._first, self._longest = first, longest
        self._wait = first

    def next(self) -> float:
        """Seconds to wait now: between half and all of the current wait, which doubles."""
        wait = self._wait
        self._wait = min(2 * wait, self._longest)
        return wait * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin again with the shortest wait."""
        self._wait = self._first
