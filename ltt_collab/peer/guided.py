"""Where people have a say in what is written in one room: approvals and whispers."""

from __future__ import annotations

import secrets

from ltt_collab.documents.writer_notes import Note
from ltt_collab.model.cells import CellRole
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import ConflictError, NotOursError
from ltt_collab.model.ids import CellId, Seq, SuggestionId, Username
from ltt_collab.model.suggestions import Answer, Draft, Held, Rejected, RejectionReason, Shown
from ltt_collab.peer.notices import where_somebody_is
from ltt_collab.peer.page import Page
from ltt_collab.peer.scene import Scene


class Guided:
    """What people decide about drafts of one room, and what they say there."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def handle(self, event: RoomEvent) -> None:
        """Let go of held drafts that the event makes void."""
        held_drafts = self._scene.around.held
        if held_drafts is not None:
            for held in held_drafts.handle(event):
                because = "the cell changed before anybody approved it"
                self._scene.decide(held.draft.cell_id, "dropped a held draft", because)

    def hold(self, page: Page, draft: Draft, learner: str) -> Held | None:
        """Keep a draft for a person to decide, where that is ordered; None: it need not wait."""
        scene, around = self._scene, self._scene.around
        if around.held is None or not around.steering.orders():
            return None
        at = None if around.checker is None else around.checker.task_of(page.view.snapshot(Seq(0)), draft.cell_id)
        course, task = (None, None) if at is None else (at.course, at.task)
        steer = around.steering.for_learner(Username(learner), course, task)
        if steer is None or not steer.approval:
            return None
        suggestion = around.held.hold(draft, scene.stamp.room, Username(learner) or None)
        held = Held(suggestion=suggestion, reason="it waits for an instructor's approval")
        scene.decide(draft.cell_id, "held a draft", held.reason)
        return held

    async def whisper(self, cell: CellId | None, text: str, by: Username) -> Answer:
        """Write what an instructor says; no gate: they are a person, and answer for it in the audit.

        Raises:
            UnknownCellError
        """
        scene, page = self._scene, self._scene.page
        silent = scene.why_unwritable()
        where = cell if cell is not None or page is None else where_somebody_is(page)
        if silent is not None or page is None or where is None:
            detail = silent or ("the room is not joined yet" if page is None else "the notebook has no cell")
            return Rejected(reason=RejectionReason.READ_ONLY, detail=detail)
        about = page.view.cell(where)
        note = Note(
            suggestion=SuggestionId(f"w-{secrets.token_hex(6)}"),
            about=about.id,
            expected_hash=about.hash,
            text=f"**{by}:** {text}",
            role=CellRole.WHISPER,
            author=by,
        )
        try:
            await page.writer.write_note(note)
        except (ConflictError, NotOursError) as error:
            return Rejected(reason=RejectionReason.CONFLICT, detail=str(error))
        scene.decide(about.id, "an instructor wrote", f"{by} said something below this cell")
        return Shown(suggestion=note.suggestion)
