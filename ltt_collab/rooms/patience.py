"""How many unreadable frames of one room are borne."""

from __future__ import annotations

from collections import deque

from ltt_collab.model.errors import ProtocolViolationError

VIOLATIONS, VIOLATION_WINDOW = 16, 60.0
"""So many refused frames within so many seconds: nobody sane is on the other side."""


class Patience:
    """Counts refused frames.

    Invariants:
        1. It ends with ``VIOLATIONS`` frames within ``VIOLATION_WINDOW`` seconds; fewer are borne for ever.
    """

    __slots__ = ("_refused",)

    def __init__(self) -> None:
        self._refused: deque[float] = deque(maxlen=VIOLATIONS)

    def spend(self, what: str, now: float) -> None:
        """Bear one more, refused at ``now`` (monotonic seconds).

        Raises:
            ProtocolViolationError: it was one too many; leave the room.
        """
        self._refused.append(now)
        if len(self._refused) == VIOLATIONS and now - self._refused[0] <= VIOLATION_WINDOW:
            raise ProtocolViolationError(f"{VIOLATIONS} unreadable frames within {VIOLATION_WINDOW:g} s, last: {what}")
