"""What a learner must know of their server: a line in the notebook that goes away when it is no longer true."""

from __future__ import annotations

from enum import StrEnum
from functools import partial

import structlog

from ltt_collab.documents.writer_notes import Note
from ltt_collab.model.cells import CellRole
from ltt_collab.model.errors import CellOccupiedError, LttError
from ltt_collab.model.ids import CellId, Seq, SuggestionId
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.page import Page
from ltt_collab.peer.scene import Scene

log = structlog.get_logger(__name__)

AGAIN = 2.0
"""Seconds until a notice with somebody's caret in it, or a room that is not up, is tried again."""


class NoticeKind(StrEnum):
    """What a notice is about; a notebook has at most one of each."""

    STOP = "stop"
    """The server is going to stop."""
    SAVING = "saving"
    """The notebook cannot be saved."""


class Notices:
    """The notices of one room.

    Invariants:
        1. Of each kind at most one stands, also one that an earlier life wrote.
        2. What is no longer true is taken away, as soon as the room is up and no caret is in it.
        3. While the AI is paused here, or may not write, nothing is written; what stands may still be taken away.
    """

    def __init__(self, scene: Scene, acts: Acts) -> None:
        self._scene, self._acts = scene, acts
        self._wanted: dict[NoticeKind, str] = {}

    def show(self, kind: NoticeKind, text: str) -> None:
        """Have this stand where the learner is; another text replaces it in place."""
        if self._wanted.get(kind) != text:
            self._wanted[kind] = text
            self._acts.add(partial(self._settle, kind))

    def take_back(self, kind: NoticeKind) -> None:
        """It is over."""
        if self._wanted.pop(kind, None) is not None:
            self._acts.add(partial(self._settle, kind))

    def stands(self, kind: NoticeKind) -> bool:
        """Whether one is wanted now."""
        return kind in self._wanted

    def begin(self) -> None:
        """The room is live: write what waits, take away what an earlier life left (invariants 1, 2)."""
        for kind in NoticeKind:
            self._acts.add(partial(self._settle, kind))

    def end(self) -> None:
        """The room is left."""
        for kind in NoticeKind:
            self._scene.around.timers.cancel((self, kind))

    async def _settle(self, kind: NoticeKind) -> None:
        """Bring the notebook to what is wanted."""
        page = self._scene.page
        if page is None or self._scene.why_unwritable() is not None:
            return  # ``begin`` comes back to it
        wanted, suggestion = self._wanted.get(kind), _name(kind)
        standing = page.writer.find_note(suggestion)
        try:
            if wanted is None:
                if standing is not None:
                    await page.writer.remove_note(standing, suggestion)
            elif self._scene.why_silent() is not None:
                log.info("notice not written", room=self._scene.stamp.room, reason=self._scene.why_silent())
            elif standing is not None:
                await page.writer.rewrite_note(standing, wanted)
            else:
                await self._write(page, suggestion, wanted)
        except CellOccupiedError:
            when = self._scene.around.clock.now() + AGAIN
            self._scene.around.timers.wake((self, kind), when, lambda _now: self._acts.add(partial(self._settle, kind)))
        except LttError as error:
            log.info("notice not brought up to date", room=self._scene.stamp.room, reason=str(error))

    async def _write(self, page: Page, suggestion: SuggestionId, text: str) -> None:
        where = where_somebody_is(page)
        if where is None:
            return
        about = page.view.cell(where)
        note = Note(suggestion=suggestion, about=about.id, expected_hash=about.hash, text=text, role=CellRole.STATUS)
        await page.writer.write_note(note)


def where_somebody_is(page: Page) -> CellId | None:
    """The learner's cell with a human's caret in it, else the last one that is a learner's; None without any."""
    theirs = [cell.id for cell in page.view.snapshot(Seq(0)).cells if cell.ownership is None and cell.id]
    humans = page.provider.presence.humans() if page.provider is not None else ()
    there = [human.selection.cell_id for human in humans if human.selection is not None]
    return next((cell for cell in there if cell in theirs), theirs[-1] if theirs else None)


def _name(kind: NoticeKind) -> SuggestionId:
    """The same in every life, so that a later one finds it."""
    return SuggestionId(f"notice-{kind}")
