"""The canary: is what learners wrote the same here and on their servers?

The server's side of the comparison is not our code but the room's own document, and what it tells is a fingerprint: no
notebook travels for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import structlog

from ltt_collab.model.edits import RoomState
from ltt_collab.model.errors import RoomError
from ltt_collab.model.text import text_fingerprint
from ltt_collab.peer.page import Page
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.clock import Clock
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)

ROUND = 60.0
"""Seconds between two rounds."""

SAMPLE = 20
"""Rooms that one round compares, whoever's turn it is: a question costs their servers some milliseconds each."""

LOOKS = 5
"""Comparisons of a room in which somebody types all the while; then it is known again in a later round."""

BETWEEN_LOOKS = 2.0
"""Seconds in which a letter that is under way arrives: a thousand times what it takes."""


class Outcome(StrEnum):
    """What a comparison gave."""

    SAME = "same"
    DIFFERENT = "different"
    """Both sides stood still, and apart: letters are missing, here or there."""
    UNKNOWN = "unknown"
    """The server told nothing, the room is not up, or it never stood still."""


class TextCanary:
    """Compares a few rooms a minute, each in its turn.

    Invariants:
        1. Only rooms with a human in them are asked about, and documents that sleep are left asleep: an idle server
           is neither kept alive nor woken.
        2. A difference is told only if neither side changed between two looks.
    """

    def __init__(self, rooms: Callable[[], Sequence[RoomPeer]], clock: Clock) -> None:
        self._rooms, self._clock = rooms, clock
        self._compared: dict[RoomPeer, float] = {}
        for outcome in Outcome:
            metrics.TEXT_CHECKS.labels(outcome.value)  # from 0: the first difference is an increase

    async def run(self) -> None:
        """Compare until cancelled."""
        while True:
            await self._clock.sleep(ROUND)
            await self.round()

    async def round(self) -> None:
        """Compare those rooms that were not compared for longest."""
        rooms = [room for room in self._rooms() if _is_comparable(room)]
        self._compared = {room: self._compared.get(room, 0.0) for room in rooms}
        for room in sorted(rooms, key=lambda room: self._compared[room])[:SAMPLE]:
            self._compared[room] = self._clock.monotonic()
            outcome = await self.compare(room)
            metrics.TEXT_CHECKS.labels(outcome.value).inc()
            if outcome is Outcome.DIFFERENT:
                log.error("learner's text differs from their server's", room=room.stamp.room, path=room.path)

    async def compare(self, room: RoomPeer) -> Outcome:
        """Compare one room with its server."""
        before: tuple[str, str] | None = None
        for _ in range(LOOKS):
            ours, theirs = fingerprint_of(room), await _told_by_server(room)
            if ours is None or theirs is None:
                return Outcome.UNKNOWN
            if theirs in {ours, fingerprint_of(room)}:
                return Outcome.SAME
            if (ours, theirs) == before:  # invariant 2
                return Outcome.DIFFERENT
            before = (ours, theirs)
            await self._clock.sleep(BETWEEN_LOOKS)
        return Outcome.UNKNOWN


def fingerprint_of(room: RoomPeer) -> str | None:
    """Of the learner's cells as we have them; None while the room is not up."""
    page = room.page
    if page is None or room.info.state is not RoomState.LIVE:
        return None
    return text_fingerprint(_learners_cells(page))


def _learners_cells(page: Page) -> list[tuple[str, str]]:
    view = page.view
    return [(cell, view.cell_source(cell)) for cell in view.cell_ids() if "role" not in view.mark_of(cell)]


def _is_comparable(room: RoomPeer) -> bool:
    """Invariant 1."""
    page = room.page
    is_up = page is not None and room.info.state is RoomState.LIVE and not page.replica.is_asleep
    return is_up and not room.people.is_empty()


async def _told_by_server(room: RoomPeer) -> str | None:
    try:
        told = await room.tell("texts")
    except RoomError as error:
        log.info("text not compared", room=room.stamp.room, reason=str(error))
        return None
    texts = told.get("texts") if told is not None else None
    found = texts.get(room.path) if isinstance(texts, dict) else None
    return found if isinstance(found, str) else None
