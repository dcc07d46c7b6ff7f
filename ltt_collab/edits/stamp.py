"""Numbers and times for a room's events."""

from __future__ import annotations

from collections.abc import Callable

from ltt_collab.model.ids import RoomId, Seq


class Stamp:
    """Hands out a room's next event number and the time.

    Invariants:
        1. Numbers are consecutive from ``first_seq + 1``; whoever takes one emits an event with it.
    """

    __slots__ = ("last_seq", "now", "room")

    def __init__(self, room: RoomId, first_seq: Seq, now: Callable[[], float]) -> None:
        """``first_seq``: the last number that was used before, 0 in a new room; ``now``: Unix time in seconds."""
        self.room = room
        self.last_seq = first_seq
        self.now = now

    def next(self) -> Seq:
        """The next number (invariant 1)."""
        seq = self.last_seq = Seq(self.last_seq + 1)
        return seq
