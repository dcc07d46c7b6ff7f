"""Tells who comes, moves and leaves in one room."""

from __future__ import annotations

from typing import assert_never

import structlog

from ltt_collab.model.edits import CursorMoved, PeerJoined, PeerLeft
from ltt_collab.model.ids import ClientId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.peer.greeting import Greeting
from ltt_collab.peer.scene import Scene
from ltt_collab.peer.stay import Stay
from ltt_collab.rooms.presence import (
    ImpostorSeen,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantMoved,
    PresenceEvent,
)

log = structlog.get_logger(__name__)

CURSOR_EVERY = 0.1
"""Seconds between two ``CursorMoved`` of one client: a caret moves with each keystroke, nobody follows that fast."""


class Company:
    """The others in one room, as events.

    Invariants:
        1. Of one client at most one ``CursorMoved`` comes within ``CURSOR_EVERY``, and the last position always does.
        2. The room is that of whoever was there before us, also if a visitor shows up before they do.
    """

    def __init__(self, scene: Scene, stay: Stay, greeting: Greeting) -> None:
        self._scene, self._stay, self._greeting = scene, stay, greeting
        self._moved: set[ClientId] = set()
        self._before_us: Username | None = None
        self.learner: Username | None = None

    def begin(self, sighted: Username | None) -> None:
        """We are about to enter a room that this person has open, as far as is known; sitting still they show late."""
        self._before_us = sighted

    def handle(self, event: PresenceEvent) -> None:
        """Somebody came, moved or left."""
        scene = self._scene
        if isinstance(event, ParticipantMoved):
            self._moved.add(event.client)
            scene.around.timers.wake((self, "cursors"), scene.around.clock.now() + CURSOR_EVERY, self._tell_cursors)
            return
        scene.people.change()
        author = Author(kind=AuthorKind.LEARNER, username=event.user.username, client=event.client)
        match event:
            case ParticipantJoined(user=user):
                self.learner = self.learner or self._before_us or user.username  # invariant 2
                scene.happen(PeerJoined(**scene.head(author), user=user))
                self._stay.somebody_came()
                self._greeting.meet(user.username)
            case ParticipantLeft(client=client, user=user):
                self._moved.discard(client)
                scene.happen(PeerLeft(**scene.head(author), user=user))
                self._stay.somebody_left()
            case ImpostorSeen(user=user):
                log.warning("somebody calls itself by our name", room=scene.stamp.room, username=user.username)
                scene.decide(None, "ignored an impostor", f"{user.username} calls itself by the tutor's name")
            case _:
                assert_never(event)

    def end(self) -> None:
        """We left."""
        self._scene.around.timers.cancel((self, "cursors"))

    def _tell_cursors(self, _now: float) -> None:
        moved, self._moved = self._moved, set()
        scene, page = self._scene, self._scene.page
        if page is None or page.provider is None:
            return
        presence = page.provider.presence
        for client in moved:
            if presence.user(client) is not None:
                author = scene.people.author_of(client)
                scene.happen(CursorMoved(**scene.head(author), selection=presence.selection(client)))
