"""Has tasks checked while their learner works."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from anyio.abc import TaskGroup

from ltt_collab.model.commands import CheckTask
from ltt_collab.model.edits import RoomEvent, TaskChecked
from ltt_collab.model.ids import CellId, Username
from ltt_collab.model.presence import Activity, Author
from ltt_collab.model.validations import Outcome, Verdict
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.scene import Scene
from ltt_collab.peer.status import StatusCells
from ltt_collab.ports.classroom import TaskAt

log = structlog.get_logger(__name__)

BUSY_AGAIN = 1.0
"""Seconds after which a kernel that ran something is asked again."""

BUSY_TRIES = 30
"""How often: after half a minute of other work the learner's next run is the better moment."""


@dataclass(slots=True)
class _Wish:
    """One task to be checked; a newer wish takes an older one's place."""

    command: CheckTask
    tries: int = 0


class Checking:
    """The checks of one room, one at a time.

    Invariants:
        1. At most one check runs, and at most one waits per cell and learner: the newest.
        2. A verdict that nothing could be said about (the kernel is busy) is no event and changes nothing.
    """

    def __init__(self, scene: Scene, acts: Acts) -> None:
        self._scene = scene
        self._tasks: TaskGroup | None = None
        self._wishes: dict[tuple[Username | None, CellId], _Wish] = {}
        self._status = StatusCells(scene, acts)
        self._at_work = False

    def begin(self, tasks: TaskGroup) -> None:
        """Check in these tasks."""
        self._tasks = tasks

    def end(self) -> None:
        """The room is over."""
        self._tasks = None
        self._wishes.clear()
        self._scene.around.timers.cancel((self, "again"))
        self._status.end()

    def check(self, command: CheckTask) -> None:
        """Have the cell's task checked as soon as that is possible."""
        key = (command.learner.username, command.cell_id)
        self._wishes.pop(key, None)
        self._wishes[key] = _Wish(command)  # invariant 1
        self._work_soon()

    def handle(self, event: RoomEvent) -> None:
        """See what becomes of status cells."""
        self._status.handle(event)

    def _work_soon(self) -> None:
        if self._wishes and not self._at_work and self._tasks is not None:
            self._at_work = True
            self._tasks.start_soon(self._work, name=f"checks in {self._scene.stamp.room}")

    async def _work(self) -> None:
        try:
            while self._wishes:
                wish = self._wishes.pop(next(iter(self._wishes)))
                if not await self._check(wish):
                    self._again(wish)
                    return
        finally:
            self._at_work = False

    def _again(self, wish: _Wish) -> None:
        wish.tries += 1
        if wish.tries < BUSY_TRIES:
            self._wishes.setdefault((wish.command.learner.username, wish.command.cell_id), wish)
        around = self._scene.around
        around.timers.wake((self, "again"), around.clock.now() + BUSY_AGAIN, lambda _now: self._work_soon())

    async def _check(self, wish: _Wish) -> bool:
        """Check one task; whether that could be done, if only to find that there is nothing to check."""
        scene, command = self._scene, wish.command
        checker, page = scene.around.checker, scene.page
        if checker is None or page is None or command.learner.username is None:
            scene.decide(command.cell_id, "did not check", "there is no course here, or nobody who can be named")
            return True
        notebook = page.view.snapshot(scene.stamp.last_seq)
        at = checker.task_of(notebook, command.cell_id)
        if at is None:
            return True
        with self._shown_as_checking():
            verdict = await checker.check_live(
                scene.server_id, scene.stamp.room, notebook, at, command.learner.username
            )
        if verdict.outcome is Outcome.BUSY:  # invariant 2
            return False
        scene.decide(command.cell_id, f"checked {at.task}: {verdict.outcome}", command.because)
        self._tell(command.learner, at, verdict)
        self._status.show(at, verdict, ran=command.cell_id, asked=command.asked)
        return True

    def _tell(self, learner: Author, at: TaskAt, verdict: Verdict) -> None:
        self._scene.happen(TaskChecked(**self._scene.head(learner), course=at.course, verdict=verdict))

    @contextmanager
    def _shown_as_checking(self) -> Generator[None]:
        """Say so in our name flag, on the connection that there is."""
        provider = self._scene.page.provider if self._scene.page is not None else None
        if provider is not None:
            provider.presence.show_activity(Activity.CHECKING)
        try:
            yield
        finally:
            if provider is not None:
                provider.presence.show_activity(Activity.IDLE)
