"""The status cells of one room: one a task, below its last place to work, kept up to date."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ltt_collab.documents.writer_notes import Note, Removal
from ltt_collab.model.cells import CellRole
from ltt_collab.model.edits import CellRemoved, RoomEvent
from ltt_collab.model.errors import CellOccupiedError, ConflictError, NotOursError, UnknownCellError
from ltt_collab.model.ids import CellId, SuggestionId
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.validations import Verdict
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.page import Page
from ltt_collab.peer.scene import Scene
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.suggestions.placement import below_task
from ltt_collab.suggestions.status import status_text

log = structlog.get_logger(__name__)

OCCUPIED_AGAIN = 1.0
"""Seconds after which a status cell with somebody's caret in it is looked at again."""


def status_suggestion(at: TaskAt) -> SuggestionId:
    """What the status cell of a task is marked with; the same in every life of the service."""
    return SuggestionId(f"t-{at.course}-{at.task}")


class StatusCells:
    """Shows verdicts.

    Invariants:
        1. A status cell that the learner deleted or edited comes back only when the learner asks.
        2. It stands below the last place to work of its task, whichever cell was run; it moves only if it has come to
           stand above that.
    """

    def __init__(self, scene: Scene, acts: Acts) -> None:
        self._scene, self._acts = scene, acts
        self._shown: set[SuggestionId] = set()
        self._given_up: set[SuggestionId] = set()

    def handle(self, event: RoomEvent) -> None:
        """See whether a learner deleted a status cell."""
        if isinstance(event, CellRemoved) and event.author.kind is not AuthorKind.AI:
            page = self._scene.page
            for suggestion in tuple(self._shown):
                if page is not None and page.writer.find_note(suggestion) is None:
                    self._shown.discard(suggestion)
                    self._given_up.add(suggestion)  # invariant 1

    def end(self) -> None:
        """The room is over."""
        self._scene.around.timers.cancel((self, "occupied"))

    def show(self, at: TaskAt, verdict: Verdict, *, ran: CellId, asked: bool) -> None:
        """Show the verdict after what waits already; ``ran``: the cell of the task that was run."""
        if asked:
            self._given_up.discard(status_suggestion(at))
        self._acts.add(lambda: self._show(at, verdict, ran))

    async def _show(self, at: TaskAt, verdict: Verdict, ran: CellId) -> None:
        scene, page, checker = self._scene, self._scene.page, self._scene.around.checker
        if page is None or checker is None or scene.why_silent() is not None:
            return
        suggestion = status_suggestion(at)
        text = status_text(checker.title(at), verdict)
        try:
            about = below_task(page.view.snapshot(scene.stamp.last_seq), at.course, at.task) or ran
            standing = await self._well_placed(page, suggestion, about)
            if standing is not None:
                await page.writer.rewrite_note(standing, text)
            elif suggestion not in self._given_up:
                await page.writer.write_note(_note(page, about, suggestion, text))
            self._shown.add(suggestion)
        except CellOccupiedError:
            self._later(lambda: self._acts.add(lambda: self._show(at, verdict, ran)))
        except NotOursError:
            self._given_up.add(suggestion)  # the learner edited it: it is theirs
        except (ConflictError, UnknownCellError) as error:
            log.info("status not shown", room=scene.stamp.room, reason=str(error))

    async def _well_placed(self, page: Page, suggestion: SuggestionId, about: CellId) -> CellId | None:
        """The status cell, unless it has to be written anew further down (invariant 2)."""
        view = page.view
        standing = page.writer.find_note(suggestion)
        if standing is None:
            return None
        is_at, works_at = view.index_of(standing), view.index_of(about)
        mark = view.ownership(standing)
        is_about_something = mark is not None and view.holds(mark.about)
        if is_about_something and (works_at is None or is_at is None or is_at > works_at):
            return standing
        if await page.writer.remove_note(standing, suggestion) is Removal.RELEASED:
            raise NotOursError(standing)
        return None

    def _later(self, act: Callable[[], None]) -> None:
        around = self._scene.around
        around.timers.wake((self, "occupied"), around.clock.now() + OCCUPIED_AGAIN, lambda _now: act())


def _note(page: Page, about: CellId, suggestion: SuggestionId, text: str) -> Note:
    expected = page.view.cell_hash(about)
    return Note(suggestion=suggestion, about=about, expected_hash=expected, text=text, role=CellRole.STATUS)
