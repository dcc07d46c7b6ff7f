"""How long we stay in one room: while there is a human, and awake while there is something to see."""

from __future__ import annotations

from typing import Protocol

from ltt_collab.documents.replica import Replica
from ltt_collab.peer.people import People
from ltt_collab.peer.surroundings import Surroundings

ARRIVAL = 20.0
"""Seconds after which a human who sits still has shown up: awareness is renewed every 15 s."""


class Sheet(Protocol):
    """A document that can sleep."""

    @property
    def replica(self) -> Replica:
        """Its copy."""
        ...


class Lodging(Protocol):
    """One room, of a notebook or a chat, as far as staying in it goes."""

    @property
    def around(self) -> Surroundings:
        """What all rooms share."""
        ...

    @property
    def people(self) -> People:
        """Who is here."""
        ...

    @property
    def page(self) -> Sheet | None:
        """The document of the present connection."""
        ...

    def leave(self, reason: str) -> None:
        """Leave the room for good."""
        ...


class Stay:
    """Watches one room for absence and idleness.

    Invariants:
        1. The room is left when no human was seen for the grace, never earlier.
        2. A document sleeps only when nothing happened in it for the set time.
    """

    def __init__(self, scene: Lodging) -> None:
        self._scene = scene
        self._since = 0.0
        self._touched = 0.0
        self._watching_idleness = False

    def begin(self) -> None:
        """We join: whoever is there has not shown up yet."""
        self.somebody_came()

    def end(self) -> None:
        """We left."""
        for key in ("absence", "idleness"):
            self._scene.around.timers.cancel((self._scene, key))

    def somebody_came(self) -> None:
        """A human is there, or was just sighted."""
        self._since = self._scene.around.clock.now()
        self._watch_absence()

    def somebody_left(self) -> None:
        """Count from now, should it have been the last one."""
        if self._scene.people.is_empty():
            self._scene.people.expect_nobody()
            self._since = self._scene.around.clock.now()
        self._watch_absence()

    def touch(self) -> None:
        """Something happened in the document."""
        around = self._scene.around
        self._touched = around.clock.now()
        if not self._watching_idleness:
            self._watching_idleness = True
            when = self._touched + around.habits.hibernate_after
            around.timers.wake((self._scene, "idleness"), when, self._maybe_sleep)

    def _watch_absence(self) -> None:
        around = self._scene.around
        around.timers.wake((self._scene, "absence"), self._since + self._grace(), self._maybe_leave)

    def _grace(self) -> float:
        grace = self._scene.around.habits.leave_grace
        return max(grace, ARRIVAL) if self._scene.people.humans() else grace

    def _maybe_leave(self, now: float) -> None:
        if not self._scene.people.is_empty():
            return
        if now - self._since >= self._grace():
            self._scene.leave("no human has been here for a while")
        else:
            self._watch_absence()

    def _maybe_sleep(self, now: float) -> None:
        around, page = self._scene.around, self._scene.page
        due = self._touched + around.habits.hibernate_after
        if now < due:
            around.timers.wake((self._scene, "idleness"), due, self._maybe_sleep)
            return
        self._watching_idleness = False
        if page is not None:
            page.replica.hibernate()
