"""Signs and numbers the events of one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import RoomId, Seq
from ltt_collab.model.presence import UNKNOWN, Author


class Head(TypedDict):
    """What all events share."""

    room: RoomId
    seq: Seq
    at: float
    author: Author


class Scribe:
    """Collects what one transaction becomes, then hands it on.

    Invariants:
        1. A number is taken only with an event that will be handed on: the log has no gaps, whatever fails between.
        2. Nothing is handed on before the transaction is decoded to its end: a listener may read the document.
    """

    __slots__ = ("_events", "_sink", "_stamp", "at", "author")

    def __init__(self, stamp: Stamp, sink: Callable[[RoomEvent], None]) -> None:
        self._stamp = stamp
        self._sink = sink
        self._events: list[RoomEvent] = []
        self.author = UNKNOWN
        self.at = 0.0

    def open(self, author: Author) -> None:
        """Begin a transaction of that author."""
        self.author = author
        self.at = self._stamp.now()

    def head(self) -> Head:
        """The shared fields of the next event."""
        return {
            "room": self._stamp.room,
            "seq": Seq(self._stamp.last_seq + 1),
            "at": self.at,
            "author": self.author,
        }

    def add(self, event: RoomEvent) -> None:
        """Keep the event that was made from the last ``head`` (invariant 1)."""
        self._stamp.next()
        self._events.append(event)

    def close(self) -> None:
        """Hand on all events, in order (invariant 2)."""
        if not self._events:
            return
        events, self._events = self._events, []
        for event in events:
            self._sink(event)
