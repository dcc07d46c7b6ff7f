"""What the tutor is working on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from ltt_collab.model.commands import AskTutor, CancelRequest
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.staleness import why_outdated

OPEN_BOUND = 8
"""Requests open at once per room; over it the oldest is cancelled: its learner has gone on since."""


class Requests:
    """Keeps the open requests of one room and cancels those whose answer would come too late.

    Invariants:
        1. At most one request is open per cause, the newest.
        2. A request whose cell changed, ran again or went away is cancelled.
        3. A cancelled request is not open: it is cancelled once.
        4. At most ``bound`` requests are open.
    """

    def __init__(self, bound: int = OPEN_BOUND) -> None:
        self._bound = bound
        self._open: OrderedDict[str, AskTutor] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def open(self, ask: AskTutor) -> Iterator[CancelRequest]:
        """Count a request as open; what it displaces is to be cancelled first."""
        cancelled = []
        if ask.cause_key in self._open:
            cancelled.append(self._cancel(ask.cause_key, "it is asked again"))  # invariant 1
        while len(self._open) >= self._bound:
            cancelled.append(self._cancel(next(iter(self._open)), "too many requests are open"))  # invariant 4
        self._open[ask.cause_key] = ask
        return iter(cancelled)

    def close(self, cause_key: str) -> None:
        """The tutor is done with that cause; unknown ones are ignored."""
        self._open.pop(cause_key, None)

    def handle(self, event: RoomEvent) -> Iterator[CancelRequest]:
        """Cancel what the event makes stale (invariant 2)."""
        stale = [
            (key, reason)
            for key, ask in self._open.items()
            if (reason := why_outdated(event, ask.cell_id, ask.expected_hash)) is not None
        ]
        return iter([self._cancel(key, reason) for key, reason in stale])

    def _cancel(self, cause_key: str, because: str) -> CancelRequest:
        del self._open[cause_key]  # invariant 3
        return CancelRequest(cause_key=cause_key, because=because)
