"""Keystrokes in one cell become one burst of typing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ltt_collab.edits.stamp import Stamp
from ltt_collab.model.commands import TimeElapsed, WakeAt
from ltt_collab.model.edits import BurstEnded, CellRemoved, DocumentReloaded, RoomEvent, SourceEdited
from ltt_collab.model.ids import CellId, Seq
from ltt_collab.model.presence import UNKNOWN, Author, AuthorKind

DEBOUNCE = 0.7
"""Seconds without a keystroke that end a burst: longer than the gaps within a word, shorter than a thought."""

MAX_WAIT = 5.0
"""Seconds that a burst lasts at most: somebody who types without a pause is seen all the same."""


@dataclass(slots=True)
class _Burst:
    author: Author
    first_seq: Seq
    last_seq: Seq
    started: float
    due: float


class Bursts:
    """Coalesces the edits of each cell into ``BurstEnded``.

    Invariants:
        1. Each edit of a cell by people lies in exactly one burst, or its cell went away before the burst ended.
        2. A burst ends ``debounce`` seconds after its last edit, at the latest ``max_wait`` after its first.
        3. At most one wake-up is outstanding, never later than the next burst is due.
    """

    def __init__(
        self,
        stamp: Stamp,
        source_of: Callable[[CellId], str | None],
        *,
        debounce: float = DEBOUNCE,
        max_wait: float = MAX_WAIT,
    ) -> None:
        """``source_of``: a cell's text now, None when the cell is gone."""
        self._stamp = stamp
        self._source_of = source_of
        self._debounce = debounce
        self._max_wait = max_wait
        self._open: dict[CellId, _Burst] = {}
        self._wake: float | None = None

    def handle(self, event: RoomEvent | TimeElapsed) -> Iterator[BurstEnded | WakeAt]:
        """Take in what happened; yields bursts that ended and when to be asked again. Take each result to its end."""
        if isinstance(event, SourceEdited):
            # Nearly every event is a keystroke in an open burst: it only puts off an end that is waited for already.
            return self._plan() if self._typed(event) else iter(())
        return self._handle(event)

    def _handle(self, event: RoomEvent | TimeElapsed) -> Iterator[BurstEnded | WakeAt]:
        match event:
            case CellRemoved(cell_id=cell_id):
                self._open.pop(cell_id, None)
            case DocumentReloaded():
                self._open.clear()
            case TimeElapsed(now=now):
                yield from self._end_due(now)
            case _:
                return
        yield from self._plan()

    def _typed(self, event: SourceEdited) -> bool:
        """Take in an edit; whether a wake-up may have to be asked for."""
        if event.author.kind not in {AuthorKind.LEARNER, AuthorKind.UNKNOWN}:
            return False
        due = self._extend(event)
        return self._wake is None or due < self._wake

    def _extend(self, event: SourceEdited) -> float:
        burst = self._open.get(event.cell_id)
        if burst is None:
            due = event.at + min(self._debounce, self._max_wait)
            self._open[event.cell_id] = _Burst(event.author, event.seq, event.seq, event.at, due)
            return due
        burst.last_seq = event.seq
        burst.due = min(event.at + self._debounce, burst.started + self._max_wait)
        burst.author = _both(burst.author, event.author)
        return burst.due

    def _end_due(self, now: float) -> Iterator[BurstEnded]:
        if self._wake is not None and now >= self._wake:
            self._wake = None
        for cell_id, burst in sorted(self._open.items(), key=lambda item: item[1].due):
            if burst.due > now:
                continue
            del self._open[cell_id]
            source = self._source_of(cell_id)
            if source is not None:
                yield BurstEnded(
                    room=self._stamp.room,
                    seq=self._stamp.next(),
                    at=now,
                    author=burst.author,
                    cell_id=cell_id,
                    first_seq=burst.first_seq,
                    last_seq=burst.last_seq,
                    source=source,
                )

    def _plan(self) -> Iterator[WakeAt]:
        """Ask for the next wake-up, unless one that is early enough was asked for (invariant 3)."""
        if not self._open:
            return
        due = min(burst.due for burst in self._open.values())
        if self._wake is None or due < self._wake:
            self._wake = due
            yield WakeAt(when=due)


def _both(one: Author, other: Author) -> Author:
    """The author of both; a learner whose name is told only while they type is one and the same."""
    if one == other:
        return one
    is_one_learner = one.kind is other.kind is AuthorKind.LEARNER and one.client == other.client is not None
    if is_one_learner and None in {one.username, other.username}:
        return one if other.username is None else other
    return UNKNOWN
