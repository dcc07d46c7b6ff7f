"""Takes what happens in one room one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ltt_collab.model.edits import RoomEvent
from ltt_collab.peer.mind import Wish


class Turns:
    """Calls ``take`` with each event, and ``carry_out`` with each wish that follows from it.

    Invariants:
        1. Events are taken in the order in which they were heard, which is that of their numbers, each once.
        2. What a transaction leads to is decided after the whole of it was told.
    """

    def __init__(self, take: Callable[[RoomEvent], Iterable[Wish]], carry_out: Callable[[Wish], None]) -> None:
        self._take, self._carry_out = take, carry_out
        self._incoming: deque[RoomEvent] = deque()
        self._deciding = False

    def hear(self, event: RoomEvent) -> None:
        """Keep an event until ``decide`` (invariant 2)."""
        self._incoming.append(event)

    def decide(self) -> None:
        """Take what was heard; within a turn, what it brings is taken after it (invariant 1)."""
        if self._deciding:
            return
        self._deciding = True
        try:
            while self._incoming:
                for wish in self._take(self._incoming.popleft()):
                    self._carry_out(wish)
        finally:
            self._deciding = False

    def follow(self, wishes: Iterable[Wish]) -> None:
        """Carry wishes out that follow from no event, then take what that brought."""
        for wish in wishes:
            self._carry_out(wish)
        self.decide()
