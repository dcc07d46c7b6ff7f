"""Whether one notebook gets to its file: says so to the learner when it does not, and has it tried again."""

from __future__ import annotations

import structlog

from ltt_collab.model.errors import RoomError
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.notices import NoticeKind, Notices
from ltt_collab.peer.scene import Scene
from ltt_collab.telemetry import metrics

log = structlog.get_logger(__name__)

AGAIN = 15.0
"""Seconds between two attempts to save: the server itself tries again only with the learner's next letter."""

FULL = (
    "**Your work is not being saved: the disk of your server is full.** Keep this page open: what you type stays here. "
    "Delete files that you do not need (also large ones in the trash), and it is saved by itself; this note then goes."
)
OTHERWISE = (
    "**Your work is not being saved: the server cannot write this file.** Keep this page open: what you type stays "
    "here. It is tried again by itself; if this note stays, download the notebook and tell whoever runs the course."
)


class Saving:
    """Follows what the server says of one notebook's saves.

    Invariants:
        1. A failure is said until a save has succeeded, and no longer.
        2. Nothing is written to a file by us: the room's server is asked to save what it holds.
    """

    def __init__(self, scene: Scene, notices: Notices, acts: Acts) -> None:
        self._scene, self._notices, self._acts = scene, notices, acts
        self.is_failing = False

    def failed(self, reason: str) -> None:
        """The server said that it could not; it says so after each letter."""
        if self.is_failing:
            return
        log.warning("notebook not saved", room=self._scene.stamp.room, path=self._scene.path, reason=reason)
        metrics.SAVES_FAILED.inc()
        self.is_failing = True
        self._acts.add(self._say_why)
        self._try_later()

    def succeeded(self) -> None:
        """The server said that it has (invariant 1)."""
        if self.is_failing:
            log.info("notebook saved again", room=self._scene.stamp.room, path=self._scene.path)
        self.is_failing = False
        self._notices.take_back(NoticeKind.SAVING)

    def ask(self) -> None:
        """Ask the server to save what it holds (invariant 2)."""
        page = self._scene.page
        if page is not None and page.provider is not None:
            page.provider.ask_to_save()

    def end(self) -> None:
        """The room is left."""
        self._scene.around.timers.cancel((self, "again"))

    async def _say_why(self) -> None:
        """The server's own message names no cause: ask whether its disk takes more."""
        try:
            told = await self._scene.tell("disk")
        except RoomError as error:
            log.info("cause of the failed save not known", room=self._scene.stamp.room, reason=str(error))
            told = None
        if self.is_failing:
            is_full = told is not None and told.get("takes_more") is False
            self._notices.show(NoticeKind.SAVING, FULL if is_full else OTHERWISE)

    def _ask_again(self, _now: float) -> None:
        if self.is_failing:
            self.ask()
            self._acts.add(self._say_why)
            self._try_later()

    def _try_later(self) -> None:
        around = self._scene.around
        around.timers.wake((self, "again"), around.clock.now() + AGAIN, self._ask_again)
