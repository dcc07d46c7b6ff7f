"""Brings the instructions of a delivered task to the release that is taught now, and says that it was opened."""

from __future__ import annotations

import structlog

from ltt_collab.model.edits import RoomEvent, RoomState, RoomStateChanged
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.scene import Scene
from ltt_collab.ports.classroom import TaskAt

log = structlog.get_logger(__name__)

OCCUPIED_AGAIN = 2.0
"""Seconds after which a notebook is looked at again that has somebody's caret in its instructions."""

SILENT_AGAIN = 30.0
"""Seconds after which one is looked at again in which nothing may be written now: an instructor's pause lasts."""


class Renewing:
    """The task text of one room.

    Invariants:
        1. Nothing is written while the AI may not write here; it is looked at again.
    """

    def __init__(self, scene: Scene, acts: Acts) -> None:
        self._scene, self._acts = scene, acts

    def handle(self, event: RoomEvent) -> None:
        """See whether the room was joined, or joined again."""
        if isinstance(event, RoomStateChanged) and event.state is RoomState.LIVE:
            self.look()

    def look(self) -> None:
        """Compare the notebook with what is taught, and bring its instructions up to date."""
        if self._scene.around.releases is not None:
            self._acts.add(self._open)

    def end(self) -> None:
        """The room is over."""
        self._scene.around.timers.cancel((self, "again"))

    async def _open(self) -> None:
        around, page = self._scene.around, self._scene.page
        if around.checker is not None and around.releases is not None and page is not None:
            for at in around.checker.tasks_in(page.view.snapshot(self._scene.stamp.last_seq)):
                around.releases.opened(at)
        await self._renew()

    async def _renew(self) -> None:
        scene, page, releases = self._scene, self._scene.page, self._scene.around.releases
        delivered = None if page is None or page.provider is None else page.writer.tasks.delivered()
        if page is None or releases is None or delivered is None:
            return
        release = releases.released(TaskAt(course=delivered.course, task=delivered.task))
        if not release or delivered.is_current(release):
            return
        if scene.why_silent() is not None:  # invariant 1
            self._again(SILENT_AGAIN)
            return
        done = await page.writer.tasks.renew(release)
        if done.touched or done.left:
            told = f"{len(done.changed)} cells changed, {len(done.added)} came, {len(done.removed)} went; "
            because = told + f"{len(done.left)} are the learner's by now"
            scene.decide(None, "brought the task's text up to date", because)
            log.info("task text renewed", room=scene.stamp.room, task=delivered.task, cells=done.touched)
        if done.waiting:
            self._again(OCCUPIED_AGAIN)

    def _again(self, after: float) -> None:
        around = self._scene.around
        around.timers.wake((self, "again"), around.clock.now() + after, lambda _now: self._acts.add(self._renew))
