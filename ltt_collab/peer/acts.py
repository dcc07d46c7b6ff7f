"""Carries out what was decided, one act after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

import structlog
from anyio.abc import TaskGroup

from ltt_collab.documents.writer_notes import Removal
from ltt_collab.model.commands import EndSuggestion
from ltt_collab.model.edits import RoomEvent, SuggestionEnded
from ltt_collab.model.errors import CellOccupiedError, LttError
from ltt_collab.model.ids import CellId
from ltt_collab.model.suggestions import EndReason
from ltt_collab.peer.keeping import Keeping
from ltt_collab.peer.page import Page
from ltt_collab.peer.parting import Parting
from ltt_collab.peer.scene import Scene

log = structlog.get_logger(__name__)

Act = Callable[[], Awaitable[None]]

BOUND = 1_000
"""Acts that may wait in one room; over it something is badly wrong, and the room is left."""

RETRY = 1.0
"""Seconds after which a note with somebody's caret in it is looked at again."""


class Acts:
    """The acts of one room. There is a task only while there is something to do.

    Invariants:
        1. Acts run in the order in which they were decided.
        2. An act that fails is logged and does not hold up the next.
        3. The end of a suggestion with nothing left on the page is no act: it has happened before anything else is
           heard, or who deletes our note and runs the cell at once would be helped again.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._waiting: deque[Act] = deque()
        self._tasks: TaskGroup | None = None
        self._at_work = False
        self.keeping = Keeping(scene.stamp.room, self.add)
        self._parting = Parting(scene, lambda command: self.add(lambda: self._end(command)))

    def begin(self, tasks: TaskGroup) -> None:
        """Do what waits, and what comes, in these tasks."""
        self._tasks = tasks
        self._work_soon()

    def end(self) -> None:
        """The room is over: nothing is done any more."""
        self._tasks = None
        self._waiting.clear()
        self._parting.forget()

    def add(self, act: Act) -> None:
        """Do this after what waits already."""
        if len(self._waiting) >= BOUND:
            self._scene.leave(f"more than {BOUND} acts wait in this room")
            return
        self._waiting.append(act)
        self._work_soon()

    def end_suggestion(self, command: EndSuggestion) -> None:
        """Take a suggestion off the page and record why; the note about a fixed error may stay for a moment."""
        self.rest()
        if command.reason is EndReason.ACTED_ON and command.note_cell is not None:
            self._parting.hold(command)
        elif command.note_cell is None:  # invariant 3
            self._ended(command, command.reason)
        else:
            self.add(lambda: self._end(command))

    def handle(self, event: RoomEvent) -> None:
        """See whether what waits for the learner to move on may be done."""
        self._parting.handle(event)

    def hurry(self) -> None:
        """Wait for no learner: what is to be taken away goes now."""
        self._parting.hurry()

    def release(self, cell: CellId) -> None:
        """Take our mark off a cell that is a learner's."""
        self.add(lambda: self._release(cell))

    def rest(self) -> None:
        """Stop pointing."""
        self.add(self._rest)

    def _work_soon(self) -> None:
        if self._waiting and not self._at_work and self._tasks is not None:
            self._at_work = True
            self._tasks.start_soon(self._work, name=f"acts in {self._scene.stamp.room}")

    async def _work(self) -> None:
        try:
            while self._waiting:
                act = self._waiting.popleft()
                try:
                    await act()
                except LttError as error:  # invariant 2
                    log.warning("act failed", room=self._scene.stamp.room, reason=str(error))
        finally:
            self._at_work = False

    async def _end(self, command: EndSuggestion) -> None:
        scene, page = self._scene, self._scene.page
        if page is None:
            return
        reason = command.reason
        # Without a connection, or read-only, the note stays for now: the lifecycle remembers that it is over, and ends
        # it again when the document is read anew.
        if command.note_cell is not None and scene.why_unwritable() is None:
            try:
                reason = await self._take_away(page, command.note_cell, command)
            except CellOccupiedError:
                scene.around.timers.wake(
                    (scene, command.suggestion),
                    scene.around.clock.now() + RETRY,
                    lambda _now: self.add(lambda: self._end(command)),
                )
                return
        self._ended(command, reason)

    def _ended(self, command: EndSuggestion, reason: EndReason) -> None:
        scene, suggestion = self._scene, command.suggestion
        around, now = scene.around, scene.around.clock.now()
        scene.happen(SuggestionEnded(**scene.head(), suggestion=suggestion, about=command.about, reason=reason))
        self.keeping.keep(lambda: around.suggestions.end(suggestion, reason, now))

    @staticmethod
    async def _take_away(page: Page, cell: CellId, command: EndSuggestion) -> EndReason:
        if command.reason is EndReason.ADOPTED:
            if page.view.holds(cell):
                await page.writer.release_note(cell)
            return command.reason
        removed = await page.writer.remove_note(cell, command.suggestion)
        return EndReason.ADOPTED if removed is Removal.RELEASED else command.reason

    async def _release(self, cell: CellId) -> None:
        page = self._scene.page
        if page is not None and self._scene.why_unwritable() is None and page.view.holds(cell):
            await page.writer.release_note(cell)

    async def _rest(self) -> None:
        if self._scene.page is not None:
            await self._scene.page.writer.rest()
