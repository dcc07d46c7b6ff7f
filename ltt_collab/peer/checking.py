"""Has tasks checked while their learner works, and keeps one status cell per task up to date."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from anyio.abc import TaskGroup

from ltt_collab.documents.writer import Note
from ltt_collab.model.cells import Cell, CellRole
from ltt_collab.model.commands import CheckTask
from ltt_collab.model.edits import CellRemoved, RoomEvent, TaskChecked
from ltt_collab.model.errors import CellOccupiedError, ConflictError, NotOursError, UnknownCellError
from ltt_collab.model.ids import CellId, SuggestionId
from ltt_collab.model.presence import Activity, Author, AuthorKind
from ltt_collab.model.validations import Outcome, Verdict
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.scene import Scene
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.suggestions.status import status_text

log = structlog.get_logger(__name__)

BUSY_AGAIN = 1.0
"""Seconds after which a kernel that ran something is asked again."""

BUSY_TRIES = 30
"""How often: after half a minute of other work the learner's next run is the better moment."""

OCCUPIED_AGAIN = 1.0
"""Seconds after which a status cell with somebody's caret in it is looked at again."""


def status_suggestion(at: TaskAt) -> SuggestionId:
    """What the status cell of a task is marked with; the same in every life of the service."""
    return SuggestionId(f"t-{at.course}-{at.task}")


@dataclass(slots=True)
class _Wish:
    """One task to be checked; a newer wish takes an older one's place."""

    command: CheckTask
    tries: int = 0


class Checking:
    """The checks of one room, one at a time.

    Invariants:
        1. At most one check runs, and at most one waits per task: the newest.
        2. A status cell that the learner deleted comes back only when the learner asks.
        3. A verdict that nothing could be said about (the kernel is busy) is no event and changes nothing.
    """

    def __init__(self, scene: Scene, acts: Acts) -> None:
        self._scene, self._acts = scene, acts
        self._tasks: TaskGroup | None = None
        self._wishes: dict[CellId, _Wish] = {}
        self._shown: set[SuggestionId] = set()
        self._given_up: set[SuggestionId] = set()
        self._at_work = False

    def begin(self, tasks: TaskGroup) -> None:
        """Check in these tasks."""
        self._tasks = tasks

    def end(self) -> None:
        """The room is over."""
        self._tasks = None
        self._wishes.clear()
        for key in ("again", "occupied"):
            self._scene.around.timers.cancel((self, key))

    def check(self, command: CheckTask) -> None:
        """Have the cell's task checked as soon as that is possible."""
        self._wishes.pop(command.cell_id, None)
        self._wishes[command.cell_id] = _Wish(command)  # invariant 1
        self._work_soon()

    def handle(self, event: RoomEvent) -> None:
        """See whether a learner deleted a status cell."""
        if isinstance(event, CellRemoved) and event.author.kind is not AuthorKind.AI:
            page = self._scene.page
            for suggestion in tuple(self._shown):
                if page is not None and page.writer.find_note(suggestion) is None:
                    self._shown.discard(suggestion)
                    self._given_up.add(suggestion)  # invariant 2

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
            self._wishes.setdefault(wish.command.cell_id, wish)
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
        if verdict.outcome is Outcome.BUSY:  # invariant 3
            return False
        scene.decide(command.cell_id, f"checked {at.task}: {verdict.outcome}", command.because)
        self._tell(command.learner, at, verdict)
        if command.asked:
            self._given_up.discard(status_suggestion(at))
        self._acts.add(lambda: self._show(command.cell_id, at, verdict))
        return True

    def _tell(self, learner: Author, at: TaskAt, verdict: Verdict) -> None:
        self._scene.happen(TaskChecked(**self._scene.head(learner), course=at.course, verdict=verdict))

    async def _show(self, cell: CellId, at: TaskAt, verdict: Verdict) -> None:
        scene, page, checker = self._scene, self._scene.page, self._scene.around.checker
        if page is None or checker is None or scene.why_silent() is not None:
            return
        suggestion = status_suggestion(at)
        text = status_text(checker.title(at), verdict)
        standing = page.writer.find_note(suggestion)
        try:
            if standing is not None:
                await page.writer.rewrite_note(standing, text)
            elif suggestion not in self._given_up:
                await page.writer.write_note(self._note(page.view.cell(cell), suggestion, text))
            self._shown.add(suggestion)
        except CellOccupiedError:
            self._later(lambda: self._acts.add(lambda: self._show(cell, at, verdict)))
        except NotOursError:
            self._given_up.add(suggestion)  # the learner edited it: it is theirs
        except (ConflictError, UnknownCellError) as error:
            log.info("status not shown", room=scene.stamp.room, reason=str(error))

    @staticmethod
    def _note(about: Cell, suggestion: SuggestionId, text: str) -> Note:
        return Note(suggestion=suggestion, about=about.id, expected_hash=about.hash, text=text, role=CellRole.STATUS)

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

    def _later(self, act: Callable[[], None]) -> None:
        around = self._scene.around
        around.timers.wake((self, "occupied"), around.clock.now() + OCCUPIED_AGAIN, lambda _now: act())
